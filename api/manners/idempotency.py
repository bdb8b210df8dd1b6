"""Idempotency-Key on every write: the same key is the same act (missions/answers.py).

Left out, because they are known by their content and safe to repeat anyway: deliveries of
photographs (POST /media, by SHA-256) and uploads (tus, by offset and checksum). Searches that are
sent by POST change nothing and take no key either.
"""

import hashlib
from collections.abc import Callable

import anyio.to_thread
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLongToKeep, plain, problem_of, respond
from api.manners import messages
from api.manners.addresses import PREFIX
from api.manners.weighing import too_large
from core.errors import FlyOnceError
from missions import answers
from missions.access import Principal
from missions.answers import Answers, Attempt
from missions.store.acting import Act, acting
from missions.store.records import Answer as KeptAnswer

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_BY_CONTENT = (f"{PREFIX}/media", f"{PREFIX}/uploads")
_ONLY_READ = frozenset({f"{PREFIX}/stac/search", f"{PREFIX}/media/answers"})
_SECRET = tuple(f"{PREFIX}/{part}" for part in ("sign-in", "accounts", "keys", "webhooks", "me"))
"""Their answers may hold what is shown once: that they were done is kept, not what was said."""
_KEPT_HEADERS = ("content-type", "location", "etag", "cache-control", "content-disposition")
_KEPT_STATUS = frozenset({500, 502, 504})
"""Beside success: something may have been done, and only this answer tells of it."""
_TEXT = ("application/json", "application/problem+json", "application/geo+json", "text/")


def key_of(request: Request) -> str | None:
    """The request's key, if it has one that counts; quotes round it may be left out."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not takes_key(request.method, request.url.path):
        return None
    return key[1:-1] if len(key) >= 2 and key[0] == key[-1] == '"' else key


def takes_key(method: str, path: str) -> bool:
    """Whether a key counts at an address."""
    by_content = path == _BY_CONTENT[0] or path.startswith(_BY_CONTENT[1])
    return method in WRITES and not by_content and path not in _ONLY_READ


class Idempotency:
    """Runs a keyed request once, and tells its answer again."""

    def __init__(self, app: ASGIApp, kept: Answers, largest: int) -> None:
        self._app = app
        self._kept = kept
        self._largest = largest

    async def run(
        self,
        key: str,
        principal: Principal,
        scope: Scope,
        receive: Receive,
        send: Send,
        acts: tuple[Act, ...],
    ) -> None:
        """Answer a request with a key: once by doing it, from then on by telling what it was."""
        body = await messages.whole_body(receive, self._largest)
        if body is None:
            await respond(too_large(self._largest))(scope, receive, send)
            return
        digest, address = _digest(scope, body), f"{scope['method']} {scope['path']}"

        def begin() -> KeptAnswer | Attempt:
            return self._kept.begin(principal, key, digest, address)

        try:
            begun = await anyio.to_thread.run_sync(begin)
        except FlyOnceError as why:
            wait = {"Retry-After": "1"} if isinstance(why, answers.StillRunning) else None
            await respond(problem_of(why), wait)(scope, receive, send)
            return
        if isinstance(begun, KeptAnswer):
            await _replay(begun, address, scope, receive, send)
        else:
            await self._first(begun, body, scope, receive, send, acts)

    async def _first(
        self,
        attempt: Attempt,
        body: bytes,
        scope: Scope,
        receive: Receive,
        send: Send,
        acts: tuple[Act, ...],
    ) -> None:
        settled = False
        streamed: list[int] = []
        try:
            with acting(*acts, attempt):
                answer = await messages.held(
                    self._app,
                    scope,
                    messages.again(body, receive),
                    _noting(send, streamed),
                    most=answers.LARGEST,
                )
            status = answer.status if answer else streamed[0]
            secret = scope["path"].startswith(_SECRET)
            await anyio.to_thread.run_sync(_settle(attempt, status, answer, keep=not secret))
            settled = True
        finally:
            if not settled:  # it broke off: whoever asks again must not wait for ever
                _broken(attempt)
        if answer is not None:
            await answer.give(send)


def _noting(send: Send, streamed: list[int]) -> Send:
    """Notes the status of an answer that is sent as it comes."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            streamed.append(int(message["status"]))
        await send(message)

    return sender


def _settle(
    attempt: Attempt, status: int, answer: messages.Answer | None, *, keep: bool
) -> Callable[[], None]:
    """What becomes of the key: its answer is kept, or a refusal sets it free."""
    if not (status < 400 or status in _KEPT_STATUS):
        return attempt.release
    headers = answer.headers if answer else {}
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    textual = kept.get("content-type", "text/").startswith(_TEXT)
    if "no-store" in kept.get("cache-control", ""):
        textual = False  # passwords and tokens are shown once and kept nowhere
    text = answer.body.decode("utf-8", "replace") if answer and textual and keep else None
    return lambda: attempt.done(KeptAnswer(status=status, headers=kept, body=text))


def _broken(attempt: Attempt) -> None:
    if attempt.wrote_at is None:
        attempt.release()
        return
    failed = plain(
        500,
        "the service made a mistake after something had been written; its log says which",
        remedy="look whether it was done; if it was not, send it again with a new key",
    )
    text = failed.model_dump_json(exclude_none=True)
    kept = {"content-type": "application/problem+json"}
    attempt.done(KeptAnswer(status=500, headers=kept, body=text))


async def _replay(
    answer: KeptAnswer, address: str, scope: Scope, receive: Receive, send: Send
) -> None:
    if answer.body is None:
        why = TooLongToKeep(
            f"{address} with this key was done and answered {answer.status}; its answer was "
            "not kept: it was too long, no text, or holds what is shown only once",
            where="Idempotency-Key",
            remedy=f"read {answer.headers.get('location', 'what it made')} instead",
        )
        await respond(problem_of(why))(scope, receive, send)
        return
    raw = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers.items()]
    body = answer.body.encode()
    if answer.status not in {204, 304}:
        raw.append((b"content-length", str(len(body)).encode()))
    raw.append((b"idempotent-replayed", b"true"))
    start = {"type": "http.response.start", "status": answer.status, "headers": raw}
    await messages.Answer(start, body).give(send)


def _digest(scope: Scope, body: bytes) -> str:
    hashed = hashlib.sha256()
    kind = dict(scope["headers"]).get(b"content-type", b"").partition(b";")[0].strip().lower()
    for part in (scope["method"].encode(), scope["path"].encode(), scope["query_string"], kind):
        hashed.update(len(part).to_bytes(4, "big") + part)
    hashed.update(body)
    return hashed.hexdigest()
