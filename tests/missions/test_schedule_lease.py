"""Of two processes one holds the lease; another takes over when it dies."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import Unavailable
from missions.schedule import Lease, LeaseLost
from missions.store import SqlStore, Store

ROOT = Path(__file__).parents[2]


class Ticks:
    """A stopwatch that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def test_one_of_two_holds_it(store: Store, ticks: Ticks) -> None:
    first, second = (Lease(store, name, ticks=ticks) for name in ("first", "second"))
    assert first.take()
    assert not second.take()
    assert (first.state, second.state) == ("held", "standby")
    assert first.fence == 1


def test_a_living_holder_is_left_alone_however_long(store: Store, ticks: Ticks) -> None:
    first, second = (Lease(store, name, ticks=ticks) for name in ("first", "second"))
    assert first.take()
    for _ in range(50):
        ticks.now += 10
        first.renew()
        assert not second.take()
    assert first.held()


def test_who_stands_still_loses_it(store: Store, ticks: Ticks) -> None:
    first, second = (Lease(store, name, ticks=ticks) for name in ("first", "second"))
    assert first.take()
    assert not second.take()
    ticks.now = 19.9
    assert not second.take()
    assert first.held()
    ticks.now = 20
    assert not first.held(), "it knows by itself, without asking"
    assert second.take()
    assert second.fence == 2
    with pytest.raises(LeaseLost, match="passed to second"):
        first.renew()
    assert not first.held()
    with pytest.raises(LeaseLost), store.unit() as unit:
        first.check(unit)


def test_the_holders_clock_does_not_matter(store: Store) -> None:
    """Two computers whose clocks differ by a year agree all the same."""
    early, late = Ticks(), Ticks()
    late.now = 3.2e7
    first, second = Lease(store, "first", ticks=early), Lease(store, "second", ticks=late)
    assert first.take()
    assert not second.take()
    late.now += 19
    assert not second.take()
    late.now += 2
    assert second.take()


def test_a_restarted_process_takes_its_own_lease_at_once(store: Store, ticks: Ticks) -> None:
    assert Lease(store, "home", ticks=ticks).take()
    again = Lease(store, "home", ticks=ticks)
    assert again.take()
    assert again.fence == 2


def test_who_lost_it_does_not_take_it_back_from_the_living(store: Store, ticks: Ticks) -> None:
    """Two with one name (a copied home folder) must not take it from each other for ever."""
    first, twin = Lease(store, "home", ticks=ticks), Lease(store, "home", ticks=ticks)
    assert first.take()
    assert twin.take()
    with pytest.raises(LeaseLost):
        first.renew()
    assert not first.take()


def test_letting_go_lets_another_in_at_once(store: Store, ticks: Ticks) -> None:
    first, second = (Lease(store, name, ticks=ticks) for name in ("first", "second"))
    assert first.take()
    assert not second.take()
    first.release()
    assert not first.held()
    assert second.take()
    first.release()
    assert second.held()
    second.renew()


def test_of_many_that_ask_at_once_one_gets_it(store: Store) -> None:
    leases = [Lease(store, f"home-{n}") for n in range(8)]
    taken: list[bool] = []
    threads = [
        threading.Thread(target=lambda it=lease: taken.append(it.take())) for lease in leases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


async def test_a_database_that_is_away_for_a_moment_is_borne(
    store: Store, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = Lease(store, "home", ttl_s=0.04, ticks=ticks)
    assert lease.take()
    failed: list[str] = []
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()

    def away() -> None:
        failed.append("away")
        if len(failed) == 2:
            loop.call_soon_threadsafe(enough.set)
        raise Unavailable("the database server does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(lease, "renew", away)
        task = asyncio.create_task(lease.keep())
        await enough.wait()
        assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


HOLDER = """
import sys, time
from missions.schedule import Lease
from missions.store import open_store

lease = Lease(open_store(sys.argv[1]), sys.argv[2], ttl_s=0.5)
while not lease.take():
    time.sleep(0.05)
print(lease.fence, flush=True)
while True:
    time.sleep(0.1)
    lease.renew()
"""


def test_another_process_takes_over_from_a_suspended_one(
    tmp_path: Path, address: Callable[[Path], str]
) -> None:
    path = tmp_path / "f.db"
    SqlStore(path).close()
    first = _holder(address(path), "first")
    assert _line(first) == "1"
    second = _holder(address(path), "second")
    first.send_signal(signal.SIGSTOP)  # suspended, not dead: the harder case
    assert _line(second) == "2"
    first.send_signal(signal.SIGCONT)
    assert first.stderr is not None
    assert "LeaseLost" in first.stderr.read()
    second.kill()
    for process in (first, second):
        process.communicate()


def _holder(where: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, where, name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
