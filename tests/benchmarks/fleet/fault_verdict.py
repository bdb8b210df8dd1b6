"""What a case counts as: safe, lost for a reason that nobody could help, or WRONG.

Judged by what really happened (`fault_truth`), never by what the service believes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.fleet.fault_truth import Seen

SAFE, LOST, WRONG = "safe", "lost", "WRONG"

TOO_QUICK_S = 20.0
"""What ends so soon after the fault, no order could have changed: seeing it, an answer, braking
(`fleet.watch.turnback.REACT_S`)."""

SINKS_FROM = 0.45
"""From this share of its thrust on a vehicle sinks whatever it is told (docs/simulation.md)."""

PHOTOS_KEPT = 0.95
"""A flight that brings home less and says nothing has failed silently."""

MUST_COME_DOWN = {
    "motor": "with a motor short it comes down where it is",
    "gps-lost": "without a position it lands where it is",
    "gps-jump": "it cannot tell where it is: it lands where it is",
    "gps-drift": "it believes to be over its pad and is not",
    "compass": "without a heading it cannot fly to a place",
    "obstacle": "something stays in its way: it holds while the charge lasts, and lands",
}
"""Kinds that forbid flying to a chosen place: down where it is, with an alarm, is the best end."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A case as it ended.

    Attributes:
        kind, amount: of the fault; None for a flight without.
        struck_s: when it struck the first drone or its dock; None if it never did.
        seen, bystander: the drones, as they really were.
        where, bystander_where: where they really are, as `Witness.where` says it.
        strikes: how often a drone went through a door that was not open.
        flight, other: states of their flights in the records.
        lands_at: where the records say that the first one stands ("" for its home).
        alarms: lines that a person must see, of this flight and its docks.
        open_orders: orders that have not ended.
        settled: whether the flights are settled.
        doors: of the docks at the end, by name.
        weather: whether the fault strikes everybody. for_good: whether it lasts.
        outblown: whether it is a wind that no drone here flies against.
        expected: photographs that the route must bring; received: those in the records.
    """

    kind: str | None
    amount: float
    struck_s: float | None
    seen: Seen
    bystander: Seen
    where: str
    bystander_where: str
    strikes: int
    flight: str
    other: str
    lands_at: str
    alarms: tuple[str, ...]
    open_orders: tuple[str, ...]
    settled: bool
    doors: dict[str, str] = field(default_factory=dict)
    expected: int = 0
    received: int = 0
    weather: bool = False
    for_good: bool = True
    outblown: bool = False


def judge(e: Evidence) -> tuple[str, str]:
    """The verdict and its reasons."""
    wrong = list(_wrong(e))
    if wrong:
        return WRONG, "; ".join(wrong)
    why = _unhelped(e)
    return (LOST, why) if why else (SAFE, "")


def _wrong(e: Evidence) -> Iterator[str]:
    """Everything that a better decision would have avoided, or that nobody was told of."""
    yield from _in_the_air(e)
    yield from _on_the_ground(e)
    yield from _on_record(e)
    yield from _others(e)


def _in_the_air(e: Evidence) -> Iterator[str]:
    if e.seen.crashed_s is not None and not _crash_reason(e):
        yield "crashed, and need not have"
    if e.seen.zone_s is not None and e.kind not in MUST_COME_DOWN:
        yield f"flew into the zone at {e.seen.zone_s:.0f} s"
    if e.strikes:
        yield f"through a door that was not open ({e.strikes} times)"
    if e.seen.taken:
        yield f"landed on {e.seen.taken}"
    if e.where == "aloft":
        yield "still flying at the end"


def _on_the_ground(e: Evidence) -> Iterator[str]:
    outside = not e.where.startswith("dock ")
    down = e.seen.flew and outside and e.where != "aloft"
    if down and not e.alarms:
        yield "stands outside any dock and nobody was told"
    if down and not _refuge(e) and e.seen.crashed_s is None and not _forced(e):
        yield f"landed in the field ({e.where}), and need not have"
    for dock, door in e.doors.items():
        told = any(dock in alarm for alarm in e.alarms)
        if door != "closed" and not told:
            yield f"the door of {dock} is left {door} and nobody was told"


def _on_record(e: Evidence) -> Iterator[str]:
    if e.flight not in ("done", "diverted", "failed", "cancelled"):
        yield f"its flight is left {e.flight}"
    if not e.settled:
        yield "a flight was not settled"
    if e.open_orders:
        yield f"orders left open: {', '.join(e.open_orders)}"
    at_dock = e.where.startswith("dock ")
    if e.flight == "done" and not at_dock:
        yield "counts as done and did not come back"
    if e.flight == "failed" and e.seen.flew and not at_dock:
        yield "counts as not flown and stands outside any dock"
    if at_dock and e.flight in ("done", "diverted") and not _right_place(e):
        yield f"the records have it at {e.lands_at or 'home'}, it is at {e.where}"
    if e.flight == "done" and e.received < PHOTOS_KEPT * e.expected and not e.alarms:
        yield f"counts as done with {e.received} of {e.expected} photographs, and nobody was told"


def _right_place(e: Evidence) -> bool:
    return e.where == f"dock {e.lands_at or 'FC-01'}"


def _others(e: Evidence) -> Iterator[str]:
    """The second drone: nothing struck it, but the weather strikes all."""
    if e.bystander.crashed_s is not None:
        yield "the other drone crashed"
    if e.bystander.zone_s is not None:
        yield "the other drone flew into the zone"
    if e.bystander.taken:
        yield f"the other drone landed on {e.bystander.taken}"
    if not e.weather and e.other != "done":
        yield f"the other drone's flight is {e.other}"
    if e.weather and e.other not in ("done", "diverted", "failed"):
        yield f"the other drone's flight is left {e.other}"
    if not e.bystander_where.startswith(("dock ", "beside ")) and not e.outblown:
        yield f"the other drone is left {e.bystander_where}"


def _forced(e: Evidence) -> bool:
    """Whether it could not fly to a place of its choice; an obstacle may go away."""
    if e.outblown:
        return True
    return e.kind in MUST_COME_DOWN and (e.kind != "obstacle" or e.for_good)


def _refuge(e: Evidence) -> bool:
    """A dock, or the rally point beside one."""
    return e.where.startswith(("dock ", "beside "))


def _unhelped(e: Evidence) -> str:
    """Why a drone that is not at a dock or an alternate could not get to one."""
    if e.seen.crashed_s is not None:
        return _crash_reason(e)
    if _refuge(e) or e.where == "aloft" or not e.seen.flew:
        return ""
    if e.outblown:
        return "the wind is stronger than it flies: it comes down before it is blown away"
    return MUST_COME_DOWN[e.kind] if e.kind and _forced(e) else ""


def _crash_reason(e: Evidence) -> str:
    if e.kind == "motor" and e.amount >= SINKS_FROM:
        return "too little thrust is left to come down slowly"
    if e.kind == "compass":
        return "it does not know where north is, and cannot stop over the ground"
    after_s = (e.seen.crashed_s or 0.0) - (e.struck_s or 0.0)
    if e.struck_s is not None and after_s < TOO_QUICK_S:
        return f"down {after_s:.0f} s after the fault: no order comes so soon"
    return ""
