"""Webhooks: whose they are, what they tell, and what becomes of messages that nobody takes."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from missions.access import LOCAL_OPERATOR, Principal, Role
from missions.feed import egress
from missions.feed.courier import Courier
from missions.feed.rules import feed_rules
from missions.feed.sweeping import sweep
from missions.feed.webhook import DeliveryState, Webhook
from missions.feed.webhooks import WebhookDraft, Webhooks
from missions.store import Store

URL = "https://hooks.example.org/in?key=1"
AUDITOR = Principal(name="a", role=Role.AUDITOR)
DISPATCHER = Principal(name="d", role=Role.DISPATCHER)
PILOT = Principal(name="p", role=Role.PILOT)


class Rig:
    """Webhooks over a store, with a receiver that does what it is told."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        departments = dict.fromkeys(("forestry", "water", "emergency", "police"))
        self.room = SimpleNamespace(
            records=store,
            unit=store.unit,
            view=store.view,
            now=clock.now,
            preset=SimpleNamespace(departments=departments),
        )
        self.clock = clock
        self.store = store
        self.rules = feed_rules()
        self.desk = Webhooks(self.room, self.rules, clock)  # type: ignore[arg-type]
        self.courier = self.new_courier()
        self.answers: list[Any] = []
        self.sent: list[tuple[str, Mapping[str, str], bytes]] = []

    def new_courier(self) -> Courier:
        return Courier(
            self.room,  # type: ignore[arg-type]
            self.rules,
            clock=self.clock,
            post=self.post,
            chance=lambda: 1.0,
        )

    async def post(
        self, target: egress.Target, body: bytes, headers: Mapping[str, str], _limits: Any
    ) -> egress.Answer:
        self.sent.append((target.host, headers, body))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, egress.Answer) else egress.Answer(status=answer)

    @property
    def told(self) -> list[list[str]]:
        """The ids of the things that each message told of."""
        data = [json.loads(body)["data"] for _, _, body in self.sent]
        return [[c["id"] for c in d.get("changes", ())] for d in data]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.sent]

    def states(self, webhook: Webhook) -> list[str]:
        return [d.state.value for d in self.desk.deliveries(LOCAL_OPERATOR, webhook.id).items]


@pytest.fixture
def rig(store: Store, clock: ManualClock) -> Iterator[Rig]:
    return Rig(store, clock)


@pytest.fixture
def ask(rig: Rig, make: Any) -> Callable[..., None]:
    """Requests come into being."""

    def asked(*ids: str, **changes: Any) -> None:
        with rig.store.unit() as unit:
            unit.requests.add_all([make.request(id, **changes) for id in ids])

    return asked


def good(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a signature fits, as a receiver finds out (docs/events.md)."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, s) for s in headers["webhook-signature"].split())


async def test_changes_arrive_signed_and_scoped(
    rig: Rig, ask: Callable[..., None], member: Callable[[str], Principal]
) -> None:
    ask("req-before")
    mine = rig.desk.make(member("water"), WebhookDraft(url=URL))
    everything = rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url="https://all.example.org/"))
    ask("req-1", "req-2", department="water", shared_with=())
    ask("req-3")
    await rig.courier.round()
    told = dict(zip((host for host, _, _ in rig.sent), rig.told, strict=True))
    assert told == {
        "hooks.example.org": ["req-1", "req-2"],
        "all.example.org": ["req-1", "req-2", "req-3"],
    }
    for host, headers, body in rig.sent:
        webhook = mine if host == "hooks.example.org" else everything
        other = everything if webhook is mine else mine
        assert good(webhook.secrets[0].value, headers, body)
        assert not good(other.secrets[0].value, headers, body)
        assert not good(webhook.secrets[0].value, headers, body + b" ")
    await rig.courier.round()
    assert len(rig.sent) == 2


async def test_kinds_are_chosen(rig: Rig, ask: Callable[..., None]) -> None:
    rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL, kinds=("cases",)))
    ask("req-1")
    await rig.courier.round()
    assert rig.sent == []
    with pytest.raises(InvalidInput, match="does not tell"):
        rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL, kinds=("tokens",)))


