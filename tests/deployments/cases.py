"""Each deployment as it was and as it is mended: what its file in examples/ says otherwise then, and what is told."""

from tests.deployments import calls, media, meeting, rooms
from tests.deployments.case import Case, at
from tests.lab.janus import API_SECRET

_PUBLIC_LIST = """servers = [
  { url = "stun:meet.example.org" },
  { urls = "turn:meet.example.org:3478", username = "conference", credential = { env = "MEETING_PASSWORD" } },
]"""
_HTTPS_OF_MEETING = ("tls-legacy-protocols", "tls-renewed-not-reloaded")
_FROM_LIST = "from iceservers:page"

MEETING = Case(
    name="meeting-sfu",
    file="meeting-sfu.toml",
    names=(meeting.NAME,),
    layout=meeting.BROKEN,
    build=meeting.broken,
    secrets={"MEETING_PASSWORD": meeting.PASSWORD, "MEETING_JANUS_SECRET": API_SECRET},
    fitted=(
        ('servers = [\n  { urls = "stun:meet.example.org" },\n]', _PUBLIC_LIST),
        (
            'secret = { env = "MEETING_TURN_SECRET" }\nuser = "natprobe"',
            'user = "conference"\npassword = { env = "MEETING_PASSWORD" }',
        ),
        ('/gateway/janus"', '/gateway/janus/"'),
        ('"srs+https://meet.example.org/"', '"srs+http://192.168.101.99:1985/"'),
        (
            '  "https://meet.example.org/",\n',
            '  "https://meet.example.org/",\n  "https://meet.example.org/api/rooms",\n  "http://192.168.101.99:8085/live/",\n',
        ),
    ),
    told=frozenset(
        (
            *at("https://meet.example.org/", *_HTTPS_OF_MEETING),
            *at("https://meet.example.org/api/rooms", "http-spa-fallback", *_HTTPS_OF_MEETING),
            *at("wss://meet.example.org/socket.io/", *_HTTPS_OF_MEETING),
            *at(
                "janus+https://meet.example.org/gateway/janus/",
                *("nginx-path-rewrite", "janus-rtp-range-blocked", *_HTTPS_OF_MEETING),
            ),
            *at(
                "srs+http://192.168.101.99:1985/",
                *("uri-private-host", "srs-http-api-from-https"),
            ),
            *at(
                "http://192.168.101.99:8085/live/",
                *("uri-private-host", "sig-mixed-content"),
            ),
            *at("iceservers:page", "iceconfig-legacy-url-key", "turn-auth-weak-or-public-credentials"),
            *at(f"turn:meet.example.org:3478 {_FROM_LIST}", "relay-port-range-blocked"),
            *at("turn:meet.example.org?transport=udp", "relay-port-range-blocked"),
            *at("turn:meet.example.org?transport=tcp", "relay-port-range-blocked"),
            *at("turns:meet.example.org?transport=tcp", "relay-port-range-blocked"),
        )
    ),
)
MEETING_MENDED = Case(
    name="meeting-sfu",
    file="meeting-sfu.toml",
    names=(meeting.NAME,),
    layout=meeting.MENDED,
    build=meeting.mended,
    secrets={"MEETING_TURN_SECRET": meeting.SECRET, "MEETING_JANUS_SECRET": API_SECRET},
)

_FROM_JOIN = "from apprtc+https://rooms.example.org/"
_ENDPOINT = "iceconfig+http://rooms.example.org:8088/v1alpha/iceconfig?key="
ROOMS = Case(
    name="apprtc",
    file="apprtc.toml",
    names=(rooms.NAME,),
    layout=rooms.BROKEN,
    build=rooms.broken,
    secrets={"ROOMS_PASSWORD": rooms.PASSWORD},
    fitted=(
        (
            'secret = { env = "ROOMS_TURN_SECRET" }\nuser = "natprobe"',
            'user = "rooms"\npassword = { env = "ROOMS_PASSWORD" }',
        ),
        ('"iceconfig+https://rooms.example.org/', '"iceconfig+http://rooms.example.org:8088/'),
    ),
    told=frozenset(
        (
            *at("https://rooms.example.org/", "tls-self-signed"),
            *at("apprtc+https://rooms.example.org/", "tls-self-signed", "turn-auth-weak-or-public-credentials"),
            *at("collider+wss://rooms.example.org:8089/ws", "tls-self-signed"),
            *at(f"stun:rooms.example.org:8089 {_FROM_JOIN}", "uri-wrong-service-port"),
            *at(
                _ENDPOINT,
                *("iceconfig-expired", "iceconfig-mixed-content", "iceconfig-cors", "iceconfig-content-type"),
                *("iceconfig-unauthenticated", "iceconfig-stun-mixed-with-credentials"),
            ),
            *at(
                f"turn:rooms.example.org:3478 from {_ENDPOINT}",
                *("turn-auth-rest-expired", "turn-auth-mode-mismatch", "iceconfig-turn-rejects"),
            ),
            *at("turn:rooms.example.org?transport=udp", "turn-relay-private-address"),
            *at("turn:rooms.example.org?transport=tcp", "turn-relay-private-address"),
            *at(f"turn:rooms.example.org:3478?transport=udp {_FROM_JOIN}", "turn-relay-private-address"),
            *at(f"turn:rooms.example.org:3478?transport=tcp {_FROM_JOIN}", "turn-relay-private-address"),
            *at("tcp:rooms.example.org:5766", "service-exposed"),
            *at("tcp:rooms.example.org:8088", "service-exposed"),
        )
    ),
)
ROOMS_MENDED = Case(
    name="apprtc",
    file="apprtc.toml",
    names=(rooms.NAME,),
    layout=rooms.MENDED,
    build=rooms.mended,
    secrets={"ROOMS_TURN_SECRET": rooms.SECRET},
)

