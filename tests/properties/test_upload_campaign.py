"""Uploads over bad links with kills: never armed with anything but the proven plan.

A bounded run of `./run bench uploads`; other seeds than the command's first ten thousand.
"""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.fleet import upload_campaign
from benchmarks.fleet.upload_world import Drone

BLOCKS, SCENARIOS = 6, 50


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_upload_ends_armed_with_something_else(block: int) -> None:
    tally = upload_campaign.campaign(1_000_000 + block * SCENARIOS, SCENARIOS)
    assert tally.wrong == []
    assert tally.ends["stored; armed"] > SCENARIOS / 5  # and it is no gate that only refuses
    assert tally.ends.total() == SCENARIOS


def test_the_campaign_sees_a_vehicle_that_is_armed_with_a_mix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Drone, "differing", lambda self, plan: [0])
    assert upload_campaign.campaign(1_000_000, 4).wrong
