"""What a broken-off or cancelled flight was to see finds another drone, in what the day has left.

No flight of another drone moves. A request is tried once each time that its flight is lost; what
finds no place stays refused, with the planner's reason.

What was lost because the air authority said no, or has said nothing yet, is not filed again: that
would only ask the same authority the same thing once more, flight after flight. It waits for the
answer, and flies anew if that is yes.
"""

import asyncio
from datetime import datetime, timedelta

from missions.demand.inserting import insert
from missions.entities import FilingState, Flight, Origin, Request, RequestState
from missions.lifecycle import move
from missions.operations.flights import NOT_FLOWN
from missions.operations.journal import alert
from missions.operations.room import ControlRoom
from missions.store.protocol import Unit

AT_ONCE = 8
"""Requests a round: the round after takes the others."""
WORTH_IT = timedelta(minutes=15)
"""What must be left of a request's window: time to file, to fly there and to look."""
MENDED = (Origin.REVISIT, Origin.ASKED, Origin.SIGNAL)
"""Whose looks are: re-checks, verifications and alarms ask again by their own rules."""


async def tick(room: ControlRoom) -> None:
    """Find another flight for requests that lost their own today."""
    for request in _lost(room):
        again = move(request, RequestState.ASKED, task_ids=())
        answered = await asyncio.to_thread(
            insert, room.records, room.preset, again, room.now(), room.answering
        )
        _tell(room, request, answered)


def hopeful(unit: Unit, request: Request, now: datetime) -> bool:
    """Whether another flight may still be found for a request that lost its own."""
    return (
        request.state is RequestState.REFUSED
        and request.origin in MENDED
        and request.answer is not None
        and request.answer.code == NOT_FLOWN
        and request.latest - now >= WORTH_IT
        and _word(unit, request) not in (FilingState.REFUSED, FilingState.REVOKED)
    )


def _lost(room: ControlRoom) -> list[Request]:
    """Requests whose flight was lost and whose window is open long enough to try again.

    They stay refused in the records until they are answered anew, so that a stop in between
    loses none.
    """
    day, now = room.today(), room.now()
    with room.view() as unit:
        if not unit.plans.find(day=day, limit=1):
            return []
        refused = unit.requests.find(state=RequestState.REFUSED, origin=MENDED)
        waiting = [
            r
            for r in refused
            if r.earliest <= now
            and hopeful(unit, r, now)
            and _word(unit, r) is not FilingState.FILED
        ]
    return sorted(waiting, key=lambda r: (-r.priority, r.latest))[:AT_ONCE]


def _word(unit: Unit, request: Request) -> FilingState | None:
    """What the authority said to the flight that was lost last; None where it was not filed."""
    lost: list[Flight] = [f for t in request.task_ids for f in unit.flights.find(task_ids=t)]
    if not lost:
        return None
    last = max(lost, key=lambda f: (f.start, f.id))
    return unit.filings.get(last.filing_id).state if last.filing_id else None


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
