"""How does an attribute's value read to a person? A table: type to text."""

from collections.abc import Callable
from typing import Final

from natprobe.wire import attributes as values
from natprobe.wire.registry import (
    ERROR_NAMES,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    Attribute,
    PasswordAlgorithm,
    attribute_name,
)

_SHOWN_CHARACTERS: Final = 64


def show_value(type_: int, value: bytes, transaction_id: bytes) -> str:
    """The value in words: bounded, without control characters. Attributes without a reading show their size."""
    if type_ in _XOR:
        shown = _show(values.decode_xor_address(value, transaction_id), str)
    elif type_ in _SHOWERS:
        shown = _SHOWERS[type_](value)
    else:
        return f"({show_size(value)})"
    return shown or f"malformed ({show_size(value)})"


def show_size(value: bytes) -> str:
    """How many bytes these are."""
    return "1 byte" if len(value) == 1 else f"{len(value)} bytes"


_Shower = Callable[[bytes], str | None]


def _show(value: values.T | None, show: Callable[[values.T], str]) -> str | None:
    return None if value is None else show(value)


def _shower(read: Callable[[bytes], values.T | None], show: Callable[[values.T], str]) -> _Shower:
    return lambda value: _show(read(value), show)


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def _quoted(text: str) -> str:
    return f'"{_shorten(text)}"'


def _error(error: values.ErrorCode) -> str:
    return f"{error.code} {_shorten(error.reason) or ERROR_NAMES.get(error.code, '')}".rstrip()


def _address_error(error: values.AddressErrorCode) -> str:
    return f"IPv{error.family} {_error(values.ErrorCode(error.code, error.reason))}"


def _transport(protocol: int) -> str:
    return {PROTOCOL_TCP: "TCP", PROTOCOL_UDP: "UDP"}.get(protocol, f"protocol {protocol}")


def _change(change: values.ChangeRequest) -> str:
    asked = [name for name, wanted in (("address", change.change_ip), ("port", change.change_port)) if wanted]
    return " and ".join(asked) or "nothing"


def _algorithms(entries: tuple[values.AlgorithmParameters, ...]) -> str:
    known = {int(algorithm): algorithm.name.replace("_", "-") for algorithm in PasswordAlgorithm}
    return " ".join(known.get(entry.algorithm, f"0x{entry.algorithm:04x}") for entry in entries[:8]) or "none"


_XOR: Final = frozenset({Attribute.XOR_MAPPED_ADDRESS, Attribute.XOR_PEER_ADDRESS, Attribute.XOR_RELAYED_ADDRESS})

_address: Final = _shower(values.decode_address, str)
_text: Final = _shower(values.decode_text, _quoted)
_number: Final = _shower(values.decode_u32, str)
_family: Final = _shower(values.decode_family, lambda family: f"IPv{family}")
_tie_breaker: Final = _shower(values.decode_u64, lambda number: f"{number:#018x}")
_password_algorithms: Final = _shower(values.decode_password_algorithms, _algorithms)

_SHOWERS: Final[dict[int, _Shower]] = {
    Attribute.MAPPED_ADDRESS: _address,
    Attribute.RESPONSE_ADDRESS: _address,
    Attribute.SOURCE_ADDRESS: _address,
    Attribute.CHANGED_ADDRESS: _address,
    Attribute.REFLECTED_FROM: _address,
    Attribute.ALTERNATE_SERVER: _address,
    Attribute.RESPONSE_ORIGIN: _address,
    Attribute.OTHER_ADDRESS: _address,
    Attribute.USERNAME: _text,
    Attribute.REALM: _text,
    Attribute.SOFTWARE: _text,
    Attribute.ALTERNATE_DOMAIN: _text,
    Attribute.THIRD_PARTY_AUTHORIZATION: _text,
    Attribute.LIFETIME: _number,
    Attribute.PRIORITY: _number,
    Attribute.CONNECTION_ID: _number,
    Attribute.CACHE_TIMEOUT: _number,
    Attribute.REQUESTED_ADDRESS_FAMILY: _family,
    Attribute.ADDITIONAL_ADDRESS_FAMILY: _family,
    Attribute.ICE_CONTROLLED: _tie_breaker,
    Attribute.ICE_CONTROLLING: _tie_breaker,
    Attribute.PASSWORD_ALGORITHM: _password_algorithms,
    Attribute.PASSWORD_ALGORITHMS: _password_algorithms,
    Attribute.ERROR_CODE: _shower(values.decode_error_code, _error),
    Attribute.ADDRESS_ERROR_CODE: _shower(values.decode_address_error_code, _address_error),
    Attribute.UNKNOWN_ATTRIBUTES: _shower(
        values.decode_unknown_attributes, lambda types: " ".join(map(attribute_name, types[:8])) or "none"
    ),
    Attribute.ICMP: _shower(values.decode_icmp, lambda error: f"type {error.type} code {error.code} data {error.data}"),
    Attribute.CHANNEL_NUMBER: _shower(values.decode_channel_number, lambda number: f"0x{number:04x}"),
    Attribute.REQUESTED_TRANSPORT: _shower(values.decode_requested_transport, _transport),
    Attribute.CHANGE_REQUEST: _shower(values.decode_change_request, _change),
    Attribute.RESPONSE_PORT: _shower(values.decode_response_port, str),
    Attribute.EVEN_PORT: _shower(
        values.decode_even_port, lambda reserve: "and the next reserved" if reserve else "alone"
    ),
}
