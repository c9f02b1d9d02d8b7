"""Credentials: never shown, minted as coturn takes them, judged by their shape, found where the user put them."""

import json
import pickle

import msgspec
import pytest

from natprobe.catalogue import load as load_catalogue
from natprobe.credential import (
    Credential,
    CredentialError,
    Given,
    Options,
    Secret,
    examine,
    load,
    load_secret,
    matches,
    mint,
    suspicions,
)
from natprobe.credential.examine import PasswordForm
from natprobe.credential.words import duration_text, moment_text

NOW = 1_700_000_000.7
PASSWORD = "correct horse"
BASE64_SHA1 = "Cg7q5fNmSvWwmrx7Qj9tYyYkrgI="
HEX_SHA1 = "0a0eeae5f3664af5b09abc7b423f6d632624ae02"
BASE64_SHA256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize("shown", [repr, str, lambda value: f"{value}", lambda value: f"{value:>40}".strip()])
def test_a_secret_shows_as_dots(shown: object) -> None:
    assert callable(shown)
    assert shown(Secret(PASSWORD)) == "•••"
    assert PASSWORD not in repr(Credential("alice", Secret(PASSWORD)))
    assert PASSWORD not in repr(Options(user="alice", password=Secret(PASSWORD), secret=Secret(PASSWORD)))
    assert PASSWORD not in repr(Given(credential=Credential("alice", Secret(PASSWORD)), origin="-p"))


def test_a_secret_is_not_serialised_by_accident() -> None:
    credential = Credential("alice", Secret(PASSWORD))
    for encode in (msgspec.json.encode, msgspec.msgpack.encode, json.dumps, pickle.dumps):
        with pytest.raises(TypeError) as caught:
            encode(credential)
        assert PASSWORD not in str(caught.value)
    assert not hasattr(Secret(PASSWORD), "__dict__")


def test_secrets_are_compared_by_their_text() -> None:
    assert Secret("ä") == Secret("ä")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_a_minted_credential_is_the_hmac_that_coturn_computes() -> None:
    # Known answer, computed with: printf %s 1700086400:alice | openssl dgst -sha1 -hmac north -binary | base64
    credential = mint(Secret("north"), "alice", 86400, NOW)
    assert credential.username == "1700086400:alice"
    assert credential.password.reveal() == "SXua5ne/+mDhiHTp0pQJzRO4ESg="


def test_a_credential_is_minted_without_a_user_and_with_another_separator() -> None:
    assert mint(Secret("north"), None, 60, NOW).username == "1700000060"
    assert mint(Secret("north"), "alice", 60, NOW, separator="|").username == "1700000060|alice"
    longest = "a" * (508 - len("1700000060:"))
    assert len(mint(Secret("north"), longest, 60, NOW).username) == 508
    with pytest.raises(CredentialError, match="508"):
        mint(Secret("north"), f"{longest}a", 60, NOW)


def test_a_credential_matches_the_secret_that_minted_it_alone() -> None:
    credential = mint(Secret("north"), "alice", 60, NOW)
    assert matches(Secret("north"), credential)
    assert not matches(Secret("south"), credential)


def test_a_fresh_minted_credential_raises_no_suspicion() -> None:
    facts = examine(mint(Secret("north"), "alice", 3600, NOW), NOW)
    assert facts.looks_like_rest
    assert facts.timestamp_unit == "seconds"
    assert facts.expires_in_s == pytest.approx(3599.3)
    assert facts.expired is False
    assert facts.separator == ":"
    assert facts.user == "alice"
    assert facts.password_form == "base64-sha1"
    assert suspicions(facts) == ()


def test_a_time_in_milliseconds_is_read_as_what_was_meant() -> None:
    facts = examine(Credential("1700086400000:alice", Secret(BASE64_SHA1)), NOW)
    assert (facts.timestamp_unit, facts.expires_at_s) == ("milliseconds", 1700086400.0)


