"""A case's answer says how far the watch over its place has come, and why it is not cold yet."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from api_values import NOW
from fastapi.testclient import TestClient

from missions.cases.recheck import Progress, Wait
from missions.cases.watch import why

HALF = Progress(
    passes=3,
    needed_passes=9,
    night_passes=1,
    needed_night_passes=6,
    hours=7.5,
    needed_hours=48.0,
    places=3,
    cold=1,
    next_at=NOW + timedelta(hours=3),
    waits=Wait.NIGHT,
    until=NOW + timedelta(hours=240),
)


def test_a_watched_case_says_what_it_waits_for(client: TestClient, service: Any) -> None:
    service.watched = HALF
    watch = client.get("/api/v1/cases/cas-1").json()["watch"]
    assert (watch["passes"], watch["needed_passes"]) == (3, 9)
    assert (watch["night_passes"], watch["needed_night_passes"]) == (1, 6)
    assert (watch["cold_places"], watch["places"]) == (1, 3)
    assert watch["next_at"].startswith((NOW + timedelta(hours=3)).isoformat()[:19])
    assert watch["waits_for"] == "night_passes"
    assert "3 of 9 cold looks, 1 of 6 at night, 7.5 of 48.0 h; 1 of 3 places" in watch["why"]
    assert "冷却 3/9 次，夜间 1/6 次，7.5/48.0 小时；1/3 处已冷却" in watch["why_zh"]


def test_a_case_that_nobody_watches_says_so(client: TestClient) -> None:
    assert client.get("/api/v1/cases/cas-1").json()["watch"] is None


def test_every_reason_is_said_in_both_languages() -> None:
    for waits in Wait:
        said, said_zh = why(replace(HALF, waits=waits))
        assert said
        assert said_zh
        assert not said_zh.isascii()
    assert why(replace(HALF, waits=None)) == ("", "")
