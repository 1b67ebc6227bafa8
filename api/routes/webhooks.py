"""Webhooks: subscribe to what happens, signed by Standard Webhooks; the delivery log; try it, send it again."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.errors import problem_responses
from api.readmodel.views import Page
from api.routes.reads import PAGE, Cursor, Limit
from api.routes.replies import WRITE_PROBLEMS
from api.services import of
from api.webhooks.ledger import Delivery, DeliveryState
from api.webhooks.service import Counts
from api.webhooks.subscriptions import Reason, State, Subscription
from schemas.base import EntityId, RegionPrefix

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks 回调"])

Id = Annotated[EntityId, Path(description="The webhook's id.")]
DeliveryId = Annotated[str, Path(pattern=r"^msg_[0-9a-f]{32}$", description="The delivery's id, as in `webhook-id`.")]
_READ = problem_responses("unauthorized", "invalid_value", "not_found")


class WebhookBody(BaseModel):
    """Where to post what. Without types all events are sent, without a region those of everywhere."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"url": "https://hall.example.org/cobuild", "types": ["assignment.confirmed"], "region": "310105"}
            ]
        },
    )

    url: Annotated[str, Field(min_length=8, max_length=2000, pattern=r"^[!-~]+$", description="`https://…`")]
    types: Annotated[
        tuple[Annotated[str, Field(max_length=80)], ...],
        Field(max_length=50, description="Types such as `assignment.confirmed`, or families such as `assignment`."),
    ] = ()
    region: RegionPrefix | None = None


class WebhookView(BaseModel):
    """A subscription without its secret.

    `reason` of a disabled one: `by_hand`; `gone`, the receiver answered 410; `given_up`, nothing came through for
    days. `failures` counts those in a row; until `rests_until` nothing is tried. Until `old_secret_until` the secret
    before the last rotation signs too.
    """

    webhook_id: str
    url: str
    types: tuple[str, ...]
    region: str | None
    state: State
    reason: Reason | None
    created_at: datetime
    delivered_at: Annotated[datetime | None, Field(description="The newest success.")]
    failures: int
    rests_until: datetime | None
    old_secret_until: datetime | None
    deliveries: Annotated[dict[DeliveryState, int], Field(description="How many of the last 30 days, by state.")]


class WebhookWithSecret(WebhookView):
    """The same with the secret: it is shown this once."""

    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]


class WebhookList(BaseModel):
    """All subscriptions, the newest first."""

    rows: tuple[WebhookView, ...]


