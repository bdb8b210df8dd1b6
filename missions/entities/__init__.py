"""The things of the story, as frozen values: request, task, plan, flight, anomaly, event, case.

A photograph is `imagery.catalog.Medium`. States move only along the tables in `lifecycle`.
Geometries are GeoJSON mappings in WGS-84; times are aware UTC; an audience is the owning department
and those it is shared with.
"""

from missions.entities.cases import (
    Case,
    CaseState,
    CaseStep,
    Recheck,
    SpotLook,
    Verdict,
)
from missions.entities.finds import (
    Alert,
    Anomaly,
    AnomalyState,
    Event,
    HeatReading,
)
from missions.entities.flights import (
    FiledVolume,
    Filing,
    FilingState,
    Flight,
    FlightState,
    LedgerLine,
    OrderRecord,
    PlanRecord,
)
from missions.entities.requests import (
    Answer,
    Constraint,
    CounterOffer,
    Origin,
    Request,
    RequestState,
    Slot,
    Task,
    TaskState,
)
from missions.entities.reviews import (
    Decision,
    Found,
    Label,
    Mark,
    PictureBox,
    Review,
    ReviewState,
)
from missions.entities.shapes import GeoJson
from missions.entities.trail import LogEntry

__all__ = [
    "Alert",
    "Anomaly",
    "AnomalyState",
    "Answer",
    "Case",
    "CaseState",
    "CaseStep",
    "Constraint",
    "CounterOffer",
    "Decision",
    "Event",
    "FiledVolume",
    "Filing",
    "FilingState",
    "Flight",
    "FlightState",
    "Found",
    "GeoJson",
    "HeatReading",
    "Label",
    "LedgerLine",
    "LogEntry",
    "Mark",
    "OrderRecord",
    "Origin",
    "PictureBox",
    "PlanRecord",
    "Recheck",
    "Request",
    "RequestState",
    "Review",
    "ReviewState",
    "Slot",
    "SpotLook",
    "Task",
    "TaskState",
    "Verdict",
]
