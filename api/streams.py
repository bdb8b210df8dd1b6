"""What long answers have in common: they end when the caller's rights do, and when nobody reads."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from missions.access import Principal
from missions.service import Service

STUCK_S = 20.0
"""A stream that takes nothing for so long is closed."""


class Rights:
    """The rights with which a stream was opened.

    Args:
        token: that was shown; None for the person at this machine.
    """

    def __init__(self, service: Service, principal: Principal, token: str | None) -> None:
        self._service = service
        self._principal = principal
        self._token = token

    async def ended(self) -> None:
        """Return once they are not the same any more."""
        if self._token is None:
            await asyncio.Event().wait()  # the person at this machine: for ever
        await self._service.identity.until_bad(self._principal)


class EventStream(StreamingResponse):
    """Server-sent events of a generator; ends when the other side takes nothing any more."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        self._events = events
        super().__init__(events, headers={"cache-control": "no-store", "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def in_time(message: Message) -> None:
            async with asyncio.timeout(STUCK_S):
                await send(message)

        try:
            await super().__call__(scope, receive, in_time)
        except* TimeoutError:
            pass  # nobody reads: the connection is dropped without the last chunk
        finally:
            await self._events.aclose()


def event(data: str, *, id: int | None = None, name: str = "") -> bytes:
    """One event as the wire has it; ``data`` is a single line."""
    lines = [f"event: {name}"] if name else []
    lines += [f"data: {data}"]
    lines += [f"id: {id}"] if id is not None else []
    return ("\n".join(lines) + "\n\n").encode()


def place(id: int) -> bytes:
    """A new place to resume behind, without an event (HTML standard, 9.2.6: an event without data
    is not dispatched, yet its id counts)."""
    return f": \nid: {id}\n\n".encode()


def first(retry_ms: int) -> bytes:
    """The first thing sent: how long to wait before connecting again."""
    return f"retry: {retry_ms}\n\n".encode()
