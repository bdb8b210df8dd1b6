"""Stopping the service does not wait for the long work of its worker processes."""

import time

import psutil

from api import runtime


def at_work() -> None:
    """The pool's initializer in this test."""


def test_who_stops_the_service_does_not_wait_for_a_map_to_be_ready(monkeypatch) -> None:
    monkeypatch.setattr(runtime, "STOP_S", 0.2)
    with runtime._pool(at_work) as pool:
        pool.submit(int).result()
        (worker,) = [psutil.Process(pid) for pid in pool._processes]
        pool.submit(time.sleep, 600)
        waiting = [pool.submit(time.sleep, 600) for _ in range(3)]
    assert not worker.is_running()
    assert waiting[-1].cancelled() or waiting[-1].exception(5) is not None
