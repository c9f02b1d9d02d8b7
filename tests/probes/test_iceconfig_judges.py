"""How long is long enough for a credential that an endpoint hands out: the bounds, and the words for them."""

from typing import Any

import pytest

from natprobe.address import Address
from natprobe.iceservers import EXPIRES_SOON_S, LONGEST_S
from natprobe.probes import iceconfig_expiry
from natprobe.probes.iceconfig_expiry import DEAD_ON_ARRIVAL_S, SKEW_S, Lifetime


def judged(*lives_s: float | None, skew_s: float | None = 0.0, **more: Any) -> tuple[str, tuple[str, ...], str]:
    """Status, findings and summary of credentials that live so long."""
    credentials = tuple(Lifetime(user="1:alice", uri="turn:a", left_s=left_s, **more) for left_s in lives_s)
    evidence = iceconfig_expiry.Evidence(
        server=Address("203.0.113.10", 443), uri="iceconfig+https://b/", credentials=credentials, skew_s=skew_s
    )
    told = iceconfig_expiry.judge(evidence)
    return str(told.status), tuple(raised.id for raised in told.raised), told.summary


@pytest.mark.parametrize(
    ("left_s", "status", "findings"),
    [
        (-1.0, "fail", ("iceconfig-expired",)),
        (DEAD_ON_ARRIVAL_S - 0.1, "fail", ("iceconfig-expired",)),
        (DEAD_ON_ARRIVAL_S, "warn", ("iceconfig-expires-soon",)),
        (EXPIRES_SOON_S - 0.1, "warn", ("iceconfig-expires-soon",)),
        (EXPIRES_SOON_S, "pass", ()),
        (LONGEST_S, "pass", ()),
        (LONGEST_S + 1, "warn", ("iceconfig-ttl-too-long",)),
        (None, "pass", ()),
    ],
)
def test_a_life_is_too_short_or_too_long_beyond_its_bounds(
    left_s: float | None, status: str, findings: tuple[str, ...]
) -> None:
    assert judged(left_s)[:2] == (status, findings)


def test_the_shortest_life_is_told() -> None:
    assert judged()[::2] == ("skip", "not needed: no credential was handed out")
    assert judged(None)[2] == "1 credential without an end"
    assert judged(None, 7200.0, 3600.0)[2] == "3 credentials, good for 1 h by the endpoint's clock"
    assert judged(7200.0, -120.0)[2] == "2 credentials, over since 2 min by the endpoint's clock"
    assert judged(7200.0, milliseconds=True)[2].startswith("1 credential, in milliseconds, good for 2 h")


@pytest.mark.parametrize(
    ("skew_s", "words"),
    [
        (None, "clock; it tells no time, so this host's clock stands in"),
        (SKEW_S - 1, "clock"),
        (SKEW_S, "clock; it is 1 min ahead of this host's clock"),
        (-SKEW_S, "clock; it is 1 min behind this host's clock"),
    ],
)
def test_the_difference_of_the_clocks_is_told_from_a_minute_on(skew_s: float | None, words: str) -> None:
    assert judged(7200.0, skew_s=skew_s)[2] == f"1 credential, good for 2 h by the endpoint's {words}"


@pytest.mark.parametrize(("left_s", "ended"), [(-120.0, "2 min"), (0.0, "0 s"), (1800.0, "0 s")])
def test_how_long_it_has_been_over_is_a_fact(left_s: float, ended: str) -> None:
    credential = Lifetime(user="1:alice", uri="turn:a", left_s=left_s)
    evidence = iceconfig_expiry.Evidence(server=Address("203.0.113.10", 443), uri="x", credentials=(credential,))
    (raised,) = iceconfig_expiry.judge(evidence).raised
    assert (raised.facts["expired_for"], raised.facts["name"]) == (ended, "turn:a")
