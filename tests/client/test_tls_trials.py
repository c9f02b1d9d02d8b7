"""Versions of TLS, each by itself, against servers that take them, refuse them, or say nothing at all."""

import asyncio
import ssl

import trustme

from natprobe.address import Address
from natprobe.client.line import Way
from natprobe.client.tls_trials import Trying, VersionTrial, taken, try_older, try_versions
from natprobe.net.handshake import TLS_VERSIONS
from tests.net.test_tcp import serving
from tests.net.tls_servers import NAME, server_context
from tests.web.hold import holding
from tests.web.nginx import free_port


def outcomes(trials: tuple[VersionTrial, ...]) -> dict[str, str]:
    """By version."""
    return {each.version: each.trial.outcome for each in trials}


async def test_what_a_server_takes_and_what_it_refuses(authority: trustme.CA) -> None:
    context = server_context(authority.issue_cert(NAME))
    context.minimum_version = ssl.TLSVersion.TLSv1_2

    async def waits(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(waits, tls=context) as remote, holding() as hold:
        trials = await try_versions(hold, Way("tls", remote, NAME), *TLS_VERSIONS)
    assert outcomes(trials) == {
        "TLSv1": "refused",
        "TLSv1.1": "refused",
        "TLSv1.2": "completed",
        "TLSv1.3": "completed",
    }
    assert taken(trials) == ["TLSv1.2", "TLSv1.3"]


async def test_silence_lasts_until_there_was_enough_of_it_and_then_the_connection_is_closed() -> None:
    asked, hung_up = asyncio.Event(), asyncio.Event()

    async def silent_to_the_oldest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.readexactly(11)
        if hello[9:11] != b"\x03\x01":  # RFC 5246 section 7.4.1.2: client_version
            writer.close()
            return
        asked.set()
        await reader.read()
        hung_up.set()

    async def enough(_trying: Trying) -> None:
        await asked.wait()

    async with serving(silent_to_the_oldest) as remote, holding() as hold:
        trials = await try_versions(hold, Way("tls", remote, NAME), "TLSv1", "TLSv1.1", enough=enough)
        async with asyncio.timeout(20):
            await hung_up.wait()
    assert outcomes(trials)["TLSv1"] == "silent"
    assert trials[0].trial.detail.startswith("it took the connection, and said nothing for ")


async def test_of_a_port_that_takes_no_connection_nothing_is_known() -> None:
    async with holding() as hold:
        trials = await try_versions(hold, Way("tls", Address("127.0.0.1", free_port()), NAME), "TLSv1")
    assert outcomes(trials) == {"TLSv1": "untold"}


async def test_older_versions_are_tried_on_doubt() -> None:
    doubt = asyncio.Event()

    async def hangs_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(hangs_up) as remote, holding() as hold:
        trying = asyncio.create_task(try_older(hold, Way("tls", remote, NAME), doubt))
        doubt.set()
        trials = await trying
    assert outcomes(trials) == {"TLSv1": "refused", "TLSv1.1": "refused"}
