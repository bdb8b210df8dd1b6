"""Taking up a counter-offer: the changed request, and the trace from the one to the other."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.equipment import Sensor
from core.errors import IllegalTransition
from core.ids import new_id
from missions.access import Principal
from missions.demand.withdrawing import must_be_own
from missions.entities import CounterOffer, LogEntry, Request, RequestState
from missions.store.protocol import Unit

ROOM = (timedelta(minutes=5), timedelta(minutes=30))
"""Before and after an offered flight, the window of the request that takes it up: another may have
taken the same minute since."""
_FIELDS = frozenset(
    {"gsd_m", "front_overlap", "side_overlap", "sensor", "geometry", "earliest", "latest"}
)


def take_up(unit: Unit, principal: Principal, request_id: str, now: datetime) -> Request:
    """The request that takes up what was offered instead of a refused one: asked, not answered.

    Called again it gives the same request.

    Raises:
        NotFound: no such request for this caller.
        NotAllowed: it is another department's.
        IllegalTransition: nothing was offered, or its time has passed.
    """
    principal.require("request")
    refused: Request = principal.checked(unit.requests.get(request_id))
    must_be_own(principal, refused)
    answer = refused.answer
    if answer is None or answer.offer is None:
        raise _not_now(refused, "nothing was offered for it", "change it and ask again")
    if answer.offer.accepted_as is not None:
        return unit.requests.get(answer.offer.accepted_as)
    if refused.state is not RequestState.REFUSED:
        raise _not_now(refused, f"it is {refused.state}", "only a refusal has an offer to accept")
    made = changed(refused, answer.offer, now)
    if made.latest <= now:
        raise _not_now(refused, "the offered time has passed", "ask again for a time to come")
    taken = replace(answer, offer=replace(answer.offer, accepted_as=made.id))
    unit.requests.put(replace(refused, answer=taken))
    unit.requests.add(made)
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor=principal.name,
            action="request.accept",
            subject=made.id,
            text=f"takes up the offer for {refused.id}: {answer.offer.text}",
            text_zh=f"接受{refused.id}的可行方案：{answer.offer.text_zh}",
            department=made.department,
        )
    )
    return made


def changed(refused: Request, offer: CounterOffer, now: datetime) -> Request:
    """The request as the offer has it."""
    values = {name: _value(name, v) for name, v in offer.instead.items() if name in _FIELDS}
    if offer.change == "window":
        values["earliest"] = max(now, values["earliest"] - ROOM[0])
        values["latest"] += ROOM[1]
    return replace(
        refused,
        id=new_id("req", now),
        state=RequestState.ASKED,
        answer=None,
        task_ids=(),
        created_at=now,
        instead_of=refused.id,
        **values,
    )


def _value(name: str, value: Any) -> Any:
    if name in ("earliest", "latest"):
        return datetime.fromisoformat(value)
    if name == "sensor":
        return Sensor(value)
    if name == "geometry":
        found: Mapping[str, Any] = value
        return found
    return float(value)


def _not_now(request: Request, what: str, remedy: str) -> IllegalTransition:
    return IllegalTransition(what, where=request.id, remedy=remedy)
