import hashlib

import pytest

from natprobe.wire.keys import (
    long_term_key,
    opaque_string,
    opaque_string_problem,
    saslprep,
    short_term_key,
    userhash,
    username_value,
)


def test_the_long_term_key_is_the_hash_of_user_realm_and_password() -> None:
    # The user, realm and password of RFC 8489 section 9.2.2's own example; md5("user:realm:pass").
    assert long_term_key("user", "realm", "pass").hex() == "8493fbc53ba582fb4c044c456bdc40eb"


def test_the_realm_may_be_the_bytes_that_came() -> None:
    assert long_term_key("u", b"example.org", "p") == long_term_key("u", "example.org", "p")
    assert bytes(long_term_key("u", b"\xff", "p")) == hashlib.md5(b"u:\xff:p").digest()  # noqa: S324


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("plain text", "plain text"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),  # NFC
        ("a\u00a0b\u3000c", "a b c"),  # every space is U+0020
        ("Case Stays", "Case Stays"),
        ("\u2168", "\u2168"),  # no NFKC
        ("", ""),
    ],
)
def test_opaque_string_maps_spaces_and_composes(text: str, prepared: str) -> None:
    assert opaque_string(text) == prepared


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),  # the five examples of RFC 4013 section 3 that are not refused
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
    ],
)
def test_saslprep_prepares_the_examples_of_its_rfc(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fine", None),
        ("\u0441\u043b\u043e\u0432\u043e", None),
        ("", "it is empty"),
        ("a\tb", "character 2 is a control character"),
        ("a\u00adb", "character 2 is an invisible format character"),
        ("\ue000", "character 1 is a private-use character"),
        ("\ud800", "character 1 is half a surrogate pair"),
        ("ab\u2028", "character 3 is a line separator"),
    ],
)
def test_what_a_strict_peer_refuses_is_told_without_quoting_it(text: str, problem: str | None) -> None:
    assert opaque_string_problem(text) == problem


def test_no_text_makes_a_key_fail() -> None:
    for text in ("", "\ud800", "\x00", "a" * 100_000, "\U0010ffff"):
        assert len(long_term_key(text, text, text)) == 16
        assert len(userhash(text, text)) == 32
        assert username_value(text) == bytes(short_term_key(text))
