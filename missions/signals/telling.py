"""Warnings of devices in words: crossed a rule, silent, an outage."""

from collections.abc import Sequence
from datetime import UTC, datetime

from core.ids import new_id
from missions.catalog.signals import SensorKind, SensorRule, When
from missions.presets import Preset
from missions.signals.judging import Crossing
from missions.signals.model import Device, Signal, Source
from missions.signals.placing import readers

_SIGN = {
    When.ABOVE: (">", "高于"),
    When.BELOW: ("<", "低于"),
    When.RISE: ("up", "上升"),
    When.FALL: ("down", "下降"),
    When.MOVES: ("moved", "变化"),
}


def warning(preset: Preset, device: Device, crossing: Crossing, now: datetime, by: str) -> Signal:
    """The signal of a crossing."""
    kind, rule = preset.signals.kinds[device.kind], crossing.rule
    text, text_zh = _said(kind, rule, crossing)
    return _signal(
        preset,
        device,
        signal_id=crossing.signal_id,
        source=Source.READING,
        asks=rule.asks,
        at=datetime.fromtimestamp(crossing.at_s, UTC),
        now=now,
        by=by,
        text=f"{device.name}: {text}",
        text_zh=f"{device.name}：{text_zh}",
        severity=rule.severity,
        rule=rule.id,
        value=crossing.measure,
        limit=crossing.limit,
    )


def silence(preset: Preset, device: Device, last: datetime, now: datetime) -> Signal:
    """The signal of a device that sends nothing."""
    kind = preset.signals.kinds[device.kind]
    minutes = kind.silence.total_seconds() / 60
    return _signal(
        preset,
        device,
        signal_id=new_id("sgn", now),
        source=Source.SILENCE,
        asks=kind.silence_asks,
        at=now,
        now=now,
        by="service",
        text=f"{device.name}: nothing for {minutes:.0f} min, last at {last:%Y-%m-%d %H:%M} UTC",
        text_zh=f"{device.name}：已 {minutes:.0f} 分钟无数据",
        severity=3 if kind.silence_asks else 1,
        rule="silence",
    )


def outage(preset: Preset, devices: Sequence[Device], now: datetime) -> Signal:
    """One signal for many devices of a department that fell silent together."""
    first = devices[0]
    return _signal(
        preset,
        first,
        signal_id=new_id("sgn", now),
        source=Source.OUTAGE,
        asks=None,
        at=now,
        now=now,
        by="service",
        text=f"{len(devices)} devices of {first.department} fell silent at once",
        text_zh=f"{preset.departments[first.department].name_zh} {len(devices)} 台设备同时中断",
        severity=2,
        rule="silence",
        alone=False,
    )


def _said(kind: SensorKind, rule: SensorRule, crossing: Crossing) -> tuple[str, str]:
    sign, sign_zh = _SIGN[rule.when]
    value, limit = f"{crossing.measure:.4g} {kind.unit}", f"{crossing.limit:.4g} {kind.unit}"
    if not rule.when.of_change:
        return (
            f"{kind.name}, {rule.name}: {value} {sign} {limit}",
            f"{kind.name_zh}{rule.name_zh}：{value}，{sign_zh} {limit}",
        )
    minutes = rule.window.total_seconds() / 60
    return (
        f"{kind.name}, {rule.name}: {sign} {value} in {minutes:.0f} min (limit {limit})",
        f"{kind.name_zh}{rule.name_zh}：{minutes:.0f} 分钟内{sign_zh} {value}（限值 {limit}）",
    )


def _signal(
    preset: Preset,
    device: Device,
    *,
    signal_id: str,
    source: Source,
    asks: str | None,
    at: datetime,
    now: datetime,
    by: str,
    text: str,
    text_zh: str,
    severity: int,
    rule: str,
    value: float | None = None,
    limit: float | None = None,
    alone: bool = True,
) -> Signal:
    look = preset.signals.looks.get(asks or "")
    matter = look.event_type if look else ""
    return Signal(
        id=signal_id,
        source=source,
        matter=matter,
        kind=device.kind if alone else "",
        at=at,
        received_at=now,
        position=device.position,
        county=device.county,
        department=device.department,
        shared_with=readers(preset, matter, device.department) if matter else (),
        by=by,
        text=text,
        text_zh=text_zh,
        severity=severity,
        priority=look.priority if look else 1,
        device_id=device.id if alone else "",
        rule=rule,
        value=value,
        limit=limit,
    )
