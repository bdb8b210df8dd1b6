"""A detector's card: what an ONNX file wants to be fed, what its answers mean, where it is from.

The card is `<name>.yaml` beside `<name>.onnx`; docs/review.md shows one. Everything is checked when
it is read; nothing is guessed from the model.
"""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import InvalidInput

PRIVACY = ("person", "plate")
"""What labels may be besides event types: found in order to be blurred, never reviewed."""
MAX_CARD_BYTES = 256 * 1024
_Triple = Annotated[tuple[float, ...], Field(min_length=1, max_length=3)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(_Strict):
    """How a picture becomes the model's input.

    A pixel value v of 0 to 255 enters as (v * scale - mean) / std, by channel.

    Attributes:
        fit: "letterbox" keeps the shape and pads with grey 114, "stretch" does not.
        dtype: uint8 inputs get v as it is.
    """

    width: int = Field(ge=16, le=4096)
    height: int = Field(ge=16, le=4096)
    layout: Literal["nchw", "nhwc"] = "nchw"
    colour: Literal["rgb", "bgr", "gray"] = "rgb"
    scale: float = Field(1 / 255, gt=0, le=1)
    mean: _Triple = (0.0,)
    std: _Triple = (1.0,)
    fit: Literal["letterbox", "stretch"] = "letterbox"
    dtype: Literal["float32", "uint8"] = "float32"

    @model_validator(mode="after")
    def _fits(self) -> "Input":
        channels = 1 if self.colour == "gray" else 3
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, channels):
                raise ValueError(f"{name} needs 1 or {channels} values for {self.colour}")
        if any(v <= 0 for v in self.std):
            raise ValueError("std must be above 0")
        return self


class Tiling(_Strict):
    """How large photographs are cut: tiles of `size_px` of the photograph, overlapping by a share.

    Attributes:
        size_px: 0 for the whole photograph at once.
        max_tiles: a photograph that would need more is refused by name.
    """

    size_px: int = Field(0, ge=0, le=8192)
    overlap: float = Field(0.2, ge=0.0, le=0.6)
    max_tiles: int = Field(200, ge=1, le=2000)


class Label(_Strict):
    """What one of the model's classes means: an event type, a thing to blur, or nothing to us.

    Attributes:
        threshold: score from which it counts; None for the card's.
    """

    name: str = Field(min_length=1, max_length=80)
    event_type: str | None = Field(None, max_length=20)
    privacy: Literal["person", "plate"] | None = None
    ignore: bool = False
    threshold: float | None = Field(None, gt=0, le=1)

    @model_validator(mode="after")
    def _one_meaning(self) -> "Label":
        if (self.event_type is not None) + (self.privacy is not None) + self.ignore != 1:
            raise ValueError(
                f"label {self.name!r} needs exactly one of event_type, privacy, ignore: true"
            )
        return self


class Card(_Strict):
    """All that is known of a detector.

    Attributes:
        slot: the `onnx:<slot>` of the event types that it finds; the file's name when left out.
        output: yolo_v5 (N, 5 + classes: cx cy w h objectness scores), yolo_v8 (4 + classes, N),
            boxes (SSD-like: boxes, scores and labels as outputs of these names), mask (a map of
            class scores, 0 the background) or classes (scores of the whole tile).
        box_order, box_units: for output boxes.
        activation: what must still be done to the scores.
        iou: boxes of one class that overlap by more are one (non-maximum suppression).
        min_area_px: smaller patches of a mask count as noise, in pixels of the photograph.
        source, licence, training: where it is from, on what terms, and what it was trained on.
    """

    name: str = Field(min_length=1, max_length=80)
    version: str = Field(min_length=1, max_length=40)
    slot: str = Field("", max_length=60, pattern=r"^[a-z0-9_]*$")
    output: Literal["yolo_v5", "yolo_v8", "boxes", "mask", "classes"]
    input: Input
    tiling: Tiling = Field(default_factory=lambda: Tiling.model_validate({}))
    labels: tuple[Label, ...] = Field(min_length=1, max_length=1000)
    first_label: int = Field(0, ge=0, le=1)
    threshold: float = Field(gt=0, le=1)
    iou: float = Field(0.5, gt=0, lt=1)
    activation: Literal["none", "sigmoid", "softmax"] = "none"
    box_order: Literal["xyxy", "yxyx", "cxcywh"] = "xyxy"
    box_units: Literal["pixel", "share"] = "pixel"
    outputs: dict[Literal["boxes", "scores", "labels"], str] = {}
    min_area_px: float = Field(16.0, ge=1)
    source: str = Field(min_length=3, max_length=2000)
    licence: str = Field(min_length=2, max_length=400)
    training: str = Field(min_length=10, max_length=4000)

    @model_validator(mode="after")
    def _names_differ(self) -> "Card":
        names = [label.name for label in self.labels]
        if len(set(names)) != len(names):
            raise ValueError("two labels have one name")
        return self

    @property
    def event_types(self) -> frozenset[str]:
        """Codes that it may find."""
        return frozenset(label.event_type for label in self.labels if label.event_type)

    @property
    def blurs(self) -> bool:
        """Whether it finds people or plates."""
        return any(label.privacy for label in self.labels)


def read_card(path: Path) -> Card:
    """The card of a file.

    Raises:
        InvalidInput: missing, too large, no YAML, or a field that is wrong, named.
    """
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise InvalidInput(
                f"a card of {path.stat().st_size} bytes", where=path.name, remedy="a card is short"
            )
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(
            f"no card: {error.strerror}", where=path.name, remedy="write one (docs/review.md)"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"is no YAML: {error}", where=path.name, remedy="mend the line named"
        ) from error
    if not isinstance(data, dict):
        raise InvalidInput("is no mapping", where=path.name, remedy="write `key: value` lines")
    try:
        card = Card.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "card"
        raise InvalidInput(
            f"{place}: {first['msg']}", where=path.name, remedy="docs/review.md lists the fields"
        ) from error
    return card if card.slot else card.model_copy(update={"slot": path.stem})


def check_codes(card: Card, detectors: dict[str, str], where: str) -> None:
    """Refuse labels for event types that do not exist or that another detector finds.

    Args:
        detectors: by event type code, the catalogue's `detector`.

    Raises:
        InvalidInput: names the label.
    """
    for label in card.labels:
        if label.event_type is None:
            continue
        says = detectors.get(label.event_type)
        if says is None:
            raise InvalidInput(
                f"label {label.name!r}: no such event type: {label.event_type}",
                where=where,
                remedy="use a code of the catalogue",
            )
        if says != f"onnx:{card.slot}":
            raise InvalidInput(
                f"label {label.name!r}: {label.event_type} is found by {says}, "
                f"not by onnx:{card.slot}",
                where=where,
                remedy="change the card's slot, or the event type's detector in the catalogue",
            )
