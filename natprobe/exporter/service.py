"""What stands behind each path: /probe, /metrics, /-/healthy, /-/ready and a page that says so."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from natprobe.credential import CredentialError
from natprobe.exporter import exposition
from natprobe.exporter.admission import TIMEOUT_HEADER, Admission, Refusal, admit
from natprobe.exporter.config import Config, Module
from natprobe.exporter.limits import Limiter
from natprobe.exporter.page import page
from natprobe.exporter.tally import Result, Tally
from natprobe.listening.message import Request, Response, sentence
from natprobe.model import Report, Status
from natprobe_reports import PLAIN, RENDERERS

Observe = Callable[[Admission], Awaitable[Report]]
Say = Callable[[str], None]
"""Writes one line for whoever runs the exporter."""


class Service:
    """Answers requests by `config`; `observe` probes, `clock` tells seconds, `unready` what a module lacks."""

    def __init__(
        self,
        config: Config,
        *,
        observe: Observe,
        unready: Callable[[Module], str | None],
        clock: Callable[[], float],
        say: Say,
    ) -> None:
        self.stopping = False
        """Whether new probes are refused."""
        self._config, self._observe, self._unready, self._clock, self._say = config, observe, unready, clock, say
        self._limiter = Limiter(config.limits, clock())
        self._tally = Tally(module.name for module in config.modules)
        self._routes = {
            "/": self._page,
            "/probe": self._probe,
            "/metrics": self._metrics,
            "/-/healthy": self._healthy,
            "/-/ready": self._ready,
        }

    async def answer(self, request: Request) -> Response:
        """The answer, whatever happens: a fault of ours is a 500, and ends no other connection."""
        try:
            response = await self._routed(request)
        except Exception as error:
            self._say(f"natprobe itself failed at {request.path}: {_place(error)}")
            response = sentence(500, f"natprobe itself failed here: {type(error).__name__}")
        self._tally.responded(response.status)
        return response

    async def _routed(self, request: Request) -> Response:
        route = self._routes.get(request.path)
        if route is None:
            return sentence(404, f"nothing is here; there are {', '.join(self._routes)}")
        return await route(request)

    async def _page(self, _: Request) -> Response:
        return Response(
            status=200,
            body=page(self._config).encode(),
            media_type="text/html; charset=utf-8",
            headers=(("Content-Security-Policy", "default-src 'none'"),),
        )

    async def _healthy(self, _: Request) -> Response:
        return sentence(200, "natprobe serve is healthy")

    async def _ready(self, _: Request) -> Response:
        if self.stopping:
            return sentence(503, "natprobe serve is stopping")
        lacking = [f"module {module.name}: {why}" for module in self._config.modules if (why := self._unready(module))]
        return sentence(503, "; ".join(lacking)) if lacking else sentence(200, "natprobe serve is ready")

    async def _metrics(self, request: Request) -> Response:
        return _exposed(exposition.of_registry(self._tally.registry, request.header("accept") or ""))

    async def _probe(self, request: Request) -> Response:
        asked = admit(request.query, request.header(TIMEOUT_HEADER), self._config)
        if isinstance(asked, Refusal):
            return self._refused(asked)
        if self.stopping:
            return self._refused(
                Refusal(status=503, reason="stopping", sentence="natprobe serve is stopping", retry_after_s=10)
            )
        began = self._clock()
        refusal = self._limiter.enter(began, began + asked.deadline_s)
        if refusal is not None:
            return self._refused(refusal)
        try:
            return await self._probed(asked, request.header("accept") or "", began)
        finally:
            self._limiter.leave(began + asked.deadline_s)

    async def _probed(self, asked: Admission, accept: str, began: float) -> Response:
        result: Result = "broken"
        try:
            with self._tally.running():
                report = await self._observe(asked)
            result = _result(report)
        except CredentialError as error:
            self._say(f"module {asked.module.name}: {error}")
            return sentence(500, f"module {asked.module.name}: {error}")
        except asyncio.CancelledError:
            result = "abandoned"
            raise
        finally:
            self._tally.probed(asked.module.name, result, self._clock() - began)
        if asked.debug:
            return Response(status=200, body=RENDERERS["text"](report, PLAIN).encode())
        return _exposed(exposition.of_probe(report, accept, strict=asked.module.strict))

    def _refused(self, refusal: Refusal) -> Response:
        self._tally.refused(refusal.reason)
        wait = () if refusal.retry_after_s is None else (("Retry-After", str(refusal.retry_after_s)),)
        return sentence(refusal.status, refusal.sentence, *wait)


def to_stderr(line: str) -> None:
    """The conversation of a command that keeps running."""
    sys.stderr.write(f"natprobe serve: {line}\n")
    sys.stderr.flush()


def _result(report: Report) -> Result:
    if any(check.status is Status.ERROR for check in report.checks):
        return "broken"
    words: dict[str, Result] = {"pass": "pass", "warn": "warn", "fail": "fail", "inconclusive": "inconclusive"}
    return words[report.verdict]


def _exposed(shown: exposition.Exposition) -> Response:
    return Response(status=200, body=shown.body, media_type=shown.media_type)


def _place(error: Exception) -> str:
    """Where it happened, without the values: an exception's text could hold a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" in {trace.tb_frame.f_code.co_qualname} line {trace.tb_lineno}"
    return f"{type(error).__name__}{where}"