async def test_a_failing_message_is_tried_again_the_same_and_holds_the_next_up(
    rig: Rig, ask: Callable[..., None]
) -> None:
    webhook = rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL))
    rig.answers = [500, httpx.ConnectError("refused"), TimeoutError()]
    ask("req-1")
    await rig.courier.round()
    ask("req-2")
    await rig.courier.round()
    assert len(rig.sent) == 1, "it waits"
    for wait_s in (5, 15, 45):
        rig.clock.advance(wait_s - 0.1)
        await rig.courier.round()
        before = len(rig.sent)
        rig.clock.advance(0.2)
        await rig.courier.round()
        assert len(rig.sent) > before
    assert rig.told == [["req-1"]] * 4 + [["req-2"]]
    assert len(set(rig.ids[:4])) == 1
    assert len({body for _, _, body in rig.sent[:4]}) == 1
    stamps = [h["webhook-timestamp"] for _, h, _ in rig.sent[:4]]
    assert stamps == sorted(set(stamps)), "each try is signed anew"
    first = rig.desk.deliveries(LOCAL_OPERATOR, webhook.id).items[-1]
    assert [(a.status, a.error[:12]) for a in first.attempts] == [
        (500, ""),
        (None, "ConnectError"),
        (None, "no answer wi"),
        (200, ""),
    ]
    assert rig.desk.one(LOCAL_OPERATOR, webhook.id).failing_since is None


async def test_a_process_that_dies_sends_the_same_message_again(
    rig: Rig, ask: Callable[..., None]
) -> None:
    rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL))
    ask("req-1")
    rig.answers = [KeyError("the process dies here")]
    with pytest.raises(ExceptionGroup):
        await rig.courier.round()
    rig.courier = rig.new_courier()
    await rig.courier.round()
    assert rig.told == [["req-1"], ["req-1"]]
    assert len(set(rig.ids)) == 1


async def test_after_a_day_a_message_is_parked_and_can_be_sent_again(
    rig: Rig, ask: Callable[..., None]
) -> None:
    webhook = rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL))
    ask("req-1")
    rig.answers = [503] * 40
    for _ in range(40):
        await rig.courier.round()
        rig.clock.advance(3600)
        if rig.states(webhook) == ["parked"]:
            break
    dead = rig.desk.deliveries(LOCAL_OPERATOR, webhook.id, state=DeliveryState.PARKED).items
    assert len(dead) == 1
    assert 20 <= dead[0].tries <= 30
    rig.answers = [503]
    rig.desk.redeliver(LOCAL_OPERATOR, webhook.id, dead[0].id)
    with pytest.raises(IllegalTransition):
        rig.desk.redeliver(LOCAL_OPERATOR, webhook.id, dead[0].id)
    await rig.courier.round()
    assert rig.states(webhook) == ["parked"], "one more try, no more"
    rig.desk.redeliver(LOCAL_OPERATOR, webhook.id, dead[0].id)
    await rig.courier.round()
    assert rig.states(webhook) == ["delivered"]
    assert len(set(rig.ids)) == 1


async def test_a_webhook_that_takes_nothing_for_days_is_switched_off_with_an_alert(
    rig: Rig, ask: Callable[..., None], member: Callable[[str], Principal]
) -> None:
    webhook = rig.desk.make(member("water"), WebhookDraft(url=URL))
    rig.answers = [500] * 200
    for day in range(4):
        ask(f"req-{day}", department="water")
        for _ in range(25):
            await rig.courier.round()
            rig.clock.advance(3600)
    stopped = rig.desk.one(LOCAL_OPERATOR, webhook.id)
    assert (stopped.active, stopped.stopped) == (False, "nothing arrived for 72 hours")
    with rig.store.view() as unit:
        alerts = unit.alerts.find(audience="water")
        assert [a.kind for a in alerts] == ["webhook"]
        assert "hooks.example.org" in alerts[0].text
        assert "key=1" not in alerts[0].text
    before = len(rig.sent)
    rig.clock.advance(86_400)
    await rig.courier.round()
    assert len(rig.sent) == before
    rig.answers = []
    rig.desk.change(LOCAL_OPERATOR, webhook.id, active=True)
    rig.clock.advance(3600)
    await rig.courier.round()
    assert rig.told[-1] == [stopped_alert(rig), "req-3"]
    assert rig.desk.one(LOCAL_OPERATOR, webhook.id).stopped == ""


