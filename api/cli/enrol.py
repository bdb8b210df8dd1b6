"""`flyonce enrol`: take a real or simulated vehicle into the fleet with one command."""

import asyncio
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.options import Home, PresetName, settings_from
from api.cli.output import AsJson, emit, err, out
from core.errors import InvalidInput, Unavailable


def enrol(
    address: Annotated[
        str, typer.Argument(help="Where it is reached, such as serial:/dev/ttyUSB0:57600.")
    ],
    system_id: Annotated[int, typer.Option(min=1, max=254, help="Its MAVLink system id.")],
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    dock: Annotated[str, typer.Option(help="The dock where it lives; must be in the preset.")] = "",
    kind: Annotated[str, typer.Option(help="Its kind in the preset; the dock's by default.")] = "",
    link: Annotated[str, typer.Option(help="Name of the link on which the service flies it.")] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A further parameter.")
    ] = None,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="Set no signing key; for tests on a bench.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look, change nothing.")] = False,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Follow its clock instead of this computer's.")
    ] = False,
    wait: Annotated[float, typer.Option(min=1, max=600, help="Seconds to wait for it.")] = 30.0,
    as_json: AsJson = False,
    home: Home = None,
    preset: PresetName = None,
) -> None:
    """Enrol a vehicle: who it is, its signing key, failsafes and parameters, sensors and camera.

    Each is set and verified, and written into the vehicle's record, with which every start is
    compared. Enrolling it again changes only what is not right.
    """
    from missions.presets import load

    settings = settings_from(home=home, preset=preset)
    city = load(settings.preset)
    known = {d.id: d for d in city.docks}
    if dock and dock not in known:
        raise InvalidInput("no such dock", where=f"--dock {dock}", remedy="see the preset's docks")
    kind = kind or (known[dock].kind if dock else next(iter(city.kinds)))
    if kind not in city.kinds:
        names = ", ".join(city.kinds)
        raise InvalidInput("no such kind", where=f"--kind {kind}", remedy=f"use one of {names}")
    wish = Wish(
        address=address,
        system_id=system_id,
        link=link or (known[dock].address.link if dock else "main"),
        name=name or dock or f"vehicle {system_id}",
        dock=dock,
        kind=kind,
        ceiling_m=city.kinds[kind].max_height_m,
        reserve=city.kinds[kind].reserve,
        extra=_values(set_ or []),
        signed=not no_key,
        dry_run=dry_run,
        simulated=simulated,
        wait_s=wait,
        home=settings.home,
        database=settings.database,
    )
    if dock and (known[dock].address.system_id, known[dock].address.link) != (system_id, wish.link):
        raise InvalidInput(
            f"the vehicle of {dock} is {known[dock].address}",
            where="--system-id",
            remedy="give that number, or correct the preset",
        )
    result = asyncio.run(_enrol(wish))
    _show(result, as_json)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for."""

    address: str
    system_id: int
    link: str
    name: str
    dock: str
    kind: str
    ceiling_m: float
    reserve: float
    extra: dict[str, float]
    signed: bool
    dry_run: bool
    simulated: bool
    wait_s: float
    home: Path
    database: str


async def _enrol(wish: Wish) -> dict[str, Any]:
    """Do all of it; what was found and done, as plain values."""
    from core.clock import Clock, FollowedClock, SystemClock
    from fleet.address import Address
    from fleet.fleet import Fleet
    from fleet.links.mavlink import connect
    from fleet.links.signing import Signing
    from fleet.links.wire import Wire
    from fleet.setup.enrolment import survey
    from fleet.setup.keyring import KeyRing

    address = Address(wish.link, wish.system_id)
    ring = KeyRing(wish.home)
    err.print(f"Waiting for system id {wish.system_id} on {wish.address} ...")
    await survey(connect(wish.address), wish.system_id, SystemClock(), wish.wait_s)
    clock: Clock = FollowedClock(datetime(2020, 1, 1, tzinfo=UTC))
    if not (wish.simulated and isinstance(clock, FollowedClock)):
        clock = SystemClock()
    signing = Signing({}, clock)
    follow = clock.follow if isinstance(clock, FollowedClock) else None
    links = {wish.link: connect(wish.address, Wire(signing))}
    fleet = Fleet(links, clock, on_event=lambda event: None, on_time=follow)
    async with fleet:
        await _within(wish.wait_s, fleet.heard([address]), "it went silent again")
        return await _take_in(wish, fleet.vehicle(address), signing, ring)


async def _take_in(wish: Wish, vehicle: Any, signing: Any, ring: Any) -> dict[str, Any]:
    from fleet.setup import enrolment, keyring
    from fleet.setup.failsafes import Failsafes

    steps: list[dict[str, str]] = []

    def step(what: str, outcome: str, text: str = "") -> None:
        steps.append({"what": what, "outcome": outcome, "text": text})
        err.print(f"  {what:<12} {outcome:<8} {text}", markup=False)

    signed = False
    if wish.signed and not wish.dry_run:
        outcome = await keyring.sign(vehicle, signing, ring)
        signed = True
        step("signing", outcome, "its packets are signed with its own key")
    else:
        step("signing", "would" if wish.signed else "left out", "a key of its own")
    version = await enrolment.identify(vehicle)
    step("identity", "found", f"{vehicle.autopilot.name} {version.firmware}, uid {version.uid}")
    wanted = Failsafes(return_height_m=60.0, ceiling_m=wish.ceiling_m, reserve=wish.reserve)
    asked, changed = await enrolment.settle(vehicle, wanted, wish.extra, dry_run=wish.dry_run)
    outcome = "kept" if not changed else "would" if wish.dry_run else "done"
    step("parameters", outcome, f"{len(asked)} verified, changed: {', '.join(changed) or 'none'}")
    await vehicle.wait(lambda s: s.sensors is not None, 30.0, "its sensors' status")
    present, ill = enrolment.sensors(vehicle)
    step("sensors", "found", ", ".join(present))
    if ill:
        step("sensors", "ill", ", ".join(ill))
    camera = await enrolment.camera(vehicle)
    step("camera", "found" if camera else "none", camera or "none tells of itself")
    record = enrolment.record_of(
        vehicle, version, datetime.now(UTC), name=wish.name, dock=wish.dock, kind=wish.kind,
        sensors=present, camera=camera, signed=signed, settings=asked,
    )  # fmt: skip
    if not wish.dry_run:
        step("record", "done", str(_keep(wish, record)))
    return {"dry_run": wish.dry_run, "steps": steps, "vehicle": asdict(record)}


def _keep(wish: Wish, record: Any) -> Path:
    """Into the home folder and the database."""
    from missions.operations import enrolled
    from missions.store import open_store
    from missions.store.codec import dumps
    from planner.formats.whole import store

    file = wish.home / "vehicles" / f"{record.address.replace('/', '-')}.json"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise Unavailable(f"cannot be made: {why.strerror}", where=str(file.parent)) from why
    store(file, dumps(record) + "\n")
    records = open_store(wish.database)
    try:
        enrolled.keep(records, record)
    finally:
        records.close()
    return file


async def _within(seconds: float, work: Awaitable[None], complaint: str) -> None:
    from core.errors import LinkLost

    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        raise LinkLost(complaint, remedy="see its power and the link") from None


def _values(texts: list[str]) -> dict[str, float]:
    """NAME=VALUE pairs. Raises InvalidInput."""
    found: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            found[name.strip().upper()] = float(value)
        except ValueError:
            raise InvalidInput(
                f"{text!r} sets nothing", where="--set", remedy="write NAME=VALUE"
            ) from None
    return found


def _show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(result)
        return
    vehicle = result["vehicle"]
    done = "would be enrolled" if result["dry_run"] else "is enrolled"
    out.print(
        f"{vehicle['name']} {done} as {vehicle['address']}: {vehicle['autopilot']}"
        f" {vehicle['firmware']}, hardware {vehicle['uid'] or 'nameless'}",
        markup=False,
    )
