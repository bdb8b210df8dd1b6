"""Reads how a city settles its cases: `cases.yaml` of a preset over the shipped rules.

A city's file may replace any section, and says how its own classes (大类) and sub-classes (小类)
are called and numbered, how long each may take, who is responsible where, and what evidence a
report back needs.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from missions.catalog.casework import (
    CaseRules,
    ExtensionRules,
    InspectionRules,
    Level,
    VerifyRules,
)
from missions.catalog.fields import Fields, read_yaml, unique
from missions.catalog.model import EventType

SHIPPED = Path(__file__).resolve().parent.parent / "catalog" / "casework.yaml"
TOLD = ("department", "dispatcher", "county", "city")
EventTypes = Mapping[str, EventType]


def casework(
    path: Path, event_types: EventTypes, departments: Collection[str], counties: Collection[str]
) -> tuple[CaseRules, EventTypes]:
    """A city's rules and its event types; without a file the shipped rules and the types as given.

    Raises:
        InvalidInput: naming the file, the field and what to do.
    """
    rules = _rules(read_yaml(SHIPPED), CaseRules(), departments, whole=True)
    if not path.is_file():
        return rules, event_types
    file = read_yaml(path)
    types = _classes(file, event_types) if file.has("classes") else event_types
    if file.has("event_types"):
        types = _types(file, types, departments, counties)
    return _rules(file, rules, departments), types


def _rules(
    f: Fields, rules: CaseRules, departments: Collection[str], *, whole: bool = False
) -> CaseRules:
    """Rules with the sections that a file holds."""
    changes: dict[str, Any] = {}
    if whole or f.has("escalation"):
        changes["escalation"] = _levels(f, departments)
    if whole or f.has("extensions"):
        changes["extensions"] = _extensions(f.mapping("extensions"))
    if whole or f.has("verify"):
        changes["verify"] = _verify(f.mapping("verify"))
    if whole or f.has("inspections"):
        changes["inspections"] = _inspections(f.mapping("inspections"))
    if whole or f.has("recurrence"):
        recurrence = f.mapping("recurrence")
        changes["recurs_days"] = recurrence.number("days", 0, 3660)
        recurrence.finish()
    if f.has("city_code"):
        changes["city_code"] = f.text("city_code")
    f.finish()
    return replace(rules, **changes)


def _levels(f: Fields, departments: Collection[str]) -> tuple[Level, ...]:
    found: list[Level] = []
    for number, one in enumerate(f.mappings("escalation"), 1):
        level = _level(one, number, departments)
        if found and (level.share, level.after_h) <= (found[-1].share, found[-1].after_h):
            key = "after_h" if level.after_h else "share"
            one.fail(key, "comes before the level above it", "put the levels in order of time")
        found.append(level)
    return tuple(found)


def _level(f: Fields, number: int, departments: Collection[str]) -> Level:
    if f.has("share") == f.has("after_h"):
        f.fail("share", "a level has one time", "give either share or after_h")
    level = Level(
        number=number,
        name=f.text("name"),
        name_zh=f.text("name_zh"),
        share=f.number("share", 0.05, 1) if f.has("share") else 1.0,
        after_h=f.number("after_h", 0.01, 2000) if f.has("after_h") else 0.0,
        to=f.choice("to", TOLD, "receiver"),
        departments=(
            f.words("departments", departments, "department") if f.has("departments") else ()
        ),
        severity=f.whole("severity", 1, 4) if f.has("severity") else 2,
    )
    f.finish()
    return level


def _extensions(f: Fields) -> ExtensionRules:
    rules = ExtensionRules(
        most=f.whole("most", 0, 100),
        longest_h=f.number("longest_h", 0.1, 2000),
        rest_days=f.number("rest_days", 0, 3660),
    )
    f.finish()
    return rules


def _verify(f: Fields) -> VerifyRules:
    rules = VerifyRules(
        within_h=f.number("within_h", 0.5, 24 * 31),
        gsd_m=f.number("gsd_m", 0.005, 2),
        tries=f.whole("tries", 0, 20),
        a_day=f.whole("a_day", 0, 10_000),
        most=f.whole("most", 1, 60),
        pair_share=f.number("pair_share", 0.01, 1),
        gsd_ratio=f.number("gsd_ratio", 1, 100),
    )
    f.finish()
    return rules


def _inspections(f: Fields) -> InspectionRules:
    rules = InspectionRules(
        radius_m=f.number("radius_m", 10, 10_000),
        most_span_m=f.number("most_span_m", 10, 50_000),
        least_departments=f.whole("least_departments", 1, 50),
        most_cases=f.whole("most_cases", 2, 500),
    )
    if rules.most_span_m < rules.radius_m:
        f.fail("most_span_m", "is below radius_m", "let a visit span two neighbouring cases")
    f.finish()
    return rules


# --- event types ------------------------------------------------------------------------------


def _classes(file: Fields, event_types: EventTypes) -> EventTypes:
    """Event types under the city's own classes."""
    known = {t.class_code for t in event_types.values()}
    named: dict[str, dict[str, str]] = {}
    for f in file.mappings("classes"):
        code = f.known("code", f.text("code"), known, "class of event")
        names = {"name": "class_name", "name_zh": "class_name_zh", "city_code": "city_class"}
        unique(named, code, {field: f.text(k) for k, field in names.items() if f.has(k)}, f, "code")
        f.finish()
    changed: dict[str, Any] = named
    return {c: replace(t, **changed.get(t.class_code, {})) for c, t in event_types.items()}


