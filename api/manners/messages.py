"""Bodies and answers on their way through the middleware."""

from collections.abc import Callable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]


class Answer:
    """The start and the body of an answer that comes whole."""

    __slots__ = ("body", "start")

    def __init__(self, start: Message, body: bytes) -> None:
        self.start = start
        self.body = body

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.start["status"])

    @property
    def headers(self) -> MutableHeaders:
        """The headers, to read and to change."""
        return MutableHeaders(raw=self.start["headers"])

    async def give(self, send: Send) -> None:
        """Send it."""
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


async def whole_body(receive: Receive, most: int) -> bytes | None:
    """The request's body; None where it is larger than ``most`` bytes or does not come whole."""
    parts, length = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > most:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def again(body: bytes, receive: Receive) -> Receive:
    """A receiver that gives a body that was read already, then goes on."""
    given = False

    async def receiver() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiver


async def held(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, most: int
) -> Answer | None:
    """Run an application and hold its answer back; None where it streamed or was too long.

    Those are sent as they come.
    """
    start: Message | None = None
    answer: Answer | None = None

    async def sender(message: Message) -> None:
        nonlocal start, answer
        if message["type"] == "http.response.start":
            start = {**message, "headers": list(message.get("headers", ()))}
            return
        if start is not None and answer is None and message["type"] == "http.response.body":
            body = message.get("body", b"")
            if not message.get("more_body", False) and len(body) <= most:
                answer = Answer(start, body)
                return
            await send(start)
            start = None
        elif start is not None and answer is None:  # a file sent by the server itself
            await send(start)
            start = None
        await send(message)

    await app(scope, receive, sender)
    return answer


def without_body(send: Send) -> Send:
    """A sender for HEAD: what is told stays, the body goes."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sender


def with_headers(send: Send, more: Callable[[Any], Headers]) -> Send:
    """A sender that adds headers to the answer's start."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = more(message)
            message["headers"] = [*message.get("headers", ()), *added]
        await send(message)

    return sender
