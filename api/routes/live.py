"""The live socket."""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from api.auth import ServiceOf, SettingsOf, identify, is_local_operator, token_of
from api.errors import Unauthenticated
from api.live import Feed, Hub
from api.settings import Settings
from missions.access import Principal
from missions.service import Service

router = APIRouter()

_SIGN_IN_S = 10.0
_STUCK_S = 20.0
"""A socket that takes no frame for so long is closed."""
_REFUSED, _BROKEN, _STUCK = 4401, 1011, 1013


@router.websocket("/live")
async def live(
    socket: WebSocket,
    service: ServiceOf,
    settings: SettingsOf,
    token: Annotated[str | None, Query(max_length=500)] = None,
) -> None:
    """Frames of the present state, latest wins; see docs for their form."""
    await socket.accept()
    try:
        principal = await _sign_in(socket, service, settings, token)
    except Unauthenticated as refusal:
        await socket.close(_REFUSED, refusal.what)
        return
    except WebSocketDisconnect:
        return
    hub: Hub = socket.app.state.hub
    with hub.watch(principal) as feed:
        await _until_either_ends(_send(socket, feed), _listen(socket))


async def _sign_in(
    socket: WebSocket, service: Service, settings: Settings, token: str | None
) -> Principal:
    """The principal of the token given in the address, a header or the first message."""
    given = token or token_of(socket)
    if given is None and not is_local_operator(socket, settings):
        given = await _first_message(socket)
    return identify(socket, service, settings, given)


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


async def _send(socket: WebSocket, feed: Feed) -> None:
    """Frames until the live view breaks down or the socket takes no more."""
    while (text := await feed.next()) is not None:
        try:
            async with asyncio.timeout(_STUCK_S):
                await socket.send_text(text)
        except TimeoutError:
            await socket.close(_STUCK, "too slow")
            return
    await socket.close(_BROKEN, "the live view broke down: connect again")


async def _listen(socket: WebSocket) -> None:
    """Read until the other side leaves; what it says after signing in means nothing."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _until_either_ends(*work: Coroutine[Any, Any, None]) -> None:
    """Run both; when one ends, or the other side is gone, end the other."""

    async def run(one: Coroutine[Any, Any, None]) -> None:
        with suppress(WebSocketDisconnect):
            await one
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for one in work:
            group.start_soon(run, one)
