"""The catalogue as files: a folder that another department opens with any STAC tool.

Links within it are relative, files are copied beside their items, so it can be carried anywhere.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pystac
from pystac import CatalogType
from pystac.utils import str_to_datetime

from core.errors import InvalidInput, NotFound, Unavailable
from imagery.catalog import Medium, MediumState
from imagery.products import stac
from imagery.products.product import Product, ProductState
from imagery.products.stac import COLLECTIONS, Json
from imagery.storage import MediaFolder
from missions.access import Principal
from missions.evidence.privacy import owns
from missions.media.archive import Entry
from missions.media.making import FOLDER
from missions.store.protocol import Placed, Store

_BATCH = 500
_SUFFIXES = {"image/jpeg": ".jpg", "image/tiff": ".tif", "image/png": ".png"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: items by collection, files, and why some items came without their file."""

    items: dict[str, int]
    files: int
    bytes: int
    without: dict[str, str]


def export(
    store: Store, media: MediaFolder, p: Principal, out: Path, *, files: bool = True
) -> Exported:
    """Write everything that the principal may see as a self-contained STAC catalogue. The folder
    appears when it is whole: interrupted, nothing is there and it can be repeated.

    Originals are copied for who owns them; of what is only shared, the entry goes without its file
    (protected copies are made by the service and by `flyonce evidence export`).

    Raises:
        InvalidInput: the folder holds something already.
        Unavailable: it cannot be written.
    """
    # by a name without a dot in it, which pystac would take for a file's
    part = out.with_name(f".catalogue-{hashlib.sha256(os.fsencode(out.name)).hexdigest()[:12]}")
    try:
        if out.exists() and any(out.iterdir()):
            raise InvalidInput(
                "the folder is not empty", where=str(out), remedy="name a new folder"
            )
        shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
        writer = _Writer(media, p, part, files)
        try:
            with store.view() as unit:
                for entry in _every(unit.media, p, MediumState.KEPT):
                    writer.add(entry)
                for entry in _every(unit.products, p, ProductState.READY):
                    writer.add(entry)
            writer.save()
            part.replace(out)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise Unavailable(
            f"cannot be written ({error.strerror or error})",
            where=str(out),
            remedy="check the folder's rights and the room on the disk",
        ) from error
    return writer.done()


class _Writer:
    def __init__(self, media: MediaFolder, p: Principal, out: Path, files: bool) -> None:
        self._media, self._products = media, media.beside(FOLDER)
        self._principal, self._out, self._files = p, out, files
        self._items: dict[str, list[Json]] = {}
        self._copied = self._bytes = 0
        self._without: dict[str, str] = {}

    def add(self, entry: Entry) -> None:
        """Take an entry, and copy its file beside where its item will be."""
        collection = stac.collection_of(entry)
        assets = self._asset(entry, collection) if self._files else {}
        item = (
            stac.medium_item(entry, assets=assets, links=[])
            if isinstance(entry, Medium)
            else stac.product_item(entry, assets=assets, links=[])
        )
        self._items.setdefault(collection, []).append(item)

    def save(self) -> None:
        """Write the catalogue, its collections and items."""
        root = pystac.Catalog(
            id="flyonce", description="Photographs of a city's drones, and what is made of them."
        )
        for name, items in self._items.items():
            root.add_child(collection := _collection(name, items))
            # ours are valid by construction; pystac only arranges the links
            collection.add_items(pystac.Item.from_dict(item) for item in items)
        root.normalize_hrefs(str(self._out))
        root.save(CatalogType.SELF_CONTAINED)

    def done(self) -> Exported:
        return Exported(
            items={name: len(items) for name, items in self._items.items()},
            files=self._copied,
            bytes=self._bytes,
            without=self._without,
        )

    def _asset(self, entry: Entry, collection: str) -> Json:
        if isinstance(entry, Medium):
            if not owns(self._principal, entry):
                self._without[entry.id] = "shared, not owned: ask its department for a copy"
                return {}
            name = f"{entry.id}{_SUFFIXES.get(entry.media_type, '')}"
            asset = stac.original_asset(entry, f"./{name}", is_original=True)
        else:
            name = f"{entry.id}.tif"
            asset = stac.raster_asset(entry, f"./{name}")
        folder = self._media if isinstance(entry, Medium) else self._products
        try:
            source = folder.local(entry.key)
        except NotFound as why:
            self._without[entry.id] = why.what
            return {}
        target = self._out / collection / entry.id / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        self._copied, self._bytes = self._copied + 1, self._bytes + entry.size_bytes
        return {"original" if isinstance(entry, Medium) else "data": asset}


def _collection(name: str, items: list[Json]) -> pystac.Collection:
    boxes = [item["bbox"] for item in items if "bbox" in item]
    times = sorted(item["properties"]["datetime"] for item in items)
    described = COLLECTIONS[name]
    sides = list(zip(*boxes, strict=True)) or [(-180,), (-90,), (180,), (90,)]
    return pystac.Collection(
        id=name,
        title=described.title,
        description=described.description,
        license="other",
        extent=pystac.Extent(
            pystac.SpatialExtent([[*map(min, sides[:2]), *map(max, sides[2:])]]),
            pystac.TemporalExtent([[str_to_datetime(times[0]), str_to_datetime(times[-1])]]),
        ),
    )


def _every(
    things: Placed[Medium] | Placed[Product], p: Principal, state: MediumState | ProductState
) -> Iterator[Entry]:
    """All entries in the order of their times, without holding them all."""
    after = None
    while True:
        page = things.ordered(
            "taken_at",
            audience=p.audience(),
            after=after,
            limit=_BATCH,
            newest_first=False,
            state=state,
        )
        yield from (e for e in page if isinstance(e, Product) or e.sensor is not None)
        if len(page) < _BATCH:
            return
        after = page[-1].id
