"""Fills a template. Every value is escaped; style and script are ours, and the policy names the script's hash."""

import base64
import hashlib
import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

_CODE = re.compile(r"(`[^`]+`)")


def page_text(template: str, **values: object) -> str:
    """The finished page, with one line break at its end."""
    return _environment().get_template(template).render(**values).strip() + "\n"


def prose(text: str) -> Markup:
    """`text` escaped, with what stands in backticks as code."""
    return Markup("").join(_piece(piece) for piece in _CODE.split(text))


def _piece(piece: str) -> Markup:
    return Markup("<code>{}</code>").format(piece[1:-1]) if _CODE.fullmatch(piece) else escape(piece)


@cache
def _environment() -> Environment:
    loader = PackageLoader("natprobe_reports.html", "templates")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    script = loader.get_source(environment, "script.js")[0].strip()
    environment.globals |= {
        "css": Markup(loader.get_source(environment, "style.css")[0].strip()),  # noqa: S704  a file of ours
        "script": Markup(script),  # noqa: S704  a file of ours
        "policy": _policy(script),
    }
    return environment


def _policy(script: str) -> str:
    """What the page may load: nothing, but its own style and exactly this script (CSP Level 3)."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
