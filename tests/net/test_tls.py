"""TLS against real servers on loopback: every fault of a chain in one handshake, every ending told apart."""

import asyncio
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from natprobe.address import Address
from natprobe.events import Packet
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram
from natprobe.net.handshake import Handshake, Roots, Secured
from natprobe.net.tls import open_tls, open_tls_stream, preload
from natprobe.net.trouble import Reason, Trouble
from tests.net.sayings import message, stun, trouble
from tests.net.test_tcp import echo, serving, until_the_end
from tests.net.tls_servers import (
    FUTURE,
    NAME,
    PAST,
    handshake_only,
    leaf_alone,
    self_signed_context,
    server_context,
    serving_tls,
    with_server_name,
)


@pytest.fixture(scope="module")
def roots(ca_file: Path) -> Roots:
    return Roots(ca_file)


async def handshake_with(context: ssl.SSLContext, clock: Clock, roots: Roots, server_name: str = NAME) -> Handshake:
    async with serving_tls(context, until_the_end) as remote:
        opened = await open_tls(remote, clock, _forget, server_name=server_name, roots=roots, timeout_s=20)
        assert isinstance(opened, Secured), opened
        await opened.endpoint.close()
    return opened.handshake


async def failure_with(remote: Address, clock: Clock, roots: Roots, timeout_s: float = 20) -> Trouble:
    told = await open_tls(remote, clock, _forget, server_name=NAME, roots=roots, timeout_s=timeout_s)
    assert isinstance(told, Trouble), told
    return told


def _forget(_packet: Packet) -> None:
    return


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_messages_go_there_and_back_and_into_the_trace_above_tls(
    host: str, clock: Clock, packets: list[Packet], authority: trustme.CA, roots: Roots
) -> None:
    async with serving_tls(server_context(authority.issue_cert(NAME)), echo, host) as remote:
        opened = await open_tls(remote, clock, packets.append, server_name=NAME, roots=roots, timeout_s=20)
        assert isinstance(opened, Secured), opened
        opened.endpoint.send(stun(1))
        opened.endpoint.send(stun(2))
        got = [await message(opened.endpoint) for _ in range(2)]
        await opened.endpoint.close()
    assert [each.data for each in got] == [stun(1), stun(2)]
    assert [(each.transport, each.direction, each.data) for each in packets] == [
        ("tls", direction, stun(number)) for direction in ("sent", "received") for number in (1, 2)
    ]
    assert {each.remote for each in packets} == {remote}


