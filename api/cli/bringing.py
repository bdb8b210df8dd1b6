"""Sends files to a service over tus, several at once, each going on where it broke off."""

import base64
import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from api.cli.output import Meter, shown
from core.errors import (
    FlyOnceError,
    InvalidInput,
    NotAllowed,
    NotFound,
    Unavailable,
    UnreadableMedia,
)
from imagery.files.reading import open_file

PIECE = 1 << 20
TRIES = 5
"""Times that a broken connection is taken up again, 1, 2, 4 and 8 s apart."""
LOOKS, LOOK_S = 120, 0.5
"""How often, and how far apart in seconds, a file that is there is asked for before it is left
to the service: a minute."""
_TUS = {"Tus-Resumable": "1.0.0"}
_REFUSED: Mapping[int, type[FlyOnceError]] = {401: NotAllowed, 403: NotAllowed, 404: NotFound}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the sender says of all files."""

    flight: str = ""
    vehicle: str = ""
    camera: str = ""
    pitch: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file."""

    name: str
    state: str
    reason: str = ""
    medium_id: str = ""
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def bring_all(
    paths: Sequence[Path],
    server: str,
    token: str | None,
    said: Said,
    title: str,
    jobs: int,
    meter: Meter,
) -> tuple[list[Outcome], dict[str, Any]]:
    """Bring files; the outcome of each in their order, and the batch's report.

    Raises:
        Unavailable: no service answers. NotAllowed, NotFound, InvalidInput: it refuses all of it.
    """
    headers = {**_TUS, **({"Authorization": f"Bearer {token}"} if token else {})}
    limits = httpx.Limits(max_connections=jobs + 1)
    with httpx.Client(base_url=server, headers=headers, timeout=120.0, limits=limits) as client:
        body = {
            "name": title[:200],
            "expected": len(paths),
            "flight_id": said.flight,
            "vehicle": said.vehicle,
            "camera": said.camera,
        }
        batch = str(_checked(client, "POST", "/api/v1/batches", json=body).json()["id"])
        sender = _Sender(client, batch, said)
        outcomes: dict[Path, Outcome] = {}
        with ThreadPoolExecutor(jobs) as pool:
            waiting = {pool.submit(sender.bring, path): path for path in paths}
            try:
                for done in as_completed(waiting):
                    outcomes[waiting[done]] = done.result()
                    meter(len(outcomes) / len(paths), waiting[done].name)
            except BaseException:  # Ctrl-C too: what has not begun need not begin
                sender.stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        report = _checked(client, "GET", f"/api/v1/batches/{batch}").json()
    notes = {f["upload_id"]: tuple(f["notes"]) for f in report.pop("files")}
    address = f"{server.rstrip('/')}/api/v1/batches/{batch}"
    found = [
        Outcome(**{**o.as_dict(), "notes": notes.get((o.facts or {}).get("upload_id", ""), ())})
        for o in (outcomes[path] for path in paths)
    ]
    return found, {**report, "address": address}


class _Sender:
    """Brings one file after the other on one thread, beside others."""

    def __init__(self, client: httpx.Client, batch: str, said: Said) -> None:
        self._client = client
        self._batch = batch
        self._said = said
        self.stop = threading.Event()

    def bring(self, path: Path) -> Outcome:
        try:
            digest, size = _hashed(path)
        except (UnreadableMedia, NotFound) as error:
            return Outcome(name=str(path), state="not sent", reason=error.what)
        except OSError as error:
            why = f"cannot be read: {error.strerror}"
            return Outcome(name=str(path), state="not sent", reason=why)
        for attempt in range(TRIES):
            if self.stop.is_set():
                break
            try:
                return self._once(path, digest, size)
            except (UnreadableMedia, OSError) as error:  # it was taken away, or the card was
                why = error.what if isinstance(error, UnreadableMedia) else str(error.strerror)
                return Outcome(name=str(path), state="not sent", reason=why)
            except (httpx.TransportError, Unavailable) as error:
                why = str(error) or type(error).__name__
                self.stop.wait(2.0**attempt if attempt < TRIES - 1 else 0.0)
        reason = "interrupted" if self.stop.is_set() else f"the service did not answer: {why}"
        return Outcome(name=str(path), state="not sent", reason=reason)

    def _once(self, path: Path, digest: str, size: int) -> Outcome:
        """Create or go on; every step may break and is taken up by the next try."""
        made = self._client.post(
            "/api/v1/uploads",
            headers={"Upload-Length": str(size), "Upload-Metadata": self._metadata(path, digest)},
        )
        if made.status_code != 201:
            return _refusal(path, made)
        where, offset = made.headers["Location"], int(made.headers["Upload-Offset"])
        with open_file(path) as file:
            while offset < size:
                file.seek(offset)
                piece = file.read(min(PIECE, size - offset))
                if not piece:
                    raise UnreadableMedia("it became shorter while it was sent", where=str(path))
                sent = self._client.patch(
                    where,
                    content=piece,
                    headers={
                        "Upload-Offset": str(offset),
                        "Content-Type": "application/offset+octet-stream",
                    },
                )
                if sent.status_code in {409, 423}:  # an earlier connection is not dead yet
                    time.sleep(1.0)
                    raise Unavailable("another connection sends this file", where=str(path))
                if sent.status_code != 204:
                    return _refusal(path, sent)
                offset = int(sent.headers["Upload-Offset"])
        end = self._ended(where)
        return Outcome(
            name=str(path),
            state=end["state"],
            reason=end["reason"] or "",
            medium_id=end["medium_id"] or "",
            facts={"upload_id": end["id"]},
        )

    def _ended(self, where: str) -> dict[str, Any]:
        """What became of a file that is there; another connection may still have it examined (two
        files of the same bytes are one upload)."""
        for _ in range(LOOKS):
            end: dict[str, Any] = _checked(self._client, "GET", where).json()
            if end["state"] != "waiting" or self.stop.wait(LOOK_S):
                break
        return end

    def _metadata(self, path: Path, digest: str) -> str:
        values = {
            "filename": shown(path.name),
            "sha256": digest,
            "batch": self._batch,
            "pitch": "" if self._said.pitch is None else f"{self._said.pitch:g}",
        }
        return ",".join(
            f"{key} {base64.b64encode(value.encode(errors='replace')).decode()}"
            for key, value in values.items()
            if value
        )


def _hashed(path: Path) -> tuple[str, int]:
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _refusal(path: Path, answer: httpx.Response) -> Outcome:
    """A file that the service does not take, in its own words."""
    if answer.status_code >= 500:
        raise Unavailable(_said(answer), where=str(path))
    if answer.status_code in _REFUSED:
        raise _REFUSED[answer.status_code](_said(answer), where=str(path))
    return Outcome(name=str(path), state="dropped", reason=_said(answer))


def _said(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError):
        return f"status {answer.status_code}"


def _checked(client: httpx.Client, method: str, where: str, **body: Any) -> httpx.Response:
    """A request that must succeed. Raises the named error of the answer."""
    try:
        answer = client.request(method, where, **body)
    except httpx.TransportError as error:
        raise Unavailable(
            f"no service answers ({error})",
            where=str(client.base_url),
            remedy="start it with 'flyonce serve', or give its address with --server",
        ) from error
    if answer.is_success:
        return answer
    kind = _REFUSED.get(answer.status_code, InvalidInput)
    if answer.status_code >= 500:
        kind = Unavailable
    raise kind(_said(answer), where=where)
