"""What a model's numbers mean: boxes, masks and classes in pixels of the tile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from imagery.detectors.card import Card, Label
from imagery.detectors.model import Fit

Floats = npt.NDArray[np.float32]
Outputs = Mapping[str, npt.NDArray[Any]]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One find of a model.

    Attributes:
        label: the model's word; event_type: what it means to us, or None; privacy: "person" or
            "plate" for what is blurred, else None.
        box: (left, top, width, height) in pixels of the picture.
        score: the model's own, 0 to 1.
    """

    label: str
    event_type: str | None
    privacy: str | None
    box: Box
    score: float


def detections(
    card: Card, outputs: Outputs, fit: Fit, size: tuple[int, int], where: str
) -> list[Detection]:
    """Everything above its threshold in one tile of (width, height) pixels.

    Raises:
        InvalidInput: the outputs have not the shape that the card's output kind has.
    """
    try:
        boxes, scores, labels = _READERS[card.output](card, outputs, fit, size)
    except (ValueError, IndexError, KeyError) as error:
        shapes = {name: list(o.shape) for name, o in outputs.items()}
        raise InvalidInput(
            f"outputs {shapes} are not of kind {card.output} with {len(card.labels)} labels: "
            f"{error}",
            where=where,
            remedy="mend the card's output and labels",
        ) from error
    found = []
    for box, score, index in zip(boxes, scores, labels, strict=True):
        label = _label(card, int(index))
        if label is None or label.ignore or score < (label.threshold or card.threshold):
            continue
        clipped = _clipped(box, size)
        if clipped is not None:
            found.append(_detection(label, clipped, float(score)))
    return suppressed(found, card.iou)


def suppressed(found: list[Detection], iou: float) -> list[Detection]:
    """Without the weaker of boxes of one label that overlap by more than ``iou``."""
    kept: list[Detection] = []
    for each in sorted(found, key=lambda d: -d.score):
        rivals = (k for k in kept if k.label == each.label)
        if all(overlap(each.box, rival.box) <= iou for rival in rivals):
            kept.append(each)
    return kept


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    both = w * h
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def _label(card: Card, index: int) -> Label | None:
    at = index - card.first_label
    return card.labels[at] if 0 <= at < len(card.labels) else None


def _detection(label: Label, box: Box, score: float) -> Detection:
    return Detection(
        label=label.name,
        event_type=label.event_type,
        privacy=label.privacy,
        box=box,
        score=min(score, 1.0),
    )


def _clipped(box: npt.NDArray[Any], size: tuple[int, int]) -> Box | None:
    """(left, top, width, height) inside the tile; None for an impossible box."""
    if not np.isfinite(box).all():
        return None
    x0, y0 = max(0.0, float(box[0])), max(0.0, float(box[1]))
    x1, y1 = min(float(size[0]), float(box[2])), min(float(size[1]), float(box[3]))
    return (x0, y0, x1 - x0, y1 - y0) if x1 - x0 >= 1.0 and y1 - y0 >= 1.0 else None


def _activated(card: Card, values: Floats, axis: int) -> Floats:
    if card.activation == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))), np.float32)
    if card.activation == "softmax":
        raised = np.exp(values - values.max(axis=axis, keepdims=True))
        return np.asarray(raised / raised.sum(axis=axis, keepdims=True), np.float32)
    return values


def _one(outputs: Outputs) -> npt.NDArray[Any]:
    return next(iter(outputs.values()))


def _from_input(corners: Floats, fit: Fit) -> Floats:
    """Corners (x0, y0, x1, y1) in pixels of the tile from those of the input."""
    shift, scale = np.array([fit.dx, fit.dy] * 2), np.array([fit.sx, fit.sy] * 2)
    return np.asarray((corners - shift) / scale, np.float32)


def _corners(centred: Floats) -> Floats:
    half = centred[:, 2:4] / 2
    return np.hstack([centred[:, :2] - half, centred[:, :2] + half])


def _yolo(card: Card, rows: Floats, scores: Floats, fit: Fit) -> tuple[Any, Any, Any]:
    if scores.shape[1] != len(card.labels):
        raise ValueError(f"{scores.shape[1]} classes")
    best = scores.argmax(axis=1) + card.first_label
    top = scores.max(axis=1) if len(scores) else np.zeros(0, np.float32)
    keep = top >= min((v.threshold or card.threshold) for v in card.labels)
    return _from_input(_corners(rows[keep]), fit), top[keep], best[keep]


