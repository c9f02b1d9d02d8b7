import tomllib
from pathlib import Path

import pytest

from natprobe.wire.registry import (
    CHANNEL_MAX,
    CHANNEL_MIN,
    ERROR_NAMES,
    Attribute,
    MessageClass,
    Method,
    PasswordAlgorithm,
    attribute_name,
    class_name,
    is_comprehension_required,
    method_name,
)

IANA = tomllib.loads((Path(__file__).parent / "data" / "iana.toml").read_text())


def registry(*tables: str) -> dict[int, str]:
    return {int(number, 0): name for table in tables for number, name in IANA[table].items()}


def test_every_attribute_is_named_and_numbered_as_in_ianas_registry() -> None:
    assert {int(a): attribute_name(a) for a in Attribute} == registry("attributes", "attributes_was")


def test_every_method_is_named_and_numbered_as_in_ianas_registry() -> None:
    assert {int(m): method_name(m) for m in Method} == registry("methods", "methods_was")


def test_every_error_code_has_the_phrase_of_ianas_registry_or_of_rfc_3489() -> None:
    assert registry("error_codes", "error_codes_was") == ERROR_NAMES


def test_every_password_algorithm_is_the_registered_one() -> None:
    assert {int(a): a.name.replace("_", "-") for a in PasswordAlgorithm} == registry("password_algorithms")


def test_a_number_that_no_registry_knows_is_shown_as_a_number() -> None:
    assert attribute_name(0x8055) == "0x8055"
    assert attribute_name(0x7F) == "0x007f"
    assert method_name(0x0FF) == "method 0x0ff"


@pytest.mark.parametrize("cls", MessageClass)
def test_every_class_has_a_name_in_words(cls: MessageClass) -> None:
    assert class_name(cls).islower()


def test_the_upper_half_of_the_attribute_types_need_not_be_understood() -> None:
    assert is_comprehension_required(0x7FFF)
    assert not is_comprehension_required(0x8000)


def test_channel_numbers_keep_clear_of_every_other_protocol_on_the_port() -> None:
    assert (CHANNEL_MIN >> 8, CHANNEL_MAX >> 8) == (64, 79)  # RFC 7983 section 7
