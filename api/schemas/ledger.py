"""The ledger: who owes what of what was flown, and what flying once has saved."""

from datetime import date

from pydantic import Field

from api.schemas.base import Model
from missions.entities import LedgerLine
from missions.ledgers import Account, Saved, Share


class ShareOut(Model):
    """A department's part; whole metres and seconds, so that sums are exact."""

    department: str
    flights: int
    metres: int
    seconds: int
    km: float
    minutes: float

    @classmethod
    def from_entity(cls, share: Share) -> "ShareOut":
        return cls(
            department=share.department,
            flights=share.flights,
            metres=share.metres,
            seconds=share.seconds,
            km=share.metres / 1000,
            minutes=round(share.seconds / 60, 1),
        )


class SavedOut(Model):
    """A day's plan beside separate flights for the same requests."""

    day: date
    served: int = Field(description="requests that the plan serves")
    km: float = Field(description="that the plan flies")
    least_km: float = Field(description="that separate flights cannot do without")
    least_flights: int
    best_km: float | None = Field(
        description="of the best separate plan found; null until it is made, within the hour"
    )
    best_flights: int | None
    best_served: int | None = Field(description="how many of the requests that one serves")

    @classmethod
    def from_entity(cls, saved: Saved) -> "SavedOut":
        return cls(
            day=saved.day,
            served=saved.served,
            km=round(saved.km, 1),
            least_km=round(saved.least_km, 1),
            least_flights=saved.least_flights,
            best_km=None if saved.best_km is None else round(saved.best_km, 1),
            best_flights=saved.best_flights,
            best_served=saved.best_served,
        )


class AccountOut(Model):
    """The ledger of some days."""

    first: date
    last: date
    metres: int = Field(description="sum of the shares; of a city-wide role all that was flown")
    seconds: int
    departments: list[ShareOut]
    days: list[SavedOut]

    @classmethod
    def from_entity(cls, account: Account) -> "AccountOut":
        return cls(
            first=account.first,
            last=account.last,
            metres=account.metres,
            seconds=account.seconds,
            departments=[ShareOut.from_entity(share) for share in account.shares],
            days=[SavedOut.from_entity(day) for day in account.saved],
        )


class FlightLedgerOut(Model):
    """The shares of a flight; they sum to what was flown."""

    flight_id: str
    metres: int
    seconds: int
    departments: list[ShareOut]

    @classmethod
    def of(cls, flight_id: str, lines: tuple[LedgerLine, ...]) -> "FlightLedgerOut":
        """A flight's lines."""
        shares = [
            Share(department=x.department, flights=1, metres=x.metres, seconds=x.seconds)
            for x in lines
        ]
        return cls(
            flight_id=flight_id,
            metres=sum(share.metres for share in shares),
            seconds=sum(share.seconds for share in shares),
            departments=[ShareOut.from_entity(share) for share in shares],
        )
