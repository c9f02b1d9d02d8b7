"""A deployment file with every key, and somebody who knows its secrets."""

from natprobe.credential import CredentialError, Place, Secret
from natprobe.deployment import Deployment, Known, read
from natprobe.target import SCHEMES

KNOWN = Known(frozenset(SCHEMES) - {"iceservers"}, frozenset({"dns.resolve", "turn.refresh", "http.cors"}), 2.0)
PLANTED = "planted-pass-phrase"
KEPT = {
    Place("env", "TURN_PASSWORD"): PLANTED,
    Place("file", "turn.secret"): f"{PLANTED}-shared",
    Place("env", "ICE_KEY"): f"{PLANTED}-key",
    Place("env", "JANUS_SECRET"): f"{PLANTED}-janus",
    Place("file", "ice.json"): f"[{{'urls': 'turn:turn.example.org', 'username': 'u', 'credential': '{PLANTED}'}}]",
}
FULL = """\
targets = [
  "stun:stun.example.org",
  "https://www.example.org/",
]

[run]
deadline_s = 40
ca_file = "ca.pem"
resolvers = ["192.0.2.53"]
families = ["ipv4"]

[defaults]
page = "https://www.example.org/app"
min_cert_days = 14
timeout_s = 12
max_rtt_ms = 250

[group.relay]
user = "probe"
password = { env = "TURN_PASSWORD" }
targets = ["turn:turn.example.org?transport=udp", "turns:turn.example.org"]
min_rate_kbps = 500
insecure = true

[group."web and signalling"]
skip = ["http.cors", "dns.resolve"]

[[target]]
uri = "turn:turn2.example.org"
group = "relay"
secret = { file = "turn.secret" }
relay_port_range = "49160-49200"
max_rtt_ms = 80

[[target]]
uri = "wss://www.example.org/socket.io/"
group = "web and signalling"
subprotocol = "chat"
namespace = "/room"
idle_s = 70

[[target]]
uri = "iceconfig+https://www.example.org/ice"
method = "POST"
cors_credentials = true
query = { key = { env = "ICE_KEY" } }
page = "https://calls.example.org/"

[[target]]
uri = "janus+https://www.example.org/janus"
api_secret = { env = "JANUS_SECRET" }

[[target]]
uri = "tcp:www.example.org:6379"
closed = true
every_port = true

[[ice_servers]]
name = "app"
group = "relay"
public = true
servers = [
  { url = "stun:stun.example.org" },
  { urls = ["turn:turn.example.org"], username = "u", credential = { env = "TURN_PASSWORD" } },
]

[[ice_servers]]
name = "settings"
text = { file = "ice.json" }
"""


class Keeper:
    """Knows what KEPT holds."""

    def secret(self, place: Place) -> Secret:
        """The secret at `place`. Raises CredentialError."""
        return Secret(self.text(place).reveal())

    def text(self, place: Place) -> Secret:
        """The text at `place`. Raises CredentialError."""
        if place not in KEPT:
            raise CredentialError("is empty, or not there")
        return Secret(KEPT[place])


def deployment(text: str) -> Deployment:
    """What `text` describes."""
    return read(text, KNOWN, Keeper())
