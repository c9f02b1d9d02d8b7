"""Will a browser let the page use the target? Nothing is sent to the target to tell."""

import pytest

from natprobe.address import Address, AddressKind
from natprobe.expectations import Expectations
from natprobe.model import Status
from natprobe.probe import Settings
from natprobe.probes.web_page import Evidence, judge
from natprobe.target import parse
from natprobe.web.pages import origin_of
from tests.web.nginx import free_port
from tests.web.run import checked
from tests.web.servers import answering, serving_names

PAGE = "https://app.example.org/"


@pytest.mark.parametrize(
    ("uri", "host", "kinds", "findings"),
    [
        ("wss://ws.example.org/", "192.0.2.7", ("public",), ()),
        ("ws://ws.example.org/", "192.0.2.7", ("public",), ("sig-mixed-content",)),
        ("ws://localhost:8080/", "127.0.0.1", ("public",), ("chrome-local-network-access",)),
        ("http://api.example.org/v1", "192.0.2.7", (), ("sig-mixed-content",)),
        ("http://app.example.org/", "192.0.2.7", ("public",), ()),
        ("iceconfig+http://ice.example.org/", "192.0.2.7", (), ("iceconfig-mixed-content",)),
        (
            "srs+http://192.168.101.99:1985/",
            "192.168.101.99",
            ("public",),
            ("srs-http-api-from-https", "uri-private-host"),
        ),
        ("wss://10.1.2.3/ws", "10.1.2.3", ("public",), ("uri-private-host", "chrome-local-network-access")),
        ("wss://10.1.2.3/ws", "10.1.2.3", ("private",), ()),
        ("janus+https://gw.example.org/janus", "10.1.2.3", ("public",), ("chrome-local-network-access",)),
        ("janus+https://gw.example.org/janus", "10.1.2.3", ("private",), ()),
        ("janus+https://gw.example.org/janus", "10.1.2.3", (), ()),
    ],
)
def test_scheme_and_network_of_both_decide(
    uri: str, host: str, kinds: tuple[AddressKind, ...], findings: tuple[str, ...]
) -> None:
    judgement = judge(Evidence(server=Address(host, 443), uri=uri, page=PAGE, page_kinds=kinds))
    assert tuple(raised.id for raised in judgement.raised) == findings
    assert (judgement.status is Status.PASS) is (not findings)


def test_a_page_over_plain_http_mixes_nothing() -> None:
    judgement = judge(Evidence(server=Address("192.0.2.7", 80), uri="ws://a.example/", page="http://b.example/"))
    assert judgement.status is Status.PASS


async def test_the_page_is_looked_up_and_its_addresses_count() -> None:
    names = {"app.example.org": "203.0.113.9"}
    async with serving_names(names) as nameserver, answering(lambda *_: b"") as remote:
        settings = Settings(expect=Expectations(page=PAGE), nameservers=(nameserver,))
        told = await checked(f"wss://{remote}/ws", settings=settings, only=("web.page",))
    check = told.check("web.page")
    assert (check.status, told.findings) == (Status.WARN, {"chrome-local-network-access"})
    assert check.evidence["page_kinds"] == ["public"]


async def test_no_page_no_question() -> None:
    told = await checked(f"wss://127.0.0.1:{free_port()}/ws", only=("web.page",))
    assert [check.id for check in told.report.checks] == ["port.tcp"]


async def test_a_page_that_is_no_web_address_is_said_so() -> None:
    settings = Settings(expect=Expectations(page="turn:turn.example.org"))
    told = await checked(f"wss://127.0.0.1:{free_port()}/ws", settings=settings, only=("web.page",))
    assert told.check("web.page").summary == "not tested: the page that is named is no web address"


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://www.example.org/a", "https://www.example.org"),
        ("https://www.example.org:443/a", "https://www.example.org"),
        ("janus+http://[2001:db8::1]:8088/janus", "http://[2001:db8::1]:8088"),
        ("wss://www.example.org:8443/ws", "https://www.example.org:8443"),
    ],
)
def test_an_origin_leaves_out_the_usual_port(uri: str, origin: str) -> None:
    assert origin_of(parse(uri)) == origin
