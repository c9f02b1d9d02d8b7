"""A WebSocket that carries a few lines between the two ends of a call: text frames, bounded.

Not the WebSocket of the probes: that one goes on past a bad certificate, as it is evidence, and tells every packet to
the recording. These lines hold the call's password, so here a bad certificate is the end, and nothing is traced.
"""

import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from natprobe.net.trouble import words_of
from natprobe.net.trust import Trust

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

OPEN_S, _CLOSE_S = 5.0, 1.0
_MOST_WAITING = 16


class SignallingError(Exception):
    """The WebSocket does not open, or has closed. The message is a clause without a full stop."""


class Signalling:
    """An open WebSocket. Made by `open_signalling`."""

    def __init__(self, connection: "ClientConnection") -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        """Sends one text frame. Raises SignallingError."""
        with _told():
            await self._connection.send(text)

    async def receive(self) -> str:
        """The next frame; one of bytes is given as an empty text. Raises SignallingError."""
        with _told():
            frame = await self._connection.recv()
        return frame if isinstance(frame, str) else ""


@contextlib.asynccontextmanager
async def open_signalling(url: str, origin: str, trust: Trust | None, longest: int) -> AsyncIterator[Signalling]:
    """A connection for as long as the block lasts; no frame of it is longer than `longest`. Raises SignallingError."""
    from websockets.asyncio.client import connect  # noqa: PLC0415  no other command needs it
    from websockets.typing import Origin  # noqa: PLC0415

    with _told():
        connection = await connect(
            url,
            ssl=trust,
            origin=Origin(origin),
            proxy=None,
            open_timeout=OPEN_S,
            close_timeout=_CLOSE_S,
            max_size=longest,
            max_queue=_MOST_WAITING,
        )
    try:
        yield Signalling(connection)
    finally:
        await connection.close()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException  # noqa: PLC0415

    try:
        yield
    except TimeoutError:
        raise SignallingError(f"it did not open within {OPEN_S:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise SignallingError(f"its certificate is not good ({error.verify_message})") from None
    except OSError as error:
        raise SignallingError(words_of(error)) from None
    except InvalidStatus as error:
        raise SignallingError(f"the upgrade is answered with {error.response.status_code}") from None
    except ConnectionClosed as error:
        code = error.rcvd.code if error.rcvd else 1006
        raise SignallingError(f"it closed ({code})") from None
    except WebSocketException as error:
        raise SignallingError(f"it is no WebSocket ({type(error).__name__})") from None
