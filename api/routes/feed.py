"""The change feed: in pages, waiting for the next change, or as server-sent events."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request

from api.auth import Caller, ServiceOf, token_of
from api.errors import problems
from api.manners.places import live_place
from api.schemas.feed import FeedOut
from api.streams import EventStream, Rights, event, first, place
from core.errors import InvalidInput
from missions.access import Principal
from missions.feed.change import KINDS
from missions.feed.desk import Feed
from missions.feed.reading import Swept

router = APIRouter(tags=["events"])

HEARTBEAT_S = 15.0
"""Proxies close what is silent for a minute or less."""
RETRY_MS = 2000
LATEST = "latest"

_Place = Annotated[
    str | None,
    Query(
        max_length=20,
        pattern=rf"^([0-9]{{1,18}}|{LATEST})$",
        description=f"`next` of the page before, or `{LATEST}`; left out: the oldest change kept",
    ),
]
_Kinds = Annotated[
    str | None,
    Query(max_length=200, description=f"some of {', '.join(KINDS)}, separated by commas"),
]
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `change` with a change as `data` and its number as `id`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/feed", summary="What changed", responses=problems(410))
async def feed(
    service: ServiceOf,
    caller: Caller,
    after: _Place = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="most items of a page")] = 100,
    kinds: _Kinds = None,
    wait: Annotated[
        float, Query(ge=0, le=55, description="seconds to wait for the next change")
    ] = 0.0,
) -> FeedOut:
    """Each change of a thing that the caller may see, in the order in which they were kept.

    Read the lists after `after=latest` has given a place, then go on from there: nothing is missed.
    `410` says that changes behind `after` are no longer kept: begin so again.
    """
    chosen = _kinds(kinds)
    behind = await _behind(service.feed, after)

    def page() -> FeedOut:
        return FeedOut.of(service.feed.page(caller, after=behind, limit=limit, kinds=chosen))

    found = await asyncio.to_thread(page)
    if wait and not found.items:
        await _wait(service.feed, caller, found.next, chosen, wait)
        found = await asyncio.to_thread(page)
    return found


@router.get(
    "/feed/stream",
    summary="Changes as they come",
    status_code=200,
    response_class=EventStream,
    responses=problems(410) | _STREAM,
    dependencies=[Depends(live_place)],
)
async def feed_stream(
    request: Request,
    service: ServiceOf,
    caller: Caller,
    after: _Place = None,
    kinds: _Kinds = None,
    last_event_id: Annotated[
        str | None, Header(max_length=20, description="number to go on behind; sent by browsers")
    ] = None,
) -> EventStream:
    """Server-sent events from now on, or behind `after` or `Last-Event-ID`: each once, in order."""
    chosen = _kinds(kinds)
    given = last_event_id or after or LATEST
    behind = await service.feed.tail.start(_number(given), chosen)
    rights = Rights(service, caller, token_of(request))
    return EventStream(_events(service.feed, caller, behind, chosen, rights))


async def _events(
    feed: Feed, caller: Principal, after: int, kinds: tuple[str, ...], rights: Rights
) -> AsyncGenerator[bytes]:
    """The wire's bytes until the rights end."""
    loop = asyncio.get_running_loop()
    audience, sent, beat = caller.audience(), after, loop.time()
    yield first(RETRY_MS) + place(after)
    async with feed.tail.following() as fresh, _beside(rights.ended()) as gone:
        while not gone.done():
            fresh.clear()
            try:
                news = await feed.tail.news(after, audience, kinds)
            except Swept as why:
                yield event(json.dumps({"detail": why.what, "remedy": why.remedy}), name="gone")
                return
            moved, after = news.next != after, news.next
            if news.lines:
                sent, beat = news.lines[-1].seq, loop.time()
                yield b"".join(event(line.text, id=line.seq, name="change") for line in news.lines)
            elif loop.time() - beat >= HEARTBEAT_S:
                yield place(after) if after > sent else b": \n\n"
                sent, beat = after, loop.time()
            if not moved:
                await _until(fresh, HEARTBEAT_S, gone)
    yield event('{"detail":"the rights have changed: sign in again"}', name="end")


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Future[None]]:
    """Something that goes on beside the block, and ends with it."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()


async def _wait(
    feed: Feed, caller: Principal, after: int, kinds: tuple[str, ...], seconds: float
) -> None:
    """Return when there is something for the caller, or the time is over."""
    audience, end = caller.audience(), asyncio.get_running_loop().time() + seconds
    async with feed.tail.following() as fresh:
        while (left := end - asyncio.get_running_loop().time()) > 0:
            fresh.clear()
            news = await feed.tail.news(after, audience, kinds)
            if news.lines:
                return
            moved, after = news.next != after, news.next
            if not moved:
                await _until(fresh, left)


async def _until(
    fresh: asyncio.Event, seconds: float, gone: asyncio.Future[None] | None = None
) -> None:
    """Return when there is something new, the time is over, or the rights are."""
    waiting: asyncio.Future[Any] = asyncio.ensure_future(fresh.wait())
    try:
        await asyncio.wait(
            {waiting} if gone is None else {waiting, gone},
            timeout=seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        waiting.cancel()


async def _behind(feed: Feed, after: str | None) -> int:
    if after == LATEST:
        return await asyncio.to_thread(feed.head)
    return int(after or 0)


def _number(text: str) -> int | None:
    if text == LATEST:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise InvalidInput(
            "no number of a change", where="Last-Event-ID", remedy="send the id of the last event"
        )
    return int(text)


def _kinds(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(k.strip() for k in (text or "").split(",") if k.strip()))