def stopped_alert(rig: Rig) -> str:
    with rig.store.view() as unit:
        return unit.alerts.find()[0].id


async def test_a_receiver_that_says_gone_is_asked_no_more(
    rig: Rig, ask: Callable[..., None]
) -> None:
    webhook = rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL))
    ask("req-1")
    rig.answers = [410]
    await rig.courier.round()
    assert not rig.desk.one(LOCAL_OPERATOR, webhook.id).active


async def test_a_receiver_is_spared_as_long_as_it_asks(rig: Rig, ask: Callable[..., None]) -> None:
    rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL))
    ask("req-1")
    rig.answers = [egress.Answer(status=429, retry_after_s=600.0)]
    await rig.courier.round()
    rig.clock.advance(590)
    await rig.courier.round()
    assert len(rig.sent) == 1
    rig.clock.advance(11)
    await rig.courier.round()
    assert len(rig.sent) == 2


async def test_two_signatures_while_a_secret_is_replaced(
    rig: Rig, ask: Callable[..., None]
) -> None:
    old = rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL)).secrets[-1].value
    webhook = rig.desk.listed(LOCAL_OPERATOR).items[0]
    new = rig.desk.rotate(LOCAL_OPERATOR, webhook.id).secrets[-1].value
    assert old != new
    ask("req-1")
    await rig.courier.round()
    rig.clock.advance(timedelta(hours=25).total_seconds())
    ask("req-2")
    await rig.courier.round()
    during, after = rig.sent[0], rig.sent[1]
    assert good(old, *during[1:])
    assert good(new, *during[1:])
    assert not good(old, *after[1:])
    assert good(new, *after[1:])


async def test_who_is_standby_sends_nothing(rig: Rig, ask: Callable[..., None]) -> None:
    rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL))
    ask("req-1")
    rig.courier.held = lambda: False
    import asyncio

    running = asyncio.create_task(rig.courier.run())
    for _ in range(20):
        await asyncio.sleep(0.005)
        rig.clock.advance(1)
    assert rig.sent == []
    rig.courier.held = lambda: True
    while not rig.sent:
        await asyncio.sleep(0.005)
        rig.clock.advance(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_lost_changes_are_told_as_a_gap(rig: Rig, ask: Callable[..., None]) -> None:
    webhook = rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL))
    ask("req-1")
    await rig.courier.round()
    rig.desk.change(LOCAL_OPERATOR, webhook.id, active=False)
    ask("req-2", "req-3", "req-4")
    rules = replace(rig.rules, keep_changes=timedelta(0), keep_deliveries=timedelta(days=9999))
    sweep(rig.store, rules, rig.clock.now() + timedelta(days=9999))
    rig.desk.change(LOCAL_OPERATOR, webhook.id, active=True)
    await rig.courier.round()
    assert json.loads(rig.sent[-1][2])["type"] == "feed.gap"
    ask("req-5")
    await rig.courier.round()
    assert rig.told[-1] == ["req-5"]


async def test_inner_addresses_are_refused_at_once_and_again_when_sending(
    rig: Rig, ask: Callable[..., None]
) -> None:
    inner = WebhookDraft(url="http://10.1.2.3:8080/")
    with pytest.raises(InvalidInput, match="https"):
        rig.desk.make(LOCAL_OPERATOR, inner)
    rig.desk.allowed = frozenset({"10.1.2.3:8080"})
    webhook = rig.desk.make(LOCAL_OPERATOR, inner)
    ask("req-1")
    await rig.courier.round()  # the courier was not told of the setting
    assert rig.sent == []
    tried = rig.desk.deliveries(LOCAL_OPERATOR, webhook.id).items[0]
    assert tried.attempts[0].error.startswith("refused: only https")
    with pytest.raises(InvalidInput):
        rig.desk.change(LOCAL_OPERATOR, webhook.id, url="https://127.0.0.1/")


