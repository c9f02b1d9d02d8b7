"""What is wrong with a credential; coturn's answer is the same 401 to all of them."""

import hashlib
import hmac
import time
from base64 import b64encode

from tests.lab.coturn import USER
from tests.lab.layout import SERVER_IPV4
from tests.ladder.case import Case, Login

SECRET = "the-secret-of-the-lab"
REST = ("{cloud}", "use-auth-secret", f"static-auth-secret={SECRET}", "realm=example.org")
REFUSED = {"turn.challenge": "pass", "turn.allocate": "fail", "turn.permission": "skip", "turn.relay-in": "skip"}


def rest(*, ttl_s: float = 3600, per_s: int = 1, form: str = "base64", secret: str = SECRET) -> Login:
    """A credential that a REST server would issue, right or not quite."""

    def login() -> tuple[str, ...]:
        user = f"{int((time.time() + ttl_s) * per_s)}:alice"
        digest = hmac.new(secret.encode(), user.encode(), hashlib.sha256 if form == "sha256" else hashlib.sha1)
        password = digest.hexdigest() if form == "hex" else b64encode(digest.digest()).decode()
        return ("-u", user, "-p", password)

    return login


CREDENTIALS = (
    Case(
        name="wrong-password",
        login=lambda: ("-u", USER, "-p", "not-this-one"),
        errors=frozenset({"turn-auth-401-bad-credentials"}),
        statuses=REFUSED,
        culprit="refuses the credentials of probe",
    ),
    Case(
        name="unknown-user",
        login=lambda: ("-u", "nobody", "-p", "not-this-one"),
        errors=frozenset({"turn-auth-401-bad-credentials"}),
        statuses=REFUSED,
        culprit="nobody",
    ),
    Case(
        name="rest-good",
        coturn=REST,
        login=rest(),
        exit_code=0,
        statuses={"turn.allocate": "pass", "turn.relay-loop": "pass"},
    ),
    Case(
        name="rest-expired",
        coturn=REST,
        login=rest(ttl_s=-7200),
        errors=frozenset({"turn-auth-rest-expired"}),
        statuses=REFUSED,
        culprit="expired",
    ),
    Case(
        name="rest-milliseconds",
        coturn=REST,
        login=rest(per_s=1000),
        errors=frozenset({"turn-auth-rest-ms-timestamp"}),
        statuses=REFUSED,
        culprit="milliseconds",
    ),
    Case(
        name="rest-hex",
        coturn=REST,
        login=rest(form="hex"),
        errors=frozenset({"turn-auth-rest-wrong-digest"}),
        statuses=REFUSED,
    ),
    Case(
        name="rest-sha256",
        coturn=REST,
        login=rest(form="sha256"),
        errors=frozenset({"turn-auth-rest-wrong-digest"}),
        statuses=REFUSED,
    ),
    Case(
        name="rest-expired-and-hex",
        coturn=REST,
        login=rest(ttl_s=-7200, form="hex"),
        errors=frozenset({"turn-auth-rest-expired", "turn-auth-rest-wrong-digest"}),
        statuses=REFUSED,
    ),
    Case(
        name="rest-wrong-secret",
        coturn=REST,
        login=rest(secret="another-secret"),
        errors=frozenset({"turn-auth-rest-wrong-secret"}),
        statuses=REFUSED,
        culprit="secret",
    ),
    Case(
        name="rest-minted-from-the-wrong-secret",
        coturn=REST,
        login=lambda: ("--secret", "another-secret"),
        target=f"turn:{SERVER_IPV4}?transport=udp",
        errors=frozenset({"turn-auth-rest-wrong-secret"}),
        statuses=REFUSED,
        culprit="secret",
    ),
    Case(
        name="static-user-on-a-rest-server",
        coturn=REST,
        errors=frozenset({"turn-auth-401-bad-credentials"}),
        statuses=REFUSED,
    ),
)
