"""Sends every example of the document to a service; what it says are the examples of answers.

PYTHONPATH=.:tests/api:tests/missions .venv/bin/python tests/api/example_answers.py   # writes them
"""

import json
import shlex
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from example_world import PASSWORD, example_world, photo, shapefile
from whole_world import ADMIN, WATER, World

from api.manners import examples
from missions.entities import FilingState, RequestState

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

V1 = "/api/v1"
ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(
        ("control", "take_control", "ask_for_control", "keep_control", "hand_back_control"),
        "needs a drone in the air: tests/api/test_api_control.py, tests/missions/flying_range.py",
    ),
    **dict.fromkeys(
        ("preview_manoeuvre", "fly_manoeuvre", "point", "preview_point"),
        "needs a drone in the air: tests/api/test_api_control.py, tests/missions/flying_range.py",
    ),
    **dict.fromkeys(
        ("latest_rehearsal", "rehearsal"), "needs a rehearsed day: test_operations_rehearsal.py"
    ),
    **dict.fromkeys(
        ("go", "back", "tokens"), "needs an identity provider: tests/api/test_api_provider.py"
    ),
    **dict.fromkeys(
        ("review_before", "review_after", "review_comparison"),
        "needs two good photographs of one place; no test asks for them over HTTP",
    ),
    "accept_request": "needs a refused request: tests/api/test_api_requests.py",
    **dict.fromkeys(
        ("upload", "patch", "delete"),
        "needs an upload that was begun: tests/missions/test_media_uploads.py",
    ),
    "flight_log": "needs a flown flight: tests/api/test_api_endpoints.py",
    "raster_statistics": "needs a radiometric raster: tests/api/test_api_catalogue.py",
    "feed_stream": "has no end: tests/api/test_api_feed.py",
    "head": "has no answer but its headers: tests/missions/test_media_uploads.py",
}
"""Operations whose examples this world cannot run, and what runs them."""
_SECRETS = frozenset({"access_token", "refresh_token", "password", "key", "secret"})
_MANY = 3
"""So many things of a list are enough for an example."""


@dataclass(frozen=True)
class Said:
    """What was asked by an example, and the answer."""

    operation: str
    title: str
    answer: Any


