"""Trained detectors: every kind of output, large photographs, and every bad file by name."""

import numpy as np
import onnx_models as models
import pytest
from onnx_models import SIDE, card, save

from core.errors import InvalidInput, UnreadableMedia
from imagery.detectors import onnxfile
from imagery.detectors.folder import load_folder, load_model
from imagery.detectors.run import detect, read_picture

KNOWN = {"02-02": "onnx:red", "03-01": "change"}


def photo(width, height, *boxes):
    picture = np.full((height, width, 3), 90, np.uint8)
    for x, y, w, h in boxes:
        picture[y : y + h, x : x + w] = (10, 10, 240)
    return picture


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (models.red_mask(), {}),
        (models.red_mask("bgr"), {"input": {"width": SIDE, "height": SIDE, "colour": "bgr"}}),
        (models.red_yolo(8), {"output": "yolo_v8"}),
        (models.red_yolo(5), {"output": "yolo_v5"}),
    ],
)
def test_a_red_thing_is_found_where_it_is(tmp_path, model, changes):
    loaded = load_model(save(tmp_path, "red", model, card(**changes)), KNOWN)
    (found, *rest) = detect(loaded, photo(320, 320, (80, 120, 40, 40)))
    assert rest == []
    assert (found.label, found.event_type, found.privacy) == ("red", "02-02", None)
    assert found.box == pytest.approx((80, 120, 40, 40), abs=11)
    assert found.score > 0.8


def test_boxes_of_other_orders_and_units_are_understood(tmp_path):
    about = card(
        output="boxes",
        box_order="yxyx",
        box_units="share",
        first_label=1,
        labels=[{"name": "red", "event_type": "02-02"}, {"name": "who", "privacy": "person"}],
    )
    model = models.one_box((0.25, 0.5, 0.75, 1.0), 0.9, 2)
    loaded = load_model(save(tmp_path, "red", model, about), KNOWN)
    (found,) = detect(loaded, photo(200, 100))
    assert (found.label, found.event_type, found.privacy) == ("who", None, "person")
    # letterbox: the 200 x 100 photograph fills the middle half of the square input
    assert found.box == pytest.approx((100, 0, 100, 100), abs=2)
    assert loaded.card.blurs


def test_a_class_of_the_whole_tile_says_which_tile(tmp_path):
    about = card(output="classes", tiling={"size_px": 100, "overlap": 0.0})
    loaded = load_model(save(tmp_path, "red", models.red_classes(), about), KNOWN)
    (found,) = detect(loaded, photo(300, 200, (100, 100, 100, 100)))
    assert found.box == (100, 100, 100, 100)


def test_large_photographs_are_cut_and_a_thing_on_a_seam_is_one(tmp_path):
    about = card(tiling={"size_px": 128, "overlap": 0.25})
    loaded = load_model(save(tmp_path, "red", models.red_mask(), about), KNOWN)
    picture = photo(400, 300, (100, 100, 24, 24), (330, 250, 24, 24))
    found = sorted(detect(loaded, picture), key=lambda d: d.box[0])
    assert [d.box for d in found] == [
        pytest.approx((100, 100, 24, 24), abs=6),
        pytest.approx((330, 250, 24, 24), abs=6),
    ]
    few = card(tiling={"size_px": 128, "max_tiles": 2})
    with pytest.raises(InvalidInput, match="tiles"):
        detect(load_model(save(tmp_path, "red", models.red_mask(), few), KNOWN), picture)


def test_what_is_below_its_threshold_or_ignored_is_left_out(tmp_path):
    about = card(labels=[{"name": "red", "event_type": "02-02", "threshold": 0.999}])
    faint = np.full((64, 64, 3), 90, np.uint8)
    faint[20:40, 20:40] = (90, 60, 150)
    assert detect(load_model(save(tmp_path, "red", models.red_mask(), about), KNOWN), faint) == ()
    about = card(labels=[{"name": "red", "ignore": True}])
    loaded = load_model(save(tmp_path, "red", models.red_mask(), about), KNOWN)
    assert detect(loaded, photo(64, 64, (20, 20, 20, 20))) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"labels": [{"name": "red", "event_type": "99-99"}]}, "no such event type: 99-99"),
        ({"labels": [{"name": "red", "event_type": "03-01"}]}, "is found by change"),
        ({"labels": [{"name": "red"}]}, "exactly one of"),
        ({"labels": []}, "labels"),
        ({"slot": "other"}, "not by onnx:other"),
        ({"threshold": 1.5}, "threshold"),
        ({"licence": ""}, "licence"),
        ({"speed": "fast"}, "speed"),
        ({"input": {"width": 64, "height": SIDE}}, "the model's input is"),
        ({"input": {"width": SIDE, "height": SIDE, "layout": "nhwc"}}, "the card says"),
        ({"input": {"width": SIDE, "height": SIDE, "mean": [1, 2]}}, "mean needs"),
        ({"output": "yolo_v8"}, "not of kind yolo_v8"),
        ({"first_label": 1}, "not of kind mask"),
    ],
)
def test_a_wrong_card_is_refused_with_the_field(tmp_path, changes, says):
    path = save(tmp_path, "red", models.red_mask(), card(**changes))
    with pytest.raises(InvalidInput, match=says):
        load_model(path, KNOWN)


def test_a_bad_file_never_hides_the_others(tmp_path):
    save(tmp_path, "red", models.red_mask(), card())
    for name, data in (("empty", b""), ("text", b"no model"), ("zeros", bytes(4000))):
        (tmp_path / f"{name}.onnx").write_bytes(data)
        (tmp_path / f"{name}.yaml").write_text((tmp_path / "red.yaml").read_text())
    whole = (tmp_path / "red.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "cut.yaml").write_text((tmp_path / "red.yaml").read_text() + "slot: red\n")
    (tmp_path / "alone.onnx").write_bytes(whole)
    found = load_folder(tmp_path, KNOWN)
    assert set(found.models) == {"red"}
    assert {r.name for r in found.refused} == {
        f"{n}.onnx" for n in ("alone", "cut", "empty", "text", "zeros")
    }
    assert all(r.reason and r.remedy for r in found.refused)
    assert [m.stem for m in found.for_event_types(frozenset({"02-02"}))] == ["red"]
    assert load_folder(None, KNOWN).models == {}
    with pytest.raises(InvalidInput, match="no such folder"):
        load_folder(tmp_path / "nowhere", KNOWN)


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "a/../../secret.bin"])
def test_weights_outside_of_the_folder_are_refused_before_anything_is_read(tmp_path, location):
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(100))
    path = save(folder, "red", models.with_outside_weights(models.red_mask(), location), card())
    with pytest.raises(InvalidInput, match="outside of its folder"):
        load_model(path, KNOWN)


def test_weights_behind_a_link_that_leaves_the_folder_are_refused(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(100))
    (folder / "w.bin").symlink_to(tmp_path / "secret.bin")
    path = save(folder, "red", models.with_outside_weights(models.red_mask(), "w.bin"), card())
    with pytest.raises(InvalidInput, match="outside of its folder"):
        load_model(path, KNOWN)


def test_a_huge_file_is_refused_unread(tmp_path, monkeypatch):
    path = save(tmp_path, "red", models.red_mask(), card())
    monkeypatch.setattr(onnxfile, "MAX_BYTES", 100)
    with pytest.raises(InvalidInput, match="at most"):
        load_model(path, KNOWN)


def test_a_photograph_that_is_none_is_refused():
    with pytest.raises(UnreadableMedia):
        read_picture(b"\xff\xd8 not a picture")
    with pytest.raises(UnreadableMedia):
        read_picture(b"")
