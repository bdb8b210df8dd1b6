"""The outer middleware: names each request, counts it, logs what went wrong, and sees to it that
errors leave as problems, whoever made them."""

import http
import logging
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import plain, respond
from api.manners import conditional, naming
from api.manners.addresses import PREFIX
from api.manners.metrics import Metrics

logger = logging.getLogger("flyonce.http")
_SLOW_S = 1.0


class Reception:
    """ASGI middleware; the first that a request meets and the last that its answer passes."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        name = naming.begin(Headers(scope=scope).get("x-request-id"))
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        began, out = time.perf_counter(), _Out(scope, receive, send, name)
        with self._metrics.under_way.track_inprogress():
            try:
                await self._app(scope, receive, out)
            finally:
                self._note(scope, out.status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _template(scope)
        self._metrics.answered(scope["method"], route, status, seconds)
        if status >= 500 or seconds > _SLOW_S:
            level = logging.WARNING if status >= 500 else logging.INFO
            logger.log(level, "%s %s: %d in %.2f s", scope["method"], route, status, seconds)


def _template(scope: Scope) -> str:
    """The address as its route has it: ids are not told apart."""
    route = scope.get("route")
    if route is None:
        return "other"
    path = str(route.path)
    return path if path.startswith(PREFIX) or not _in_api(scope) else PREFIX + path


def _in_api(scope: Scope) -> bool:
    return str(scope["path"]).startswith(PREFIX + "/")


class _Out:
    """The way out: names the answer, and turns bare texts of errors into problems."""

    __slots__ = ("_name", "_receive", "_replaced", "_scope", "_send", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._name = (b"x-request-id", name.encode())
        self._replaced = False
        self.status = 500
        """Until something is answered, it counts as a mistake."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            if self.status >= 400 and _in_api(self._scope) and _is_text(message):
                self._replaced = True
                await self._problem(message)
                return
            raw = conditional.coded(list(message.get("headers", ())))
            message = {**message, "headers": [*raw, self._name]}
        elif self._replaced:
            return
        await self._send(message)

    async def _problem(self, start: Message) -> None:
        """Say what the server's own helpers say in bare text, such as of a bad Range."""
        remedy = {
            400: "correct the header that it names, or leave it out",
            416: "ask for a part that there is (Content-Range says how much), or leave Range out",
        }.get(self.status, "see /docs")
        field = "Range" if "range" in Headers(scope=self._scope) else None
        said = http.HTTPStatus(self.status).phrase
        detail = "the Range header asks for what cannot be given" if field else said
        kept = [
            (k, v) for k, v in start["headers"] if k not in {b"content-type", b"content-length"}
        ]
        answer = respond(plain(self.status, detail, field=field, remedy=remedy))
        answer.raw_headers.extend([*kept, self._name])
        await answer(self._scope, self._receive, self._send)


def _is_text(start: Message) -> bool:
    kinds = [v for k, v in start.get("headers", ()) if k.lower() == b"content-type"]
    return bool(kinds) and kinds[0].startswith(b"text/plain")
