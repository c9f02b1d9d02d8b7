"""Would a browser hand this answer to a page of another origin? The Fetch standard's CORS check. Pure.

The check is made on the fields as they came: a name with a typographic hyphen is no field to a browser, and two fields
of one name are one value with a comma.
"""

import re

import msgspec

from natprobe.client.http import Header, HttpExchange

ALLOW_ORIGIN = "access-control-allow-origin"
_CREDENTIALS = "access-control-allow-credentials"
_METHODS = "access-control-allow-methods"
_HEADERS = "access-control-allow-headers"
_DASHES = re.compile("[^\x00-\x7f]")
SIMPLE = frozenset({"GET", "HEAD", "POST"})
"""Methods that need no preflight of their own (Fetch section 2.2.1)."""


class Asker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who wants to read the answer, and how it was asked for."""

    origin: str
    method: str = "GET"
    credentials: bool = False
    """The page sends cookies along."""
    json: bool = False
    """The page sends JSON, which no form could: a preflight comes first."""

    @property
    def needs_preflight(self) -> bool:
        """Whether a browser asks by OPTIONS before it asks."""
        return self.json or self.method not in SIMPLE


def values(exchange: HttpExchange, name: str) -> tuple[str, ...]:
    """The values of the field `name`, each as it came."""
    return tuple(each.value for each in exchange.headers if each.name.lower() == name)


def misspelt(exchange: HttpExchange) -> tuple[Header, ...]:
    """The CORS fields that are none, since a hyphen or dash of print stands in their names."""
    return tuple(each for each in exchange.headers if _meant(each.name).startswith("access-control-") and _odd(each))


def meant(header: Header) -> str:
    """The name that a misspelt field should have."""
    return "-".join(part.capitalize() for part in _meant(header.name).split("-"))


def wildcard_with_credentials(exchange: HttpExchange) -> bool:
    """Whether the answer says both `*` and that cookies may come, which browsers refuse to put together."""
    return "*" in values(exchange, ALLOW_ORIGIN) and "true" in values(exchange, _CREDENTIALS)


def is_double(exchange: HttpExchange) -> bool:
    """Whether the field came more than once, or with more than one value."""
    found = values(exchange, ALLOW_ORIGIN)
    return len(found) > 1 or any("," in each for each in found)


def allows(exchange: HttpExchange, asker: Asker) -> bool:
    """Whether a browser lets `asker` read the answer."""
    found = values(exchange, ALLOW_ORIGIN)
    if len(found) != 1:
        return False
    if asker.credentials and "true" not in values(exchange, _CREDENTIALS):
        return False
    return found[0] == asker.origin or (found[0] == "*" and not asker.credentials)


def refusal(preflight: HttpExchange, asker: Asker) -> str | None:
    """Why a browser stops after this answer to OPTIONS, as a clause; None where it goes on."""
    if preflight.status is None or preflight.trouble is not None:
        return "the preflight (OPTIONS) was not answered"
    if not 200 <= preflight.status < 300:
        return f"the preflight (OPTIONS) was answered {preflight.status}"
    if not allows(preflight, asker):
        said = ", ".join(values(preflight, ALLOW_ORIGIN)) or "nothing"
        return f"to the preflight (OPTIONS) Access-Control-Allow-Origin says {said}"
    if asker.method not in SIMPLE and not _lists(preflight, _METHODS, asker):
        return f"the preflight (OPTIONS) does not allow the method {asker.method}"
    if asker.json and not _lists(preflight, _HEADERS, asker):
        return "the preflight (OPTIONS) does not allow the field Content-Type, which JSON needs"
    return None


def _lists(preflight: HttpExchange, name: str, asker: Asker) -> bool:
    wanted = asker.method.lower() if name == _METHODS else "content-type"
    listed = {each.strip().lower() for value in values(preflight, name) for each in value.split(",")}
    return wanted in listed or ("*" in listed and not asker.credentials)


def _meant(name: str) -> str:
    return _DASHES.sub("-", name).lower()


def _odd(header: Header) -> bool:
    return header.flaw is not None and not header.name.isascii()
