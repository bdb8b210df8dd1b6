"""The composition root: builds the world from the settings, runs it, takes it down again.

Kill it at any moment: what was acknowledged is in the records, the vehicles fly on by themselves,
the cameras keep what was not acknowledged, and the next start carries on from there.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import uvicorn

from api import identity, simulation
from api.app import create_app
from api.home import emptied, opened_home
from api.rehearsal import Rehearsals
from api.settings import Settings
from core.clock import Clock, FollowedClock, SystemClock
from core.errors import InvalidInput, Unavailable
from fleet.docks.dock import Dock
from fleet.docks.dockyard import Dockyard
from fleet.docks.dockyard import connect as connect_docks
from fleet.fleet import Fleet
from fleet.links.keys import Keys
from fleet.links.link import Link
from fleet.links.mavlink import connect
from fleet.links.wire import Wire
from imagery.storage import MediaFolder
from missions.access import Principal, Role
from missions.day import CLOCK_KEY, Day
from missions.demand.answerer import open_answering, warm_up
from missions.demand.planning import morning
from missions.demand.worker import open_planning
from missions.feed.egress import allowed_hosts
from missions.media.making import open_making
from missions.operations.docking import heard
from missions.operations.examine import open_workbench
from missions.operations.finds import Finds
from missions.operations.intake import Intake
from missions.operations.orders import close_open, kept_book
from missions.operations.room import ControlRoom, Watchers
from missions.operations.shelf import shelve
from missions.preflight.authority import Authority, PeopleAnswer, SimulatedAuthority
from missions.preflight.fetching import Fetcher
from missions.preflight.forecast import HourlyForecast
from missions.presets import Preset, load
from missions.report import Reporter
from missions.schedule import Lease
from missions.service import Service
from missions.store import Store, open_store

logger = logging.getLogger("flyonce.runtime")


STOP_S = 2.0
"""So long a worker may finish what it is at when the service stops."""
SIMULATED = Principal(name="simulated people and cameras", role=Role.ADMINISTRATOR)


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """A running service."""

    service: Service
    room: ControlRoom
    day: Day
    reporter: Reporter
    simulation: simulation.Simulation | None
    url: str


async def serve(
    settings: Settings,
    *,
    simulate: bool,
    speed: str,
    hours: float | None,
    ready: Callable[[str], None],
    announce: Callable[[str, str], None] | None = None,
) -> None:
    """Run until asked to stop (SIGINT, SIGTERM); ``ready`` is called with the address."""
    stop, up = asyncio.Event(), asyncio.Event()
    loop, body = asyncio.get_running_loop(), asyncio.current_task()

    def asked() -> None:
        if body is not None and not up.is_set() and not stop.is_set():
            body.cancel()  # still starting, or standby: nobody waits for `stop` yet
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
    try:
        async with running(
            settings, simulate=simulate, speed=speed, hours=hours, ready=ready, announce=announce
        ):
            up.set()
            await stop.wait()
    except asyncio.CancelledError:
        if not stop.is_set():
            raise


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    simulate: bool,
    speed: str = "max",
    hours: float | None = None,
    seed: int | None = None,
    fresh: bool = False,
    ready: Callable[[str], None] = lambda url: None,
    announce: Callable[[str, str], None] | None = None,
) -> AsyncIterator[Runtime]:
    """Everything, up and listening; taken down in order on the way out.

    Args:
        fresh: empty the home folder first.
        ready: called with the address once the console can be opened; the plan is made after that.
        announce: called at the first start with the first administrator's name and password.

    Raises:
        Unavailable: the port or the home folder is in use, or the disk is full.
        InvalidInput: the preset is wrong, or real vehicles are to be flown and no link is set.
    """
    if not simulate and "mavlink_url" not in settings.model_fields_set:
        raise InvalidInput(
            "nobody said where the vehicles are, and whatever answers would be commanded",
            where="FLYONCE_MAVLINK_URL",
            remedy="set it, such as main=udpin:0.0.0.0:14550 (docs/links.md)",
        )
    preset = load(settings.preset)
    settings = identity.decided(settings, simulate=simulate)
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(bound(settings.host, settings.port))
        stack.enter_context(opened_home(settings.home))
        port = listener.getsockname()[1]
        url = settings.model_copy(update={"port": port}).url
        simulated = simulation.Simulation(settings, preset, url)
        if fresh:
            simulated.stop()
            emptied(settings.home)
        records = open_store(settings.database)
        stack.callback(records.close)
        lease = Lease(records, holder_of(settings.home))
        clock = clock_for(
            records, preset, simulate=simulate, flying=simulated.process() is not None
        )
        watchers = Watchers()
        fleet = Fleet(
            links_for(settings, preset, clock),
            clock,
            on_event=watchers.tell,
            on_time=clock.follow if isinstance(clock, FollowedClock) else None,
            ground=preset.heights,
            orders=kept_book(records, clock, preset.docks),
        )
        docks_url = settings.docks_url or (simulated.docks_url() if simulate else "")
        docks = Dockyard(
            docks_at(docks_url, preset, clock, settings.docks_token),
            clock,
            on_event=lambda event: heard(room, event),
        )
        media = MediaFolder(str(settings.media))
        answering = stack.enter_context(_pool(open_answering, settings.preset, settings.database))
        room = ControlRoom(
            preset=preset,
            clock=clock,
            records=records,
            media=media,
            logs=settings.home / "logs",
            fleet=fleet,
            pool=stack.enter_context(_pool(open_workbench, settings.preset, str(settings.media))),
            planning=stack.enter_context(_pool(open_planning, settings.preset)),
            answering=answering,
            making=stack.enter_context(_pool(open_making, settings.preset, str(settings.media))),
            watchers=watchers,
            docks=docks,
            lease=lease,
            authority=authority_for(settings, preset, simulate=simulate),
        )
        room.detectors = shelve(settings.detectors, preset.event_types)
        for refused in room.detectors.refused:
            logger.warning("detector %s is not used: %s", refused.name, refused.reason)
        fetcher = forecast_for(settings, room)
        finds = Finds(room)
        intake = Intake(room, finds)
        reporter = Reporter(room)
        service = Service(room, intake, reporter)
        service.uploads.max_bytes = settings.media_max_mb << 20
        service.webhooks.allowed = allowed_hosts(settings.webhook_allow)
        day = Day(room, intake, finds, Rehearsals(settings.home))
        service.jobs.known = lambda: (*day.jobs, *service.uploads.jobs)
        identity.set_up(service.identity, settings, simulate=simulate, url=url, announce=announce)
        await stack.enter_async_context(_http(service, settings, listener))
        ready(url)
        await stack.enter_async_context(_leading(lease, service))
        close_open(records, clock.now())
        media.sweep()
        await day.prepare()
        answering.submit(warm_up, clock.now())
        service.status = "ok"
        if simulate:
            if simulated.process() is None:
                token = service.token_for(SIMULATED)
                simulated.start(clock.now(), token=token, speed=speed, hours=hours, seed=seed)
            stack.callback(simulated.stop)
        await stack.enter_async_context(fleet)
        await stack.enter_async_context(docks)
        stack.push_async_callback(room.close)
        await stack.enter_async_context(_background(day.run(), "day"))
        if fetcher is not None:
            await stack.enter_async_context(_background(fetcher.run(), "forecast"))
        await stack.enter_async_context(_background(service.identity.run(), "identity"))
        await stack.enter_async_context(_background(service.uploads.run(), "uploads"))
        await stack.enter_async_context(_background(service.courier.run(), "webhooks"))
        await stack.enter_async_context(_background(service.products.run(), "products"))
        yield Runtime(
            service=service,
            room=room,
            day=day,
            reporter=reporter,
            simulation=simulated if simulate else None,
            url=url,
        )


def links_for(settings: Settings, preset: Preset, clock: Clock) -> dict[str, Link]:
    """The links by name, not opened yet; vehicles with a key sign on them.

    Raises:
        InvalidInput: an address is wrong, or a dock's drone is on a link that is not set.
        Unavailable: the file of keys is exposed or broken, or signing is required and a drone
            has no key.
    """
    keys = Keys.load(settings.keys_file)
    if settings.require_signing:
        keys.require(dock.address for dock in preset.docks)
    for dock in preset.docks:
        if dock.link not in settings.links:
            raise InvalidInput(
                f"the drone of {dock.id} is on the link {dock.link!r}, which is not set",
                where="FLYONCE_MAVLINK_URL",
                remedy=f"add {dock.link}=ADDRESS to it",
            )
    return {
        name: connect(
            address,
            Wire.signed(keys.of_link(name), clock, required=settings.require_signing),
        )
        for name, address in settings.links.items()
    }


def docks_at(url: str, preset: Preset, clock: Clock, token: str | None) -> list[Dock]:
    """The preset's docks behind an address; none without one.

    Raises:
        InvalidInput: the address is wrong.
    """
    if not url:
        return []
    return connect_docks(url, [dock.id for dock in preset.docks], clock, token=token)


def authority_for(settings: Settings, preset: Preset, *, simulate: bool) -> Authority:
    """Who answers flight applications: only a simulated city has somebody who does by itself."""
    answers = settings.filing_answers
    if answers == "rules" or (answers == "auto" and simulate):
        return SimulatedAuthority(preset.filing, preset.zone_info)
    return PeopleAnswer()


def forecast_for(settings: Settings, room: ControlRoom) -> Fetcher | None:
    """What keeps the forecast fresh, where a service is set; the docks' stations stand in."""
    if not settings.forecast_url:
        return None
    hourly = HourlyForecast(room.forecast)
    room.forecast = hourly
    return Fetcher(settings.forecast_url, room.preset.docks, hourly, room.clock)


