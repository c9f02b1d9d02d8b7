"""Which numbers does STUN know? The registries of RFC 8489 section 18 and its extensions, as data."""

from enum import IntEnum
from typing import Final

MAGIC_COOKIE: Final = 0x2112A442  # RFC 8489 section 5
MAGIC_COOKIE_BYTES: Final = MAGIC_COOKIE.to_bytes(4)
ATTRIBUTE_HEADER_LENGTH: Final = 4  # RFC 8489 section 14
HEADER_LENGTH: Final = 20
FINGERPRINT_XOR: Final = 0x5354554E  # RFC 8489 section 14.7
STUN_PORT: Final = 3478

CHANNEL_MIN: Final = 0x4000  # RFC 8656 section 12: 0x5000 and above is reserved
CHANNEL_MAX: Final = 0x4FFF
CHANNEL_LIFETIME_S: Final = 600.0  # RFC 8656 section 12
PERMISSION_LIFETIME_S: Final = 300.0  # RFC 8656 section 9
ALLOCATION_LIFETIME_S: Final = 600  # RFC 8656 section 3.2, the default
ALLOCATION_LIFETIME_MAX_S: Final = 3600  # RFC 8656 section 7.2, the recommended bound

PROTOCOL_TCP: Final = 6  # REQUESTED-TRANSPORT speaks IANA protocol numbers
PROTOCOL_UDP: Final = 17


class Method(IntEnum):
    """STUN methods (RFC 8489 section 18.2, RFC 8656 section 17, RFC 6062 section 6.1)."""

    BINDING = 0x001
    SHARED_SECRET = 0x002  # RFC 3489
    ALLOCATE = 0x003
    REFRESH = 0x004
    SEND = 0x006
    DATA = 0x007
    CREATE_PERMISSION = 0x008
    CHANNEL_BIND = 0x009
    CONNECT = 0x00A
    CONNECTION_BIND = 0x00B
    CONNECTION_ATTEMPT = 0x00C
    GOOG_PING = 0x080


class MessageClass(IntEnum):
    """The two class bits of a message type (RFC 8489 section 5)."""

    REQUEST = 0b00
    INDICATION = 0b01
    SUCCESS = 0b10
    ERROR = 0b11


class PasswordAlgorithm(IntEnum):
    """STUN password algorithms (RFC 8489 section 18.5)."""

    MD5 = 0x0001
    SHA_256 = 0x0002


class Attribute(IntEnum):
    """STUN attribute types. Below 0x8000 a receiver must understand them (RFC 8489 section 14)."""

    MAPPED_ADDRESS = 0x0001
    RESPONSE_ADDRESS = 0x0002  # RFC 3489
    CHANGE_REQUEST = 0x0003  # RFC 5780
    SOURCE_ADDRESS = 0x0004  # RFC 3489
    CHANGED_ADDRESS = 0x0005  # RFC 3489
    USERNAME = 0x0006
    PASSWORD = 0x0007  # RFC 3489
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    REFLECTED_FROM = 0x000B  # RFC 3489
    CHANNEL_NUMBER = 0x000C  # RFC 8656
    LIFETIME = 0x000D
    BANDWIDTH = 0x0010  # drafts of RFC 5766
    XOR_PEER_ADDRESS = 0x0012
    DATA = 0x0013
    REALM = 0x0014
    NONCE = 0x0015
    XOR_RELAYED_ADDRESS = 0x0016
    REQUESTED_ADDRESS_FAMILY = 0x0017
    EVEN_PORT = 0x0018
    REQUESTED_TRANSPORT = 0x0019
    DONT_FRAGMENT = 0x001A
    ACCESS_TOKEN = 0x001B  # RFC 7635
    MESSAGE_INTEGRITY_SHA256 = 0x001C
    PASSWORD_ALGORITHM = 0x001D
    USERHASH = 0x001E
    XOR_MAPPED_ADDRESS = 0x0020
    TIMER_VAL = 0x0021  # drafts of RFC 5766
    RESERVATION_TOKEN = 0x0022
    PRIORITY = 0x0024  # RFC 8445
    USE_CANDIDATE = 0x0025
    PADDING = 0x0026  # RFC 5780
    RESPONSE_PORT = 0x0027
    CONNECTION_ID = 0x002A  # RFC 6062
    ADDITIONAL_ADDRESS_FAMILY = 0x8000  # RFC 8656
    ADDRESS_ERROR_CODE = 0x8001
    PASSWORD_ALGORITHMS = 0x8002
    ALTERNATE_DOMAIN = 0x8003
    ICMP = 0x8004
    SOFTWARE = 0x8022
    ALTERNATE_SERVER = 0x8023
    TRANSACTION_TRANSMIT_COUNTER = 0x8025  # RFC 7982
    CACHE_TIMEOUT = 0x8027  # RFC 5780
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A
    RESPONSE_ORIGIN = 0x802B
    OTHER_ADDRESS = 0x802C
    ECN_CHECK = 0x802D  # RFC 6679
    THIRD_PARTY_AUTHORIZATION = 0x802E  # RFC 7635
    MOBILITY_TICKET = 0x8030  # RFC 8016
    GOOG_NETWORK_INFO = 0xC057  # what Chromium sends in its connectivity checks
    GOOG_LAST_ICE_CHECK_RECEIVED = 0xC058
    GOOG_MISC_INFO = 0xC059
    GOOG_MESSAGE_INTEGRITY_32 = 0xC060


