"""department x role x county x route x object: nobody learns what they may not see.

`leak_world` holds one of every kind of thing for each owner, `leak_walk` what is asked,
`leak_oracle` who may see what. Each caller of the whole product:
.venv/bin/python tests/api/leak_campaign.py [PART OF AN ADDRESS]
"""

from collections.abc import Iterator

import leak_walk as walk
import pytest
from leak_oracle import BUILT_IN_SAID, Who, chosen, everybody, may_see
from leak_session import NOT_READ, Session, read, session
from leak_world import OWNERS

from api.app import document
from missions.access import BUILT_IN

READS = [path for _, path in walk.operations(document(), "get") if path not in NOT_READ]
WATER = Who("member", "water")
SHOWN = 12
"""So many faults are told."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with session(tmp_path_factory.mktemp("leaks")) as found:
        yield found


def test_roles_may_do_what_the_page_says() -> None:
    assert {role: frozenset(may) for role, may in BUILT_IN.items()} == BUILT_IN_SAID


@pytest.mark.parametrize("path", READS)
def test_an_address_tells_each_caller_what_it_may_see_and_no_more(here: Session, path: str) -> None:
    """A new address whose ids name a kind of thing that is not in the walk fails here."""
    walked = read(here, path, [None, *chosen()])
    assert walked.asked > len(chosen())
    assert not walked.faults[:SHOWN]


def test_the_application_that_runs_has_the_addresses_that_are_walked(here: Session) -> None:
    assert {path for _, path in walk.operations(here.document, "get")} == {*READS, *NOT_READ}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/requests", "requests"),
        ("/flights", "flights"),
        ("/media", "media"),
        ("/products", "products"),
        ("/anomalies", "anomalies"),
        ("/events", "events"),
        ("/cases", "cases"),
        ("/reviews", "reviews"),
        ("/alerts", "alerts"),
        ("/inspections", "inspections"),
        ("/signals", "signals"),
        ("/devices", "devices"),
        ("/standings", "standings"),
        ("/labels", "labels"),
        ("/holds", "holds"),
        ("/groundings", "groundings"),
        ("/commands", "orders"),
        ("/packs", "packs"),
        ("/webhooks", "webhooks"),
        ("/audit", "log"),
        ("/accounts", "accounts"),
        ("/keys", "keys"),
        ("/batches", "batches"),
        ("/feed?limit=1000", "cases"),
        ("/stac/collections/visible/items", "media"),
        ("/stac/search", "media"),
        ("/ogc/collections/flights/items", "flights"),
        ("/ogc/collections/anomalies/items", "anomalies"),
        ("/ogc/collections/cases/items", "cases"),
        ("/cases/map?bbox=118,28,120,30&zoom=16&state=all", "cases"),
        ("/replay?from=2026-05-11T00:00:00Z&to=2026-05-13T00:00:00Z", "flights"),
    ],
)
def test_lists_show_everything_that_may_be_seen(here: Session, path: str, kind: str) -> None:
    for who in chosen():
        answer = here.client.get(walk.V1 + path, headers=here.headers(who))
        told = {key for key, found in walk.canaries(walk.words(answer)) if found == kind}
        may = {o.key for o in OWNERS.values() if may_see(who, kind, o)}
        assert told == may, who.name


def test_quotas_are_the_own_departments(here: Session) -> None:
    mine = here.client.get(f"{walk.V1}/quotas/water", headers=here.headers(WATER))
    others = here.client.get(f"{walk.V1}/quotas/forestry", headers=here.headers(WATER))
    nobodys = here.client.get(f"{walk.V1}/quotas/{walk.NOBODYS}", headers=here.headers(WATER))
    assert mine.status_code == 200
    assert others.status_code == nobodys.status_code == 404
    listed = here.client.get(f"{walk.V1}/quotas", headers=here.headers(WATER)).text
    assert "forestry" not in listed


def test_the_walk_takes_somebody_of_each_way_of_seeing() -> None:
    def way(who: Who) -> tuple[object, ...]:
        return who.may("city"), who.department, who.county

    city_or_none = {way(who) for who in everybody() if who.department is None}
    assert city_or_none <= {way(who) for who in chosen()}
