"""Signing in over HTTP: sessions, replays, accounts, roles, keys, and what nobody may find out."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from fake_service import FakeService
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from core.clock import ManualClock
from missions.access import LOCAL_OPERATOR, SERVICE, Principal
from missions.answers import Answers
from missions.identity.accounts import Wish
from missions.identity.desk import Identity
from missions.identity.passwords import Hashing
from missions.store import MemoryStore

V1 = "/api/v1"
START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
GOOD = "seven herons over the river"
BETTER = "a kettle of slow green tea"


class CountingHasher(PasswordHasher):
    """Argon2 with the least cost, for tests; counts how often it checks a password."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        self.verified.append(str(hash))
        return super().verify(hash, password)


class IdentityService(FakeService):
    """The fake service with real accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.hasher = CountingHasher()
        self.wall = ManualClock(START)
        store = MemoryStore()
        self.answers = Answers(store)
        self.identity = Identity(
            store, self.preset, self.clock, wall=self.wall, hashing=Hashing(self.hasher)
        )

    def principal(self, token: str | None, address: str = "") -> Principal | None:
        return self.identity.principal(token, address)


@pytest.fixture
def service() -> IdentityService:
    return IdentityService()


@pytest.fixture
def app(service: IdentityService) -> FastAPI:
    return create_app(service, Settings(require_sign_in=True))  # type: ignore[arg-type]


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(
        app,
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 5),
        raise_server_exceptions=False,
    ) as opened:
        yield opened


def account(service: IdentityService, name: str, role: str, **more: Any) -> str:
    """An account with a password of its own; its id."""
    made, _ = service.identity.accounts.create(SERVICE, name, Wish(role=role, **more), GOOD)
    with service.identity.book.records.unit() as unit:
        unit.accounts.put(replace(unit.accounts.get(made.id), must_change=False))
    return made.id


def sign_in(client: TestClient, name: str, password: str = GOOD) -> Any:
    return client.post(f"{V1}/sign-in", json={"name": name, "password": password})


def bearer(tokens: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@pytest.fixture
def admin(service: IdentityService, client: TestClient) -> dict[str, str]:
    account(service, "root", "administrator")
    return bearer(sign_in(client, "root").json())


def test_a_person_signs_in_and_is_who_the_account_says(
    service: IdentityService, client: TestClient
) -> None:
    account(service, "Wang.Li", "member", department="water", display="Wang Li")
    answer = sign_in(client, "  WANG.LI ")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert tokens["expires_in"] == 900
    me = client.get(f"{V1}/me", headers=bearer(tokens)).json()
    assert (me["name"], me["role"], me["department"]) == ("Wang Li", "member", "water")
    assert "request" in me["permissions"]
    assert "fly" not in me["permissions"]
    assert me == tokens["me"]


def test_names_that_are_not_known_get_the_same_answer_and_the_same_work(
    service: IdentityService, client: TestClient
) -> None:
    account(service, "known", "auditor")
    disabled = account(service, "gone", "auditor")
    service.identity.accounts.change(SERVICE, disabled, Wish(disabled=True))
    seen = []
    for name, password in [("known", "wrong"), ("nobody", "wrong"), ("gone", GOOD)]:
        before = len(service.hasher.verified)
        answer = sign_in(client, name, password)
        body = {k: v for k, v in answer.json().items() if k != "instance"}
        work = service.hasher.verified[before:]
        parameters = [text.split("$")[:4] for text in work]
        seen.append((answer.status_code, body, len(work), parameters))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == 401
    assert seen[0][2] == 1


def test_who_guesses_waits_ever_longer_whether_or_not_the_name_exists(
    service: IdentityService, client: TestClient
) -> None:
    account(service, "known", "auditor")
    answers = {}
    for name in ("known", "nobody"):
        statuses = [sign_in(client, name, "wrong").status_code for _ in range(4)]
        waiting = sign_in(client, name, "wrong")
        answers[name] = statuses, waiting.status_code, waiting.headers["retry-after"]
    assert answers["known"] == answers["nobody"]
    assert answers["known"][1] == 429
    assert sign_in(client, "known").status_code == 429  # the right password waits too
    service.wall.advance(2)
    assert sign_in(client, "known").status_code == 200


def test_many_names_from_one_address_wait_too(client: TestClient) -> None:
    statuses = [sign_in(client, f"name{n}", "wrong").status_code for n in range(30)]
    assert statuses[:20] == [401] * 20
    assert 429 in statuses[20:]


def test_failed_sign_ins_are_in_the_trail_without_filling_it(
    service: IdentityService, client: TestClient
) -> None:
    for n in range(15):
        sign_in(client, f"name{n}", "wrong")
    with service.identity.book.records.view() as unit:
        told = unit.log.find(action="session.refused")
    assert 1 <= len(told) <= 3
    assert "127.0.0.1" in told[0].text


def test_a_refresh_token_is_good_once_and_a_replay_ends_the_session(
    service: IdentityService, client: TestClient
) -> None:
    account(service, "li", "pilot")
    first = sign_in(client, "li").json()
    second = client.post(f"{V1}/sign-in/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert client.get(f"{V1}/me", headers=bearer(first)).status_code == 401
    assert client.get(f"{V1}/me", headers=bearer(second.json())).status_code == 200
    replay = client.post(f"{V1}/sign-in/refresh", json={"refresh_token": first["refresh_token"]})
    assert replay.status_code == 401
    assert client.get(f"{V1}/me", headers=bearer(second.json())).status_code == 401
    last = {"refresh_token": second.json()["refresh_token"]}
    assert client.post(f"{V1}/sign-in/refresh", json=last).status_code == 401
    with service.identity.book.records.view() as unit:
        assert len(unit.log.find(action="session.replayed")) == 1


@pytest.mark.parametrize("token", ["", "fr_", "fr_x.y", "fa_x", "fr_.", "fr_a.b.c", "x" * 900])
def test_no_refresh_token_is_refused(client: TestClient, token: str) -> None:
    answer = client.post(f"{V1}/sign-in/refresh", json={"refresh_token": token})
    assert answer.status_code == 401


def test_access_tokens_live_for_a_quarter_of_an_hour_and_sessions_for_a_shift(
    service: IdentityService, client: TestClient
) -> None:
    account(service, "li", "pilot")
    tokens = sign_in(client, "li").json()
    service.wall.advance(14 * 60)
    assert client.get(f"{V1}/me", headers=bearer(tokens)).status_code == 200
    service.wall.advance(61)
    assert client.get(f"{V1}/me", headers=bearer(tokens)).status_code == 401
    service.wall.advance(timedelta(hours=12).total_seconds())
    again = client.post(f"{V1}/sign-in/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert again.status_code == 401


def test_signing_out_ends_one_session_and_one_sees_ones_own(
    service: IdentityService, client: TestClient
) -> None:
    account(service, "li", "pilot")
    account(service, "zhao", "pilot")
    one, two, other = (sign_in(client, n).json() for n in ("li", "li", "zhao"))
    mine = client.get(f"{V1}/me/sessions", headers=bearer(one)).json()["items"]
    assert [s["own"] for s in mine] == [False, True]
    foreign = client.delete(f"{V1}/sessions/{mine[0]['id']}", headers=bearer(other))
    assert foreign.status_code == 404
    assert client.post(f"{V1}/sign-out", headers=bearer(one)).status_code == 204
    assert client.get(f"{V1}/me", headers=bearer(one)).status_code == 401
    assert client.delete(f"{V1}/sessions/{mine[0]['id']}", headers=bearer(two)).status_code == 204
    assert client.get(f"{V1}/me", headers=bearer(two)).status_code == 401
    assert client.get(f"{V1}/me", headers=bearer(other)).status_code == 200


def test_the_first_password_serves_only_to_choose_another(
    service: IdentityService, client: TestClient
) -> None:
    given = service.identity.accounts.first()
    assert given is not None
    assert service.identity.accounts.first() is None
    tokens = sign_in(client, "admin", given).json()
    assert tokens["me"]["must_change_password"]
    assert tokens["me"]["permissions"] == []
    assert client.get(f"{V1}/accounts", headers=bearer(tokens)).status_code == 403
    wish = {"old_password": given, "password": "short"}
    assert client.patch(f"{V1}/me", json=wish, headers=bearer(tokens)).status_code == 422
    wrong = {"old_password": "wrong", "password": BETTER}
    assert client.patch(f"{V1}/me", json=wrong, headers=bearer(tokens)).status_code == 403
    wish["password"] = BETTER
    changed = client.patch(f"{V1}/me", json=wish, headers=bearer(tokens))
    assert changed.status_code == 200
    assert "administer" in changed.json()["permissions"]
    assert client.get(f"{V1}/accounts", headers=bearer(tokens)).status_code == 200
    assert sign_in(client, "admin", given).status_code == 401


@pytest.mark.parametrize(
    "password",
    ["short", "password" * 3, "aaaaaaaaaaaaaaaa", "1234567890123456", "qwertyuiopasdfgh1"[:16],
     "li-li-li-li-li-li-li", "flyonce quzhou 2026!", "x" * 257, "\ud800" + "heron" * 4],
)  # fmt: skip
def test_what_anybody_would_try_first_is_no_password(
    service: IdentityService, client: TestClient, admin: dict[str, str], password: str
) -> None:
    body = json.dumps({"name": "li.li", "role": "pilot", "password": password})
    headers = {**admin, "Content-Type": "application/json"}
    answer = client.post(f"{V1}/accounts", content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text
    with service.identity.book.records.view() as unit:
        assert [a.name for a in unit.accounts.find()] == ["root"]


def test_a_disabled_account_and_a_changed_role_take_effect_at_once(
    service: IdentityService, client: TestClient, admin: dict[str, str]
) -> None:
    li = account(service, "li", "dispatcher")
    tokens = sign_in(client, "li").json()
    streamed = service.principal(tokens["access_token"])
    assert streamed is not None
    assert service.identity.still_good(streamed)
    lower = client.patch(f"{V1}/accounts/{li}", json={"role": "auditor"}, headers=admin)
    assert lower.status_code == 200
    assert not service.identity.still_good(streamed)
    assert "decide" not in client.get(f"{V1}/me", headers=bearer(tokens)).json()["permissions"]
    assert client.delete(f"{V1}/accounts/{li}", headers=admin).json()["disabled"]
    assert client.get(f"{V1}/me", headers=bearer(tokens)).status_code == 401
    back = client.patch(f"{V1}/accounts/{li}", json={"disabled": False}, headers=admin)
    assert back.status_code == 200
    assert client.get(f"{V1}/me", headers=bearer(tokens)).status_code == 401


def test_the_last_administrator_stays_one(
    service: IdentityService, client: TestClient, admin: dict[str, str]
) -> None:
    me = client.get(f"{V1}/me", headers=admin).json()["id"]
    for change in ({"disabled": True}, {"role": "pilot"}, {"counties": ["kecheng"]}):
        answer = client.patch(f"{V1}/accounts/{me}", json=change, headers=admin)
        assert answer.status_code in (409, 422), answer.text
    assert client.delete(f"{V1}/accounts/{me}", headers=admin).status_code == 409
    account(service, "second", "administrator")
    assert client.delete(f"{V1}/accounts/{me}", headers=admin).status_code == 200


def test_a_custom_role_may_what_it_names_and_nothing_else(
    service: IdentityService, client: TestClient, admin: dict[str, str]
) -> None:
    role = {"name": "duty-officer", "permissions": ["city", "decide", "audit"]}
    assert client.post(f"{V1}/roles", json=role, headers=admin).status_code == 201
    assert client.post(f"{V1}/roles", json=role, headers=admin).status_code == 422
    account(service, "chen", "duty-officer")
    chen = bearer(sign_in(client, "chen").json())
    me = client.get(f"{V1}/me", headers=chen).json()
    assert me["permissions"] == ["city", "decide", "audit"]
    assert me["city"]
    look = {"lon": 118.9, "lat": 28.9}
    assert client.post(f"{V1}/point", json=look, headers=chen).status_code == 403
    assert client.delete(f"{V1}/roles/duty-officer", headers=admin).status_code == 409
    less = {"permissions": ["city", "audit"]}
    assert client.patch(f"{V1}/roles/duty-officer", json=less, headers=admin).status_code == 200
    assert client.get(f"{V1}/me", headers=chen).json()["permissions"] == ["city", "audit"]
    for wrong in (["soar"], ["fly"], ["administer"]):
        bad = {"name": "other", "permissions": wrong}
        assert client.post(f"{V1}/roles", json=bad, headers=admin).status_code == 422
    assert client.patch(f"{V1}/roles/pilot", json=less, headers=admin).status_code == 403


def test_nobody_gives_more_than_they_have(
    service: IdentityService, client: TestClient, admin: dict[str, str]
) -> None:
    role = {"name": "clerk", "permissions": ["city", "administer", "request"]}
    assert client.post(f"{V1}/roles", json=role, headers=admin).status_code == 201
    account(service, "clerk", "clerk")
    clerk = bearer(sign_in(client, "clerk").json())
    root = client.get(f"{V1}/accounts", headers=clerk).json()["items"][0]["id"]
    for method, path, body in (
        ("POST", "/accounts", {"name": "x1", "role": "administrator"}),
        ("POST", "/accounts", {"name": "x2", "role": "pilot"}),
        ("POST", "/keys", {"name": "x3", "role": "dispatcher"}),
        ("POST", "/roles", {"name": "x4", "permissions": ["city", "fly"]}),
        ("PATCH", "/roles/clerk", {"permissions": ["city", "administer", "fly"]}),
        ("PATCH", f"/accounts/{root}", {"display": "mine"}),
        ("POST", f"/accounts/{root}/password", None),
        ("DELETE", f"/accounts/{root}", None),
    ):
        answer = client.request(method, V1 + path, json=body, headers=clerk)
        assert answer.status_code == 403, (path, answer.text)


def test_a_key_is_shown_once_scoped_and_ended(
    service: IdentityService, client: TestClient, admin: dict[str, str]
) -> None:
    wish = {
        "name": "river cameras", "role": "machine", "permissions": ["signal"],
        "addresses": ["10.1.0.0/16", "127.0.0.1"],
        "expires_at": (START + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    made = client.post(f"{V1}/keys", json=wish, headers=admin)
    assert made.status_code == 201, made.text
    key, record = made.json()["key"], made.json()["record"]
    assert key not in client.get(f"{V1}/keys", headers=admin).text
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get(f"{V1}/me", headers=headers).json()["permissions"] == ["signal"]
    assert service.principal(key, "203.0.113.7") is None
    assert service.principal(key, "10.1.200.3") is not None
    assert service.principal(key, "::ffff:10.1.2.3") is not None
    service.identity.resolver.write_used()
    used = client.get(f"{V1}/keys/{record['id']}", headers=admin).json()["last_used_at"]
    assert used is not None
    service.wall.advance(25 * 3600)
    assert client.get(f"{V1}/me", headers=headers).status_code == 401


def test_a_key_ends_at_once(
    service: IdentityService, client: TestClient, admin: dict[str, str]
) -> None:
    wish = {"name": "gate", "role": "member", "department": "water"}
    made = client.post(f"{V1}/keys", json=wish, headers=admin).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert client.get(f"{V1}/me", headers=headers).json()["department"] == "water"
    ended = client.delete(f"{V1}/keys/{made['record']['id']}", headers=admin)
    assert ended.status_code == 200
    assert client.get(f"{V1}/me", headers=headers).status_code == 401
    assert client.delete(f"{V1}/keys/{made['record']['id']}", headers=admin).status_code == 404


def test_secrets_are_not_kept_for_idempotency(
    service: IdentityService, client: TestClient, admin: dict[str, str]
) -> None:
    headers = {**admin, "Idempotency-Key": "once"}
    made = client.post(f"{V1}/accounts", json={"name": "li", "role": "pilot"}, headers=headers)
    assert made.status_code == 201
    again = client.post(f"{V1}/accounts", json={"name": "li", "role": "pilot"}, headers=headers)
    assert made.json()["password"] not in again.text


def test_every_change_of_rights_is_in_the_trail(
    service: IdentityService, client: TestClient, admin: dict[str, str]
) -> None:
    made = client.post(f"{V1}/accounts", json={"name": "li", "role": "pilot"}, headers=admin).json()
    li = made["account"]["id"]
    client.patch(f"{V1}/accounts/{li}", json={"role": "dispatcher"}, headers=admin)
    client.post(f"{V1}/accounts/{li}/password", headers=admin)
    client.delete(f"{V1}/accounts/{li}", headers=admin)
    with service.identity.book.records.view() as unit:
        entries = unit.log.find(subject=li)
    assert [e.action for e in entries] == [
        "account.made", "account.changed", "account.reset", "account.disabled"
    ]  # fmt: skip
    assert all(e.actor == "root" for e in entries)
    assert not any(made["password"] in e.text for e in entries)


async def test_open_streams_hear_of_it(service: IdentityService) -> None:
    li = account(service, "li", "pilot")
    tokens = await service.identity.sessions.sign_in("li", GOOD)
    waiting = asyncio.create_task(service.identity.until_bad(tokens.principal))
    await asyncio.sleep(0)
    assert not waiting.done()
    await asyncio.to_thread(service.identity.accounts.change, SERVICE, li, Wish(disabled=True))
    await asyncio.wait_for(waiting, 5)
    assert service.identity.still_good(LOCAL_OPERATOR)


def test_two_hundred_sign_ins_take_their_turns(
    service: IdentityService, make_many: Callable[[int], list[str]]
) -> None:
    names = make_many(200)

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(
            *(service.identity.sessions.sign_in(name, GOOD) for name in names)
        )

    assert len(asyncio.run(all_at_once())) == 200
    assert service.identity.hashing._pool._max_workers == 2


@pytest.fixture
def make_many(service: IdentityService) -> Callable[[int], list[str]]:
    def make(count: int) -> list[str]:
        for n in range(count):
            account(service, f"user{n}", "auditor")
        return [f"user{n}" for n in range(count)]

    return make
