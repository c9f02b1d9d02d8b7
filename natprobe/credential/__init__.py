"""TURN credentials: kept secret, minted (TURN REST), judged locally, and found where the user put them. No I/O."""

from natprobe.credential.examine import CredentialFacts, examine, suspicions
from natprobe.credential.places import Place, secret_at, text_at
from natprobe.credential.rest import matches, mint
from natprobe.credential.secret import Credential, CredentialError, Secret
from natprobe.credential.sources import LONGEST_FILE, Given, Options, load, load_secret

__all__ = [
    "LONGEST_FILE",
    "Credential",
    "CredentialError",
    "CredentialFacts",
    "Given",
    "Options",
    "Place",
    "Secret",
    "examine",
    "load",
    "load_secret",
    "matches",
    "mint",
    "secret_at",
    "suspicions",
    "text_at",
]
