"""Faults: the file, when they begin and end, and what vehicles, packets and docks feel of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from sim import faultfile, territory
from sim.faults import BODIES, DOCKS, PACKETS, SCALES, WORLD, Fault, Kind, Phase
from sim.packets import Way
from sim.swarm import Swarm
from sim.troubles import Troubles

DOCKED = territory.made(3, seed=5).docks


def read(folder: Path, data: Any) -> tuple[Fault, ...]:
    path = folder / "faults.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return faultfile.load(path)


class TestFile:
    def test_old_and_new_keys_are_understood_together(self, tmp_path: Path) -> None:
        found = read(
            tmp_path,
            {
                "upload_loss": 0.2,
                "packet_loss": 0.1,
                "link_down": [[10, 20]],
                "faults": [{"kind": "gps-jump", "vehicle": 7, "phase": "survey", "amount": 80}],
            },
        )
        assert found == (
            Fault(kind=Kind.UPLOAD_LOSS, amount=0.2),
            Fault(kind=Kind.LOSS, amount=0.1),
            Fault(kind=Kind.LINK_DOWN, from_s=10, to_s=20),
            Fault(kind=Kind.GPS_JUMP, vehicle="7", phase=Phase.SURVEY, amount=80),
        )

    def test_a_plain_list_will_do(self, tmp_path: Path) -> None:
        assert read(tmp_path, [{"kind": "rain"}]) == (Fault(kind=Kind.RAIN, amount=10.0),)

    @pytest.mark.parametrize(
        ("data", "what"),
        [
            ("{", "not JSON"),
            (3, "must hold a list"),
            ({"fautls": []}, "fautls: no such key"),
            ([{"kind": "loss"}, {"kind": "los"}], "fault 2: kind: 'los' is none of"),
            ([{}], "fault 1: kind: None is none of"),
            ([[]], "fault 1: not an object"),
            ([{"kind": "loss", "amount": 1.5}], "fault 1: amount: 1.5 is not between 0 and 1"),
            ([{"kind": "loss", "amount": True}], "fault 1: amount: True is no number"),
            ([{"kind": "loss", "from_s": "soon"}], "fault 1: from_s: 'soon' is no number"),
            ([{"kind": "loss", "from_s": 9, "to_s": 3}], "fault 1: to_s: 3 does not come after"),
            ([{"kind": "loss", "from_s": -1}], "fault 1: from_s: -1.0 is no second"),
            ([{"kind": "loss", "phase": "lunch"}], "fault 1: phase: 'lunch' is none of"),
            ([{"kind": "loss", "dock": "SIM-001"}], "fault 1: dock: loss strikes a vehicle"),
            ([{"kind": "wind", "vehicle": "x"}], "fault 1: vehicle: wind does not strike"),
            ([{"kind": "door-stuck", "vehicle": "x"}], "fault 1: vehicle: door-stuck does not"),
            ([{"kind": "rain", "phase": "survey"}], "fault 1: phase: rain strikes everybody"),
            ([{"kind": "loss", "vehicle": 1.5}], "fault 1: vehicle: 1.5 is no name"),
            ([{"kind": "loss", "when": 1}], "fault 1: when: no such field"),
            ({"link_down": [[1]]}, "link_down 1: not"),
            ({"upload_loss": 1.5}, "upload_loss: amount"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path: Path, data: Any, what: str) -> None:
        with pytest.raises(InvalidInput, match=r"faults\.json") as caught:
            read(tmp_path, data)
        assert what in str(caught.value)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match=r"none\.json"):
            faultfile.load(tmp_path / "none.json")

    def test_the_table_in_the_docs_names_every_kind_with_its_unit(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "simulation.md").read_text()
        for kind, unit, usual in faultfile.table():
            row = next(line for line in page.splitlines() if line.startswith(f"| `{kind}` "))
            assert unit in row
            assert f"{usual:g}" in row

    def test_every_kind_strikes_something(self) -> None:
        assert frozenset(Kind) == PACKETS | WORLD | DOCKS | BODIES
        assert set(SCALES) == set(Kind)


class TestTroubles:
    def test_a_fault_begins_and_ends_in_its_seconds(self) -> None:
        fault = Fault(kind=Kind.COMPASS, vehicle="SIM-002", from_s=5, to_s=9, amount=-40)
        troubles = Troubles(DOCKED, 1, [fault])
        seen = []
        for second in range(12):
            troubles.update(float(second), 1.0)
            seen.append(troubles.of(Kind.COMPASS, 1))
            assert troubles.of(Kind.COMPASS, 0) == 0.0
        assert seen == [0.0] * 5 + [-40.0] * 4 + [0.0] * 3

    @pytest.mark.parametrize("name", ["SIM-003", "3", "main/3"])
    def test_a_vehicle_answers_to_all_its_names(self, name: str) -> None:
        troubles = Troubles(DOCKED, 1, [Fault(kind=Kind.STORAGE, vehicle=name)])
        troubles.update(0.0, 0.1)
        assert [troubles.of(Kind.STORAGE, k) for k in range(3)] == [0.0, 0.0, 1.0]

    def test_an_unknown_vehicle_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="no vehicle 'X-1'"):
            Troubles(DOCKED, 1, [Fault(kind=Kind.STORAGE, vehicle="X-1")])
        with pytest.raises(InvalidInput, match="no dock 'X-1'"):
            Troubles(DOCKED, 1, [Fault(kind=Kind.DOOR_STUCK, dock="X-1")])

    def test_docks_ask_by_their_names(self) -> None:
        troubles = Troubles(DOCKED, 1, [Fault(kind=Kind.DOOR_STUCK, dock="SIM-001", from_s=3)])
        troubles.update(0.0, 0.1)
        assert troubles.at_dock("SIM-001") == frozenset()
        troubles.update(3.0, 0.1)
        assert troubles.at_dock("SIM-001") == {"door-stuck"}
        assert troubles.at_dock("SIM-002") == frozenset()
        assert troubles.dock("door-stuck", "SIM-001") == 1.0

    def test_the_stronger_of_two_counts(self) -> None:
        two = [Fault(kind=Kind.LOSS, amount=a) for a in (0.1, 0.6, 0.3)]
        troubles = Troubles(DOCKED, 1, two)
        troubles.update(0.0, 0.1)
        assert troubles.of(Kind.LOSS, 0) == 0.6

    def test_a_phase_strikes_once_and_counts_from_its_beginning(self) -> None:
        fault = Fault(kind=Kind.GIMBAL, phase=Phase.SURVEY, from_s=2, to_s=4)
        troubles = Troubles(DOCKED, 1, [fault])
        assert troubles.awaits_phases
        struck = []
        for second in range(40):
            phase = Phase.SURVEY if second in (10, 11, 30, 31) else Phase.TRANSIT
            troubles.enter(0, phase, float(second))
            troubles.update(float(second), 1.0)
            struck += [second] if troubles.of(Kind.GIMBAL, 0) else []
            assert troubles.of(Kind.GIMBAL, 1) == 0.0
        assert struck == [12, 13]

    def test_a_drift_grows_and_comes_back_and_a_jump_is_all_at_once(self) -> None:
        drift = Fault(kind=Kind.GPS_DRIFT, vehicle="1", to_s=20, amount=2.0)
        jump = Fault(kind=Kind.GPS_JUMP, vehicle="2", from_s=5, to_s=6, amount=50.0)
        troubles = Troubles(DOCKED, 1, [drift, jump])
        off = []
        for second in range(100):
            troubles.update(float(second), 1.0)
            off.append(np.hypot(troubles.hurt.fix_east_m, troubles.hurt.fix_north_m))
        assert off[9][0] == pytest.approx(20.0)
        assert off[19][0] == pytest.approx(40.0)
        assert off[39][0] == pytest.approx(40.0 * np.exp(-1), rel=0.01)
        assert off[4][1] == 0.0
        assert off[5][1] == pytest.approx(50.0)
        assert off[6][1] == 0.0


class TestPackets:
    def way(self, *faults: Fault) -> tuple[Way[int], Troubles]:
        troubles = Troubles(DOCKED, 1, faults)
        troubles.update(0.0, 0.1)
        return Way(troubles, 1, "down"), troubles

    def test_a_share_is_lost_of_one_vehicle_only_and_the_seed_fixes_which(self) -> None:
        runs = []
        for _ in range(2):
            way, _ = self.way(Fault(kind=Kind.LOSS, vehicle="1", amount=0.3))
            assert [way.send(1, k, 0.0) for k in range(50)] == [[k] for k in range(50)]
            runs.append([k for k in range(1000) if way.send(0, k, 0.0)])
        assert runs[0] == runs[1]
        assert 650 < len(runs[0]) < 750

    def test_a_delay_is_on_simulated_time(self) -> None:
        way, _ = self.way(Fault(kind=Kind.DELAY, amount=2.0))
        assert way.send(0, 7, 10.0) == []
        assert way.due(11.9) == []
        assert way.due(12.0) == [(0, 7)]
        assert way.due(99.0) == []

    def test_twice_and_out_of_order(self) -> None:
        way, _ = self.way(Fault(kind=Kind.DUPLICATION, amount=1.0))
        assert way.send(0, 7, 0.0) == [7, 7]
        way, _ = self.way(Fault(kind=Kind.REORDERING, amount=0.5))
        came: list[int] = []
        for k in range(200):
            came += [p for _, p in way.due(k * 0.1)] + way.send(0, k, k * 0.1)
        came += [p for _, p in way.due(1e9)]
        assert sorted(came) == list(range(200))
        assert came != sorted(came)

    def test_a_dead_link_carries_nothing_not_even_what_is_late(self) -> None:
        way, troubles = self.way(
            Fault(kind=Kind.DELAY, to_s=5.0), Fault(kind=Kind.LINK_DOWN, from_s=5.0, to_s=9.0)
        )
        way.send(0, 1, 4.9)
        troubles.update(5.0, 0.1)
        assert way.send(0, 2, 5.0) == []
        assert way.due(6.0) == []
        troubles.update(9.0, 0.1)
        assert way.send(0, 3, 9.0) == [3]
        assert way.lost == 2

    @given(st.lists(st.sampled_from(sorted(PACKETS)), max_size=4), st.integers(0, 10_000))
    def test_no_packet_is_invented(self, kinds: list[Kind], seed: int) -> None:
        troubles = Troubles(DOCKED, seed, [Fault(kind=k) for k in kinds])
        troubles.update(0.0, 0.1)
        way: Way[int] = Way(troubles, seed, "up")
        came = [p for k in range(60) for p in way.send(k % 3, k, k * 0.1)]
        came += [p for _, p in way.due(1e9)]
        assert all(came.count(p) <= 2 and 0 <= p < 60 for p in came)


class TestSwarm:
    def test_the_same_seed_gives_the_same_run_faults_and_all(self) -> None:
        faults = [
            Fault(kind=Kind.LOSS, amount=0.2),
            Fault(kind=Kind.REORDERING, amount=0.2),
            Fault(kind=Kind.GPS_DRIFT, from_s=2.0),
        ]
        runs = []
        for seed in (5, 5, 6):
            swarm = Swarm(territory.made(4, seed), faults=faults, booted=True)
            sent = []
            for _ in range(100):
                swarm.step(0.1)
                sent.append(swarm.take_packets())
            runs.append((sent, swarm.gps_error(2)))
        assert runs[0] == runs[1]
        assert runs[0] != runs[2]

    def test_a_dead_charger_does_not_charge(self) -> None:
        dead = Fault(kind=Kind.CHARGER_DEAD, dock="SIM-002")
        swarm = Swarm(territory.made(2), faults=[dead])
        swarm.state.battery[:] = 0.5
        for _ in range(50):
            swarm.step(0.2)
        assert swarm.state.battery[0] > 0.5 > swarm.state.battery[1]

    def test_wind_and_rain_come_on_top_of_the_weather(self) -> None:
        calm = Swarm(territory.made(1))
        rough = Swarm(
            territory.made(1),
            faults=[Fault(kind=Kind.WIND, amount=9.0), Fault(kind=Kind.RAIN, amount=4.0)],
        )
        for swarm in (calm, rough):
            swarm.step(0.2)
        assert rough.wind(0)[0] - calm.wind(0)[0] == pytest.approx(9.0, rel=0.5)
        assert rough.rain_mm_h() - calm.rain_mm_h() == pytest.approx(4.0)
