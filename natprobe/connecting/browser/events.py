"""What a page says, and what it is told: JSON, typed and bounded, for a page is as strange as any peer."""

from typing import Annotated, Any, Literal

import msgspec

from natprobe.client.browsers import BrowserEnd

LARGEST_BODY = 200_000
LONGEST_SDP = 20_000
MOST_EVENTS = 64


class Described(msgspec.Struct, frozen=True, tag_field="kind", tag="description"):
    """A local description of the page's."""

    type: Literal["offer", "answer"]
    sdp: Annotated[str, msgspec.Meta(max_length=LONGEST_SDP)]


class Trickled(msgspec.Struct, frozen=True, tag_field="kind", tag="candidate"):
    """One candidate of the page's; an empty text after the last one."""

    candidate: Annotated[str, msgspec.Meta(max_length=1024)]


class Ended(msgspec.Struct, frozen=True, tag_field="kind", tag="result"):
    """The page has measured, or given up."""

    result: BrowserEnd


FromPage = Described | Trickled | Ended


class Exchange(msgspec.Struct, frozen=True):
    """The body of one request of a page."""

    page: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
    """A name that the page has given itself."""
    after: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    """How many events it has got."""
    wait: bool = True
    """Whether it waits for something new."""
    events: Annotated[tuple[FromPage, ...], msgspec.Meta(max_length=MOST_EVENTS)] = ()


ToPage = dict[str, Any]
"""An event as the page reads it."""

DECODER: msgspec.json.Decoder[Exchange] = msgspec.json.Decoder(Exchange)
