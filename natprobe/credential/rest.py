"""Time-limited credentials as coturn's `use-auth-secret` takes them ("TURN REST", draft-uberti-behave-turn-rest)."""

import base64
import hashlib
import hmac

from natprobe.credential.secret import Credential, Secret, checked_username


def mint(secret: Secret, user: str | None, ttl_s: int, now_s: float, separator: str = ":") -> Credential:
    """A credential that ends `ttl_s` seconds after `now_s` (UNIX time): the user name is `EXPIRY` or `EXPIRY:user`.

    Raises CredentialError where the user name becomes too long for STUN.
    """
    expiry = str(int(now_s) + ttl_s)
    username = checked_username(f"{expiry}{separator}{user}" if user else expiry)
    return Credential(username, Secret(_digest(secret, username)))


def matches(secret: Secret, credential: Credential) -> bool:
    """Whether the password is the one that a server with this shared secret expects for the user name."""
    return Secret(_digest(secret, credential.username)) == credential.password


def _digest(secret: Secret, username: str) -> str:
    # coturn takes the configured secret as text, also where it looks like base64 or hex.
    # SHA-1 is what the servers compute; the caller has no choice.
    return base64.b64encode(hmac.new(secret.reveal().encode(), username.encode(), hashlib.sha1).digest()).decode()