def clock_for(records: Store, preset: Preset, *, simulate: bool, flying: bool) -> Clock:
    """The computer's time, or in simulation the time where the records left off.

    A simulation that was stopped in the evening begins again in the morning, unless its vehicles
    still fly by themselves and keep the time.
    """
    if not simulate:
        return SystemClock()
    with records.view() as unit:
        saved = unit.settings.get(CLOCK_KEY)
    left_off = datetime.fromisoformat(saved) if saved else preset.demo.start
    return FollowedClock(left_off if flying else morning(preset, left_off))


def bound(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        Unavailable: something else listens there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError as why:
        listener.close()
        raise Unavailable(
            f"cannot listen on port {port}: {why.strerror}",
            where=f"{host}:{port}",
            remedy="stop the other program or choose another port with --port",
        ) from why
    return listener


@contextmanager
def _pool(
    initializer: Callable[..., None], *arguments: str | Path
) -> Iterator[ProcessPoolExecutor]:
    """One worker: with the service and the simulator that makes three processes on two cores.

    Who stops the service does not wait for a map or a plan to be ready: what a worker is at is not
    recorded yet, and is begun again at the next start, as after a power cut.
    """
    pool = ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=initializer, initargs=arguments
    )
    try:
        yield pool
    finally:
        workers = tuple((pool._processes or {}).values())  # until 3.14 has terminate_workers
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.join(STOP_S)
            worker.terminate()
            worker.join(STOP_S)


