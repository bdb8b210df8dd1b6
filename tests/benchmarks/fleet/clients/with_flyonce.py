"""Our fleet as a measured controller."""

import asyncio
import time

from benchmarks.fleet.clients.stand import STARTING_S, Job, Stage, Tally, places
from core.clock import SystemClock
from fleet.fleet import Fleet
from fleet.links.mavlink import connect
from fleet.messages import MissionItem
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import Mission
from fleet.state import VehicleState
from fleet.vehicle import Vehicle
from fleet.vocabulary import Frame


async def listen(stage: Stage) -> None:
    """Follow all vehicles and look at every new state, as the live map does."""
    job, tally = stage.job, Tally(stage.job)
    async with _fleet(job) as fleet:
        await _heard(fleet, job)
        watching = [
            asyncio.create_task(_observe(vehicle, tally)) for vehicle in fleet.vehicles.values()
        ]
        await asyncio.sleep(job.settle_s)
        await asyncio.to_thread(stage.ready)
        tally.begin()
        stage.begin()
        await asyncio.sleep(job.seconds)
        stage.end(tally)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def upload(stage: Stage) -> None:
    """Through the gate: mission, fence and rally uploaded, read back, compared and recounted."""
    job = stage.job
    async with _fleet(job) as fleet:
        await _heard(fleet, job)
        vehicle = next(iter(fleet.vehicles.values()))
        await asyncio.sleep(job.settle_s)
        await asyncio.to_thread(stage.ready)
        took_s = []
        for number in range(job.repeat):
            plan = _plan(job, 40.0 + number)
            began = time.monotonic()
            await vehicle.upload(plan)
            took_s.append(time.monotonic() - began)
            if vehicle.plan is None or plan.differences(vehicle.plan):
                raise SystemExit("it holds something else")
        stage.say({"took_s": took_s})


def _fleet(job: Job) -> Fleet:
    scheme = "tcp" if job.scheme == "tcp" else "udpin"
    links = {f"l{port}": connect(f"{scheme}:127.0.0.1:{port}") for port in job.ports}
    return Fleet(links, SystemClock(), on_event=lambda event: None)


async def _heard(fleet: Fleet, job: Job) -> None:
    for _ in range(round(STARTING_S / 0.1)):
        if len(fleet.vehicles) >= job.vehicles:
            return
        await asyncio.sleep(0.1)
    raise SystemExit(f"only {len(fleet.vehicles)} of {job.vehicles} vehicles are heard")


async def _observe(vehicle: Vehicle, tally: Tally) -> None:
    """Called with each state; counts those with a new position."""
    last: list[object] = [None]

    def seen(state: VehicleState) -> bool:
        if state.position is not None and state.position is not last[0]:
            last[0] = state.position
            tally.take(state.position.lat)
        return False

    await vehicle.wait(seen, 1e6, "the end")


def _plan(job: Job, height_m: float) -> FlightPlan:
    found = places(job, height_m)
    return FlightPlan(
        Mission(
            tuple(
                MissionItem(seq=k, command=command, frame=Frame.RELATIVE_INT, x=y, y=x, z=z)
                for k, (command, y, x, z) in enumerate(found)
            )
        )
    )


if __name__ == "__main__":
    here = Stage()
    asyncio.run(listen(here) if here.job.task == "listen" else upload(here))
