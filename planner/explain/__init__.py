"""Why something is not served, in words for the departments: English and Chinese."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from planner.problem import Closure, Refusal

CHINA = ZoneInfo("Asia/Shanghai")
_ZONE: ContextVar[tzinfo | None] = ContextVar("zone", default=None)
SENSOR_ZH = {"visible": "可见光", "zoom": "变焦", "thermal": "热成像"}


def local(moment: datetime) -> datetime:
    """A moment on the clocks of those who read the text."""
    return moment.astimezone(_ZONE.get() or CHINA)


@contextmanager
def told_in(zone: tzinfo | None) -> Iterator[None]:
    """Within, texts tell times in this zone; in China's where it is None."""
    before = _ZONE.set(zone)
    try:
        yield
    finally:
        _ZONE.reset(before)


def geometry(look: str, fault: str, fault_zh: str) -> Refusal:
    """The shape cannot be planned as it is given."""
    return Refusal(
        id=look,
        code="geometry",
        reason=f"the geometry {fault}; correct it and ask again",
        reason_zh=f"{fault_zh}，请更正后重新提交",
    )


def no_station(look: str) -> Refusal:
    """There is no drone at all."""
    return Refusal(
        id=look,
        code="no_capacity",
        reason="no dock is available",
        reason_zh="没有可用的机场",
    )


def no_sensor(look: str, sensors: Iterable[str]) -> Refusal:
    """No kind of drone carries what is wanted."""
    names = sorted(str(s) for s in sensors)
    return Refusal(
        id=look,
        code="no_sensor",
        reason=f"no available drone carries {' and '.join(names)}",
        reason_zh=f"没有可用的无人机配备{'、'.join(SENSOR_ZH.get(n, n) for n in names)}相机",
    )


def resolution(look: str, gsd_m: float, lowest_m: float) -> Refusal:
    """No camera reaches the resolution at a safe height."""
    return Refusal(
        id=look,
        code="resolution",
        reason=f"no camera gives {gsd_m * 100:.1f} cm a pixel from {lowest_m:.0f} m or higher",
        reason_zh=f"在{lowest_m:.0f}米以上高度，没有相机能达到{gsd_m * 100:.1f}厘米分辨率",
    )


def sideways(look: str) -> Refusal:
    """Only drones that fly on wings carry what is wanted."""
    return Refusal(
        id=look,
        code="no_sensor",
        reason="no multicopter carries the sensor, and wings cannot fly sideways along it",
        reason_zh="没有配备所需相机的多旋翼无人机，固定翼无法侧向飞行拍摄",
    )


def too_high(look: str, top_m: float, highest_m: float) -> Refusal:
    """It stands higher than a drone may fly over it."""
    return Refusal(
        id=look,
        code="geometry",
        reason=f"it stands {top_m:.0f} m high; drones fly round what is up to {highest_m:.0f} m",
        reason_zh=f"目标高{top_m:.0f}米，无人机只能环绕不超过{highest_m:.0f}米的目标",
    )


def zone(look: str) -> Refusal:
    """The place or every way to it lies in no-fly zones."""
    return Refusal(
        id=look,
        code="zone",
        reason="the place lies in a no-fly zone or its buffer, or cannot be reached round them",
        reason_zh="地点位于禁飞区或其缓冲区内，或无法绕行到达",
    )


def cut_off(share: float) -> tuple[str, str]:
    """Part of the look lies in no-fly zones."""
    return (
        f"{share:.0%} of it lies in no-fly zones and is left out",
        f"其中{share:.0%}位于禁飞区内，未安排",
    )


def left_out(parts: int, of: int, why: Refusal) -> tuple[str, str]:
    """Parts of the look cannot be flown."""
    return (
        f"{parts} of {of} parts are left out: {why.reason}",
        f"{of}个分段中有{parts}个未安排：{why.reason_zh}",
    )


def no_reach(look: str, nearest_km: float | None = None) -> Refusal:
    """No drone can fly there, do the work and come back."""
    far = "" if nearest_km is None else f"; the nearest suitable dock is {nearest_km:.1f} km away"
    far_zh = "" if nearest_km is None else f"；最近的合适机场距离{nearest_km:.1f}公里"
    return Refusal(
        id=look,
        code="no_reach",
        reason=f"no suitable drone can get there, do the work and come back with its reserve{far}",
        reason_zh=f"没有合适的无人机能在保留余量的前提下往返并完成任务{far_zh}",
    )