def test_whose_webhooks_they_are(rig: Rig, member: Callable[[str], Principal]) -> None:
    water, forestry = member("water"), member("forestry")
    mine = rig.desk.make(water, WebhookDraft(url=URL))
    every = rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL))
    assert rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL, department="water")).department
    assert [w.department for w in rig.desk.listed(water).items] == ["water", "water"]
    assert rig.desk.listed(forestry).items == ()
    assert len(rig.desk.listed(AUDITOR).items) == 3
    for stranger in (forestry, PILOT, DISPATCHER):
        for act in (rig.desk.one, rig.desk.remove, rig.desk.rotate, rig.desk.test):
            with pytest.raises(NotFound):
                act(stranger, mine.id)
        with pytest.raises(NotFound):
            rig.desk.deliveries(stranger, mine.id)
        with pytest.raises(NotFound):
            rig.desk.change(stranger, mine.id, active=False)
    with pytest.raises(NotFound):
        rig.desk.one(water, every.id)
    with pytest.raises(NotAllowed):
        rig.desk.remove(AUDITOR, mine.id)
    for no in (PILOT, AUDITOR, DISPATCHER):
        with pytest.raises(NotAllowed):
            rig.desk.make(no, WebhookDraft(url=URL))
    with pytest.raises(NotAllowed, match="own department"):
        rig.desk.make(water, WebhookDraft(url=URL, department="forestry"))
    with pytest.raises(InvalidInput, match="no department"):
        rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL, department="nosuch"))


def test_a_county_s_officer_gets_a_county_s_webhook(
    rig: Rig, member: Callable[[str], Principal]
) -> None:
    here = replace(member("water"), counties=frozenset({"kecheng"}))
    there = replace(member("water"), counties=frozenset({"longyou"}))
    made = rig.desk.make(here, WebhookDraft(url=URL))
    assert made.reader.audience() == ("water@kecheng",)
    whole = rig.desk.make(member("water"), WebhookDraft(url=URL))
    assert [w.id for w in rig.desk.listed(here).items] == [made.id]
    assert rig.desk.listed(there).items == ()
    with pytest.raises(NotFound):
        rig.desk.one(here, whole.id)


async def test_everything_done_to_a_webhook_is_in_the_trail_without_its_secret(
    rig: Rig, ask: Callable[..., None]
) -> None:
    made = rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL))
    rig.desk.change(LOCAL_OPERATOR, made.id, description="x")
    rig.desk.rotate(LOCAL_OPERATOR, made.id)
    ping = rig.desk.test(LOCAL_OPERATOR, made.id)
    await rig.courier.round()
    assert json.loads(rig.sent[0][2])["type"] == "webhook.test"
    rig.desk.redeliver(LOCAL_OPERATOR, made.id, ping.id)
    rig.desk.remove(LOCAL_OPERATOR, made.id)
    with rig.store.view() as unit:
        lines = unit.log.find(subject=made.id)
        assert unit.deliveries.count() == 0
    assert [line.action for line in lines] == [
        *("webhook.create", "webhook.change", "webhook.rotate"),
        *("webhook.redeliver", "webhook.remove"),
    ]
    assert not any("whsec" in line.text or "key=1" in line.text for line in lines)


async def test_the_receiver_of_the_documentation_tells_ours_from_forged_old_and_replayed(
    rig: Rig, ask: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)  # noqa: S102 - our own page
    check = names["is_new_and_ours"]
    monkeypatch.setattr(names["time"], "time", lambda: rig.clock.now().timestamp())
    secret = rig.desk.make(LOCAL_OPERATOR, WebhookDraft(url=URL)).secrets[0].value
    ask("req-1")
    rig.answers = [500]
    await rig.courier.round()
    rig.clock.advance(6)
    await rig.courier.round()
    (_, first, body), (_, again, _) = rig.sent
    assert check(secret, first, body)
    assert not check(secret, again, body), "the retry of a message that had arrived"
    with pytest.raises(PermissionError, match="not signed"):
        check(secret, first, body.replace(b"req-1", b"req-2"))
    with pytest.raises(PermissionError, match="not signed"):
        check(secret, {**first, "webhook-id": "msg-other"}, body)
    rig.clock.advance(600)
    with pytest.raises(PermissionError, match="too old"):
        check(secret, first, body)
