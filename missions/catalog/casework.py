"""The rules by which a city settles its cases: values; `missions.presets.casework` reads them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One step of escalation: when it is taken, and who is told.

    Attributes:
        number: 1 and up, in the order of time.
        share: of the working time given, from dispatch to deadline; 1 is the deadline itself.
        after_h: so many working hours past the deadline; 0 before it.
        to: "department", "dispatcher", "county" or "city": who is told, beside everybody who
            sees the case anyway.
        departments: that are told too, from this level on.
        severity: of the alert.
    """

    number: int
    name: str
    name_zh: str
    share: float
    after_h: float
    to: str
    departments: tuple[str, ...] = ()
    severity: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRules:
    """How much more time a department may be given (延期), and how long a case may rest (挂账).

    Attributes:
        most: extensions and rests that may be granted after one dispatch.
        longest_h: working hours of one extension.
        rest_days: days that a case may rest at a time.
    """

    most: int = 2
    longest_h: float = 80.0
    rest_days: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRules:
    """How what was reported back is looked at.

    Attributes:
        within_h: the flight is asked for within so many hours.
        gsd_m: metres a pixel where neither scenario nor earlier photograph says any.
        tries: flights asked for before a person must decide without.
        a_day: flights asked for in a day, of all cases together.
        most: photographs that a case keeps of a look.
        pair_share: of the ground of the photograph before that the one after must show to be its
            match.
        gsd_ratio: the two may differ so much in resolution.
    """

    within_h: float = 48.0
    gsd_m: float = 0.03
    tries: int = 3
    a_day: int = 30
    most: int = 6
    pair_share: float = 0.3
    gsd_ratio: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionRules:
    """Which open cases are one visit's work (综合查一次).

    Attributes:
        radius_m: two cases no farther apart belong to one visit.
        most_span_m: the cases of one visit lie within a circle of this diameter.
        least_departments: that must have a case there for a joint inspection to be worth it.
        most_cases: of one visit.
    """

    radius_m: float = 300.0
    most_span_m: float = 1500.0
    least_departments: int = 2
    most_cases: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRules:
    """All of them.

    Attributes:
        escalation: levels in order; empty for none.
        recurs_days: a case of the kind and place of one that was closed no longer ago recurs.
        city_code: the administrative division code (行政区划代码) under which the city is known.
    """

    escalation: tuple[Level, ...] = ()
    extensions: ExtensionRules = ExtensionRules()
    verify: VerifyRules = VerifyRules()
    inspections: InspectionRules = InspectionRules()
    recurs_days: float = 30.0
    city_code: str = ""