def no_window(
    look: str, earliest: datetime, latest: datetime, first: datetime, last: datetime
) -> Refusal:
    """The wished time and the time of the drones do not meet, or leave too little time."""
    a, b, c, d = (local(t).strftime("%m-%d %H:%M") for t in (earliest, latest, first, last))
    return Refusal(
        id=look,
        code="no_window",
        reason=f"the window {a} to {b} leaves no time; drones fly from {c} to {d}",
        reason_zh=f"时间窗{a}至{b}内无法安排；无人机可飞时段为{c}至{d}",
    )


def no_capacity(task: str, able: int, by_priority: bool) -> Refusal:
    """Every drone that could fly it is busy with work of no less worth."""
    why = "with work of higher priority" if by_priority else "all through its window"
    why_zh = "优先级更高的任务" if by_priority else "其时间窗内的其他任务"
    return Refusal(
        id=task,
        code="no_capacity",
        reason=f"{_drones(able)} busy {why}",
        reason_zh=f"可执行的{able}架无人机均已安排{why_zh}",
    )


def wind(task: str, speed_mps: float) -> Refusal:
    """The wind is too strong for every drone that could do it."""
    return Refusal(
        id=task,
        code="no_capacity",
        reason=f"a wind of {speed_mps:g} m/s grounds every drone that could fly it",
        reason_zh=f"风速{speed_mps:g}米/秒，可执行的无人机均不能起飞",
    )


def _drones(able: int) -> str:
    if able == 1:
        return "the only drone that could fly it is"
    return f"all {able} drones that could fly it are"


def all_busy(task: str, able: int) -> Refusal:
    """Every drone that could go at once is out or recharging."""
    return Refusal(
        id=task,
        code="no_capacity",
        reason=f"all {able} drones that could go are out or recharging",
        reason_zh=f"可出动的{able}架无人机均在执行任务或充电",
    )


def crew_busy(task: str, limit: int) -> Refusal:
    """Whenever it could be flown, as many flights are in the air as the pilots can watch."""
    return Refusal(
        id=task,
        code="no_capacity",
        reason=f"{limit} flights are in the air whenever it could be flown, as many as are watched",
        reason_zh=f"可飞时段内在空架次均已达上限{limit}架",
        conflict=((f"at most {limit} flights are watched at once", f"同时在空架次不超过{limit}"),),
    )


def too_close(task: str, time_s: float) -> Refusal:
    """Whenever it could be flown, its flight would meet others on its way."""
    return Refusal(
        id=task,
        code="no_capacity",
        reason=f"whenever it could be flown, its path meets another flight's within {time_s:.0f} s",
        reason_zh=f"可飞时段内其航线均与其他航班在{time_s:.0f}秒内交汇",
        conflict=(
            (f"crossing flights keep {time_s:.0f} s apart", f"交叉航线须错开{time_s:.0f}秒"),
        ),
    )


def no_time(task: str) -> Refusal:
    """Its flight fits no gap that closures, zones and its drone's other flights leave."""
    return Refusal(
        id=task,
        code="no_window",
        reason="closures, timed zones and its drone's other flights leave no time for its flight",
        reason_zh="空域关闭、限时禁飞区及该机其他架次之间没有可用时段",
    )


def weather(task: str, closure: Closure) -> Refusal:
    """Only a closure keeps it from being flown."""
    begin, end = (local(t).strftime("%m-%d %H:%M") for t in (closure.start, closure.end))
    return Refusal(
        id=task,
        code="weather",
        reason=f"closed from {begin} to {end}: {closure.reason}; no other time is left for it",
        reason_zh=f"{begin}至{end}关闭：{closure.reason_zh}，其余时间无法安排",
    )


def filing(task: str, file_by: datetime) -> Refusal:
    """Its flight had to be filed before the plan was made."""
    due = local(file_by).strftime("%m-%d %H:%M")
    return Refusal(
        id=task,
        code="filing",
        reason=f"its flight had to be filed by {due}",
        reason_zh=f"飞行计划须在{due}前报备，现已逾期",
    )


def gave_way(task: str) -> Refusal:
    """It was planned, and is left out for work of more worth."""
    return Refusal(
        id=task,
        code="no_capacity",
        reason="it gave way to work of more worth when the day was rearranged",
        reason_zh="当日调整计划时让位于价值更高的任务",
    )
