"""How long telemetry is kept: `missions/catalog/telemetry.yaml`."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from missions.catalog.fields import Fields, read_yaml

SHIPPED = Path(__file__).resolve().parent.parent / "catalog" / "telemetry.yaml"
_LONGEST_DAYS = 36_525


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryRules:
    """From landing until something is let go.

    Attributes:
        tracks: thinned positions; logs: full logs; incident_logs: those of flights that were
            diverted, belonged to a case or raised an alarm.
    """

    tracks: timedelta
    logs: timedelta
    incident_logs: timedelta


def load_rules(path: Path = SHIPPED) -> TelemetryRules:
    """The rules of a file.

    Raises:
        InvalidInput: naming the field.
    """
    file = read_yaml(path)
    rules = TelemetryRules(
        tracks=_days(file, "tracks_days"),
        logs=_days(file, "logs_days"),
        incident_logs=_days(file, "incident_logs_days"),
    )
    if rules.logs > rules.incident_logs:
        file.fail("incident_logs_days", "is shorter than logs_days", "keep incidents longer")
    file.finish()
    return rules


def _days(file: Fields, key: str) -> timedelta:
    return timedelta(days=file.whole(key, 1, _LONGEST_DAYS))
