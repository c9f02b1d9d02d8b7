"""The facts that judges may hand to a finding. Every value is text; one vocabulary for the whole catalogue."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

UNKNOWN = "unknown"
"""What stands for a fact that is not in the vocabulary."""


class Fact(NamedTuple):
    """A fact's meaning with an example, and the words that stand for it where the run could not tell."""

    meaning: str
    words: str


FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        "address": Fact("transport address of the server: 203.0.113.10:3478", "the server"),
        "alternate": Fact("transport address of an ALTERNATE-SERVER", "another server"),
        "channel": Fact("a channel number: 0x4000", "0x5000 or above"),
        "code": Fact("the number of an error or status: 401", "an error"),
        "days": Fact("a count of days: 12", "few"),
        "detail": Fact("a clause that says what was seen, without a full stop", "no more is known"),
        "expired_for": Fact("how long ago a time passed: 3 days", "some time"),
        "family": Fact("IPv4 or IPv6", "that family"),
        "host": Fact("the host that the user named: a name or an IP literal", "the host"),
        "issuer": Fact("the issuer of a certificate", "an unnamed issuer"),
        "kind": Fact("who can reach an address: private, cgnat, loopback, link-local, …", "non-public"),
        "lifetime": Fact("how long something lives: 600 s", "an unknown time"),
        "local": Fact("an address of this host, or several: 10.7.0.2", "one of this host's addresses"),
        "loss": Fact("a share or a count of packets that were lost: 4 %", "not measured"),
        "mapped": Fact("the address that the server sees, XOR-MAPPED-ADDRESS", "the mapped address"),
        "name": Fact("one name: of a record, a channel, a header, a service", "(not named)"),
        "names": Fact("several names, with commas between them", "(not named)"),
        "not_after": Fact("the end of a certificate's validity, RFC 3339", "a time that it does not say"),
        "not_before": Fact("the start of a certificate's validity, RFC 3339", "a later time"),
        "peer": Fact("transport address of a peer", "the peer"),
        "phrase": Fact("the reason phrase beside a code", "(no phrase)"),
        "port": Fact("a port number: 3478", "PORT"),
        "range": Fact("a range of ports: 49152-65535", "min-port to max-port"),
        "rate": Fact("a rate: 2.5 Mbit/s", "a rate that was not measured"),
        "realm": Fact("the realm of a challenge", "(empty)"),
        "relayed": Fact("the relayed transport address, XOR-RELAYED-ADDRESS", "the relayed address"),
        "relayed_host": Fact("the host part of the relayed address", "the relay's own address"),
        "relayed_port": Fact("the port of the relayed address", "of the relayed address"),
        "seen": Fact("the address that somebody else saw: a peer, another server", "another address"),
        "sends": Fact("how often it was asked: 7", "several"),
        "size": Fact("a number of bytes: 1200", "a certain number of"),
        "software": Fact("the SOFTWARE that a server names", "software that was not named"),
        "subject": Fact("the subject of a certificate", "an unnamed subject"),
        "transport": Fact("udp, tcp, tls or dtls", "this transport"),
        "uri": Fact("the URI that was checked", "the URI"),
        "user": Fact("a user name, never a password", "the user"),
        "waited": Fact("a duration: 2.6 s", "the time allowed"),
    }
)
