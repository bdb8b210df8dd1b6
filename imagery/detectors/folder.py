"""All detectors of a folder: loaded ones, and for each refused file the reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput
from imagery.detectors.card import check_codes, read_card
from imagery.detectors.model import Model
from imagery.detectors.outputs import detections


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file that is no usable detector, and why."""

    name: str
    reason: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Detectors:
    """What a folder holds.

    Attributes:
        models: by stem of their files.
    """

    models: Mapping[str, Model]
    refused: tuple[Refused, ...] = ()

    def for_event_types(self, codes: frozenset[str]) -> tuple[Model, ...]:
        """The models that find any of these event types."""
        return tuple(m for m in self.models.values() if m.card.event_types & codes)

    def for_privacy(self) -> tuple[Model, ...]:
        """The models that find people or plates."""
        return tuple(m for m in self.models.values() if m.card.blurs)


NONE = Detectors(models={})


def load_folder(folder: Path | None, detectors: dict[str, str]) -> Detectors:
    """Every `<name>.onnx` of a folder, with its card; a bad one never hides the others.

    Args:
        folder: None for no detectors at all.
        detectors: by event type code, the catalogue's `detector`.

    Raises:
        InvalidInput: the folder is named and not there.
    """
    if folder is None:
        return NONE
    if not folder.is_dir():
        raise InvalidInput(
            "no such folder", where=str(folder), remedy="set FLYONCE_DETECTORS to a folder"
        )
    models: dict[str, Model] = {}
    refused = []
    for path in sorted(folder.glob("*.onnx")):
        try:
            models[path.stem] = load_model(path, detectors)
        except InvalidInput as why:
            where = why.where if why.where in (None, path.name) else f"{why.where}: "
            text = why.what if where in (None, path.name) else f"{where}{why.what}"
            refused.append(Refused(name=path.name, reason=text, remedy=why.remedy or ""))
    return Detectors(models=models, refused=tuple(refused))


def load_model(path: Path, detectors: dict[str, str] | None = None) -> Model:
    """The model of an ONNX file and the card beside it, proven to run.

    Args:
        detectors: by event type code, the catalogue's `detector`; None to leave codes unchecked.

    Raises:
        InvalidInput: whatever is wrong with either, named.
    """
    card = read_card(path.with_suffix(".yaml"))
    if detectors is not None:
        check_codes(card, detectors, path.with_suffix(".yaml").name)
    model = Model(card, path)
    outputs, fit = model.run(*model.prepare(model.grey()))
    detections(model.card, outputs, fit, (card.input.width, card.input.height), model.stem)
    return model
