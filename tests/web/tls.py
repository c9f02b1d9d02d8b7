"""What is wrong with TLS on a port, or with its certificate: one case each, on real servers."""

from tests.lab.certificates import NAME, OTHER_NAME, Authority, Kind
from tests.lab.coturn import Coturn
from tests.lab.layout import SERVER_IPV4
from tests.lab.listening import await_ports
from tests.lab.nginx import Nginx, certificate_lines
from tests.lab.world import World
from tests.web.case import Prepare, Site

SITE = f"https://{NAME}/"
FOUR = ("--ca-file", "{root}", "-4")
"""nginx listens on the IPv4 address alone here."""
OLD = "ssl_ciphers ALL:@SECLEVEL=0;"
"""OpenSSL 3 takes TLS 1.0 and 1.1, SHA-1 and short keys at security level 0 only."""
PASSED = {"port.tcp": "pass", "tls.handshake": "pass", "tls.protocol": "pass", "tls.certificate": "pass"}


def site(kind: Kind = "good", **more: str) -> Prepare:
    """nginx with one site."""

    def prepare(world: World, authority: Authority) -> None:
        Nginx(world, block(authority, kind, **more))

    return prepare


def block(
    authority: Authority,
    kind: Kind = "good",
    *,
    lines: str = "",
    protocols: str = "TLSv1.2 TLSv1.3",
    name: str = NAME,
    listen: str = "443 ssl",
) -> str:
    """One server block."""
    certificate = certificate_lines(authority.issue(kind))
    return (
        f"server {{ listen {SERVER_IPV4}:{listen}; server_name {name}; ssl_protocols {protocols}; "
        f"{certificate} {lines} "
        "location = / { default_type text/html; return 200 '<html>hi</html>'; } }"
    )


def only_by_name(world: World, authority: Authority) -> None:
    """nginx, which turns clients away that name no server, or another one."""
    stranger = f"server {{ listen {SERVER_IPV4}:443 ssl default_server; ssl_reject_handshake on; }}"
    Nginx(world, stranger + block(authority))


def plain(world: World, _authority: Authority) -> None:
    """nginx, whose `listen` lacks `ssl`."""
    Nginx(world, f"server {{ listen {SERVER_IPV4}:443; location = / {{ return 200 hi; }} }}")


def clear_turn(world: World, _authority: Authority) -> None:
    """coturn without a certificate: STUN in the clear."""
    Coturn(world, "no-auth")


def turn_with_another_key(world: World, authority: Authority) -> None:
    """coturn whose key is that of another certificate: it says so in its log, and goes on."""
    certificate, other = authority.issue("good"), authority.issue("wrong-name")
    Coturn(world, "no-auth", f"cert={certificate.chain}", f"pkey={other.key}")


def turn_with_old_certificate(world: World, authority: Authority) -> None:
    """coturn that has not read the renewed file yet."""
    Coturn(world, "no-auth", "no-tlsv1", "no-tlsv1_1", *authority.issue("old").options)


def swapped(world: World, authority: Authority) -> None:
    """nginx, each of whose two sites has the other one's certificate."""
    Nginx(world, block(authority, listen="443 ssl default_server", name=OTHER_NAME) + block(authority, "wrong-name"))


def choosy(*options: str) -> Prepare:
    """openssl's own server, which wants a certificate of its clients."""

    def prepare(world: World, authority: Authority) -> None:
        files = authority.issue("good")
        shown = ("-cert", str(files.chain), "-cert_chain", str(files.chain), "-key", str(files.key))
        command = ("openssl", "s_server", "-accept", "443", *shown, "-www", "-Verify", "1", *options)
        running = world.keep(world.server.start(*command))
        await_ports(running, tcp=(443,))

    return prepare


BAD: tuple[tuple[Kind, str, str], ...] = (
    ("self-signed", "tls-self-signed", "A browser takes it for a page after a click on the warning; an app"),
    ("expired", "tls-expired", "no secret is sent over it"),
    ("not-yet-valid", "tls-not-yet-valid", "not valid yet"),
    ("leaf-only", "tls-chain-incomplete", "served without its chain"),
    ("wrong-name", "tls-hostname-mismatch", OTHER_NAME),
    ("short-key", "tls-weak-key", "has the key RSA 1024"),
    ("sha1", "tls-weak-signature", "is signed with ecdsa-with-SHA1"),
)
"""Certificates that clients refuse, the finding, and words of its sentences."""

