"""What was really photographed, and whether that will do: the questions people ask."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

from core.errors import InvalidInput, NotFound
from missions.access import Principal
from missions.demand.asking import OLDEST_H, RequestDraft, checked
from missions.demand.reuse import Reuse, look_up
from missions.entities import Request, Task
from missions.media.coverage import Asked, Covered, asked_of, measured
from missions.operations.room import ControlRoom

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCoverage:
    """What of one task was photographed; ``why_not`` where no share of ground can be told."""

    task: Task
    covered: tuple[Covered, ...]
    why_not: str = ""


class Coverage:
    """Questions about what was photographed; `Service.coverage`."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    async def of_task(self, p: Principal, task_id: str, *, mapped: bool = False) -> TaskCoverage:
        """What of a task was photographed. Raises NotFound, also for other departments' tasks."""
        with self._room.view() as unit:
            task = unit.tasks.get(task_id)
            if not p.sees(task):
                raise NotFound("no such thing", where=task_id)
            asked = asked_of(unit, task, mapped=mapped)
        return await self._measured(task, asked)

    async def of_request(
        self, p: Principal, request_id: str, *, mapped: bool = False
    ) -> tuple[Request, list[TaskCoverage]]:
        """What of a request was photographed, task by task. Raises NotFound."""
        with self._room.view() as unit:
            request: Request = p.checked(unit.requests.get(request_id))
            tasks = [unit.tasks.get(t) for t in request.task_ids]
            asked = [asked_of(unit, task, mapped=mapped) for task in tasks]
        found = [await self._measured(t, a) for t, a in zip(tasks, asked, strict=True)]
        return request, found

    def answers(self, p: Principal, draft: RequestDraft, hours: float) -> Reuse:
        """Whether photographs of the last hours show a place as well as a request would ask.

        Raises:
            NotAllowed: the role may not ask, or not for another department.
            InvalidInput: a field is wrong.
        """
        p.require("request")
        if not 0.0 < hours <= OLDEST_H:
            raise InvalidInput(
                f"{hours:g} hours", where="hours", remedy=f"use up to {OLDEST_H:g} hours"
            )
        now = self._room.now()
        whole = replace(draft, earliest=now, latest=now + _HOUR)
        request = checked(self._room.preset, p, whole, now)
        with self._room.view() as unit:
            return look_up(unit, request, hours, now)

    async def _measured(self, task: Task, asked: Asked) -> TaskCoverage:
        loop = asyncio.get_running_loop()
        covered = await loop.run_in_executor(self._room.pool, measured, asked.works)
        return TaskCoverage(task=task, covered=tuple(covered), why_not=asked.why_not)
