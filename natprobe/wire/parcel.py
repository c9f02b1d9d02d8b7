"""What is carried through a relay to prove its path: a Binding indication, like ICE keep-alives (RFC 8445 section 11).

Its transaction id is a random token, so that a parcel is known again wherever and however it arrives, and a filter that
lets only STUN pass (RFC 7983) lets it pass as it would a call's own traffic.
"""

import secrets

from natprobe.wire.message import Message, build, parse
from natprobe.wire.plain_values import encode_padding
from natprobe.wire.registry import ATTRIBUTE_HEADER_LENGTH, Attribute, MessageClass, Method


def new_token() -> bytes:
    """A token that nobody can guess."""
    return secrets.token_bytes(12)


def parcel(token: bytes, size: int = 0) -> bytes:
    """The bytes that carry `token`, filled up by PADDING (RFC 5780 section 7.6) to `size`, a multiple of 4.

    Where `size` is less than what the token takes, there is no PADDING.
    """
    bare = build(Method.BINDING, MessageClass.INDICATION, token)
    room = size - len(bare) - ATTRIBUTE_HEADER_LENGTH
    if room < 0:
        return bare
    return build(Method.BINDING, MessageClass.INDICATION, token, ((Attribute.PADDING, encode_padding(room)),))


def token_of(data: bytes) -> bytes | None:
    """The token that `data` carries, or None where it is no parcel."""
    message = parse(data)
    if not isinstance(message, Message) or message.method != Method.BINDING:
        return None
    return message.transaction_id if message.cls == MessageClass.INDICATION else None