def _yolo_v5(card: Card, outputs: Outputs, fit: Fit, size: Any) -> tuple[Any, Any, Any]:
    rows = np.asarray(_one(outputs), np.float32)
    if rows.ndim != 3 or rows.shape[2] != 5 + len(card.labels):
        raise ValueError(f"expected (1, N, {5 + len(card.labels)})")
    objectness = _activated(card, rows[0, :, 4:5], 1) if card.activation == "sigmoid" else None
    scores = _activated(card, rows[0, :, 5:], 1)
    return _yolo(
        card, rows[0], scores * (rows[0, :, 4:5] if objectness is None else objectness), fit
    )


def _yolo_v8(card: Card, outputs: Outputs, fit: Fit, size: Any) -> tuple[Any, Any, Any]:
    found = np.asarray(_one(outputs), np.float32)
    if found.ndim != 3 or found.shape[1] != 4 + len(card.labels):
        raise ValueError(f"expected (1, {4 + len(card.labels)}, N)")
    rows = found[0].T
    return _yolo(card, rows, _activated(card, rows[:, 4:], 1), fit)


def _boxes(card: Card, outputs: Outputs, fit: Fit, size: Any) -> tuple[Any, Any, Any]:
    boxes, scores, labels = (
        np.asarray(outputs[card.outputs.get(name, name)]) for name in ("boxes", "scores", "labels")
    )
    boxes = boxes.reshape(-1, 4).astype(np.float32)
    scores, labels = scores.reshape(-1).astype(np.float32), labels.reshape(-1)
    if not len(boxes) == len(scores) == len(labels):
        raise ValueError("boxes, scores and labels differ in number")
    if card.box_order == "yxyx":
        boxes = boxes[:, [1, 0, 3, 2]]
    elif card.box_order == "cxcywh":
        boxes = _corners(boxes)
    if card.box_units == "share":
        boxes = boxes * np.array([card.input.width, card.input.height] * 2, np.float32)
    return _from_input(boxes, fit), _activated(card, scores, 0), labels


def _mask(card: Card, outputs: Outputs, fit: Fit, size: tuple[int, int]) -> tuple[Any, Any, Any]:
    """Patches of each class; the score of a patch is its mean."""
    maps = np.asarray(_one(outputs), np.float32)
    count = len(card.labels) + card.first_label
    if maps.ndim != 4 or maps.shape[1] != count:
        raise ValueError(f"expected (1, {count}, H, W)")
    maps = _activated(card, maps[0], 0)
    step = np.array([card.input.width / maps.shape[2], card.input.height / maps.shape[1]])
    boxes, scores, labels = [], [], []
    for index in range(card.first_label, count):
        label = card.labels[index - card.first_label]
        over = (maps[index] >= (label.threshold or card.threshold)).astype(np.uint8)
        number, patches, stats, _ = cv2.connectedComponentsWithStats(over, connectivity=8)
        for patch in range(1, number):
            x, y, w, h, area = (float(v) for v in stats[patch])
            if area * step[0] * step[1] / (fit.sx * fit.sy) < card.min_area_px:
                continue
            corners = np.array([x, y, x + w, y + h]) * np.tile(step, 2)
            boxes.append(_from_input(corners[None].astype(np.float32), fit)[0])
            scores.append(float(maps[index][patches == patch].mean()))
            labels.append(index)
    return boxes, scores, labels


def _classes(card: Card, outputs: Outputs, fit: Fit, size: tuple[int, int]) -> tuple[Any, Any, Any]:
    scores = np.asarray(_one(outputs), np.float32)
    count = len(card.labels) + card.first_label
    if scores.shape != (1, count):
        raise ValueError(f"expected (1, {count})")
    scores = _activated(card, scores, 1)[0]
    whole = np.array([0.0, 0.0, size[0], size[1]])
    return [whole] * count, scores, np.arange(count)


_READERS = {
    "yolo_v5": _yolo_v5,
    "yolo_v8": _yolo_v8,
    "boxes": _boxes,
    "mask": _mask,
    "classes": _classes,
}
