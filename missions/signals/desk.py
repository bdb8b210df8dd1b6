"""The intake's use cases: one way in for readings, reports and finds, and what became of them."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.errors import IllegalTransition, InvalidInput, NotAllowed
from missions.access import SERVICE, Principal
from missions.demand.withdrawing import withdraw
from missions.entities import Request, RequestState
from missions.lifecycle import move
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.queries import Page
from missions.signals.answering import told
from missions.signals.asking import Asker
from missions.signals.contacts import Contacts
from missions.signals.devices import Devices
from missions.signals.entering import enter
from missions.signals.following import Follower
from missions.signals.model import Signal, SignalState, Trace
from missions.signals.placing import make_ready
from missions.signals.readings import BatchAnswer, Readings
from missions.signals.reporting import FindDraft, ReportDraft, again, found, reported
from missions.signals.silence import Listener
from missions.store.protocol import Unit

_NOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalView:
    """A signal and what its sender is told of it.

    Attributes:
        leader: the signal that it is one with; its outcome is this one's too. None for a leader.
        request: that asked for the look; None before, or where nobody flies.
        case_id: the case that came of it, where the caller may see that.
        text, text_zh: how things stand, in words.
    """

    signal: Signal
    leader: Signal | None
    request: Request | None
    case_id: str | None
    text: str
    text_zh: str

    @property
    def head(self) -> Signal:
        """The signal whose look it is."""
        return self.leader or self.signal


class Signals:
    """What sensors, citizens and other systems can do; `Service.signals`."""

    def __init__(self, room: ControlRoom) -> None:
        make_ready(room.preset)
        self._room = room
        self.devices = Devices(room)
        """The register of devices."""
        self.readings = Readings(room)
        self.contacts = Contacts(room)
        self._asker = Asker(room)
        self._follower = Follower(room)
        self._listener = Listener(room)

    def send(self, p: Principal, rows: Sequence[object]) -> BatchAnswer:
        """Take a batch of readings in; see `Readings.take`."""
        return self.readings.take(p, rows)

    def report(self, p: Principal, draft: ReportDraft) -> SignalView:
        """A citizen's report; the same sender's same number again is the same report.

        Raises:
            NotAllowed, InvalidInput, NotFound: see `reporting.reported`.
        """
        p.require("signal")
        with self._room.unit() as unit:
            signal, contact = reported(unit, self._room.preset, p, draft, self._room.now())
            known = again(unit, signal)
            if known is not None:
                return self._view(unit, p, known)
            entered = enter(unit, self._room.preset, signal)
            if contact is not None:
                unit.contacts.add(contact)
            return self._view(unit, p, entered)

    def find(self, p: Principal, draft: FindDraft) -> SignalView:
        """Another system's find; the same sender's same number again is the same find.

        Raises:
            NotAllowed, InvalidInput: see `reporting.found`.
        """
        p.require("signal")
        signal = found(self._room.preset, p, draft, self._room.now())
        with self._room.unit() as unit:
            known = again(unit, signal)
            entered = known or enter(unit, self._room.preset, signal)
            return self._view(unit, p, entered)

    def list(
        self,
        p: Principal,
        *,
        state: str | None = None,
        source: str | None = None,
        matter: str | None = None,
        device: str | None = None,
        county: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[SignalView]:
        """Signals that the caller may see, the latest first."""
        asked: dict[str, Any] = {
            "state": state,
            "source": source,
            "matter": matter,
            "device_id": device,
            "county": county,
        }
        wanted = {name: value for name, value in asked.items() if value is not None}
        with self._room.view() as unit:
            items = unit.signals.find(
                audience=p.audience(), after=after, limit=limit + 1, newest_first=True, **wanted
            )
            views = tuple(self._view(unit, p, signal) for signal in items[:limit])
        return Page(views, items[limit - 1].id if len(items) > limit else None)

    def get(self, p: Principal, signal_id: str) -> SignalView:
        """One signal. Raises NotFound, also for another department's."""
        with self._room.view() as unit:
            return self._view(unit, p, p.checked(unit.signals.get(signal_id)))

    def trace(self, p: Principal, signal_id: str) -> Trace:
        """The readings before and after a crossing.

        Raises:
            NotFound: no such signal for the caller, or none that readings made.
        """
        with self._room.view() as unit:
            p.checked(unit.signals.get(signal_id))
            return unit.traces.get(signal_id)

    def dismiss(self, p: Principal, signal_id: str, why: str) -> SignalView:
        """A person's word that nobody needs to look; a look that has not begun is withdrawn.

        Raises:
            NotAllowed: the role may not decide, or it is another department's.
            InvalidInput: no reason given.
            IllegalTransition: it has ended, or other signals wait for the same look.
        """
        p.require("decide")
        if not why.strip():
            raise InvalidInput("no reason", where="note", remedy="say why nobody needs to look")
        now = self._room.now()
        with self._room.unit() as unit:
            signal: Signal = p.checked(unit.signals.get(signal_id))
            _must_be_ours(p, signal)
            dismissed = replace(move(signal, SignalState.DISMISSED), note=why.strip()[:_NOTE])
            unit.signals.put(dismissed)
            if signal.request_id:
                _withdraw(unit, signal.request_id, now)
            text, text_zh = f"dismissed: {dismissed.note}", f"不予处理：{dismissed.note}"
            note(unit, now, signal_id, "signal.dismiss", text, text_zh, actor=p.name)
            return self._view(unit, p, dismissed)

    # --- by the clock ----------------------------------------------------------------------

    async def ask_waiting(self) -> None:
        """Ask for the looks of what has come in."""
        for signal_id in await asyncio.to_thread(self._asker.waiting):
            await asyncio.to_thread(self._asker.ask, signal_id)

    async def follow(self) -> None:
        """Take open signals along with their requests."""
        await asyncio.to_thread(self._follower.run)

    async def listen(self) -> None:
        """Notice devices that have fallen silent."""
        await asyncio.to_thread(self._listener.run)

    async def erase(self) -> None:
        """Erase contacts whose time is over."""
        await asyncio.to_thread(self.contacts.erase)

    def _view(self, unit: Unit, p: Principal, signal: Signal) -> SignalView:
        leader = unit.signals.get(signal.joined.id) if signal.joined else None
        head = leader or signal
        request = unit.requests.get(head.request_id) if head.request_id else None
        case_id = head.outcome.case_id if head.outcome else None
        if case_id is not None and not p.sees(unit.cases.get(case_id)):
            case_id = None
        zone = self._room.preset.zone_info
        if leader is not None and not p.sees(leader):
            signal, leader = _veiled(signal, leader)
        text, text_zh = told(signal, leader, request, self._room.now(), zone)
        if request is not None and request.answer is not None:
            flight_id = request.answer.flight_id
            if flight_id and not unit.flights.find(id=flight_id, audience=p.audience()):
                request = replace(request, answer=replace(request.answer, flight_id=None))
        return SignalView(
            signal=signal,
            leader=leader,
            request=request,
            case_id=case_id,
            text=text,
            text_zh=text_zh,
        )


