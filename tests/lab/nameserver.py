"""A name server on the internet of a world: `Nameserver(world, zone=…)`; every namespace's resolv.conf points at it.

The process: `python -m tests.lab.nameserver HOST ZONE-FILE [--failing NAME …] [--silent NAME …]`, over UDP and TCP.
"""

import argparse
import socketserver
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone

from tests.lab.layout import NAMESERVER_IPV4, SERVER_IPV4, SERVER_IPV6
from tests.lab.world import World

ORIGIN = "example.org"
HEAD = "@ 60 SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 192.0.2.53\n"
ZONE = f"""turn A {SERVER_IPV4}
turn AAAA {SERVER_IPV6}
_stun._udp SRV 0 0 3478 turn
_turn._udp SRV 0 0 3478 turn
_turn._tcp SRV 0 0 3478 turn
_turns._tcp SRV 0 0 5349 turn
"""


class Nameserver:
    """Answers for example.org with a zone in master-file form (relative names), NXDOMAIN for the rest of it.

    Names in `failing` get SERVFAIL, names in `silent` nothing, names elsewhere REFUSED. Listens when it returns.
    """

    def __init__(
        self, world: World, zone: str = ZONE, *, failing: Sequence[str] = (), silent: Sequence[str] = ()
    ) -> None:
        file = world.new_file("zone")
        file.write_text(HEAD + zone)
        options = [*(f"--failing={name}" for name in failing), *(f"--silent={name}" for name in silent)]
        module = (sys.executable, "-m", "tests.lab.nameserver", NAMESERVER_IPV4, str(file), *options)
        self.running = world.keep(world.internet.start(*module))
        self.running.wait_for("ready")

    def queries(self) -> list[str]:
        """What was asked so far, as "NAME TYPE"."""
        return self.running.stdout().splitlines()[1:]


class _Zone:
    def __init__(self, text: str, failing: Sequence[str], silent: Sequence[str]) -> None:
        self._zone = dns.zone.from_text(text, ORIGIN, relativize=False)
        self._failing = {dns.name.from_text(name, dns.name.from_text(ORIGIN)) for name in failing}
        self._silent = {dns.name.from_text(name, dns.name.from_text(ORIGIN)) for name in silent}

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        sys.stdout.write(f"{question.name} {dns.rdatatype.to_text(question.rdtype)}\n")
        sys.stdout.flush()
        if question.name in self._silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        response.set_rcode(self._fill(response, question))
        return response.to_wire()

    def _fill(self, response: dns.message.Message, question: dns.rrset.RRset) -> dns.rcode.Rcode:
        if not question.name.is_subdomain(dns.name.from_text(ORIGIN)):
            return dns.rcode.REFUSED
        if question.name in self._failing:
            return dns.rcode.SERVFAIL
        if self._zone.get_node(question.name) is None:
            return dns.rcode.NXDOMAIN
        found = self._zone.get_rrset(question.name, question.rdtype)
        response.answer.extend([found] if found else [])
        return dns.rcode.NOERROR


class _Datagram(socketserver.BaseRequestHandler):
    zone: _Zone

    def handle(self) -> None:
        wire, connection = self.request
        answer = self.zone.answer(wire)
        if answer is not None:
            connection.sendto(answer, self.client_address)


class _Stream(socketserver.StreamRequestHandler):
    zone: _Zone

    def handle(self) -> None:
        while size := self.rfile.read(2):
            answer = self.zone.answer(self.rfile.read(int.from_bytes(size, "big")))
            if answer is not None:
                self.wfile.write(len(answer).to_bytes(2, "big") + answer)


def main() -> None:
    """Serves until its standard input closes, as the world's end makes it."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.nameserver")
    parser.add_argument("host")
    parser.add_argument("zone", type=Path)
    parser.add_argument("--failing", action="append", default=[])
    parser.add_argument("--silent", action="append", default=[])
    told = parser.parse_args()
    _Datagram.zone = _Stream.zone = _Zone(told.zone.read_text(), told.failing, told.silent)
    with (
        socketserver.ThreadingUDPServer((told.host, 53), _Datagram) as datagrams,
        socketserver.ThreadingTCPServer((told.host, 53), _Stream) as streams,
    ):
        datagrams.daemon_threads = streams.daemon_threads = True
        for server in (datagrams, streams):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
