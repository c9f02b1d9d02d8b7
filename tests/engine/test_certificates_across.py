"""What the certificates of several ports say together: renewed and not reloaded, or another site's."""

from typing import Any

import msgspec
import pytest

from natprobe.across.certificates import another_site, not_reloaded
from natprobe.address import Address
from natprobe.model import Check, Status

NAME = "turn.example.org"
OLD, NEW = ("2026-09-01T00:00:00Z", "2026-11-30T00:00:00Z"), ("2026-11-01T00:00:00Z", "2027-01-30T00:00:00Z")


def shown(port: int, dates: tuple[str, str] = NEW, *, name: str = NAME, names: tuple[str, ...] = (NAME,)) -> Check:
    """A certificate at a port."""
    leaf = {"serial": str(port), "not_before": dates[0], "not_after": dates[1], "dns_names": [*names]}
    matches = name in names
    handshake: dict[str, Any] = {"server_name": name, "name_matches": matches, "chain": [leaf]}
    findings = () if matches else ("tls-hostname-mismatch",)
    return Check(
        id="tls.certificate",
        target=f"tls:{name}:{port}",
        asked=f"tls:{name}:{port}",
        address=Address("203.0.113.10", port),
        transport="tls",
        status=Status.PASS if matches else Status.FAIL,
        summary="",
        started_ms=0.0,
        duration_ms=1.0,
        evidence={"handshake": handshake},
        findings=findings,
        facts={finding: {"names": ", ".join(names)} for finding in findings},
    )


def told(*checks: Check) -> list[tuple[str, ...]]:
    """The findings of each check, in order; twice changes nothing."""
    once = not_reloaded(another_site(checks))
    assert not_reloaded(another_site(once)) == once
    return [check.findings for check in once]


def test_the_port_with_the_older_certificate_is_named_and_no_longer_passes() -> None:
    old, new = not_reloaded((shown(5349, OLD), shown(443)))
    assert (old.status, old.findings) == (Status.WARN, ("tls-renewed-not-reloaded",))
    assert old.facts["tls-renewed-not-reloaded"]["detail"] == (
        "203.0.113.10:5349 until 2026-11-30T00:00:00Z (serial 5349), "
        "and 203.0.113.10:443 until 2027-01-30T00:00:00Z (serial 443)"
    )
    assert (new.status, new.findings) == (Status.PASS, ())


def test_several_old_ports_are_each_told() -> None:
    assert told(shown(5349, OLD), shown(443), shown(8089, OLD)) == [
        ("tls-renewed-not-reloaded",),
        (),
        ("tls-renewed-not-reloaded",),
    ]


def test_the_same_certificate_everywhere_is_no_fault_nor_are_two_that_were_issued_together() -> None:
    assert told(shown(443), shown(5349)) == [(), ()]
    together = ("2026-11-01T00:00:05Z", "2027-01-30T00:00:05Z")
    assert told(shown(443), shown(5349, together)) == [(), ()]


def test_certificates_for_different_names_are_nobody_elses_renewal() -> None:
    assert told(shown(443), shown(5349, OLD, names=(NAME, "www.example.org"))) == [(), ()]
    assert told(shown(443), shown(443, OLD, name="www.example.org", names=("www.example.org",))) == [(), ()]


def test_a_longer_life_or_unreadable_dates_prove_no_renewal() -> None:
    assert told(shown(443), shown(8089, ("2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z"))) == [(), ()]
    assert told(shown(443), shown(8089, ("unreadable", "unreadable"))) == [(), ()]


def test_a_wrong_name_is_another_sites_only_where_the_right_certificate_is_on_that_host() -> None:
    wrong = shown(443, names=("www.example.net",))
    assert told(wrong) == [("tls-hostname-mismatch",)]
    assert told(wrong, shown(5349)) == [("tls-wrong-server-block",), ()]
    assert told(wrong, shown(5349, name="b.example.org", names=("b.example.org",))) == [("tls-hostname-mismatch",), ()]
    assert told(shown(443, names=()), shown(5349)) == [("tls-hostname-mismatch",), ()]


def nameless(port: int, *, matches: bool = True, asked: str = f"tls:{NAME}:443", name: str = "tls.protocol") -> Check:
    """What a port shows to clients that name no server."""
    seen = shown(port)
    return msgspec.structs.replace(seen, id=name, asked=asked, evidence={"nameless": {"matches": matches}})


@pytest.mark.parametrize(
    ("other", "finding"),
    [
        (nameless(443), "tls-wrong-server-block"),
        (nameless(443, matches=False), "tls-hostname-mismatch"),
        (nameless(443, asked="tls:other:443"), "tls-hostname-mismatch"),
        (nameless(8443), "tls-hostname-mismatch"),
        (nameless(443, name="tls.handshake"), "tls-hostname-mismatch"),
        (msgspec.structs.replace(shown(5349), address=Address("203.0.113.11", 5349)), "tls-hostname-mismatch"),
        (msgspec.structs.replace(shown(5349), address=None), "tls-hostname-mismatch"),
    ],
)
def test_the_right_certificate_is_looked_for_on_that_host_and_at_that_port_without_a_name(
    other: Check, finding: str
) -> None:
    assert told(shown(443, names=("www.example.net",)), other)[0] == (finding,)


def test_a_port_is_compared_with_the_newest_and_what_failed_stays_failed() -> None:
    newer = ("2026-11-10T00:00:00Z", "2027-02-10T00:00:00Z")
    failed = msgspec.structs.replace(shown(5349, OLD), status=Status.FAIL)
    old, middle, _ = not_reloaded((failed, shown(443), shown(8443, newer)))
    assert (old.status, middle.status) == (Status.FAIL, Status.WARN)
    assert "203.0.113.10:8443 until 2027-02-10" in old.facts["tls-renewed-not-reloaded"]["detail"]


@pytest.mark.parametrize(
    ("dates", "renewed"),
    [
        (("2026-11-02T00:00:00Z", "2027-01-30T00:00:01Z"), True),  # a day later, and for longer
        (("2026-11-01T23:59:59Z", "2027-01-30T00:00:01Z"), False),
        (("2026-11-02T00:00:00Z", "2027-01-30T00:00:00Z"), False),
        (("unreadable", "2027-02-30T00:00:00Z"), False),
        (("2026-12-01T00:00:00Z", "unreadable"), False),
    ],
)
def test_a_renewal_was_issued_a_day_later_and_lasts_longer(dates: tuple[str, str], *, renewed: bool) -> None:
    assert (told(shown(5349), shown(443, dates))[0] != ()) is renewed


def test_certificates_for_another_name_than_was_dialled_are_not_compared() -> None:
    wrong = ("www.example.net",)
    assert told(shown(443, names=wrong), shown(5349, OLD, names=wrong)) == [("tls-hostname-mismatch",)] * 2
