"""Every fault in every phase of a flight: what the vehicle and the service did, where it ended.

A case is one flight of one drone (another flies beside it) through `fault_range`, with one fault
from one phase on. The first run of a case has the fault at its usual amount and for good; further
runs draw amount, moment and length by chance.
"""

import asyncio
import logging
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from benchmarks.fleet.fault_city import BYSTANDER, STRUCK, file_flight, survey
from benchmarks.fleet.fault_range import Range
from benchmarks.fleet.fault_verdict import Evidence, judge
from core.errors import InvalidInput
from missions.entities import Flight, FlightState
from missions.processes import leave_with_parent
from sim.faults import DOCKS, SCALES, WORLD, Fault, Kind, Phase

GREET_S = 20.0
"""The service is up so long before flights are due."""
DOCKED_S = 12.0
"""When a fault strikes in the dock: the service knows the drone and has asked nothing yet."""
WAIT_S = 55.0
"""Seconds from then to the second take-off; the first comes 10 s earlier."""
LONGEST_S = 1800.0
"""A case is over after so many simulated seconds, whatever still hangs."""
QUIET_S = 60.0
"""Looked on for so long after the last flight was settled: doors close, orders end."""
LATE_S, BRIEF_S = (0.0, 15.0), (20.0, 120.0)
"""A chance fault begins so long after its phase did, and lasts so long in every second run."""

ENDED = (FlightState.DONE, FlightState.DIVERTED, FlightState.FAILED, FlightState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What strikes, when, and in which world.

    Attributes:
        kind: None for a flight without a fault.
        run: 0 for the usual amount, for good; further ones by chance.
    """

    kind: Kind | None
    phase: Phase | None
    seed: int
    run: int = 0

    def fault(self) -> Fault | None:
        """The fault; its seconds count from the phase, in the dock from the start."""
        if self.kind is None or self.phase is None:
            return None
        rng = random.Random(f"{self.seed} {self.kind} {self.phase}")
        late_s = rng.uniform(*LATE_S) if self.run else 0.0
        lasts_s = rng.uniform(*BRIEF_S) if self.run and rng.random() < 0.5 else math.inf
        first_s = late_s + (DOCKED_S if self.phase is Phase.DOCKED else 0.0)
        waits = self.phase is not Phase.DOCKED and self.kind not in WORLD
        return Fault(
            kind=self.kind,
            vehicle=None if self.kind in DOCKS | WORLD else "FC-01",
            dock="FC-01" if self.kind in DOCKS else None,
            phase=self.phase if waits else None,
            from_s=first_s,
            to_s=first_s + lasts_s,
            amount=_amount(self.kind, rng) if self.run else None,
        )


def _amount(kind: Kind, rng: random.Random) -> float:
    """Half to four times the usual amount, within what the kind may have."""
    scale = SCALES[kind]
    if scale.least == scale.most:
        return scale.usual
    return min(scale.most, max(scale.least, scale.usual * 2 ** rng.uniform(-1, 2)))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One row of the table; plain values, for JSON.

    Attributes:
        struck_s: simulated second; None when the phase was never reached.
        vehicle: modes that it flew in, and what it said.
        orders: given to it, with how they ended. diary: lines of its flight.
        acts: those of them that an undisturbed flight has not. alarms: for a person.
        battery: left where it came down; least in flight.
        missing: photographs that its route should have brought and the records do not hold.
        again: the command line that runs this case.
    """

    fault: str
    phase: str
    seed: int
    run: int
    amount: str
    struck_s: float | None
    ended: str
    flight: str
    verdict: str
    why: str
    modes: tuple[str, ...]
    texts: tuple[str, ...]
    orders: tuple[str, ...]
    diary: tuple[str, ...]
    acts: tuple[str, ...]
    alarms: tuple[str, ...]
    missing: int
    battery: float
    simulated_s: float
    wall_s: float
    again: str


NONE = "none"


def cases(
    kinds: Sequence[str], phases: Sequence[str], seed: int, runs: Iterable[int]
) -> list[Case]:
    """All cases of a campaign, run by run; each run has its own world.

    Args:
        kinds: words of `Kind`, or "none" for a flight without; empty for all.
        phases: words of `Phase`; empty for all.

    Raises:
        InvalidInput: no such kind or phase.
    """
    chosen = [_kind(name) for name in kinds or (NONE, *Kind)]
    when = [_phase(name) for name in phases or Phase]
    found = []
    for run in runs:
        for kind in chosen:
            times = when if kind is not None else [None]
            found += [Case(kind=kind, phase=p, seed=seed + run, run=run) for p in times]
    return found


def _kind(word: str) -> Kind | None:
    if word == NONE:
        return None
    try:
        return Kind(word)
    except ValueError:
        raise InvalidInput(
            f"there is no fault {word!r}", where="--faults", remedy=", ".join((NONE, *Kind))
        ) from None


def _phase(word: str) -> Phase:
    try:
        return Phase(word)
    except ValueError:
        raise InvalidInput(
            f"there is no phase {word!r}", where="--phases", remedy=", ".join(Phase)
        ) from None


def run_case(case: Case) -> Outcome:
    """Fly one case in this process."""
    logging.getLogger("flyonce").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="flyonce-campaign-") as folder:
        return asyncio.run(flown(case, Path(folder)))


async def flown(case: Case, folder: Path) -> Outcome:
    """Fly one case."""
    began, fault = time.monotonic(), case.fault()
    waits = case.phase if case.kind in WORLD and case.phase is not Phase.DOCKED else None
    async with Range(folder, case.seed, fault, waits) as world:
        await world.run(GREET_S)
        flights = [file_flight(world.room, n, WAIT_S - 10.0 * (2 - n)) for n in (1, 2)]
        world.dispatch()
        await world.run(LONGEST_S, lambda: _over(world, flights))
        await world.run(QUIET_S)
        return _outcome(case, fault, world, flights, time.monotonic() - began)


