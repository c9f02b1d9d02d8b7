"""`natprobe check`: does this server work for real calls, and if not, which stage is broken?"""

import argparse

import msgspec

from natprobe.cli.keeping import add_keeping_options
from natprobe.cli.options import add_credential_options, add_run_options
from natprobe.cli.output import add_output_options
from natprobe.cli.parser import UsageError
from natprobe.cli.planning import add_target_options, planned, wanted
from natprobe.cli.run_planned import run_planned
from natprobe.expectations import FASTEST_KBPS, FEWEST_SAMPLES, MOST_SAMPLES, SLOWEST_KBPS, sampling_s
from natprobe.plan import Plan
from natprobe.probe import Settings

_EPILOG = """\
targets:
  turn:host[:port][?transport=udp|tcp]    turns:host[:port][?transport=tcp|udp]
  stun:host[:port]                        stuns:host[:port]
  https://host/path   http://…            pages and APIs
  wss://host/path     ws://…              WebSockets; with /socket.io/ in the path
                                          Socket.IO as well
  iceconfig+https://host/path             what hands out ICE servers; each is checked
  apprtc+https://host  collider+wss://host/ws
  janus+https://host/janus  janus+wss://host  srs+https://host
  tls:host:port  tcp:host:port[-port]  udp:host:port[-port]
  Without ?transport every transport is tried: what is dead beside a live one
  was not offered, which is a warning at most. IPv6 literals stand in brackets.

examples:
  natprobe check turn:turn.example.org -u alice --password-file pw
  natprobe check turns:turn.example.org:443?transport=tcp --secret-file secret
  natprobe check turn:[2001:db8::10]:3478 -u alice --report junit=turn.xml
  NATPROBE_PASSWORD=… natprobe check turn:203.0.113.10 -u alice --json
  natprobe check turn:turn.example.org -u alice --rate 1000      a load: 1 Mbit/s
  natprobe check turn:turn.example.org -u alice --relay-samples 8     8 relayed ports
  natprobe check -d deployment.toml                    everything that the file lists
  natprobe check -d deployment.toml --only signalling --report junit=after.xml

With -d the file's targets and those named here are checked together. A credential
on the command line takes the place of the file's; NATPROBE_USER, NATPROBE_PASSWORD
and NATPROBE_SECRET are for the targets named here alone.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe check` to `parser`."""
    parser.epilog = _EPILOG
    add_target_options(parser)
    add_credential_options(parser)
    add_run_options(parser)
    group = parser.add_argument_group("load")
    group.add_argument(
        "--rate", metavar="KBPS", type=float,
        help="send that many kbit/s through each relay, both ways for 3 s, and tell loss, delay and jitter",
    )  # fmt: skip
    group.add_argument(
        "--relay-samples", metavar="N", type=int,
        help=f"make that many further allocations ({FEWEST_SAMPLES} to {MOST_SAMPLES}) and have a stranger write to"
        " each relayed port",
    )  # fmt: skip
    add_output_options(parser)
    add_keeping_options(parser)


def run(args: argparse.Namespace) -> int:
    """Checks every target at once, and tells one report."""
    return run_planned(_plan(args), args)


def _plan(args: argparse.Namespace) -> Plan:
    if args.rate is not None and not SLOWEST_KBPS <= args.rate <= FASTEST_KBPS:
        raise UsageError(f"--rate: {args.rate:g} kbit/s is out of bounds; give {SLOWEST_KBPS:g} to {FASTEST_KBPS:g}")
    if args.relay_samples is not None and not FEWEST_SAMPLES <= args.relay_samples <= MOST_SAMPLES:
        raise UsageError(f"--relay-samples: give {FEWEST_SAMPLES} to {MOST_SAMPLES}, not {args.relay_samples}")
    want = wanted(args)
    plan = _expecting(planned("check", args, want), **_loads(args))
    limited = args.timeout is not None or (want.deployment is not None and want.deployment.run.deadline_s is not None)
    if limited or args.relay_samples is None:
        return plan
    return msgspec.structs.replace(plan, deadline_s=plan.deadline_s + sampling_s(args.relay_samples))


def _loads(args: argparse.Namespace) -> dict[str, float]:
    asked = {"min_rate_kbps": args.rate, "relay_samples": args.relay_samples}
    return {name: value for name, value in asked.items() if value is not None}


def _expecting(plan: Plan, **loads: float) -> Plan:
    """`plan` with these loads on every relay, whatever a deployment file says."""

    def expecting(settings: Settings) -> Settings:
        expect = msgspec.structs.replace(settings.expect, **loads)
        return msgspec.structs.replace(settings, expect=expect)

    own = {target: expecting(settings) for target, settings in plan.own.items()}
    return msgspec.structs.replace(plan, settings=expecting(plan.settings), own=own)
