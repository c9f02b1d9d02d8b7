"""Registering at a collider: the lab's, one that objects, and one that does nothing."""

import asyncio
import json

import pytest

from natprobe.model import Status
from tests.signalling.servers import Play, close, frame, node, opening, saying
from tests.web.nginx import free_port
from tests.web.run import Told, checked

pytestmark = pytest.mark.deployments


async def registered(uri: str) -> Told:
    return await checked(uri, only=("ws.upgrade", "collider."))


async def test_a_message_from_client_to_client_proves_both_registers() -> None:
    with node("collider") as port:
        told = await registered(f"collider+ws://127.0.0.1:{port}/ws")
        again = await registered(f"collider+ws://127.0.0.1:{port}/ws")
    check = told.check("collider.register")
    assert (check.status, told.findings) == (Status.PASS, set())
    assert check.summary.startswith("a message went from client to client; its status counts ")
    assert again.check("collider.register").status is Status.PASS


def objecting(*said: bytes) -> Play:
    """Answers the first message of each connection with this."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for piece in said:
            writer.write(piece)
        await writer.drain()
        await reader.read()

    return play


def told_error(text: str) -> bytes:
    return frame(1, json.dumps({"msg": "", "error": text}).encode())


@pytest.mark.parametrize(
    ("play", "words"),
    [
        (objecting(told_error("Max room capacity reached"), close(1000)), "it says: Max room capacity reached"),
        (objecting(close(1011)), "it closed the connection with code 1011"),
        (objecting(frame(1, b"<html>")), "it says: <html>"),
        (saying(), "a message to the room's other client did not arrive within 3 s"),
        (
            objecting(frame(1, b'{"msg": "another", "error": ""}')),
            "a message to the room's other client did not arrive",
        ),
    ],
)
async def test_a_register_that_comes_to_nothing_is_told_in_the_colliders_words(play: Play, words: str) -> None:
    async with opening(play) as remote:
        told = await registered(f"collider+ws://{remote}/ws")
    check = told.check("collider.register")
    assert (check.status, told.findings) == (Status.FAIL, {"sig-register-rejected"})
    assert words in check.summary


async def test_a_collider_that_does_not_open_is_not_registered_at() -> None:
    told = await registered(f"collider+ws://127.0.0.1:{free_port()}/ws")
    assert told.check("collider.register").status is Status.SKIP
