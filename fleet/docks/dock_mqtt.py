"""Docks that speak MQTT 3.1.1: one broker for a site; topics and fields are in docs/docks.md.

A retained state shows what a dock said last, perhaps yesterday: it proves nothing. A dock's last
will on ``online`` tells of its going at once, without waiting for heartbeats.
"""

import asyncio
import json
import logging
import ssl
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import aiomqtt

from core.clock import Clock
from core.errors import InvalidInput
from fleet.docks.dock_messages import Answer, read_answer
from fleet.docks.dock_remote import RemoteDock

PREFIX = "flyonce/docks"
QOS = 1
"""At least once: a doubled state has the number of the first, a doubled command its id."""

CONNECT_S = 10.0
KEEPALIVE_S = 20
AGAIN_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before connecting again (of the wall: they are the network's)."""

logger = logging.getLogger("flyonce.docks")


class MqttSite:
    """A broker and the docks behind it.

    Args:
        url: ``mqtt://[USER[:PASSWORD]@]HOST[:PORT][/PREFIX]``, or ``mqtts://`` for TLS.

    Raises:
        InvalidInput: no such address, or a password would travel in clear over a network.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._clock = clock
        self._options, self.name, prefix = _parsed(url)
        self.prefix = prefix or PREFIX
        self._docks: dict[str, MqttDock] = {}
        self._client: aiomqtt.Client | None = None
        self._run: asyncio.Task[None] | None = None
        self._users = 0

    def dock(self, dock_id: str) -> "MqttDock":
        """One of its docks.

        Raises:
            InvalidInput: its id can be no part of a topic.
        """
        if not dock_id or any(c in dock_id for c in "/+#\0"):
            raise InvalidInput(
                "this id can be no part of an MQTT topic",
                where=dock_id,
                remedy="use no / + # in it",
            )
        return self._docks.setdefault(dock_id, MqttDock(dock_id, self, self._clock))

    async def start(self) -> None:
        self._users += 1
        if self._run is None:
            self._run = asyncio.create_task(self._stay_connected(), name=f"docks at {self.name}")

    async def stop(self) -> None:
        self._users -= 1
        if self._users or self._run is None:
            return
        self._run.cancel()
        with suppress(asyncio.CancelledError):
            await self._run
        self._run = None

    async def publish(self, dock_id: str, message: dict[str, Any]) -> None:
        """Hand a command to the broker. Raises ConnectionError."""
        if self._client is None:
            raise ConnectionError(f"no connection to {self.name}")
        try:
            await self._client.publish(
                f"{self.prefix}/{dock_id}/command", json.dumps(message), qos=QOS, timeout=CONNECT_S
            )
        except aiomqtt.MqttError as error:
            raise ConnectionError(str(error)) from error

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            try:
                async with aiomqtt.Client(**self._options) as client:
                    for part in ("online", "state", "answer"):
                        await client.subscribe(f"{self.prefix}/+/{part}", qos=QOS)
                    self._client, failures = client, 0
                    async for message in client.messages:
                        self._sort(message)
            except aiomqtt.MqttError as error:
                if not failures:
                    logger.warning("docks at %s: %s", self.name, error)
            finally:
                self._client = None
            await asyncio.sleep(AGAIN_S[min(failures, len(AGAIN_S) - 1)])
            failures += 1

    def _sort(self, message: aiomqtt.Message) -> None:
        *_, dock_id, part = message.topic.value.split("/")
        dock = self._docks.get(dock_id)
        if dock is None:
            return
        payload = message.payload
        if part == "online":
            if payload == b"0":
                dock.gone()
            return
        try:
            body = json.loads(payload if isinstance(payload, bytes | str) else b"")
        except ValueError:
            body = None
        if part == "state":
            dock.received(body, live=not message.retain)
        elif not message.retain:
            dock.answered(body)


class MqttDock(RemoteDock):
    """A dock of an `MqttSite`."""

    def __init__(self, dock_id: str, site: MqttSite, clock: Clock) -> None:
        super().__init__(dock_id, clock)
        self._site = site
        self._answers: dict[str, asyncio.Future[Answer]] = {}

    async def start(self) -> None:
        await self._site.start()

    async def stop(self) -> None:
        await self._site.stop()

    async def send(self, message: dict[str, Any]) -> Answer:
        number = message["id"]
        waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[number] = waiter
        try:
            await self._site.publish(self.id, message)
            return await waiter
        finally:
            del self._answers[number]

    def answered(self, body: Any) -> None:
        """Take in an answer; one that nobody waits for is a double."""
        try:
            answer = read_answer(body)
        except InvalidInput as wrong:
            self._reject("malformed", str(wrong))
            return
        waiter = self._answers.get(answer.id)
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)


def _parsed(url: str) -> tuple[dict[str, Any], str, str]:
    """The client's options, a name without the password, and the prefix of the topics."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme not in ("mqtt", "mqtts"):
        raise InvalidInput(
            "no address of a broker",
            where=url.rpartition("@")[2][:200],
            remedy="write mqtts://USER:PASSWORD@HOST[:PORT][/PREFIX]",
        )
    secure = parts.scheme == "mqtts"
    name = f"{parts.scheme}://{host}:{port or (8883 if secure else 1883)}"
    if parts.password and not secure and host not in ("localhost", "127.0.0.1", "::1"):
        raise InvalidInput(
            "the password would travel in clear", where=name, remedy="write mqtts://"
        )
    options = {
        "hostname": host,
        "port": port or (8883 if secure else 1883),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "timeout": CONNECT_S,
        "keepalive": KEEPALIVE_S,
        "tls_context": ssl.create_default_context() if secure else None,
    }
    return options, name, parts.path.strip("/")
