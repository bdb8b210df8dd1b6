"""Photographs come in: kept once, attributed to the flight and tasks they serve, and checked.

Waiting deliveries are examined together in the pool and committed together; a delivery is
acknowledged only after the commit, so that a killed service loses nothing it acknowledged.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from core.errors import Unavailable
from imagery.catalog import Medium
from imagery.files.moment import Span
from imagery.ingest import Hints
from missions.evidence.custody import Custody, Note, accept, taken_in
from missions.media.arrivals import Arrival, Stuck, brought_again, medium_of, settled
from missions.media.brought import Upload
from missions.operations.attribution import (
    BEFORE,
    Assignment,
    assignment_of,
    by_hand,
    flight_at,
    latest_flight,
)
from missions.operations.examine import Delivery, Examined, examine
from missions.operations.finds import Finds
from missions.operations.room import ControlRoom, supervised
from missions.operations.segments import parts_of
from missions.store.protocol import Unit

BATCH = 24
QUEUE = 400
"""Deliveries that may wait; beyond it senders wait for their answer."""
WORKERS = 2
_LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The answer to a delivery; ``created`` is False for bytes that were known."""

    medium: Medium
    created: bool


@dataclass(frozen=True, slots=True)
class _Waiting:
    arrival: Arrival
    answer: asyncio.Future[Delivered]


