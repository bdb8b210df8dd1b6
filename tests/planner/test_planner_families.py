"""The published instance families: read as they are meant, refused by file and line when broken."""

import importlib.util
import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from planner.routing.check import Infeasible, cost
from planner.routing.families import Family, Instance, published, read, timed
from planner.routing.model import Cost

SHARED = Path(__file__).parents[3] / "shared" / "data" / "routing"

CORDEAU = """\
2 2 3 2
12 20
0 0
1 3 0 1 10 1 2 1 2
2 0 4 2 10 1 2 1 2
3 9 0 0 15 1 2 1 2
4 0 0 0 0 0 0
5 10 0 0 0 0 0
"""
SOLOMON = """\
tiny

VEHICLE
NUMBER     CAPACITY
  2          20

CUSTOMER
CUST NO.  XCOORD.    YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE TIME

    0      0         0          0          0         100          0
    1      1         1         10         20          30          5
    2      2         2         10          0          40          5
    3      0         5         10          0          40          5
"""
CHAO = "n;5\nm;2\ntmax;10.0\n0;0;0\n3;0;7\n0;4;5\n9;9;50\n6;0;0\n"
VRP = """\
NAME: tiny
TYPE: {type}
EDGE_WEIGHT_TYPE: EUC_2D
DIMENSION: {nodes}
VEHICLES: 2
CAPACITY: 20
{extra}NODE_COORD_SECTION
{places}
DEMAND_SECTION
{demands}
TIME_WINDOW_SECTION
{windows}
{sections}EOF
"""
MULTI_TRIP = VRP.format(
    type="MTVRPTWR",
    nodes=4,
    extra="SERVICE_TIME: 5\n",
    places="1 0 0\n2 3 0\n3 0 4\n4 1 1",
    demands="1 0\n2 15\n3 15\n4 5",
    windows="1 0 90\n2 0 60\n3 0 60\n4 0 60",
    sections="RELEASE_TIME_SECTION\n1 0\n2 0\n3 30\n4 0\n"
    "VEHICLES_RELOAD_DEPOT_SECTION\n1 1\n2 1\nDEPOT_SECTION\n1\n-1\n",
)
PRIZES = VRP.format(
    type="PCVRPTW",
    nodes=4,
    extra="SERVICE_TIME : 1\n",
    places="1 0 0\n2 3 0\n3 0 4\n4 50 0",
    demands="1 0\n2 5\n3 5\n4 5",
    windows="1 0 200\n2 0 60\n3 0 60\n4 0 60",
    sections="PRIZE_SECTION\n1 0\n2 8\n3 9\n4 2\nDEPOT_SECTION\n1\n-1\n",
)
DEPOTS = VRP.format(
    type="MDVRPTW",
    nodes=5,
    extra="VEHICLES_MAX_DURATION: 30\n",
    places="1 0 0\n2 10 0\n3 1 0\n4 9 0\n5 5 5",
    demands="1 0\n2 0\n3 5\n4 5\n5 5",
    windows="1 0 80\n2 10 90\n3 50 60\n4 0 60\n5 0 60",
    sections="SERVICE_TIME_SECTION\n1 0\n2 0\n3 2\n4 3\n5 0\n"
    "VEHICLES_DEPOT_SECTION\n1 1\n2 2\nDEPOT_SECTION\n1\n2\n",
)
TINY = {
    "cordeau.txt": CORDEAU,
    "solomon.txt": SOLOMON,
    "chao.txt": CHAO,
    "multi.vrp": MULTI_TRIP,
    "prizes.vrp": PRIZES,
    "depots.vrp": DEPOTS,
}


def of(folder: Path, name: str, text: str | None = None) -> Instance:
    path = folder / name
    path.write_text(TINY[name] if text is None else text)
    return read(path)


def costs(instance: Instance, orders: list[list[list[int]]]) -> Cost:
    return cost(instance.model, timed(instance.model, orders))


def test_cordeau_depots_limits_and_services_are_read(tmp_path: Path) -> None:
    one = of(tmp_path, "cordeau.txt")
    m = one.model
    assert (one.family, m.groups, m.vehicles) == (Family.MDVRP, 3, 4)
    assert m.usable_s.tolist() == [12000, 12000, math.inf, math.inf]
    assert m.capacity.tolist() == [20, 20, math.inf, math.inf]
    assert m.work_s.tolist() == [[1000, 2000, 0]]
    assert np.isinf(m.prize).all()
    # clients 1 and 2 by depot 1 in one route would last 3 + 5 + 4 + 3 = 15 of 12
    with pytest.raises(Infeasible, match="lasts"):
        costs(one, [[[0, 1]], [], [[2]], []])
    paid = costs(one, [[[0]], [[1]], [[2]], []])
    assert one.value(paid) == pytest.approx(6 + 8 + 2)
    assert one.value(costs(one, [[[0]], [[1]], [], []])) == math.inf  # client 3 must be served


