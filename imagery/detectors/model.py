"""A loaded model: one thread on the CPU, tried once on grey before it is trusted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime  # type: ignore[import-untyped]
from onnxruntime.capi import (  # type: ignore[import-untyped]
    onnxruntime_pybind11_state as _state,
)

from core.errors import InvalidInput
from imagery.detectors.card import Card
from imagery.detectors.onnxfile import check_file

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_PAD = 114
"""Grey of the letterbox's bars, as the YOLO family is trained with."""
_FAULTS = (
    _state.Fail,
    _state.InvalidArgument,
    _state.InvalidGraph,
    _state.InvalidProtobuf,
    _state.NoModel,
    _state.NoSuchFile,
    _state.NotImplemented,
    _state.RuntimeException,
)
"""What onnxruntime raises for a model that it cannot load or run."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a tile was laid into the input: input pixel = tile pixel * (sx, sy) + (dx, dy)."""

    sx: float
    sy: float
    dx: float
    dy: float


class Model:
    """An ONNX file with its card.

    Attributes:
        stem: the file's name without ending: what the detector is called everywhere.
    """

    def __init__(self, card: Card, path: Path) -> None:
        """Load and try it.

        Raises:
            InvalidInput: the file is no model, or its shapes are not what the card says.
        """
        self.card = card
        self.stem = path.stem
        self.size_bytes = check_file(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except _FAULTS as error:
            raise InvalidInput(
                f"onnxruntime cannot load it: {str(error)[:300]}",
                where=path.name,
                remedy="export it with operators that onnxruntime knows",
            ) from error
        self._input = self._checked_input(path.name)
        self.output_names = tuple(o.name for o in self._session.get_outputs())
        self.shapes = tuple(o.shape for o in self.run(*self.prepare(self.grey()))[0].values())

    def prepare(self, tile: Picture) -> tuple[npt.NDArray[Any], Fit]:
        """The input of a (H, W, 3) BGR tile."""
        want = self.card.input
        h, w = tile.shape[:2]
        sx, sy = want.width / w, want.height / h
        if want.fit == "letterbox":
            sx = sy = min(sx, sy)
        size = (min(want.width, max(1, round(w * sx))), min(want.height, max(1, round(h * sy))))
        small = cv2.resize(tile, size, interpolation=cv2.INTER_AREA if sx < 1 else cv2.INTER_LINEAR)
        dx, dy = (want.width - size[0]) // 2, (want.height - size[1]) // 2
        canvas = np.full((want.height, want.width, 3), _PAD, np.uint8)
        canvas[dy : dy + size[1], dx : dx + size[0]] = small
        return self._numbers(canvas), Fit(size[0] / w, size[1] / h, dx, dy)

    def run(self, data: npt.NDArray[Any], fit: Fit) -> tuple[dict[str, npt.NDArray[Any]], Fit]:
        """The outputs by name.

        Raises:
            InvalidInput: the model does not take this input.
        """
        try:
            found = self._session.run(None, {self._input: data})
        except _FAULTS as error:
            raise InvalidInput(
                f"the model refuses an input of {data.shape}: {str(error)[:300]}",
                where=self.stem,
                remedy="mend the card's input",
            ) from error
        names = (o.name for o in self._session.get_outputs())
        return {name: np.asarray(each) for name, each in zip(names, found, strict=True)}, fit

    def _numbers(self, canvas: Picture) -> npt.NDArray[Any]:
        want = self.card.input
        if want.colour == "gray":
            picture = cv2.cvtColor(canvas, cv2.COLOR_BGR2GRAY)[..., None]
        else:
            picture = canvas if want.colour == "bgr" else canvas[..., ::-1]
        values: npt.NDArray[Any] = picture
        if want.dtype == "float32":
            mean, std = np.array(want.mean, np.float32), np.array(want.std, np.float32)
            values = ((picture.astype(np.float32) * want.scale) - mean) / std
            values = values.astype(np.float32)
        if want.layout == "nchw":
            values = values.transpose(2, 0, 1)
        return np.ascontiguousarray(values[None])

    def grey(self) -> Picture:
        """A tile that shows nothing."""
        return np.full((self.card.input.height, self.card.input.width, 3), _PAD, np.uint8)

    def _checked_input(self, where: str) -> str:
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise InvalidInput(
                f"the model has {len(inputs)} inputs", where=where, remedy="export it with one"
            )
        want = self.card.input
        channels = 1 if want.colour == "gray" else 3
        shape = {
            "nchw": [1, channels, want.height, want.width],
            "nhwc": [1, want.height, want.width, channels],
        }[want.layout]
        has = inputs[0].shape
        fits = len(has) == 4 and all(
            not isinstance(a, int) or a == b for a, b in zip(has, shape, strict=True)
        )
        wanted_type = f"tensor({'float' if want.dtype == 'float32' else 'uint8'})"
        if not fits or inputs[0].type != wanted_type:
            raise InvalidInput(
                f"the model's input is {inputs[0].type} {has}, the card says {wanted_type} {shape}",
                where=where,
                remedy="mend the card's input: width, height, layout, colour, dtype",
            )
        return str(inputs[0].name)
