"""Will every client accept this certificate: its chain, its name, its dates?

The handshake itself never fails over a certificate, so that one handshake shows the whole chain with all objections.
Without `--insecure` no credential goes over a line whose certificate is not good; what needs none is checked all the
same, so that a bad certificate hides nothing else. For `turns:` and `stuns:` a good chain is also compared with the
roots that libwebrtc brings along: they are fewer than a system's, and a native app has no others unless it brings a
verifier.
"""

from datetime import UTC, datetime

import msgspec

from natprobe.address import Address, is_literal
from natprobe.client.rig import Trusted
from natprobe.data.libwebrtc import libwebrtc_roots
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.certificate import CertificateInfo
from natprobe.net.handshake import Handshake
from natprobe.probe import Context, Judgement, Probe
from natprobe.target import SCHEMES

EXPIRING_DAYS = 30
SHORTEST_RSA = 2048
"""Bits: public authorities sign no shorter key, and OpenSSL's clients take none at their usual level."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The handshake, and the moment by which its dates are judged."""

    server: Address
    handshake: Handshake
    now: str
    insecure: bool
    """Whether the user asked to go on past a bad certificate (`--insecure`)."""
    uri: str = ""
    min_days: int = EXPIRING_DAYS
    """With fewer days left the certificate is told as ending soon."""
    own_roots: bool = False
    """Whether the user named the roots (`--ca-file`): such an authority is known to apps that were told of it."""