async def test_a_good_certificate_has_no_errors(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    shown = await handshake_with(server_context(authority.issue_cert(NAME)), clock, roots)
    assert (shown.version, shown.errors, shown.name_matches) == ("TLSv1.3", (), True)
    assert (shown.server_name, shown.sni_sent, shown.alpn) == (NAME, True, None)
    assert shown.cipher is not None
    assert shown.cipher.startswith("TLS_")
    assert shown.chain[0].dns_names == (NAME,)
    assert 0 < shown.started_ms < shown.connected_ms
    assert shown.duration_ms == shown.connected_ms - shown.started_ms


async def test_an_expired_certificate_is_only_expired(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    expired = authority.issue_cert(NAME, not_before=PAST.replace(year=PAST.year - 1), not_after=PAST)
    shown = await handshake_with(server_context(expired), clock, roots)
    assert [(each.depth, each.code, each.name) for each in shown.errors] == [(0, 10, "expired")]
    assert shown.name_matches is True


async def test_a_certificate_of_the_future_is_not_yet_valid(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    early = authority.issue_cert(NAME, not_before=FUTURE, not_after=FUTURE.replace(year=FUTURE.year + 1))
    shown = await handshake_with(server_context(early), clock, roots)
    assert [each.name for each in shown.errors] == ["not-yet-valid"]


async def test_a_self_signed_certificate_is_told(clock: Clock, roots: Roots, tmp_path: Path) -> None:
    shown = await handshake_with(self_signed_context(tmp_path), clock, roots)
    assert [(each.depth, each.code, each.name) for each in shown.errors] == [(0, 18, "self-signed")]
    assert [each.self_issued for each in shown.chain] == [True]


async def test_a_wrong_name_leaves_the_chain_good(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    shown = await handshake_with(server_context(authority.issue_cert("www.example.org")), clock, roots)
    assert (shown.errors, shown.name_matches) == ((), False)


async def test_a_leaf_without_its_chain_is_told(
    clock: Clock, authority: trustme.CA, roots: Roots, tmp_path: Path
) -> None:
    leaf = authority.create_child_ca().issue_cert(NAME)
    shown = await handshake_with(leaf_alone(leaf, tmp_path), clock, roots)
    assert [each.code for each in shown.errors] == [20, 21]
    assert len(shown.chain) == 1
    whole = await handshake_with(server_context(leaf), clock, roots)
    assert whole.errors == ()
    assert len(whole.chain) == 2


async def test_all_faults_of_a_chain_show_in_one_handshake(clock: Clock, roots: Roots, tmp_path: Path) -> None:
    stranger = trustme.CA()
    expired = stranger.create_child_ca().issue_cert(
        "www.example.org", not_before=PAST.replace(year=PAST.year - 1), not_after=PAST
    )
    shown = await handshake_with(leaf_alone(expired, tmp_path), clock, roots)
    assert {each.code for each in shown.errors} == {10, 20, 21}
    assert shown.name_matches is False


async def test_an_unknown_root_in_the_chain_is_told(clock: Clock, roots: Roots, tmp_path: Path) -> None:
    stranger = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf, pem = stranger.issue_cert(NAME), tmp_path / "chain.pem"
    pem.write_bytes(leaf.cert_chain_pems[0].bytes() + stranger.cert_pem.bytes() + leaf.private_key_pem.bytes())
    context.load_cert_chain(pem)
    shown = await handshake_with(context, clock, roots)
    assert [(each.depth, each.code) for each in shown.errors] == [(1, 19)]


async def test_a_literal_is_dialled_without_server_name(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    seen: list[str | None] = []
    context = with_server_name(server_context(authority.issue_cert("127.0.0.1")), seen.append)
    by_address = await handshake_with(context, clock, roots, "127.0.0.1")
    by_name = await handshake_with(context, clock, roots, NAME + ".")
    assert seen == [None, NAME]
    assert (by_address.sni_sent, by_address.name_matches) == (False, True)
    assert (by_name.sni_sent, by_name.name_matches) == (True, False)


async def test_a_server_without_tls_1_3_is_spoken_to(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    context = server_context(authority.issue_cert(NAME))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert (await handshake_with(context, clock, roots)).version == "TLSv1.2"


async def test_alpn_is_offered_and_what_was_picked_is_told(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    context = server_context(authority.issue_cert(NAME))
    context.set_alpn_protocols(["stun.turn"])
    async with serving_tls(context, echo) as remote:
        opened = await open_tls_stream(
            remote, clock, server_name=NAME, roots=roots, timeout_s=20, alpn=("stun.nat-discovery", "stun.turn")
        )
        assert not isinstance(opened, Trouble)
        carrier, shown = opened
        carrier.send(b"GET / HTTP/1.1\r\n\r\n")
        got = await carrier.receive()
        await carrier.close()
    assert shown.alpn == "stun.turn"
    assert isinstance(got, Datagram)
    assert got.data == b"GET / HTTP/1.1\r\n\r\n"


async def test_a_fatal_alert_is_named(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    context = server_context(authority.issue_cert(NAME))
    with_server_name(context, lambda _name: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
    async with serving(handshake_only(context)) as remote:
        told = await failure_with(remote, clock, roots)
    assert (told.reason, told.alert) == (Reason.TLS, "unrecognized_name")
    assert "unrecognized_name" in told.detail


async def test_versions_or_ciphers_that_do_not_meet_end_in_an_alert(
    clock: Clock, authority: trustme.CA, roots: Roots
) -> None:
    context = server_context(authority.issue_cert(NAME))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("NULL-SHA256:@SECLEVEL=0")
    async with serving(handshake_only(context)) as remote:
        told = await failure_with(remote, clock, roots)
    assert (told.reason, told.alert) == (Reason.TLS, "handshake_failure")


async def test_a_demanded_client_certificate_is_an_alert_after_the_handshake(
    clock: Clock, authority: trustme.CA, roots: Roots
) -> None:
    context = server_context(authority.issue_cert(NAME))
    context.verify_mode = ssl.CERT_REQUIRED
    async with serving(handshake_only(context)) as remote:
        opened = await open_tls(remote, clock, _forget, server_name=NAME, roots=roots, timeout_s=20)
        assert isinstance(opened, Secured), opened
        told = [await trouble(opened.endpoint) for _ in range(2)]
        await opened.endpoint.close()
    assert [(each.reason, each.alert) for each in told] == [(Reason.TLS, "certificate_required")] * 2


async def test_a_web_server_without_tls_is_quoted(clock: Clock, roots: Roots) -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with serving(web) as remote:
        told = await failure_with(remote, clock, roots)
    assert (told.reason, told.alert) == (Reason.TLS, None)
    assert "not with TLS: it begins with 'HTTP/1.1 400 Bad'" in told.detail


async def test_a_peer_that_says_nothing_is_silent(clock: Clock, roots: Roots) -> None:
    async with serving(until_the_end) as remote:
        told = await failure_with(remote, clock, roots, timeout_s=0.3)
    assert told.reason is Reason.SILENT


async def test_a_peer_that_stops_in_the_middle_is_a_timeout(clock: Clock, roots: Roots) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes.fromhex("160303007a02000076"))
        await reader.read()

    async with serving(half) as remote:
        told = await failure_with(remote, clock, roots, timeout_s=0.3)
    assert told.reason is Reason.TIMEOUT


async def test_a_peer_that_hangs_up_on_tls_is_closed_without_an_alert(clock: Clock, roots: Roots) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.close()
        await writer.wait_closed()

    async with serving(hang_up) as remote:
        told = await failure_with(remote, clock, roots)
    assert told.reason is Reason.CLOSED
    assert "when it saw a TLS ClientHello" in told.detail


async def test_the_peers_farewell_is_closed_for_ever(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    async def farewell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(stun(1))
        writer.close()
        await writer.wait_closed()

    async with serving_tls(server_context(authority.issue_cert(NAME)), farewell) as remote:
        opened = await open_tls(remote, clock, _forget, server_name=NAME, roots=roots, timeout_s=20)
        assert isinstance(opened, Secured), opened
        assert (await message(opened.endpoint)).data == stun(1)
        assert [(await trouble(opened.endpoint)).reason for _ in range(2)] == [Reason.CLOSED, Reason.CLOSED]
        await opened.endpoint.close()


async def test_close_says_close_notify(clock: Clock, authority: trustme.CA, roots: Roots) -> None:
    ends: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        ends.set_result(await reader.read())  # a connection that ends without close_notify raises here

    async with serving_tls(server_context(authority.issue_cert(NAME)), listen) as remote:
        opened = await open_tls(remote, clock, _forget, server_name=NAME, roots=roots, timeout_s=20)
        assert isinstance(opened, Secured), opened
        opened.endpoint.send(stun(1))
        await opened.endpoint.close()
        await opened.endpoint.close()
        assert await ends == stun(1)
        assert (await trouble(opened.endpoint)).reason is Reason.CLOSED


async def test_a_cancelled_handshake_leaves_no_connection(clock: Clock, roots: Roots) -> None:
    loop = asyncio.get_running_loop()
    greeted, gone = loop.create_future(), loop.create_future()

    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        greeted.set_result(await reader.read(1))
        gone.set_result(await reader.read())

    async with serving(wait) as remote:
        dialling = asyncio.ensure_future(failure_with(remote, clock, roots))
        await greeted
        dialling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dialling
        await gone


async def test_a_ca_file_that_cannot_be_read_is_local_trouble(clock: Clock, tmp_path: Path) -> None:
    async with serving(until_the_end) as remote:
        told = await failure_with(remote, clock, Roots(tmp_path / "missing.pem"))
    assert told.reason is Reason.LOCAL
    assert "missing.pem" in told.detail


async def test_the_systems_roots_follow_the_environment(
    clock: Clock, authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = server_context(authority.issue_cert(NAME))
    unknown = await handshake_with(context, clock, Roots())
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    known = await handshake_with(context, clock, Roots())
    assert [each.code for each in unknown.errors] == [20, 21]
    assert known.errors == ()


def test_a_root_that_was_loaded_ahead_is_kept(ca_file: Path) -> None:
    roots = Roots(ca_file)
    preload(roots)
    ca_file_is_read_no_more = roots.context("tls")
    assert roots.context("tls") is ca_file_is_read_no_more
    preload(Roots("no such file"))


def test_importing_the_room_loads_no_cryptography() -> None:
    code = (
        "import sys, natprobe.net.tls, natprobe.net.dtls, natprobe.net.udp, natprobe.net.certificate\n"
        "print([name for name in sys.modules if name.startswith(('OpenSSL', 'cryptography'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
