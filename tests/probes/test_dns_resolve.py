"""The name of several targets is asked for once a run, and each of their checks has the whole answer."""

import msgspec

from natprobe.events import CheckEnded, Event
from natprobe.plan import Plan
from natprobe.probe import Settings
from natprobe.probes import all_probes
from natprobe.runner import run
from natprobe.target import parse
from tests.net.dns_server import nodata, records, serving

NAME = "turn.example.org"


async def test_a_name_that_several_targets_have_in_common_is_asked_for_once() -> None:
    zone = {(f"{NAME}.", "A"): records(f"{NAME}. 60 IN A 192.0.2.1"), (f"{NAME}.", "AAAA"): nodata}
    targets = tuple(map(parse, (f"tls:{NAME}:443", f"tcp:{NAME}:80", f"turn:{NAME}:3478")))
    probes = tuple(probe for probe in all_probes() if probe.id == "dns.resolve")
    events: list[Event] = []
    async with serving(zone) as (nameserver, server):
        plan = Plan(command="check", targets=targets, probes=probes, settings=Settings(nameservers=(nameserver,)))
        await run(plan, events.append)
    assert sorted(server.asked) == [(f"{NAME}.", "A"), (f"{NAME}.", "AAAA")]
    told = [event for event in events if isinstance(event, CheckEnded)]
    assert {event.target for event in told} == {str(target) for target in targets}
    assert len({msgspec.json.encode(event.evidence["resolution"]) for event in told}) == 1
