"""Who is this? The server's half of the long-term credential mechanism (RFC 8489 section 9.2.4)."""

import re

import msgspec

from natprobe.credential import CredentialError, Secret, mint
from natprobe.server.config import ServerConfig
from natprobe.server.draft import AttributePairs, Caller
from natprobe.server.effects import FiveTuple
from natprobe.server.nonces import Nonces
from natprobe.wire.integrity import Integrity, long_term_key, protection, userhash, verify
from natprobe.wire.message import Message
from natprobe.wire.plain_values import AlgorithmParameters, decode_password_algorithm, encode_password_algorithms
from natprobe.wire.registry import Attribute, PasswordAlgorithm
from natprobe.wire.seal import IntegrityAlgorithm
from natprobe.wire.text_values import encode_text

OFFER = encode_password_algorithms(
    (AlgorithmParameters(PasswordAlgorithm.SHA_256), AlgorithmParameters(PasswordAlgorithm.MD5))
)
_REST_USERNAME = re.compile(r"(?P<expiry>[0-9]{1,12})(?::(?P<user>.+))?", re.DOTALL)
_INTEGRITIES = {
    Attribute.MESSAGE_INTEGRITY: IntegrityAlgorithm.SHA1,
    Attribute.MESSAGE_INTEGRITY_SHA256: IntegrityAlgorithm.SHA256,
}


class Rejected(msgspec.Struct, frozen=True):
    """Why a request is not admitted; 401 and 438 carry a new challenge."""

    code: int
    challenge: AttributePairs = ()


class Guard:
    """Challenges requests and judges their answers. `epoch_s` is the UNIX time at which `now` is 0."""

    def __init__(self, config: ServerConfig, nonces: Nonces, epoch_s: float) -> None:
        self._config = config
        self._nonces = nonces
        self._epoch_s = epoch_s
        self._passwords = {user.username: user.password for user in config.users}
        self._hashes = {userhash(name, config.realm): name for name in self._passwords}

    def admit(self, message: Message, five_tuple: FiveTuple, now: float) -> Caller | Rejected:
        """The caller, if the request proves a credential."""
        if not self._config.authenticates:
            return Caller()
        integrity = protection(message)
        if integrity is None or (integrity is Attribute.MESSAGE_INTEGRITY_SHA256 and not self._config.offers_sha256):
            return Rejected(401, self.challenge(five_tuple, now))
        nonce, realm = message.value(Attribute.NONCE), message.value(Attribute.REALM)
        algorithm = self._algorithm(message)
        named = message.has(Attribute.USERNAME) or message.has(Attribute.USERHASH)
        if nonce is None or realm is None or not named or algorithm is None:
            return Rejected(400)
        if not self._nonces.valid(nonce, five_tuple, now):
            return Rejected(438, self.challenge(five_tuple, now))
        caller = self._caller(message, algorithm, _INTEGRITIES[integrity], now)
        return caller or Rejected(401, self.challenge(five_tuple, now))

    def challenge(self, five_tuple: FiveTuple, now: float) -> AttributePairs:
        """REALM, NONCE and, where it is offered, PASSWORD-ALGORITHMS."""
        asked = (
            (int(Attribute.REALM), encode_text(self._config.realm)),
            (int(Attribute.NONCE), self._nonces.issue(five_tuple, now)),
        )
        return (*asked, (int(Attribute.PASSWORD_ALGORITHMS), OFFER)) if self._config.offers_sha256 else asked

    def _algorithm(self, message: Message) -> PasswordAlgorithm | None:
        """The algorithm that the key is made with; None where the request is inconsistent (RFC 8489 section 9.2.4)."""
        offered = message.value(Attribute.PASSWORD_ALGORITHMS)
        chosen = message.value(Attribute.PASSWORD_ALGORITHM)
        if not self._config.offers_sha256 or (offered is None and chosen is None):
            return PasswordAlgorithm.MD5
        if offered != OFFER or chosen is None:
            return None
        named = decode_password_algorithm(chosen)
        return next((each for each in PasswordAlgorithm if named and each == named.algorithm), None)

    def _caller(
        self, message: Message, algorithm: PasswordAlgorithm, integrity: IntegrityAlgorithm, now: float
    ) -> Caller | None:
        username = self._username(message)
        password = None if username is None else self._password(username, now)
        if username is None or password is None:
            return None
        key = long_term_key(username, self._config.realm, password.reveal(), algorithm)
        return Caller(username, key, integrity) if verify(message, key) is Integrity.VALID else None

    def _username(self, message: Message) -> str | None:
        plain, hashed = message.value(Attribute.USERNAME), message.value(Attribute.USERHASH)
        if plain is None:
            return self._hashes.get(hashed or b"") if self._config.offers_userhash else None
        try:
            return plain.decode()
        except UnicodeDecodeError:
            return None

    def _password(self, username: str, now: float) -> Secret | None:
        return self._passwords.get(username) or self._minted(username, now)

    def _minted(self, username: str, now: float) -> Secret | None:
        """The password that TURN REST gives this user name, unless it has expired."""
        match = _REST_USERNAME.fullmatch(username)
        if self._config.secret is None or match is None or int(match["expiry"]) < int(self._epoch_s + now):
            return None
        try:
            return mint(self._config.secret, match["user"], 0, int(match["expiry"])).password
        except CredentialError:
            return None
