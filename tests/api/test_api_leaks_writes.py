"""Who may not, changes nothing: every operation that writes."""

from collections.abc import Iterator
from typing import Any

import leak_walk as walk
import pytest
from leak_oracle import Who, may_see
from leak_session import Session, session
from leak_world import OWNERS
from leak_writes import body_of, changed, held

from api.app import document

WRITES = [
    (method, path) for method, path in walk.operations(document(), "post", "put", "patch", "delete")
]
ABOUT_A_THING = [
    (method, path)
    for method, path in WRITES
    if "{" in path and path.split("/")[3] not in {"roles", "quotas", "stac"}
]
ONE_S_OWN = {"sign-in", "sign-out", "me", "stac", "sessions"}
"""Who is signed in may use these without any action: they concern oneself, or only read."""
STRANGERS = (
    Who("member", "water"),
    Who("member", "water", "kecheng"),
    Who("asker", "ecology"),
    Who("machine", None),
    Who("dispatcher", None, "kecheng"),
    Who("administrator", None, "kecheng"),
)
FOREIGN = OWNERS["f2"]
"""Forestry's in Longyou: foreign to each of them."""
LOOKERS = (Who("onlooker"), Who("auditor"))
"""They see the whole city and may write nothing."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with session(tmp_path_factory.mktemp("writes")) as found:
        yield found


def ask(here: Session, who: Who | None, method: str, path: str) -> tuple[Any, str]:
    """Send a write about the foreign owner's things; the answer, and its twin's address."""
    kind = walk.KIND_OF.get(path.split("/")[3], "")
    address = walk._fixed(path, "f2", FOREIGN)
    mine = address.replace("{id}", FOREIGN.says(kind) if kind else "water")
    body = body_of(path, here.document["paths"][path][method], FOREIGN)
    more: dict[str, Any] = {} if method == "delete" else {"json": body}
    if path.endswith("/uploads/{id}") and method == "patch":
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        more = {"content": b"x", "headers": headers}
    if "/uploads" in path:
        more["headers"] = {**more.get("headers", {}), "Tus-Resumable": "1.0.0"}
    more["headers"] = {**more.get("headers", {}), **here.headers(who)}
    return here.client.request(method.upper(), mine, **more), mine


@pytest.mark.parametrize(("method", "path"), ABOUT_A_THING)
def test_a_foreign_thing_is_not_there_to_be_changed(here: Session, method: str, path: str) -> None:
    for who in STRANGERS:
        kind = walk.KIND_OF.get(path.split("/")[3], "")
        if not kind or (kind in _BY_ADMINISTERING and who.may("administer")):
            continue
        here.headers(who)  # its key is made before the store is looked at
        before = held(here.made)
        answer, address = ask(here, who, method, path)
        assert answer.status_code in {403, 404, 412}, (who.name, answer.status_code, answer.text)
        assert not changed(before, held(here.made)), who.name
        if not may_see(who, kind, FOREIGN):
            assert not walk.leaked(who, answer, address), who.name


_BY_ADMINISTERING = {"accounts", "keys", "sessions"}


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_nobody_writes_without_the_action(here: Session, method: str, path: str) -> None:
    for who in (None, *LOOKERS):
        if path.split("/")[3] in ONE_S_OWN or path.endswith("/media/answers"):
            continue
        if who is not None:
            here.headers(who)
        before = held(here.made)
        answer, _ = ask(here, who, method, path)
        name = "nobody" if who is None else who.name
        assert answer.status_code in ({401} if who is None else {403, 404, 422, 415, 400}), (
            name, answer.status_code, answer.text,
        )  # fmt: skip
        assert not changed(before, held(here.made)), name


@pytest.mark.parametrize("who", [Who("administrator", None, "kecheng")])
def test_nobody_gives_rights_that_reach_further_than_their_own(here: Session, who: Who) -> None:
    here.headers(who)
    before = held(here.made)
    tries: list[tuple[str, dict[str, Any]]] = [
        ("/keys", {"name": "k", "role": "administrator"}),
        ("/keys", {"name": "k", "role": "member", "department": "water"}),
        ("/keys", {"name": "k", "role": "auditor", "counties": ["longyou"]}),
        ("/accounts", {"name": "mallory", "role": "administrator"}),
        ("/accounts", {"name": "mallory", "role": "auditor", "counties": ["kecheng", "longyou"]}),
    ]
    for path, body in tries:
        answer = here.client.request("POST", walk.V1 + path, json=body, headers=here.headers(who))
        assert answer.status_code == 403, answer.text
    assert not changed(before, held(here.made))
