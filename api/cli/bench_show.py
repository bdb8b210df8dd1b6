"""What `flyonce bench` measured: as a table on the page, and as JSON."""

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from api.cli.output import wide
from core.errors import Unavailable


def record(name: str, table: Any) -> dict[str, Any]:
    """A table for JSON."""
    return {
        "group": name,
        "title": table.title,
        "columns": list(table.columns),
        "rows": [dict(row) for row in table.rows],
        "notes": list(table.notes),
    }


def show(table: Any) -> None:
    """Print a table and its notes."""
    shown = Table(title=table.title, title_justify="left")
    for number, column in enumerate(table.columns):
        shown.add_column(column, justify="right" if number else "left", no_wrap=not number)
    for row in table.rows:
        shown.add_row(*(_text(row.get(column)) for column in table.columns))
    console = wide()
    console.print(shown)
    for note in table.notes:
        console.print(f"  {note}")


def _text(cell: Any) -> str:
    """A cell: three decimals below ten, none from a thousand on."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if not isinstance(cell, float) or cell == int(cell):
        return f"{cell:,}" if isinstance(cell, int) else str(cell).removesuffix(".0")
    return f"{cell:,.{3 if abs(cell) < 10 else 2 if abs(cell) < 1000 else 0}f}"


def write(path: Path | None, seconds: float, done: list[dict[str, Any]]) -> None:
    """Write what was measured so far; nothing without a path.

    Raises:
        Unavailable: the file cannot be written.
    """
    if path is None:
        return
    text = json.dumps({"seconds": seconds, "tables": done}, indent=2, ensure_ascii=False)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as why:
        raise Unavailable(
            f"cannot be written: {why.strerror}", where=str(path), remedy="choose another file"
        ) from why
