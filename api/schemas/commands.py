"""Commands: what was asked of a drone, and how far it is."""

from datetime import datetime

from pydantic import Field

from api.schemas.base import Model
from fleet.orders import OrderState
from missions.entities import OrderRecord


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