async def observe(ctx: Context) -> Evidence:
    """Takes the handshake that opened the line; nothing more is asked."""
    now = datetime.fromtimestamp(ctx.settings.now_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    evidence = Evidence(
        server=ctx.cell.address,
        handshake=ctx.bench.get(Handshake),
        now=now,
        insecure=ctx.settings.insecure,
        uri=str(ctx.cell.target),
        min_days=ctx.settings.expect.min_cert_days,
        own_roots=ctx.settings.ca_file is not None,
    )
    if ctx.settings.insecure or judge(evidence).status is not Status.FAIL:
        ctx.bench.put(Trusted())
    return evidence


def judge(evidence: Evidence) -> Judgement:
    """All objections are told, the decisive one first."""
    handshake = evidence.handshake
    if not handshake.chain:
        return Judgement(status=Status.FAIL, summary="the server showed no certificate")
    leaf = handshake.chain[0]
    raised = _objections(evidence, leaf)
    days = _days_left(evidence, leaf)
    if raised:
        return _objected(evidence, raised, leaf)
    facts = _facts(evidence, leaf)
    unknown = _unknown_root(evidence)
    noted = (Raised(id="tls-root-not-in-libwebrtc", facts=facts | {"issuer": unknown}),) if unknown else ()
    aside = f"; libwebrtc's own list lacks the root {unknown}" if unknown else ""
    if days is not None and days < evidence.min_days:
        summary = f"{handshake.version}, certificate for {handshake.server_name} ends in {days} days{aside}"
        return Judgement(status=Status.WARN, summary=summary, raised=(Raised(id="tls-expiring", facts=facts), *noted))
    left = "" if days is None else f", {days} days left"
    summary = f"{handshake.version}, valid for {handshake.server_name}{left}, by {leaf.issuer}{aside}"
    return Judgement(status=Status.PASS, summary=summary, raised=noted)


def _unknown_root(evidence: Evidence) -> str | None:
    """The name of the root to which the chain leads, where it is this system's and none of libwebrtc's; else None."""
    handshake = evidence.handshake
    if evidence.own_roots or not _is_turn(evidence) or not handshake.version.startswith("TLS"):
        return None  # libwebrtc does not speak DTLS to TURN servers
    if libwebrtc_roots().leads_up((each.sha256, each.issuer) for each in handshake.chain):
        return None
    served = {each.subject for each in handshake.chain if not each.self_issued}
    return next((each.issuer for each in handshake.chain if each.issuer not in served), handshake.chain[-1].issuer)


def _objected(evidence: Evidence, raised: tuple[Raised, ...], leaf: CertificateInfo) -> Judgement:
    said = ", ".join(_WORDS.get(each.id, each.id) for each in raised)
    summary = f"{evidence.handshake.version}, but the certificate is {said}"
    if not evidence.insecure:
        goes_on = "--insecure goes on" if _is_turn(evidence) else "no secret is sent over it"
        return Judgement(status=Status.FAIL, summary=f"{summary} ({goes_on})", raised=raised)
    unverified = Raised(id="tls-unverified", facts=_facts(evidence, leaf) | {"detail": said})
    return Judgement(
        status=Status.FAIL, summary=f"{summary}; --insecure goes on all the same", raised=(*raised, unverified)
    )


def _objections(evidence: Evidence, leaf: CertificateInfo) -> tuple[Raised, ...]:
    handshake = evidence.handshake
    ids = [_fault(error.name, handshake) for error in handshake.errors] + _weaknesses(handshake)
    if handshake.name_matches is False:
        literal = is_literal(handshake.server_name) and not leaf.ip_addresses
        ids.append("uri-ip-literal-with-turns" if literal and _is_turn(evidence) else "tls-hostname-mismatch")
    facts = _facts(evidence, leaf)
    return tuple(Raised(id=each, facts=facts | _weakness(each, handshake)) for each in dict.fromkeys(ids))


def _fault(objection: str, handshake: Handshake) -> str:
    if objection not in _NO_ISSUER:
        return _CHAIN.get(objection, "tls-chain-untrusted")
    if len(handshake.chain) > 1:  # what was served leads upwards, to an authority that is not trusted here
        return "tls-chain-untrusted"
    return "tls-self-signed" if handshake.chain[0].self_issued else "tls-chain-incomplete"


def _weaknesses(handshake: Handshake) -> list[str]:
    return [finding for finding in ("tls-weak-key", "tls-weak-signature") if _weakness(finding, handshake)]


def _weakness(finding: str, handshake: Handshake) -> dict[str, str]:
    """Which certificate is weak, as a fact. A root that is served is not looked at: it is trusted as it is, or not."""
    vouched = [each for each in handshake.chain if not each.self_issued] or list(handshake.chain[:1])
    for each in vouched:
        if finding == "tls-weak-key" and _is_short(each.key):
            return {"detail": f"{each.subject} has the key {each.key}"}
        if finding == "tls-weak-signature" and each.signature_algorithm in _BROKEN_HASHES:
            return {"detail": f"{each.subject} is signed with {each.signature_algorithm}"}
    return {}


def _is_short(key: str) -> bool:
    kind, _, bits = key.partition(" ")
    return kind == "RSA" and bits.isdigit() and int(bits) < SHORTEST_RSA


def _is_turn(evidence: Evidence) -> bool:
    return evidence.uri.startswith(("turns:", "stuns:"))


def _facts(evidence: Evidence, leaf: CertificateInfo) -> dict[str, str]:
    handshake = evidence.handshake
    days = _days_left(evidence, leaf)
    objection = handshake.errors[0].sentence if handshake.errors else ""
    return {
        "address": str(evidence.server),
        "host": handshake.server_name,
        "port": str(evidence.server.port),
        "name": handshake.server_name,
        "names": ", ".join((*leaf.dns_names, *leaf.ip_addresses)) or "no name at all",
        "subject": leaf.subject,
        "issuer": leaf.issuer,
        "not_after": leaf.not_after or "unknown",
        "not_before": leaf.not_before or "unknown",
        "days": "unknown" if days is None else str(abs(days)),
        "detail": objection,
        "uri": evidence.uri,
    }


def _days_left(evidence: Evidence, leaf: CertificateInfo) -> int | None:
    if leaf.not_after is None:
        return None
    return (datetime.fromisoformat(leaf.not_after) - datetime.fromisoformat(evidence.now)).days


_CHAIN = {
    "expired": "tls-expired",
    "not-yet-valid": "tls-not-yet-valid",
    "self-signed": "tls-self-signed",
    "self-signed-in-chain": "tls-chain-untrusted",
    "key-too-small": "tls-weak-key",
    "issuer-key-too-small": "tls-weak-key",
    "weak-signature": "tls-weak-signature",
}
_NO_ISSUER = frozenset({"unable-to-get-issuer", "unable-to-get-issuer-locally", "unable-to-verify-leaf"})
_BROKEN_HASHES = {"md5WithRSAEncryption", "sha1WithRSAEncryption", "ecdsa-with-SHA1"}
_WORDS = {
    "tls-expired": "expired",
    "tls-not-yet-valid": "not valid yet",
    "tls-self-signed": "self-signed",
    "tls-chain-incomplete": "served without its chain",
    "tls-chain-untrusted": "not issued by an authority that is trusted here",
    "tls-hostname-mismatch": "for another name",
    "tls-weak-key": "of a key that is too short",
    "tls-weak-signature": "signed with a broken hash",
    "uri-ip-literal-with-turns": "for no IP address, while one was dialled",
}

PROBE = Probe(
    id="tls.certificate",
    title="Certificate",
    rung=2,
    schemes=frozenset(name for name, scheme in SCHEMES.items() if {"tls", "dtls"} & {*scheme.transports}),
    transports=frozenset({"tls", "dtls"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=5.0,
    needs=(Handshake,),
    gives=(Trusted,),
)
