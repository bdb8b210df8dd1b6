"""What a department can do with its requests beside asking: try, accept, withdraw, send a file."""

from dataclasses import replace

from missions.access import Principal
from missions.demand.answerer import considered_by
from missions.demand.asking import RequestDraft, checked, fresh_h
from missions.demand.inserting import insert
from missions.demand.offers import take_up
from missions.demand.received import Received, receive
from missions.demand.reuse import served
from missions.demand.withdrawing import withdraw
from missions.entities import Flight, Request, RequestState
from missions.operations.room import ControlRoom


class DemandDesk:
    """The department's side of the plan."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def preview(self, p: Principal, draft: RequestDraft) -> Request:
        """What asking would be answered now; nothing is stored and nobody's place is taken.

        Raises as asking does: NotAllowed, InvalidInput.
        """
        p.require("request")
        room, now = self._room, self._room.now()
        request = checked(room.preset, p, draft, now)
        with room.view() as unit:
            request = served(unit, request, fresh_h(draft), now)
        if request.state is not RequestState.ASKED:
            return request
        found = considered_by(room.answering, room.records, room.preset, request, now)
        return _as_seen(p, found.request, found.joined.before if found.joined else None)

    def accept(self, p: Principal, request_id: str) -> Request:
        """Take up the counter-offer of a refused request: the changed request, answered.

        Raises:
            NotFound, NotAllowed: not the caller's. IllegalTransition: nothing to accept.
        """
        with self._room.unit() as unit:
            made = take_up(unit, p, request_id, self._room.now())
        if made.state is not RequestState.ASKED or made.answer is not None:
            return made  # it was taken up before
        room = self._room
        return insert(room.records, room.preset, made, room.now(), room.answering)

    def withdraw(self, p: Principal, request_id: str) -> Request:
        """Take a request back, with a planned flight that serves nobody else. Raises as accept."""
        with self._room.unit() as unit:
            return withdraw(unit, p, request_id, self._room.now())

    def receive(self, p: Principal, content: bytes, name: str, crs: str | None) -> Received:
        """Read a file as geometry to ask with; nothing is stored.

        Raises:
            InvalidInput: it cannot be read or looked at.
        """
        p.require("request")
        return receive(self._room.preset, content, name, crs)


def _as_seen(p: Principal, request: Request, joins: Flight | None) -> Request:
    """Whom it would share a flight with is told to those who see that flight already."""
    answer = request.answer
    if answer is None or joins is None or p.sees(joins):
        return request
    return replace(request, answer=replace(answer, with_departments=()))
