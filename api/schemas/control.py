"""Flying by hand: who holds the controls, what is asked of a drone in the air, how it would fly."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Body, Feature, Geometry, Latitude, Longitude, Model
from core.geo import LonLat
from fleet.control import Control
from fleet.orders import Order
from missions.operations.errands import Drawn, Errand, GoTo, Height, Orbit, ReturnTo, length_m
from missions.operations.flying import Preview

Reason = Annotated[str, Field(min_length=1, max_length=300, examples=["smoke seen on the ridge"])]


class TakeIn(Body):
    """Take the controls, or renew a hold of one's own."""

    reason: str = Field("", max_length=300, description="needed unless the controls are yours")
    over: bool = Field(
        False,
        description="from whoever holds them: at once from a lower role or a silent holder, from "
        "an equal 30 s after asking",
    )


class AskIn(Body):
    """Ask the holder for the controls."""

    reason: Reason


class HandBackIn(Body):
    """Back to the plan."""

    then: Literal["resume", "return"] = "resume"
    reason: str = Field("", max_length=300)


class AskedOut(Model):
    """Who wants the controls next."""

    by: str
    at: datetime
    reason: str
    refused: bool


class ControlOut(Model):
    """Who holds the controls; `holder` is null while the plan is flown."""

    flight_id: str
    holder: str | None
    since: datetime | None
    reason: str
    mine: bool
    asked: AskedOut | None

    @classmethod
    def of(cls, flight_id: str, c: Control, caller: str) -> "ControlOut":
        asked = c.asked
        return cls(
            flight_id=flight_id,
            holder=c.who,
            since=c.since,
            reason=c.why,
            mine=c.who == caller,
            asked=AskedOut(by=asked.by.who, at=asked.at, reason=asked.why, refused=asked.refused)
            if asked
            else None,
        )


class GoToIn(Body):
    """Fly to a place."""

    kind: Literal["go_to"]
    lon: Longitude
    lat: Latitude
    height_m: float | None = Field(None, gt=0, le=1000, allow_inf_nan=False)


class OrbitIn(Body):
    """Circle round a place, cameras on it."""

    kind: Literal["orbit"]
    lon: Longitude
    lat: Latitude
    radius_m: float = Field(50.0, gt=0, le=10_000, allow_inf_nan=False)
    height_m: float | None = Field(None, gt=0, le=1000, allow_inf_nan=False)
    speed_mps: float = Field(5.0, gt=0, le=100, allow_inf_nan=False)
    clockwise: bool = True
    turns: float = Field(1.0, gt=0, le=1000, allow_inf_nan=False)


class HeightIn(Body):
    """Climb or sink where it is, to a height above the ground there."""

    kind: Literal["height"]
    height_m: float = Field(gt=0, le=1000, allow_inf_nan=False)


class ReturnIn(Body):
    """Fly to a dock and land; without one home, or where most charge is left."""

    kind: Literal["return"]
    dock: str | None = Field(None, max_length=40)


ErrandIn = Annotated[GoToIn | OrbitIn | HeightIn | ReturnIn, Field(discriminator="kind")]


def errand_of(body: GoToIn | OrbitIn | HeightIn | ReturnIn) -> Errand:
    """What is asked, as the missions know it."""
    match body:
        case GoToIn():
            return GoTo(target=LonLat(body.lon, body.lat), height_m=body.height_m)
        case OrbitIn():
            return Orbit(
                centre=LonLat(body.lon, body.lat),
                radius_m=body.radius_m,
                height_m=body.height_m,
                speed_mps=body.speed_mps,
                clockwise=body.clockwise,
                turns=body.turns,
            )
        case HeightIn():
            return Height(height_m=body.height_m)
        case ReturnIn():
            return ReturnTo(dock=body.dock)


class PathOut(Model):
    """A path that was proven; flown with its token within two minutes, proven again then."""

    token: str
    kind: str
    path: Feature
    length_m: float
    detour_m: float = Field(description="longer than straight, to keep clear of zones")
    seconds: float
    charge_left: float = Field(description="at `lands_at` if it lands after this, 0 to 1")
    lands_at: str
    then: Literal["hold", "land", "return"]
    checked: list[str]

    @classmethod
    def of(cls, drawn: Drawn) -> "PathOut":
        kinds = {GoTo: "go_to", Orbit: "orbit", Height: "height", ReturnTo: "return"}
        points = [[round(w.position.lon, 7), round(w.position.lat, 7)] for w in drawn.path]
        return cls(
            token=drawn.token,
            kind=kinds[type(drawn.errand)],
            path=Feature(
                geometry=Geometry(type="LineString", coordinates=points),
                properties={"heights_m": [round(w.height_m, 1) for w in drawn.path]},
            ),
            length_m=round(length_m(drawn.path), 1),
            detour_m=round(drawn.detour_m, 1),
            seconds=round(drawn.seconds, 1),
            charge_left=round(drawn.left, 3),
            lands_at=drawn.lands_at,
            then=drawn.then,
            checked=list(drawn.proof.checked),
        )


class PreviewOut(Model):
    """How it would be flown; if it is refused, why, and the nearest thing that is proven."""

    possible: bool
    path: PathOut | None
    reason: str | None
    remedy: str | None
    instead: PathOut | None

    @classmethod
    def of(cls, p: Preview) -> "PreviewOut":
        return cls(
            possible=p.drawn is not None,
            path=PathOut.of(p.drawn) if p.drawn else None,
            reason=p.reason,
            remedy=p.remedy,
            instead=PathOut.of(p.instead) if p.instead else None,
        )


class FlyIn(Body):
    """Fly what was previewed."""

    token: str = Field(min_length=8, max_length=64)


class FlyOut(Model):
    """The order; ask /commands/{command_id} how far it is."""

    command_id: str
    what: str
    state: str

    @classmethod
    def of(cls, order: Order) -> "FlyOut":
        return cls(command_id=order.id, what=order.what, state=order.state)
