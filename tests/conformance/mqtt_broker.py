"""A small MQTT 3.1.1 broker for tests: QoS 0 and 1, retained messages, wills, `+` and `#`.

It speaks the part of the OASIS standard that docs/docks.md uses. Delivery to subscribers is once,
at QoS 1; `double` makes it twice, as the standard allows.
"""

import asyncio
import struct
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PING, PONG, BYE = (
    1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14
)  # fmt: skip


@dataclass
class Session:
    writer: asyncio.StreamWriter
    filters: list[str] = field(default_factory=list)
    will: tuple[str, bytes, bool] | None = None
    number: int = 0


class Broker:
    def __init__(self, *, password: str | None = None) -> None:
        self.port = 0
        self.double = False
        self.retained: dict[str, bytes] = {}
        self.published: list[tuple[str, bytes]] = []
        self._password = password
        self._sessions: list[Session] = []
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for session in list(self._sessions):
            session.writer.close()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        session = Session(writer)
        self._sessions.append(session)
        try:
            while await self._packet(reader, session):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._sessions.remove(session)
            writer.close()
            if session.will is not None:
                self.publish(*session.will)

    async def _packet(self, reader: asyncio.StreamReader, session: Session) -> bool:
        head = (await reader.readexactly(1))[0]
        size, shift = 0, 0
        while True:
            part = (await reader.readexactly(1))[0]
            size |= (part & 127) << shift
            shift += 7
            if not part & 128:
                break
        body = await reader.readexactly(size)
        match head >> 4:
            case 1:
                return self._connect(session, body)
            case 3:
                self._published(session, head, body)
            case 8:
                self._subscribe(session, body)
            case 10:
                _send(session, UNSUBACK, body[:2])
            case 12:
                _send(session, PONG, b"")
            case 14:
                session.will = None
                return False
        return True

    def _connect(self, session: Session, body: bytes) -> bool:
        _, rest = _text(body)
        level, flags = rest[0], rest[1]
        assert level == 4, "MQTT 3.1.1"
        _, rest = _text(rest[4:])
        if flags & 4:
            topic, rest = _text(rest)
            payload, rest = _text(rest)
            session.will = (topic.decode(), payload, bool(flags & 32))
        if flags & 128:
            _, rest = _text(rest)
        given = _text(rest)[0].decode() if flags & 64 else None
        refused = self._password is not None and given != self._password
        if refused:
            session.will = None
        _send(session, CONNACK, bytes((0, 5 if refused else 0)))
        return not refused

    def _published(self, session: Session, head: int, body: bytes) -> None:
        topic, rest = _text(body)
        if head & 6:
            _send(session, PUBACK, rest[:2])
            rest = rest[2:]
        self.publish(topic.decode(), rest, bool(head & 1))

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self.published.append((topic, payload))
        if retain:
            self.retained[topic] = payload
        for session in self._sessions:
            if any(_fits(f, topic) for f in session.filters):
                for _ in range(2 if self.double else 1):
                    _deliver(session, topic, payload, retained=False)

    def _subscribe(self, session: Session, body: bytes) -> None:
        number, rest = body[:2], body[2:]
        granted = b""
        added = []
        while rest:
            wanted, rest = _text(rest)
            granted += bytes((min(1, rest[0]),))
            rest = rest[1:]
            added.append(wanted.decode())
        session.filters += added
        _send(session, SUBACK, number + granted)
        for topic, payload in self.retained.items():
            if any(_fits(f, topic) for f in added):
                _deliver(session, topic, payload, retained=True)


def _deliver(session: Session, topic: str, payload: bytes, *, retained: bool) -> None:
    session.number = session.number % 65535 + 1
    name = topic.encode()
    body = struct.pack(">H", len(name)) + name + struct.pack(">H", session.number) + payload
    _send(session, PUBLISH, body, flags=2 | int(retained))


def _send(session: Session, kind: int, body: bytes, flags: int = 0) -> None:
    size, length = len(body), b""
    while True:
        size, part = divmod(size, 128)
        length += bytes((part | (128 if size else 0),))
        if not size:
            break
    session.writer.write(bytes((kind << 4 | flags,)) + length + body)


def _text(data: bytes) -> tuple[bytes, bytes]:
    (size,) = struct.unpack(">H", data[:2])
    return data[2 : 2 + size], data[2 + size :]


def _fits(wanted: str, topic: str) -> bool:
    parts, names = wanted.split("/"), topic.split("/")
    for number, part in enumerate(parts):
        if part == "#":
            return True
        if number >= len(names) or part not in ("+", names[number]):
            return False
    return len(parts) == len(names)
