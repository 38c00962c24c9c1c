"""Who is told of what: webhooks to other systems, mail to people; and what became of each message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Invalid, NotFound, Refused, ShelfwiseError
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.people import SUBSCRIPTIONS
from shelfwise.web.visits import Visit, Visitor
from shelfwise.work import subscriptions

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Group:
    """Kinds of facts as people choose them."""

    words: str
    kinds: tuple[str, ...]


GROUPS = (
    Group("Alerts: raised, gone on to the next role, over", ("alert.*",)),
    Group("Tasks: new, finished", ("task.*",)),
    Group("Purchase orders: placed, sent, received, closed", ("purchase.*",)),
    Group("Sales: taken, reserved, issued, cancelled", ("sales.*",)),
    Group("Every movement of stock", ("stock.moved",)),
    Group("Stock that ran short or was promised twice", ("stock.short", "stock.overpromised")),
    Group("Proposals: made, decided", ("proposal.*",)),
    Group("Temperatures out of their limits, and back", ("condition.*",)),
)


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=500)


Sent = Annotated[FormData, Depends(_sent)]


@router.get("/webhooks")
def list_subscriptions(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _page(visit, ctx)


def _page(
    visit: Visit,
    ctx: Context,
    status: int = 200,
    error: ShelfwiseError | None = None,
    sent: FormData | None = None,
) -> Response:
    sites = records.sites(ctx)
    return pages.render(
        visit,
        ctx,
        "webhooks.html",
        status=status,
        found=find(ctx, SUBSCRIPTIONS, visit.request.query_params),
        manages=visit.everywhere(Right.MANAGE_SETTINGS.value),
        groups=GROUPS,
        sites=sites,
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
        sent=sent,
    )


@router.post("/webhooks")
def add(visit: Visitor, sent: Sent) -> Response:
    """Subscribe; the secret of a webhook is shown on the page that follows, this once."""
    try:
        with visit.context() as ctx:
            personal = sent.get("whose") == "mine"
            channel: subscriptions.Channel = "webhook" if sent.get("channel") == "webhook" else "mail"
            chosen = [int(str(one)) for one in sent.getlist("site") if str(one).isdecimal() and len(str(one)) < 19]
            others = str(sent.get("other", "")).replace(",", " ").split()
            kinds = [kind for one in sent.getlist("kinds") for kind in str(one).split()] + others
            made, secret = subscriptions.add(
                ctx,
                str(sent.get("name", "")),
                channel,
                str(sent.get("address", "")),
                kinds,
                sites=chosen if sent.get("where") == "some" else None,
                personal=personal,
            )
            if secret is not None:
                return _detail(visit, ctx, made, secret)
    except (Invalid, Refused, NotFound) as error:
        status = 422 if isinstance(error, Invalid) else 409
        with visit.context() as ctx:
            return _page(visit, ctx, status, error, sent)
    return pages.go(f"/webhooks/{made}", "Subscribed. What happens from now on is mailed.")


@router.get("/webhooks/{subscription_id}")
def show(visit: Visitor, subscription_id: int) -> Response:
    with visit.context() as ctx:
        return _detail(visit, ctx, subscription_id)


def _detail(visit: Visit, ctx: Context, subscription_id: int, secret: str = "") -> Response:
    found = subscriptions.subscription(ctx, subscription_id)
    return pages.render(
        visit,
        ctx,
        "webhook.html",
        subscription=found,
        secret=secret,
        secrets=subscriptions.valid_secrets(ctx, subscription_id),
        messages=subscriptions.messages(ctx, subscription_id),
        site_names={site.site_id: site.name for site in records.sites(ctx)},
        rotation=subscriptions.ROTATION,
    )


@router.post("/webhooks/{subscription_id}/secret")
def renew_secret(visit: Visitor, subscription_id: int) -> Response:
    with visit.context() as ctx:
        return _detail(visit, ctx, subscription_id, subscriptions.rotate(ctx, subscription_id))


@router.post("/webhooks/{subscription_id}/test")
def send_test(visit: Visitor, subscription_id: int) -> Response:
    with visit.context() as ctx:
        subscriptions.send_test(ctx, subscription_id)
    return _back(subscription_id, "A test is on its way; what became of it stands below in a moment.")


@router.post("/webhooks/{subscription_id}/pause")
def pause(visit: Visitor, subscription_id: int) -> Response:
    with visit.context() as ctx:
        found = subscriptions.pause(ctx, subscription_id)
    return _back(subscription_id, f"{found.name} is paused: what happens meanwhile is not sent later.")


@router.post("/webhooks/{subscription_id}/resume")
def resume(visit: Visitor, subscription_id: int) -> Response:
    with visit.context() as ctx:
        found = subscriptions.resume(ctx, subscription_id)
    return _back(subscription_id, f"{found.name} is told again, from now on.")


@router.post("/webhooks/{subscription_id}/send-again")
def send_again(visit: Visitor, subscription_id: int) -> Response:
    with visit.context() as ctx:
        again = subscriptions.send_again(ctx, subscription_id)
    return _back(subscription_id, f"{again} {'message is' if again == 1 else 'messages are'} sent again.")


@router.post("/webhooks/{subscription_id}/remove")
def remove(visit: Visitor, subscription_id: int) -> Response:
    with visit.context() as ctx:
        found = subscriptions.subscription(ctx, subscription_id)
        subscriptions.remove(ctx, subscription_id)
    return pages.go("/webhooks", f"{found.name} is told nothing any more.")


def _back(subscription_id: int, said: str) -> Response:
    return pages.go(f"/webhooks/{subscription_id}", said)
