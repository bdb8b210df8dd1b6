"""What a broken-off or cancelled flight was to see finds another drone, in what the day has left.

No flight of another drone moves. A request is tried once each time that its flight is lost; what
finds no place stays refused, with the planner's reason.
"""

import asyncio
from datetime import timedelta

from missions.demand.inserting import insert
from missions.entities import Origin, Request, RequestState
from missions.lifecycle import move
from missions.operations.flights import NOT_FLOWN
from missions.operations.journal import alert
from missions.operations.room import ControlRoom

AT_ONCE = 8
"""Requests a round: the round after takes the others."""
WORTH_IT = timedelta(minutes=15)
"""What must be left of a request's window: time to file, to fly there and to look."""


async def tick(room: ControlRoom) -> None:
    """Find another flight for requests that lost their own today."""
    for request in _lost(room):
        again = move(request, RequestState.ASKED, task_ids=())
        answered = await asyncio.to_thread(insert, room.records, room.preset, again, room.now())
        _tell(room, request, answered)


def _lost(room: ControlRoom) -> list[Request]:
    """Routine requests whose flight was lost and whose window is open long enough to try again.

    They stay refused in the records until they are answered anew, so that a stop in between
    loses none.
    """
    day, now = room.today(), room.now()
    with room.view() as unit:
        if not unit.plans.find(day=day, limit=1):
            return []
        refused = unit.requests.find(
            state=RequestState.REFUSED, origin=(Origin.REVISIT, Origin.ASKED)
        )
    waiting = [
        r
        for r in refused
        if r.answer is not None
        and r.answer.code == NOT_FLOWN
        and r.earliest <= now
        and r.latest - now >= WORTH_IT
    ]
    return sorted(waiting, key=lambda r: (-r.priority, r.latest))[:AT_ONCE]


def _tell(room: ControlRoom, lost: Request, answered: Request) -> None:
    """Tell the department what became of it."""
    answer = answered.answer
    if answer is None:
        return
    why, why_zh = (lost.answer.text, lost.answer.text_zh) if lost.answer else ("", "")
    with room.unit() as unit:
        alert(
            unit,
            room.now(),
            "moved",
            1 if answered.state is RequestState.PLANNED else 2,
            f"{lost.purpose or lost.place}: {answer.text} ({why})",
            f"{lost.purpose or lost.place}：{answer.text_zh}（{why_zh}）",
            department=lost.department,
            shared_with=lost.shared_with,
        )
