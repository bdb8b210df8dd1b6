"""Sends photographs to the service, each by one HTTP POST, and never gives one up for a bad link.

Workers keep their connections open. A connection error or a 5xx answer (the service is being
restarted) is tried again for ever, with back-off; any other refusal is counted and let go.
"""

import base64
import hashlib
import http.client
import queue
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from core.errors import InvalidInput

WORKERS = 3
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 3.0
TIMEOUT_S = 60.0
AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A photograph's file and who sends it.

    Attributes:
        digest: of the file, taken when the picture was, as RFC 9530 writes it; a link that damages
            the file cannot change it to fit.
    """

    data: bytes
    vehicle: str
    camera: str
    digest: str = ""

    @classmethod
    def taken(cls, data: bytes, vehicle: str, camera: str) -> "Shot":
        """The shot at the moment of capture."""
        sha256 = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return cls(data=data, vehicle=vehicle, camera=camera, digest=f"sha-256=:{sha256}:")


@dataclass(kw_only=True)
class Tally:
    """What became of the photographs."""

    taken: int = 0
    sent: int = 0
    bytes_sent: int = 0
    retries: int = 0
    failed: Counter[str] = field(default_factory=Counter)


class Uplink:
    """A queue of photographs and the workers that empty it.

    Args:
        service: base address such as http://127.0.0.1:8000.
        token: bearer token, if the service wants one.

    Raises:
        InvalidInput: the address is no http or https address.
    """

    def __init__(self, service: str, token: str | None = None) -> None:
        parts = urlsplit(service)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(
                f"{service!r} is no web address",
                where="--service",
                remedy="write something like http://127.0.0.1:8000",
            )
        self._https = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path.rstrip("/") + "/api/v1/media"
        self._headers = {"Content-Type": "image/jpeg"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._queue: queue.SimpleQueue[Shot | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._outstanding = 0
        self._stopping = threading.Event()
        self._failing = 0
        self.tally = Tally()
        self._workers = [
            threading.Thread(target=self._work, name=f"uplink-{k}", daemon=True)
            for k in range(WORKERS)
        ]
        for worker in self._workers:
            worker.start()

    @property
    def outstanding(self) -> int:
        """Photographs that wait or are on their way."""
        return self._outstanding

    @property
    def failing(self) -> bool:
        """Whether the last try of some worker found no service."""
        return self._failing > 0

    def put(self, shot: Shot) -> None:
        """Send this one; returns at once."""
        with self._lock:
            self._outstanding += 1
            self.tally.taken += 1
        self._queue.put(shot)

    def lose(self, reason: str) -> None:
        """Count a photograph that never reached the link."""
        with self._lock:
            self.tally.taken += 1
            self.tally.failed[reason] += 1

    def close(self, patience_s: float) -> None:
        """Wait for what is on its way, no longer than so; the rest counts as unsent."""
        deadline = time.monotonic() + patience_s
        while self._outstanding and time.monotonic() < deadline:
            time.sleep(0.02)
        self._stopping.set()
        for _ in self._workers:
            self._queue.put(None)
        for worker in self._workers:
            worker.join(timeout=2.0)
        with self._lock:
            if self._outstanding:
                self.tally.failed["unsent at the end"] += self._outstanding

    def _work(self) -> None:
        connection = self._connect()
        while (shot := self._queue.get()) is not None:
            wait, bad = FIRST_WAIT_S, False
            while not self._stopping.is_set():
                status = self._try(connection, shot)
                if status < 500 and status not in AGAIN and status != 0:
                    self._settle(shot, status)
                    break
                if not bad:
                    bad = True
                    self._count_failing(1)
                with self._lock:
                    self.tally.retries += 1
                self._stopping.wait(wait)
                wait = min(LONGEST_WAIT_S, wait * 1.7)
            if bad:
                self._count_failing(-1)
        connection.close()

    def _try(self, connection: http.client.HTTPConnection, shot: Shot) -> int:
        """One attempt: the HTTP status, 0 if there was no answer."""
        headers = {**self._headers, "X-Vehicle": shot.vehicle, "X-Camera": shot.camera}
        if shot.digest:
            headers["Content-Digest"] = shot.digest
        try:
            connection.request("POST", self._path, body=shot.data, headers=headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0
        return answer.status

    def _settle(self, shot: Shot, status: int) -> None:
        with self._lock:
            self._outstanding -= 1
            if 200 <= status < 300:
                self.tally.sent += 1
                self.tally.bytes_sent += len(shot.data)
            else:
                self.tally.failed[f"HTTP {status}"] += 1

    def _count_failing(self, change: int) -> None:
        with self._lock:
            self._failing += change

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=TIMEOUT_S)
