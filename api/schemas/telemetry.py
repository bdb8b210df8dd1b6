"""Where drones were, as the API tells it."""

from datetime import date, datetime

from pydantic import Field

from api.schemas.base import Model
from missions.telemetry.track import UNKNOWN, Track


class TrackOut(Model):
    """A flight's way: columns with one value for each position, thinned so that in between it was
    never farther than 2 m from the straight line in time. null: not told.

    `t_s` are seconds since `start`; altitudes are above mean sea level (EGM96).
    """

    flight_id: str
    vehicle: str
    day: date
    start: datetime
    end: datetime
    t_s: list[float]
    lon: list[float]
    lat: list[float]
    altitude_m: list[float]
    heading_deg: list[int | None]
    speed_mps: list[float]
    battery: list[float | None] = Field(description="share of the charge, 0 to 1")
    fixes: int = Field(description="positions in the full log")
    log_sha256: str
    log_bytes: int
    log_deleted_at: datetime | None

    @classmethod
    def from_entity(cls, track: Track) -> "TrackOut":
        return cls(
            flight_id=track.id,
            vehicle=track.vehicle,
            day=track.day,
            start=track.start,
            end=track.end,
            t_s=[n / 10 for n in track.t_ds],
            lon=[n / 1e7 for n in track.lon_e7],
            lat=[n / 1e7 for n in track.lat_e7],
            altitude_m=[n / 10 for n in track.alt_dm],
            heading_deg=[None if n == UNKNOWN else n for n in track.heading_deg],
            speed_mps=[n / 10 for n in track.speed_dmps],
            battery=[None if n == UNKNOWN else n / 100 for n in track.battery_pct],
            fixes=track.fixes,
            log_sha256=track.log_sha256,
            log_bytes=track.log_bytes,
            log_deleted_at=track.log_deleted_at,
        )