TLS = (
    Site(
        name="sound-site",
        prepare=(site(),),
        target=SITE,
        arguments=FOUR,
        exit_code=0,
        statuses=PASSED,
        says=("offered: TLS 1.2, TLS 1.3; refused: TLS 1.0, TLS 1.1; ALPN http/1.1",),
    ),
    Site(
        name="sound-port",
        prepare=(site(listen="443 ssl http2"),),
        target=f"tls:{NAME}:443",
        arguments=FOUR,
        exit_code=0,
        statuses=PASSED,
        says=("ALPN h2",),
    ),
    *(
        Site(
            name=f"{kind}-certificate",
            prepare=(site(kind, lines=OLD),),
            target=SITE,
            arguments=FOUR,
            errors=frozenset({finding}),
            statuses=PASSED | {"tls.certificate": "fail", "http.status": "pass"},
            says=(words,),
        )
        for kind, finding, words in BAD
    ),
    Site(
        name="certificate-of-an-unknown-authority",
        prepare=(site(),),
        target=SITE,
        arguments=("-4",),
        errors=frozenset({"tls-chain-untrusted"}),
        statuses={"tls.certificate": "fail"},
    ),
    Site(
        name="expiring-certificate",
        prepare=(site("expiring"),),
        target=SITE,
        arguments=FOUR,
        exit_code=0,
        warnings=frozenset({"tls-expiring"}),
        statuses=PASSED | {"tls.certificate": "warn"},
        says=("ends in 10 days",),
    ),
    Site(
        name="dialled-by-address",
        prepare=(site(),),
        target=f"https://{SERVER_IPV4}/",
        errors=frozenset({"tls-hostname-mismatch"}),
        statuses={"tls.certificate": "fail"},
        says=(f"{SERVER_IPV4} was dialled", NAME),
    ),
    Site(
        name="old-versions-as-well",
        prepare=(site(protocols="TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", lines=OLD),),
        target=SITE,
        arguments=FOUR,
        exit_code=0,
        warnings=frozenset({"tls-legacy-protocols"}),
        statuses=PASSED | {"tls.protocol": "warn"},
        says=("offered: TLS 1.0, TLS 1.1, TLS 1.2, TLS 1.3", "completed a handshake with TLS 1.0, TLS 1.1"),
    ),
    Site(
        name="old-versions-only",
        prepare=(site(protocols="TLSv1 TLSv1.1", lines=OLD),),
        target=f"tls:{NAME}:443",
        arguments=FOUR,
        errors=frozenset({"tls-too-old-only"}),
        statuses={"tls.handshake": "fail", "tls.protocol": "fail", "tls.certificate": "skip"},
        says=("it accepts: TLS 1.0, TLS 1.1",),
    ),
    Site(
        name="site-that-is-found-by-name-only",
        prepare=(only_by_name,),
        target=SITE,
        arguments=FOUR,
        exit_code=0,
        infos=frozenset({"tls-sni-required"}),
        statuses=PASSED,
        says=("refuses clients that name no server",),
    ),
    Site(
        name="plain-http-where-tls-is-dialled",
        prepare=(plain,),
        target=f"tls:{NAME}:443",
        arguments=FOUR,
        errors=frozenset({"tls-plain-http-on-tls-port"}),
        statuses={"port.tcp": "pass", "tls.handshake": "fail", "tls.certificate": "skip"},
    ),
    Site(
        name="turn-in-the-clear-where-tls-is-dialled",
        prepare=(clear_turn,),
        target=f"tls:{NAME}:3478",
        arguments=FOUR,
        errors=frozenset({"plain-vs-tls-swapped"}),
        statuses={"port.tcp": "pass", "tls.handshake": "fail"},
        says=("the same port answers STUN without TLS",),
    ),
    *(
        Site(
            name=f"client-certificate-wanted{''.join(options)}",
            prepare=(choosy(*options),),
            target=f"tls:{NAME}:443",
            arguments=FOUR,
            errors=frozenset({"tls-client-cert-required"}),
            statuses={"tls.handshake": "fail", "tls.certificate": certificate},
        )
        for options, certificate in ((("-tls1_2",), "skip"), (("-tls1_3",), "pass"))
    ),
    Site(
        name="client-certificate-wanted-by-nginx",
        prepare=(site(lines="ssl_verify_client on; ssl_client_certificate /etc/ssl/certs/ca-certificates.crt;"),),
        target=f"tls:{NAME}:443",
        arguments=FOUR,
        exit_code=0,
        statuses=PASSED,
        says=("it asks clients for a certificate, and takes those that have none",),
    ),
    Site(
        name="client-certificate-wanted-by-nginx-for-its-pages",
        prepare=(site(lines="ssl_verify_client on; ssl_client_certificate /etc/ssl/certs/ca-certificates.crt;"),),
        target=SITE,
        arguments=FOUR,
        errors=frozenset({"tls-client-cert-required", "http-status"}),
        statuses=PASSED | {"tls.handshake": "fail"},
        says=("HTTP status 400: No required SSL certificate was sent",),
    ),
    Site(
        name="key-of-another-certificate",
        prepare=(turn_with_another_key,),
        target=f"tls:{NAME}:5349",
        arguments=FOUR,
        errors=frozenset({"tls-handshake-failed"}),
        statuses={"tls.handshake": "fail"},
        says=("handshake_failure", "no certificate whose key it can use"),
    ),
    Site(
        name="renewed-and-not-reloaded-everywhere",
        prepare=(site(), turn_with_old_certificate),
        target=f"{SITE} tls:{NAME}:5349",
        arguments=FOUR,
        exit_code=0,
        warnings=frozenset({"tls-renewed-not-reloaded"}),
        statuses={"443 tls.certificate": "pass", "5349 tls.certificate": "warn"},
        says=(f"The certificates for {NAME} differ by port: {SERVER_IPV4}:5349 until ",),
    ),
    Site(
        name="certificates-of-two-blocks-swapped",
        prepare=(swapped,),
        target=f"tls:{NAME}:443",
        arguments=FOUR,
        errors=frozenset({"tls-wrong-server-block"}),
        statuses=PASSED | {"tls.certificate": "fail"},
        says=(OTHER_NAME, "it is shown to clients that name no server"),
    ),
    Site(
        name="certificate-of-another-site-at-one-port",
        prepare=(site("wrong-name"), turn_with_old_certificate),
        target=f"tls:{NAME}:443 tls:{NAME}:5349",
        arguments=FOUR,
        errors=frozenset({"tls-wrong-server-block"}),
        says=(f"it is shown at {SERVER_IPV4}:5349",),
    ),
)
