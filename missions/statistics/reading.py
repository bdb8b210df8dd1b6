"""Rows of counts for a period, put together by what somebody wants to see them by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from missions.presets import Preset
from missions.statistics import measures
from missions.statistics.measures import AT, WIDTH, Row
from missions.statistics.periods import BY_TIME, Period, Piece, bucket, pieces
from missions.store.counts import TallyKey
from missions.store.protocol import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose figures, None for everybody's.

    Attributes:
        counties: within which; department: whose own.
        event_class: of which class of events (大类); origin: of requests, where they come from.
    """

    counties: frozenset[str] | None = None
    department: str | None = None
    event_class: str | None = None
    origin: str | None = None

    @property
    def is_city(self) -> bool:
        """Whether it leaves nothing out."""
        return self == Scope()


def totals(
    unit: Unit, preset: Preset, subject: str, period: Period, scope: Scope, by: str, today: date
) -> Mapping[str, Row]:
    """The sums of a period, by what they are divided by; "" for what is not divided.

    Args:
        subject: "cases", "flights" or "requests".
        by: one of `periods.BY`, or "" for one sum of all.
        today: the city's; a case that is due today or later counts as due once it is handled.

    Returns:
        (WIDTH[subject],) int64 for each key.
    """
    if subject == "flights" and (scope.department is not None or by == "department"):
        subject = "shares"
    found: dict[str, Row] = {}
    for piece in _pieces(period, scope, by, today):
        rows = unit.tallies.read(
            subject, piece.grain, piece.low, piece.high, department=scope.department
        )
        keys = [key for key, _ in rows]
        counts = measures.rows_of([kept for _, kept in rows], WIDTH[subject])
        if subject == "cases":
            _take_only_handled(keys, counts, today)
        for name, total in _grouped(keys, counts, _namer(preset, subject, by), scope, preset):
            found[name] = found[name] + total if name in found else total
    return found


def _pieces(period: Period, scope: Scope, by: str, today: date) -> list[Piece]:
    """The rows to read: months where they will do; of days, those that are divided no further than
    is asked for."""
    grain = _grain(scope, by)
    if by in ("day", "week") or grain == "c":
        return [Piece(grain, period.first.isoformat(), period.last.isoformat())]
    found = pieces(period, today)
    return [replace(piece, grain=grain) if piece.grain == "d" else piece for piece in found]


def _grain(scope: Scope, by: str) -> str:
    """The grain of a day's rows that tell apart what must be told apart, and no more."""
    apart = {
        "D": scope.department is not None or by == "department",
        "P": scope.counties is not None or by == "county",
        "K": scope.event_class is not None or scope.origin is not None or by in ("class", "type"),
    }
    needed = [grain for grain, is_needed in apart.items() if is_needed]
    return "d" if len(needed) > 1 else (needed or ["c"])[0]


def _take_only_handled(keys: list[TallyKey], counts: Row, today: date) -> None:
    """Today's deadlines pass by midnight: until then only what is handled counts as due."""
    due, handled = AT["cases"]["due"], AT["cases"]["handled"]
    for n, key in enumerate(keys):
        if len(key.bucket) == len("2026-05-12") and key.bucket >= today.isoformat():
            counts[n, due] = counts[n, handled]


def _grouped(
    keys: list[TallyKey],
    counts: Row,
    name: Callable[[TallyKey], str],
    scope: Scope,
    preset: Preset,
) -> list[tuple[str, Row]]:
    wanted = [n for n, key in enumerate(keys) if _fits(key, scope, preset)]
    names = [name(keys[n]) for n in wanted]
    order = {known: n for n, known in enumerate(dict.fromkeys(names))}
    sums = np.zeros((len(order), counts.shape[1]), dtype=np.int64)
    np.add.at(sums, [order[known] for known in names], counts[wanted])
    return [(known, sums[n]) for known, n in order.items()]


def _fits(key: TallyKey, scope: Scope, preset: Preset) -> bool:
    if scope.origin is not None and key.kind != scope.origin:
        return False
    if scope.counties is not None and county_of(key, preset) not in scope.counties:
        return False
    return scope.event_class is None or class_of(key, preset) == scope.event_class


def county_of(key: TallyKey, preset: Preset) -> str:
    """The county of a row: of a flight, its dock's."""
    if key.subject in ("flights", "shares"):
        return _docks(preset).get(key.place, "")
    return key.place


def class_of(key: TallyKey, preset: Preset) -> str:
    """The class (大类) of a row's event type; of a type that the city no longer has, how its code
    begins."""
    if key.subject != "cases":
        return ""
    kind = preset.event_types.get(key.kind)
    return kind.class_code if kind else key.kind[:2]


def _namer(preset: Preset, subject: str, by: str) -> Callable[[TallyKey], str]:
    if by in BY_TIME:
        return lambda key: key.bucket if len(key.bucket) == 7 else bucket(key.bucket, by)
    if by == "department":
        return lambda key: key.department
    if by == "county":
        return lambda key: county_of(key, preset)
    if by == "class":
        return lambda key: class_of(key, preset)
    if by == "type":
        return lambda key: key.kind if subject == "cases" else ""
    return lambda key: ""


def _docks(preset: Preset) -> Mapping[str, str]:
    return {dock.id: dock.county for dock in preset.docks}
