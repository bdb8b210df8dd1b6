"""What every request and answer passes, before and after anything else looks at it.

A service on this machine trusts whoever sits there, so other web sites must not reach it through
the browser: a foreign Host header (DNS rebinding) and writes that come from a foreign origin are
refused. Answers carry a strict content security policy.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, plain, respond
from api.settings import Settings

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",  # the map's canvas and pictures fetched with a token
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",  # the map library places its controls with attributes
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = [
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
MEDIA = "/api/v1/media"
UPLOADS = "/api/v1/uploads"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """ASGI middleware; written without a helper class because photographs pass it 100 times a
    second."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.hosts = settings.hosts
        self.checks_hosts = settings.on_loopback or bool(settings.allowed_hosts)
        self.largest = settings.body_max_kb * 1024
        self.largest_photo = settings.media_max_mb * 1024 * 1024

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        problem = self._objection(scope, Headers(scope=scope))
        if problem is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            await respond(problem)(scope, receive, _with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 4403, "reason": problem.detail})

    def _objection(self, scope: Scope, headers: Headers) -> Problem | None:
        return self._foreign(scope, headers) or self._too_large(scope, headers)

    def _too_large(self, scope: Scope, headers: Headers) -> Problem | None:
        """Refuse by the length announced; what comes in chunks is counted by the application."""
        length = headers.get("content-length", "0")
        photo = scope["path"] == MEDIA or scope["path"].startswith(UPLOADS)
        limit = self.largest_photo if photo else self.largest
        if length.isdigit() and int(length) <= limit:
            return None
        return plain(
            413,
            f"a body of {length} bytes; {limit} are the most",
            field="Content-Length",
            remedy="send less, or raise the limit (FLYONCE_MEDIA_MAX_MB, FLYONCE_BODY_MAX_KB)",
        )

    def _foreign(self, scope: Scope, headers: Headers) -> Problem | None:
        address = headers.get("host", "")
        if self.checks_hosts and _hostname(address) not in self.hosts:
            return plain(
                421,
                f"this service is not called {address!r}",
                field="Host",
                remedy="use its own address, or name the host in FLYONCE_ALLOWED_HOSTS",
            )
        if scope["type"] == "http" and scope["method"] in _SAFE:
            return None
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != address.lower()
        if foreign or headers.get("sec-fetch-site") == "cross-site":
            return plain(
                403,
                "other web sites may not act here",
                field="Origin",
                remedy="use the console at the service's own address",
            )
        return None


def _hostname(address: str) -> str | None:
    """The name in a Host header, without port and brackets, lower-case."""
    try:
        return urlsplit(f"//{address}").hostname
    except ValueError:
        return None


def _with_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return sender