class Asking:
    """Asks everything of one world: first what changes nothing, then the rest."""

    def __init__(self, made: World) -> None:
        self._made = made
        self.client = TestClient(
            made.app,
            base_url="http://127.0.0.1:8000",
            headers={"Authorization": f"Bearer {made.token(ADMIN)}"},
        )
        self.client.__enter__()
        portal: Any = self.client.portal
        self._intake = portal.start_task_soon(made.intake.run)  # deliveries wait for it
        self.document: dict[str, Any] = self.client.get(f"{V1}/openapi.json").json()

    def close(self) -> None:
        """Nothing more will be asked."""
        self._intake.cancel()
        self.client.__exit__(None, None, None)

    def all(self) -> Iterator[Said]:
        """Every example that this world can run."""
        for path, methods in self.document["paths"].items():
            if "get" in methods and methods["get"]["operationId"] not in ELSEWHERE:
                yield from self._read(path, methods["get"])
        late = ("delete", "disable_account", "revoke", "remove", "sign_out")
        writes = [
            (path, method, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if method not in {"get", "head"} and operation["operationId"] not in ELSEWHERE
        ]
        for path, method, operation in sorted(
            writes, key=lambda w: w[2]["operationId"].startswith(late)
        ):
            yield from self._write(path, method, operation)

    def _read(self, path: str, operation: dict[str, Any]) -> Iterator[Said]:
        name, where = operation["operationId"], address(path, operation)
        given = {
            p["name"]: p.get("example", (p["schema"].get("examples") or [None])[0])
            for p in operation.get("parameters", ())
            if p.get("in") == "query" and ("example" in p or p.get("required"))
        }
        needed = {
            p["name"]: given[p["name"]]
            for p in operation.get("parameters", ())
            if p.get("in") == "query" and p.get("required")
        }
        headers = self._member() if name == "signal_contact" else {}
        yield Said(name, "", self.client.get(where, params=needed, headers=headers))
        for parameter, value in given.items():
            if parameter not in needed:
                asked = {**needed, parameter: value}
                yield Said(name, f"?{parameter}", self.client.get(where, params=asked))

    def _write(self, path: str, method: str, operation: dict[str, Any]) -> Iterator[Said]:
        name, where = operation["operationId"], address(path, operation)
        contents = operation.get("requestBody", {}).get("content", {"": {}})
        for kind, content in contents.items():
            if f"{name} {kind}" in examples.CURL:
                command = content["examples"]["curl"]["description"].strip("`")
                yield Said(name, f"curl {kind}", self.curl(command))
                continue
            for title, example in content.get("examples", {"": {"value": None}}).items():
                headers, body = self._ready(name, title, example["value"])
                if kind not in {"", "application/json"}:
                    text = body if isinstance(body, str) else json.dumps(body)
                    given = {"content": text, "headers": {**headers, "Content-Type": kind}}
                else:
                    given = {"json": body, "headers": headers} if kind else {"headers": headers}
                yield Said(name, title, self.client.request(method, where, **given))

    def curl(self, command: str) -> Any:
        """What a command line with curl sends."""
        files = {"photo.jpg": photo, "area.zip": shapefile}
        words = iter(shlex.split(command)[1:])
        method, url, sent = "GET", "", dict[str, Any](headers={})
        for word in words:
            if word == "-X":
                method = next(words)
            elif word == "-H":
                key, _, value = next(words).partition(": ")
                sent["headers"][key] = value
            elif word == "--data-binary":
                sent["content"] = files[next(words).removeprefix("@")]()
            elif word == "-F":
                key, _, value = next(words).partition("=")
                if value.startswith("@"):
                    sent["files"] = {key: (value[1:], files[value[1:]]())}
                else:
                    sent["data"] = {key: value}
            else:
                url = word
        return self.client.request(method, url.removeprefix("localhost:8000"), **sent)

    def _member(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._made.token(WATER)}"}

    def _signed_in(self, operation: str) -> dict[str, Any]:
        """Tokens of a person of an account for this operation alone."""
        person = "wang.fang" if operation == "sign_in" else operation.replace("_", ".")
        account = {"name": person, "role": "member", "department": "water"}
        self.client.post(f"{V1}/accounts", json={**account, "password": PASSWORD})
        who = {"name": person, "password": PASSWORD}
        found: dict[str, Any] = self.client.post(f"{V1}/sign-in", json=who).json()
        return found

    def _ready(self, name: str, title: str, body: Any) -> tuple[dict[str, str], Any]:
        """Bring about the state that an example is for; tokens that are shown once are real."""
        if name in {"sign_in", "refresh", "change_me", "sign_out"}:
            tokens = self._signed_in(name)
            if name == "refresh":
                return {}, {"refresh_token": tokens["refresh_token"]}
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            return ({} if name == "sign_in" else bearer), body
        if name in {"answer_filing", "revoke_filing"}:
            self._file(approved=name == "revoke_filing")
        if title == "report back":
            order = {"step": "handle", "note": "on our way"}
            self.client.post(f"{V1}/cases/cas-1/steps", json=order)
        if name == "create":
            return {"Tus-Resumable": "1.0.0", "Upload-Length": "4096"}, body
        if name == "withdraw_request":
            with self._made.room.unit() as unit:
                asked = replace(unit.requests.get("req-1"), state=RequestState.PLANNED)
                unit.requests.put(asked)
        return {}, body

    def _file(self, *, approved: bool) -> None:
        state = FilingState.APPROVED if approved else FilingState.FILED
        with self._made.room.unit() as unit:
            unit.filings.put(replace(unit.filings.get("fil-1"), state=state))

    def problems(self) -> dict[str, Any]:
        """An error of each usual status, as the service says it."""
        ask, case = self.client.request, f"{V1}/cases/cas-1"
        note = {"step": "handle", "note": "on our way"}
        found = (
            ask("GET", f"{V1}/cases", headers={"Authorization": "Bearer fk_no-such-token"}),
            ask("GET", f"{V1}/accounts", headers=self._member()),
            ask("GET", f"{V1}/cases/cas-0"),
            ask("DELETE", f"{V1}/plan"),
            ask("POST", f"{V1}/filings/fil-1/revoke", json={"remark": "rescue helicopter"}),
            ask("POST", f"{case}/steps", json=note, headers={"If-Match": '"older.0"'}),
            ask("POST", f"{V1}/requests", content=b"{" + b" " * (3 << 20), headers=_JSON),
            ask("POST", f"{V1}/requests", content=b"a=b", headers=_FORM),
            ask("GET", f"{V1}/cases", params={"limt": "9"}),
            ask("GET", f"{V1}/cases", headers={"Host": "elsewhere.example"}),
        )
        return {str(answer.status_code): answer.json() for answer in found}


_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def address(path: str, operation: dict[str, Any]) -> str:
    """An operation's address with its examples."""
    for parameter in operation.get("parameters", ()):
        if parameter.get("in") == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    return path


def shown(value: Any) -> Any:
    """An answer as an example: without secrets, of long lists the beginning."""
    if isinstance(value, dict):
        return {k: _hidden(k, v) for k, v in value.items()}
    if isinstance(value, list):
        plain = not any(isinstance(item, dict) for item in value)
        return [shown(item) for item in (value if plain and len(value) <= 40 else value[:_MANY])]
    return value


def _hidden(key: str, value: Any) -> Any:
    return "..." if key in _SECRETS and isinstance(value, str) and value else shown(value)


def answers_of(said: list[Said], problems: dict[str, Any]) -> dict[str, Any]:
    """By operation and status, the first JSON answer that was given; small ones."""
    found: dict[str, Any] = {"problems": problems}
    for one in said:
        kind = one.answer.headers.get("content-type", "")
        good = one.answer.status_code < 300 and one.answer.content
        if "json" in kind and good and one.title[:1] != "?":
            value = shown(one.answer.json())
            if len(json.dumps(value)) < 6000:
                found.setdefault(one.operation, {}).setdefault(str(one.answer.status_code), value)
    return found


def main() -> None:
    """Write the answers into api/manners/answers.json."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as home, example_world(Path(home)) as made:
        asking = Asking(made)
        problems = asking.problems()
        said = list(asking.all())
        for one in said:
            if one.answer.status_code >= 300:
                sys.stderr.write(f"{one.operation} {one.title}: {one.answer.text[:200]}\n")
        found = answers_of(said, problems)
        asking.close()
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
    examples._FILE.write_text(text + "\n", "utf-8")
    sys.stdout.write(f"{len(found)} operations, {len(text)} characters\n")


if __name__ == "__main__":
    main()
