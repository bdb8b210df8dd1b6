import os
from pathlib import Path

import pytest
import radiometric_files

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("FLYONCE_SHARED", HERE.parents[1] / "../shared"))


@pytest.fixture(scope="session")
def files():
    """The writer of small radiometric files."""
    return radiometric_files


@pytest.fixture(scope="session")
def shared():
    """The folder of measurement data."""
    if not (SHARED / "data" / "flir").is_dir():
        pytest.skip("the measurement data (../shared/data) are not here")
    return SHARED / "data"
