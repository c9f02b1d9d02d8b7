"""`-d DEPLOYMENT.toml`: has the file read, and puts it under what the command line says."""

import argparse

from natprobe.cli.options import check_authorities
from natprobe.cli.parser import UsageError
from natprobe.deployed import DeploymentError, read_deployment
from natprobe.deployment import AbsentError, Deployment
from natprobe.probe import Settings


def add_deployment_options(parser: argparse.ArgumentParser) -> None:
    """`-d` and `--only`."""
    group = parser.add_argument_group("deployment")
    group.add_argument(
        "-d", "--deployment", metavar="DEPLOYMENT.toml",
        help="check what this file lists as well; the command line's options go before the file's",
    )  # fmt: skip
    group.add_argument(
        "--only", metavar="NAME", action="append", default=[],
        help="of the file only this group or target; may be given several times",
    )  # fmt: skip


def deployment(args: argparse.Namespace) -> Deployment | None:
    """What `-d` names, as far as `--only` asks for it. Raises UsageError with a line for each mistake."""
    if args.deployment is None:
        if args.only:
            raise UsageError("--only: it picks from a deployment file; name that with -d")
        return None
    try:
        return read_deployment(args.deployment, args.only)
    except DeploymentError as error:
        raise UsageError(*error.lines) from None
    except AbsentError as error:
        here = ", ".join(error.here)
        raise UsageError(f"--only: {args.deployment} has no {error.name}; there are {here}") from None


def under(settings: Settings, found: Deployment) -> Settings:
    """`settings` of the command line, with what only the file says about the run. Raises UsageError."""
    if settings.ca_file is None and found.run.ca_file is not None:
        check_authorities(found.run.ca_file, "run.ca_file")
    return found.run.under(settings)
