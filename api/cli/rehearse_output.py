"""How a rehearsal is told: a table as a pilot reads it, JSON, and a page to print."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

from api.cli.output import out, wide

Json = Mapping[str, Any]
COLOURS = {"ok": "green", "late": "yellow", "risky": "dark_orange", "infeasible": "red"}
ORDER = ("infeasible", "risky", "late", "ok")
COLUMNS = ("flight", "take-off", "landing", "charge", "photos", "verdict", "what", "to do")


def show(report: Json, *, everything: bool = False) -> None:
    """What the day comes to, then the flights that want attention."""
    out.print(f"[bold]{escape_markup(report['title'])}[/]  {headline(report)}", soft_wrap=True)
    out.print(escape_markup(weather(report)), soft_wrap=True)
    out.print(escape_markup(timing(report)), soft_wrap=True)
    told = [f for f in report["flights"] if everything or f["verdict"] != "ok"]
    if not told:
        return
    table = Table(show_lines=False)
    for name in COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name in {"take-off", "landing"})
    for flight in told:
        colour = COLOURS[flight["verdict"]]
        cells = [escape_markup(c) for c in row(flight, report)]
        cells[5] = f"[{colour}]{cells[5]}[/]"
        table.add_row(*cells)
    wide().print(table)


def headline(report: Json) -> str:
    """How many flights of each verdict."""
    counts = report["counts"]
    parts = [f"{counts[v]} {v}" for v in reversed(ORDER) if counts[v]]
    return f"{len(report['flights'])} flights rehearsed: " + ", ".join(parts)


def weather(report: Json) -> str:
    """In what weather."""
    return (
        f"Weather: {report['forecast']}. {report['members']} draws of its error, "
        f"seed {report['seed']}; {report['wall_s']:.0f} s."
    )


def timing(report: Json) -> str:
    """How the plan's times and charges compare."""
    t = report["timing"]
    if not t.get("flights"):
        return "No flight was flown to its end."
    return (
        f"Flights take {t['duration_over_planned']:.2f} times as long as planned "
        f"({t['duration_over_planned_p05']:.2f} to {t['duration_over_planned_p95']:.2f}), and land "
        f"with {abs(t['landing_share_minus_planned']):.0%} of the battery "
        f"{'less' if t['landing_share_minus_planned'] < 0 else 'more'} than planned (median)."
    )


def row(flight: Json, report: Json) -> list[str]:
    """A flight's cells, in the order of `COLUMNS`: planned > rehearsed."""
    planned, flown = flight["planned"], flight["rehearsed"]
    photos = flight["photos"]
    clock = _clock(report)
    if flown is None:
        times = [clock(planned["take_off"]), clock(planned["landing"]), "-"]
    else:
        least = f"{planned['landing_share']:.0%} > {flown['landing_share_least']:.0%}"
        times = [
            _moved(clock(planned["take_off"]), clock(flown["take_off"])),
            _moved(clock(planned["landing"]), clock(flown["landing"])),
            least,
        ]
    risk = f" {flight['risk']:.0%}" if flight["verdict"] == "risky" else ""
    return [
        flight["id"],
        *times,
        f"{photos['taken']}/{photos['planned']}",
        flight["verdict"] + risk,
        "; ".join(f["text"] for f in flight["findings"]) or flight["text"],
        advice(flight),
    ]


def advice(flight: Json) -> str:
    """What to change, or what was tried in vain."""
    if flight["verdict"] == "ok":
        return ""
    if flight["change"]:
        return str(flight["change"]["text"])
    if not flight["tried"]:
        return "look at it: no change was tried"
    return "none of these helped when flown again: " + "; ".join(t["text"] for t in flight["tried"])


def text(report: Json) -> str:
    """The report as the file that scripts read."""
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def page(report: Json) -> str:
    """A page to read and to print, in English and Chinese."""
    order = sorted(report["flights"], key=lambda f: ORDER.index(f["verdict"]))
    rows = "\n".join(_html_row(f, report) for f in order)
    heads = "".join(f"<th>{escape(h)}</th>" for h in (*COLUMNS[:7], "中文", COLUMNS[7]))
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<title>{escape(report['title'])}: rehearsal</title><style>{_STYLE}</style>"
        f"<h1>{escape(report['title'])}: rehearsal · 复演</h1>"
        f"<p>{escape(headline(report))}</p><p>{escape(weather(report))}</p>"
        f"<p>{escape(timing(report))}</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></html>\n"
    )


def _html_row(flight: Json, report: Json) -> str:
    cells = row(flight, report)
    cells.insert(7, _chinese(flight))
    inner = "".join(f"<td>{escape(c)}</td>" for c in cells)
    return f'<tr class="{flight["verdict"]}">{inner}</tr>'


def _chinese(flight: Json) -> str:
    found: Sequence[Json] = flight["findings"]
    return "；".join(f["text_zh"] for f in found) or str(flight["text_zh"])


def _moved(planned: str, flown: str) -> str:
    return planned if planned == flown else f"{planned} > {flown}"


def _clock(report: Json) -> Any:
    zone = ZoneInfo(report["zone"])

    def told(iso: str) -> str:
        return f"{datetime.fromisoformat(iso).astimezone(zone):%H:%M}"

    return told


def escape_markup(value: str) -> str:
    """Text whose brackets are not taken for markup."""
    return value.replace("[", "\\[")


_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:2rem;color:#1a1f24;background:#fff}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid #d8dee4;padding:.35rem .5rem;text-align:left;vertical-align:top}
th{position:sticky;top:0;background:#f3f5f7}
td:nth-child(-n+6){white-space:nowrap}
.infeasible td:nth-child(6){color:#b00020;font-weight:600}
.risky td:nth-child(6){color:#b25000;font-weight:600}
.late td:nth-child(6){color:#7a6000}
.ok td:nth-child(6){color:#1a7f37}
@media print{th{position:static}body{margin:0}}
"""
