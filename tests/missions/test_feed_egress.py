"""Messages never go inside: hostile addresses, names that change their mind, greedy answers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from core.errors import InvalidInput
from missions.feed import egress

LIMITS = egress.Limits(timeout_s=2.0, answer_bytes=1000)
NONE: frozenset[str] = frozenset()

HOSTILE = (
    *("http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/"),
    *("javascript:alert(1)", "//example.com/", "https://", "https:///x", "example.com"),
    *("https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://x.internal/"),
    *("https://printer.local/", "https://127.0.0.1/", "https://127.1/", "https://127.0.0.1./"),
    *("https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/"),
    *("https://017700000001/", "https://127.0.0.0x1/", "https://0/", "https://0.0.0.0/"),
    *("https://10.0.0.1/", "https://172.16.5.4/", "https://192.168.1.1/", "https://100.64.0.1/"),
    *("https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "https://[::1]/"),
    *("https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/"),
    *("https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/"),
    *(
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fc00::1]/",
        "https://[ff02::1]/",
    ),
    *(
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://198.18.0.1/",
        "https://192.0.2.1/",
    ),
    *("https://user@example.com/", "https://user:pass@example.com/", "https://example.com/#x"),
    *("https://example.com:0/", "https://example.com:99999/", "https://example.com:x/"),
    *(
        "https://exam ple.com/",
        "https://example.com/\r\nHost: x",
        "https://example.com\\@10.0.0.1/",
    ),
    *("https://例え.jp/", "https://１２７.０.０.１/", "https://ⓛocalhost/", "https://a..b/"),
    *("https://-a.com/", "https://[::1/", f"https://example.com/{'a' * 3000}", ""),
)


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_addresses_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        egress.target_of(url, NONE)
    assert refusal.value.where == "url"
    assert "FLYONCE_WEBHOOK_ALLOW" in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://example.com", "example.com", "/"),
        ("HTTPS://Example.COM:443/a?b=c", "example.com", "/a?b=c"),
        ("https://hooks.example.com:8443/x", "hooks.example.com:8443", "/x"),
        ("https://1.1.1.1/", "1.1.1.1", "/"),
        ("https://[2606:4700:4700::1111]:8443/", "[2606:4700:4700::1111]:8443", "/"),
        ("https://xn--r8jz45g.jp/", "xn--r8jz45g.jp", "/"),
    ],
)
def test_public_addresses_are_taken(url: str, authority: str, path: str) -> None:
    target = egress.target_of(url, NONE)
    assert (target.authority, target.path, target.inside) == (authority, path, False)


def test_receivers_that_the_setting_names_may_be_inside() -> None:
    allowed = egress.allowed_hosts("receiver.lan:8080, 10.1.2.3,[fd00::5]:9000")
    assert egress.target_of("http://receiver.lan:8080/x", allowed).inside
    assert egress.target_of("http://10.1.2.3:1234/", allowed).inside
    assert egress.target_of("http://[fd00::5]:9000/", allowed).inside
    for other in ("http://receiver.lan/", "http://10.1.2.4/", "http://x.receiver.lan:8080/"):
        with pytest.raises(egress.Refused):
            egress.target_of(other, allowed)
    with pytest.raises(InvalidInput, match="FLYONCE_WEBHOOK_ALLOW"):
        egress.allowed_hosts("http://receiver.lan")


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1", "2002:808:808::"])
def test_addresses_of_the_world_are_public(text: str) -> None:
    assert egress.is_public(ip_address(text))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names are looked up as; each look-up takes the next answer of a comma-separated list."""
    known: dict[str, list[str]] = {}

    async def look_up(_loop: Any, host: str, port: int, **_how: Any) -> list[Any]:
        answers = known[host]
        chosen = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, 1, 6, "", (text, port)) for text in chosen.split("+")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)
    return known


@pytest.mark.parametrize(
    "found", ["10.0.0.7", "127.0.0.1", "1.1.1.1+192.168.0.1", "::1", "fd12::1"]
)
async def test_a_name_of_an_inner_address_is_refused(
    names: dict[str, list[str]], found: str
) -> None:
    names["evil.example"] = [found]
    target = egress.target_of("https://evil.example/", NONE)
    with pytest.raises(egress.Refused, match="not a public address"):
        await egress.post(target, b"{}", {}, LIMITS)


async def test_the_connection_goes_to_the_address_that_was_checked(
    names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked once only; httpx gets the address, the name only for TLS and Host."""
    names["rebind.example"] = ["1.1.1.1", "127.0.0.1"]
    sent: list[httpx.Request] = []

    async def send(self: Any, request: httpx.Request, **_how: Any) -> httpx.Response:
        sent.append(request)
        return httpx.Response(204, request=request, stream=httpx.ByteStream(b""))

    monkeypatch.setattr(httpx.AsyncClient, "send", send)
    target = egress.target_of("https://rebind.example/hook", NONE)
    await egress.post(target, b"{}", {}, LIMITS)
    assert str(sent[0].url) == "https://1.1.1.1/hook"
    assert sent[0].headers["host"] == "rebind.example"
    assert sent[0].extensions["sni_hostname"] == "rebind.example"


@asynccontextmanager
async def receiver(answer: Callable[[asyncio.StreamWriter], Any]) -> AsyncIterator[tuple[str, Any]]:
    """A receiver on this machine: its address, and what it read."""
    read: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        read.append(head + await reader.readexactly(size))
        try:
            await answer(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/hook?x=1", read
    finally:
        server.close()


def inside(url: str) -> egress.Target:
    return egress.target_of(url, egress.allowed_hosts(url.split("/")[2]))


async def test_a_message_arrives_as_it_was_sent() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()

    async with receiver(answer) as (url, read):
        got = await egress.post(inside(url), '{"a":"文"}'.encode(), {"webhook-id": "m"}, LIMITS)
    assert got == egress.Answer(status=202, retry_after_s=7.0)
    assert read[0].startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert b"webhook-id: m" in read[0]
    assert read[0].endswith('{"a":"文"}'.encode())


async def test_redirects_are_not_followed() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
        )
        await writer.drain()

    async with receiver(answer) as (url, read):
        assert (await egress.post(inside(url), b"{}", {}, LIMITS)).status == 302
    assert len(read) == 1


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10_000):
            writer.write(b"x" * 1000)
            await writer.drain()

    async with receiver(answer) as (url, _):
        assert (await egress.post(inside(url), b"{}", {}, LIMITS)).status == 200


async def test_a_slow_answer_is_given_up() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)

    short = egress.Limits(timeout_s=0.3, answer_bytes=1000)
    async with receiver(answer) as (url, _):
        with pytest.raises(TimeoutError):
            await egress.post(inside(url), b"{}", {}, short)
