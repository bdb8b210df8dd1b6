"""What goes out by itself: live frames, the change feed's streams, webhooks, and their end."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import leak_walk as walk
import pytest
from leak_oracle import Who, chosen, may_see
from leak_session import Session, principal, session
from leak_world import OWNERS

from missions.feed.change import KINDS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient
    from starlette.websockets import WebSocketDisconnect

LIVE = "ws://127.0.0.1:8000/api/v1/live"
_REFUSED = 4401


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with session(tmp_path_factory.mktemp("streams")) as found:
        yield found


@pytest.fixture
def sockets(here: Session) -> Iterator[TestClient]:
    with TestClient(here.made.app, base_url="http://127.0.0.1:8000") as client:
        yield client


def told(text: str) -> set[tuple[str, str]]:
    """(owner, kind) of what a text names."""
    return walk.canaries(text.encode())


def unseen(who: Who, text: str) -> list[tuple[str, str]]:
    """What a text names that its reader may not see."""
    return [(key, kind) for key, kind in told(text) if not may_see(who, kind, OWNERS[key])]


@pytest.mark.parametrize("who", chosen(), ids=lambda who: who.name)
def test_the_live_socket_tells_each_caller_what_it_may_see(
    here: Session, sockets: TestClient, who: Who
) -> None:
    token = here.headers(who)["Authorization"].removeprefix("Bearer ")
    with sockets.websocket_connect(f"{LIVE}?after=0&token={token}") as socket:
        text = socket.receive_text() + socket.receive_text()
    assert not unseen(who, text)


def test_the_live_socket_ends_when_its_key_is_revoked(here: Session, sockets: TestClient) -> None:
    who = Who("member", "ecology")
    token = here.made.token(replace(principal(who), name="to be revoked"))
    keys, root = here.made.service.identity.keys, principal(Who("administrator"))
    with sockets.websocket_connect(f"{LIVE}?token={token}") as socket:
        socket.receive_text()
        assert keys.revoke_name(root, "to be revoked") == 1
        with pytest.raises(WebSocketDisconnect) as ended:
            _until_closed(socket)
    assert ended.value.code == _REFUSED
    answer = here.client.get(f"{walk.V1}/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def _until_closed(socket: Any) -> None:
    for _ in range(200):
        socket.receive_text()


@pytest.mark.parametrize("who", chosen(), ids=lambda who: who.name)
def test_a_change_of_each_kind_is_told_to_who_may_see_the_thing(here: Session, who: Who) -> None:
    """Pages, streams, sockets and webhooks all read the feed by the reader's audience."""
    here.headers(who)
    with here.made.room.view() as unit:
        last = int(unit.changes.find(newest_first=True, limit=1)[0].id)
    with here.made.room.unit() as unit:
        for owner in OWNERS.values():
            for kind in KINDS:
                repository = getattr(unit, kind)
                thing = repository.get(owner.says(kind))
                repository.put(_touched(kind, thing))
    path = f"{walk.V1}/feed?limit=1000&after={last}"
    text = here.client.get(path, headers=here.headers(who)).text
    may = {
        (owner.key, kind)
        for owner in OWNERS.values()
        for kind in KINDS
        if may_see(who, kind, owner)
    }
    changed = {i["kind"] for i in json.loads(text)["items"]}
    assert told(text) <= may
    assert {pair for pair in may if pair[1] in changed} == told(text)
    assert changed or not may


def _touched(kind: str, thing: Any) -> Any:
    """The thing with a change that its readers are told of."""
    if kind == "alerts":
        return replace(thing, severity=1 + thing.severity % 4)
    for name in ("state",):
        if hasattr(thing, name):
            states = list(type(getattr(thing, name)))
            at = states.index(getattr(thing, name))
            return replace(thing, state=states[(at + 1) % len(states)])
    return replace(thing, severity=1 + thing.severity % 4)


def test_a_webhook_reads_with_the_rights_of_its_department_and_counties(here: Session) -> None:
    with here.made.room.view() as unit:
        hooks = [unit.webhooks.get(owner.says("webhooks")) for owner in OWNERS.values()]
        for hook, owner in zip(hooks, OWNERS.values(), strict=True):
            who = Who("member", owner.departments[0], owner.county)
            if owner.county != "kecheng":
                who = replace(who, county=owner.county)
            found = unit.changes.find(audience=hook.reader.audience())
            text = json.dumps([change.told() for change in found])
            assert told(text)
            assert not unseen(who, text)


@pytest.mark.parametrize("kind", ["expired", "revoked", "unknown", "refresh"])
def test_a_bad_token_learns_nothing_anywhere(here: Session, kind: str) -> None:
    token = _bad(here, kind)
    for _, path in walk.operations(here.document, "get"):
        if path == "/api/v1/feed/stream":
            continue
        address = walk.asks(path, here.document)[0].address if "{" in path else path
        answer = here.client.get(address, headers={"Authorization": f"Bearer {token}"})
        assert not walk.leaked(None, answer, address), path
        public = {200, 401, 404, 409, 503, 422} if path in _PUBLIC else {401, 422}
        assert answer.status_code in public, (path, answer.status_code)


_PUBLIC = {
    "/api/v1/health",
    "/api/v1/health/live",
    "/api/v1/health/ready",
    "/api/v1/metrics",
    "/api/v1/evidence/key",
    "/api/v1/sign-in",
    "/api/v1/sign-in/provider",
    "/api/v1/sign-in/provider/back",
}


def _bad(here: Session, kind: str) -> str:
    """A token that is not good: it was one, or looks like one."""
    if kind == "unknown":
        return "fo_" + "A" * 43
    if kind == "refresh":
        return "fr_" + "A" * 43
    token = here.made.token(replace(principal(Who("administrator")), name=kind))
    with here.made.room.unit() as unit:
        (record,) = [k for k in unit.tokens.find(name=kind) if k.revoked_at is None]
        ended = {"expired": "expires_at", "revoked": "revoked_at"}[kind]
        unit.tokens.put(replace(record, **{ended: record.made_at}))
    return token
