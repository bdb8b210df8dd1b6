"""Figures as files: CSV, XLSX and JSON. Text stays text, whatever program opens the file.

A cell that begins with = + - @ (or a tab or carriage return) is taken for a formula by spreadsheet
programs, though it may be a name that somebody chose (OWASP, "CSV injection"). In CSV such text
gets an apostrophe before it; in XLSX the cell is marked as text.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from missions.statistics.desk import Answer, Group
from missions.statistics.figures import NAMES, Figures
from missions.statistics.headings import DIVISIONS, HEADINGS, KEYS

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
"""Media type of each format."""
COLUMNS = (*NAMES, "index")
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

Value = str | int | float | None


class Line(NamedTuple):
    """A row of a table: what it is of, and its figures by `COLUMNS`."""

    division: str
    key: str
    name: str
    name_zh: str
    values: tuple[Value, ...]


def lines(answers: Sequence[Answer]) -> Iterator[Line]:
    """All rows of several answers about one period: the totals first, each once."""
    first = answers[0]
    for division, figures in (("total", first.total), ("before", first.before)):
        period = first.question.period if division == "total" else first.previous
        key = f"{period.first} / {period.last}"
        yield Line(division, key, *DIVISIONS[division], _values(figures, None))
    for answer in answers:
        for group in answer.groups:
            yield _line(answer.question.by, group)


def as_csv(answers: Sequence[Answer], *, bom: bool = False) -> bytes:
    """One table of all rows, RFC 4180, two lines of headings (English, Chinese).

    Args:
        bom: begin with a byte order mark, without which Excel takes the file for another encoding.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for language in (0, 1):
        writer.writerow([*(k[language] for k in KEYS), *(HEADINGS[c][language] for c in COLUMNS)])
    for line in lines(answers):
        named = [line.division, line.key, line.name, line.name_zh]
        writer.writerow([_safe(value) for value in (*named, *line.values)])
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def as_xlsx(answers: Sequence[Answer]) -> bytes:
    """A workbook: a sheet of totals, and one for each division."""
    book = Workbook()
    if book.active is not None:
        book.remove(book.active)
    sheets: dict[str, list[Line]] = {}
    for line in lines(answers):
        sheets.setdefault("total" if line.division == "before" else line.division, []).append(line)
    for division, rows in sheets.items():
        _sheet(book, division, rows)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_json(answers: Sequence[Answer]) -> bytes:
    """Everything, with the figures' own names."""
    first = answers[0]
    body = {
        "from": first.question.period.first.isoformat(),
        "to": first.question.period.last.isoformat(),
        "total": _told(first.total),
        "before": {
            "from": first.previous.first.isoformat(),
            "to": first.previous.last.isoformat(),
            **_told(first.before),
        },
        "groups": {
            answer.question.by: [_group(group) for group in answer.groups] for answer in answers
        },
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode()


def written(answers: Sequence[Answer], form: str, *, bom: bool = False) -> bytes:
    """A file in one of `FORMATS`."""
    if form == "csv":
        return as_csv(answers, bom=bom)
    return as_xlsx(answers) if form == "xlsx" else as_json(answers)


def _told(figures: Figures) -> dict[str, Value]:
    return {name: value for name, value in asdict(figures).items() if value is not None}


def _group(group: Group) -> dict[str, Value]:
    named = {"key": group.key, "name": group.name, "name_zh": group.name_zh}
    index = {} if group.index is None else {"index": group.index.value}
    return {**named, **_told(group.figures), **index}


def _line(division: str, group: Group) -> Line:
    index = group.index.value if group.index else None
    return Line(division, group.key, group.name, group.name_zh, _values(group.figures, index))


def _values(figures: Figures, index: float | None) -> tuple[Value, ...]:
    return (*(getattr(figures, name) for name in NAMES), index)


def _safe(value: Value) -> Value:
    """Text that no spreadsheet program takes for a formula.

    >>> _safe("=1+1"), _safe(-1.5), _safe(None)
    ("'=1+1", -1.5, '')
    """
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" \n").startswith(_RISKY):
        return f"'{value}"
    return value


def _sheet(book: Workbook, division: str, rows: Sequence[Line]) -> None:
    en, zh = DIVISIONS[division]
    sheet = book.create_sheet(f"{zh} {en}")
    used = [n for n, name in enumerate(COLUMNS) if any(r.values[n] is not None for r in rows)]
    for at, language in ((1, 0), (2, 1)):
        heads = [k[language] for k in KEYS[1:]] + [HEADINGS[COLUMNS[n]][language] for n in used]
        for column, head in enumerate(heads, 1):
            cell = sheet.cell(at, column)
            _write(cell, head)
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for at, row in enumerate(rows, 3):
        for column, text in enumerate((row.key, row.name, row.name_zh), 1):
            _write(sheet.cell(at, column), text)
        for column, n in enumerate(used, 4):
            cell = sheet.cell(at, column)
            _write(cell, row.values[n])
            cell.number_format = HEADINGS[COLUMNS[n]].form
    sheet.freeze_panes = "D3"
    for column, width in _widths(len(used)):
        sheet.column_dimensions[get_column_letter(column)].width = width


def _widths(figures: int) -> Iterable[tuple[int, float]]:
    return [(1, 24.0), (2, 30.0), (3, 26.0), *((n + 4, 14.0) for n in range(figures))]


def _write(cell: Any, value: Value) -> None:
    """Numbers as numbers; text as text, even where it looks like a formula."""
    if not isinstance(value, str):
        cell.value = value
        return
    text = _CONTROL.sub(" ", value)
    cell.value = text
    if isinstance(cell, Cell) and text.startswith(_RISKY):
        cell.data_type = "s"
        cell.quotePrefix = True
