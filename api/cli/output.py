"""How the command line talks: results on standard output, everything else on standard error."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from core.errors import FlyOnceError

_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What would command the terminal, turn the reading direction, or is no character at all: names of
files that others made may hold any of it (surrogates stand for bytes that are not UTF-8)."""


def shown(name: object) -> str:
    """A file's name on one line, with an escape in place of each character that is not shown."""
    return _visible(str(name)).replace("\n", "\\n").replace("\t", "\\t")


def _visible(text: str) -> str:
    return _UNSHOWN.sub(lambda found: ascii(found[0])[1:-1], text)


class _Safe(Console):
    """A console that no file name can command."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(_visible(text), **options)


out = _Safe(highlight=False)
err = _Safe(stderr=True, highlight=False, soft_wrap=True)

_FILE_WIDTH = 160


def wide() -> Console:
    """Where wide tables go: a file has no width of its own, and cut to 80 characters a table
    loses its figures."""
    return out if out.is_terminal else _Safe(highlight=False, width=_FILE_WIDTH)


AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to standard output, for scripts.")]

_STEP = 0.1
"""Without a terminal, progress is a line for every tenth."""


_HALVES = re.compile("[\ud800-\udfff]")
"""In names that are not UTF-8; JSON can say them, the output's encoding cannot."""


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
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    print(_HALVES.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


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
