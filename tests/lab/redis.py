"""A real Redis in a world, with a password, as the media deployment has it for its secrets."""

from tests.lab.listening import await_ports
from tests.lab.process import Running
from tests.lab.world import World

PORT = 6379
PASSWORD = "r3dis-of-the-lab"


class Redis:
    """Listens on every address of the world's server when the constructor returns."""

    def __init__(self, world: World) -> None:
        options = ("--port", str(PORT), "--requirepass", PASSWORD, "--save", "", "--dir", str(world.directory))
        self.running: Running = world.keep(world.server.start("redis-server", *options))
        await_ports(self.running, tcp=(PORT,))
