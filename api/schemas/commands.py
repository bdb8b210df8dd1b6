"""Commands: what was asked of a drone, and how far it is. Links: the ways to drones."""

from dataclasses import asdict
from datetime import datetime

from pydantic import Field

from api.schemas.base import Model
from fleet.orders import OrderState
from missions.entities import OrderRecord
from missions.operations.links import LinkState


class CommandState(Model):
    """A command, from `accepted` over `sent`, `acknowledged` and `executing` to its end."""

    id: str
    vehicle: str = Field(description="id of the drone; its address where it is none of ours")
    what: str = Field(examples=["return to dock QZ-07"])
    by: str = Field(description="who asked")
    state: OrderState
    reason: str = Field(description="why it failed, in words; empty otherwise")
    given_at: datetime
    changed_at: datetime
    ended: bool = Field(description="whether it is done or failed")

    @classmethod
    def from_entity(cls, record: OrderRecord) -> "CommandState":
        """An order as it is kept."""
        return cls(
            id=record.id,
            vehicle=record.drone or f"{record.link}/{record.system_id}",
            what=record.what,
            by=record.by,
            state=record.state,
            reason=record.reason,
            given_at=record.given_at,
            changed_at=record.at,
            ended=record.state in (OrderState.DONE, OrderState.FAILED),
        )


class LinkOut(Model):
    """A link to vehicles, and what did not pass it."""

    name: str
    address: str
    connected: bool
    vehicles: int = Field(description="heard now")
    signed: int = Field(description="of them, how many sign all their packets")
    conflicts: dict[str, str] = Field(description="addresses to which two vehicles answer")
    refused: dict[str, dict[str, int]] = Field(
        description="by vehicle: packets that were unsigned, forged, replayed, stale, or no key"
    )
    unsendable: dict[str, int] = Field(description="by vehicle: not sent for want of a key")
    dropped_in: dict[str, int] = Field(description="barred messages from vehicles")
    dropped_out: dict[str, int] = Field(description="barred messages to vehicles")

    @classmethod
    def from_state(cls, state: LinkState) -> "LinkOut":
        """A link as it is now."""
        return cls(**asdict(state))
