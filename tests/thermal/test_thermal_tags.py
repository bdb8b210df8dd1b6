"""16 bit TIFFs whose scale stands in their tags, as GDAL writes them."""

import numpy as np
import pytest
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from thermal.formats.decode import decode

SCENE = np.random.default_rng(0).normal(20, 3, (30, 40))


def tagged(counts, gain, offset, unit, nodata=None):
    """A TIFF with GDAL's scale, offset and unit."""
    form = {"driver": "GTiff", "width": 40, "height": 30, "count": 1, "dtype": counts.dtype}
    with MemoryFile() as file:
        with file.open(**form, nodata=nodata, transform=Affine.scale(2)) as image:
            image.write(counts, 1)
            image.scales, image.offsets, image.units = (gain,), (offset,), (unit,)
        return bytes(file.getbuffer())


@pytest.mark.parametrize(
    ("gain", "offset", "unit"),
    [(0.01, -273.15, "C"), (0.01, 0.0, "K"), (0.01, 0.0, ""), (0.1, -100.0, ""), (0.04, 0.0, "K")],
)
def test_the_files_own_scale_is_used(gain, offset, unit):
    zero = 273.15 if offset == 0.0 else 0.0
    counts = np.round((SCENE + zero - offset) / gain).astype(np.uint16)

    frame = decode(tagged(counts, gain, offset, unit))

    assert np.abs(frame.celsius - SCENE).max() <= gain * 0.51
    assert "by its tags" in frame.encoding
    assert frame.notes == ()


def test_a_float_files_unit_is_believed_where_numbers_leave_doubt():
    fire = np.full((30, 40), 400.0, np.float32)
    fire[0] = 30.0

    assert decode(tagged(fire, 1.0, 0.0, "C")).celsius.max() == 400.0
    assert decode(tagged(fire + 273.15, 1.0, 0.0, "K")).celsius.max() == pytest.approx(
        400.0, abs=1e-3
    )


def test_a_nodata_count_is_no_measurement():
    counts = np.round((SCENE + 273.15) * 100).astype(np.uint16)
    counts[:, :3] = 0

    frame = decode(tagged(counts, 0.01, 0.0, "K", nodata=0))

    assert np.isnan(frame.measured()[:, :3]).all()
    assert np.isfinite(frame.measured()[:, 3:]).all()
