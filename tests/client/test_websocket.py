"""A WebSocket to npm's server and to servers that misbehave: how it opens, what comes, and who ended it."""

import asyncio

import pytest

from natprobe.address import Address
from natprobe.client.line import Way
from natprobe.client.websocket import Ended, Opening, upgrade
from natprobe.net.trouble import Reason
from natprobe.wire.http.limits import Limits
from natprobe.wire.websocket.handshake import Asking
from tests.net.test_tcp import serving
from tests.signalling.servers import Play, close, frame, leaving, node, opening, repeating, saying
from tests.web.hold import holding

NAME = "meet.example.org"
ASKED = Asking(authority=NAME, path="/ws?token=hunter2", origin="https://page.example.org")


def way(remote: Address) -> Way:
    return Way("tcp", remote, NAME)


async def opened(remote: Address, asked: Asking = ASKED) -> Opening:
    async with holding() as hold, await upgrade(hold, way(remote), asked) as found:
        return found


async def heard(play: Play, count: int = 1) -> list[object]:
    """The first `count` arrivals of one connection."""
    async with opening(play) as remote, holding() as hold, await upgrade(hold, way(remote), ASKED) as found:
        assert found.socket is not None
        return [await found.socket.receive() for _ in range(count)]


async def ended(play: Play) -> Ended:
    """How a connection ends."""
    async with opening(play) as remote, holding() as hold, await upgrade(hold, way(remote), ASKED) as found:
        assert found.socket is not None
        while not isinstance(arrived := await found.socket.receive(), Ended):
            pass
        return arrived


@pytest.mark.deployments
async def test_a_message_goes_to_a_real_server_and_its_answer_comes_back() -> None:
    with node("messages") as port:
        async with holding() as hold:
            there, asked = way(Address("127.0.0.1", port)), Asking(authority=NAME, path="/ws")
            async with await upgrade(hold, there, asked) as one, await upgrade(hold, there, asked) as other:
                assert one.socket is not None
                assert other.socket is not None
                for each in (one.socket, other.socket):
                    each.send('{"cmd": "join", "roomId": "7"}')
                    each.send('{"cmd": "offer", "sdp": "x"}')
                waiting = [asyncio.create_task(each.message(20)) for each in (one.socket, other.socket)]
                done, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in late:  # whoever joined first hears the other, and may be the only one
                    task.cancel()
                assert {task.result() for task in done} == {'{"cmd":"offer","sdp":"x"}'}


async def test_whatever_is_no_101_is_evidence_with_the_start_of_its_body() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 19\r\n\r\nno such ?key=secret")
        await reader.read()

    async with serving(refuse) as remote:
        found = await opened(remote)
    assert (found.seen.opened, found.seen.status, found.seen.body) == (False, 403, "no such ?key=•••")
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    ("fields", "asked", "flaw"),
    [
        ({"Sec-WebSocket-Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, None, "accept-wrong"),
        ({"Sec-WebSocket-Accept": ""}, None, "accept-wrong"),
        ({"Upgrade": "h2c"}, None, "not-websocket"),
        ({"Connection": "close"}, None, "not-websocket"),
        ({}, "janus-protocol", "subprotocol-missing"),
        ({"Sec-WebSocket-Protocol": "other"}, "janus-protocol", "subprotocol-unasked"),
        ({"Sec-WebSocket-Extensions": "permessage-deflate"}, None, "extension-unasked"),
        ({"Sec-WebSocket-Protocol": "janus-protocol"}, "janus-protocol", None),
    ],
)
async def test_a_101_that_browsers_refuse_is_no_opening(
    fields: dict[str, str], asked: str | None, flaw: str | None
) -> None:
    async with opening(saying(), fields=fields) as remote:
        found = await opened(remote, Asking(authority=NAME, path="/", subprotocol=asked))
    assert (found.seen.status, found.seen.flaw, found.seen.opened) == (101, flaw, flaw is None)
    assert (found.socket is None) == (flaw is not None)


async def test_what_follows_the_101_in_one_segment_is_not_lost() -> None:
    (arrived,) = await heard(saying(frame(1, b"at once")))
    assert (arrived.kind, arrived.text) == ("text", "at once")  # type: ignore[attr-defined]


async def test_a_message_in_pieces_is_one_and_control_frames_stand_between() -> None:
    pieces = (frame(1, "hé".encode()[:2], fin=False), frame(9, b"there?"), frame(0, "hé".encode()[2:] + b"llo"))
    ping, message = await heard(saying(*pieces), 2)
    assert (ping.kind, ping.data) == ("ping", b"there?")  # type: ignore[attr-defined]
    assert message.text == "héllo"  # type: ignore[attr-defined]


async def test_pings_are_answered() -> None:
    answers: list[bytes] = []

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(9, b"there?"))
        answers.append(await reader.readexactly(2 + 4 + 6))
        writer.write(close(1000))
        await reader.read()

    await ended(ask)
    assert answers[0][:2] == bytes([0x8A, 0x80 | 6])