def _types(
    file: Fields,
    event_types: EventTypes,
    departments: Collection[str],
    counties: Collection[str],
) -> EventTypes:
    """Event types with what the city says of them."""
    found = dict(event_types)
    seen: dict[str, str] = {}
    codes: dict[str, str] = {}
    for f in file.mappings("event_types"):
        code = f.known("code", f.text("code"), event_types, "event type")
        unique(seen, code, code, f, "code")
        changes = _type(f, departments, counties)
        if "city_code" in changes:
            unique(codes, changes["city_code"], code, f, "city_code")
        f.finish()
        found[code] = replace(event_types[code], **changes)
    return found


def _type(f: Fields, departments: Collection[str], counties: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {k: f.text(k) for k in ("city_code", "name", "name_zh") if f.has(k)}
    if f.has("department"):
        found["department"] = f.choice("department", departments, "department")
    if f.has("departments"):
        found["departments"] = _by_county(f.mapping("departments"), departments, counties)
    if f.has("deadline_h"):
        found |= _deadlines(f)
    if f.has("evidence"):
        found["evidence"] = f.whole("evidence", 0, 20)
    if f.has("around_the_clock"):
        found["around_the_clock"] = f.yes_or_no("around_the_clock")
    return found


def _by_county(
    f: Fields, departments: Collection[str], counties: Collection[str]
) -> Mapping[str, str]:
    found = {c: f.choice(c, departments, "department") for c in sorted(counties) if f.has(c)}
    f.finish()
    return found


def _deadlines(f: Fields) -> dict[str, Any]:
    """One figure for every severity, or one for each of some."""
    if not isinstance(f.raw("deadline_h"), Mapping):
        return {"deadline_h": f.number("deadline_h", 0.1, 2000)}
    own = Fields(
        f.file, f"{f.path}.deadline_h", {str(k): v for k, v in f.raw("deadline_h").items()}
    )
    hours = {s: own.number(str(s), 0.1, 2000) for s in range(1, 5) if own.has(str(s))}
    own.finish()
    for less, more in zip(sorted(hours), sorted(hours)[1:], strict=False):
        if hours[more] > hours[less]:
            own.fail(str(more), "graver finds get more time", "give graver finds no more hours")
    return {"deadlines_h": hours}
