"""The public HTTP interface as simulated people use it: read lists, send decisions and steps."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import httpx

log = logging.getLogger("sim.people")

TRIES = 40
"""A step or decision is sent again so often while the service is away."""
WAIT_S = 1.0
PAGES = 20


class Desk:
    """A client of {service}/api/v1 that complains once about each kind of trouble and goes on."""

    def __init__(self, service: str, token: str | None) -> None:
        headers = {"X-Flyonce-Actor": "simulated-officer"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.AsyncClient(
            base_url=service.rstrip("/") + "/api/v1", headers=headers, timeout=30.0
        )
        self._complained: set[str] = set()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def items(self, path: str, state: str) -> list[Mapping[str, Any]]:
        """All items of a list; empty if the service is away or answers something else."""
        found: list[Mapping[str, Any]] = []
        query = {"state": state}
        try:
            for _ in range(PAGES):
                answer = await self._http.get(path, params=query)
                answer.raise_for_status()
                body = answer.json()
                page = body.get("items", []) if isinstance(body, Mapping) else body
                found += [i for i in page if isinstance(i, Mapping) and "id" in i]
                following = body.get("next") if isinstance(body, Mapping) else None
                if not following:
                    break
                query["after"] = str(following)
        except (httpx.HTTPError, ValueError, TypeError) as error:
            self._complain(path, f"GET {path}: {type(error).__name__} {error}")
        return found

    async def send(self, path: str, body: Mapping[str, Any]) -> bool:
        """POST; tried again while the service is away, False if it refuses."""
        for _ in range(TRIES):
            try:
                answer = await self._http.post(path, json=dict(body))
            except httpx.TransportError:
                await asyncio.sleep(WAIT_S)
                continue
            if answer.status_code >= 500:
                await asyncio.sleep(WAIT_S)
                continue
            if answer.is_success:
                return True
            kind = path.rsplit("/", 1)[-1]
            self._complain(
                f"{kind} {answer.status_code}",
                f"POST {path}: {answer.status_code} {answer.text[:200]}",
            )
            return False
        self._complain(path, f"POST {path}: no answer after {TRIES} tries")
        return False

    def _complain(self, about: str, text: str) -> None:
        if about not in self._complained:
            self._complained.add(about)
            log.warning("%s", text)
