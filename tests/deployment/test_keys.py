"""Does every key of the file reach a check that goes by it, and is it offered for the targets of that check alone?"""

import ast
from pathlib import Path

import msgspec
import pytest

import natprobe
from natprobe.deployment import Entry, keys
from natprobe.deployment.references import NOWHERE
from natprobe.expectations import Expectations
from natprobe.probe import Settings
from natprobe.probes import all_probes

HEEDED_BY = {
    "relay_port_range": ("turn.allocate", "turn.relay-in", "turn.relay-range"),
    "max_rtt_ms": ("stun.rtt",),
    "min_rate_kbps": ("turn.quality",),
    "relay_samples": ("turn.relay-range",),
    "min_cert_days": ("tls.certificate",),
    "insecure": ("tls.certificate",),
    "page": ("web.page",),
    "cors_credentials": ("http.cors",),
    "method": ("http.cors", "http.status", "iceconfig.shape"),
    "subprotocol": ("ws.upgrade",),
    "namespace": ("sio.handshake",),
    "idle_s": ("ws.idle",),
    "api_secret": ("janus.session",),
}
ENGINE = Path(natprobe.__file__).parent
PLANNING = {"deployment", "cli"}
"""Rooms that hand settings on, and go by none of them."""


def read_somewhere() -> set[str]:
    """The names of all attributes that the engine's code reads."""
    files = (path for path in ENGINE.rglob("*.py") if path.relative_to(ENGINE).parts[0] not in PLANNING)
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text())))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}


@pytest.mark.parametrize("key", HEEDED_BY)
def test_a_key_is_offered_for_the_targets_of_the_checks_that_go_by_it(key: str) -> None:
    probes = {probe.id: probe.schemes for probe in all_probes()}
    wanted = frozenset[str]().union(*(probes[name] for name in HEEDED_BY[key]))
    assert keys.of_targets((), NOWHERE, 2.0)[key].schemes - keys.LISTS == wanted


def test_every_expectation_and_every_setting_of_a_target_is_read_by_the_engine() -> None:
    fields = {*msgspec.structs.asdict(Expectations()), *msgspec.structs.asdict(Settings())}
    assert fields - read_somewhere() == set()


def test_every_setting_of_an_entry_is_handed_on() -> None:
    handed = set(Entry.__struct_fields__) - {"target", "login"}
    assert handed <= set(Settings.__struct_fields__)
