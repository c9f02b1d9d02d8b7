"""Runs a plan and tells its report: what `check`, `nat` and `ports` do once the command line is read."""

import argparse

from natprobe.cli.execute import execute
from natprobe.cli.keeping import keep_history, keeping
from natprobe.cli.output import tell, wanted_files
from natprobe.cli.progress import progress_listeners
from natprobe.plan import Plan


def run_planned(plan: Plan, args: argparse.Namespace) -> int:
    """The exit code of `plan`, run as `args` say, its one report told. Raises UsageError before anything is sent."""
    files = wanted_files(args)
    with keeping(args) as keepers:
        report = execute(plan, (*progress_listeners(), *keepers))
    keep_history(report, args)
    return tell(report, args, files)
