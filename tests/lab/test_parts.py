"""The parts of whole deployments answer as they do in the field: asked with what is no part of natprobe."""

import base64
import hmac
import time
from typing import Any

import msgspec
import pytest

from natprobe.address import Address
from natprobe.wire.attributes import encode_text, xor_mapped_address
from natprobe.wire.integrity import Integrity, short_term_key, verify
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import Sealing
from tests.conftest import BuildWorld
from tests.lab.ask import ask
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, Coturn, cloud_addresses
from tests.lab.janus import API_SECRET, HTTP_PORT, Janus
from tests.lab.layout import ALL_PORTS, CONTAINER_IPV4, SERVER_IPV4, Container, Layout, Server
from tests.lab.nginx import Nginx, web_page
from tests.lab.node import Node
from tests.lab.process import wait_until
from tests.lab.redis import Redis
from tests.lab.talk import Chat, Get, Knock, talk
from tests.lab.web import start
from tests.lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.deployments]

OPEN = Layout(server=Server(open_udp=(ALL_PORTS,), open_tcp=(ALL_PORTS,)))
HTTP = f"http://{SERVER_IPV4}"
WS = f"ws://{SERVER_IPV4}"
OFFER = "\r\n".join(
    (
        *("v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"),
        *("m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdef01234"),
        *("a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "a=setup:actpass", "a=mid:0", "a=sendonly", "a=rtcp-mux"),
        "a=rtpmap:111 opus/48000/2\r\n",
    )
)


@pytest.fixture
def open_world(build_world: BuildWorld) -> World:
    """A world whose cloud keeps nothing out."""
    return build_world(OPEN)


def decoded(text: str) -> Any:
    return msgspec.json.decode(text)


def test_socket_io_4_speaks_both_versions_and_any_other_path_is_the_page(open_world: World) -> None:
    Node(open_world, "signalling", port=18080, allowEIO3=True, page="<html>meet</html>", pingInterval=25000)
    base = f"{HTTP}:18080"
    four, three, page, missing = talk(
        open_world.client,
        Get(f"{base}/socket.io/?EIO=4&transport=polling"),
        Get(f"{base}/socket.io/?EIO=3&transport=polling"),
        Get(f"{base}/"),
        Get(f"{base}/no/such/endpoint"),
    )
    assert four.body.startswith('0{"sid"')
    assert decoded(four.body[1:])["pingInterval"] == 25000
    assert ':0{"sid"' in three.body
    assert (missing.status, missing.body) == (200, page.body)
    assert missing.headers["content-type"] == "text/html; charset=UTF-8"


def test_socket_io_2_tells_its_absurd_time_out_and_speaks_version_3_to_everybody(open_world: World) -> None:
    Node(open_world, "signalling", port=19000, version=2, pingInterval=25000, pingTimeout=6000000)
    asks = [Get(f"{HTTP}:19000/socket.io/?EIO={version}&transport=polling") for version in (3, 4)]
    three, four = talk(open_world.client, *asks)
    told = decoded(three.body[three.body.index("{") : three.body.index("}") + 1])
    assert told["pingTimeout"] == 6000000
    assert four.body.split("{")[0] == three.body.split("{")[0]


def test_the_plain_websocket_server_opens_anywhere_and_stays_silent(open_world: World) -> None:
    Node(open_world, "messages", port=7777)
    joined, other = talk(
        open_world.client,
        Chat(f"{WS}:7777/ws", says=['{"cmd": "join", "roomId": "7"}', "no JSON", "null"]),
        Chat(f"{WS}:7777/elsewhere"),
    )
    assert (joined.status, other.status) == (101, 101)
    assert joined.messages == []


def test_a_silent_websocket_behind_nginx_ends_without_a_close_frame(open_world: World) -> None:
    Node(open_world, "messages", port=7777)
    location = "location /ws { proxy_pass http://127.0.0.1:7777; <upgrade> proxy_read_timeout 1s; }"
    Nginx(open_world, f"server {{ listen 7778; {location} }}")
    (heard,) = talk(open_world.client, Chat(f"{WS}:7778/ws", hears=1))
    assert (heard.status, heard.close_code) == (101, 1006)


def test_pings_keep_that_websocket_open(open_world: World) -> None:
    Node(open_world, "messages", port=7777, pingMs=300)
    location = "location /ws { proxy_pass http://127.0.0.1:7777; <upgrade> proxy_read_timeout 1s; }"
    Nginx(open_world, f"server {{ listen 7778; {location} }}")
    (heard,) = talk(open_world.client, Chat(f"{WS}:7778/ws", hears=1, wait_s=2.5))
    assert heard.trouble == "TimeoutError: timed out in 2.5s"


def test_the_collider_wants_an_origin_and_a_whole_register(open_world: World) -> None:
    Node(open_world, "collider", port=8089)
    url, origin = f"{WS}:8089/ws", "https://meet.example.org"
    register = '{"cmd": "register", "roomid": "7", "clientid": "%s"}'
    bare, half, early, whole, left, status = talk(
        open_world.client,
        Chat(url),
        Chat(url, ['{"cmd": "register", "roomid": "7"}'], 2, origin),
        Chat(url, ['{"cmd": "send", "msg": "hello"}'], 2, origin),
        Chat(url, [register % "a", '{"cmd": "send", "msg": "hello"}'], 0, origin),
        Get(f"{HTTP}:8089/7/b", "from b"),
        Get(f"{HTTP}:8089/status"),
    )
    assert bare.status == 403
    assert decoded(half.messages[0])["error"].startswith("Invalid register request")
    assert (half.close_code, early.close_code) == (1000, 1000)
    assert decoded(early.messages[0])["error"] == "Client not registered"
    assert (whole.status, whole.messages) == (101, [])
    assert (left.status, left.body) == (200, "OK\n")
    assert decoded(status.body)["totalws"] == 3


def test_messages_wait_at_the_collider_for_the_other_client(open_world: World) -> None:
    Node(open_world, "collider", port=8089)
    register = '{"cmd": "register", "roomid": "7", "clientid": "a"}'
    _, heard = talk(
        open_world.client,
        Get(f"{HTTP}:8089/7/b", "from b"),
        Chat(f"{WS}:8089/ws", [register], 1, "https://meet.example.org"),
    )
    assert [decoded(message)["msg"] for message in heard.messages] == ["from b"]


def test_a_room_of_apprtc_holds_two(open_world: World) -> None:
    servers = [{"urls": ["turn:turn.example.org"], "username": "u", "credential": "c"}]
    host = "collider.example.org:8089"
    start(open_world, "apprtc", port=8080, base_url=HTTP, wss_host=host, ice_server_override=servers)
    join, leave = Get(f"{HTTP}:8080/join/7", ""), Get(f"{HTTP}:8080/leave/7/10000000", "")
    first, second, third, left, again, page, wrong = talk(
        open_world.client, join, join, join, leave, join, Get(f"{HTTP}:8080/r/7"), Get(f"{HTTP}:8080/join/7")
    )
    params = decoded(first.body)["params"]
    assert decoded(params["pc_config"])["iceServers"] == servers
    assert (params["is_initiator"], decoded(second.body)["params"]["is_initiator"]) == ("true", "false")
    assert params["wss_url"] == f"wss://{host}/ws"
    assert [decoded(each.body)["result"] for each in (third, again)] == ["FULL", "SUCCESS"]
    assert (left.status, page.status, wrong.status) == (200, 200, 404)


def test_the_home_made_ice_endpoint_hands_out_what_has_just_expired(open_world: World) -> None:
    start(open_world, "icerest", port=8088, key="k", user="someone", urls=["turn:turn.example.org"])
    before = int(time.time())
    got, posted = talk(open_world.client, Get(f"{HTTP}:8088/v1alpha/iceconfig?key="), Get(f"{HTTP}:8088/", "{}"))
    (entry,) = decoded(got.body)["iceServers"]
    stamp, _, user = entry["username"].partition(":")
    assert before <= int(stamp) <= int(time.time())
    assert user == "someone"
    assert base64.b64decode(entry["credential"]) == hmac.digest(b"k", entry["username"].encode(), "sha1")
    assert posted.status == 200
    assert got.headers["content-type"].startswith("text/plain")
    assert "access-control-allow-origin" not in got.headers


def test_janus_shows_its_info_and_asks_for_its_secret(open_world: World) -> None:
    Janus(open_world, f'nat_1_1_mapping = "{SERVER_IPV4}"')
    create = {"janus": "create", "transaction": "t1"}
    base = f"{HTTP}:{HTTP_PORT}/janus"
    info, refused, created, doubled = talk(
        open_world.client,
        Get(f"{base}/info"),
        Get(base, msgspec.json.encode(create).decode()),
        Get(base, msgspec.json.encode(create | {"apisecret": API_SECRET}).decode()),
        Get(f"{HTTP}:{HTTP_PORT}//janus/info"),
    )
    told = decoded(info.body)
    assert (told["janus"], told["public-ip"], told["api_secret"]) == ("server_info", SERVER_IPV4, True)
    assert (refused.status, decoded(refused.body)["error"]["code"]) == (200, 403)
    assert decoded(created.body)["janus"] == "success"
    assert decoded(doubled.body)["janus"] == "server_info"


def test_srs_says_code_400_with_status_200(open_world: World) -> None:
    start(open_world, "srs", port=1985, candidate=SERVER_IPV4)
    whole = msgspec.json.encode({"streamurl": "webrtc://h/live/s", "sdp": OFFER}).decode()
    base = f"{HTTP}:1985"
    version, nothing, published, twice = talk(
        open_world.client,
        Get(f"{base}/api/v1/versions"),
        Get(f"{base}/rtc/v1/publish/", '{"streamurl": "webrtc://h/live/s", "sdp": "v=0"}'),
        Get(f"{base}/rtc/v1/publish/", whole),
        Get(f"{base}/rtc/v1/publish/", whole),
    )
    assert decoded(version.body)["data"]["version"] == "5.0.170"
    assert (nothing.status, decoded(nothing.body)) == (200, {"code": 400})
    assert f"{SERVER_IPV4} 8000 typ host" in decoded(published.body)["sdp"]
    assert decoded(twice.body) == {"code": 400}


def check(name: str, password: str) -> bytes:
    """A connectivity check."""
    user = (Attribute.USERNAME, encode_text(name))
    return build(Method.BINDING, MessageClass.REQUEST, bytes(12), (user,), Sealing(key=short_term_key(password)))


def test_the_media_port_of_srs_answers_those_who_know_its_password(open_world: World) -> None:
    start(open_world, "srs", port=1985, candidate=SERVER_IPV4)
    offer = msgspec.json.encode({"streamurl": "webrtc://h/live/s", "sdp": OFFER}).decode()
    (played,) = talk(open_world.client, Get(f"{HTTP}:1985/rtc/v1/play/", offer))
    told = decoded(played.body)
    password = told["sdp"].partition("a=ice-pwd:")[2].partition("\r\n")[0]
    right, wrong = talk(
        open_world.client,
        Knock(SERVER_IPV4, 8000, check(told["sessionid"], password), udp=True),
        Knock(SERVER_IPV4, 8000, check(told["sessionid"], "another"), udp=True, wait_s=0.5),
    )
    answer = parse(right.data)
    assert isinstance(answer, Message)
    assert right.local is not None
    assert xor_mapped_address(answer) == Address(*right.local)
    assert verify(answer, short_term_key(password)) is Integrity.VALID
    assert wrong.trouble == "TimeoutError: timed out"


def test_redis_asks_strangers_for_its_password(open_world: World) -> None:
    Redis(open_world)
    (heard,) = talk(open_world.client, Knock(SERVER_IPV4, 6379, b"PING\r\n"))
    assert heard.data == b"-NOAUTH Authentication required.\r\n"


def test_docker_leads_to_the_container_by_published_ports_only(build_world: BuildWorld) -> None:
    container = Container(published_udp=((3478, 3478),), published_tcp=((3478, 3478),))
    world = build_world(Layout(server=Server(open_udp=(ALL_PORTS,), container=container)))
    Coturn(world, *LONG_TERM, f"listening-ip={CONTAINER_IPV4}", "alt-listening-port=3480", where=world["container"])
    answer = ask(world.client, "udp", SERVER_IPV4)
    assert answer.trouble is None
    assert answer.mapped == answer.local
    assert ask(world.client, "tcp", SERVER_IPV4).trouble is None
    assert "refused" in str(ask(world.client, "udp", SERVER_IPV4, 3480).trouble)


def test_what_a_container_sends_leaves_from_the_servers_address(build_world: BuildWorld) -> None:
    world = build_world(Layout(server=Server(container=Container())))
    Coturn(world, "listening-ip=192.0.2.34", where=world.internet)
    answer = ask(world["container"], "udp", "192.0.2.34", source_port=50123)
    assert answer.mapped == (SERVER_IPV4, 50123)


def test_coturn_has_no_tls_listener_where_it_may_not_read_its_key(open_world: World, authority: Authority) -> None:
    certificate = authority.issue()
    certificate.key.chmod(0)
    options = (*cloud_addresses(open_world), *LONG_TERM, *certificate.options)
    coturn = Coturn(open_world, *options, key_unreadable=True)
    assert ask(open_world.client, "udp", SERVER_IPV4).trouble is None
    assert "refused" in str(ask(open_world.client, "tcp", SERVER_IPV4, 5349).trouble)
    assert "cannot find private key file" in coturn.log()


def test_nginx_goes_on_serving_the_old_certificate_until_it_is_told(open_world: World, authority: Authority) -> None:
    served, renewed = authority.issue("good", SERVER_IPV4), authority.issue("good", SERVER_IPV4)
    root = web_page(open_world, "<html>page</html>")
    nginx = Nginx(open_world, "server { listen 443 ssl; <served> root <root>; }", served=served, root=root)

    def serial() -> str | None:
        (heard,) = talk(open_world.client, Get(f"https://{SERVER_IPV4}/"), ca=authority.root)
        assert (heard.status, heard.body) == (200, "<html>page</html>")
        return heard.serial

    first = serial()
    for old, new in zip(served, renewed, strict=True):
        old.write_bytes(new.read_bytes())
    assert serial() == first
    nginx.reload()
    assert wait_until(lambda: serial() != first, 10.0)
