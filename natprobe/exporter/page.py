"""The exporter's front page: plain HTML, for a person who looks what runs here."""

from html import escape
from urllib.parse import quote

from natprobe import __version__
from natprobe.exporter.config import Config, Module

_PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>natprobe serve</title></head>
<body>
<h1>natprobe serve</h1>
<p>natprobe {version}, as a Prometheus exporter.</p>
<ul>
<li><a href="/metrics">/metrics</a>: of this exporter itself</li>
<li><a href="/-/healthy">/-/healthy</a>, <a href="/-/ready">/-/ready</a></li>
</ul>
<h2>Targets</h2>
<p>Patterns allow more; add <code>&amp;debug=true</code> to read the report as text.</p>
{modules}</body>
</html>
"""


def page(config: Config) -> str:
    """The page: every module with its targets as links to their probes."""
    return _PAGE.format(version=escape(__version__), modules="".join(map(_module, config.modules)))


def _module(module: Module) -> str:
    links = "".join(_link(module.name, str(target)) for target in module.targets)
    return f"<h3>{escape(module.name)}</h3>\n<ul>\n{links}</ul>\n"


def _link(module: str, target: str) -> str:
    query = f"module={quote(module, safe='')}&target={quote(target, safe='')}"
    return f'<li><a href="/probe?{escape(query)}">{escape(target)}</a></li>\n'
