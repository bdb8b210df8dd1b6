"""The city as the console draws it: what never changes while the service runs."""

from datetime import datetime
from typing import Any

from api.schemas.base import Feature, FeatureCollection, Items, Model, geometry, point


class Health(Model):
    """Whether the service works, and what its clock says."""

    status: str
    time: datetime | None
    wall: datetime
    vehicles: int
    vehicles_heard: int


class Named(Model):
    """Something with a name in both languages."""

    id: str
    name: str
    name_zh: str


class VehicleKind(Named):
    """A kind of drone."""

    sensors: list[str]
    endurance_s: float
    cruise_mps: float
    wind_limit_mps: float


class City(Model):
    """Territory, docks, zones, places, departments and kinds of drone of the preset."""

    name: str
    title: str
    title_zh: str
    attribution: str
    zone: str
    territory: FeatureCollection
    docks: FeatureCollection
    zones: FeatureCollection
    places: FeatureCollection
    departments: list[Named]
    kinds: list[VehicleKind]

    @classmethod
    def from_preset(cls, preset: Any) -> "City":
        """The preset as GeoJSON collections."""
        return cls(
            name=preset.name,
            title=preset.title,
            title_zh=preset.title_zh,
            attribution=preset.attribution,
            zone=str(preset.zone_info),
            territory=_collection(
                Feature(id=c.id, geometry=geometry(c.polygon), properties=_names(c))
                for c in preset.territory.values()
            ),
            docks=_collection(
                Feature(
                    id=d.id,
                    geometry=point(d.position),
                    properties=_names(d)
                    | {
                        "link": d.link,
                        "system_id": d.system_id,
                        "kind": d.kind,
                        "county": d.county,
                    },
                )
                for d in preset.docks
            ),
            zones=_collection(
                Feature(
                    id=z.id,
                    geometry=geometry(z.polygon),
                    properties=_names(z)
                    | {"kind": str(z.kind), "ceiling_m": z.ceiling_m, "buffer_m": z.buffer_m},
                )
                for z in preset.zones
            ),
            places=_collection(
                Feature(
                    id=p.id, geometry=geometry(p.geometry), properties=_names(p) | {"kind": p.kind}
                )
                for p in preset.places
            ),
            departments=[Named(**_names(d)) for d in preset.departments.values()],
            kinds=[
                VehicleKind(
                    **_names(k),
                    sensors=sorted(k.sensors),
                    endurance_s=k.endurance_s,
                    cruise_mps=k.cruise_mps,
                    wind_limit_mps=k.wind_limit_mps,
                )
                for k in preset.kinds.values()
            ],
        )


class Scenario(Named):
    """One of the catalogue's scenarios."""

    department: str
    shared_with: list[str]
    geometry: str
    sensor: str
    gsd_m: float
    front_overlap: float
    side_overlap: float
    revisit_h: float
    priority: int
    event_types: list[str]

    @classmethod
    def from_entity(cls, s: Any) -> "Scenario":
        return cls(
            **_names(s),
            department=s.department,
            shared_with=list(s.shared_with),
            geometry=str(s.geometry),
            sensor=str(s.sensor),
            gsd_m=s.gsd_m,
            front_overlap=s.front_overlap,
            side_overlap=s.side_overlap,
            revisit_h=s.revisit_h,
            priority=s.priority,
            event_types=list(s.event_types),
        )


class EventType(Model):
    """One of the catalogue's event types."""

    code: str
    class_name: str
    class_name_zh: str
    name: str
    name_zh: str
    sensor: str
    detector: str
    severity: int
    department: str
    deadline_h: float

    @classmethod
    def from_entity(cls, e: Any) -> "EventType":
        return cls(**{name: getattr(e, name) for name in cls.model_fields})


def scenarios(preset: Any) -> Items[Scenario]:
    """The catalogue's scenarios."""
    return Items(items=[Scenario.from_entity(s) for s in preset.scenarios.values()])


def event_types(preset: Any) -> Items[EventType]:
    """The catalogue's event types."""
    return Items(items=[EventType.from_entity(e) for e in preset.event_types.values()])


def _names(thing: Any) -> dict[str, Any]:
    return {"id": thing.id, "name": thing.name, "name_zh": thing.name_zh}


def _collection(features: Any) -> FeatureCollection:
    return FeatureCollection(features=list(features))
