"""The control room: everything that the running day's parts share."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.clock import Clock
from core.errors import Unavailable
from fleet.address import Address
from fleet.docks.dockyard import Dockyard
from fleet.events import FleetEvent
from fleet.fleet import Fleet
from imagery.storage import MediaFolder
from missions.operations.pads import Pads
from missions.operations.shelf import Shelf
from missions.preflight.authority import Authority, SimulatedAuthority
from missions.preflight.forecast import Forecast, StationForecast
from missions.presets import Dock, Preset
from missions.schedule.lease import Lease
from missions.store.protocol import Store, Unit

if TYPE_CHECKING:
    from missions.operations.helms import Helms

logger = logging.getLogger("flyonce.operations")


@dataclass
class Watchers:
    """Who wants to hear of which vehicle."""

    _queues: dict[Address, list[asyncio.Queue[FleetEvent]]] = field(default_factory=dict)

    def tell(self, event: FleetEvent) -> None:
        """Hand an event to everybody who watches its vehicle."""
        for queue in self._queues.get(event.vehicle, ()):
            queue.put_nowait(event)

    @contextmanager
    def watching(self, vehicle: Address) -> Iterator[asyncio.Queue[FleetEvent]]:
        """A queue of the vehicle's events from now on."""
        queue: asyncio.Queue[FleetEvent] = asyncio.Queue()
        self._queues.setdefault(vehicle, []).append(queue)
        try:
            yield queue
        finally:
            self._queues[vehicle].remove(queue)


class ControlRoom:
    """What dispatch, intake, alarms and re-checks work with.

    Args:
        logs: folder of the telemetry logs.
        pool: for photographs; `missions.operations.examine.open_workbench` has run in its workers.
        planning: for plans; `missions.demand.worker.open_planning` has run in its workers.
        answering: for answers to requests; `missions.demand.answerer.open_answering` has run in
            its worker. The caller's thread where there is none.
        making: for products, which take long; `missions.media.making.open_making` has run in its
            workers. The pool for photographs where there is none.
        authority: who answers flight applications; a simulated one where it is left out.
        lease: which of several processes runs the jobs; this one where it is left out.
    """

    def __init__(
        self,
        *,
        preset: Preset,
        clock: Clock,
        records: Store,
        media: MediaFolder,
        logs: Path,
        fleet: Fleet,
        pool: Executor,
        planning: Executor,
        watchers: Watchers,
        docks: Dockyard | None = None,
        making: Executor | None = None,
        answering: Executor | None = None,
        authority: Authority | None = None,
        lease: Lease | None = None,
    ) -> None:
        self.preset = preset
        self.clock = clock
        self.records = records
        self.media = media
        self.logs = logs
        self.fleet = fleet
        self.pool = pool
        self.planning = planning
        self.making = pool if making is None else making
        self.answering = answering
        self.authority = authority or SimulatedAuthority(preset.filing, preset.zone_info)
        self.products_wanted = asyncio.Event()
        """Set when a product was asked for or withdrawn."""
        self.detectors = Shelf()
        """Trained detectors; the composition root puts the city's here."""
        self.watchers = watchers
        self.latest_flight: dict[str, str] = {}
        """By drone, the flight that it is on or came back from last."""
        self.judged: set[str] = set()
        """Re-check flights whose measurement is being or has been written down."""
        self.docks = Dockyard([], clock) if docks is None else docks
        """The docks that can be spoken with; none where no address is set."""
        self.forecast: Forecast = StationForecast(self.docks, preset.docks, clock)
        """The weather ahead; the composition root puts a forecast service here."""
        self.pads = Pads(preset, fleet, says=self._dock_says)
        self._docks = {dock.id: dock for dock in preset.docks}
        self._by_address = {dock.address: dock for dock in preset.docks}
        self._running: set[asyncio.Task[bool]] = set()
        self._lease = lease

    @cached_property
    def lease(self) -> Lease:
        """Whether this process runs the jobs and speaks to the fleet."""
        return self._lease or Lease.alone(self.records)

    @cached_property
    def helms(self) -> "Helms":
        """Who holds the controls of which drone."""
        from missions.operations.helms import Helms

        return Helms(self)

    def _dock_says(self, dock_id: str) -> bool | None:
        """Whether a dock says that it can take nobody; None where it is not spoken with.

        Its own drone on the pad is none of this: a dock tells of a take-off some seconds late.
        """
        return not self.docks.free(dock_id) if dock_id in self.docks else None

    def now(self) -> datetime:
        """The service's time."""
        return self.clock.now()

    def today(self) -> date:
        """The city's date."""
        return self.now().astimezone(self.preset.zone_info).date()

    def clock_time(self, at: datetime) -> str:
        """A time as people in the city say it, such as 14:05."""
        return f"{at.astimezone(self.preset.zone_info):%H:%M}"

    def dock(self, dock_id: str) -> Dock:
        """A dock by id; a drone has the id of its home dock."""
        return self._docks[dock_id]

    def dock_of(self, vehicle: Address) -> Dock | None:
        """The home dock of a vehicle; None for a stranger."""
        return self._by_address.get(vehicle)

    def unit(self) -> AbstractContextManager[Unit]:
        """A unit of work on the records; never await inside one."""
        return self.records.unit()

    def view(self) -> AbstractContextManager[Unit]:
        """A reading look at the records."""
        return self.records.view()

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Let something go on by itself under the supervisor's eye."""
        task = asyncio.create_task(supervised(work, name), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End what goes on; what was under way is found again at the next start."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


async def supervised(work: Coroutine[Any, Any, Any], name: str) -> bool:
    """The process's one supervisor: a fault in one flight, job or photograph is logged and must
    not end the others. False when there was one."""
    try:
        await work
    except Unavailable as why:  # a database or disk that is away for a while is no fault of ours
        logger.warning("%s failed: %s", name, why)
        return False
    except Exception:
        logger.exception("%s failed", name)
        return False
    return True
