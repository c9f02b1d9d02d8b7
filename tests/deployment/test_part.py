"""A part of a deployment asks for its own secrets, wherever they are written, and for no other's."""

import pytest

from natprobe.credential import CredentialError, Place, Secret
from natprobe.deployment import AbsentError, read_part
from natprobe.tomlfile import Mistakes
from tests.deployment.texts import FULL, KEPT, KNOWN, deployment


class Asked:
    """Notes what is asked for, and has what KEPT holds, but for what is `lost`."""

    def __init__(self, *lost: Place) -> None:
        self.places: list[Place] = []
        self._lost = lost

    def secret(self, place: Place) -> Secret:
        """See Lookup."""
        self.places.append(place)
        if place in self._lost:
            raise CredentialError("is empty, or not there")
        return Secret(KEPT[place])

    text = secret


PASSWORD, SECRET = Place("env", "TURN_PASSWORD"), Place("file", "turn.secret")


@pytest.mark.parametrize(
    ("names", "needed"),
    [
        (["tcp:www.example.org:6379"], set()),
        (["stun:stun.example.org"], set()),
        (["turn:turn2.example.org"], {SECRET}),
        (["turn:turn.example.org?transport=udp"], {PASSWORD}),
        (["relay"], {PASSWORD, SECRET}),
        (["iceconfig+https://www.example.org/ice"], {Place("env", "ICE_KEY")}),
        (["janus+https://www.example.org/janus"], {Place("env", "JANUS_SECRET")}),
        (["iceservers:settings"], {Place("file", "ice.json")}),
        (["iceservers:app", "janus+https://www.example.org/janus"], {PASSWORD, Place("env", "JANUS_SECRET")}),
    ],
)
def test_only_the_secrets_of_what_is_named_are_asked_for(names: list[str], needed: set[Place]) -> None:
    lookup = Asked(*(KEPT.keys() - needed))
    part = read_part(FULL, KNOWN, lookup, names)
    assert set(lookup.places) == needed
    assert part == deployment(FULL).only(names)


def test_a_secret_of_the_part_that_is_not_there_is_told_where_it_is_written() -> None:
    with pytest.raises(Mistakes, match=r"the file turn\.secret is empty, or not there"):
        read_part(FULL, KNOWN, Asked(SECRET), ["relay"])


def test_a_name_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(AbsentError) as raised:
        read_part(FULL, KNOWN, Asked(), ["relay", "nowhere"])
    assert raised.value.name == "nowhere"
    assert {"relay", "tcp:www.example.org:6379"} <= set(raised.value.here)


def test_whatever_else_is_wrong_with_the_file_is_told_all_the_same() -> None:
    with pytest.raises(Mistakes, match="there is no such key"):
        read_part(f"{FULL}\n[defaults.more]\n", KNOWN, Asked(), ["relay"])
