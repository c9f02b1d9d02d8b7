"""Is this credential good, as far as its shape and a shared secret can tell? Pure, in the catalogue's words."""

from typing import Any

import msgspec

from natprobe.catalogue import entry_of
from natprobe.credential import Credential, CredentialFacts, Secret, examine, matches, suspicions
from natprobe.credential.words import duration_text, moment_text
from natprobe.events import Raised


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one credential, and the findings that follow."""

    facts: CredentialFacts
    from_this_secret: bool | None
    """Whether a digest in the right form belongs to the user name under the secret; None where that cannot be told."""
    raised: tuple[Raised, ...]


def examined(credential: Credential, secret: Secret | None, now_s: float) -> Verdict:
    """The verdict on `credential` at the UNIX time `now_s`."""
    facts = examine(credential, now_s)
    comparable = facts.looks_like_rest and facts.password_form == "base64-sha1"  # noqa: S105
    fits = matches(secret, credential) if secret is not None and comparable else None
    raised = suspicions(facts)
    if fits is False:
        raised += (Raised(id="turn-auth-rest-wrong-secret", facts={"user": facts.username}),)
    return Verdict(facts=facts, from_this_secret=fits, raised=raised)


def examined_text(verdict: Verdict) -> str:
    """What is wrong first, each with its fix; then what the credential is."""
    lines: list[str] = []
    for finding in verdict.raised:
        said = entry_of(finding.id).fill(finding.facts)
        lines += [f"{said.title} ({finding.id})", f"  cause  {said.cause}", f"  fix    {said.fix}"]
    lines += [f"username  {verdict.facts.username}", *_described(verdict)]
    return "\n".join(lines) + "\n"


def examined_json(verdict: Verdict) -> dict[str, Any]:
    """The facts, without the password, and the findings in sentences."""
    findings = []
    for finding in verdict.raised:
        told = entry_of(finding.id)
        said = told.fill(finding.facts)
        sentences = {"title": said.title, "cause": said.cause, "fix": said.fix}
        findings.append({"id": finding.id, "severity": told.severity, **sentences})
    facts: dict[str, Any] = msgspec.to_builtins(verdict.facts)
    return facts | {"from_this_secret": verdict.from_this_secret, "findings": findings}


def _described(verdict: Verdict) -> list[str]:
    facts = verdict.facts
    if facts.expires_at_s is None or facts.expires_in_s is None:
        return ["kind      static: the user name holds no expiry, so its shape tells nothing"]
    away = duration_text(facts.expires_in_s)
    when = f"{away} ago" if facts.expired else f"in {away}"
    lines = ["kind      time-limited (TURN REST)", f"expires   {moment_text(facts.expires_at_s)} ({when})"]
    if verdict.from_this_secret is not None:
        lines.append(f"secret    {'made with' if verdict.from_this_secret else 'not made with'} this shared secret")
    return lines
