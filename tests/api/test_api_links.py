"""Links from the settings: names, keys, and refusals that say what to do."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.runtime import links_for
from api.settings import load
from core.clock import SystemClock
from core.errors import InvalidInput, Unavailable
from fleet.address import MAIN, Address
from fleet.fleet import Fleet
from fleet.links.keys import Keys
from fleet.links.link import MemoryLink
from fleet.messages import CommandLong
from missions.entities import Flight
from missions.operations.links import link_states
from missions.store import codec

KEY = bytes(range(32))


def preset(*addresses: Address) -> Any:
    docks = [SimpleNamespace(id=f"QZ-{a.system_id:02}", link=a.link, address=a) for a in addresses]
    return SimpleNamespace(docks=docks)


def test_one_address_is_the_main_link_and_several_have_names(tmp_path: Path) -> None:
    one = load(home=tmp_path, mavlink_url="udpin:127.0.0.1:14550")
    assert list(links_for(one, preset(Address(MAIN, 1)), SystemClock())) == [MAIN]
    two = load(home=tmp_path, mavlink_url="main=tcp:h:1 east=serial:/dev/ttyUSB0:57600")
    found = links_for(two, preset(Address(MAIN, 1), Address("east", 1)), SystemClock())
    assert [link.name for link in found.values()] == ["tcp:h:1", "serial:/dev/ttyUSB0:57600"]


@pytest.mark.parametrize("wrong", ["a=tcp:h:1 a=tcp:h:2", "", "East=tcp:h:1", "tcp:h:1 tcp:h:2"])
def test_a_wrong_setting_names_the_variable(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYONCE_MAVLINK_URL", wrong)
    with pytest.raises(InvalidInput, match=r"FLYONCE_MAVLINK_URL.*NAME=ADDRESS"):
        load()


def test_a_drone_on_a_link_that_is_not_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"QZ-03 is on the link 'east'.*add east=ADDRESS"):
        links_for(load(home=tmp_path), preset(Address("east", 3)), SystemClock())


def test_required_signing_without_a_key_is_a_refusal_to_start(tmp_path: Path) -> None:
    settings = load(home=tmp_path, require_signing=True)
    with pytest.raises(Unavailable, match=r"no signing key for main/1, main/2 \(enrol"):
        links_for(settings, preset(Address(MAIN, 2), Address(MAIN, 1)), SystemClock())
    keys = Keys({Address(MAIN, 1): KEY})
    keys.save(settings.keys_file)
    (link,) = links_for(settings, preset(Address(MAIN, 1)), SystemClock()).values()
    assert link.wire.signing.required
    assert link.wire.signing.partners == {1}
    settings.keys_file.chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        links_for(settings, preset(Address(MAIN, 1)), SystemClock())


def test_a_key_alone_makes_a_vehicle_sign_though_signing_is_not_required(tmp_path: Path) -> None:
    settings = load(home=tmp_path)
    Keys({Address(MAIN, 1): KEY, Address("east", 2): KEY[::-1]}).save(settings.keys_file)
    (link,) = links_for(settings, preset(Address(MAIN, 1)), SystemClock()).values()
    assert link.wire.signing.must_sign(1)
    assert not link.wire.signing.must_sign(2)


def test_flights_from_before_links_had_names_open_on_the_main_one() -> None:
    body = {
        "id": "flt-1", "plan_id": None, "day": "2026-05-12", "origin": "asked", "dock": "QZ-07",
        "vehicle": "QZ-07", "system_id": 7, "task_ids": [], "departments": [], "priority": 1,
        "route": None, "start": "2026-05-12T01:00:00+00:00", "end": "2026-05-12T01:20:00+00:00",
        "km": 1.0, "landing_share": 0.5,
    }  # fmt: skip
    assert codec.decode(Flight, body).address == Address(MAIN, 7)
    assert codec.decode(Flight, {**body, "link": "east"}).address == Address("east", 7)


async def test_links_tell_what_did_not_pass() -> None:
    ground, _ = MemoryLink.pair()
    fleet = Fleet({"east": ground}, SystemClock(), on_event=lambda event: None)
    ground.send(CommandLong(command=246, params=(1.0,) * 7), 3)
    (state,) = link_states(fleet)
    assert (state.name, state.connected, state.vehicles) == ("east", False, 0)
    assert state.dropped_out == {"command 246": 1}
