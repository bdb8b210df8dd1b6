"""Reads the catalogue's three files and refuses what does not fit together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.equipment import Sensor
from imagery.products.product import ProductKind
from missions.catalog.fields import Fields, read_yaml, unique
from missions.catalog.model import (
    KINDS,
    Catalog,
    Department,
    EventType,
    Scenario,
)
from thermal.detection.rule import Kind
from thermal.detection.severity import SCALES

HERE = Path(__file__).resolve().parent
DETECTORS = ("thermal", "change", "officer")
SENSORS = tuple(s.value for s in Sensor)
PRODUCTS = (ProductKind.VISIBLE_MOSAIC.value, ProductKind.THERMAL_MOSAIC.value)
RULE_RANGES = {
    "floor_c": (-40.0, 1500.0),
    "low_c": (-40.0, 1500.0),
    "high_c": (-40.0, 1500.0),
    "contrast_k": (0.1, 1000.0),
    "min_px": (1.0, 1e6),
    "max_px": (1.0, 1e6),
    "min_m": (0.01, 1000.0),
    "max_m": (0.01, 1000.0),
    "z": (0.5, 100.0),
    "isolation_k": (0.0, 1000.0),
    "step_k": (0.0, 1000.0),
    "shore_k": (0.0, 100.0),
    "roundness": (0.0, 1.0),
}
REQUIRED = ("contrast_k", "min_px", "z")
"""What every rule says; the rest has a default or is no condition."""


def load(folder: Path = HERE) -> Catalog:
    """The catalogue in a folder: departments.yaml, event_types.yaml, scenarios.yaml.

    Raises:
        InvalidInput: naming the file, the field and what to do.
    """
    departments = _departments(read_yaml(folder / "departments.yaml"))
    event_types = _event_types(read_yaml(folder / "event_types.yaml"), departments)
    scenarios = _scenarios(read_yaml(folder / "scenarios.yaml"), departments, event_types)
    return Catalog(departments=departments, event_types=event_types, scenarios=scenarios)


def _departments(file: Fields) -> Mapping[str, Department]:
    found: dict[str, Department] = {}
    for f in file.mappings("departments"):
        one = Department(id=f.text("id"), name=f.text("name"), name_zh=f.text("name_zh"))
        f.finish()
        unique(found, one.id, one, f)
    file.finish()
    return found


def _event_types(file: Fields, departments: Mapping[str, Any]) -> Mapping[str, EventType]:
    classes: dict[str, tuple[str, str]] = {}
    for f in file.mappings("classes"):
        unique(classes, f.text("code"), (f.text("name"), f.text("name_zh")), f, "code")
        f.finish()
    found: dict[str, EventType] = {}
    for f in file.mappings("event_types"):
        one = _event_type(f, classes, departments)
        f.finish()
        unique(found, one.code, one, f, "code")
    file.finish()
    return found


def _event_type(
    f: Fields, classes: Mapping[str, tuple[str, str]], departments: Mapping[str, Any]
) -> EventType:
    code = f.text("code")
    class_code = f.known("code", code.partition("-")[0], classes, "class of event")
    detector = f.text("detector")
    if not (detector.startswith("onnx:") and len(detector) > len("onnx:")):
        f.known("detector", detector, (*DETECTORS, "onnx:<slot>"), "detector")
    sensor = Sensor(f.choice("sensor", SENSORS, "sensor"))
    if detector == "thermal" and sensor is not Sensor.THERMAL:
        f.fail("sensor", "a thermal detector needs the thermal sensor", "write `thermal`")
    if detector != "thermal" and f.has("rule"):
        f.fail("rule", f"the detector {detector!r} takes no rule", "remove it")
    return EventType(
        code=code,
        class_code=class_code,
        class_name=classes[class_code][0],
        class_name_zh=classes[class_code][1],
        name=f.text("name"),
        name_zh=f.text("name_zh"),
        sensor=sensor,
        detector=detector,
        severity=f.whole("severity", 1, 4),
        department=f.choice("department", departments, "department"),
        deadline_h=f.number("deadline_h", 0.1, 2000),
        rule=_rule(f.mapping("rule")) if detector == "thermal" else {},
        **(_place(f.mapping("place")) if f.has("place") else {}),
    )


def _place(f: Fields) -> dict[str, Any]:
    """How things of a type lie on the ground."""
    found: dict[str, Any] = {
        "extent_m": f.number("extent_m", 0.0, 500.0),
        "spacing_m": f.number("spacing_m", 0.1, 5000.0),
        "again_h": f.number("again_h", 0.1, 24 * 366 * 10) if f.has("again_h") else None,
    }
    f.finish()
    return found


def _rule(f: Fields) -> Mapping[str, Any]:
    rule: dict[str, Any] = {"kind": f.choice("kind", tuple(Kind), "kind of spot")}
    if f.has("scale"):
        rule["scale"] = f.choice("scale", tuple(SCALES), "scale")
    for key, (low, high) in RULE_RANGES.items():
        if not f.has(key) and key not in REQUIRED:
            continue
        rule[key] = (
            f.whole(key, int(low), int(high)) if key.endswith("px") else f.number(key, low, high)
        )
    if rule["min_px"] > rule.get("max_px", rule["min_px"]):
        f.fail("max_px", "is below min_px", "swap the two")
    if rule.get("min_m", 0.0) > rule.get("max_m", rule.get("min_m", 0.0)):
        f.fail("max_m", "is below min_m", "swap the two")
    f.finish()
    return rule


def _scenarios(
    file: Fields, departments: Mapping[str, Any], event_types: Mapping[str, EventType]
) -> Mapping[str, Scenario]:
    found: dict[str, Scenario] = {}
    for f in file.mappings("scenarios"):
        one = _scenario(f, departments, event_types)
        f.finish()
        unique(found, one.id, one, f)
    file.finish()
    return found


def _scenario(
    f: Fields, departments: Mapping[str, Any], event_types: Mapping[str, EventType]
) -> Scenario:
    geometry = f.choice("geometry", KINDS, "geometry")
    sensor = Sensor(f.choice("sensor", SENSORS, "sensor"))
    codes = f.words("event_types", event_types, "event type")
    for i, code in enumerate(codes):
        if (event_types[code].detector == "thermal") != (sensor is Sensor.THERMAL):
            f.fail(
                f"event_types[{i}]",
                f"{code} is found by {event_types[code].detector}, not with a {sensor} camera",
                "change the sensor or drop the event type",
            )
    front, side = _overlap(f)
    return Scenario(
        id=f.text("id"),
        name=f.text("name"),
        name_zh=f.text("name_zh"),
        department=f.choice("department", departments, "department"),
        shared_with=(
            f.words("shared_with", departments, "department") if f.has("shared_with") else ()
        ),
        places=f.words("places", KINDS[geometry], f"kind of place for geometry {geometry!r}"),
        geometry=geometry,
        sensor=sensor,
        gsd_m=f.number("gsd_m", 0.001, 5),
        front_overlap=front,
        side_overlap=side,
        revisit_h=f.number("revisit_h", 0.25, 24 * 366),
        window=f.times("window"),
        weekdays=_weekdays(f) if f.has("weekdays") else None,
        priority=f.whole("priority", 1, 5),
        event_types=codes,
        products=f.words("products", PRODUCTS, "product") if f.has("products") else (),
    )


def _overlap(f: Fields) -> tuple[float, float]:
    values = f.items("overlap")
    if len(values) != 2 or not all(isinstance(v, int | float) and 0 <= v < 0.95 for v in values):
        f.fail(
            "overlap", f"expected two shares, found {values!r}", "write [front, side], 0 to 0.95"
        )
    return float(values[0]), float(values[1])


def _weekdays(f: Fields) -> tuple[int, ...]:
    return tuple(int(day) for day in f.words("weekdays", map(str, range(7)), "day of the week"))
