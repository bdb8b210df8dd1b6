"""A fire was found in flight: tell everybody at once and send the nearest drone."""

from core.equipment import Sensor
from core.errors import Unavailable
from missions.entities import Case, Origin
from missions.operations.journal import alert
from missions.operations.order import Ordered, Wish, order
from missions.operations.room import ControlRoom


def respond(room: ControlRoom, case_id: str) -> None:
    """Send a drone to a new urgent case and say whose flights moved."""
    with room.unit() as unit:
        case = unit.cases.get(case_id)
        wish = Wish(
            target=case.position,
            sensor=Sensor.THERMAL,
            origin=Origin.ALARM,
            purpose=f"alarm {case.number}",
            purpose_zh=f"告警 {case.number}",
            department=case.department,
            shared_with=case.shared_with,
            case_id=case.id,
        )
        try:
            text, text_zh = _sent(room, case, order(room, unit, wish))
        except Unavailable as why:
            text = f"{case.number}: no drone can go now: {why.what}"
            text_zh = f"{case.number}：暂无可用无人机：{why.what}"
        alert(
            unit,
            room.now(),
            "response",
            case.severity,
            text,
            text_zh,
            department=case.department,
            shared_with=case.shared_with,
            event_type=case.event_type,
            position=case.position,
            case_id=case.id,
            county=case.county,
        )


def catch_up(room: ControlRoom, urgent: frozenset[str]) -> None:
    """Respond to urgent cases that were recorded just before the service stopped."""
    with room.view() as unit:
        cases = unit.cases.find(state="dispatched")
        missed = [
            case.id
            for case in cases
            if case.event_type in urgent
            and not unit.flights.find(case_id=case.id, origin=Origin.ALARM, limit=1)
        ]
    for case_id in missed:
        respond(room, case_id)


def _sent(room: ControlRoom, case: Case, ordered: Ordered) -> tuple[str, str]:
    flight = ordered.flight
    start = room.clock_time(flight.start)
    minutes = ordered.proposal.response.eta_s / 60
    moved = ordered.proposal.moved
    text = (
        f"{case.number}: {flight.vehicle} takes off at {start} and arrives "
        f"{minutes:.0f} min later; {len(moved)} of its flights moved"
    )
    text_zh = (
        f"{case.number}：{flight.vehicle} 于 {start} 起飞，"
        f"约 {minutes:.0f} 分钟到达；其 {len(moved)} 个架次调整"
    )
    return text, text_zh