def _veiled(signal: Signal, leader: Signal) -> tuple[Signal, Signal]:
    """A signal that joined one of another department, as its own department is told of it: when
    there is a look and how it ends, and nothing by which the other's things could be told."""
    joined = None if signal.joined is None else replace(signal.joined, id="")
    outcome = leader.outcome
    if outcome is not None and outcome.case_id is not None:
        outcome = replace(outcome, case_id=None, text="found", text_zh="已发现")
    return replace(signal, joined=joined), replace(leader, outcome=outcome)


def _must_be_ours(p: Principal, signal: Signal) -> None:
    """Raise unless the caller's department alone waits for the signal's look."""
    if not p.city_wide and p.department != signal.department:
        raise NotAllowed(
            "it is another department's signal",
            where=signal.id,
            remedy="ask that department, or a dispatcher",
        )
    if signal.members:
        raise IllegalTransition(
            f"{signal.members} other signals wait for the same look",
            where=signal.id,
            remedy="let the look answer them",
        )


def _withdraw(unit: Unit, request_id: str, now: datetime) -> None:
    """Take the look back, unless it has begun."""
    if unit.requests.get(request_id).state in (RequestState.ASKED, RequestState.PLANNED):
        with suppress(IllegalTransition):  # its flight is in the air: it is flown
            withdraw(unit, SERVICE, request_id, now)
