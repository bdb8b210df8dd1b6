"""Asks a running service over its API, for commands that are its clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import httpx
import typer

from core.errors import FlyOnceError, InvalidInput, NotAllowed, NotFound, Unavailable

Server = Annotated[str, typer.Option(help="Address of the service.", envvar="FLYONCE_SERVER")]
Token = Annotated[
    str | None,
    typer.Option(help="Token; none is needed on the service's machine.", envvar="FLYONCE_TOKEN"),
]
HERE = "http://127.0.0.1:8000"
_REFUSED: dict[int, type[FlyOnceError]] = {401: NotAllowed, 403: NotAllowed, 404: NotFound}


class Caller:
    """A service's API; an answer that is no success is raised as the named error it tells of."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str, **query: Any) -> Any:
        """What an address holds; queries without a value are left out."""
        wanted = {name: value for name, value in query.items() if value is not None}
        return self._asked("GET", path, params=wanted)

    def send(self, method: str, path: str, body: Any) -> Any:
        """The answer to a body of JSON."""
        return self._asked(method, path, json=body)

    def upload(self, path: str, content: bytes, **query: Any) -> Any:
        """The answer to a file as it is; queries without a value are left out."""
        wanted = {name: value for name, value in query.items() if value is not None}
        kind = {"Content-Type": "application/octet-stream"}
        return self._asked("POST", path, params=wanted, content=content, headers=kind)

    def pages(self, path: str, most: int, **query: Any) -> Iterator[Any]:
        """The items of a list, page by page, as many as wanted."""
        after = None
        while most > 0:
            page = self.get(path, after=after, limit=min(most, 500), **query)
            yield from page["items"]
            after, most = page["next"], most - len(page["items"])
            if after is None:
                return

    def _asked(self, method: str, path: str, **said: Any) -> Any:
        try:
            answer = self._client.request(method, f"/api/v1{path}", **said)
        except httpx.TransportError as error:
            raise Unavailable(
                f"no service answers ({error})",
                where=str(self._client.base_url),
                remedy="start it with 'flyonce serve', or give its address with --server",
            ) from error
        if answer.is_success:
            return answer.json()
        raise _refusal(path, answer)


@contextmanager
def calling(server: str, token: str | None) -> Iterator[Caller]:
    """A service to ask.

    Raises:
        InvalidInput: the address is none.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        client = httpx.Client(base_url=server, headers=headers, timeout=60.0)
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidInput(
            f"no address: {error}", where="--server", remedy=f"write {HERE}"
        ) from error
    with client:
        yield Caller(client)


def _refusal(path: str, answer: httpx.Response) -> FlyOnceError:
    kind = _REFUSED.get(answer.status_code, InvalidInput)
    if answer.status_code >= 500:
        kind = Unavailable
    try:
        said = answer.json()
        return kind(str(said["detail"]), where=said.get("field") or path, remedy=said.get("remedy"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return kind(f"status {answer.status_code}", where=path)
