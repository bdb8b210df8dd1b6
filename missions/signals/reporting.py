"""Citizens' reports and other systems' finds become signals."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from core.errors import InvalidInput, NotFound
from core.geo import LonLat
from core.ids import new_id
from missions.access import Principal
from missions.catalog.signals import Category
from missions.presets import Preset
from missions.signals.model import Contact, Outcome, Signal, Source
from missions.signals.placing import (
    checked_department,
    checked_position,
    place_position,
    readers,
)
from missions.store.protocol import Unit

WORDS = 2000
"""Characters of a report."""
PHOTOS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """Who reported; either may be empty."""

    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDraft:
    """A citizen's report.

    Attributes:
        place: id of a place of the city, where there are no coordinates; without either, the
            position of the first photograph that has one.
        crs: "wgs84", "gcj02" (phones' maps in China) or "bd09".
        at: when it was seen; None for now.
        photos: ids of uploads or media that the sender may see.
        department: for whom a city-wide role reports; None for the event type's.
        external_id: the sender's own number; the same again is the same report.
    """

    category: str
    text: str = ""
    lon: float | None = None
    lat: float | None = None
    place: str = ""
    crs: str = "wgs84"
    at: datetime | None = None
    contact: ContactDraft | None = None
    photos: tuple[str, ...] = ()
    department: str | None = None
    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDraft:
    """Something that another system's AI found; `picture` is an address or an id, never fetched."""

    label: str
    score: float
    camera: str
    lon: float
    lat: float
    crs: str = "wgs84"
    at: datetime | None = None
    picture: str = ""
    department: str | None = None
    external_id: str = ""


def reported(
    unit: Unit, preset: Preset, p: Principal, draft: ReportDraft, now: datetime
) -> tuple[Signal, Contact | None]:
    """The signal of a report, and what is personal about it; None where nothing is.

    Raises:
        InvalidInput: a field is wrong (named). NotAllowed: not for this department.
        NotFound: no such photograph for the sender.
    """
    category = _category(preset, "category", draft.category, labels=False)
    photos = _photos(unit, p, draft.photos)
    if len(draft.text) > WORDS:
        raise _wrong("text", f"more than {WORDS} characters", "say it shorter")
    signal = _signal(
        preset,
        p,
        category,
        source=Source.REPORT,
        position=_position(preset, draft, photos),
        at=_time(preset, draft.at, now),
        now=now,
        department=draft.department,
        external_id=draft.external_id,
        text=f"reported: {category.name}",
        text_zh=f"群众上报：{category.name_zh}",
        photos=draft.photos,
        words=draft.text.strip(),
    )
    said = draft.contact or ContactDraft()
    if not (said.name.strip() or said.phone.strip() or signal.words):
        return signal, None
    contact = Contact(  # without a name too: it says when the words are erased
        id=signal.id,
        department=signal.department,
        name=said.name.strip(),
        phone=said.phone.strip(),
        erase_at=now + preset.signals.limits.contact,
    )
    return signal, contact


def found(preset: Preset, p: Principal, draft: FindDraft, now: datetime) -> Signal:
    """The signal of another system's find; below the label's least score it is kept and done.

    Raises:
        InvalidInput: a field is wrong (named). NotAllowed: not for this department.
    """
    label = _category(preset, "label", draft.label, labels=True)
    if not 0.0 <= draft.score <= 1.0:
        raise _wrong("score", f"{draft.score:g} is no score", "use 0 to 1")
    weak = draft.score < label.min_score
    kind = preset.event_types[label.asks]
    return _signal(
        preset,
        p,
        label,
        source=Source.FIND,
        position=checked_position(preset, draft.lon, draft.lat, draft.crs),
        at=_time(preset, draft.at, now),
        now=now,
        department=draft.department,
        external_id=draft.external_id,
        text=f"{draft.camera[:80]} found {label.id} ({draft.score:.2f}): {kind.name}",
        text_zh=f"{draft.camera[:80]} 识别到{kind.name_zh}（{draft.score:.2f}）",
        picture=_picture(draft.picture),
        camera=draft.camera,
        score=draft.score,
        outcome=_weak(label, draft.score, now) if weak else None,
    )


def again(unit: Unit, signal: Signal) -> Signal | None:
    """The signal that the same sender made of the same number before."""
    if not signal.external_id:
        return None
    earlier = unit.signals.find(external_id=signal.external_id, department=signal.department)
    return next((s for s in earlier if (s.by, s.source) == (signal.by, signal.source)), None)


def _signal(
    preset: Preset,
    p: Principal,
    category: Category,
    *,
    source: Source,
    position: LonLat,
    at: datetime,
    now: datetime,
    department: str | None,
    external_id: str,
    text: str,
    text_zh: str,
    photos: tuple[str, ...] = (),
    words: str = "",
    picture: str = "",
    camera: str = "",
    score: float | None = None,
    outcome: Outcome | None = None,
) -> Signal:
    kind = preset.event_types[category.asks]
    owner = checked_department(preset, p, department, default=kind.department)
    return Signal(
        id=new_id("sgn", now),
        source=source,
        matter=category.asks,
        kind=category.id,
        at=at,
        received_at=now,
        position=position,
        county=preset.county_at(position),
        department=owner,
        shared_with=readers(preset, category.asks, owner),
        by=p.name,
        text=text,
        text_zh=text_zh,
        severity=min(3, kind.severity),  # not yet seen by anybody
        priority=preset.signals.looks[category.asks].priority,
        photos=photos,
        picture=picture,
        camera=camera,
        score=score,
        external_id=external_id.strip(),
        words=words,
        outcome=outcome,
    )


def _weak(label: Category, score: float, now: datetime) -> Outcome:
    return Outcome(
        code="weak",
        at=now,
        text=f"stored: {score:.2f} is below {label.min_score:.2f}, the least score of {label.id}",
        text_zh=f"已存档：得分 {score:.2f} 低于 {label.id} 的阈值 {label.min_score:.2f}",
    )


def _category(preset: Preset, where: str, name: str, *, labels: bool) -> Category:
    known = preset.signals.labels if labels else preset.signals.categories
    category = known.get(name)
    if category is None:
        raise _wrong(where, f"no such {where}: {name[:40]}", f"use one of {', '.join(known)}")
    return category


def _position(preset: Preset, draft: ReportDraft, photos: list[LonLat]) -> LonLat:
    if draft.lon is not None or draft.lat is not None:
        return checked_position(preset, draft.lon, draft.lat, draft.crs)
    if draft.place:
        return place_position(preset, draft.place)
    if photos:
        return checked_position(preset, photos[0].lon, photos[0].lat)
    raise _wrong("lon", "no place", "give lon and lat, a place, or a photograph that knows its own")


def _photos(unit: Unit, p: Principal, ids: tuple[str, ...]) -> list[LonLat]:
    """The positions of the photographs that a report names, all of which its sender may see."""
    if len(ids) > PHOTOS:
        raise _wrong("photos", f"more than {PHOTOS} photographs", "name the best ones")
    positions = []
    for number, one in enumerate(ids):
        medium_id: str | None = one
        if unit.uploads.exists(one):
            upload = unit.uploads.get(one)
            if not (p.sees(upload) or upload.by == p.name):
                raise _no_photo(number)
            medium_id = upload.medium_id
        elif not (unit.media.exists(one) and p.sees(unit.media.get(one))):
            raise _no_photo(number)
        if medium_id is not None:
            position = unit.media.get(medium_id).position
            positions += [position] if position is not None else []
    return positions


def _no_photo(number: int) -> NotFound:
    return NotFound(
        "no such photograph",
        where=f"photos.{number}",
        remedy="send it to /uploads first, and name it by the id of the upload",
    )


def _time(preset: Preset, at: datetime | None, now: datetime) -> datetime:
    limits = preset.signals.limits
    if at is None:
        return now
    if at.tzinfo is None:
        raise _wrong("at", "a time without a zone", "end it with Z or an offset such as +08:00")
    if at > now + limits.future:
        raise _wrong("at", "a time to come", "give the time at which it was seen")
    if at < now - limits.oldest:
        hours = limits.oldest.total_seconds() / 3600
        raise _wrong("at", f"more than {hours:.0f} hours ago", "ask for a look with POST /requests")
    return at


def _picture(address: str) -> str:
    """Where another system keeps its picture; this service never opens it."""
    if "://" in address:
        try:
            parts = urlsplit(address)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good:
            raise _wrong("picture", "no address", "give an http(s) address, or an id")
    return address


def _wrong(field: str, what: str, remedy: str) -> InvalidInput:
    return InvalidInput(what, where=field, remedy=remedy)
