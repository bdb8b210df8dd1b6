"""GeoJSON geometries, as the things of the story carry them."""

from collections.abc import Mapping
from typing import Any

GeoJson = Mapping[str, Any]
