"""The figures that the city reports, from rows of counts. What was not counted is None, never 0."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from missions.entities import PlanRecord
from missions.statistics.measures import ANSWER, AT, CLASSES, CLOSE, Row, quantile_min


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that is counted of a period; docs/statistics.md defines each figure.

    Attributes:
        handled_share, on_time_share: of the cases that were due; None where none was.
        answer_*: minutes from alert to a person's first answer; close_*: from alert to close.
        km, minutes_flown: of a department, its shares by the ledger.
        km_separate, km_saved, flights_separate: of released plans, against each request flown by
            itself; saved_share of km_separate.
        territory_share: the mean of the days' planned shares of the territory.
        signals, signals_answered: requests that sensors and citizens' reports made.
    """

    events: int | None = None
    opened: int | None = None
    rejected: int | None = None
    due: int | None = None
    handled: int | None = None
    on_time: int | None = None
    handled_share: float | None = None
    on_time_share: float | None = None
    closed: int | None = None
    returned: int | None = None
    escalated: int | None = None
    recurring: int | None = None
    rechecks: int | None = None
    rechecks_looked: int | None = None
    answered: int | None = None
    answer_median_min: float | None = None
    answer_p90_min: float | None = None
    close_median_min: float | None = None
    close_p90_min: float | None = None
    flights: int | None = None
    flights_failed: int | None = None
    flights_cancelled: int | None = None
    km: float | None = None
    minutes_flown: float | None = None
    photos: int | None = None
    km_planned: float | None = None
    km_separate: float | None = None
    km_saved: float | None = None
    saved_share: float | None = None
    flights_separate: int | None = None
    territory_share: float | None = None
    requests: int | None = None
    requests_answered: int | None = None
    requests_refused: int | None = None
    signals: int | None = None
    signals_answered: int | None = None


NAMES = tuple(f.name for f in fields(Figures))
Values = dict[str, float | int | None]


def of_cases(row: Row) -> Values:
    """What a row of the subject "cases" says."""
    n = {name: int(row[at]) for name, at in AT["cases"].items()}
    looked = n.pop("looked")
    answer, close = row[ANSWER : ANSWER + CLASSES], row[CLOSE : CLOSE + CLASSES]
    return {
        **n,
        "rechecks_looked": looked,
        "handled_share": share(n["handled"], n["due"]),
        "on_time_share": share(n["on_time"], n["due"]),
        "answered": int(answer.sum()),
        "answer_median_min": _rounded(quantile_min(answer, 0.5)),
        "answer_p90_min": _rounded(quantile_min(answer, 0.9)),
        "close_median_min": _rounded(quantile_min(close, 0.5)),
        "close_p90_min": _rounded(quantile_min(close, 0.9)),
    }


def of_flights(row: Row, *, whole: bool) -> Values:
    """What a row of flights says.

    Args:
        whole: of flights as such; not of departments' shares, which have no photographs, and none
            of flights that served nobody.
    """
    n = {name: int(row[at]) for name, at in AT["flights"].items()}
    told: Values = {
        "flights": n["flights"],
        "km": round(n["metres"] / 1000, 3),
        "minutes_flown": round(n["seconds"] / 60, 1),
    }
    if whole:
        told |= {"photos": n["photos"]}
        told |= {"flights_failed": n["failed"], "flights_cancelled": n["cancelled"]}
    return told


def of_requests(row: Row, prefix: str = "requests") -> Values:
    """What a row of requests says."""
    n = {name: int(row[at]) for name, at in AT["requests"].items()}
    told: Values = {prefix: n["asked"], f"{prefix}_answered": n["answered"]}
    return told | ({f"{prefix}_refused": n["refused"]} if prefix == "requests" else {})


def of_plans(plans: Iterable[PlanRecord]) -> Values:
    """What released plans save; of several plans of a day, the last one made counts."""
    last: Mapping[str, PlanRecord] = {
        p.day.isoformat(): p for p in sorted(plans, key=lambda p: p.made_at)
    }
    days = list(last.values())
    if not days:
        return {}
    km, separate = sum(p.km for p in days), sum(p.km_separate for p in days)
    return {
        "km_planned": round(km, 1),
        "km_separate": round(separate, 1),
        "km_saved": round(separate - km, 1),
        "saved_share": share(separate - km, separate),
        "flights_separate": sum(p.flights_separate for p in days),
        "territory_share": round(sum(p.day_share for p in days) / len(days), 4),
    }


def share(part: float, whole: float) -> float | None:
    """A part of a whole, to four decimals; None where there is no whole."""
    return round(part / whole, 4) if whole > 0 else None


def _rounded(minutes: float | None) -> float | None:
    """To three figures: the classes tell no more."""
    return None if minutes is None else float(f"{minutes:.3g}")
