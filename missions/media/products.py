"""Products: asked for, made in the background, kept until a photograph in them must go.

A product is made once for the same photographs: its id follows from what it is made of, so asking
again gives the one that is there. Who may see every photograph in it may see it, and nobody else.
"""

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property, partial, reduce
from pathlib import Path
from typing import Any

from core.equipment import Sensor
from core.errors import InvalidInput, NotAllowed, NotFound, Unavailable
from imagery.catalog import Medium, MediumState
from imagery.evidence.blur import MOST_PX_PER_M
from imagery.products.product import Product, ProductKind, ProductState
from imagery.storage import MediaFolder
from missions.access import SERVICE, Principal
from missions.entities import Flight
from missions.lifecycle import move
from missions.media.making import FOLDER, Made, Order, make
from missions.operations.journal import note
from missions.operations.room import ControlRoom, supervised
from missions.queries import Page
from missions.schedule import outlasting, until_done
from missions.store.protocol import Unit

logger = logging.getLogger("flyonce.products")

MAX_FRAMES = 2000
"""Photographs of one mosaic: what a block adjustment holds in a worker's memory."""
LOOK_S = 600.0
"""How long a withdrawn file may lie on the disk; it is out of reach at once."""
_AS_MADE = "1"
"""Part of every id; another number when the same photographs would give another file."""
_SENSORS = {
    ProductKind.TEMPERATURE: Sensor.THERMAL,
    ProductKind.THERMAL_MOSAIC: Sensor.THERMAL,
    ProductKind.VISIBLE_MOSAIC: Sensor.VISIBLE,
}


