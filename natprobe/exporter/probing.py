"""Runs one admitted probe to its report: the same plan, run and diagnosis as `natprobe check`."""

import os
import time
from pathlib import Path

import msgspec

from natprobe.credential import LONGEST_FILE, CredentialError
from natprobe.deployed import DeploymentError, read_deployment
from natprobe.deployment import Deployment
from natprobe.diagnose import diagnose
from natprobe.events import Event, Packet
from natprobe.exporter.admission import Admission
from natprobe.exporter.config import Module
from natprobe.exporter.credential import credential
from natprobe.fold import fold
from natprobe.model import Report
from natprobe.plan import Plan, discreet
from natprobe.probe import Settings
from natprobe.probes import all_probes
from natprobe.runner import run
from natprobe.textfile import read_text


async def observe(admission: Admission) -> Report:
    """What is found within the admission's deadline. Cancelled, it releases its allocations before it ends.

    Raises CredentialError where the module's password or secret is not there.
    """
    plan = planned(admission)
    events: list[Event] = []

    def emit(event: Event) -> None:
        if not isinstance(event, Packet):
            events.append(event)

    await run(plan, emit)
    return diagnose(fold(events))


def planned(admission: Admission) -> Plan:
    """The run that `admission` asks for. Raises CredentialError."""
    module = admission.module
    target, settings = discreet(admission.target, _settings(module))
    families = module.families
    if module.deployment is not None:
        found = _deployment(module)
        settings = found.own(found.run.under(settings)).get(target, settings)
        families = found.run.families if families == (4, 6) else families
    return Plan(
        command="check",
        targets=(target,),
        probes=all_probes(),
        settings=settings,
        deadline_s=admission.deadline_s,
        families=families,
    )


def listed(module: Module) -> Module:
    """`module` with the targets of the deployment file that it names, if any. Raises CredentialError."""
    if module.deployment is None:
        return module
    return msgspec.structs.replace(module, targets=_deployment(module).targets)


def _deployment(module: Module) -> Deployment:
    """The file as it is now, so that secrets can be replaced while natprobe runs."""
    try:
        return read_deployment(module.deployment or "")
    except DeploymentError as error:
        raise CredentialError(str(error)) from None


def unready(module: Module) -> str | None:
    """Why `module` could not authenticate just now; None where it could."""
    try:
        _settings(module)
        listed(module)
    except CredentialError as error:
        return str(error)
    if module.ca_file is not None and not os.access(module.ca_file, os.R_OK):
        return f"ca_file {module.ca_file}: cannot be read"
    return None


def _settings(module: Module) -> Settings:
    now_s = time.time()
    read = credential(module, read=lambda name: read_text(Path(name), LONGEST_FILE), environ=os.environ, now_s=now_s)
    return Settings(
        credential=read,
        credential_origin=str(module.reference) if module.reference else None,
        minted=module.reference is not None and module.reference.kind == "secret",
        insecure=module.insecure,
        ca_file=module.ca_file,
        relay_ports=module.relay_ports,
        nameservers=module.resolvers,
        now_s=now_s,
    )
