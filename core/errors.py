"""The errors of FlyOnce.

Every error says what is wrong, where (file, field, entity) and what to do about it::

    FlyOnceError
    +-- InvalidInput           the caller's file, field or value is wrong
    |   +-- UnreadableMedia    an image that cannot be decoded
    |   +-- UnknownEncoding    a vendor encoding that we refuse to guess
    +-- NotFound               no such entity, or not for this caller
    +-- NotAllowed             the caller's role or department may not do this
    +-- IllegalTransition      the entity is not in a state that permits the step
    +-- Unavailable            a resource is missing: disk full, port in use, no link
    +-- PlanRejected           the independent checker found a violation
    +-- DockError              something a dock did or refused
    |   +-- DockRefused        the dock said no, and why
    |   +-- DockSilent         the dock is not heard, or did not confirm in time
    +-- VehicleError           something a vehicle did or refused
        +-- LinkLost           nothing heard for too long
        +-- CommandRefused     the autopilot said no, and why
        +-- CommandTimeout     no acknowledgement in time
        +-- TransferFailed     mission or fence upload/download broke off
        +-- ReadBackMismatch   what the vehicle holds is not what we sent
        +-- NotReady           pre-flight checks do not pass
        +-- SharedIdentity     two vehicles answer to one system id
        +-- ControlHeld        somebody else holds the controls
        +-- PathRefused        a path is not proven safe; what would be is in the remedy
"""


class FlyOnceError(Exception):
    """Base of all named errors.

    Args:
        what: one sentence that says what is wrong.
        where: the file, field or entity concerned.
        remedy: what the reader can do about it.
    """

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} ({self.remedy})" if self.remedy else text

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way through a process pool, keyword arguments included."""
        return (_rebuild, (type(self), self.what, self.where, self.remedy))


def _rebuild(
    cls: type[FlyOnceError], what: str, where: str | None, remedy: str | None
) -> FlyOnceError:
    return cls(what, where=where, remedy=remedy)


class InvalidInput(FlyOnceError):
    """The caller's file, field or value is wrong."""


class UnreadableMedia(InvalidInput):
    """An image file that is truncated, empty or not what its name says."""


class UnknownEncoding(InvalidInput):
    """A vendor encoding that cannot be read exactly and is refused by name."""


class NotFound(FlyOnceError):
    """No such entity, or none that this caller may know of."""


class NotAllowed(FlyOnceError):
    """The caller's role or department may not do this."""


class IllegalTransition(FlyOnceError):
    """The entity is not in a state that permits the step."""


class Unavailable(FlyOnceError):
    """A resource is missing: disk full, port in use, no link."""


class PlanRejected(FlyOnceError):
    """The independent checker found a violation in a plan."""


class DockError(FlyOnceError):
    """Something a dock did or refused."""


class DockRefused(DockError):
    """The dock answered a command with a refusal, or failed to carry it out."""


class DockSilent(DockError):
    """The dock is not heard, or did not confirm a command in time."""


class VehicleError(FlyOnceError):
    """Something a vehicle did or refused."""


class LinkLost(VehicleError):
    """Nothing was heard from the vehicle for too long."""


class CommandRefused(VehicleError):
    """The autopilot answered a command with a refusal."""


class CommandTimeout(VehicleError):
    """The autopilot did not acknowledge in time."""


class TransferFailed(VehicleError):
    """A mission, fence or rally transfer broke off."""


class ReadBackMismatch(VehicleError):
    """What the vehicle holds after an upload is not what was sent."""


class NotReady(VehicleError):
    """Pre-flight checks do not pass."""


class SharedIdentity(VehicleError):
    """Two vehicles answer to one system id on one link: nobody knows which would obey."""


class ControlHeld(VehicleError):
    """Somebody else holds the vehicle's controls; the sentence names them."""


class PathRefused(VehicleError):
    """A path is not proven safe: a zone, the ground, the fence or the energy is against it."""