class Products:
    """What departments ask to be made of photographs they may see; `run` makes it."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    @cached_property
    def _folder(self) -> MediaFolder:
        return self._room.media.beside(FOLDER)

    def ask(self, p: Principal, kind: ProductKind, **of: str | None) -> Product:
        """A product of a `medium`, a `flight`, a `task` or a `request`; made soon, or there.

        Raises:
            InvalidInput: not exactly one of them is named, or not one that fits the kind.
            NotFound: no photographs of it that the caller may see.
        """
        p.require("request")
        with self._room.unit() as unit:
            product = want(unit, self._room, p, kind, **of)
        self._room.products_wanted.set()
        return product

    def listed(
        self,
        p: Principal,
        *,
        kind: str | None = None,
        state: str | None = None,
        flight: str | None = None,
        medium: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Product]:
        """Products that the caller may see, the latest asked first."""
        given = {"kind": kind, "state": state, "flight": flight, "medium": medium}
        chosen = {name: value for name, value in given.items() if value is not None}
        with self._room.view() as unit:
            found = unit.products.find(
                audience=p.audience(), after=after, limit=limit + 1, newest_first=True, **chosen
            )
        items = tuple(found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def product(self, p: Principal, id: str) -> Product:
        """One product, in whatever state. Raises NotFound."""
        with self._room.view() as unit:
            found: Product = p.checked(unit.products.get(id))
            return found

    def file(self, p: Principal, id: str) -> tuple[Product, Path]:
        """A finished product and its file, only to be read.

        Raises:
            NotFound: no such product for this caller, or none that is ready.
        """
        product = self.product(p, id)
        if product.state is not ProductState.READY:
            raise NotFound(
                f"the product is {product.state}",
                where=id,
                remedy="ask for it until its state is ready",
            )
        return product, self._folder.local(product.key)

    async def run(self) -> None:
        """Make what is wanted, one after the other, for ever."""
        self._folder.sweep()
        with self._room.unit() as unit:
            for product in unit.products.find(state=ProductState.MAKING):
                unit.products.put(move(product, ProductState.WANTED))
        while True:
            self._room.products_wanted.clear()
            waiting = None
            with outlasting("products"):
                self._remove_withdrawn()
                waiting = self._next()
            if waiting is None:
                await self._woken()
            else:
                await supervised(self._make(waiting), f"product {waiting.id}")
                await until_done(waiting.id, partial(self._fail_if_unfinished, waiting.id))

    async def _woken(self) -> None:
        """Until something is asked for, or it is time to see what was withdrawn."""
        signs = (self._room.products_wanted.wait(), self._room.clock.sleep(LOOK_S))
        waiting = [asyncio.ensure_future(sign) for sign in signs]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def _next(self) -> Product | None:
        """The product that waits longest, now in the making."""
        with self._room.unit() as unit:
            waiting = unit.products.find(state=ProductState.WANTED, limit=1)
            if not waiting:
                return None
            making: Product = move(waiting[0], ProductState.MAKING)
            unit.products.put(making)
            return making

    async def _make(self, product: Product) -> None:
        with self._room.view() as unit:
            media = tuple(unit.media.get(m) for m in product.media)
        order = Order(product_id=product.id, kind=product.kind, media=media)
        try:
            made = await asyncio.get_running_loop().run_in_executor(self._room.making, make, order)
        except Unavailable as why:
            made = Made(problems=(str(why),))
        self._settle(product.id, made)

    def _settle(self, product_id: str, made: Made) -> None:
        with self._room.unit() as unit:
            product = unit.products.get(product_id)
            gone = [m for m in product.media if not _kept(unit, m)]
            if gone:
                why = f"photographs were deleted while it was made: {', '.join(gone[:5])}"
                made = replace(made, problems=(why, *made.problems))
            if gone or not made.key:
                unit.products.put(move(product, ProductState.FAILED, problems=made.problems))
            else:
                unit.products.put(_ready(product, made, self._room))
        if gone and made.key:
            self._folder.remove(made.key)

    async def _fail_if_unfinished(self, product_id: str) -> None:
        """A fault of ours ends one product, not the queue; the log says which."""
        with self._room.unit() as unit:
            product = unit.products.get(product_id)
            if product.state is ProductState.MAKING:
                why = "the service made a mistake; its log says which"
                unit.products.put(move(product, ProductState.FAILED, problems=(why,)))

    def _remove_withdrawn(self) -> None:
        with self._room.view() as unit:
            gone = [p for p in unit.products.find(state=ProductState.WITHDRAWN) if p.key]
        for product in gone:
            self._folder.remove(product.key)
            with self._room.unit() as unit:
                unit.products.put(replace(unit.products.get(product.id), key=""))


def want(
    unit: Unit, room: ControlRoom, p: Principal, kind: ProductKind, **of: str | None
) -> Product:
    """Put a product on the list of what is to be made, or find it there."""
    named = {name: value for name, value in of.items() if value is not None}
    media = _media(unit, p, kind, named)
    id = product_id(kind, media)
    if unit.products.exists(id):
        known: Product = unit.products.get(id)
        if known.state is not ProductState.FAILED:
            return known
        again: Product = move(known, ProductState.WANTED, problems=())
        unit.products.put(again)
        return again
    product = _new(id, room, p, kind, named, media)
    if not p.sees(product):
        raise NotAllowed(
            "these photographs are so sharp that only their owner may work with them",
            where=next(iter(named.values())),
            remedy=f"ask {media[0].department or 'the owner'} for it",
        )
    unit.products.add(product)
    text = f"{kind} of {len(media)} photographs asked for"
    note(unit, room.now(), id, "ask-product", text, f"申请产品 {kind}：{len(media)} 张影像", p.name)
    return product


def want_for_flight(unit: Unit, room: ControlRoom, flight: Flight) -> int:
    """Ask for what the scenarios of a settled flight ask for; returns how many products."""
    asked = 0
    for task_id in flight.task_ids:
        names = unit.tasks.get(task_id).scenarios
        scenarios = [room.preset.scenarios[n] for n in names if n in room.preset.scenarios]
        for kind in dict.fromkeys(k for s in scenarios for k in s.products):
            try:
                want(unit, room, SERVICE, ProductKind(kind), task=task_id)
            except NotFound:  # nothing of that sensor came in
                continue
            asked += 1
    return asked


def withdraw(unit: Unit, media: Iterable[str]) -> int:
    """Withdraw every product that shows one of these photographs; returns how many.

    Their files are removed when `Products.run` next looks; nobody is given them from now on.
    """
    found = {p.id: p for m in media for p in unit.products.find(media=m, state=ProductState.READY)}
    for product in found.values():
        unit.products.put(
            move(product, ProductState.WITHDRAWN, problems=("a photograph in it was deleted",))
        )
    return len(found)


def product_id(kind: ProductKind, media: Sequence[Medium]) -> str:
    """The id of what is made of these photographs."""
    digest = hashlib.sha256(f"{_AS_MADE} {kind}".encode())
    for medium in media:
        # a mended pose gives another raster of the same file
        pose = (medium.position, medium.altitude_m, medium.yaw_deg, medium.pitch_deg)
        digest.update(f"{medium.id} {medium.sha256} {pose}\n".encode())
    return f"prd-{digest.hexdigest()[:24]}"


def _media(unit: Unit, p: Principal, kind: ProductKind, named: dict[str, str]) -> list[Medium]:
    """The photographs that a product is made of, in the order of their times."""
    fits = {"medium"} if kind is ProductKind.TEMPERATURE else {"flight", "task", "request"}
    if len(named) != 1 or not fits.issuperset(named):
        raise InvalidInput(
            f"a {kind} is made of one {' or '.join(sorted(fits))}",
            where=", ".join(sorted(named)) or "of",
            remedy="name exactly one",
        )
    (name, value) = next(iter(named.items()))
    chosen = {"medium": "id", "flight": "flight", "task": "tasks", "request": "tasks"}[name]
    of: Any = tuple(p.checked(unit.requests.get(value)).task_ids) if name == "request" else value
    found = unit.media.ordered(
        "taken_at",
        audience=p.audience(),
        newest_first=False,
        limit=MAX_FRAMES + 1,
        state=MediumState.KEPT,
        sensor=_SENSORS[kind],
        **{chosen: of},
    )
    usable = [m for m in found if m.radiometric or kind is ProductKind.VISIBLE_MOSAIC]
    if not usable:
        raise NotFound(
            f"no photographs that a {kind} could be made of",
            where=value,
            remedy="name something that was photographed with that sensor",
        )
    if len(usable) > MAX_FRAMES:
        raise InvalidInput(
            f"more than {MAX_FRAMES} photographs", where=value, remedy="name a single task"
        )
    return usable


def _new(
    id: str,
    room: ControlRoom,
    p: Principal,
    kind: ProductKind,
    named: dict[str, str],
    media: Sequence[Medium],
) -> Product:
    readers = _readers(media)
    return Product(
        id=id,
        kind=kind,
        media=tuple(m.id for m in media),
        asked_at=room.now(),
        asked_by=p.name,
        taken_at=media[0].taken_at,
        ended_at=media[-1].taken_at,
        department=readers[0] if readers else "",
        shared_with=readers[1:],
        medium=named.get("medium"),
        flight=_only(m.flight for m in media),
        task=named.get("task"),
        request=named.get("request"),
        vehicle=_only(m.vehicle for m in media) or "",
        camera=_only(m.camera for m in media) or "",
        scenarios=_all(m.scenarios for m in media),
        tasks=_all(m.tasks for m in media),
        cases=_all(m.cases for m in media),
    )


def _readers(media: Sequence[Medium]) -> tuple[str, ...]:
    """The departments that may see every one of these; the first photograph's owner first.

    What shows people so large that they could be recognised stays with who owns all of it; other
    departments get protected copies of the photographs instead (`missions.evidence.showing`).
    """
    coarse = all(m.gsd_m is not None and m.gsd_m >= 1.0 / MOST_PX_PER_M for m in media)
    each = [(m.department, *(m.shared_with if coarse else ())) for m in media]
    common = reduce(set.intersection, (set(one) for one in each))
    return tuple(name for name in dict.fromkeys(each[0]) if name and name in common)


def _only(values: Iterable[str | None]) -> str | None:
    """The value, if all have the same."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _all(values: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for several in values for v in several))


def _kept(unit: Unit, medium_id: str) -> bool:
    medium: Medium = unit.media.get(medium_id)
    return medium.state is MediumState.KEPT


def _ready(product: Product, made: Made, room: ControlRoom) -> Product:
    ready: Product = move(
        product,
        ProductState.READY,
        ready_at=room.now(),
        key=made.key,
        sha256=made.sha256,
        size_bytes=made.size_bytes,
        footprint=made.footprint,
        gsd_m=made.gsd_m,
        epsg=made.epsg,
        shape=made.shape,
        transform=made.transform,
        details=made.details,
        problems=made.problems,
    )
    return ready
