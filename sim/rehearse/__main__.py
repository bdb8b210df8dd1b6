"""`python -m sim.rehearse`: flies a whole day's plan in simulation and reports; see docs."""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from core.errors import FlyOnceError
from sim.rehearse import day as days
from sim.rehearse import forecast as forecasts
from sim.rehearse import report
from sim.rehearse.rehearse import Stage, rehearse
from sim.rehearse.remedies import ROUNDS, remedies

MEMBERS = 5
PARENT_S = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse a day; the exit status: 0 when it was, 2 for bad input, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        if options.with_parent:
            _watch_parent()
        if options.nice:
            os.nice(options.nice)
        _rehearse(options)
    except FlyOnceError as error:
        print(json.dumps({"error": error.what, "where": error.where, "remedy": error.remedy}),
              file=sys.stderr)  # fmt: skip
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _rehearse(options: argparse.Namespace) -> None:
    begun = time.monotonic()
    day = days.read(options.day)
    forecast = (
        forecasts.read(options.forecast, day.begin) if options.forecast else forecasts.climate()
    )
    stage = Stage(day=day, forecast=forecast, members=options.members, seed=options.seed)

    def tell(done: float, text: str) -> None:
        if not options.quiet:
            print(json.dumps({"done": round(done, 3), "text": text}), file=sys.stderr, flush=True)

    flown = rehearse(stage, jobs=options.jobs, tell=tell)
    tried = remedies(flown, rounds=options.rounds, jobs=options.jobs, tell=tell)
    made = report.content(flown, tried, wall_s=time.monotonic() - begun)
    text = json.dumps(made, ensure_ascii=False) + "\n"
    if options.out is None:
        sys.stdout.write(text)
        return
    draft = options.out.with_suffix(options.out.suffix + ".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(options.out)


def _watch_parent() -> None:
    """Whoever started us is gone, killed perhaps: nobody waits for the report any more."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_S)
        os.killpg(0, signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim.rehearse", description=__doc__)
    add = parser.add_argument
    add("day", type=Path, help="the day to rehearse (JSON, docs/rehearsal.md)")
    add("--forecast", type=Path, help="the day's weather, CSV or JSON")
    add("--members", type=_count, default=MEMBERS, help="draws of the forecast's error")
    add("--seed", type=int, default=7, help="the same seed gives the same rehearsal")
    add("--jobs", type=_count, default=1, help="processes")
    add("--rounds", type=_rounds, default=ROUNDS, help="changes tried for a flight, at most")
    add("--nice", type=int, default=0, help="lower priority by so much")
    add("--with-parent", action="store_true", help="end when whoever started it has ended")
    add("--out", type=Path, help="file of the report; standard output without it")
    add("--quiet", action="store_true", help="do not tell how far it is")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to 100")
    return value


def _rounds(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 20:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to 20")
    return value


if __name__ == "__main__":
    sys.exit(main())
