"""Webhooks: changes sent to other systems, signed; see docs/events.md for the receiving side."""

from fastapi import APIRouter, Response

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import PageOf
from api.schemas.feed import DeliveryOut, WebhookChange, WebhookIn, WebhookMade, WebhookOut
from core.clock import SystemClock
from missions.feed.webhook import DeliveryState, Webhook
from missions.feed.webhooks import WebhookDraft

router = APIRouter(prefix="/webhooks", tags=["events"])

_clock = SystemClock()


@router.get("", summary="Webhooks", responses=problems())
def webhooks(
    service: ServiceOf, caller: Caller, after: After = None, limit: Limit = 100
) -> PageOf[WebhookOut]:
    """Those of the caller's department; of all for administrators and auditors."""
    page = service.webhooks.listed(caller, after=after, limit=limit)
    return PageOf.of(page.items, page.next, _shown)


@router.post("", summary="Make a webhook", status_code=201, responses=problems(403, 409))
def make_webhook(
    service: ServiceOf, caller: Caller, body: WebhookIn, response: Response
) -> WebhookMade:
    """It tells of what changes from now on; keep its `secret`, which is not shown again."""
    draft = WebhookDraft(
        url=body.url, description=body.description, kinds=body.kinds, department=body.department
    )
    made = service.webhooks.make(caller, draft)
    response.headers["location"] = f"/api/v1/webhooks/{made.id}"
    response.headers["cache-control"] = "no-store"
    return WebhookMade.made(made, _clock.now())


@router.get("/{id}", summary="A webhook", responses=problems(404))
def webhook(service: ServiceOf, caller: Caller, id: Id) -> WebhookOut:
    """Without its secret."""
    return _shown(service.webhooks.one(caller, id))


@router.patch("/{id}", summary="Change a webhook", responses=problems(403, 404))
def change_webhook(service: ServiceOf, caller: Caller, id: Id, body: WebhookChange) -> WebhookOut:
    """Switched on again, it goes on where it stopped."""
    wanted = body.model_dump(exclude_none=True)
    return _shown(service.webhooks.change(caller, id, **wanted))


@router.delete("/{id}", summary="Remove a webhook", status_code=204, responses=problems(403, 404))
def remove_webhook(service: ServiceOf, caller: Caller, id: Id) -> None:
    """With the record of what was sent."""
    service.webhooks.remove(caller, id)


@router.post("/{id}/secret", summary="Replace the secret", responses=problems(403, 404))
def rotate_webhook(service: ServiceOf, caller: Caller, id: Id, response: Response) -> WebhookMade:
    """For a day messages carry two signatures, of the new secret and of the one before."""
    response.headers["cache-control"] = "no-store"
    return WebhookMade.made(service.webhooks.rotate(caller, id), _clock.now())


@router.post("/{id}/test", summary="Send a test", status_code=202, responses=problems(403, 404))
def test_webhook(service: ServiceOf, caller: Caller, id: Id) -> DeliveryOut:
    """A message `webhook.test`; look under deliveries for what came of it."""
    return DeliveryOut.from_entity(service.webhooks.test(caller, id))


@router.get("/{id}/deliveries", summary="What was sent", responses=problems(404))
def webhook_deliveries(
    service: ServiceOf,
    caller: Caller,
    id: Id,
    state: DeliveryState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[DeliveryOut]:
    """The latest first, with the outcome of every try; `parked` are the dead letters."""
    page = service.webhooks.deliveries(caller, id, state=state, after=after, limit=limit)
    return PageOf.of(page.items, page.next, DeliveryOut.from_entity)


@router.post(
    "/{id}/deliveries/{delivery}/redeliver",
    summary="Send again",
    status_code=202,
    responses=problems(403, 404, 409),
)
def redeliver(service: ServiceOf, caller: Caller, id: Id, delivery: Id) -> DeliveryOut:
    """Once more, with the same `webhook-id` and body; if that fails it is parked again."""
    return DeliveryOut.from_entity(service.webhooks.redeliver(caller, id, delivery))


def _shown(webhook: Webhook) -> WebhookOut:
    return WebhookOut.from_entity(webhook, _clock.now())
