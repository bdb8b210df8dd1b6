"""How the command line talks: results on standard output, everything else on standard error."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from core.errors import FlyOnceError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_FILE_WIDTH = 160


def wide() -> Console:
    """Where wide tables go: a file has no width of its own, and cut to 80 characters a table
    loses its figures."""
    return out if out.is_terminal else Console(highlight=False, width=_FILE_WIDTH)


AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to standard output, for scripts.")]

_STEP = 0.1
"""Without a terminal, progress is a line for every tenth."""


class Meter(Protocol):
    """Takes how far some long work is."""

    def __call__(self, done: float, text: str) -> None:
        """`done` from 0 to 1; `text` says what goes on."""


def complain(error: FlyOnceError) -> None:
    """One message: what is wrong, where, and what to do about it."""
    err.print(f"[bold red]Error:[/] {_plain(error.what)}")
    if error.where:
        err.print(f"  where: {_plain(error.where)}")
    if error.remedy:
        err.print(f"  to do: {_plain(error.remedy)}")


def emit(value: Any) -> None:
    """JSON on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@contextmanager
def progress(title: str) -> Iterator[Meter]:
    """A bar in a terminal, a line now and then elsewhere."""
    if err.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[text]}"),
        )
        with Progress(*columns, console=err, transient=True) as bar:
            job = bar.add_task(title, total=1.0, text="")

            def move(done: float, text: str) -> None:
                bar.update(job, completed=min(1.0, done), text=_plain(text))

            yield move
    else:
        yield _Lines(title)


class _Lines:
    """Progress for a log file."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._shown = -1

    def __call__(self, done: float, text: str) -> None:
        step = int(min(1.0, done) / _STEP)
        if step > self._shown:
            self._shown = step
            err.print(f"{self._title}: {min(1.0, done):.0%} {_plain(text)}")


def _plain(text: str) -> str:
    """Text whose brackets are not taken for markup."""
    return text.replace("[", "\\[")
