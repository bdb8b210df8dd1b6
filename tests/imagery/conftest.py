import importlib.util
import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("FLYONCE_SHARED", HERE.parents[1] / "../shared"))


@pytest.fixture(scope="session")
def files():
    """The writer of small radiometric files."""
    spec = importlib.util.spec_from_file_location(
        "radiometric", HERE.parent / "thermal" / "radiometric_files.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def shared():
    """The folder of measurement data."""
    if not (SHARED / "data" / "flir").is_dir():
        pytest.skip("the measurement data (../shared/data) are not here")
    return SHARED / "data"