@pytest.mark.parametrize(
    ("username", "password", "ids"),
    [
        ("1699992620:alice", BASE64_SHA1, ("turn-auth-rest-expired",)),
        ("1699992620", BASE64_SHA1, ("turn-auth-rest-expired",)),
        ("alice:1699992620", BASE64_SHA1, ("turn-auth-rest-expired",)),
        ("1699992620|alice", BASE64_SHA1, ("turn-auth-rest-expired",)),
        ("1700000000:alice", BASE64_SHA1, ()),
        ("1699999999:alice", BASE64_SHA1, ("turn-auth-rest-expired",)),
        ("1700086400000:alice", BASE64_SHA1, ("turn-auth-rest-ms-timestamp",)),
        ("1600000000000:alice", BASE64_SHA1, ("turn-auth-rest-ms-timestamp",)),
        ("1700086400:alice", HEX_SHA1, ("turn-auth-rest-wrong-digest",)),
        ("1700086400:alice", BASE64_SHA256, ("turn-auth-rest-wrong-digest",)),
        ("1700086400:alice", "plain", ("turn-auth-rest-wrong-digest",)),
        ("1600000000:alice", HEX_SHA1, ("turn-auth-rest-expired", "turn-auth-rest-wrong-digest")),
        ("alice", HEX_SHA1, ()),
        ("alice", "plain", ()),
        ("13800138000", "plain", ()),
        ("1600000000", "plain", ()),  # as long as a time, and as a telephone number
        ("alice-1600000000", "plain", ()),
        ("0123456789:alice", BASE64_SHA1, ()),
        ("1" * 12, BASE64_SHA1, ()),
        ("1" * 400, BASE64_SHA1, ()),
        ("", "", ()),
    ],
)
def test_the_shape_of_a_credential_says_what_is_wrong(username: str, password: str, ids: tuple[str, ...]) -> None:
    raised = suspicions(examine(Credential(username, Secret(password)), NOW))
    assert tuple(finding.id for finding in raised) == ids
    for finding in raised:
        assert password not in str(finding.facts)
        assert set(finding.facts) <= set(load_catalogue().entry(finding.id).facts)


@pytest.mark.parametrize(
    ("password", "form"),
    [
        (BASE64_SHA1, "base64-sha1"),
        (HEX_SHA1, "hex-sha1"),
        (HEX_SHA1.upper(), "hex-sha1"),
        (BASE64_SHA256, "base64-sha256"),
        ("e3" * 32, "hex-sha256"),
        (BASE64_SHA1.rstrip("="), "other"),
        ("A" * 28, "other"),
        ("ä" * 27 + "=", "other"),
        ("", "other"),
    ],
)
def test_the_form_of_a_password_is_told(password: str, form: PasswordForm) -> None:
    assert examine(Credential("alice", Secret(password)), NOW).password_form == form


def test_an_expired_credential_says_for_how_long() -> None:
    (raised,) = suspicions(examine(Credential("1699992620:alice", Secret(BASE64_SHA1)), NOW))
    assert raised.facts == {
        "user": "1699992620:alice",
        "expired_for": "2 h 3 min",
    }


def test_the_facts_travel_as_json_without_the_password() -> None:
    assert PASSWORD.encode() not in msgspec.json.encode(examine(Credential("1700086400:a", Secret(PASSWORD)), NOW))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-59, "59 s"),
        (60, "1 min"),
        (7385, "2 h 3 min"),
        (3605, "1 h"),
        (86400, "24 h"),
        (180000, "2 d 2 h"),
    ],
)
def test_a_duration_is_told_in_two_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_moment_is_rfc_3339_or_the_bare_number() -> None:
    assert moment_text(1_700_000_000.9) == "2023-11-14T22:13:20Z"
    assert moment_text(9e12) == "UNIX time 9000000000000"


FILES = {
    "one": "north\nsouth\n",
    "windows": "north\r\n",
    "bom": "\ufeffnorth",
    "empty": "\n",
    "tab": "no\trth\n",
}


def read(path: str) -> str:
    """A reader over FILES that fails as files do."""
    if path == "latin":
        return b"\xe9".decode()
    if path not in FILES:
        raise FileNotFoundError(2, "No such file or directory")
    return FILES[path]


def given(environ: dict[str, str] | None = None, *, answer: str | None = None, **options: str) -> Given | None:
    """What `load` finds; `answer` is what is typed at the prompt."""
    wrapped = {name: Secret(options[name]) for name in ("password", "secret") if name in options}
    plain = {name: value for name, value in options.items() if name not in wrapped}
    return load(
        Options(**plain, **wrapped),  # type: ignore[arg-type]
        environ or {},
        read=read,
        prompt=None if answer is None else lambda _question: answer,
        now_s=NOW,
    )


