"""What the sender of a signal is told, in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from missions.entities import Request
from missions.signals.model import Signal, SignalState

_WAITING = {
    SignalState.RECEIVED: ("stored; a look is being asked for", "已接收，正在安排查看"),
    SignalState.ASKED: ("a look was asked for", "已提出查看需求"),
    SignalState.LOOKED: (
        "photographed; the photographs are being searched",
        "已拍摄，正在研判影像",
    ),
    SignalState.DISMISSED: ("dismissed", "不予处理"),
}


def told(
    signal: Signal,
    leader: Signal | None,
    request: Request | None,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[str, str]:
    """How things stand, in English and Chinese: which flight and when, what was found, or why not.

    Args:
        leader: the signal that it is one with.
        request: of the leader, or its own.
    """
    if leader is not None and signal.joined is not None:
        minutes = (now - leader.at).total_seconds() / 60
        text, text_zh = told(leader, None, request, now, zone)
        metres = signal.joined.distance_m
        near = f"{minutes:.0f} min ago ({metres:.0f} m away)"
        near_zh = f"{minutes:.0f} 分钟前、{metres:.0f} 米处"
        which = f"signal {leader.id}" if signal.joined.id else "another department's signal"
        which_zh = leader.id if signal.joined.id else "其他部门信号"
        return (
            f"joined with {which} of {near}: {text}",
            f"与{near_zh}的 {which_zh} 合并：{text_zh}",
        )
    if signal.outcome is not None:
        return signal.outcome.text, signal.outcome.text_zh
    if signal.state is SignalState.DISMISSED and signal.note:
        return f"dismissed: {signal.note}", f"不予处理：{signal.note}"
    if request is not None and request.answer is not None:
        return _by_request(signal, request, zone)
    return _WAITING[signal.state]


def _by_request(signal: Signal, request: Request, zone: ZoneInfo) -> tuple[str, str]:
    answer = request.answer
    assert answer is not None  # noqa: S101 - its caller has looked
    text, text_zh = answer.text, answer.text_zh
    if signal.state is SignalState.LOOKED:
        more, more_zh = _WAITING[SignalState.LOOKED]
        return f"{text}; {more}", f"{text_zh}；{more_zh}"
    if answer.flight_id is not None and answer.start is not None:
        at = f"{answer.start.astimezone(zone):%H:%M}"
        return (
            f"flight {answer.flight_id} at {at}: {text}",
            f"航班 {answer.flight_id}（{at}）：{text_zh}",
        )
    return text, text_zh
