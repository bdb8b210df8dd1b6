"""Every route says which action it asks for: the table that the walk of roles is made from."""

from typing import Any

from fake_service import FakeService

from api.app import create_app
from api.auth import PUBLIC, SEE, action_of
from api.settings import Settings
from missions.access import ACTIONS

_NEED_NO_TOKEN = {
    *("/health", "/health/live", "/health/ready", "/sign-in", "/sign-in/refresh"),
    *("/sign-in/provider", "/sign-in/provider/back", "/sign-in/provider/tokens"),
    "/evidence/key",  # public on purpose: whoever checks a bundle compares it
}
"""What may be asked without a token."""
_THEMSELVES = {"/live", "/metrics"}
"""They look at the token by other means: the first message of a socket, a scraper's address."""
_CHECKED_WITHIN = {
    ("DELETE", "/sessions/{id}"),  # one's own, or administer
    ("PATCH", "/me"),
    ("POST", "/sign-out"),
    ("POST", "/batches"),  # upload
    *((method, "/uploads/{id}") for method in ("DELETE", "PATCH", "POST")),  # one's own
    ("POST", "/uploads"),  # upload
    ("POST", "/stac/search"),  # reads
    *((method, "/webhooks/{id}") for method in ("DELETE", "PATCH")),  # missions/feed/webhooks.py
    *(("POST", f"/webhooks{rest}") for rest in ("", "/{id}/secret", "/{id}/test")),
    ("POST", "/webhooks/{id}/deliveries/{delivery}/redeliver"),
}
"""Writes that name no action: their use case checks."""


def _routes() -> list[Any]:
    app = create_app(FakeService(), Settings())  # type: ignore[arg-type, call-arg]
    included = [r.original_router for r in app.routes if hasattr(r, "original_router")]
    return [route for router in included for route in router.routes]


def test_every_route_asks_for_an_action_or_is_known_to_need_none() -> None:
    routes = _routes()
    assert len(routes) > 80
    for route in routes:
        action = action_of(route)
        if getattr(route, "methods", None) == {"OPTIONS"}:
            continue  # what tus offers, the same for everybody
        if action is None or action == PUBLIC:
            assert route.path in _NEED_NO_TOKEN | _THEMSELVES, route.path
        else:
            assert action in {SEE, *ACTIONS}, route.path


def test_a_write_that_everybody_may_send_is_one_of_these() -> None:
    """Who adds one that changes something looks at its rights, and lists it."""
    open_writes = {
        (method, route.path)
        for route in _routes()
        if action_of(route) == SEE
        for method in getattr(route, "methods", ()) or ()
        if method in {"POST", "PUT", "PATCH", "DELETE"}
    }
    assert open_writes == _CHECKED_WITHIN
