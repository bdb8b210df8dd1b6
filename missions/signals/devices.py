"""The register of devices: who may send what from where; registered, changed, listed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import FlyOnceError, InvalidInput
from missions.access import Principal
from missions.catalog.signals import SensorKind, wrong_way
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.queries import Page
from missions.signals.judging import figures
from missions.signals.model import (
    DayFigures,
    Device,
    DeviceState,
    Gauge,
    HourFigures,
    OwnLimit,
)
from missions.signals.placing import checked_department, checked_position
from missions.store.protocol import Unit

MOST = 10_000
"""Devices of one registration: the whole of a large city."""
_CHUNK = 500
_ID = re.compile(r"[\w.:-]{1,80}")
_NAME = 120
_NOTE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDraft:
    """What is said of a device; see `Device`.

    Attributes:
        department: None for the caller's own.
        limits: own limits by rule id, each a mapping with `limit` and `clear`.
    """

    id: str
    kind: str
    lon: float
    lat: float
    name: str = ""
    department: str | None = None
    key: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceVerdict:
    """What became of one device of a registration: "new", "changed", "same" or "refused"."""

    index: int
    id: str
    verdict: str
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device and its last state; no gauge for one that has never sent."""

    device: Device
    gauge: Gauge | None


class Devices:
    """What may be done with devices; `Signals.devices`."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def register(self, p: Principal, drafts: Sequence[DeviceDraft]) -> list[DeviceVerdict]:
        """Register or change devices; a bad one is refused by itself, the others are taken.

        Raises:
            NotAllowed: the role may not configure. InvalidInput: there are too many, or none.
        """
        p.require("configure")
        if not 0 < len(drafts) <= MOST:
            raise InvalidInput(
                f"{len(drafts)} devices in one registration",
                where="devices",
                remedy=f"send 1 to {MOST} at a time",
            )
        checked = [self._checked(p, draft) for draft in drafts]
        verdicts: list[DeviceVerdict] = []
        with self._room.unit() as unit:
            known = _known(unit, [draft.id for draft in drafts])
            for index, (draft, made) in enumerate(zip(drafts, checked, strict=True)):
                verdicts.append(self._kept(unit, p, index, draft, made, known))
            self._note(unit, p, verdicts)
        return verdicts

    def list(
        self,
        p: Principal,
        *,
        kind: str | None = None,
        state: str | None = None,
        county: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[DeviceView]:
        """Devices that the caller may see, in order of registration."""
        asked = {"kind": kind, "state": state, "county": county}
        wanted: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        with self._room.view() as unit:
            found = unit.devices.find(audience=p.audience(), after=after, limit=limit + 1, **wanted)
            gauges = gauges_of(unit, [device.id for device in found[:limit]])
        views = tuple(DeviceView(device=d, gauge=gauges.get(d.id)) for d in found[:limit])
        return Page(views, found[limit - 1].id if len(found) > limit else None)

    def get(self, p: Principal, device_id: str) -> DeviceView:
        """One device. Raises NotFound, also for another department's."""
        with self._room.view() as unit:
            device: Device = p.checked(unit.devices.get(device_id))
            return DeviceView(device=device, gauge=gauges_of(unit, [device_id]).get(device_id))

    def set_state(self, p: Principal, device_id: str, state: str, text: str = "") -> DeviceView:
        """Put a device into or out of service; what its rules remember begins anew.

        Raises:
            NotFound: no such device for the caller. NotAllowed: the role may not configure.
        """
        p.require("configure")
        if state not in list(DeviceState):
            raise InvalidInput(
                f"no such state: {state[:40]}",
                where="state",
                remedy=f"use {', '.join(DeviceState)}",
            )
        with self._room.unit() as unit:
            device: Device = p.checked(unit.devices.get(device_id))
            changed = replace(device, state=DeviceState(state), note=text.strip()[:_NOTE])
            if changed != device:
                unit.devices.put(changed)
                _forget(unit, device_id)
                said = f"{device.state} -> {changed.state}" + (f": {changed.note}" * bool(text))
                note(unit, self._room.now(), device_id, "device.state", said, said, actor=p.name)
            return DeviceView(device=changed, gauge=gauges_of(unit, [device_id]).get(device_id))

    def history(
        self, p: Principal, device_id: str, *, days: int = 7
    ) -> Sequence[tuple[datetime, HourFigures]]:
        """(beginning, figures) of each hour of the last days, oldest first, the running one too."""
        now = self._room.now()
        since = now - timedelta(days=days)
        with self._room.view() as unit:
            p.checked(unit.devices.get(device_id))
            records = unit.gauge_days.find(device=device_id)
            gauge = gauges_of(unit, [device_id]).get(device_id)
        hours = sorted(
            ((_begin(record, hour), hour) for record in records for hour in record.hours),
            key=lambda pair: pair[0],
        )
        if gauge is not None and gauge.count:
            running = (gauge.hour_s, gauge.count, gauge.total, gauge.low, gauge.high)
            hours.append((datetime.fromtimestamp(gauge.hour_s, UTC), figures(running)))
        return [pair for pair in hours if pair[0] >= since]

    # --- one device ------------------------------------------------------------------------

    def _checked(self, p: Principal, draft: DeviceDraft) -> Device | FlyOnceError:
        """The device of a draft, or why there is none."""
        preset = self._room.preset
        try:
            if not _ID.fullmatch(draft.id):
                raise _wrong("id", "no id", "use 1 to 80 letters, digits, . : _ -")
            kind = preset.signals.kinds.get(draft.kind)
            if kind is None:
                known = ", ".join(preset.signals.kinds)
                raise _wrong("kind", f"no such kind: {draft.kind[:40]}", f"use one of {known}")
            position = checked_position(preset, draft.lon, draft.lat)
            return Device(
                id=draft.id,
                kind=kind.id,
                name=draft.name.strip()[:_NAME] or draft.id,
                position=position,
                county=preset.county_at(position),
                department=checked_department(preset, p, draft.department),
                key=draft.key.strip()[:80],
                limits=_limits(kind, draft.limits),
                note=draft.note.strip()[:_NOTE],
                registered_at=self._room.now(),
                by=p.name,
            )
        except FlyOnceError as error:
            return error

    def _kept(
        self,
        unit: Unit,
        p: Principal,
        index: int,
        draft: DeviceDraft,
        made: Device | FlyOnceError,
        known: dict[str, Device],
    ) -> DeviceVerdict:
        if isinstance(made, FlyOnceError):
            return _refusal(index, draft.id, made)
        before = known.get(made.id)
        if before is not None and not p.sees(before):
            taken = _wrong("id", "this id is taken", "choose another")
            return _refusal(index, draft.id, taken)
        if before is None:
            unit.devices.add(made)
            known[made.id] = made
            return DeviceVerdict(index=index, id=made.id, verdict="new")
        kept = replace(made, registered_at=before.registered_at, by=before.by, state=before.state)
        if kept == before:
            return DeviceVerdict(index=index, id=made.id, verdict="same")
        unit.devices.put(kept)
        known[made.id] = kept
        if (kept.kind, kept.limits) != (before.kind, before.limits):
            _forget(unit, made.id)
        return DeviceVerdict(index=index, id=made.id, verdict="changed")

    def _note(self, unit: Unit, p: Principal, verdicts: Sequence[DeviceVerdict]) -> None:
        """A line in the trail for each registration, with the devices that it touched."""
        for what, what_zh in (("new", "新增"), ("changed", "变更")):
            ids = [v.id for v in verdicts if v.verdict == what]
            if ids:
                shown = ", ".join(ids[:20]) + (f" and {len(ids) - 20} more" * (len(ids) > 20))
                text = f"{len(ids)} devices {what}: {shown}"
                text_zh = f"{what_zh}设备 {len(ids)} 台：{shown}"
                action = "device.register" if what == "new" else "device.change"
                note(unit, self._room.now(), ids[0], action, text, text_zh, actor=p.name)


