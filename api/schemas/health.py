"""Whether the service works, and whether it can take work."""

from pydantic import Field

from api.schemas.base import Model
from missions.pulse import Check


class CheckOut(Model):
    """One thing that the service needs."""

    name: str = Field(examples=["database"])
    ok: bool
    needed: bool = Field(description="without it the service is not ready; else it is a warning")
    reason: str = Field(examples=["it takes writes"])
    remedy: str


class Readiness(Model):
    """Whether the service can take work; every doubt has its reason."""

    ready: bool
    checks: list[CheckOut]

    @classmethod
    def from_checks(cls, checks: list[Check]) -> "Readiness":
        return cls(
            ready=all(check.ok for check in checks if check.needed),
            checks=[
                CheckOut(**{name: getattr(c, name) for name in CheckOut.model_fields})
                for c in checks
            ],
        )


class Alive(Model):
    """The process answers."""

    alive: bool = True