def test_solomon_counts_tenths_cut_off(tmp_path: Path) -> None:
    one = of(tmp_path, "solomon.txt")
    assert one.model.leg_m[0, 0, 1] == 14  # 1.414...
    paid = costs(one, [[[0, 1]], [[2]]])
    assert one.value(paid) == pytest.approx((14 + 14 + 28 + 50 + 50) / 10)
    with pytest.raises(Infeasible, match="carries 30"):
        costs(one, [[[2, 0, 1]], []])
    with pytest.raises(Infeasible, match="latest"):  # waits for client 1 until 20
        costs(of(tmp_path, "solomon.txt", SOLOMON.replace("40", "25")), [[[0, 1]], [[2]]])


def test_team_orienteering_puts_reward_before_way(tmp_path: Path) -> None:
    one = of(tmp_path, "chao.txt")
    m = one.model
    assert (m.groups, m.vehicles, one.family) == (3, 2, Family.TOP)
    best = costs(one, [[[0]], []])
    assert one.value(best) == 7
    assert best.metres == 0  # (3, 0) is on the straight way from (0, 0) to (6, 0)
    aside = of(tmp_path, "chao.txt", CHAO.replace("3;0;7", "3;4;7"))
    assert costs(aside, [[[0]], []]).metres == 4000  # 5 + 5 of 10, beyond the 6 that all fly
    with pytest.raises(Infeasible, match="lasts"):
        costs(one, [[[1]], []])  # 4 + 7.2 of 10
    nothing = costs(one, [[], []])
    assert nothing.objective > best.objective
    # one unit of reward is worth more than any ways that the limit allows
    assert one.prize_scale > m.usable_s.sum()


def test_multi_trip_waits_for_releases_and_reloads(tmp_path: Path) -> None:
    one = of(tmp_path, "multi.vrp")
    assert one.model.max_trips.tolist() == [3, 3]
    with pytest.raises(Infeasible, match="carries"):
        costs(one, [[[0, 1, 2]], []])
    plan = timed(one.model, [[[0, 2], [1]], []])
    # the second trip holds client 2, released at 30, though the first is back before
    assert plan.trips[0][1].start == 300
    assert cost(one.model, plan).objective == 30 + 22 + 14 + 80


def test_collecting_pays_for_what_is_left_out(tmp_path: Path) -> None:
    one = of(tmp_path, "prizes.vrp")
    assert one.model.prize.tolist() == [80, 90, 20]
    assert one.value(costs(one, [[[0]], []])) == 60 + 90 + 20
    assert one.value(costs(one, [[], []])) == 190


def test_depots_have_their_own_hours_and_the_limit_counts_waiting(tmp_path: Path) -> None:
    one = of(tmp_path, "depots.vrp")
    m = one.model
    assert m.free.tolist() == [0, 10000]
    assert m.until.tolist() == [80000, 90000]
    # the route that waits for client 1 until 50 leaves late, so that it lasts 1 + 2 + 1
    plan = timed(m, [[[0]], [[1, 2]]])
    assert plan.trips[0][0].start == 49000
    assert cost(m, plan).served == 3
    assert costs(one, [[[2, 0]], [[1]]]).served == 3  # leaves late enough for client 1 at 50
    early = of(tmp_path, "depots.vrp", DEPOTS.replace("5 0 60", "5 0 10"))
    with pytest.raises(Infeasible, match="lasts"):
        costs(early, [[[2, 0]], [[1]]])  # client 3 by 10, then 40 of waiting


@pytest.mark.parametrize("name", TINY)
def test_the_best_of_all_orders_costs_what_its_steps_cost(tmp_path: Path, name: str) -> None:
    """Every assignment and order of the tiny instances: the checker finds some feasible, and the
    cheapest serves whatever must be served."""
    one = of(tmp_path, name)
    found = []
    for order in itertools.permutations(range(3)):
        for cut in itertools.product(range(one.model.vehicles + 1), repeat=3):
            orders = [[[n for n in order if cut[n] == v]] for v in range(one.model.vehicles)]
            try:
                found.append(costs(one, orders))
            except Infeasible:
                continue
    best = min(found, key=lambda c: c.objective)
    assert math.isfinite(one.value(best))
    if np.isinf(one.model.prize).all():
        assert best.served == 3


def test_gap_is_measured_against_the_value_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "BKS.json").write_text('{"cordeau": {"best_known_cost": 15.0}, "chao": 10}')
    (tmp_path / "prizes.sol").write_text("Route #1: 1 2\nCost: 140\n")
    one = of(tmp_path, "cordeau.txt")
    assert one.gap(costs(one, [[[0]], [[1]], [[2]], []])) == pytest.approx(1 / 15)
    reward = of(tmp_path, "chao.txt")
    assert reward.gap(costs(reward, [[[0]], []])) == pytest.approx(0.3)
    prizes = of(tmp_path, "prizes.vrp")
    plan = published(tmp_path / "prizes.sol", prizes)
    assert prizes.gap(cost(prizes.model, plan)) == 0.0
    assert of(tmp_path, "solomon.txt").gap(costs(reward, [[], []])) is None