def holder_of(home: Path) -> str:
    """The name under which the service of a home folder holds the lease."""
    return f"{socket.gethostname()}:{home.resolve()}"


@asynccontextmanager
async def _leading(lease: Lease, service: Service) -> AsyncIterator[None]:
    """Hold the lease until the end of the block; until it is ours, the service is standby: it
    answers and takes requests, but runs no jobs and speaks to no vehicle."""
    if not await asyncio.to_thread(lease.take):
        service.status = "standby"
        await lease.taken()
        service.status = "starting"
    try:
        async with _background(lease.keep(), "lease"):
            yield
    finally:
        lease.release()


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _http(
    service: Service, settings: Settings, listener: socket.socket
) -> AsyncIterator[None]:
    """The HTTP server, listening until the end of the block."""
    config = uvicorn.Config(
        create_app(service, settings),
        log_level=settings.log_level,
        log_config=None,  # its lines go where ours go, with the request's name
        access_log=False,
        ws_ping_interval=20.0,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listener]), name="http")
    try:
        yield
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def _background(work: object, name: str) -> AsyncIterator[None]:
    """Work that goes on beside, and is ended on the way out; if it fails, so does the whole."""
    body = asyncio.current_task()
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]

    def watch(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and done.exception() is not None and body is not None:
            logger.error("%s ended: %s", name, done.exception())
            body.cancel()

    task.add_done_callback(watch)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
