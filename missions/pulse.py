"""How the service is: whether it can take work, with a reason for each doubt, and its figures.

`Pulse.checks` is what a load balancer asks; `Pulse.figures` what Prometheus draws. Neither says
who, where or what was seen: only counts.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.clock import Clock, SystemClock
from core.errors import FlyOnceError
from missions.entities import CaseState, FlightState, RequestState, ReviewState
from missions.operations.links import link_states
from missions.operations.room import ControlRoom
from missions.schedule.counting import counted
from missions.store.condition import condition_of

LEAST_FREE_BYTES = 1 << 30
"""Below a gigabyte nothing new is begun: a morning's photographs are about ten."""
FRESH = timedelta(seconds=2)
"""So long an answer of the checks is told again: whoever asks needs no rights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that the service needs. Attributes: ``needed`` without it the service is not
    ready; otherwise it is a warning."""

    name: str
    ok: bool
    needed: bool
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number now; ``labels`` tells numbers of the same name apart."""

    name: str
    help: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Pulse:
    """The state of one running service.

    Args:
        held: whether this process holds the lease of the jobs.
    """

    def __init__(
        self,
        room: ControlRoom,
        status: Callable[[], str],
        clock: Clock | None = None,
        held: Callable[[], bool] = lambda: True,
    ) -> None:
        self._room = room
        self._status = status
        self._held = held
        self._clock = clock or SystemClock()
        self._last: tuple[datetime, list[Check]] | None = None

    def checks(self) -> list[Check]:
        """Everything that the service needs, looked at now (or within two seconds)."""
        now = self._clock.now()
        if self._last is None or now - self._last[0] >= FRESH:
            self._last = now, list(self._looked())
        return self._last[1]

    def _looked(self) -> Iterator[Check]:
        yield self._started()
        yield self._writable()
        yield self._migrated()
        yield self._disk()
        yield from self._links()
        yield from self._lease()

    def _started(self) -> Check:
        status = self._status()
        if status == "standby":
            reason = "standby: another process runs the jobs and speaks to the fleet"
            return Check(name="plan", ok=True, needed=True, reason=reason)
        return Check(
            name="plan",
            ok=status == "ok",
            needed=True,
            reason="the day's plan is released" if status == "ok" else f"the service is {status}",
            remedy="" if status == "ok" else "wait: the first plan of the day takes a moment",
        )

    def _writable(self) -> Check:
        try:
            with self._room.unit() as unit:
                unit.settings.set("pulse", self._clock.now().isoformat())
        except FlyOnceError as why:
            return Check(
                name="database", ok=False, needed=True, reason=why.what, remedy=why.remedy or ""
            )
        return Check(name="database", ok=True, needed=True, reason="it takes writes")

    def _migrated(self) -> Check:
        store = condition_of(self._room.records)
        current = store.revision == store.head
        return Check(
            name="migrations",
            ok=current,
            needed=True,
            reason=f"at revision {store.revision}" + ("" if current else f", not {store.head}"),
            remedy="" if current else "start the service again: it migrates when it starts",
        )

    def _disk(self) -> Check:
        folder = self._room.logs
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        enough = free >= LEAST_FREE_BYTES
        return Check(
            name="disk",
            ok=enough,
            needed=True,
            reason=f"{free / 1e9:.1f} GB free",
            remedy="" if enough else "make room in the home folder, or run 'flyonce retention'",
        )

    def _links(self) -> Iterator[Check]:
        for link in link_states(self._room.fleet) if self._room.fleet else ():
            yield Check(
                name=f"link {link.name}",
                ok=link.connected,
                needed=False,  # people can still ask, look and settle cases
                reason=f"{link.vehicles} vehicles heard" if link.connected else "not connected",
                remedy=""
                if link.connected
                else "look at the ground station or FLYONCE_MAVLINK_URL",
            )

    def _lease(self) -> Iterator[Check]:
        with self._room.view() as unit:
            leases = unit.leases.find()
        now = self._clock.now().astimezone(UTC)
        for lease in leases:
            good = not lease.released and lease.expires_at > now
            yield Check(
                name=f"lease {lease.id}",
                ok=good,
                needed=False,
                reason=f"held by {lease.holder}" if good else "nobody holds it",
                remedy="" if good else "another process takes over within a minute",
            )

    # --- figures -----------------------------------------------------------------------------

    def figures(self) -> list[Figure]:
        """Everything that is counted, now."""
        return [
            *self._fleet(),
            *self._store(),
            *self._waiting(),
            *self._jobs(),
            *self._ready(),
        ]

    def _fleet(self) -> Iterator[Figure]:
        room = self._room
        vehicles = room.fleet.vehicles.values() if room.fleet else ()
        states = Counter("lost" if v.lost else "heard" for v in vehicles)
        for state in ("heard", "lost"):
            yield _figure("vehicles", "Vehicles by whether they are heard", states[state], state)
        with room.view() as unit:
            for flight_state in FlightState:
                count = unit.flights.count(day=room.today(), state=flight_state)
                yield _figure("flights_today", "Today's flights by state", count, flight_state)

    def _store(self) -> Iterator[Figure]:
        store = condition_of(self._room.records)
        yield _figure("database_connections", "Connections of the pool", store.busy, "busy")
        yield _figure("database_connections", "Connections of the pool", store.idle, "idle")

    def _waiting(self) -> Iterator[Figure]:
        text = "What waits to be worked on"
        with self._room.view() as unit:
            waiting = {
                "requests": unit.requests.count(state=RequestState.ASKED),
                "reviews": unit.reviews.count(state=ReviewState.OPEN),
                "cases": unit.cases.count(state=CaseState.DISPATCHED),
                "products": unit.products.count(state="wanted"),
                "uploads": unit.uploads.count(state="waiting"),
                "keys": unit.answers.count(),
            }
        for name, count in waiting.items():
            yield _figure("waiting", text, count, name, label="what")

    def _jobs(self) -> Iterator[Figure]:
        yield Figure(
            name="lease_held",
            help="1 where this process runs the jobs, 0 on standby",
            value=float(self._held()),
        )
        with self._room.view() as unit:
            jobs = list(counted(unit))
        for job in jobs:
            said = {
                "last_run_seconds": ("Unix time at which a job began last", _unix(job.began)),
                "next_run_seconds": ("Unix time at which a job is due", _unix(job.next)),
                "failures": ("Failed runs among a job's last 200", job.failures),
                "missed": ("Due times that a job's last run made up for", job.missed),
            }
            for name, (text, value) in said.items():
                yield _figure(f"job_{name}", text, value, job.name, "job")

    def _ready(self) -> Iterator[Figure]:
        for check in self.checks():
            yield _figure("check_ok", "Readiness checks: 1 passes", check.ok, check.name, "check")


def _figure(name: str, text: str, value: float, label_value: str, label: str = "state") -> Figure:
    return Figure(name=name, help=text, value=float(value), labels=((label, str(label_value)),))


def _unix(at: datetime | None) -> float:
    """Seconds since 1970; 0 for never."""
    return 0.0 if at is None else at.timestamp()
