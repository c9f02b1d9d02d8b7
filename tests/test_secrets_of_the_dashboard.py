"""The same search in what a watch leaves behind: screens, saved reports, recordings, and what is told of a change.

The dashboard is put together by the command's own `play`; only the terminal is a pilot's. The password is typed in it
as well, and the path of the webhook's URL is a secret of its own.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from natprobe.cli import playing
from natprobe.cli.desk import Desk
from natprobe.cli.parser import parse
from natprobe.cli.planning import wanted
from natprobe.credential import Credential, Secret
from natprobe.server import FAULTS, Server, ServerConfig
from natprobe.server.beside import serve_beside
from natprobe_reports import RENDERERS
from natprobe_tui.app import Watch
from natprobe_tui.dialogs import SaveScreen
from natprobe_tui.feed import Feed
from natprobe_tui.form import FormScreen
from natprobe_tui.main_screen import MainScreen
from tests.cli.test_webhook import SECRET_PATH, Hooks
from tests.test_secrets import PASSWORD, USER, found, planted
from tests.tui.stage import text_of, until, watch

TYPED = "pl4nted-and-typed"


class Sitting:
    """Somebody at the dashboard, who keeps all that there is to see and to save."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.outputs: dict[str, bytes] = {}
        self._server = server
        self._folder = folder

    def shown(self, feed: Feed, *, desk: Desk, **_: Any) -> Watch:
        """In place of the function of this name in `playing`: with a pilot, and a server for the webhook."""
        return asyncio.run(self._sat(feed, desk))

    async def _sat(self, feed: Feed, desk: Desk) -> Watch:
        async with Hooks() as hooks:
            url = f"http://127.0.0.1:{hooks.port}{SECRET_PATH}"
            args = parse(["watch", "--on-change", f"tee -a '{self._folder / 'told.json'}'", "--webhook", url])
            app = watch(feed, desk=desk, tell=playing.teller(args))
            async with app.run_test(size=(120, 50)) as pilot:
                await self._use(app, pilot)
                await until(pilot, lambda: bool(hooks.posts))
                await app.workers.wait_for_complete(each for each in app.workers if each.name != "feed")
                self.outputs["last words"] = app.last_words().encode()
                await pilot.press("q")
        self.outputs |= {f"post {number}": body for number, (_, body) in enumerate(hooks.posts)}
        return app

    async def _use(self, app: Watch, pilot: "Pilot[None]") -> None:
        await until(pilot, lambda: app.board.rounds == 1)
        self._look(app, "all is well")
        self._server.fail(FAULTS["credentials-refused"].faults[0])
        await pilot.press("r")
        await until(pilot, lambda: app.board.rounds == 2)
        await pilot.press("n", "enter")
        for place in "1234":
            await pilot.press(place)
            self._look(app, f"the check, {place}")
        await pilot.press("escape")
        await self._log_in(app, pilot)
        for form in RENDERERS:
            await self._save(app, pilot, form)
        self._look(app, "in the end")

    async def _log_in(self, app: Watch, pilot: "Pilot[None]") -> None:
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, FormScreen) and isinstance(app.focused, Input))
        await pilot.press(*USER, "tab", *TYPED)
        self._look(app, "while it is typed")
        await pilot.press("enter")
        await until(pilot, lambda: app.board.rounds == 3)

    async def _save(self, app: Watch, pilot: "Pilot[None]", form: str) -> None:
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        app.screen.query_one(OptionList).highlighted = list(RENDERERS).index(form)
        await pilot.pause()
        field = app.screen.query_one(Input)
        field.value = str(self._folder / f"saved.{form}")
        field.focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))

    def _look(self, app: Watch, name: str) -> None:
        self.outputs[f"screen, {name}"] = text_of(app).encode()
        self.outputs[f"picture, {name}"] = app.export_screenshot().encode()
        self.outputs[f"notices, {name}"] = "\n".join(note.message for note in app._notifications).encode()


def test_a_watch_shows_saves_records_and_tells_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATPROBE_PASSWORD", PASSWORD)
    with serve_beside(ServerConfig(users=(Credential(USER, Secret(PASSWORD)),))) as server:
        sitting = Sitting(server, tmp_path)
        monkeypatch.setattr(playing, "shown", sitting.shown)
        uri = f"turn:{server.address}?transport=udp"
        args = parse(["watch", uri, "-u", USER, "--no-host", "--record", str(tmp_path / "run.jsonl")])
        playing.play(args, wanted(args))
    outputs = sitting.outputs | {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert outputs.keys() >= {"told.json", "run.jsonl", "post 0", *(f"saved.{form}" for form in RENDERERS)}
    assert all(outputs[name] for name in outputs if not name.startswith("notices"))
    secrets = planted(PASSWORD) | planted(TYPED) | {"what was typed": TYPED.encode(), "the path": SECRET_PATH.encode()}
    assert found(secrets, outputs) == []