_CALLS = {"CALLS_PASSWORD": calls.PASSWORD}
_IDLE = (("idle_s = 70", "idle_s = 3"),)
"""A quiet minute of the deployment is two seconds in the lab."""
_ALL_BUT_TURN = (
    *at("https://call.example.org/", "cors-header-typographic"),
    *at("https://call.example.org/index.html", "cors-wildcard-credentials"),
    *at("wss://call.example.org:7778/ws", "ws-idle-timeout"),
    *at("tcp:call.example.org:7777", "service-exposed"),
)
CALLS = Case(
    name="one-to-one",
    file="one-to-one.toml",
    names=(calls.NAME,),
    layout=calls.BROKEN,
    build=calls.broken,
    secrets=_CALLS,
    fitted=_IDLE,
    told=frozenset(
        (
            *_ALL_BUT_TURN,
            *at("turn:call.example.org:3478?transport=udp", "turn-r2r-forbidden"),
            *at("turn:call.example.org:3478?transport=tcp", "turn-r2r-forbidden"),
        )
    ),
)
CALLS_PRIVATE = Case(
    name="one-to-one-without-external-ip",
    file="one-to-one.toml",
    names=(calls.NAME,),
    layout=calls.BROKEN,
    build=calls.without_external_ip,
    secrets=_CALLS,
    fitted=_IDLE,
    told=frozenset(
        (
            *_ALL_BUT_TURN,
            *at("turn:call.example.org:3478?transport=udp", "turn-relay-private-address"),
            *at("turn:call.example.org:3478?transport=tcp", "turn-relay-private-address"),
        )
    ),
)
CALLS_MENDED = Case(
    name="one-to-one",
    file="one-to-one.toml",
    names=(calls.NAME,),
    layout=calls.MENDED,
    build=calls.mended,
    secrets=_CALLS,
    fitted=_IDLE,
)

_MEDIA = {"MEDIA_PASSWORD": media.PASSWORD}
_LIST = """servers = [
  { urls = "turn:media.example.org:3478", username = "admin", credential = { env = "MEDIA_PASSWORD" } },
]"""
_QUOTED = f"[{{'urls': 'turn:172.26.180.229:3478', 'username': 'admin', 'credential': '{media.PASSWORD}'}}]"
_BY_ADDRESS = (
    ('page = "https://media.example.org/media-web"', 'page = "https://203.0.113.10/media-web"'),
    ('  "https://media.example.org/media-web",', '  "https://203.0.113.10/media-web",'),
)
_WEB_OF_MEDIA = (
    *at("https://203.0.113.10/media-web", "tls-hostname-mismatch"),
    *at("turns:media.example.org?transport=tcp", "tls-no-listener"),
    *at("tcp:media.example.org:6379", "service-exposed"),
    *at("tcp:media.example.org:18080,19000", "service-exposed"),
)
MEDIA_BRIDGE = Case(
    name="media-docker-on-the-bridge",
    file="media-docker.toml",
    names=(media.NAME,),
    layout=media.BRIDGE,
    build=media.on_the_bridge,
    secrets=_MEDIA,
    fitted=(*_BY_ADDRESS, ('"60000-60100"', '"49190-49200"')),
    told=frozenset(
        (
            *_WEB_OF_MEDIA,
            *at("wss://media.example.org/socket.io/?EIO=3", "sig-wrong-server-block"),
            *at("turn:media.example.org?transport=udp", "docker-relay-range-mismatch"),
            *at("turn:media.example.org?transport=tcp", "docker-relay-range-mismatch"),
            *at("turn:media.example.org:3478 from iceservers:settings", "docker-relay-range-mismatch"),
        )
    ),
)
MEDIA_HOST = Case(
    name="media-docker-on-the-host",
    file="media-docker.toml",
    names=(media.NAME,),
    layout=media.HOST,
    build=media.on_the_host,
    secrets=_MEDIA,
    fitted=(
        *_BY_ADDRESS,
        ('"wss://media.example.org/socket.io/?EIO=3"', '"ws://media.example.org:19000/socket.io/?EIO=3"'),
        (_LIST, 'text = { file = "ice-servers.txt" }'),
    ),
    files={"ice-servers.txt": _QUOTED},
    told=frozenset(
        (
            *_WEB_OF_MEDIA,
            *at("ws://media.example.org:19000/socket.io/?EIO=3", "ws-heartbeat-absurd", "sig-mixed-content"),
            *at("iceservers:settings", "iceconfig-js-string", "uri-private-host"),
            *at("turn:172.26.180.229:3478 from iceservers:settings", "uri-private-host"),
            *at("turn:media.example.org?transport=udp", "turn-r2r-mapped-to-wrong-local-ip"),
            *at("turn:media.example.org?transport=tcp", "turn-r2r-mapped-to-wrong-local-ip"),
            *at("tcp:media.example.org:5766", "service-exposed"),
        )
    ),
)
MEDIA_MENDED = Case(
    name="media-docker",
    file="media-docker.toml",
    names=(media.NAME,),
    layout=media.MENDED,
    build=media.mended,
    secrets=_MEDIA,
)

BROKEN = (MEETING, ROOMS, CALLS, CALLS_PRIVATE, MEDIA_BRIDGE, MEDIA_HOST)
MENDED = (MEETING_MENDED, ROOMS_MENDED, CALLS_MENDED, MEDIA_MENDED)
