"""`flyonce rehearse`: what is refused, what is told, and with which exit status."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.cli.rehearse import status_of
from api.cli.rehearse_output import headline, page, row

Run = Callable[..., tuple[int, str, str]]


def report(**counts: int) -> dict[str, Any]:
    every = {"ok": 0, "late": 0, "risky": 0, "infeasible": 0, **counts}
    flight = {
        "id": "QZ-01-1",
        "verdict": "infeasible",
        "risk": 1.0,
        "text": "it lands with 4% of its charge; the reserve is 20%",
        "text_zh": "降落时电量 4%，低于储备 20%",
        "findings": [],
        "planned": {
            "take_off": "2026-05-12T00:00:00+00:00",
            "landing": "2026-05-12T00:20:00+00:00",
            "landing_share": 0.4,
        },
        "rehearsed": {
            "take_off": "2026-05-12T00:00:00+00:00",
            "landing": "2026-05-12T00:26:00+00:00",
            "landing_share_least": 0.04,
        },
        "photos": {"planned": 90, "taken": 88},
        "change": None,
        "tried": [{"text": "start 30 min later, at 08:30"}],
    }
    return {
        "title": "plan.json <2026-05-12>",
        "zone": "Asia/Shanghai",
        "forecast": "tomorrow.csv",
        "members": 5,
        "seed": 7,
        "wall_s": 30.0,
        "counts": every,
        "timing": {"flights": 0},
        "flights": [flight],
    }


@pytest.mark.parametrize(
    ("counts", "status"),
    [({"ok": 9}, 0), ({"late": 1}, 3), ({"risky": 1}, 3), ({"late": 1, "infeasible": 1}, 4)],
)
def test_the_exit_status_tells_scripts_how_the_day_looks(
    counts: dict[str, int], status: int
) -> None:
    assert status_of(report(**counts)) == status


def test_a_pilot_reads_planned_and_rehearsed_side_by_side_and_what_was_tried_in_vain() -> None:
    made = report(infeasible=1)
    cells = row(made["flights"][0], made)
    assert cells[:5] == ["QZ-01-1", "08:00", "08:20 > 08:26", "40% > 4%", "88/90"]
    assert "none of these helped" in cells[7]
    assert "1 infeasible" in headline(made)
    assert "plan.json &lt;2026-05-12&gt;" in page(made)
    assert "降落时电量" in page(made)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give a plan or --home"),
        (("none.json",), "cannot be read"),
        (("wrong.json",), "is no plan file"),
        (("--home", "nowhere"), "no FlyOnce service has run here"),
        (("--home", "nowhere", "--day", "tomorrow"), "is no date"),
    ],
)
def test_what_cannot_be_rehearsed_is_named(
    run: Run, arguments: tuple[str, ...], words: str
) -> None:
    Path("wrong.json").write_text("{}", encoding="utf-8")
    status, _, said = run("rehearse", *arguments)
    assert status == 2
    assert words in " ".join(said.split())