class Intake:
    """Takes deliveries; `run` works them off."""

    def __init__(self, room: ControlRoom, finds: Finds) -> None:
        self._room = room
        self._finds = finds
        self._stuck = Stuck()
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE)
        self._unanswered: set[asyncio.Future[Delivered]] = set()
        self._stopped = False
        self._assignments: dict[str, Assignment] = {}

    async def deliver(
        self, data: bytes, *, vehicle: str, camera: str, declared: str = "", sent_by: str = ""
    ) -> Delivered:
        """Take in one file; returns when it is safe.

        Args:
            declared: hexadecimal SHA-256 that the camera took at capture; "" if it took none.
            sent_by: name of the caller, for the chain of custody.

        Raises:
            InvalidInput: the file is not what the camera declared; the attempt is recorded.
            Unavailable: the media folder cannot take it.
        """
        digest = sha256(data).hexdigest()
        accept(
            self._room.records,
            declared,
            digest,
            sender=f"{vehicle}, {camera}",
            by=sent_by,
            at=self._room.now(),
        )
        return await self.take(
            Arrival(
                sha256=digest,
                vehicle=vehicle,
                camera=camera,
                sent_by=sent_by,
                data=data,
                declared=declared,
            )
        )

    async def take(self, arrival: Arrival) -> Delivered:
        """Take in a file whose hash is known; returns when it is safe.

        Raises:
            Unavailable: the media folder cannot take it.
        """
        known = self._known(arrival)
        if known is not None:
            return Delivered(medium=known, created=False)
        if self._stopped:
            raise _stopping()
        answer: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()
        self._unanswered.add(answer)
        try:
            await self._waiting.put(_Waiting(arrival, answer))
            return await answer
        finally:
            self._unanswered.discard(answer)

    async def run(self) -> None:
        """Work off deliveries for ever; who still waits at the end is told to come again."""
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(WORKERS):
                    group.create_task(self._work(), name=f"intake {number}")
        finally:
            self._stopped = True
            for answer in tuple(self._unanswered):
                if not answer.done():
                    answer.set_exception(_stopping())

    async def _work(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await supervised(self._take(batch), "intake")
            _refuse(batch, _not_taken())

    async def _take(self, batch: Sequence[_Waiting]) -> None:
        arrivals = [item.arrival for item in batch]
        try:
            assignments = [self._assignment(arrival) for arrival in arrivals]
            examined = await self._examined(arrivals, assignments)
            await self._place_again(arrivals, assignments, examined)
            answers = self._commit(arrivals, assignments, examined)
        except Unavailable as why:
            _refuse(batch, why)
            return
        for item, answer in zip(batch, answers, strict=True):
            if not item.answer.done():
                item.answer.set_result(answer)

    async def _examined(
        self, arrivals: Sequence[Arrival], assignments: Sequence[Assignment | None]
    ) -> list[Examined]:
        now = self._room.now()
        work = [
            Delivery(
                data=arrival.data,
                path=arrival.path,
                vehicle=arrival.vehicle,
                camera=arrival.camera,
                wanted=assignment.wanted if assignment else (),
                hints=Hints(
                    span=assignment.span(now) if assignment else Span(_LONG_AGO, now + BEFORE),
                    pitch_deg=arrival.pitch_deg,
                ),
            )
            for arrival, assignment in zip(arrivals, assignments, strict=True)
        ]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._room.pool, examine, work)

    async def _place_again(
        self,
        arrivals: Sequence[Arrival],
        assignments: list[Assignment | None],
        examined: list[Examined],
    ) -> None:
        """A photograph of an earlier flight that comes in late belongs to that flight."""
        for n, (arrival, result) in enumerate(zip(arrivals, examined, strict=True)):
            inspected = result.inspected
            if inspected is None or not inspected.misplaced or _is_named(arrival):
                continue
            at = inspected.metadata.taken_at
            with self._room.view() as unit:
                flight = at and flight_at(unit, arrival.vehicle, at, self._room.now())
                if not flight:
                    continue
                assignments[n] = assignment_of(unit, self._room.preset, flight)
            examined[n] = (await self._examined([arrival], [assignments[n]]))[0]

    def _commit(
        self,
        arrivals: Sequence[Arrival],
        assignments: Sequence[Assignment | None],
        examined: Sequence[Examined],
    ) -> list[Delivered]:
        """Record a batch in one transaction, with whatever it showed."""
        answers = []
        now = self._room.now()
        with self._room.unit() as unit:
            seen: dict[str, Medium] = {}
            notes: list[Note] = []
            parts = {a.flight.id: parts_of(unit, a.flight) for a in assignments if a is not None}
            for arrival, assignment, result in zip(arrivals, assignments, examined, strict=True):
                known = seen.get(result.stored.sha256) or _by_sha256(unit, result.stored.sha256)
                if known is None:
                    medium = medium_of(self._room.preset, now, arrival, assignment, result)
                    if assignment is not None:
                        medium = by_hand(unit, medium, parts[assignment.flight.id])
                    medium = self._stuck.judged(medium)
                    unit.media.add(medium)
                    if not medium.reason:
                        self._finds.take(unit, medium, result.checked)
                    seen[medium.sha256] = medium
                    notes.extend(taken_in(medium, sent_by=arrival.sent_by))
                answer = Delivered(medium=known or medium, created=known is None)
                settled(unit, arrival.upload, answer.medium, created=answer.created, now=now)
                answers.append(answer)
            Custody(unit).note_all(notes)
        self._finds.announce()
        return answers

    def _known(self, arrival: Arrival) -> Medium | None:
        """The medium with these bytes; whoever brings them too may see it from now on."""
        with self._room.view() as unit:
            known = _by_sha256(unit, arrival.sha256)
        if known is None or arrival.upload is None:
            return known
        with self._room.unit() as unit:
            shared = brought_again(unit, unit.media.get(known.id), arrival.upload, self._room.now())
            settled(unit, arrival.upload, shared, created=False, now=self._room.now())
            return shared

    def _assignment(self, arrival: Arrival) -> Assignment | None:
        """The flight that a photograph belongs to, as far as that is known beforehand.

        A person names it, or the drone and the time say it. What a drone delivers belongs to the
        flight that it is on or came back from last: it charges for longer than its last
        photographs take to come in.
        """
        if arrival.upload is not None:
            return self._brought_from(arrival, arrival.upload)
        vehicle = arrival.vehicle
        latest = self._room.latest_flight.get(vehicle)
        current = self._assignments.get(vehicle)
        if current is not None and current.flight.id == latest:
            return current
        with self._room.view() as unit:
            flight = unit.flights.get(latest) if latest else latest_flight(unit, vehicle)
            if flight is None:
                return None
            self._room.latest_flight[vehicle] = flight.id
            self._assignments[vehicle] = assignment_of(unit, self._room.preset, flight)
        return self._assignments[vehicle]

    def _brought_from(self, arrival: Arrival, upload: Upload) -> Assignment | None:
        with self._room.view() as unit:
            flight = unit.flights.get(upload.flight) if upload.flight else None
            if flight is None and arrival.taken_at is not None and arrival.vehicle:
                flight = flight_at(unit, arrival.vehicle, arrival.taken_at, self._room.now())
                if flight and upload.department and upload.department not in flight.departments:
                    return None
            return None if flight is None else assignment_of(unit, self._room.preset, flight)


def _is_named(arrival: Arrival) -> bool:
    """Whether a person said which flight it belongs to."""
    return arrival.upload is not None and bool(arrival.upload.flight)


def _refuse(batch: Sequence[_Waiting], why: Unavailable) -> None:
    """Tell whoever of a batch has no answer yet."""
    for item in batch:
        if not item.answer.done():
            item.answer.set_exception(why)


def _not_taken() -> Unavailable:
    return Unavailable(
        "the photograph could not be taken in; the service's log says why",
        where="media",
        remedy="keep the file and report it with the log",
    )


def _stopping() -> Unavailable:
    return Unavailable(
        "the service is stopping", where="media", remedy="keep the file and send it again"
    )


def _by_sha256(unit: Unit, digest: str) -> Medium | None:
    found = unit.media.find(sha256=digest, limit=1)
    return found[0] if found else None
