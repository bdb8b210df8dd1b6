"""What was asked of vehicles, kept with the records: it survives a restart and is never left open.

`kept_book` makes the fleet's `OrderBook`. Each change is written right after it happened, not
before: a full disk or a busy database must not keep a vehicle in the air, and no unit of work may
be open inside another. Accepted, done and failed orders also go into the sealed log.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.clock import Clock
from core.errors import FlyOnceError, NotFound
from fleet.address import Address
from fleet.orders import Order, OrderBook, OrderState
from missions.entities import OrderRecord
from missions.operations.journal import note
from missions.presets import Dock
from missions.queries import Page
from missions.store.protocol import Store, Unit

logger = logging.getLogger("flyonce.orders")

RESTARTED = "the service was restarted"
OPEN = tuple(s for s in OrderState if s not in (OrderState.DONE, OrderState.FAILED))

_SAYS = {OrderState.ACCEPTED: "ordered", OrderState.DONE: "done", OrderState.FAILED: "failed"}
_SAYS_ZH = {
    OrderState.ACCEPTED: "已下达",
    OrderState.DONE: "已完成",
    OrderState.FAILED: "未完成",
}


def kept_book(records: Store, clock: Clock, docks: Sequence[Dock]) -> OrderBook:
    """A book whose orders are kept in the records, and found there again by their id.

    What an earlier run of the service left open is for `close_open`, once this one holds the
    lease: until then another service may be carrying it out.
    """
    drones = {dock.address: dock.id for dock in docks}

    def on_change(order: Order) -> None:
        asyncio.get_running_loop().call_soon(_keep, records, drones, order)

    return OrderBook(clock, on_change, lambda order_id: find(records, order_id))


def find(records: Store, order_id: str) -> Order | None:
    """The order with this id as it is kept; None when there is none."""
    with records.view() as unit:
        try:
            kept = unit.orders.get(order_id)
        except NotFound:
            return None
    return Order(
        id=kept.id,
        vehicle=Address(kept.link, kept.system_id),
        what=kept.what,
        by=kept.by,
        given_at=kept.given_at,
        at=kept.at,
        state=kept.state,
        reason=kept.reason,
    )


def close_open(records: Store, now: datetime) -> int:
    """Mark as failed what was under way when the service ended; how many there were.

    The service that carried it out is gone, and what the vehicle does now, the vehicle says.
    """
    with records.unit() as unit:
        left = unit.orders.find(state=OPEN, limit=None)
        for record in left:
            ended = replace(record, state=OrderState.FAILED, reason=RESTARTED, at=now)
            unit.orders.put(ended)
            _note(unit, ended)
    return len(left)


def _keep(records: Store, drones: Mapping[Address, str], order: Order) -> None:
    record = OrderRecord(
        id=order.id,
        drone=drones.get(order.vehicle, ""),
        link=order.vehicle.link,
        system_id=order.vehicle.system_id,
        what=order.what,
        by=order.by,
        given_at=order.given_at,
        at=order.at,
        state=order.state,
        reason=order.reason,
    )
    logger.info("%s: %s: %s %s", order.vehicle, order.what, order.state, order.reason)
    try:
        with records.unit() as unit:
            if unit.orders.exists(record.id):
                unit.orders.put(record)
            else:
                unit.orders.add(record)
            _note(unit, record)
    except FlyOnceError as error:
        logger.error("order %s (%s) is not on record: %s", order.id, order.what, error)


def _note(unit: Unit, record: OrderRecord) -> None:
    """A line of the log for the beginning and the end of an order."""
    says = _SAYS.get(record.state)
    if says is None:
        return
    vehicle = record.drone or f"{record.link}/{record.system_id}"
    why = f": {record.reason}" if record.reason else ""
    text = f"{vehicle}: {says}: {record.what}{why}"
    text_zh = f"{vehicle}：指令{_SAYS_ZH[record.state]}：{record.what}{why}"
    note(unit, record.at, record.id, f"order {says}", text, text_zh, actor=record.by)


def listed(
    unit: Unit,
    *,
    drone: str | None,
    state: str | None,
    after: str | None,
    limit: int,
    within: tuple[str, ...] | None = None,
) -> Page[OrderRecord]:
    """What was asked, the latest first; `within`: of these drones only."""
    wanted: str | tuple[str, ...] | None = drone
    if within is not None:
        wanted = within if drone is None else tuple(d for d in within if d == drone)
    chosen = {"drone": wanted, "state": state}
    equals = {name: value for name, value in chosen.items() if value is not None}
    found = unit.orders.find(after=after, limit=limit + 1, newest_first=True, **equals)
    items = tuple(found[:limit])
    return Page(items, items[-1].id if len(found) > limit else None)
