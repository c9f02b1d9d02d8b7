"""The link between two devices, as arithmetic: no clock, no device."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.lab.link import Duplex, Link, Shape

PACKET = bytes(1000)


def dues(link: Link, times: Sequence[float], packet: bytes = PACKET) -> list[float]:
    """When packets that arrive at these times come out; lost ones are left out."""
    return [due for now in times for due, _ in link.forward(packet, now)]


def link(**shape: Any) -> Link:
    return Link(Shape(**shape))


def test_a_link_without_a_shape_changes_nothing() -> None:
    assert link().forward(PACKET, 3.0) == [(3.0, PACKET)]


def test_each_packet_waits_for_the_delay() -> None:
    assert dues(link(delay_ms=25), (1.0, 1.5)) == pytest.approx([1.025, 1.525])


def test_jitter_is_bounded_and_keeps_the_order() -> None:
    out = dues(link(delay_ms=10, jitter_ms=30), [number / 1000 for number in range(500)])
    assert out == sorted(out)
    waits = [due - number / 1000 for number, due in enumerate(out)]
    assert min(waits) >= 0.010
    assert max(waits) <= 0.040 + 1e-9
    assert max(waits) - min(waits) > 0.010


def test_jitter_may_reorder_where_that_is_asked_for() -> None:
    out = dues(link(jitter_ms=30, order="free"), [number / 1000 for number in range(100)])
    assert out != sorted(out)


def test_loss_is_the_share_that_was_asked_for() -> None:
    assert 220 < len(dues(link(loss=0.75), range(1000))) < 280
    assert dues(link(loss=1.0), range(1000)) == []


def test_a_seed_repeats_the_same_losses() -> None:
    assert dues(link(loss=0.5, seed=7), range(100)) == dues(link(loss=0.5, seed=7), range(100))
    assert dues(link(loss=0.5, seed=7), range(100)) != dues(link(loss=0.5, seed=8), range(100))


def test_a_rate_serialises_packets() -> None:
    # 1000 bytes are 8000 bits: 8 ms at 1000 kbit/s.
    assert dues(link(rate_kbps=1000), (0.0, 0.0, 0.5)) == pytest.approx([0.008, 0.016, 0.508])


def test_a_full_queue_drops_what_comes_last() -> None:
    assert len(dues(link(rate_kbps=1000, queue_ms=20), (0.0,) * 10)) == 3


def test_a_packet_larger_than_the_mtu_vanishes() -> None:
    assert link(mtu=999).forward(PACKET, 0.0) == []
    assert link(mtu=1000).forward(PACKET, 0.0) == [(0.0, PACKET)]


def test_both_directions_lead_to_the_other_side_and_lose_apart() -> None:
    duplex = Duplex(Shape(loss=0.5))
    near = [bool(duplex.forward("near", PACKET, 0.0)) for _ in range(100)]
    far = [bool(duplex.forward("far", PACKET, 0.0)) for _ in range(100)]
    assert near != far
    assert [out.side for out in Duplex(Shape()).forward("near", PACKET, 0.0)] == ["far"]