_SPELLED_OTHERWISE: Final = {
    Attribute.TRANSACTION_TRANSMIT_COUNTER: "TRANSACTION_TRANSMIT_COUNTER",
    Attribute.ECN_CHECK: "ECN-CHECK STUN",
}
_ATTRIBUTE_NAMES: Final = {int(a): a.name.replace("_", "-") for a in Attribute} | _SPELLED_OTHERWISE
_METHOD_NAMES: Final = {int(m): m.name.title().replace("_", "") for m in Method} | {Method.GOOG_PING: "GOOG-PING"}
_CLASS_NAMES: Final = {
    MessageClass.REQUEST: "request",
    MessageClass.INDICATION: "indication",
    MessageClass.SUCCESS: "success response",
    MessageClass.ERROR: "error response",
}

# The phrase of the RFC that defines the code. Servers word it as they like: never match on a reason phrase.
ERROR_NAMES: Final[dict[int, str]] = {
    300: "Try Alternate",
    400: "Bad Request",
    401: "Unauthenticated",  # "Unauthorized" before RFC 8489
    403: "Forbidden",
    405: "Mobility Forbidden",  # RFC 8016
    420: "Unknown Attribute",
    430: "Stale Credentials",  # RFC 3489, as 431, 432, 433 and 600
    431: "Integrity Check Failure",
    432: "Missing Username",
    433: "Use TLS",
    437: "Allocation Mismatch",
    438: "Stale Nonce",
    440: "Address Family not Supported",
    441: "Wrong Credentials",
    442: "Unsupported Transport Protocol",
    443: "Peer Address Family Mismatch",
    446: "Connection Already Exists",  # RFC 6062
    447: "Connection Timeout or Failure",
    486: "Allocation Quota Reached",
    487: "Role Conflict",  # RFC 8445
    500: "Server Error",
    508: "Insufficient Capacity",
    600: "Global Failure",
}


def attribute_name(type_: int) -> str:
    """The RFC's spelling ("XOR-MAPPED-ADDRESS"), or the number ("0x8055") where no registry knows it."""
    return _ATTRIBUTE_NAMES.get(type_, f"0x{type_:04x}")


def method_name(method: int) -> str:
    """The RFC's spelling ("CreatePermission"), or the number ("method 0x0ff")."""
    return _METHOD_NAMES.get(method, f"method 0x{method:03x}")


def class_name(cls: MessageClass) -> str:
    """The RFC's words: "request", "indication", "success response" or "error response"."""
    return _CLASS_NAMES[cls]


def is_comprehension_required(type_: int) -> bool:
    """Whether a receiver that does not know this attribute must refuse the message (RFC 8489 section 14)."""
    return type_ < 0x8000
