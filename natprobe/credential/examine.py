"""What does a credential's own shape say? A server's 401 never tells, so it is judged here, before any packet.

coturn answers the same 401 to an expired timestamp, one in milliseconds, a hex digest and a wrong secret. The shapes
below tell them apart. A static password of 40 hex digits with a plain user name is not TURN REST, nor is a telephone
number as user name: a number counts as a timestamp where a colon sets it off, or where the password is a digest.
"""

import base64
import binascii
import re
from typing import Literal

import msgspec

from natprobe.credential.secret import Credential
from natprobe.credential.words import duration_text
from natprobe.events import Raised

PasswordForm = Literal["base64-sha1", "hex-sha1", "base64-sha256", "hex-sha256", "other"]
TimestampUnit = Literal["seconds", "milliseconds"]

_LEADING = re.compile(r"(?P<time>[0-9]+)(?:(?P<separator>[^0-9A-Za-z])(?P<user>.*))?", re.DOTALL)
_TRAILING = re.compile(r"(?P<user>.*)(?P<separator>[^0-9A-Za-z])(?P<time>[0-9]+)", re.DOTALL)
_UNITS: dict[int, TimestampUnit] = {9: "seconds", 10: "seconds", 11: "seconds", 13: "milliseconds"}
_PER_SECOND: dict[TimestampUnit, int] = {"seconds": 1, "milliseconds": 1000}
_DIGEST_SIZES: dict[int, PasswordForm] = {28: "base64-sha1", 44: "base64-sha256"}
_HEX_SIZES: dict[int, PasswordForm] = {40: "hex-sha1", 64: "hex-sha256"}
_FORM_TEXT: dict[PasswordForm, str] = {
    "hex-sha1": "it is 40 hexadecimal digits, as a SHA-1 digest in hex is",
    "base64-sha256": "it is base64 of 32 bytes, as a SHA-256 digest is",
    "hex-sha256": "it is 64 hexadecimal digits, as a SHA-256 digest in hex is",
    "other": "it is not base64 of 20 bytes",
}


class CredentialFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a credential looks like, without its password."""

    username: str
    looks_like_rest: bool
    """Whether the user name holds an expiry as TURN REST has it."""
    timestamp_unit: TimestampUnit | None = None
    expires_at_s: float | None = None
    """UNIX time that the issuer meant, milliseconds already divided; None without a timestamp."""
    expires_in_s: float | None = None
    """Seconds from now, negative where it has passed; None without a timestamp."""
    expired: bool | None = None
    """By coturn's rule, whole seconds and `expiry >= now`; None without a timestamp."""
    separator: str | None = None
    user: str | None = None
    """The user name beside the timestamp; None where there is none."""
    password_form: PasswordForm


class _Stamp(msgspec.Struct, frozen=True):
    unit: TimestampUnit
    value: int
    separator: str | None
    user: str | None


def examine(credential: Credential, now_s: float) -> CredentialFacts:
    """What `credential` looks like at the UNIX time `now_s`."""
    form = _password_form(credential.password.reveal())
    stamp = _stamp(credential.username, is_digest=form != "other")
    if stamp is None:
        return CredentialFacts(username=credential.username, looks_like_rest=False, password_form=form)
    expires_at_s = stamp.value / _PER_SECOND[stamp.unit]
    return CredentialFacts(
        username=credential.username,
        looks_like_rest=True,
        timestamp_unit=stamp.unit,
        expires_at_s=expires_at_s,
        expires_in_s=expires_at_s - now_s,
        expired=int(expires_at_s) < int(now_s),
        separator=stamp.separator,
        user=stamp.user,
        password_form=form,
    )


def suspicions(facts: CredentialFacts) -> tuple[Raised, ...]:
    """Which findings the shape alone supports; none for a credential that is not TURN REST."""
    if not facts.looks_like_rest:
        return ()
    raised = (_suspect_time(facts), _suspect_digest(facts))
    return tuple(finding for finding in raised if finding is not None)


def _suspect_time(facts: CredentialFacts) -> Raised | None:
    if facts.expires_in_s is None:
        return None
    said = {"user": facts.username}
    if facts.timestamp_unit == "milliseconds":
        return Raised(id="turn-auth-rest-ms-timestamp", facts=said)
    if not facts.expired:
        return None
    said["expired_for"] = duration_text(facts.expires_in_s)
    return Raised(id="turn-auth-rest-expired", facts=said)


def _suspect_digest(facts: CredentialFacts) -> Raised | None:
    if facts.password_form == "base64-sha1":  # noqa: S105
        return None
    said = {"user": facts.username, "detail": _FORM_TEXT[facts.password_form]}
    return Raised(id="turn-auth-rest-wrong-digest", facts=said)


def _stamp(username: str, *, is_digest: bool) -> _Stamp | None:
    """The timestamp that coturn would read: what stands before the separator, else what stands behind it."""
    for pattern in (_LEADING, _TRAILING):
        match = pattern.fullmatch(username)
        if match is None:
            continue
        unit = _UNITS.get(len(match["time"]))
        if unit is not None and not match["time"].startswith("0") and (is_digest or match["separator"] == ":"):
            return _Stamp(unit, int(match["time"]), match["separator"], match["user"])
    return None


def _password_form(password: str) -> PasswordForm:
    if re.fullmatch(r"[0-9A-Fa-f]+", password):
        return _HEX_SIZES.get(len(password), "other")
    try:
        base64.b64decode(password, validate=True)
    except (binascii.Error, ValueError):
        return "other"
    padding = len(password) - len(password.rstrip("="))
    return _DIGEST_SIZES.get(len(password), "other") if padding == 1 else "other"
