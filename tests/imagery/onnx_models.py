"""Tiny ONNX models made by hand: they find red, so that what they find is known."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper, numpy_helper

SIDE = 32
"""Inputs are SIDE x SIDE; YOLO-like models look at cells of 4 x 4 pixels."""
CELL = 4


def card(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": "Red things",
        "version": "1",
        "output": "mask",
        "input": {"width": SIDE, "height": SIDE},
        "labels": [{"name": "red", "event_type": "02-02"}],
        "threshold": 0.5,
        "first_label": 0,
        "source": "made by the tests",
        "licence": "MIT",
        "training": "none: weights written by hand",
    }
    return {**made, **changes}


def save(folder: Path, name: str, model: onnx.ModelProto, about: dict[str, Any]) -> Path:
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    path.with_suffix(".yaml").write_text(yaml.safe_dump(about))
    return path


def red_mask(colour: str = "rgb") -> onnx.ModelProto:
    """(1, 3, H, W) -> (1, 1, H, W): 2 R - 2 G, clipped to 0..1."""
    weights = np.zeros((1, 3, 1, 1), np.float32)
    weights[0, :, 0, 0] = (2, -2, 0) if colour == "rgb" else (0, -2, 2)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["y"]),
        helper.make_node("Clip", ["y", "low", "high"], ["mask"]),
    ]
    return _model(nodes, {"w": weights, "low": _f(0), "high": _f(1)}, {"mask": [1, 1, SIDE, SIDE]})


def red_classes() -> onnx.ModelProto:
    """(1, 3, H, W) -> (1, 1): how red the whole tile is."""
    weights = np.array([2, -2, 0], np.float32).reshape(1, 3, 1, 1)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["y"]),
        helper.make_node("GlobalAveragePool", ["y"], ["p"]),
        helper.make_node("Flatten", ["p"], ["scores"]),
    ]
    return _model(nodes, {"w": weights}, {"scores": [1, 1]})


def red_yolo(version: int) -> onnx.ModelProto:
    """Each cell is a box of its own size; its class score is how red it is."""
    cells = SIDE // CELL
    weights = np.zeros((1, 3, CELL, CELL), np.float32)
    weights[0, 0], weights[0, 1] = 2 / CELL**2, -2 / CELL**2
    rows, columns = np.mgrid[0:cells, 0:cells]
    centres = np.stack([columns.ravel(), rows.ravel()]) * CELL + CELL / 2
    fixed = np.vstack([centres, np.full((2, cells * cells), CELL)]).astype(np.float32)[None]
    if version == 5:
        fixed = np.concatenate([fixed, np.ones((1, 1, cells * cells), np.float32)], axis=1)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["y"], strides=[CELL, CELL]),
        helper.make_node("Clip", ["y", "low", "high"], ["c"]),
        helper.make_node("Reshape", ["c", "shape"], ["scores"]),
        helper.make_node("Concat", ["fixed", "scores"], ["both"], axis=1),
    ]
    shape = [1, fixed.shape[1] + 1, cells * cells]
    if version == 5:
        nodes.append(helper.make_node("Transpose", ["both"], ["out"], perm=[0, 2, 1]))
        shape = [shape[0], shape[2], shape[1]]
    else:
        nodes.append(helper.make_node("Identity", ["both"], ["out"]))
    fill = {
        "w": weights,
        "low": _f(0),
        "high": _f(1),
        "fixed": fixed,
        "shape": np.array([1, 1, cells * cells], np.int64),
    }
    return _model(nodes, fill, {"out": shape})


def one_box(corners: tuple[float, ...], score: float, label: int) -> onnx.ModelProto:
    """SSD-like: always the same box, in shares of the input, (y0, x0, y1, x1)."""
    fill = {
        "b": np.array([[corners]], np.float32),
        "s": np.array([[score]], np.float32),
        "l": np.array([[label]], np.float32),
        "zero": np.zeros(1, np.float32),
    }
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], keepdims=0),
        helper.make_node("Mul", ["m", "zero"], ["z"]),
        helper.make_node("Add", ["b", "z"], ["boxes"]),
        helper.make_node("Identity", ["s"], ["scores"]),
        helper.make_node("Identity", ["l"], ["labels"]),
    ]
    return _model(nodes, fill, {"boxes": [1, 1, 4], "scores": [1, 1], "labels": [1, 1]})


def with_outside_weights(model: onnx.ModelProto, location: str) -> onnx.ModelProto:
    """The model with its first weights said to lie in another file."""
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return model


def _f(value: float) -> np.ndarray:
    return np.array(value, np.float32)


def _model(
    nodes: list[Any], fill: dict[str, np.ndarray], outputs: dict[str, list[int]]
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
        [numpy_helper.from_array(v, n) for n, v in fill.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
