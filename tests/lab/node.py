"""Signalling servers of npm in a world: socket.io 4 and 2, ws, and the collider that is written with it."""

from pathlib import Path
from typing import Any

import msgspec

from tests.lab.listening import await_ports
from tests.lab.namespace import Namespace
from tests.lab.process import Running
from tests.lab.world import World

PLACE = Path(__file__).with_name("node")


class Node:
    """`tests/lab/node/SCRIPT.js` with its options; listens on `port` when the constructor returns."""

    def __init__(self, world: World, script: str, *, port: int, where: Namespace | None = None, **options: Any) -> None:
        told = msgspec.json.encode({"port": port, **options}, enc_hook=str).decode()
        command = ("node", str(PLACE / f"{script}.js"), told)
        self.running: Running = world.keep((where or world.server).start(*command))
        await_ports(self.running, tcp=(port,))
