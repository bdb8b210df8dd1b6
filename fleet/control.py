"""Who holds the controls of a vehicle: one pilot at a time, taken and handed back in so many words.

Pure values and rules; whoever keeps them (missions) writes each change down. Nobody holding means
that the service flies the plan. The safeguard never asks: it acts, and says so.

Example: a second pilot asks, waits, and then may take over::

    held = take(FREE, Pilot("li", 1), "smoke seen", now)
    asked = ask(held, Pilot("wang", 1), "my sector", now)
    taken = take(asked, Pilot("wang", 1), "my sector", now + ASK)
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.errors import ControlHeld, InvalidInput, NotAllowed

SILENT = timedelta(seconds=120)
"""Silence of the holder after which control is handed back by itself: two reconnections of a
browser over a mobile network, and less than a minute and a half of charge in hovering."""

ASK = timedelta(seconds=30)
"""How long a holder has to answer an equal who asks for the controls; silence is consent."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """Who wants the controls.

    Attributes:
        rank: a higher one may take over without asking (a dispatcher from a pilot).
    """

    who: str
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody else wants the controls."""

    by: Pilot
    at: datetime
    why: str
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Who holds the controls, since when and why; ``pilot`` is None while the service does.

    Attributes:
        seen_at: when the holder was last heard of.
        asked: who wants them next.
    """

    pilot: Pilot | None = None
    since: datetime | None = None
    why: str = ""
    seen_at: datetime | None = None
    asked: Asked | None = None

    @property
    def who(self) -> str | None:
        """The holder's name."""
        return self.pilot.who if self.pilot else None

    def silent(self, now: datetime) -> bool:
        """Whether the holder was not heard of for too long."""
        return self.seen_at is not None and now - self.seen_at > SILENT


FREE = Control()


def take(control: Control, pilot: Pilot, why: str, now: datetime, *, over: bool = False) -> Control:
    """Take the controls, or renew a hold of one's own.

    Args:
        why: what for; a sentence that others can read.
        over: from whoever holds them: at once from a lower rank or a silent holder, from an
            equal one that was asked (`ask`) and did not refuse in time.

    Raises:
        InvalidInput: no reason is given.
        ControlHeld: somebody else holds them.
    """
    if control.who == pilot.who:
        return renew(control, pilot.who, now)
    if not why.strip():
        raise InvalidInput(
            "taking the controls needs a reason", where="reason", remedy="say what for"
        )
    if control.pilot is not None and not (over and _may_take_over(control, pilot, now)):
        raise _held(control, control.pilot, pilot, now)
    return Control(pilot=pilot, since=now, why=why.strip(), seen_at=now)


def ask(control: Control, pilot: Pilot, why: str, now: datetime) -> Control:
    """Ask the holder for the controls; a question that stands is not asked anew."""
    if not why.strip():
        raise InvalidInput("asking needs a reason", where="reason", remedy="say what for")
    standing = control.asked
    if control.pilot is None or control.who == pilot.who:
        return control
    if standing is not None and standing.by.who == pilot.who and not standing.refused:
        return control
    return replace(control, asked=Asked(by=pilot, at=now, why=why.strip()))


def refuse(control: Control, who: str, now: datetime) -> Control:
    """The holder keeps the controls.

    Raises:
        NotAllowed: not the holder's to say.
    """
    mine = renew(control, who, now)
    return replace(mine, asked=replace(mine.asked, refused=True)) if mine.asked else mine


def renew(control: Control, who: str, now: datetime) -> Control:
    """The holder was heard of.

    Raises:
        NotAllowed: somebody else holds the controls, or nobody.
    """
    require(control, who)
    return replace(control, seen_at=now)


def require(control: Control, who: str) -> None:
    """Only the holder may fly.

    Raises:
        NotAllowed: nobody holds the controls: take them first. ControlHeld: somebody else does.
    """
    if control.pilot is None:
        raise NotAllowed(
            "nobody has taken the controls: the plan is being flown",
            where="control",
            remedy="take the controls with a reason, then fly",
        )
    if control.who != who:
        raise ControlHeld(
            f"{control.who} holds the controls since {control.since:%H:%M:%S} UTC: {control.why}",
            where="control",
            remedy=f"ask {control.who} for them, or take over with a reason",
        )


def hand_back(control: Control, pilot: Pilot) -> Control:
    """Back to the service; the holder's own step, or that of somebody of a higher rank.

    Raises:
        NotAllowed, ControlHeld: not theirs to hand back.
    """
    higher = control.pilot is not None and pilot.rank > control.pilot.rank
    if not higher:
        require(control, pilot.who)
    return FREE


def _may_take_over(control: Control, pilot: Pilot, now: datetime) -> bool:
    if control.pilot is None or pilot.rank > control.pilot.rank or control.silent(now):
        return True
    asked = control.asked
    return (
        asked is not None
        and asked.by.who == pilot.who
        and not asked.refused
        and now - asked.at >= ASK
    )


def _held(control: Control, holder: Pilot, pilot: Pilot, now: datetime) -> ControlHeld:
    asked = control.asked
    if asked is not None and asked.by.who == pilot.who and asked.refused:
        remedy = f"{holder.who} keeps the controls; a dispatcher may take over"
    elif asked is not None and asked.by.who == pilot.who:
        left = max(0, round((ASK - (now - asked.at)).total_seconds()))
        remedy = f"{holder.who} was asked; take over in {left} s unless it is refused"
    elif pilot.rank > holder.rank:
        remedy = "take over with a reason"
    else:
        remedy = f"ask {holder.who} for them with a reason"
    return ControlHeld(
        f"{holder.who} holds the controls since {control.since:%H:%M:%S} UTC: {control.why}",
        where="control",
        remedy=remedy,
    )