@pytest.mark.parametrize(
    ("options", "environ", "origin"),
    [
        ({"user": "alice", "password": "north"}, {}, "-p"),
        ({"user": "alice", "password_file": "one"}, {}, "--password-file one"),
        ({"user": "alice", "password_file": "windows"}, {}, "--password-file windows"),
        ({"user": "alice", "password_file": "bom"}, {}, "--password-file bom"),
        ({"user": "alice"}, {"NATPROBE_PASSWORD": "north"}, "NATPROBE_PASSWORD"),
        ({}, {"NATPROBE_USER": "alice", "NATPROBE_PASSWORD": "north", "NATPROBE_SECRET": ""}, "NATPROBE_PASSWORD"),
        ({"user": "alice", "password": "north"}, {"NATPROBE_USER": "bob", "NATPROBE_SECRET": "x"}, "-p"),
        ({"user": "alice", "answer": "north"}, {}, "the password typed"),
    ],
)
def test_a_password_is_found(options: dict[str, str], environ: dict[str, str], origin: str) -> None:
    found = given(environ, **options)
    assert found == Given(credential=Credential("alice", Secret("north")), origin=origin)


@pytest.mark.parametrize(
    ("options", "environ", "username"),
    [
        ({"secret": "north"}, {}, "1700086400"),
        ({"secret": "north", "user": "alice"}, {}, "1700086400:alice"),
        ({"secret_file": "one"}, {"NATPROBE_PASSWORD": "x"}, "1700086400"),
        ({}, {"NATPROBE_SECRET": "north", "NATPROBE_USER": "alice"}, "1700086400:alice"),
    ],
)
def test_a_shared_secret_is_minted(options: dict[str, str], environ: dict[str, str], username: str) -> None:
    found = given(environ, **options)
    assert found is not None
    assert found.credential.username == username
    assert found.secret == Secret("north")
    assert matches(Secret("north"), found.credential)


def test_nothing_given_is_no_credential() -> None:
    assert given() is None
    assert given({"NATPROBE_PASSWORD": ""}) is None


def test_the_shared_secret_alone_is_found_or_asked_for() -> None:
    typed = load_secret(Options(), {}, read=read, prompt=lambda _question: "north")
    assert typed == Secret("north")
    for options, environ in (
        (Options(secret=Secret("north")), {"NATPROBE_SECRET": "south"}),
        (Options(secret_file="one"), {}),
        (Options(), {"NATPROBE_SECRET": "north"}),
    ):
        assert load_secret(options, environ, read=read, prompt=None) == Secret("north")
    assert load_secret(Options(), {}, read=read, prompt=None) is None


def test_an_end_of_file_at_the_prompt_is_an_empty_answer() -> None:
    def leave(_question: str) -> str:
        raise EOFError

    with pytest.raises(CredentialError, match="the password typed is empty"):
        load(Options(user="alice"), {}, read=read, prompt=leave, now_s=NOW)


@pytest.mark.parametrize(
    ("options", "environ", "said"),
    [
        ({"user": "alice", "password": "p4ss", "secret": "s3cret"}, {}, "-p and --secret exclude each other"),
        ({"user": "alice", "password": "p4ss", "password_file": "one"}, {}, "-p and --password-file"),
        ({"secret": "s3cret", "secret_file": "one"}, {}, "--secret and --secret-file"),
        ({}, {"NATPROBE_PASSWORD": "p4ss", "NATPROBE_SECRET": "s3cret"}, "NATPROBE_PASSWORD and NATPROBE_SECRET"),
        ({"user": "alice", "password_file": "none"}, {}, "--password-file none: cannot be read: No such file"),
        ({"user": "alice", "password_file": "latin"}, {}, "is not UTF-8"),
        ({"user": "alice", "password_file": "empty"}, {}, "--password-file empty is empty"),
        ({"user": "alice", "password_file": "tab"}, {}, "control character"),
        ({"user": "alice", "password": ""}, {}, "-p is empty"),
        ({"password": "p4ss"}, {}, "without a user name"),
        ({"user": ""}, {}, "user name is empty"),
        ({"user": "a\n", "password": "p4ss"}, {}, "control character"),
        ({"user": "ä" * 255, "password": "p4ss"}, {}, "longer than 508 bytes"),
        ({"user": "alice"}, {}, "no password for user 'alice'"),
        ({"user": "alice", "answer": ""}, {}, "the password typed is empty"),
    ],
)
def test_trouble_with_a_credential_is_told_in_one_line(
    options: dict[str, str], environ: dict[str, str], said: str
) -> None:
    with pytest.raises(CredentialError) as caught:
        given(environ, **options)
    message = str(caught.value)
    assert said in message
    assert message.isprintable()
    assert "p4ss" not in message
    assert "s3cret" not in message
