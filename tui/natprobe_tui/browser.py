"""Textual's driver for a browser, with an end: where the server of the page is gone, so is the dashboard."""

import asyncio

from textual import messages
from textual.drivers.web_driver import WebDriver


class BrowserDriver(WebDriver):
    """Named by TEXTUAL_DRIVER in a session of `natprobe watch --web`."""

    def start_application_mode(self) -> None:
        """Begins to listen."""
        self._loop = asyncio.get_running_loop()
        super().start_application_mode()

    def run_input_thread(self) -> None:
        """Reads until nobody can say anything any more, and ends the dashboard then."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            asyncio.run_coroutine_threadsafe(self._app._post_message(messages.ExitApp()), self._loop)  # noqa: SLF001
