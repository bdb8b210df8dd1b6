"""A bounded number of mutated files of each form; `flyonce bench thermal --only fuzz` runs more."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.thermal import fuzz_campaign
from benchmarks.thermal.fuzz_campaign import MOST_BYTES, SCENE, campaign, mutated, seeds

from thermal.formats.decode import decode

FORMS = ("flir-png", "flir-plain", "dji", "tiff-float", "tiff-deflate", "tiff-16", "tiff-lzw",
         "photo")  # fmt: skip
COUNT = 300


@pytest.mark.parametrize("name", FORMS)
def test_mutated_files_are_read_or_refused_by_name_in_bounded_memory(name):
    tally = campaign(name, 0, COUNT)

    assert tally.wrong == []
    assert tally.read + tally.refused == COUNT
    assert tally.refused > 0


@pytest.mark.parametrize("name", [form for form in FORMS if form != "photo"])
def test_every_form_itself_is_read(name):
    assert np.abs(decode(seeds()[name]).celsius - SCENE).max() < 15


def test_a_number_always_makes_the_same_file():
    seed = seeds()["flir-png"]

    assert mutated(seed, 7) == mutated(seed, 7) != mutated(seed, 8)


@pytest.mark.parametrize("fault", ["crash", "not finite", "memory"])
def test_the_campaign_sees_what_is_wrong(monkeypatch, fault):
    good = decode(seeds()["dji"])

    def faulty(data):
        if fault == "crash":
            raise ZeroDivisionError
        if fault == "memory":
            np.zeros(MOST_BYTES, np.uint8)
            return good
        return dataclasses.replace(good, celsius=np.full((2, 2), np.nan, np.float32))

    monkeypatch.setattr(fuzz_campaign, "decode", faulty)

    assert len(campaign("dji", 0, 3).wrong) == 3