def _over(world: Range, flights: Iterable[Flight]) -> bool:
    """Whether nobody flies and everything is written down."""
    if bool(world.swarm.state.flying.any()) or world.room._running:
        return False
    with world.room.view() as unit:
        return all(unit.flights.get(f.id).state in ENDED for f in flights)


def _outcome(
    case: Case, fault: Fault | None, world: Range, flights: Sequence[Flight], wall_s: float
) -> Outcome:
    mine, other = flights
    seen, truth = world.witness.seen[STRUCK], world.witness
    with world.room.view() as unit:
        flight = unit.flights.get(mine.id)
        lines = list(unit.log.find(subject=mine.id))
        docks = [e for d in world.docks.docks for e in unit.log.find(subject=d)]
        alerts = [a.text for a in unit.alerts.find() if a.text.startswith(mine.vehicle)]
        orders = unit.orders.find(drone=mine.vehicle)
        other_state = unit.flights.get(other.id).state
        received = unit.media.count(flight=mine.id)
        settled = all(_settled(unit, f) for f in flights)
    evidence = Evidence(
        kind=case.kind.value if case.kind else None,
        amount=fault.size if fault else 0.0,
        struck_s=_struck_s(case, fault, world),
        seen=seen,
        bystander=truth.seen[BYSTANDER],
        where=truth.where(STRUCK),
        bystander_where=truth.where(BYSTANDER),
        strikes=world.docks.strikes(),
        flight=flight.state.value,
        other=other_state.value,
        lands_at=flight.lands_at or "",
        alarms=tuple(dict.fromkeys([*alerts, *(e.text for e in docks)])),
        open_orders=tuple(f"{o.what} ({o.state})" for o in orders if o.state not in _CLOSED),
        settled=settled,
        doors={d.id: d.message(world.docks.now_s)["door"] for d in world.docks.docks.values()},
        expected=survey(1).photos,
        received=received,
        weather=case.kind in WORLD,
        for_good=fault is None or math.isinf(fault.to_s),
        outblown=fault is not None
        and fault.kind is Kind.WIND
        and fault.size >= min(spec.cruise_mps for spec in world.preset.kinds.values()),
    )
    verdict, why = judge(evidence)
    state = world.swarm.state
    return Outcome(
        fault=case.kind.value if case.kind else "none",
        phase=case.phase.value if case.phase else "",
        seed=case.seed,
        run=case.run,
        amount=_told(fault),
        struck_s=evidence.struck_s,
        ended=evidence.where,
        flight=evidence.flight,
        verdict=verdict,
        why=why,
        modes=tuple(seen.modes),
        texts=tuple(seen.texts),
        orders=tuple(f"{o.what}: {o.state}{f', {o.reason}' if o.reason else ''}" for o in orders),
        diary=tuple(f"{(e.at - mine.start).total_seconds():.0f} s {e.text}" for e in lines),
        acts=tuple(e.text for e in lines if e.action in ACTS),
        alarms=evidence.alarms,
        missing=max(0, evidence.expected - received),
        battery=float(state.battery[STRUCK]) if not seen.flew else seen.least_battery,
        simulated_s=world.swarm.now_s(),
        wall_s=wall_s,
        again=_again(case),
    )


ACTS = ("postpone", "fail", "guard", "link", "control", "overdue", "alarm")
"""Words of the diary under which a flight goes otherwise than planned."""

_CLOSED = ("done", "failed")


def _settled(unit: object, flight: Flight) -> bool:
    """Flights that did not fly have nothing to settle."""
    fresh = unit.flights.get(flight.id)  # type: ignore[attr-defined]
    if fresh.state not in (FlightState.DONE, FlightState.DIVERTED):
        return True
    return bool(unit.log.count(subject=flight.id, action="settle"))  # type: ignore[attr-defined]


def _struck_s(case: Case, fault: Fault | None, world: Range) -> float | None:
    if fault is None:
        return None
    if case.phase is Phase.DOCKED:
        return fault.from_s
    began = [at for at, phase in world.witness.phases if phase is case.phase]
    return began[0] + fault.from_s if began else None


def _told(fault: Fault | None) -> str:
    if fault is None:
        return ""
    unit = SCALES[fault.kind].unit
    size = "" if unit == "on" else f"{fault.size:.3g} {unit}"
    brief = "" if math.isinf(fault.to_s) else f"for {fault.to_s - fault.from_s:.0f} s"
    return ", ".join(part for part in (size, brief) if part)


def _again(case: Case) -> str:
    words = ["./run campaign --faults", case.kind.value if case.kind else NONE]
    words += ["--phases", case.phase.value] if case.phase else []
    words += ["--seed", str(case.seed - case.run)]
    words += ["--first-run", str(case.run)] if case.run else []
    return " ".join(words)


def campaign(
    todo: Sequence[Case], workers: int, tell: Callable[[int, Outcome], None]
) -> list[Outcome]:
    """Fly all cases in so many processes; the outcomes in the order of the cases.

    Args:
        tell: told of each outcome as it comes, with how many there are by now.
    """
    found: dict[Case, Outcome] = {}
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=leave_with_parent
    ) as pool:
        running = {pool.submit(run_case, case): case for case in todo}
        for done in as_completed(running):
            found[running[done]] = done.result()
            tell(len(found), done.result())
    return [found[case] for case in todo]
