"""kill -9 at any moment: a service is killed again and again while clients write to it.

    PYTHONPATH=.:tests/system:tests/conformance .venv/bin/python tests/system/crash_campaign.py \
        --kills 50 [--postgres]

Status 1 if anything acknowledged is missing or there twice, or a job ran twice. The service has no
vehicles, and begins with empty plans of its days, so that it starts in seconds and requests are
really solved.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx
from crash_writes import (
    REFUSED_BUT_SAFE,
    Accounts,
    Reports,
    Requests,
    Steps,
    Uploads,
    Write,
    Writer,
    mark,
)
from live_service import LiveService
from postgres_server import shared_server

from core.geo import LonLat
from missions.entities import Case, CaseState, PlanRecord
from missions.store import SqlStore

BEFORE_KILL_S = (0.2, 4.0)
PATIENCE_S = 120.0


@dataclass
class Client:
    """One client that writes without pause, each write until it is answered."""

    writer: Writer
    base: Callable[[], str]
    stopping: threading.Event
    writes: list[Write] = field(default_factory=list)

    def run(self) -> None:
        while not self.stopping.is_set():
            write = Write(kind=self.writer.kind, mark=mark())
            self.writes.append(write)
            self._until_answered(write)

    def _until_answered(self, write: Write) -> None:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            write.sent += 1
            try:
                with httpx.Client(base_url=self.base(), timeout=30.0) as http:
                    answer = self.writer.send(http, write)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.status_code in (429, 503) or _still_running(answer):
                time.sleep(0.3)
                continue
            write.answer = answer.status_code
            if not answer.is_success:
                write.said = answer.text
            return


def _still_running(answer: httpx.Response) -> bool:
    return answer.status_code == REFUSED_BUT_SAFE and "Retry-After" in answer.headers


@dataclass(frozen=True, slots=True)
class Findings:
    """What a campaign found.

    Attributes:
        acknowledged: writes with a 2xx answer, by kind; repeated: of these, sent more than once.
        unknown: told honestly that nobody knows (409).
        wrong: a sentence for everything that must not be.
    """

    kills: int
    acknowledged: dict[str, int]
    repeated: int
    unknown: int
    wrong: tuple[str, ...]


def prepared(url: str | Path, cases: int) -> list[str]:
    """Make a database with empty plans and cases to take on; returns the ids of the cases."""
    store = SqlStore(url)
    now = datetime.now(UTC)
    ids = [f"cas-crash-{n}" for n in range(cases)]
    with store.unit() as unit:
        unit.plans.add_all(_plan((now + timedelta(days=n)), n) for n in range(-1, 10))
        unit.cases.add_all(_case(id, n, now) for n, id in enumerate(ids))
    store.close()
    return ids


def _plan(at: datetime, number: int) -> PlanRecord:
    return PlanRecord(
        id=f"pln-crash-{number}", day=at.date(), made_at=at, verified=True, value=0.0, km=0.0,
        km_separate=0.0, flights_separate=0, asked=0, merged=0, planned=0, refused=0, day_share=0.0,
    )  # fmt: skip


def _case(id: str, number: int, now: datetime) -> Case:
    return Case(
        id=id, number=f"QZ-20260512-{9000 + number}", event_type="06-01", title="Rubbish",
        title_zh="暴露垃圾", department="urban", shared_with=(), severity=1, opened_at=now,
        position=LonLat(118.86 + number * 1e-4, 28.95), due_at=now + timedelta(days=30),
        state=CaseState.DISPATCHED,
    )  # fmt: skip


@contextmanager
def writing(writers: Sequence[Writer], base: Callable[[], str]) -> Iterator[list[Client]]:
    """Clients that write as long as the block runs; at its end every write has its answer."""
    stopping = threading.Event()
    clients = [Client(writer, base, stopping) for writer in writers]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        stopping.set()
        for thread in threads:
            thread.join(PATIENCE_S)


def campaign(service: LiveService, cases: list[str], kills: int, seed: int) -> Findings:
    """Kill a running service so many times while clients write, and look what it holds then."""
    rng = random.Random(seed)
    writers: list[Writer] = [Requests(), Reports(), Accounts(), Steps(cases), Uploads()]
    with writing(writers, lambda: str(service.http.base_url)) as clients:
        for number in range(1, kills + 1):
            time.sleep(rng.uniform(*BEFORE_KILL_S))
            service.kill()
            service.start()
            sent = sum(len(client.writes) for client in clients)
            print(f"killed {number} times, {sent} writes", file=sys.stderr)
        time.sleep(1.0)
    return found(service.http, clients, kills)


def found(http: httpx.Client, clients: Sequence[Client], kills: int) -> Findings:
    """Hold what clients believe against what the service has."""
    wrong: list[str] = []
    for client in clients:
        held = client.writer.held(http)
        wrong += [text for w in client.writes if (text := _judged(w, held.get(w.mark, 0)))]
    writes = [w for c in clients for w in c.writes]
    done = [w for w in writes if w.acknowledged]
    return Findings(
        kills=kills,
        acknowledged={c.writer.kind: sum(w.acknowledged for w in c.writes) for c in clients},
        repeated=sum(w.sent > 1 for w in done),
        unknown=sum(w.answer == REFUSED_BUT_SAFE for w in writes),
        wrong=tuple(wrong),
    )


def _judged(write: Write, times: int) -> str:
    """What is wrong with a write that is there so many times; "" if nothing."""
    name = f"{write.kind} {write.mark}, sent {write.sent} times, answered {write.answer}"
    if write.acknowledged and times != 1:
        return f"{name}: there {times} times"
    if times > 1:
        return f"{name}: there {times} times"
    if write.answer == REFUSED_BUT_SAFE and "nothing was known" in write.said and times:
        return f"{name}: it is there, and was said not to be: {write.said[:200]}"
    if not write.acknowledged and write.answer != REFUSED_BUT_SAFE:
        return f"{name}: {write.said[:300] or 'never answered'}"
    return ""


def ran_twice(url: str | Path) -> list[str]:
    """Runs of a job that overlap, or were done and then done once more; a sentence each."""
    store = SqlStore(url)
    with store.view() as unit:
        runs = unit.job_runs.find()
    store.close()
    told = []
    for name in {run.job for run in runs}:
        mine = sorted((r for r in runs if r.job == name), key=lambda r: (r.fence, r.started_at))
        for before, after in pairwise(mine):
            if before.outcome == "done" and before.due == after.due:
                told.append(f"{name} due {before.due} was done by {before.holder} and again")
            if before.fence != after.fence and after.started_at < before.started_at:
                told.append(f"{name}: {before.holder} ran after {after.holder} had taken over")
    return told


def service_on(folder: Path, name: str, environment: dict[str, str]) -> LiveService:
    """A service without vehicles in a home folder of its own; not started yet."""
    return LiveService(
        folder / name,
        1.0,
        {**environment, "FLYONCE_RATE_LIMITS": "0", "FLYONCE_REQUIRE_SIGN_IN": "false"},
        sim=False,
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url: str | Path = folder / "home" / "flyonce.sqlite"
        environment = {}
        if given.postgres:
            server = stack.enter_context(shared_server(folder))
            url = server.url(server.blank())
            environment = {"FLYONCE_DATABASE_URL": url}
        (folder / "home").mkdir()
        cases = prepared(url, 200 * given.kills)
        service = service_on(folder, "home", environment)
        service.start()
        stack.callback(service.stop)
        seen = campaign(service, cases, given.kills, given.seed)
        twice = ran_twice(url)
    print(seen.acknowledged, f"{seen.repeated} repeated, {seen.unknown} unknown")
    print(*seen.wrong, *twice, sep="\n")
    return 1 if seen.wrong or twice else 0


if __name__ == "__main__":
    sys.exit(main())
