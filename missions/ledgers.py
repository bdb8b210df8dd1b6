"""Who owes what of a time: the ledger's totals by department, and what flying once has saved.

Shares are whole metres and seconds, so that the departments' totals are exactly what was flown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import InvalidInput
from missions.access import Principal
from missions.entities import LedgerLine, PlanRecord
from missions.operations.room import ControlRoom
from missions.queries import flight_detail
from missions.store.protocol import Between

LONGEST = timedelta(days=366)
MOST_LINES = 1_000_000
"""Lines that one question reads: two hundred flights a day for eight departments give as many in
two years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A department's part of what was flown."""

    department: str
    flights: int
    metres: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What was planned on a day, and what separate flights for the same requests would have cost.

    Attributes:
        least_km: no separate flights could do with less.
        best_km, best_flights: the best separate plan that was found; None until it is made. It may
            have to leave requests out: it serves `best_served` of `served`.
    """

    day: date
    served: int
    km: float
    least_km: float
    least_flights: int
    best_km: float | None
    best_flights: int | None
    best_served: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The ledger of some days, both included."""

    first: date
    last: date
    shares: tuple[Share, ...]
    saved: tuple[Saved, ...]

    @property
    def metres(self) -> int:
        """All that was flown for those whom the shares name."""
        return sum(share.metres for share in self.shares)

    @property
    def seconds(self) -> int:
        """The time of it."""
        return sum(share.seconds for share in self.shares)


class Ledgers:
    """The ledger as departments and the city read it."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def of_flight(self, p: Principal, flight_id: str) -> tuple[LedgerLine, ...]:
        """Everybody's share of a flight, for those whom it served; empty before it has landed.

        Raises:
            NotFound: no such flight for this caller.
        """
        with self._room.view() as unit:
            return flight_detail(unit, p, flight_id).ledger

    def account(
        self, p: Principal, first: date | None, last: date | None, department: str | None = None
    ) -> Account:
        """Totals of some days; today's where none is named. A department reads its own.

        Raises:
            InvalidInput: the days are in the wrong order or too many, or no such department.
        """
        last = last or first or self._room.today()
        first = first or last
        _check(first, last)
        if department is not None and department not in self._room.preset.departments:
            raise InvalidInput(
                f"no such department: {department[:80]}",
                where="department",
                remedy=f"use one of {', '.join(self._room.preset.departments)}",
            )
        days = Between(low=first.isoformat(), high=last.isoformat())
        wanted = {} if department is None else {"department": department}
        with self._room.view() as unit:
            rows = unit.ledger.pick(
                ("department", "flight_id", "metres", "seconds"),
                audience=p.audience(),
                limit=MOST_LINES,
                day=days,
                **wanted,
            )
            plans = unit.plans.find(day=days)
        return Account(first=first, last=last, shares=_totals(rows), saved=_saved(plans))


def _totals(rows: Sequence[tuple[str, str, int, int]]) -> tuple[Share, ...]:
    metres: dict[str, int] = {}
    seconds: dict[str, int] = {}
    flights: dict[str, set[str]] = {}
    for department, flight, m, s in rows:
        metres[department] = metres.get(department, 0) + m
        seconds[department] = seconds.get(department, 0) + s
        flights.setdefault(department, set()).add(flight)
    return tuple(
        Share(department=d, flights=len(flights[d]), metres=metres[d], seconds=seconds[d])
        for d in sorted(metres)
    )


def _saved(plans: Sequence[PlanRecord]) -> tuple[Saved, ...]:
    """The latest plan of each day."""
    latest = {plan.day: plan for plan in plans}
    return tuple(
        Saved(
            day=day,
            served=plan.planned,
            km=plan.km,
            least_km=plan.km_separate,
            least_flights=plan.flights_separate,
            best_km=plan.km_separate_best,
            best_flights=plan.flights_separate_best,
            best_served=plan.served_separate_best,
        )
        for day, plan in sorted(latest.items())
    )


def _check(first: date, last: date) -> None:
    if last < first:
        raise InvalidInput(
            "it ends before it begins", where="to", remedy="give from and to in order"
        )
    if last - first > LONGEST:
        raise InvalidInput(
            f"{(last - first).days} days", where="to", remedy=f"ask for at most {LONGEST.days}"
        )
