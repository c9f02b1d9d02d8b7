"""Is the secret found where the module says, anew each time, and told by nobody?"""

import pytest

from natprobe.credential import Credential, CredentialError, Secret, mint
from natprobe.exporter.admission import Admission
from natprobe.exporter.config import Module, Reference
from natprobe.exporter.credential import credential
from natprobe.exporter.probing import planned
from natprobe.target import parse

PLANTED = "planted-pass-phrase"
FILES = {"good": f"\ufeff{PLANTED}\r\nsecond line\n", "empty": "\n", "tab": f"{PLANTED}\t\n"}


def read(name: str) -> str:
    if name == "bytes":
        return b"\xff".decode()
    if name not in FILES:
        raise FileNotFoundError(2, "No such file or directory", name)
    return FILES[name]


def found(reference: Reference | None, user: str | None = "probe") -> Credential | None:
    module = Module(name="m", user=user, reference=reference)
    return credential(module, read=read, environ={"GOOD": PLANTED, "EMPTY": ""}, now_s=1_000_000.0)


def test_a_module_without_a_reference_has_no_credential() -> None:
    assert found(None, None) is None


@pytest.mark.parametrize("reference", [Reference("password", "file", "good"), Reference("password", "env", "GOOD")])
def test_a_password_is_a_files_first_line_or_a_variable(reference: Reference) -> None:
    assert found(reference) == Credential("probe", Secret(PLANTED))


@pytest.mark.parametrize("user", [None, "probe"])
def test_a_secret_mints_for_now(user: str | None) -> None:
    minted = found(Reference("secret", "file", "good"), user)
    assert minted == mint(Secret(PLANTED), user, 86_400, 1_000_000.0)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (Reference("password", "file", "gone"), "password_file gone: cannot be read (No such file or directory)"),
        (Reference("password", "file", "bytes"), "password_file bytes: is not UTF-8 text"),
        (Reference("secret", "file", "empty"), "secret_file empty: is empty, or not there"),
        (Reference("secret", "env", "EMPTY"), "secret_env EMPTY: is empty, or not there"),
        (Reference("password", "env", "GONE"), "password_env GONE: is empty, or not there"),
        (
            Reference("password", "file", "tab"),
            "password_file tab: holds a control character; look for a stray line end",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line_without_the_secret(reference: Reference, said: str) -> None:
    with pytest.raises(CredentialError) as raised:
        found(reference)
    assert said in str(raised.value)
    assert PLANTED not in str(raised.value)


def test_the_plan_says_where_the_credential_came_from_and_hides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOD", PLANTED)
    module = Module(name="m", user="probe", reference=Reference("password", "env", "GOOD"), families=(4,))
    admission = Admission(module=module, target=parse("turn:192.0.2.1"), deadline_s=7.5)
    plan = planned(admission)
    assert (plan.settings.credential_origin, plan.deadline_s, plan.families) == ("password_env GOOD", 7.5, (4,))
    assert PLANTED not in repr((admission, plan))


def test_a_secret_parameter_of_a_target_is_for_its_server_and_for_no_metric() -> None:
    target = parse("iceconfig+https://www.example.org/ice?key=hunter2&v=1")
    plan = planned(Admission(module=Module(name="m"), target=target, deadline_s=8.0))
    assert [str(each) for each in plan.targets] == ["iceconfig+https://www.example.org/ice?v=1"]
    assert plan.settings.query_secrets == (("key", Secret("hunter2")),)
