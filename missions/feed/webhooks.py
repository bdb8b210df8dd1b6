"""Webhooks: who may have which, and what became of the messages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.clock import Clock, SystemClock
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from missions.access import Principal
from missions.feed import egress
from missions.feed.messages import ping
from missions.feed.outbox import last_number
from missions.feed.reading import check_kinds
from missions.feed.rules import FeedRules
from missions.feed.webhook import Delivery, DeliveryState, Secret, Webhook, new_secret
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.queries import Page
from missions.store.protocol import Unit

MOST = 50
"""Webhooks of one department: each is served by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDraft:
    """A webhook as somebody wants it; department: whose rights it has, None for the caller's."""

    url: str
    description: str = ""
    kinds: tuple[str, ...] = ()
    department: str | None = None


class Webhooks:
    """What people do with webhooks."""

    def __init__(self, room: ControlRoom, rules: FeedRules, clock: Clock | None = None) -> None:
        self._room = room
        self._rules = rules
        self._clock = clock or SystemClock()
        self.allowed: frozenset[str] = frozenset()
        """Receivers inside that the setting names."""

    def make(self, p: Principal, draft: WebhookDraft) -> Webhook:
        """A new webhook; it tells of what changes from now on. Its secret is shown this once.

        Raises:
            NotAllowed: not for this caller, or not with these rights.
            InvalidInput: an unknown kind or department, or an address that is not served.
        """
        department = self._department(p, draft.department)
        self._check(draft.url, draft.kinds)
        now = self._clock.now()
        with self._room.unit() as unit:
            if len(unit.webhooks.find(department=department, limit=MOST)) >= MOST:
                raise IllegalTransition(
                    f"there are {MOST} webhooks already", remedy="remove one that is not needed"
                )
            made = Webhook(
                id=new_id("whk", now),
                url=draft.url,
                description=draft.description,
                kinds=draft.kinds,
                department=department,
                counties=None if p.counties is None else tuple(sorted(p.counties)),
                by=p.name,
                made_at=now,
                secrets=(Secret(value=new_secret(), made_at=now),),
                position=last_number(unit),
            )
            unit.webhooks.add(made)
            self._note(unit, p, made, "create", f"a webhook to {_host(made)}", "新建推送")
        return made

    def listed(self, p: Principal, *, after: str | None = None, limit: int = 100) -> Page[Webhook]:
        """The caller's webhooks, in order of making."""
        audience = None if _of_all(p) else (p.department or "-")
        with self._room.view() as unit:
            found = unit.webhooks.find(audience=audience, after=after, limit=limit + 1)
        items = tuple(found[:limit])
        mine = tuple(w for w in items if _is_his(p, w))
        return Page(mine, items[-1].id if len(found) > limit else None)

    def one(self, p: Principal, id: str) -> Webhook:
        """One webhook. Raises NotFound, also when it is not the caller's."""
        with self._room.view() as unit:
            return self._his(unit, p, id)

    def change(
        self,
        p: Principal,
        id: str,
        *,
        url: str | None = None,
        description: str | None = None,
        kinds: tuple[str, ...] | None = None,
        active: bool | None = None,
    ) -> Webhook:
        """Change what is given; switched on again, a webhook goes on where it stopped."""
        self._check(url, kinds or ())
        given: dict[str, Any] = {
            "url": url,
            "description": description,
            "kinds": kinds,
            "active": active,
        }
        wanted = {name: value for name, value in given.items() if value is not None}
        with self._room.unit() as unit:
            before = self._his(unit, p, id, writing=True)
            fresh: dict[str, Any] = (
                {"stopped": "", "failing_since": None} if active is not None else {}
            )
            changed = replace(before, **wanted, **fresh)
            unit.webhooks.put(changed)
            what = f"a webhook to {_host(changed)}: {', '.join(sorted(wanted)) or 'nothing'}"
            self._note(unit, p, changed, "change", what, "更改推送")
        return changed

    def remove(self, p: Principal, id: str) -> None:
        """Remove a webhook and what was sent by it."""
        with self._room.unit() as unit:
            gone = self._his(unit, p, id, writing=True)
            unit.webhooks.remove(id)
            for delivery in unit.deliveries.find(webhook_id=id):
                unit.deliveries.remove(delivery.id)
            self._note(unit, p, gone, "remove", f"a webhook to {_host(gone)}", "删除推送")

    def rotate(self, p: Principal, id: str) -> Webhook:
        """A new secret, shown this once; the one before signs beside it for a while."""
        now = self._clock.now()
        with self._room.unit() as unit:
            before = self._his(unit, p, id, writing=True)
            last = replace(before.secrets[-1], ends_at=now + self._rules.overlap)
            fresh = Secret(value=new_secret(), made_at=now)
            changed = replace(before, secrets=(last, fresh))
            unit.webhooks.put(changed)
            self._note(unit, p, changed, "rotate", f"a webhook to {_host(changed)}", "更换密钥")
        return changed

    def test(self, p: Principal, id: str) -> Delivery:
        """A message that says nothing, sent as soon as may be."""
        now = self._clock.now()
        with self._room.unit() as unit:
            self._his(unit, p, id, writing=True)
            made = ping(id, now)
            unit.deliveries.add(made)
        return made

    def deliveries(
        self,
        p: Principal,
        id: str,
        *,
        state: DeliveryState | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Delivery]:
        """What was sent by a webhook, the latest first; ``parked`` are the dead letters."""
        chosen: dict[str, Any] = {} if state is None else {"state": state}
        with self._room.view() as unit:
            self._his(unit, p, id)
            found = unit.deliveries.find(
                webhook_id=id,
                after=after,
                limit=limit + 1,
                newest_first=True,
                **chosen,
            )
        items = tuple(found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def redeliver(self, p: Principal, id: str, delivery_id: str) -> Delivery:
        """Send a message once more, with the same id and body; if that fails it is parked again.

        Raises:
            IllegalTransition: it is still under way.
        """
        with self._room.unit() as unit:
            webhook = self._his(unit, p, id, writing=True)
            found = unit.deliveries.get(delivery_id)
            if found.webhook_id != id:
                raise NotFound("no such thing", where=delivery_id)
            if found.state is DeliveryState.PENDING:
                raise IllegalTransition("it is still under way", where=delivery_id, remedy="wait")
            again = replace(
                found, state=DeliveryState.PENDING, next_at=self._clock.now(), once=True
            )
            unit.deliveries.put(again)
            self._note(unit, p, webhook, "redeliver", f"message {delivery_id}", "重新发送")
        return again

    # --- rights ----------------------------------------------------------------------------

    def _department(self, p: Principal, wanted: str | None) -> str:
        """Whose rights a new webhook has."""
        if p.city_wide and p.may("configure"):
            if wanted and wanted not in self._room.preset.departments:
                known = ", ".join(self._room.preset.departments)
                raise InvalidInput(f"no department {wanted!r}", where="department", remedy=known)
            return wanted or ""
        if p.department is None or not p.may("request"):
            raise _not_allowed()
        if wanted not in {None, p.department}:
            raise NotAllowed(
                "a webhook has the rights of your own department",
                where="department",
                remedy=f"leave it out, or give {p.department}",
            )
        return p.department

    def _his(self, unit: Unit, p: Principal, id: str, *, writing: bool = False) -> Webhook:
        found = unit.webhooks.get(id)
        if not _is_his(p, found):
            raise NotFound("no such thing", where=id)
        if writing and not (p.may("configure") or p.may("request")):
            raise _not_allowed()
        return found

    def _check(self, url: str | None, kinds: Sequence[str]) -> None:
        check_kinds(kinds)
        if url is not None:
            egress.target_of(url, self.allowed)

    def _note(
        self, unit: Unit, p: Principal, webhook: Webhook, act: str, text: str, text_zh: str
    ) -> None:
        at: datetime = self._room.now()
        note(unit, at, webhook.id, f"webhook.{act}", text, text_zh, p.name)


def _of_all(p: Principal) -> bool:
    return p.city_wide and (p.may("configure") or p.may("audit"))


def _is_his(p: Principal, webhook: Webhook) -> bool:
    """Whether a webhook tells nothing that the caller may not know, and is its to look after."""
    if not _of_all(p) and (p.department is None or p.department != webhook.department):
        return False
    if p.counties is None:
        return True
    return webhook.counties is not None and p.counties.issuperset(webhook.counties)


def _host(webhook: Webhook) -> str:
    """What the trail says of an address: a path may hold a secret of the receiver's."""
    return webhook.url.split("/")[2].rsplit("@", 1)[-1]


def _not_allowed() -> NotAllowed:
    return NotAllowed(
        "webhooks are for departments' members and administrators",
        remedy="ask an administrator",
    )