def _written(*codes: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    return {status: {}} | problem_responses(*WRITE_PROBLEMS, *codes)


@router.post(
    "",
    operation_id="subscribeWebhook",
    summary="Subscribe to what happens",
    status_code=201,
    response_model=WebhookWithSecret,
    responses=_written("address_not_allowed", "bad_region", status=201),
)
async def subscribe(request: Request, body: WebhookBody) -> Response:
    """Get events from now on. The answer has the secret to verify them with, and nothing shows it again.

    With an `Idempotency-Key`, a repeat gets the same webhook and the same secret.
    """
    services = of(request)
    found, secret = await services.webhooks.subscribe(
        url=body.url, types=body.types, region=body.region or "", command=services.command(request)
    )
    answer = _secret_answer(found, secret, status=201)
    answer.headers["location"] = f"/v1/webhooks/{found.webhook_id}"
    return answer


@router.get(
    "",
    operation_id="listWebhooks",
    summary="List webhooks",
    responses=problem_responses("unauthorized"),
)
async def get_webhooks(request: Request) -> WebhookList:
    """Return every subscription and how it fares."""
    return WebhookList(rows=tuple(_view(*each) for each in await of(request).webhooks.all()))


@router.get("/{webhook_id}", operation_id="getWebhook", summary="Get a webhook", responses=_READ)
async def get_webhook(request: Request, webhook_id: Id) -> WebhookView:
    """Return a subscription and how it fares."""
    return _view(*await of(request).webhooks.get(webhook_id))


@router.delete(
    "/{webhook_id}",
    operation_id="deleteWebhook",
    summary="Delete a webhook",
    status_code=204,
    responses=_READ,
)
async def delete_webhook(request: Request, webhook_id: Id) -> None:
    """Forget a subscription with its secret and its delivery log."""
    await of(request).webhooks.remove(webhook_id)


@router.post(
    "/{webhook_id}:rotate",
    operation_id="rotateWebhookSecret",
    summary="Get a new secret",
    response_model=WebhookWithSecret,
    responses=_written("not_found"),
)
async def rotate(request: Request, webhook_id: Id) -> Response:
    """Sign with a new secret, and for 24 hours beside it with the old one, so that nothing is missed meanwhile."""
    services = of(request)
    found, secret = await services.webhooks.rotate(webhook_id, command=services.command(request))
    return _secret_answer(found, secret, status=200)


@router.post(
    "/{webhook_id}:enable",
    operation_id="enableWebhook",
    summary="Send again",
    responses=_written("not_found"),
)
async def enable(request: Request, webhook_id: Id) -> WebhookView:
    """Go on where it stood; what happened while it was disabled is sent now."""
    webhooks = of(request).webhooks
    await webhooks.enable(webhook_id)
    return _view(*await webhooks.get(webhook_id))


@router.post(
    "/{webhook_id}:disable",
    operation_id="disableWebhook",
    summary="Send nothing for now",
    responses=_written("not_found"),
)
async def disable(request: Request, webhook_id: Id) -> WebhookView:
    """Send nothing until it is enabled."""
    webhooks = of(request).webhooks
    await webhooks.disable(webhook_id, reason="by_hand")
    return _view(*await webhooks.get(webhook_id))


@router.post(
    "/{webhook_id}:test",
    operation_id="testWebhook",
    summary="Send a ping",
    status_code=202,
    responses=_written("not_found", status=202),
)
async def test(request: Request, webhook_id: Id) -> Delivery:
    """Put a `webhook.ping` among the deliveries; the delivery log says what became of it."""
    services = of(request)
    return await services.webhooks.test(webhook_id, command=services.command(request))


@router.get(
    "/{webhook_id}/deliveries",
    operation_id="listDeliveries",
    summary="The delivery log",
    responses=problem_responses("unauthorized", "invalid_value", "not_found", "bad_cursor"),
)
async def get_deliveries(
    request: Request,
    webhook_id: Id,
    state: Annotated[DeliveryState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Page[Delivery]:
    """Return deliveries with their attempts, the newest first: what came back, and when the next try is."""
    return await of(request).webhooks.deliveries(webhook_id, state=state, cursor=cursor, limit=limit)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}:redeliver",
    operation_id="redeliver",
    summary="Send a delivery once more",
    status_code=202,
    responses=_written("not_found", status=202),
)
async def redeliver(request: Request, webhook_id: Id, delivery_id: DeliveryId) -> Delivery:
    """Send it again under the same `webhook-id`, whatever became of it before."""
    services = of(request)
    return await services.webhooks.redeliver(webhook_id, delivery_id, command=services.command(request))


def _secret_answer(found: Subscription, secret: str, *, status: int) -> Response:
    shown = WebhookWithSecret(**dict(_view(found, {})), secret=secret)
    headers = {"cache-control": "no-store"}
    return Response(shown.model_dump_json(), status_code=status, media_type="application/json", headers=headers)


def _view(found: Subscription, counts: Counts) -> WebhookView:
    return WebhookView(
        webhook_id=found.webhook_id,
        url=found.url,
        types=found.types,
        region=found.region or None,
        state=found.state,
        reason=found.reason,
        created_at=found.created_at,
        delivered_at=found.delivered_at,
        failures=found.failures,
        rests_until=found.rests_until,
        old_secret_until=found.old_until,
        deliveries=counts,
    )
