"""Conditional requests (RFC 9110, section 13): ETag, If-None-Match, If-Match.

The ETag of a single thing is `"VERSION.DIGEST"`: the version of what is stored, and the digest of
what this caller was shown. A list's is the digest alone. If-None-Match compares the whole; If-Match
on a write compares the version, once before the work and once as the first step of the very unit of
work that decides the write (missions/versions.py), so that no update is lost.
"""

import hashlib
import re

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.manners import messages
from api.manners.addresses import Entity
from missions.access import Principal
from missions.versions import Expectation, Versions

LARGEST = 8 << 20
"""Answers beyond that are sent as they come, without an ETag."""
_TAG = re.compile(r'(W/)?"([^"]*)"')
_JSON = ("application/json", "application/geo+json", "application/schema+json")
_NOT_IN_304 = ("content-length", "content-type", "content-encoding")
PRIVATE = "private, no-cache"
"""Kept by the caller's own cache alone, and asked for anew each time (If-None-Match)."""


def tags_of(header: str) -> frozenset[str] | None:
    """The tags of If-Match or If-None-Match without weakness and coding; None for `*`."""
    if header.strip() == "*":
        return None
    return frozenset(found[2].removesuffix("-gzip") for found in _TAG.finditer(header))


def expectation(request: Request, entity: Entity | None, p: Principal) -> Expectation | None:
    """What a write expects of the thing that it is about; None where it expects nothing."""
    header = request.headers.get("if-match")
    if header is None:
        return None
    tags = tags_of(header)
    versions = None if tags is None else frozenset(tag.partition(".")[0] for tag in tags)
    if entity is None:
        return Expectation(kind="", id="", versions=versions, principal=p)
    return Expectation(kind=entity.kind, id=entity.id, versions=versions, principal=p)


async def read(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    entity: Entity | None,
    versions: Versions,
) -> None:
    """Answer a GET with an ETag, or 304 where the caller has it already."""
    # before the representation: a change in between makes the tag too old, never too new
    version = versions.of(entity.kind, entity.id) if entity and entity.whole else None
    answer = await messages.held(app, scope, receive, send, most=LARGEST)
    if answer is None:
        return
    headers = answer.headers
    if answer.status == 200 and headers.get("content-type", "").startswith(_JSON):
        digest = hashlib.blake2b(answer.body, digest_size=12).hexdigest()
        headers.setdefault("ETag", f'"{version}.{digest}"' if version else f'"{digest}"')
        headers.setdefault("Cache-Control", PRIVATE)
        headers.add_vary_header("Authorization")
    wanted = Request(scope).headers.get("if-none-match")
    if wanted is not None and answer.status == 200 and "etag" in headers:
        have = tags_of(wanted)
        if have is None or (tags_of(headers["etag"]) or frozenset()) & have:
            for name in _NOT_IN_304:
                del headers[name]
            answer.start["status"] = 304
            answer.body = b""
    await answer.give(send)


def coded(raw: messages.Headers) -> messages.Headers:
    """A strong tag names one coding: a packed answer's says so."""
    packed = any(k == b"content-encoding" and v == b"gzip" for k, v in raw)
    if not packed:
        return raw
    return [(k, _suffixed(v) if k.lower() == b"etag" else v) for k, v in raw]


def _suffixed(tag: bytes) -> bytes:
    return tag if tag.startswith(b"W/") else tag[:-1] + b'-gzip"'
