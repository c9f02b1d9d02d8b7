"""A real Janus in a world: HTTP on 18088, WebSocket on 18188, the echo test as its only plugin."""

from pathlib import Path

from tests.lab.listening import await_ports
from tests.lab.namespace import Namespace
from tests.lab.process import Running
from tests.lab.world import World

HTTP_PORT, WS_PORT = 18088, 18188
API_SECRET = "4p1-of-the-lab"
MEDIA_PORTS = (20000, 20100)
_LIBRARIES = "/usr/lib/*/janus"
_LOADED = {"plugins": ("echotest",), "transports": ("http", "websockets")}


class Janus:
    """Listens when the constructor returns. `nat` are lines of the `nat` section of janus.jcfg."""

    def __init__(self, world: World, *nat: str, where: Namespace | None = None) -> None:
        place = world.new_file("janus")
        for kind, names in _LOADED.items():
            _link(place / kind, kind, names)
        for kind in ("events", "loggers"):
            (place / kind).mkdir()
        for name, text in _configuration(place, nat).items():
            (place / name).write_text(text)
        command = ("janus", "--disable-colors", f"--configs-folder={place}", f"--config={place / 'janus.jcfg'}")
        self.running: Running = world.keep((where or world.server).start(*command))
        await_ports(self.running, tcp=(HTTP_PORT, WS_PORT))


def _link(place: Path, kind: str, names: tuple[str, ...]) -> None:
    """A folder with some of the plugins that Debian has in one: loading them all takes seconds."""
    place.mkdir(parents=True)
    for name in names:
        library = next(Path("/").glob(f"{_LIBRARIES[1:]}/{kind}/libjanus_{name}.so"))
        (place / library.name).symlink_to(library)


def _configuration(place: Path, nat: tuple[str, ...]) -> dict[str, str]:
    folders = "\n".join(f'{kind}_folder = "{place / kind}"' for kind in (*_LOADED, "events", "loggers"))
    media = f'rtp_port_range = "{MEDIA_PORTS[0]}-{MEDIA_PORTS[1]}"'
    lines = "\n".join(nat)
    return {
        "janus.jcfg": (
            f'general: {{\n{folders}\nconfigs_folder = "{place}"\napi_secret = "{API_SECRET}"\ndebug_level = 4\n}}\n'
            f"media: {{\n{media}\n}}\nnat: {{\n{lines}\n}}\n"
        ),
        "janus.plugin.echotest.jcfg": "general: {\n}\n",
        "janus.transport.http.jcfg": (
            f'general: {{\nbase_path = "/janus"\nhttp = true\nport = {HTTP_PORT}\nhttps = false\n}}\n'
            "admin: {\nadmin_http = false\n}\n"
        ),
        "janus.transport.websockets.jcfg": (
            f"general: {{\nws = true\nws_port = {WS_PORT}\nwss = false\n}}\nadmin: {{\nadmin_ws = false\n}}\n"
        ),
    }
