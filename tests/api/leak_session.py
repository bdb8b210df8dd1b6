"""The walk itself: who asks, with which token, and everything that came back wrong."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import leak_walk as walk
from leak_oracle import CUSTOM, ROLES, Who, may_see
from leak_world import NOW, leaky
from whole_world import World

from missions.access import Principal
from missions.identity.records import CustomRole

NOT_READ = {
    "/api/v1/feed/stream": "an endless stream: test_streams_tell_each_caller_only_what_it_may_see",
    "/api/v1/sign-in/provider": "leads away to an identity provider; tells nothing stored",
    "/api/v1/sign-in/provider/back": "the way back from there; tells nothing stored",
}
"""Operations that are not read in the walk, with the reason."""

SEEN_OTHERWISE = {
    "/uploads/{id}": "how much of a file has come; none has here, so that it is 404 for all",
    "/flights/{id}/control": "of a drone in the air, for who may fly: tests of control",
    "/signals/{id}/contact": "personal data, for the own department alone",
    "/media/{id}/file": "departments it is shared with get a protected copy where one can be made",
    "/media/{id}/preview": "as the file",
    "/media/{id}/custody": "for the owning department alone, 403 for those it is shared with",
    "/products/{id}/statistics": "of rasters with a table of values: tests of the catalogue",
    "/products/{id}/tiles/WebMercatorQuad/{z}/{x}/{y}.png": "204 for a tile without any of it",
    "/reviews/{id}/before": "only finds of changes have one",
    "/reviews/{id}/after": "only finds of changes have one",
    "/reviews/{id}/comparison": "only finds have one",
    "/sessions/{id}": "not read",
}
"""Where somebody who may see a thing does not always get 200, with the reason."""


@dataclass
class Walked:
    """What was asked and what was wrong with the answers, a sentence each."""

    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    told_apart: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """All of them, the worst first."""
        return [*self.leaks, *self.told_apart, *self.refused, *self.broken]


@dataclass
class Session:
    """The world, its client, and tokens of callers."""

    made: World
    client: Any
    document: dict[str, Any]
    tokens: dict[Who, str] = field(default_factory=dict)

    def headers(self, who: Who | None) -> dict[str, str]:
        """Of a caller; none for nobody."""
        if who is None:
            return {}
        if who not in self.tokens:
            self.tokens[who] = self.made.token(principal(who))
        return {"Authorization": f"Bearer {self.tokens[who]}"}


def principal(who: Who) -> Principal:
    """As a key for such a caller is made."""
    return Principal(
        name=who.name,
        role=who.role,
        department=who.department,
        counties=None if who.county is None else frozenset({who.county}),
        permissions=ROLES[who.role],
    )


@contextmanager
def session(home: Path) -> Iterator[Session]:
    """A furnished world with its custom roles, behind its application."""
    with leaky(home) as made:
        with made.room.unit() as unit:
            for name in CUSTOM:
                unit.roles.add(
                    CustomRole(
                        id=name,
                        title=name,
                        title_zh="",
                        permissions=tuple(sorted(ROLES[name])),
                        made_at=NOW,
                        made_by="root",
                    )
                )
        client = walk.Client(made.app)
        with patch("anyio.to_thread.run_sync", walk.here):
            yield Session(made, client, made.app.openapi())
            client.close()


def read(here: Session, path: str, callers: Iterable[Who | None]) -> Walked:
    """Ask a GET operation for every caller and every owner's thing.

    Raises:
        KeyError: nobody said what the ids in its address name.
    """
    done, asks = Walked(), walk.asks(path, here.document)
    for who in callers:
        _read(here, done, who, asks)
    return done


def _read(here: Session, done: Walked, who: Who | None, asks: list[walk.Ask]) -> None:
    headers, twins = here.headers(who), {}
    for ask in asks:
        answer = here.client.get(ask.address, headers=headers)
        done.asked += 1
        done.statuses[answer.status_code] += 1
        name = "nobody" if who is None else who.name
        found = walk.leaked(who, answer, ask.address)
        done.leaks += [f"GET {ask.address} tells {name} of {what}" for what in found]
        if answer.status_code >= 500:
            done.broken.append(f"GET {ask.address} by {name}: {answer.text[:200]}")
        if ask.owner is None or ask.kind is None:
            continue
        if may_see(who, ask.kind, ask.owner):
            if answer.status_code != 200 and ask.operation not in SEEN_OTHERWISE:
                done.refused.append(f"GET {ask.address} by {name}: {answer.text[:200]}")
            continue
        if ask.twin not in twins:
            twins[ask.twin] = walk.shape(here.client.get(ask.twin, headers=headers))
            done.asked += 1
        if walk.shape(answer) != twins[ask.twin]:
            done.told_apart.append(f"GET {ask.address} by {name}: {answer.text[:200]}")
