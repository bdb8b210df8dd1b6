"""Serves the simulated docks over HTTP, as docs/docks.md describes it."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import unquote

import uvicorn

from core.errors import Unavailable
from sim.dock import Dock
from sim.docks import Docks

LARGEST_BYTES = 16_384


class DockServer:
    """An HTTP server for all docks of a simulation.

    Args:
        token: callers must show it; None on this machine alone.
    """

    def __init__(self, docks: Docks, *, token: str | None = None) -> None:
        self._docks = docks
        self._token = token
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.port}"

    async def open(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one.

        Raises:
            Unavailable: the port is in use or may not be opened.
        """
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            raise Unavailable(
                f"cannot listen for docks on {host}:{port}: {error.strerror}",
                where="--docks-port",
                remedy="another simulation may be running; stop it or choose another port",
            ) from error
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve([listener]), name="docks: http")

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task

    async def _answer(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """The application (ASGI)."""
        status, body = await self._respond(scope, receive)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def _respond(self, scope: Mapping[str, Any], receive: Any) -> tuple[int, Any]:
        if not self._allowed(scope):
            return 401, {"detail": "show the token as Authorization: Bearer TOKEN"}
        method = cast(str, scope["method"])
        parts = [unquote(p) for p in cast(str, scope["path"]).strip("/").split("/")]
        now_s = self._docks.now_s
        match parts:
            case ["docks"] if method == "GET":
                heard = [d.message(now_s) for d in self._docks.docks.values() if not d.silent]
                return 200, {"docks": heard}
            case ["docks", dock_id] if method == "GET":
                dock = self._dock(dock_id)
                return (404, _UNKNOWN) if dock is None else (200, dock.message(now_s))
            case ["docks", dock_id, "commands"] if method == "POST":
                dock = self._dock(dock_id)
                return (404, _UNKNOWN) if dock is None else await _command(dock, receive, now_s)
            case _:
                return 404, {"detail": "there is /docks, /docks/ID and /docks/ID/commands"}

    def _allowed(self, scope: Mapping[str, Any]) -> bool:
        if self._token is None:
            return True
        return (b"authorization", f"Bearer {self._token}".encode()) in scope["headers"]

    def _dock(self, dock_id: str) -> Dock | None:
        dock = self._docks.docks.get(dock_id)
        return None if dock is None or dock.silent else dock


_UNKNOWN = {"detail": "no such dock, or it is not heard"}


async def _command(dock: Dock, receive: Any, now_s: float) -> tuple[int, Any]:
    data = b""
    while True:
        part = await receive()
        data += part.get("body", b"")
        if len(data) > LARGEST_BYTES:
            return 413, {"detail": "the command is too large"}
        if not part.get("more_body"):
            break
    try:
        message = json.loads(data)
    except ValueError:
        message = None
    if not isinstance(message, dict) or not message.get("id") or message.get("v") != 1:
        return 422, {"detail": "a command is an object with v, id, command and seen"}
    answer = dock.obey(message, now_s)
    return {"refused": 409, "accepted": 202}.get(answer["state"], 200), answer


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
