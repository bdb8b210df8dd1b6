"""The live socket."""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from api.auth import ServiceOf, SettingsOf, identify, is_local_operator, token_of
from api.errors import Unauthenticated, status_of
from api.live import Feed, Hub, Resumed
from api.settings import Settings
from api.streams import STUCK_S, Rights
from core.errors import FlyOnceError
from missions.access import Principal
from missions.feed.reading import Swept
from missions.service import Service

router = APIRouter()

_SIGN_IN_S = 10.0
_REFUSED, _BROKEN, _STUCK, _GONE = 4401, 1011, 1013, 4410
_REASON = 100
"""A reason to close has room for 123 bytes."""


@router.websocket("/live")
async def live(
    socket: WebSocket,
    service: ServiceOf,
    settings: SettingsOf,
    token: Annotated[str | None, Query(max_length=500)] = None,
    after: Annotated[str | None, Query(max_length=80)] = None,
) -> None:
    """Frames of the present state, latest wins; see docs for their form."""
    await socket.accept()
    try:
        principal, given = await _sign_in(socket, service, settings, token)
        start = None if after is None else await _start(service, principal, after)
        with socket.app.state.limiter.place(principal):
            await _show(socket, service, Rights(service, principal, given), principal, start)
    except FlyOnceError as refusal:
        await socket.close(_code(refusal), refusal.what[:_REASON])
    except WebSocketDisconnect:
        return


async def _show(
    socket: WebSocket, service: Service, rights: Rights, principal: Principal, start: int | None
) -> None:
    """Frames until one side has enough."""
    hub: Hub = socket.app.state.hub
    others = (_listen(socket), _checked(socket, rights))
    with hub.watch(principal) as feed:
        if start is None:
            await _until_one_ends(_send(socket, feed), *others)
            return
        tail = service.feed.tail
        async with tail.following():
            await _until_one_ends(_send(socket, Resumed(feed, tail, start)), *others)


def _code(refusal: FlyOnceError) -> int:
    """The code to close with: 4000 and the status that a request would get."""
    return 4000 + status_of(refusal)


async def _start(service: Service, principal: Principal, after: str) -> int:
    """The place in the feed to go on behind: a change's number, `latest`, or the id of an alert.

    Raises:
        Swept: changes behind it are no longer kept.
        NotFound: no such alert for this caller.
    """
    if after.isascii() and after.isdigit() and len(after) <= 18:
        return await service.feed.tail.start(int(after))
    if after == "latest":
        return await service.feed.tail.start(None)
    return await asyncio.to_thread(service.feed.place_of_alert, principal, after)


async def _sign_in(
    socket: WebSocket, service: Service, settings: Settings, token: str | None
) -> tuple[Principal, str | None]:
    """Who asks, and the token given in the address, a header or the first message."""
    given = token or token_of(socket)
    if given is None and not is_local_operator(socket, settings):
        given = await _first_message(socket)
    return identify(socket, service, settings, given), given


async def _first_message(socket: WebSocket) -> str:
    try:
        async with asyncio.timeout(_SIGN_IN_S):
            message = json.loads(await socket.receive_text())
    except (TimeoutError, ValueError, KeyError) as error:
        raise Unauthenticated('the first message must be {"token": TOKEN}') from error
    if not isinstance(message, dict) or not isinstance(message.get("token"), str):
        raise Unauthenticated('the first message must be {"token": TOKEN}')
    token: str = message["token"]
    return token


async def _send(socket: WebSocket, feed: Feed | Resumed) -> None:
    """Frames until the live view breaks down or the socket takes no more."""
    while (text := await _next(socket, feed)) is not None:
        try:
            async with asyncio.timeout(STUCK_S):
                await socket.send_text(text)
        except TimeoutError:
            await socket.close(_STUCK, "too slow")
            return
    await socket.close(_BROKEN, "the live view broke down: connect again")


async def _next(socket: WebSocket, feed: Feed | Resumed) -> str | None:
    try:
        return await feed.next()
    except Swept as why:
        await socket.close(_GONE, why.what[:_REASON])
        raise WebSocketDisconnect(_GONE) from why


async def _checked(socket: WebSocket, rights: Rights) -> None:
    """Close the socket when the caller's rights end or change."""
    await rights.ended()
    await socket.close(_REFUSED, "the rights have changed: sign in again")


async def _listen(socket: WebSocket) -> None:
    """Read until the other side leaves; what it says after signing in means nothing."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _until_one_ends(*work: Coroutine[Any, Any, None]) -> None:
    """Run all; when one ends, or the other side is gone, end the others."""

    async def run(one: Coroutine[Any, Any, None]) -> None:
        with suppress(WebSocketDisconnect):
            await one
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for one in work:
            group.start_soon(run, one)
