"""The inner middleware: who asks, how often, with which key and on which condition."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import auth
from api.errors import Unauthenticated, plain, problem_of, respond
from api.manners import calling, conditional, messages, weighing
from api.manners.addresses import PREFIX, Addresses, entity_of
from api.manners.idempotency import WRITES, Idempotency, key_of
from api.manners.limits import Limiter, TooManyRequests
from api.settings import Settings
from core.errors import FlyOnceError
from missions.access import Principal
from missions.service import Service
from missions.store.acting import acting

_ENCODINGS = frozenset({"", "identity"})
_NO_STORE = (b"cache-control", b"no-store")


class Desk:
    """ASGI middleware round the routes. Deliveries of photographs pass it untouched: they come
    100 times a second, wait for the disk, and are known by their content."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: Service,
        settings: Settings,
        addresses: Addresses,
        limiter: Limiter,
    ) -> None:
        self._app = app
        self._service = service
        self._settings = settings
        self._addresses = addresses
        self._limiter = limiter
        self._largest = settings.body_max_kb << 10
        self._keyed = Idempotency(app, service.answers, self._largest)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if scope["method"] == "OPTIONS" and await self._options(request, send):
            return
        if scope["method"] == "POST" and scope["path"] == f"{PREFIX}/media":
            await self._app(scope, receive, send)
            return
        if request.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            await _refuse_packed(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            send = messages.without_body(send)
            if "HEAD" not in self._addresses.methods(scope["path"]):
                scope = {**scope, "method": "GET"}
        await self._admitted(Request(scope, receive), send)

    async def _options(self, request: Request, send: Send) -> bool:
        """Answer OPTIONS where no route does: which methods there are."""
        methods = self._addresses.methods(request.url.path)
        if not methods or "OPTIONS" in methods:
            return False
        allow = self._addresses.allowed(request.url.path).encode()
        start = {"type": "http.response.start", "status": 204, "headers": [(b"allow", allow)]}
        await messages.Answer(start, b"").give(send)
        return True

    async def _admitted(self, request: Request, send: Send) -> None:
        """Find out who asks, and whether not too often."""
        try:
            principal = await self._principal(request)
            more = self._limiter.take(principal, request.method) if principal else {}
        except TooManyRequests as why:
            wait = {"Retry-After": str(why.retry_after_s)}
            await respond(problem_of(why), wait)(request.scope, request.receive, send)
            return
        raw = [(k.lower().encode(), v.encode()) for k, v in more.items()]
        send = messages.with_headers(send, lambda message: [*raw, *self._lacking(request, message)])
        await self._conditionally(request, principal, send)

    async def _principal(self, request: Request) -> Principal | None:
        try:
            principal = await auth.get_principal(request, self._service, self._settings)
        except Unauthenticated:  # its route says so, if it asks for anybody at all
            if "authorization" in request.headers:
                self._limiter.strangers(request.client.host if request.client else "")
            return None
        except FlyOnceError:
            return None
        calling.remember(request.scope, principal)
        return principal

    def _lacking(self, request: Request, message: Message) -> messages.Headers:
        """Headers that an answer lacks: Allow in full, and who may keep it."""
        names = {name.lower() for name, _ in message.get("headers", ())}
        lacking: messages.Headers = []
        if message["status"] == 405:
            message["headers"] = [h for h in message["headers"] if h[0].lower() != b"allow"]
            lacking.append((b"allow", self._addresses.allowed(request.url.path).encode()))
        if b"cache-control" not in names:
            lacking.append(_NO_STORE)
        return lacking

    async def _conditionally(
        self, request: Request, principal: Principal | None, send: Send
    ) -> None:
        scope, receive = request.scope, request.receive
        entity = entity_of(scope["path"])
        if request.method == "GET":
            versions = self._service.versions
            await conditional.read(self._app, scope, receive, send, entity, versions)
        elif principal is None or request.method not in WRITES:
            await self._app(scope, receive, send)
        else:
            await self._write(request, principal, send)

    async def _write(self, request: Request, principal: Principal, send: Send) -> None:
        scope, receive = request.scope, request.receive
        entity = entity_of(scope["path"])
        expected = conditional.expectation(request, entity, principal)
        try:
            if expected is not None:
                self._service.versions.check(expected)
        except FlyOnceError as why:
            await respond(problem_of(why))(scope, receive, send)
            return
        if weighing.is_heavy(request):
            body = await weighing.weighed(request, self._largest)
            if not isinstance(body, bytes):
                await respond(body)(scope, receive, send)
                return
            receive = messages.again(body, receive)
        acts = () if expected is None else (expected,)
        key = key_of(request)
        if key is not None:
            await self._keyed.run(key, principal, scope, receive, send, acts)
            return
        with acting(*acts):
            await self._app(scope, receive, send)


async def _refuse_packed(scope: Scope, receive: Receive, send: Send) -> None:
    problem = plain(
        415,
        "packed bodies are not taken: nobody knows how large they become",
        field="Content-Encoding",
        remedy="send the body as it is, without Content-Encoding",
    )
    await respond(problem, {"Accept-Encoding": "identity"})(scope, receive, send)
