"""Every detector with what people said of its finds: measured precision, by event type and period.

Precision is confirmed / (confirmed + rejected + given another type), with the Wilson score interval
at 95 % (Wilson 1927, doi:10.1080/01621459.1927.10502953): honest for few verdicts and for 0 or 1.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from imagery.detectors.card import Card
from missions.access import Principal
from missions.catalog.changes import profiles_of
from missions.entities import Label
from missions.media.labels import OFFICER, THERMAL_VERSION, Labels
from missions.operations.changes import VERSION as CHANGE_VERSION
from missions.operations.room import ControlRoom

_Z = 1.959964  # of 95 %, two-sided


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """Counts of verdicts and what they say.

    Attributes:
        share: confirmed of all; None without verdicts.
        low, high: Wilson interval of the share at 95 %.
    """

    confirmed: int
    rejected: int
    reclassed: int
    share: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorView:
    """A detector as its users see it.

    Attributes:
        state: "loaded", "refused" (``reason`` says why) or "none": event types name the slot and
            no model is there: an officer looks.
        by_event_type: precision of each event type that people have said something of.
        missed: finds that officers marked by hand in the same period, by event type: no measure
            of recall, but what a detector left to people.
    """

    id: str
    kind: str
    state: str
    version: str
    event_types: tuple[str, ...]
    precision: Precision
    by_event_type: tuple[tuple[str, Precision], ...]
    missed: tuple[tuple[str, int], ...]
    reason: str = ""
    remedy: str = ""
    card: Card | None = None


class DetectorList:
    """All detectors of the city."""

    def __init__(self, room: ControlRoom, labels: Labels) -> None:
        self._room = room
        self._labels = labels

    def all(
        self,
        p: Principal,
        *,
        event_type: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[DetectorView]:
        """Every detector, with the verdicts that the caller may see."""
        labels = self._labels.find(p, event_type=event_type, since=since, until=until)
        of: dict[str, list[Label]] = defaultdict(list)
        for label in labels:
            of[label.detector].append(label)
        by_hand = Counter(label.event_type for label in of[OFFICER])
        views = [self._thermal(of, by_hand), self._change(of, by_hand)]
        return [*views, *self._models(of, by_hand), *self._empty(of, by_hand), *self._refused()]

    def _thermal(self, of: dict[str, list[Label]], by_hand: Counter[str]) -> DetectorView:
        types = self._room.preset.event_types
        codes = tuple(code for code, kind in types.items() if kind.detector == "thermal")
        return _view("thermal", "thermal", "loaded", THERMAL_VERSION, codes, of, by_hand)

    def _change(self, of: dict[str, list[Label]], by_hand: Counter[str]) -> DetectorView:
        types = self._room.preset.event_types
        codes = tuple(code for code, kind in types.items() if profiles_of(kind))
        return _view("change", "change", "loaded", CHANGE_VERSION, codes, of, by_hand)

    def _models(self, of: dict[str, list[Label]], by_hand: Counter[str]) -> list[DetectorView]:
        return [
            _view(
                f"onnx:{m.name}",
                "onnx",
                "loaded",
                m.card.version,
                tuple(sorted(m.card.event_types)),
                of,
                by_hand,
                card=m.card,
            )
            for m in self._room.detectors.models
        ]

    def _empty(self, of: dict[str, list[Label]], by_hand: Counter[str]) -> list[DetectorView]:
        """Slots that event types name and no model fills."""
        slots: dict[str, list[str]] = defaultdict(list)
        for code, kind in self._room.preset.event_types.items():
            if kind.slot is not None and code not in self._room.detectors.event_types:
                slots[kind.slot].append(code)
        return [
            _view(f"onnx:{slot}", "onnx", "none", "", tuple(codes), of, by_hand)
            for slot, codes in sorted(slots.items())
        ]

    def _refused(self) -> list[DetectorView]:
        return [
            DetectorView(
                id=f"onnx:{r.name.removesuffix('.onnx')}",
                kind="onnx",
                state="refused",
                version="",
                event_types=(),
                precision=precision(()),
                by_event_type=(),
                missed=(),
                reason=r.reason,
                remedy=r.remedy,
            )
            for r in self._room.detectors.refused
        ]


def precision(labels: Iterable[Label]) -> Precision:
    """What verdicts say of a detector."""
    count = Counter(label.verdict for label in labels)
    yes, all_ = count["confirmed"], count["confirmed"] + count["rejected"] + count["reclassed"]
    low, high = wilson(yes, all_)
    return Precision(
        confirmed=yes,
        rejected=count["rejected"],
        reclassed=count["reclassed"],
        share=yes / all_ if all_ else None,
        low=low,
        high=high,
    )


def wilson(yes: int, of: int) -> tuple[float, float]:
    """The 95 % score interval of a share; (0, 1) for nothing.

    >>> [round(v, 3) for v in wilson(8, 10)]
    [0.49, 0.943]
    """
    if of == 0:
        return 0.0, 1.0
    share, z2 = yes / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def _view(
    id: str,
    kind: str,
    state: str,
    version: str,
    codes: Sequence[str],
    of: dict[str, list[Label]],
    by_hand: Counter[str],
    card: Card | None = None,
) -> DetectorView:
    labels = of.get(id, [])
    types = sorted({label.event_type for label in labels})
    return DetectorView(
        id=id,
        kind=kind,
        state=state,
        version=version,
        event_types=tuple(codes),
        precision=precision(labels),
        by_event_type=tuple(
            (code, precision(x for x in labels if x.event_type == code)) for code in types
        ),
        missed=tuple((code, by_hand[code]) for code in codes if by_hand[code]),
        card=card,
    )
