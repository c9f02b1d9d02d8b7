"""What does a message say about X? One getter an attribute: its value, or None where it is absent or malformed.

A getter reads the first attribute of its type, which alone counts (RFC 8489 section 14). There is no falling back from
one attribute to another: that MAPPED-ADDRESS and XOR-MAPPED-ADDRESS disagree is a finding. Encoders and decoders of
bare values live beside this file, by concept, and are passed on here.
"""

from collections.abc import Callable
from typing import Final, Literal, TypeVar

from natprobe.address import Address
from natprobe.wire.address_values import (
    decode_address,
    decode_family,
    decode_xor_address,
    encode_address,
    encode_family,
    encode_xor_address,
)
from natprobe.wire.error_values import (
    AddressErrorCode,
    ErrorCode,
    Icmp,
    decode_address_error_code,
    decode_error_code,
    decode_icmp,
    decode_unknown_attributes,
    encode_address_error_code,
    encode_error_code,
    encode_icmp,
    encode_unknown_attributes,
)
from natprobe.wire.message import Message
from natprobe.wire.plain_values import (
    EVEN_PORT,
    EVEN_PORT_RESERVING_NEXT,
    AlgorithmParameters,
    ChangeRequest,
    TransmitCounter,
    decode_change_request,
    decode_channel_number,
    decode_even_port,
    decode_flag,
    decode_password_algorithm,
    decode_password_algorithms,
    decode_requested_transport,
    decode_reservation_token,
    decode_response_port,
    decode_transmit_counter,
    decode_u32,
    decode_u64,
    decode_userhash,
    encode_change_request,
    encode_channel_number,
    encode_padding,
    encode_password_algorithms,
    encode_requested_transport,
    encode_response_port,
    encode_transmit_counter,
    encode_u32,
    encode_u64,
)
from natprobe.wire.registry import Attribute
from natprobe.wire.text_values import SecurityFeatures, decode_nonce_cookie, decode_text, encode_text

__all__ = [
    "EVEN_PORT",
    "EVEN_PORT_RESERVING_NEXT",
    "AddressErrorCode",
    "AlgorithmParameters",
    "ChangeRequest",
    "ErrorCode",
    "Family",
    "Getter",
    "Icmp",
    "SecurityFeatures",
    "TransmitCounter",
    "access_token",
    "additional_address_family",
    "address_error_code",
    "alternate_domain",
    "alternate_server",
    "cache_timeout_s",
    "change_request",
    "changed_address",
    "channel_number",
    "connection_id",
    "data",
    "decode_address",
    "decode_address_error_code",
    "decode_change_request",
    "decode_channel_number",
    "decode_error_code",
    "decode_even_port",
    "decode_family",
    "decode_flag",
    "decode_icmp",
    "decode_nonce_cookie",
    "decode_password_algorithm",
    "decode_password_algorithms",
    "decode_requested_transport",
    "decode_reservation_token",
    "decode_response_port",
    "decode_text",
    "decode_transmit_counter",
    "decode_u32",
    "decode_u64",
    "decode_unknown_attributes",
    "decode_userhash",
    "decode_xor_address",
    "dont_fragment",
    "encode_address",
    "encode_address_error_code",
    "encode_change_request",
    "encode_channel_number",
    "encode_error_code",
    "encode_family",
    "encode_icmp",
    "encode_padding",
    "encode_password_algorithms",
    "encode_requested_transport",
    "encode_response_port",
    "encode_text",
    "encode_transmit_counter",
    "encode_u32",
    "encode_u64",
    "encode_unknown_attributes",
    "encode_xor_address",
    "error_code",
    "even_port",
    "ice_controlled",
    "ice_controlling",
    "icmp",
    "lifetime_s",
    "mapped_address",
    "mobility_ticket",
    "nonce",
    "other_address",
    "padding",
    "password_algorithm",
    "password_algorithms",
    "priority",
    "realm",
    "reflected_from",
    "requested_address_family",
    "requested_transport",
    "reservation_token",
    "response_address",
    "response_origin",
    "response_port",
    "security_features",
    "software",
    "source_address",
    "third_party_authorization",
    "transmit_counter",
    "unknown_attributes",
    "use_candidate",
    "userhash_value",
    "username",
    "xor_mapped_address",
    "xor_peer_address",
    "xor_peer_addresses",
    "xor_relayed_address",
    "xor_relayed_addresses",
]

T = TypeVar("T")
Getter = Callable[[Message], T | None]
Family = Literal[4, 6]


def _get(type_: Attribute, decode: Callable[[bytes], T | None]) -> Getter[T]:
    def getter(message: Message) -> T | None:
        value = message.value(type_)
        return None if value is None else decode(value)

    return getter


def _get_xor(type_: Attribute) -> Getter[Address]:
    def getter(message: Message) -> Address | None:
        value = message.value(type_)
        return None if value is None else decode_xor_address(value, message.transaction_id)

    return getter


def _as_is(value: bytes) -> bytes:
    return value