@pytest.mark.parametrize("name", TINY)
def test_a_damaged_file_is_refused_by_name_or_still_an_instance(tmp_path: Path, name: str) -> None:
    rows = TINY[name].splitlines()
    damaged = ["\n".join(rows[:k] + rows[k + 1 :]) for k in range(len(rows))]
    damaged += ["\n".join(rows[:k]) for k in range(len(rows))]
    for k, row in enumerate(rows):
        words = row.replace(";", "; ").split()
        for at, bad in itertools.product(range(len(words)), ("x", "nan", "-3", "1e99", "2.5", "")):
            other = [*words[:at], bad, *words[at + 1 :]]
            damaged.append("\n".join([*rows[:k], " ".join(other), *rows[k + 1 :]]))
    refused = []
    for text in damaged:
        try:
            of(tmp_path, name, text)
        except InvalidInput as error:
            refused.append(str(error))
    assert all(str(tmp_path / name) in text for text in refused)
    assert len(refused) > len(damaged) // 4


def test_errors_name_the_line_and_the_section(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"DEMAND_SECTION, line 16"):
        of(tmp_path, "prizes.vrp", PRIZES.replace("3 5\n4 5", "3 five\n4 5"))
    with pytest.raises(InvalidInput, match=r"DEMAND_SECTION.*row 3"):
        of(tmp_path, "prizes.vrp", PRIZES.replace("3 5\n4 5", "4 5"))
    with pytest.raises(InvalidInput, match="line 3"):
        of(tmp_path, "chao.txt", CHAO.replace("tmax;10", "tmax;soon"))
    with pytest.raises(InvalidInput, match="TYPE CVRP"):
        of(tmp_path, "prizes.vrp", PRIZES.replace("PCVRPTW", "CVRP"))
    with pytest.raises(InvalidInput, match="none of the families"):
        of(tmp_path, "cordeau.txt", "StringID Type x y\nD0 d 40 50\n")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(tmp_path / "missing.vrp")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="not text"):
        read(tmp_path / "binary.txt")


def _published() -> list[Path]:
    return sorted(SHARED.glob("*/*.sol")) if SHARED.exists() else []


@pytest.mark.skipif(not SHARED.exists(), reason="the published instances are not beside the repo")
def test_best_known_solutions_cost_what_their_files_say() -> None:
    assert len(_published()) >= 10
    for path in _published():
        one = read(path.with_suffix(".vrp"))
        paid = cost(one.model, published(path, one))
        assert (one.value(paid), one.gap(paid)) == (one.best, 0.0), path.name


@pytest.mark.skipif(not SHARED.exists(), reason="the published instances are not beside the repo")
def test_every_published_file_of_the_families_is_read_with_its_best_known() -> None:
    folders = ("mdvrp", "top")
    for path in (p for f in folders for p in sorted((SHARED / f).glob("*.txt"))):
        one = read(path)
        assert one.family == path.parent.name
        if path.stem in {"p4.3.a", "p4.4.a", "p4.4.c"}:
            continue  # nobody can reach anything there
        most = one.model.prize.sum() / one.prize_scale
        if one.family is Family.MDVRP:  # out and back to every client from its nearest depot
            most = 2 * one.model.out_m.min(axis=0).sum() / 1000
        assert one.best is not None, path
        assert 0 < one.best < most, path
    assert read(SHARED / "vrptw200" / "c1_2_1.txt").best == 2698.6


@pytest.mark.skipif(
    not SHARED.exists() or importlib.util.find_spec("pyvrp") is None,
    reason="the published instances or PyVRP are not there",
)
@pytest.mark.parametrize(
    ("name", "rounding"),
    [("mdvrptw/PR11A", "exact"), ("mtvrptwr/C206R0.5", "dimacs"), ("pcvrptw/R2_10_1", "dimacs")],
)
def test_pyvrp_reads_the_same_instance(name: str, rounding: str) -> None:
    import pyvrp

    path = SHARED / f"{name}.vrp"
    theirs, ours = pyvrp.read(path, rounding), read(path).model
    depots = theirs.num_depots
    legs = theirs.distance_matrix(0)
    assert np.array_equal(legs[depots:, depots:], ours.leg_m[0])
    assert np.array_equal(legs[:depots, depots:], ours.out_m)
    clients = theirs.clients()
    assert [c.tw_early for c in clients] == ours.earliest.tolist()
    assert [c.tw_late for c in clients] == ours.latest.tolist()
    assert [c.service_duration for c in clients] == ours.work_s[0].tolist()
    assert [c.release_time for c in clients] == ours.release.tolist()
    if "pcvrptw" in name:
        assert [c.prize for c in clients] == ours.prize.tolist()
    assert theirs.num_vehicles == ours.vehicles
