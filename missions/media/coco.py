"""Labels as others read them: COCO JSON (cocodataset.org/#format-data) and CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from imagery.catalog import Medium
from missions.entities import Label
from missions.presets import Preset

COLUMNS = (
    *("id", "at", "by", "verdict", "detector", "version", "score", "event_type", "said_type"),
    *("medium_id", "sha256", "x", "y", "w", "h", "lon", "lat", "review_id", "case_id"),
)
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def coco(labels: Sequence[Label], media: Mapping[str, Medium], preset: Preset) -> dict[str, Any]:
    """What is there, as annotations; rejected finds stand apart as hard negatives.

    `file_name` is the photograph's SHA-256: the name of its file in an evidence export. A point
    is a box of no size and a keypoint. The verdict, detector and score are attributes.
    """
    codes = sorted(
        {code for label in labels for code in (label.event_type, label.said_type) if code}
    )
    number = {code: n for n, code in enumerate(codes, start=1)}
    pictures = {m: n for n, m in enumerate(sorted(media), start=1)}
    shown = [x for x in labels if x.box is not None and x.medium_id in pictures]
    return {
        "info": {
            "description": f"FlyOnce labels, {preset.title}",
            "left_out": len(labels) - len(shown),
            "left_out_why": "no place in a photograph is known (verdicts on thermal cases)",
        },
        "images": [_image(media[m], n) for m, n in pictures.items()],
        "categories": [_category(preset, code, n) for code, n in number.items()],
        "annotations": [
            _annotation(x, n, pictures, number)
            for n, x in enumerate((x for x in shown if x.said_type), start=1)
        ],
        "negatives": [
            _annotation(x, n, pictures, number)
            for n, x in enumerate((x for x in shown if not x.said_type), start=1)
        ],
    }


def table(labels: Sequence[Label], media: Mapping[str, Medium]) -> str:
    """All labels as CSV with a head; texts that a spreadsheet would run are quoted by an apostrophe
    (OWASP, CSV injection)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label in labels:
        writer.writerow([_safe(value) for value in _row(label, media)])
    return text.getvalue()


def _row(label: Label, media: Mapping[str, Medium]) -> tuple[Any, ...]:
    medium, box = media.get(label.medium_id or ""), label.box
    size = (box.x, box.y, box.w, box.h) if box else ("",) * 4
    at = (label.position.lon, label.position.lat) if label.position else ("", "")
    return (
        *(label.id, label.at.isoformat(), label.by, label.verdict, label.detector, label.version),
        *("" if label.score is None else label.score, label.event_type, label.said_type or ""),
        *(label.medium_id or "", medium.sha256 if medium else "", *size, *at),
        *(label.review_id or "", label.case_id or ""),
    )


def _safe(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_RISKY):
        return f"'{value}"
    return value


def _image(medium: Medium, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": f"{medium.sha256}.jpg",
        "width": medium.width_px,
        "height": medium.height_px,
        "date_captured": medium.taken_at.isoformat() if medium.taken_at else None,
        "medium_id": medium.id,
        "gsd_m": medium.gsd_m,
    }


def _category(preset: Preset, code: str, number: int) -> dict[str, Any]:
    kind = preset.event_types.get(code)
    name = kind.name if kind else code
    return {"id": number, "name": name, "supercategory": code.partition("-")[0], "code": code}


def _annotation(
    label: Label, number: int, pictures: Mapping[str, int], codes: Mapping[str, int]
) -> dict[str, Any]:
    box = label.box
    if box is None:  # `coco` leaves those out
        raise ValueError(label.id)
    point = [box.x + box.w / 2, box.y + box.h / 2, 2]
    return {
        "id": number,
        "image_id": pictures[str(label.medium_id)],
        "category_id": codes[label.said_type or label.event_type],
        "bbox": [box.x, box.y, box.w, box.h],
        "area": box.w * box.h,
        "iscrowd": 0,
        "keypoints": point,
        "num_keypoints": 1,
        "attributes": {
            "verdict": label.verdict,
            "detector": label.detector,
            "version": label.version,
            "score": label.score,
            "proposed": label.event_type,
            "by": label.by,
            "at": label.at.isoformat(),
            "label_id": label.id,
        },
    }