async def test_a_close_frame_is_the_servers_own_end() -> None:
    end = await ended(saying(close(4001, "go away")))
    assert (end.how, end.code, end.reason) == ("close-frame", 4001, "go away")
    assert (await ended(saying(frame(8)))).code == 1005


async def test_an_end_without_a_close_frame_is_not() -> None:
    end = await ended(leaving(frame(1, b"bye")))
    assert (end.how, end.code) == ("fin", None)


async def test_a_reset_is_told_apart() -> None:
    async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(1, 13, bytes([1, 0, 0, 0, 0, 0, 0, 0]))  # SO_LINGER

    assert (await ended(reset)).how == "reset"


@pytest.mark.parametrize(
    ("play", "detail"),
    [
        (saying(b"\x81\x7f" + (1 << 62).to_bytes(8)), "it breaks the WebSocket protocol: "),
        (saying(b"\x81\x7f" + (300_000).to_bytes(8)), "it breaks the WebSocket protocol: "),
        (saying(frame(1, b"x", fin=False), frame(1, b"y")), "expected a continuation frame"),
        (saying(b"\xc1\x01x"), "it breaks the WebSocket protocol: reserved bits must be 0"),
        (saying(b"\x81\x81\0\0\0\0x"), "it breaks the WebSocket protocol: incorrect masking"),
        (saying(frame(3)), "it breaks the WebSocket protocol: invalid opcode"),
        (repeating(frame(9, b"x" * 100) * 100), "it sent more than 4096 frames"),
        (repeating(frame(0, b"", fin=False) * 1000), "unexpected continuation frame"),
        (repeating(frame(1, b"x" * 60_000)), "it sent more than 4194304 bytes"),
    ],
)
async def test_what_a_peer_may_not_do_ends_the_connection_within_bounds(play: Play, detail: str) -> None:
    end = await ended(play)
    assert end.how == "broken"
    assert detail in end.detail


async def test_a_message_that_never_ends_is_cut_by_its_size() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(1, b"x", fin=False))
        while True:
            writer.write(frame(0, b"x" * 60_000, fin=False))
            await writer.drain()

    assert "it breaks the WebSocket protocol" in (await ended(drip)).detail


async def test_a_server_that_does_not_answer_the_upgrade_is_silent() -> None:
    async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(mute) as remote, holding() as hold:
        found = await upgrade(hold, way(remote), ASKED, Limits(total_s=0.4))
    trouble = found.seen.exchange.trouble
    assert trouble is not None
    assert trouble.reason is Reason.SILENT


async def test_the_connection_is_closed_with_a_close_frame_and_not_left() -> None:
    farewell = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        farewell.set_result(await reader.read())

    async with opening(listen) as remote:
        await opened(remote)
        said = await asyncio.wait_for(farewell, 20)
    assert said[:2] == bytes([0x88, 0x80 | 2])
