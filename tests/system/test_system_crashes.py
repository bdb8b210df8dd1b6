"""Two services on one database: the leader is killed, the standby takes the jobs over."""

from pathlib import Path

import pytest
from crash_campaign import prepared, ran_twice, service_on
from postgres_server import Server

from missions.store import SqlStore

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]


def test_a_standby_takes_the_jobs_over_from_a_killed_leader(
    tmp_path: Path, postgres_server: Server
) -> None:
    url = postgres_server.url(postgres_server.blank())
    prepared(url, 0)
    leader = service_on(tmp_path, "first", {"FLYONCE_DATABASE_URL": url})
    standby = service_on(tmp_path, "second", {"FLYONCE_DATABASE_URL": url})
    leader.start()
    try:
        standby.start("standby")
        term = _term(url)
        leader.kill()
        report = {"category": "debris", "lon": 118.86, "lat": 28.95, "department": "urban"}
        sent = standby.http.post("/signals", json={"report": report})
        assert sent.is_success, sent.text
        signal = sent.json()["signal"]
        assert signal["state"] == "received"
        standby.until(lambda: standby.get("/health")["status"] == "ok")
        standby.until(lambda: standby.get(f"/signals/{signal['id']}")["state"] != "received")
        assert _term(url) > term
        asked = [r for r in standby.every("/requests") if r["origin"] == "signal"]
        assert len(asked) == 1
    finally:
        leader.stop()
        standby.stop()
    assert not ran_twice(url)


def _term(url: str) -> int:
    """How often the lease has been taken: it grows with each holder."""
    store = SqlStore(url)
    with store.view() as unit:
        [lease] = unit.leases.find()
    store.close()
    return int(lease.fence)
