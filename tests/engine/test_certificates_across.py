"""What the certificates of several ports say together: renewed and not reloaded, or another site's."""

from typing import Any

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
