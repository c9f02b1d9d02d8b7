"""The closed form, held against the whole table of pairs, typed here by hand, and against its modifiers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.pairing import three
from natprobe.pairing.matrix import KINDS, mark, table_json, table_text
from natprobe.pairing.nat import EVERY_NAT, Nat, NatWordError, compound, read_nat
from natprobe.pairing.rules import outcome, outcome_with_lite

_HEAD, *_ROWS = (line.split() for line in (Path(__file__).parent / "matrix.txt").read_text().splitlines())
TABLE = [(row[0], column, entry) for row in _ROWS for column, entry in zip(_HEAD[3:], row[1:], strict=True)]
nats = st.builds(
    Nat,
    st.sampled_from([nat.mapping for nat in EVERY_NAT]),
    st.sampled_from([nat.filtering for nat in EVERY_NAT]),
    st.booleans(),
)


def kind(name: str) -> Nat | None:
    """The NAT that the table calls `name`."""
    return None if name == "blocked" else read_nat(name)


def test_the_typed_table_is_whole() -> None:
    assert len(TABLE) == 17 * 17


@pytest.mark.parametrize(("a", "b", "entry"), TABLE)
def test_the_closed_form_says_what_the_table_says(a: str, b: str, entry: str) -> None:
    assert mark(kind(a), kind(b)) == entry


def test_of_all_unordered_pairs_97_are_direct_and_39_are_not() -> None:
    marks = [each["mark"] for each in table_json() if "UDP blocked" not in (each["a"], each["b"])]
    assert len(marks) == 136
    assert sum(each in {"D", "D*"} for each in marks) == 97
    assert sum(each == "D" for each in marks) == 36


def test_the_printed_table_has_a_row_and_a_column_for_each_kind() -> None:
    rows = [line.split() for line in table_text().split("\n\n", maxsplit=1)[0].splitlines()[2:]]
    assert [row[0] for row in rows[:-1]] == [str(each) for each in KINDS[:-1]]
    assert all(len(row) == 18 for row in rows[:-1])


@given(nats, nats)
def test_who_stands_first_changes_nothing(a: Nat, b: Nat) -> None:
    assert outcome(a, b) == outcome(b, a)


@given(nats, nats, nats)
def test_a_second_nat_never_makes_a_pair_easier(a: Nat, b: Nat, behind: Nat) -> None:
    ease = ["direct", "direct-by-prflx", "uncertain", "relay"]
    assert ease.index(outcome(compound(a, behind), b)) >= ease.index(outcome(a, b))


@given(nats, nats)
def test_the_order_of_two_nats_in_a_chain_changes_nothing(a: Nat, b: Nat) -> None:
    assert compound(a, b) == compound(b, a)


@pytest.mark.parametrize("fixed", ["none/adf", "eim/adf"])
@pytest.mark.parametrize("dependent", ["adm/eif", "apdm/apdf"])
def test_arbitrary_pooling_defeats_a_filter_by_address(fixed: str, dependent: str) -> None:
    mover = Nat(read_nat(dependent).mapping, read_nat(dependent).filtering, arbitrary=True)
    assert outcome(read_nat(fixed), read_nat(dependent)) == "direct-by-prflx"
    assert outcome(read_nat(fixed), mover) == "relay"


@given(nats.filter(lambda nat: nat.fixed), nats)
def test_arbitrary_pooling_of_a_fixed_mapping_changes_nothing(fixed: Nat, other: Nat) -> None:
    assert outcome(Nat(fixed.mapping, fixed.filtering, not fixed.arbitrary), other) == outcome(fixed, other)


@given(nats, nats)
def test_a_lite_agent_is_reached_by_all_or_by_none(lite: Nat, other: Nat) -> None:
    open_to_all = lite.mapping in {"none", "endpoint-independent"} and lite.filtering in {
        "open",
        "endpoint-independent",
    }
    assert (outcome_with_lite(lite, other) != "relay") is open_to_all


@pytest.mark.parametrize(
    ("text", "nat"),
    [
        ("open-internet", "none/open"),
        ("full-cone", "EIM/EIF"),
        ("restricted-cone", "EIM/ADF"),
        ("Port-Restricted-Cone", "EIM/APDF"),
        ("symmetric", "APDM/APDF"),
        ("symmetric-udp-firewall", "none/APDF"),
        ("eim/adf+apdm/eif", "APDM/ADF"),
    ],
)
def test_words_name_nats(text: str, nat: str) -> None:
    assert str(read_nat(text)) == nat


@pytest.mark.parametrize("text", ["", "eim", "eim/", "eim/eif+", "cone", "eif/eim", "/", "a/b/c"])
def test_a_word_that_names_no_nat_is_refused_with_advice(text: str) -> None:
    with pytest.raises(NatWordError, match="such as eim/apdf"):
        read_nat(text)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((True, True), (True, True, True)),
        ((False, False), (False, False, False)),
        ((True, False), (True, False, None)),
        ((True, None), (True, None, None)),
        ((False, None), (None, False, None)),
        ((None, None), (None, None, None)),
        ((), (False, True, None)),
    ],
)
def test_what_is_not_known_decides_only_where_nothing_else_does(
    values: tuple[bool | None, ...], told: tuple[bool | None, ...]
) -> None:
    """What either, both and all of them say."""
    assert (three.either(values), three.both(values), three.agreed(values)) == told
    assert (three.either(values[::-1]), three.both(values[::-1]), three.agreed(values[::-1])) == told
