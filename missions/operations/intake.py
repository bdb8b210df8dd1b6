"""Photographs come in: kept once, attributed to the flight and tasks they serve, and checked.

Waiting deliveries are examined together in the pool and committed together; a delivery is
acknowledged only after the commit, so that a killed service loses nothing it acknowledged.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import shapely
from shapely.geometry import mapping, shape

from core.errors import Unavailable
from core.ids import new_id
from imagery.catalog import Medium, MediumState
from missions.entities import Flight, FlightState, Task
from missions.media.evidence import Custody, Note, accept, taken_in
from missions.operations.examine import Delivery, Examined, Wanted, examine
from missions.operations.finds import Finds
from missions.operations.room import ControlRoom, supervised
from missions.operations.segments import part_at, parts_of
from missions.presets import Preset
from missions.store.protocol import Unit

BATCH = 24
QUEUE = 400
"""Deliveries that may wait; beyond it senders wait for their answer."""
WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The answer to a delivery; ``created`` is False for bytes that were known."""

    medium: Medium
    created: bool


@dataclass(frozen=True, slots=True)
class _Waiting:
    data: bytes
    vehicle: str
    camera: str
    declared: str
    sent_by: str
    answer: asyncio.Future[Delivered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A flight with its tasks, as the intake needs them."""

    flight: Flight
    tasks: Mapping[str, Task]
    wanted: tuple[Wanted, ...]


class Intake:
    """Takes deliveries; `run` works them off."""

    def __init__(self, room: ControlRoom, finds: Finds) -> None:
        self._room = room
        self._finds = finds
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
        known = self._known(digest)
        if known is not None:
            return Delivered(medium=known, created=False)
        if self._stopped:
            raise _stopping()
        answer: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()
        self._unanswered.add(answer)
        try:
            await self._waiting.put(_Waiting(data, vehicle, camera, declared, sent_by, answer))
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
        assignments = [self._assignment(item.vehicle) for item in batch]
        deliveries = [
            Delivery(
                data=item.data,
                vehicle=item.vehicle,
                camera=item.camera,
                wanted=assignment.wanted if assignment else (),
            )
            for item, assignment in zip(batch, assignments, strict=True)
        ]
        loop = asyncio.get_running_loop()
        try:
            examined = await loop.run_in_executor(self._room.pool, examine, deliveries)
            answers = self._commit(batch, assignments, examined)
        except Unavailable as why:
            _refuse(batch, why)
            return
        for item, answer in zip(batch, answers, strict=True):
            if not item.answer.done():
                item.answer.set_result(answer)

    def _commit(
        self,
        batch: Sequence[_Waiting],
        assignments: Sequence[Assignment | None],
        examined: Sequence[Examined],
    ) -> list[Delivered]:
        """Record a batch in one transaction, with whatever it showed."""
        answers = []
        with self._room.unit() as unit:
            seen: dict[str, Medium] = {}
            notes: list[Note] = []
            parts = {a.flight.id: parts_of(unit, a.flight) for a in assignments if a is not None}
            for item, assignment, result in zip(batch, assignments, examined, strict=True):
                known = seen.get(result.stored.sha256) or _by_sha256(unit, result.stored.sha256)
                if known is None:
                    medium = self._medium(item, assignment, result)
                    if assignment is not None:
                        medium = _by_hand(unit, medium, parts[assignment.flight.id])
                    unit.media.add(medium)
                    self._finds.take(unit, medium, result.checked)
                    seen[medium.sha256] = medium
                    notes.extend(taken_in(medium, sent_by=item.sent_by))
                answers.append(Delivered(medium=known or medium, created=known is None))
            Custody(unit).note_all(notes)
        self._finds.announce()
        return answers

    def _medium(self, item: _Waiting, assignment: Assignment | None, result: Examined) -> Medium:
        now = self._room.now()
        inspected = result.inspected
        pose = inspected.metadata.pose if inspected else None
        camera = inspected.camera if inspected else None
        shown = [assignment.tasks[t] for t in result.tasks] if assignment else []
        served = shown or (tuple(assignment.tasks.values()) if assignment else ())
        audience = _audience(self._room.preset, served)
        return Medium(
            id=new_id("med", now),
            sha256=result.stored.sha256,
            key=result.stored.key,
            size_bytes=result.stored.size,
            received_at=now,
            taken_at=inspected.metadata.taken_at if inspected else None,
            vehicle=item.vehicle,
            flight=assignment.flight.id if assignment else None,
            camera=camera.id if camera else item.camera,
            sensor=camera.sensor if camera else None,
            position=pose.position if pose else None,
            altitude_m=pose.altitude_m if pose else None,
            footprint=mapping(inspected.footprint) if inspected and inspected.footprint else None,
            gsd_m=inspected.gsd_m if inspected else None,
            yaw_deg=pose.attitude.yaw_deg if pose else None,
            pitch_deg=pose.attitude.pitch_deg if pose else None,
            roll_deg=pose.attitude.roll_deg if pose else None,
            height_m=inspected.height_m if inspected else None,
            width_px=inspected.metadata.width_px if inspected else None,
            height_px=inspected.metadata.height_px if inspected else None,
            quality=inspected.quality if inspected else None,
            notes=inspected.metadata.problems if inspected else (),
            scenarios=tuple(dict.fromkeys(s for task in served for s in task.scenarios)),
            cases=_cases(assignment),
            radiometric=bool(inspected and inspected.metadata.radiometric),
            tasks=result.tasks,
            department=audience[0] if audience else "",
            shared_with=audience[1:],
            state=MediumState.DROPPED if result.reason else MediumState.KEPT,
            reason=result.reason,
            declared_sha256=item.declared,
        )

    def _known(self, digest: str) -> Medium | None:
        with self._room.view() as unit:
            return _by_sha256(unit, digest)

    def _assignment(self, vehicle: str) -> Assignment | None:
        """The flight that a drone is on, or came back from last.

        A drone charges for longer than its last photographs take to come in, so the latest flight
        is the right one.
        """
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


def _by_hand(unit: Unit, medium: Medium, parts: list[Flight]) -> Medium:
    """A photograph that was taken while a pilot flew belongs to what the pilot flew."""
    part = part_at(parts, medium.taken_at)
    if part is None:
        return medium
    tasks = [unit.tasks.get(t) for t in part.task_ids]
    audience = tuple(dict.fromkeys((*part.departments, medium.department, *medium.shared_with)))
    return replace(
        medium,
        flight=part.id,
        tasks=tuple(t.id for t in tasks),
        scenarios=tuple(dict.fromkeys(s for t in tasks for s in t.scenarios)),
        cases=(part.case_id,) if part.case_id else (),
        department=audience[0],
        shared_with=tuple(a for a in audience[1:] if a),
    )


def assignment_of(unit: Unit, preset: Preset, flight: Flight) -> Assignment:
    """What a flight's photographs are for."""
    tasks = tuple(unit.tasks.get(task_id) for task_id in flight.task_ids)
    case = unit.cases.get(flight.case_id) if flight.case_id else None
    extra = _family(preset, case.event_type) if case else ()
    return Assignment(
        flight=flight,
        tasks={task.id: task for task in tasks},
        wanted=tuple(_wanted(preset, task, extra) for task in tasks),
    )


def _cases(assignment: Assignment | None) -> tuple[str, ...]:
    """The case that a flight was flown for."""
    case = assignment.flight.case_id if assignment else None
    return (case,) if case else ()


def _family(preset: Preset, event_type: str) -> tuple[str, ...]:
    """All types of a type's class: who looks again at a fire looks for embers too."""
    of = preset.event_types[event_type].class_code
    return tuple(code for code, kind in preset.event_types.items() if kind.class_code == of)


def _wanted(preset: Preset, task: Task, extra: tuple[str, ...]) -> Wanted:
    codes = {
        c
        for name in task.scenarios
        if name in preset.scenarios
        for c in preset.scenarios[name].event_types
    }
    thermal = {c for c in (*codes, *extra) if preset.event_types[c].detector == "thermal"}
    return Wanted(
        task_id=task.id,
        geometry_wkb=shapely.to_wkb(shape(task.geometry)),
        event_types=tuple(sorted(thermal)),
    )


def _audience(preset: Preset, tasks: Iterable[Task]) -> tuple[str, ...]:
    """Everybody who may see what these tasks' photographs show, owners first."""
    owners: list[str] = []
    guests: list[str] = []
    for task in tasks:
        owners.extend(task.departments)
        for name in task.scenarios:
            if name in preset.scenarios:
                guests.extend(preset.scenarios[name].shared_with)
    return tuple(dict.fromkeys((*owners, *guests)))


def latest_flight(unit: Unit, vehicle: str) -> Flight | None:
    """The flight that a drone began last."""
    begun = (
        FlightState.PREPARING,
        FlightState.FLYING,
        FlightState.DONE,
        FlightState.DIVERTED,
        FlightState.FAILED,
    )
    found = (f for f in unit.flights.find(vehicle=vehicle, state=begun) if f.part_of is None)
    return max(found, key=lambda f: f.start, default=None)


def _by_sha256(unit: Unit, digest: str) -> Medium | None:
    found = unit.media.find(sha256=digest, limit=1)
    return found[0] if found else None
