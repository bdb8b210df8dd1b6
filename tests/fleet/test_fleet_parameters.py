"""Parameters and failsafes: read, set, seen to hold, and refused in sentences."""

import asyncio
import math
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.fleet.param_store import COPTER, INT32, ParamStore

from core.clock import ManualClock
from core.errors import CommandTimeout, InvalidInput, NotFound, NotReady
from fleet.address import MAIN, Address
from fleet.autopilots import ArduCopter, Px4
from fleet.channel import Channel
from fleet.messages import Message, ParamRequest, ParamSet, ParamValue
from fleet.setup.failsafes import READ_FIRST, Failsafes, wanted
from fleet.setup.param_values import raw_of, value_of
from fleet.setup.parameters import ParameterRefused, Parameters
from fleet.vocabulary import ParamKind


class Site:
    """A vehicle that has parameters, and a clock that runs while somebody waits."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock(datetime(2026, 5, 12, tzinfo=UTC))
        self.sent: list[Message] = []
        self.lose: set[int] = set()
        self.channel = Channel(Address(MAIN, 7), self._send, self.clock)
        self.store = ParamStore(self.channel.deliver, **options)
        self.parameters = Parameters(self.channel, ArduCopter())

    def _send(self, message: Message) -> None:
        self.sent.append(message)
        if len(self.sent) not in self.lose:
            asyncio.get_running_loop().call_soon(self.store.receive, message)

    async def run(self) -> None:
        while True:
            for _ in range(40):
                await asyncio.sleep(0)
            self.clock.advance(0.5)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    runner = asyncio.create_task(made.run())
    yield made
    runner.cancel()
    await asyncio.gather(runner, return_exceptions=True)


async def test_many_are_read_in_one_sweep_and_lost_ones_asked_for_again(site: Site) -> None:
    site.lose = {2, 3}
    found = await site.parameters.sweep(["FENCE_TYPE", "RTL_ALT_M", "DISARM_DELAY"])
    assert {n: p.value for n, p in found.items()} == {
        "FENCE_TYPE": 7,
        "RTL_ALT_M": 15,
        "DISARM_DELAY": 10,
    }
    assert [m.name for m in site.sent if isinstance(m, ParamRequest)][:3] == list(found)


async def test_what_differs_is_set_and_read_back_and_the_rest_left_alone(site: Site) -> None:
    changed = await site.parameters.hold({"FENCE_ENABLE": 1, "FENCE_ACTION": 1})
    assert changed == ("FENCE_ENABLE",)
    assert site.store.held["FENCE_ENABLE"][0] == 1
    assert [m.name for m in site.sent if isinstance(m, ParamSet)] == ["FENCE_ENABLE"]
    before = len(site.sent)
    assert await site.parameters.hold({"FENCE_ENABLE": 1, "FENCE_ACTION": 1}) == ()
    assert len(site.sent) == before  # verified and not switched off since


async def test_what_somebody_else_changes_is_verified_anew(site: Site) -> None:
    await site.parameters.hold({"FENCE_ENABLE": 1})
    site.store.held["FENCE_ENABLE"] = (0, 2)
    site.parameters.heard(ParamValue(name="FENCE_ENABLE", raw=0, kind=2, count=1, index=0))
    assert await site.parameters.hold({"FENCE_ENABLE": 1}) == ("FENCE_ENABLE",)
    site.store.held["FENCE_ENABLE"] = (0, 2)
    site.parameters.forget()  # switched off and on
    assert await site.parameters.hold({"FENCE_ENABLE": 1}) == ("FENCE_ENABLE",)


async def test_a_parameter_that_does_not_hold_is_refused_in_a_sentence(site: Site) -> None:
    site.store.stuck = {"FENCE_ENABLE"}
    with pytest.raises(ParameterRefused, match="FENCE_ENABLE stays 0 instead of 1"):
        await site.parameters.set("FENCE_ENABLE", 1)
    site.store.read_only = {"FENCE_TYPE"}
    with pytest.raises(ParameterRefused, match="stays 7 instead of 5: it can only be read"):
        await site.parameters.set("FENCE_TYPE", 5)


@pytest.mark.parametrize(
    ("value", "said"),
    [(math.nan, "no value"), (1.5, "no whole number"), (300, "does not fit int8")],
)
async def test_a_value_of_the_wrong_type_never_leaves(site: Site, value: float, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        await site.parameters.set("FENCE_TYPE", value)
    assert not [m for m in site.sent if isinstance(m, ParamSet)]


@pytest.mark.parametrize("silent", [False, True])
async def test_older_firmware_is_asked_by_its_own_names_and_units(site: Site, silent: bool) -> None:
    held = {k: v for k, v in COPTER.items() if k != "RTL_ALT_M"} | {"RTL_ALT": (1500.0, INT32)}
    site.store.held, site.store.silent_about_unknown = held, silent
    assert await site.parameters.read("RTL_ALT_M") == 15
    await site.parameters.set("RTL_ALT_M", 62)
    assert site.store.held["RTL_ALT"][0] == 6200


async def test_an_unknown_name_is_said_so_and_silence_is_silence(site: Site) -> None:
    with pytest.raises(NotFound, match="it has no parameter NO_SUCH"):
        await site.parameters.read("NO_SUCH")
    site.store.silent_about_unknown = True
    with pytest.raises(CommandTimeout, match="does not tell NO_SUCH"):
        await site.parameters.read("NO_SUCH")


async def test_everything_is_read(site: Site) -> None:
    everything = await site.parameters.read_all()
    assert {n: p.value for n, p in everything.items()} == {k: v for k, (v, _) in COPTER.items()}


@pytest.mark.parametrize("kind", [k for k in ParamKind if k is not ParamKind.REAL32])
@pytest.mark.parametrize("bytewise", [False, True])
def test_whole_numbers_survive_both_encodings(kind: ParamKind, bytewise: bool) -> None:
    for value in (0, 1, 2, 100, *([-1, -100] if "U" not in kind.name else [])):
        raw = raw_of(value, kind, bytewise=bytewise)
        assert value_of(raw, kind, bytewise=bytewise) == value


def test_failsafes_of_every_make_say_return_land_and_fence() -> None:
    flight = Failsafes(return_height_m=60, ceiling_m=150)
    known = {"BATT_MONITOR": 4.0, "BATT_CAPACITY": 20_000.0, "FS_OPTIONS": 18.0}
    copter = wanted("ArduCopter", flight, known)
    assert copter["FS_GCS_ENABLE"] == 1
    assert copter["FS_OPTIONS"] == 16  # goes on in AUTO no longer
    assert (copter["BATT_LOW_MAH"], copter["BATT_CRT_MAH"]) == (3000, 1400)
    assert (copter["FENCE_ALT_MAX"], copter["RTL_ALT_M"]) == (150, 60)
    assert wanted("ArduPlane", flight, known)["RTL_ALTITUDE"] == 60
    px4 = wanted(Px4().name, flight, {})
    assert (px4["NAV_DLL_ACT"], px4["GF_ACTION"], px4["RTL_RETURN_ALT"]) == (2, 3, 60)
    assert READ_FIRST["PX4"] == ()


@pytest.mark.parametrize("lacking", ["BATT_MONITOR", "BATT_CAPACITY"])
def test_a_vehicle_that_measures_no_battery_is_not_ready(lacking: str) -> None:
    known = {"BATT_MONITOR": 4.0, "BATT_CAPACITY": 20_000.0, "FS_OPTIONS": 0.0} | {lacking: 0.0}
    with pytest.raises(NotReady, match="measures no battery"):
        wanted("ArduCopter", Failsafes(return_height_m=60, ceiling_m=150), known)


@pytest.mark.parametrize("bad", [{"return_height_m": math.nan}, {"ceiling_m": 0}, {"reserve": 1.0}])
def test_a_failsafe_that_makes_no_sense_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        Failsafes(**({"return_height_m": 60, "ceiling_m": 150} | bad))