def gauges_of(unit: Unit, ids: Sequence[str]) -> dict[str, Gauge]:
    """The last states of devices, by id."""
    found: dict[str, Gauge] = {}
    for start in range(0, len(ids), _CHUNK):
        found.update((g.id, g) for g in unit.gauges.find(id=tuple(ids[start : start + _CHUNK])))
    return found


def _known(unit: Unit, ids: Sequence[str]) -> dict[str, Device]:
    found: dict[str, Device] = {}
    for start in range(0, len(ids), _CHUNK):
        found.update((d.id, d) for d in unit.devices.find(id=tuple(ids[start : start + _CHUNK])))
    return found


def devices_of(unit: Unit, ids: Sequence[str]) -> dict[str, Device]:
    """Devices by id, whoever they belong to."""
    return _known(unit, ids)


def _forget(unit: Unit, device_id: str) -> None:
    """What the rules remembered of a device is no longer true."""
    for gauge in unit.gauges.find(id=device_id):
        unit.gauges.put(replace(gauge, states=(), silent="", silent_at=None, tracing=()))


def _limits(kind: SensorKind, wanted: Mapping[str, Any]) -> Mapping[str, OwnLimit]:
    found: dict[str, OwnLimit] = {}
    for rule_id, values in wanted.items():
        rule, where = kind.rule(str(rule_id)), f"limits.{str(rule_id)[:40]}"
        if rule is None:
            known = ", ".join(r.id for r in kind.rules)
            raise _wrong(where, f"{kind.id} has no such rule", f"use one of {known}")
        if not isinstance(values, Mapping) or set(values) != {"limit", "clear"}:
            raise _wrong(where, "no limit", 'give {"limit": 5.2, "clear": 5.0}')
        limit, clear = (_number(where, kind, rule.when.of_change, v) for v in
                        (values["limit"], values["clear"]))  # fmt: skip
        if wrong_way(rule.when, limit, clear):
            raise _wrong(where, f"clear {clear:g} is on the wrong side of {limit:g}", "move it")
        found[rule.id] = OwnLimit(limit=limit, clear=clear)
    return found


def _number(where: str, kind: SensorKind, of_change: bool, value: Any) -> float:
    low, high = (0.0, kind.high - kind.low) if of_change else (kind.low, kind.high)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _wrong(where, f"{value!r:.40} is no limit", f"use {low:g} to {high:g} {kind.unit}")
    return float(value)


def _begin(record: DayFigures, hour: HourFigures) -> datetime:
    return datetime(record.day.year, record.day.month, record.day.day, hour.hour, tzinfo=UTC)


def _refusal(index: int, device_id: str, error: FlyOnceError) -> DeviceVerdict:
    where = f"{error.where}: " if error.where else ""
    return DeviceVerdict(
        index=index,
        id=device_id[:80],
        verdict="refused",
        detail=f"{where}{error.what}",
        remedy=error.remedy or "",
    )


def _wrong(where: str, what: str, remedy: str) -> InvalidInput:
    return InvalidInput(what, where=where, remedy=remedy)
