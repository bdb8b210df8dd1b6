"""Messages go out to the world, never to the inside: where a webhook may point, and the sending.

A receiver's name is looked up for each attempt, every address that it has must be a public one, and
the connection goes to just the address that was checked: a name that changes its mind in between
(DNS rebinding) changes nothing. No redirect is followed, no proxy used, and little is read of the
answer, of which only the status is kept: nobody can read the city's inner network through us.
Receivers inside are reached only if the setting FLYONCE_WEBHOOK_ALLOW names them.

The ranges are those of IANA's special-purpose registries (RFC 6890 and later) as `ipaddress` knows
them, and those that a newer Python knows and an older one does not.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from core.errors import InvalidInput

Address = IPv4Address | IPv6Address

LONGEST_URL = 2000
_PRINTABLE = re.compile(r"^[!-\[\]-~]+$")
"""ASCII without blanks, control characters and the backslash, a slash to some parsers."""
_NUMBERISH = re.compile(r"^(0[xX][0-9a-fA-F]*|[0-9]+)$")
_NAME = re.compile(
    r"^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
)
_INNER = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "::1/128", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20"),
        *("5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
_WRAPPED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
"""IPv6 in which an IPv4 address travels (RFC 6052, RFC 8215), in the last 32 bits."""


class Refused(InvalidInput):
    """A message may not go there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A receiver's address, taken apart.

    Attributes:
        host: lower case, without brackets; path: with the query.
        inside: the setting names it: it may be a private address and speak plain HTTP.
    """

    scheme: str
    host: str
    port: int
    path: str
    inside: bool

    @property
    def authority(self) -> str:
        """What goes into the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        plain = {"https": 443, "http": 80}[self.scheme]
        return host if self.port == plain else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one attempt: seconds for everything, bytes read of the answer at most."""

    timeout_s: float
    answer_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; retry_after_s: as the receiver asked, None where it did not."""

    status: int
    retry_after_s: float | None = None


def allowed_hosts(text: str) -> frozenset[str]:
    """The receivers inside that a setting names: ``host`` or ``host:port``, by commas.

    Raises:
        InvalidInput: an entry is something else.
    """
    entries = frozenset(entry.strip().lower() for entry in text.split(",") if entry.strip())
    for entry in entries:
        if "/" in entry or "@" in entry or not _PRINTABLE.match(entry):
            raise InvalidInput(
                f"{entry!r} is no receiver",
                where="FLYONCE_WEBHOOK_ALLOW",
                remedy="write host or host:port, separated by commas",
            )
    return entries


def target_of(url: str, allowed: frozenset[str]) -> Target:
    """An address taken apart and checked as far as it goes without looking up the name.

    Raises:
        Refused: and why.
    """
    if len(url) > LONGEST_URL or not _PRINTABLE.match(url):
        raise _refused("an address of at most 2000 printable ASCII characters is needed", url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(f"no address: {error}", url) from error
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    if scheme not in {"http", "https"} or not host or port == 0:
        raise _refused("only https addresses with a host are served", url)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused("no user, password or fragment may be in the address", url)
    port = port or {"https": 443, "http": 80}[scheme]
    name = f"[{host}]" if ":" in host else host
    inside = not allowed.isdisjoint({host, name, f"{name}:{port}"})
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(scheme=scheme, host=host, port=port, path=path, inside=inside)
    if not inside:
        _check_outside(target, url)
    return target


async def addresses_of(target: Target) -> tuple[Address, ...]:
    """Every address that the receiver's name has now, each of them checked.

    Raises:
        Refused: one of them is not public.
        OSError: the name cannot be looked up.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = tuple(dict.fromkeys(ip_address(str(row[4][0]).split("%")[0]) for row in found))
    for address in addresses:
        if not target.inside and not is_public(address):
            raise _refused(f"{target.host} is {address}, which is not a public address")
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address belongs to the world outside."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _unwrapped(address)
        if inner is not None:
            return is_public(inner)
    if any(address in network for network in _INNER if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


async def post(target: Target, body: bytes, headers: Mapping[str, str], limits: Limits) -> Answer:
    """Send a message once, to the first of the receiver's checked addresses.

    Raises:
        Refused: it may not go there.
        OSError, TimeoutError, httpx.HTTPError: it did not arrive, or nothing came back in time.
    """
    async with asyncio.timeout(limits.timeout_s):
        address = (await addresses_of(target))[0]
        host = f"[{address}]" if address.version == 6 else str(address)
        async with httpx.AsyncClient(
            verify=_trust(), trust_env=False, follow_redirects=False, timeout=limits.timeout_s
        ) as client:
            request = client.build_request(
                "POST",
                f"{target.scheme}://{host}:{target.port}{target.path}",
                content=body,
                headers={**headers, "host": target.authority, "user-agent": "FlyOnce-webhook/1"},
                extensions={"sni_hostname": target.host},
            )
            answer = await client.send(request, stream=True)
            try:
                await _skim(answer, limits.answer_bytes)
                return Answer(status=answer.status_code, retry_after_s=_retry_after(answer))
            finally:
                await answer.aclose()


async def _skim(answer: httpx.Response, most: int) -> None:
    """Read the answer's end, so that its sender is not cut off, or as much as is bearable."""
    size = 0
    async for chunk in answer.aiter_raw():
        size += len(chunk)
        if size > most:
            return


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _check_outside(target: Target, url: str) -> None:
    if target.scheme != "https":
        raise _refused("only https goes out", url)
    try:
        literal: Address | None = ip_address(target.host.split("%")[0])
    except ValueError:
        literal = None
    if literal is not None:
        if "%" in target.host or not is_public(literal):
            raise _refused(f"{target.host} is not a public address", url)
        return
    last = target.host.rsplit(".", 1)[-1]
    if _NUMBERISH.match(last) or not _NAME.match(target.host):
        raise _refused(f"{target.host!r} is neither a name nor a plain address", url)
    if target.host == "localhost" or last in {"localhost", "local", "internal"}:
        raise _refused(f"{target.host} is a name of the inside", url)


def _unwrapped(address: IPv6Address) -> IPv4Address | None:
    if any(address in network for network in _WRAPPED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@cache
def _trust() -> ssl.SSLContext:
    """The authorities that this computer trusts, read once."""
    return httpx.create_ssl_context(trust_env=False)


def _refused(what: str, url: str | None = None) -> Refused:
    return Refused(
        what,
        where="url" if url is not None else None,
        remedy="give a public https address, or have the receiver named in FLYONCE_WEBHOOK_ALLOW",
    )