# Addresses. A NAT's application gateway rewrites the plain ones, hence the XOR (RFC 8489 section 14.2).
mapped_address: Final = _get(Attribute.MAPPED_ADDRESS, decode_address)
xor_mapped_address: Final = _get_xor(Attribute.XOR_MAPPED_ADDRESS)
xor_relayed_address: Final = _get_xor(Attribute.XOR_RELAYED_ADDRESS)
xor_peer_address: Final = _get_xor(Attribute.XOR_PEER_ADDRESS)
alternate_server: Final = _get(Attribute.ALTERNATE_SERVER, decode_address)
response_origin: Final = _get(Attribute.RESPONSE_ORIGIN, decode_address)
other_address: Final = _get(Attribute.OTHER_ADDRESS, decode_address)
source_address: Final = _get(Attribute.SOURCE_ADDRESS, decode_address)  # RFC 3489's RESPONSE-ORIGIN
changed_address: Final = _get(Attribute.CHANGED_ADDRESS, decode_address)  # RFC 3489's OTHER-ADDRESS
reflected_from: Final = _get(Attribute.REFLECTED_FROM, decode_address)
response_address: Final = _get(Attribute.RESPONSE_ADDRESS, decode_address)

# Errors.
error_code: Final = _get(Attribute.ERROR_CODE, decode_error_code)
unknown_attributes: Final = _get(Attribute.UNKNOWN_ATTRIBUTES, decode_unknown_attributes)
address_error_code: Final = _get(Attribute.ADDRESS_ERROR_CODE, decode_address_error_code)
icmp: Final = _get(Attribute.ICMP, decode_icmp)

# Text, made safe to show. A nonce is only ever sent back, so it stays bytes.
username: Final = _get(Attribute.USERNAME, decode_text)
realm: Final = _get(Attribute.REALM, decode_text)
nonce: Final = _get(Attribute.NONCE, _as_is)
software: Final = _get(Attribute.SOFTWARE, decode_text)
alternate_domain: Final = _get(Attribute.ALTERNATE_DOMAIN, decode_text)
third_party_authorization: Final = _get(Attribute.THIRD_PARTY_AUTHORIZATION, decode_text)

# Credentials.
userhash_value: Final = _get(Attribute.USERHASH, decode_userhash)
password_algorithm: Final = _get(Attribute.PASSWORD_ALGORITHM, decode_password_algorithm)
password_algorithms: Final = _get(Attribute.PASSWORD_ALGORITHMS, decode_password_algorithms)
security_features: Final = _get(Attribute.NONCE, decode_nonce_cookie)
access_token: Final = _get(Attribute.ACCESS_TOKEN, _as_is)

# TURN.
lifetime_s: Final = _get(Attribute.LIFETIME, decode_u32)
data: Final = _get(Attribute.DATA, _as_is)
channel_number: Final = _get(Attribute.CHANNEL_NUMBER, decode_channel_number)
requested_transport: Final = _get(Attribute.REQUESTED_TRANSPORT, decode_requested_transport)
requested_address_family: Final = _get(Attribute.REQUESTED_ADDRESS_FAMILY, decode_family)
additional_address_family: Final = _get(Attribute.ADDITIONAL_ADDRESS_FAMILY, decode_family)
even_port: Final = _get(Attribute.EVEN_PORT, decode_even_port)
dont_fragment: Final = _get(Attribute.DONT_FRAGMENT, decode_flag)
reservation_token: Final = _get(Attribute.RESERVATION_TOKEN, decode_reservation_token)
connection_id: Final = _get(Attribute.CONNECTION_ID, decode_u32)
mobility_ticket: Final = _get(Attribute.MOBILITY_TICKET, _as_is)

# NAT behaviour discovery.
change_request: Final = _get(Attribute.CHANGE_REQUEST, decode_change_request)
response_port: Final = _get(Attribute.RESPONSE_PORT, decode_response_port)
padding: Final = _get(Attribute.PADDING, _as_is)
cache_timeout_s: Final = _get(Attribute.CACHE_TIMEOUT, decode_u32)
transmit_counter: Final = _get(Attribute.TRANSACTION_TRANSMIT_COUNTER, decode_transmit_counter)

# ICE.
priority: Final = _get(Attribute.PRIORITY, decode_u32)
use_candidate: Final = _get(Attribute.USE_CANDIDATE, decode_flag)
ice_controlled: Final = _get(Attribute.ICE_CONTROLLED, decode_u64)
ice_controlling: Final = _get(Attribute.ICE_CONTROLLING, decode_u64)


def xor_peer_addresses(message: Message) -> tuple[Address, ...]:
    """Every readable XOR-PEER-ADDRESS: CreatePermission may carry several (RFC 8656 section 10)."""
    return _all_xor(message, Attribute.XOR_PEER_ADDRESS)


def xor_relayed_addresses(message: Message) -> tuple[Address, ...]:
    """Every readable XOR-RELAYED-ADDRESS: a dual allocation has one a family (RFC 8656 section 7.3)."""
    return _all_xor(message, Attribute.XOR_RELAYED_ADDRESS)


def _all_xor(message: Message, type_: Attribute) -> tuple[Address, ...]:
    addresses = (decode_xor_address(value, message.transaction_id) for value in message.values(type_))
    return tuple(address for address in addresses if address is not None)
