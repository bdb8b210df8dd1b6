"""Docks that speak HTTP: one address for a site, however many docks stand behind it.

All docks of a site are asked with one request, so that fifty docks cost what one costs.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from core.clock import Clock
from core.errors import InvalidInput
from fleet.docks.dock_messages import Answer, read_answer
from fleet.docks.dock_remote import RemoteDock

POLL_S = 2.0
"""Seconds between two requests, of the clock or of the wall, whichever is over first."""

LEAST_WALL_S = 0.2
"""However fast a simulation runs, a site is not asked more often."""

SOCKET_S = 10.0
"""A socket on which nothing moves for so long is given up (of the wall: it is the network's)."""

LARGEST_BYTES = 4_000_000

logger = logging.getLogger("flyonce.docks")


class HttpSite:
    """A base address and the docks behind it.

    Args:
        base_url: such as ``https://docks.example/v1``.
        token: sent as a bearer token with every request.
        transport: for tests.

    Raises:
        InvalidInput: no such address, or a token would travel in clear over a network.
    """

    def __init__(
        self,
        base_url: str,
        clock: Clock,
        *,
        token: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        _check(base_url, token)
        self.name = base_url
        self._clock = clock
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/",
            headers=headers,
            timeout=SOCKET_S,
            transport=transport,
            trust_env=False,
        )
        self._docks: dict[str, HttpDock] = {}
        self._poll: asyncio.Task[None] | None = None
        self._users = 0
        self.failing = ""
        """Why the last request failed; empty while they succeed."""

    def dock(self, dock_id: str) -> "HttpDock":
        """One of its docks."""
        return self._docks.setdefault(dock_id, HttpDock(dock_id, self, self._clock))

    async def start(self) -> None:
        self._users += 1
        if self._poll is None:
            self._poll = asyncio.create_task(self._ask_for_ever(), name=f"docks at {self.name}")

    async def stop(self) -> None:
        self._users -= 1
        if self._users or self._poll is None:
            return
        self._poll.cancel()
        with suppress(asyncio.CancelledError):
            await self._poll
        self._poll = None
        await self._http.aclose()

    async def _ask_for_ever(self) -> None:
        while True:
            try:
                self._hand_out(await self._json("GET", "docks"))
                self.failing = ""
            except (ConnectionError, InvalidInput) as why:
                self._complain(str(why))
            await self._pause()

    async def _pause(self) -> None:
        await asyncio.sleep(LEAST_WALL_S)
        alarm = asyncio.ensure_future(self._clock.sleep(POLL_S))
        await asyncio.wait({alarm}, timeout=POLL_S - LEAST_WALL_S)
        alarm.cancel()

    def _hand_out(self, body: Any) -> None:
        told = body.get("docks") if isinstance(body, dict) else None
        if not isinstance(told, list):
            raise InvalidInput(
                'no list "docks" in the answer', where=self.name, remedy="see docs/docks.md"
            )
        for state in told:
            dock = self._docks.get(str(state.get("dock"))) if isinstance(state, dict) else None
            if dock is not None:
                dock.received(state)

    async def state_of(self, dock_id: str) -> Any:
        """The state message of one dock. Raises ConnectionError, InvalidInput."""
        return await self._json("GET", f"docks/{quote(dock_id, safe='')}")

    async def command(self, dock_id: str, message: dict[str, Any]) -> Answer:
        """Give a command. Raises ConnectionError; InvalidInput for an answer that is none."""
        path = f"docks/{quote(dock_id, safe='')}/commands"
        return read_answer(await self._json("POST", path, message))

    async def _json(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer; a refusal (409) is one.

        Raises:
            ConnectionError: no answer, or one that says that there is none now.
            InvalidInput: it is no JSON.
        """
        try:
            answer = await self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise ConnectionError(f"{type(error).__name__} {error}".strip()) from error
        if not answer.is_success and answer.status_code != httpx.codes.CONFLICT:
            raise ConnectionError(f"{method} {path}: {answer.status_code} {answer.reason_phrase}")
        if len(answer.content) > LARGEST_BYTES:
            raise InvalidInput("the answer is too large", where=path)
        try:
            return answer.json()
        except ValueError as error:
            raise InvalidInput(f"no JSON in the answer: {error}", where=path) from error

    def _complain(self, why: str) -> None:
        if why != self.failing:
            self.failing = why
            logger.warning("docks at %s: %s", self.name, why)


class HttpDock(RemoteDock):
    """A dock of an `HttpSite`."""

    def __init__(self, dock_id: str, site: HttpSite, clock: Clock) -> None:
        super().__init__(dock_id, clock)
        self._site = site

    async def start(self) -> None:
        await self._site.start()

    async def stop(self) -> None:
        await self._site.stop()

    async def send(self, message: dict[str, Any]) -> Answer:
        try:
            return await self._site.command(self.id, message)
        except InvalidInput as wrong:
            raise ConnectionError(str(wrong)) from wrong

    async def ask(self) -> None:
        with suppress(ConnectionError, InvalidInput):
            self.received(await self._site.state_of(self.id))


def _check(base_url: str, token: str | None) -> None:
    try:
        parts = urlsplit(base_url)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https"):
        raise InvalidInput(
            "no address of docks", where=base_url[:200], remedy="write https://HOST[:PORT][/PATH]"
        )
    local = host in ("localhost", "127.0.0.1", "::1")
    if token and parts.scheme == "http" and not local:
        raise InvalidInput(
            "the token would travel in clear", where=base_url, remedy="write https://"
        )
