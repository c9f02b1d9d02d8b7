"""The benchmark of NAT programs reads each one's words as its authors meant them. No time is asserted."""

import pytest

from benchmarks.nat import CASES, PEERS

READ = {peer.name: peer.verdict for peer in PEERS}


@pytest.mark.parametrize(
    ("mapping", "filtering", "word"),
    [
        ("Endpoint Independent", "Endpoint Independent", "full-cone"),
        ("Endpoint Independent", "Address Dependent", "restricted-cone"),
        ("Endpoint Independent", "Address and Port Dependent", "port-restricted-cone"),
        ("Address and Port Dependent", "Address and Port Dependent", "symmetric"),
    ],
)
def test_natdiscovery_is_read_by_its_two_sentences(mapping: str, filtering: str, word: str) -> None:
    rule = "=" * 40
    told = f"{rule}\nNAT with {mapping} Mapping!\n{rule}\n\n{rule}\nNAT with {filtering} Filtering!\n{rule}\n"
    assert READ["natdiscovery"](told) == word


@pytest.mark.parametrize("told", ["", "STUN receive timeout..\n"])
def test_natdiscovery_that_says_nothing_is_no_wrong_verdict(told: str) -> None:
    assert READ["natdiscovery"](told) == "unknown"


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Independent Mapping, Port Dependent Filter, random port, no hairpin", "port-restricted-cone"),
        ("Independent Mapping, Independent Filter, random port, no hairpin", "full-cone"),
        ("Dependent Mapping, random port, no hairpin", "symmetric"),
        ("Blocked or could not reach STUN server", "udp-blocked"),
        ("Open", "open-internet"),
    ],
)
def test_vovida_is_read_by_its_line_about_the_primary_server(said: str, word: str) -> None:
    assert READ["stun (vovida)"](f"STUN client version 0.97\nPrimary: {said}\t\nReturn value is 0x000016\n") == word


def test_pystun_that_came_to_no_end_is_no_wrong_verdict() -> None:
    assert READ["pystun3 (held)"]("none: it came to no end within 6 s\n") == "unknown"
    assert READ["pystun3 (held)"]("symmetric\n") == "symmetric"


def test_every_case_is_played_by_every_program() -> None:
    commands = {(case.name, peer.name): peer.command(case) for case in CASES for peer in PEERS}
    assert all(commands.values())
    assert len(commands) == len(CASES) * len(PEERS)
