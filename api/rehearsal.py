"""Rehearsals as processes of their own: `python -m sim.rehearse`."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import InvalidInput, Unavailable

NICE = 10
"""The running day goes first."""
MEMBERS = 4
FORECASTS = ("forecast.csv", "forecast.json")
"""Names under which a home folder may hold the coming day's weather."""
STOP_S = 3.0
Tell = Callable[[float, str], None]


class Rehearsals:
    """Starts rehearsals and takes their reports; `missions.operations.rehearsal.Rehearser`.

    Args:
        home: whose forecast file is used, if it has one.
        rounds: changes tried for a flight that is not ok, at most.
        tell: hears how far it is.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        forecast: Path | None = None,
        members: int = MEMBERS,
        seed: int = 7,
        jobs: int = 1,
        rounds: int | None = None,
        nice: int = NICE,
        tell: Tell | None = None,
    ) -> None:
        self._home, self._forecast = home, forecast
        self._members, self._seed, self._jobs = members, seed, jobs
        self._rounds, self._nice, self._tell = rounds, nice, tell

    async def __call__(self, day: Mapping[str, Any]) -> Mapping[str, Any]:
        """Rehearse a day.

        Raises:
            InvalidInput: the day or the forecast is wrong.
            Unavailable: the program failed or could not be started.
        """
        with tempfile.TemporaryDirectory(prefix="flyonce-rehearsal-") as folder:
            source, made = Path(folder) / "day.json", Path(folder) / "report.json"
            source.write_text(json.dumps(day), encoding="utf-8")
            await self._run(self._command(source, made))
            try:
                report: Mapping[str, Any] = json.loads(made.read_text(encoding="utf-8"))
            except (OSError, ValueError) as why:
                raise Unavailable(f"the rehearsal left no report: {why}") from why
            return report

    def _command(self, source: Path, made: Path) -> list[str]:
        forecast = self._forecast or self._own_forecast()
        return [
            *(sys.executable, "-m", "sim.rehearse", str(source), "--out", str(made)),
            *("--members", str(self._members), "--seed", str(self._seed)),
            *("--jobs", str(self._jobs), "--nice", str(self._nice)),
            "--with-parent",
            *(("--forecast", str(forecast)) if forecast else ()),
            *(("--rounds", str(self._rounds)) if self._rounds is not None else ()),
        ]

    def _own_forecast(self) -> Path | None:
        if self._home is None:
            return None
        found = (self._home / name for name in FORECASTS)
        return next((path for path in found if path.exists()), None)

    async def _run(self, command: list[str]) -> None:
        """Run it to its end, or end it when we are cancelled."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        try:
            last = await self._listen(process)
            status = await process.wait()
        finally:
            await _ended(process)
        if status != 0:
            raise _failure(status, last)

    async def _listen(self, process: asyncio.subprocess.Process) -> str:
        """Pass on how far it is; the last line that says something else."""
        last = ""
        async for raw in process.stderr or asyncio.StreamReader():
            line = raw.decode(errors="replace").strip()
            told = _parsed(line)
            if told is not None and "done" in told:
                if self._tell is not None:
                    self._tell(float(told["done"]), str(told["text"]))
            elif line:
                last = line
        return last


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End it if it still runs, with the processes that it started."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 15)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        await process.wait()


def _failure(status: int, last: str) -> InvalidInput | Unavailable:
    """What the program said, as one of our errors."""
    told = _parsed(last)
    if status == 2 and told is not None and "error" in told:
        return InvalidInput(
            str(told["error"]), where=str(told["where"] or ""), remedy=str(told["remedy"] or "")
        )
    return Unavailable(
        f"the rehearsal ended with status {status}: {last or 'it said nothing'}",
        where="python -m sim.rehearse",
        remedy="run 'flyonce rehearse' by hand to see more",
    )


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
