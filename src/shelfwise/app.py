"""The one place where rooms are wired together: who hears of which facts, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from shelfwise import jobs
from shelfwise.access.context import Context, Office
from shelfwise.access.model import system
from shelfwise.condition import service as condition
from shelfwise.condition import weighing
from shelfwise.connectors import http
from shelfwise.connectors.mail import Attachment, Busy, Letter, MailServer, Refused
from shelfwise.connectors.mail import send as send_letter
from shelfwise.core.clocks import WallClock
from shelfwise.edge import devices, unclaimed
from shelfwise.edge.health import service as health
from shelfwise.edge.history import service as history
from shelfwise.edge.history.tables import HOURS_TOLD
from shelfwise.edge.tables import READINGS, StoredReading
from shelfwise.orders import service as orders
from shelfwise.orders.paper import paper
from shelfwise.planning.carriers import rebooking
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock.portals import service as portals
from shelfwise.store.database import Tx
from shelfwise.store.events import EVENTS, Consumer, Event, Fact
from shelfwise.work import alerts, spreading, tasks
from shelfwise.work.outbox import Message, NotDelivered, Rejected


def consumers(office: Office) -> list[Consumer[Any]]:
    """Every reader of facts, in the order in which they are served. Names are positions in the database: keep them.

    An installation of years gets a new one with an upgrade. What it does not have to know of those years it does not
    read: each says how far it looks back, and the others begin with the first fact, since without it they are wrong.
    """
    return [
        Consumer(
            "condition", READINGS, _with_context(office, "condition", in_true_time(condition.watch)), batch=10_000
        ),
        Consumer(
            "latest", READINGS, _with_context(office, "devices", in_true_time(devices.remember_latest)), batch=10_000
        ),
        # A device is judged after a week; what it did before that is not asked about.
        Consumer(
            "health",
            READINGS,
            _with_context(office, "devices", in_true_time(health.learn)),
            batch=10_000,
            looks_back=timedelta(days=8),
        ),
        # Who was refused yesterday may still wait to be let in.
        Consumer(
            "tell-of-devices", EVENTS, _with_context(office, "devices", tell_of_devices), looks_back=timedelta(days=1)
        ),
        Consumer("hours", HOURS_TOLD, _with_context(office, "history", history.remember_hours), batch=20_000),
        # The truck of this hour may still be booked by its tags; older ones were booked by hand.
        Consumer(
            "portals",
            READINGS,
            _with_context(office, "portals", in_true_time(portals.watch)),
            batch=10_000,
            looks_back=timedelta(hours=1),
        ),
        # It looks at what stands now, whatever has led to it.
        Consumer("weigh-again", EVENTS, _with_context(office, "condition", weigh_again), looks_back=timedelta(0)),
        Consumer("reserve", EVENTS, _with_context(office, "reservations", reserve)),
        Consumer("ask-for-counts", EVENTS, _with_context(office, "stock", ask_for_counts)),
        Consumer("tell-of-stock", EVENTS, _with_context(office, "stock", tell_of_stock)),
        Consumer("history", EVENTS, _with_context(office, "demand history", learn_history)),
        Consumer("find-duplicates", EVENTS, _with_context(office, "duplicates", find_duplicates)),
        # What stands is looked at every hour anyway; older facts say nothing more.
        Consumer(
            "rebook", EVENTS, _with_context(office, "carriers", rebooking.reconsider), looks_back=timedelta(hours=1)
        ),
        Consumer("plan-on-request", EVENTS, _with_context(office, "planning", plan_on_request)),
        Consumer("tell-subscribers", EVENTS, _with_context(office, "subscriptions", spreading.spread)),
    ]


def _with_context(
    office: Office, part: str, handle: Callable[[Context, Sequence[Fact]], None]
) -> Callable[[Tx, Sequence[Fact]], None]:
    actor = system(part)

    def in_transaction(tx: Tx, facts: Sequence[Fact]) -> None:
        handle(office.within(tx, actor), facts)

    return in_transaction


def in_true_time(
    handle: Callable[[Context, Sequence[StoredReading]], None],
) -> Callable[[Context, Sequence[StoredReading]], None]:
    """Readings reach their consumer with what is known of their clock's error."""

    def corrected(ctx: Context, facts: Sequence[StoredReading]) -> None:
        handle(ctx, health.corrected(ctx, facts))

    return corrected


def when_all_is_read(office: Office) -> int:
    """What follows from silence, once every consumer has got as far as there is: a tag that is not heard any more."""
    with office.context(system("portals")) as ctx:
        return portals.settle(ctx)


def weigh_again(ctx: Context, facts: Sequence[Event]) -> None:
    """What a device says came into doubt or out of it: excursions are weighed again, a scale's bin is counted."""
    weighing.weigh_again(ctx, facts)
    for fact in facts:
        if fact.kind != "device.doubted" or fact.data["cause"] != "scale":
            continue
        for device in fact.data["devices"]:
            one = devices.states_of_device(ctx, device)[0]
            subject = f"place:{one.place_id}:scale"
            if one.place_id is None or not any(doubt.cause == "scale" for doubt in health.health_of(ctx, device).open):
                tasks.close_task(ctx, "count", subject, "Its scale is believed again.")
                continue
            tasks.open_task(
                ctx, kind="count", subject=subject, site_id=devices.site_of_device(ctx, device),
                title=f"Count the bin of {device}: its scale is in doubt",
                detail="Count what lies there and post the count; the scale's weight is not used until it is well.",
                why="Until then only the book says what is there.", link=f"/bins/{one.place_id}",
            )  # fmt: skip


def reserve(ctx: Context, facts: Sequence[Event]) -> None:
    """New orders are matched at once with what is there, came in or was given back: oldest open lines first."""
    wanted: dict[int, set[int]] = {}
    for fact in facts:
        if fact.kind == "sales.taken":
            wanted.setdefault(fact.data["site_id"], set()).update(fact.data["item_ids"])
        elif fact.kind == "sales.cancelled" or (fact.kind == "stock.moved" and fact.data["reason"] != "pick"):
            wanted.setdefault(fact.data["site_id"], set()).add(fact.data["item_id"])
    for site_id, item_ids in sorted(wanted.items()):
        stock.reserve_open(ctx, site_id, sorted(item_ids))


def tell_of_devices(ctx: Context, facts: Sequence[Event]) -> None:
    """What the doors noticed of devices and somebody has to look at."""
    for fact in facts:
        if fact.kind == "devices.refused":
            unclaimed.tell_of_refusal(ctx, fact.data)


def ask_for_counts(ctx: Context, facts: Sequence[Event]) -> None:
    """Where a pick found less than the books said, a person must count."""
    for fact in facts:
        if fact.kind == "stock.short":
            alerts.raise_alert(
                ctx,
                "count",
                f"item:{fact.data['item_id']}:site:{fact.data['site_id']}",
                "attention",
                f"Count {fact.data['sku']}: a pick found less than the books said",
                f"{fact.data['quantity']} more were picked than lay there by the books. Count what really lies there: "
                "a posted count clears this.",
                f"/items/{quote(fact.data['sku'], safe='')}",
                fact.data,
                site_id=fact.data["site_id"],
            )


def tell_of_stock(ctx: Context, facts: Sequence[Event]) -> None:
    """What happened to stock that somebody has to look at: it expired, left a hold, is in two places, or too little."""
    for fact in facts:
        if fact.kind == "stock.expired":
            about = fact.data
            alerts.raise_alert(
                ctx, "expired", f"item:{about['item_id']}:site:{about['site_id']}:lot:{about['lot']}", "attention",
                f"{about['quantity']} of {about['sku']} are past their last day",
                f"Lot {about['lot']} could be sold until {about['expires_on']}. It is in quarantine now: no order gets "
                "it. Throw it away, send it back, or release what is still good.",
                _page_of(about["sku"]), about, site_id=about["site_id"],
            )  # fmt: skip
        elif fact.kind == "stock.taken_from_hold":
            about = fact.data
            lot = f" (lot {', '.join(about['lots'])})" if about.get("lots") else ""
            title = f"{about['quantity']} of {about['sku']}{lot} were taken though they are on hold"
            if about.get("to_customer"):
                title = f"{about['quantity']} of {about['sku']}{lot} went to a customer though they must not be sold"
            alerts.raise_alert(
                ctx, "hold", f"movement:{about['movement_id']}", "danger" if about.get("to_customer") else "attention",
                title,
                f"They left {about['place']} on hold or past their last day. Find out where they went, and whether "
                "they have to come back.",
                _page_of(about["sku"]), about, site_id=about["site_id"],
            )  # fmt: skip
        elif fact.kind == "stock.overpromised":
            _ask_about_promises(ctx, fact.data)
        elif fact.kind == "transfer.over":
            about = fact.data
            tasks.open_task(
                ctx, kind="transfer_over", subject=f"transfer:{about['transfer_id']}", site_id=about["to_site_id"],
                title=f"More of {about['number']} came than had left",
                detail="What came was booked. Find out at both sites which figure is right: count there what lies "
                "there, so that nothing is promised that is elsewhere.",
                why="One of the two sites has counted wrong, and its stock may be wrong with it.",
                link=f"/transfers/{about['transfer_id']}", role="manager", evidence=about,
            )  # fmt: skip
        elif fact.kind == "shipment.short":
            about = fact.data
            sku = records.item(ctx, about["item_id"]).sku
            tasks.open_task(
                ctx, kind="shipment_short", subject=f"shipment:{about['shipment_id']}:item:{about['item_id']}",
                site_id=about["site_id"], title=f"A shipment may go short of {sku}",
                detail=f"The picker found {about['found']} of {about['asked']}. Where there was more elsewhere, they "
                "were sent there; else tell the customer, or send the rest later.",
                why="The customer was promised all of it.",
                link=f"/shipments/{about['shipment_id']}", role="planner", evidence=about,
            )  # fmt: skip
        elif fact.kind == "stock.serial_conflict":
            about = fact.data
            sku = records.item(ctx, about["item_id"]).sku
            alerts.raise_alert(
                ctx, "serial", f"item:{about['item_id']}:serial:{about['serial']}", "attention",
                f"Serial {about['serial']} of {sku} was seen where it cannot be",
                "By the books it is somewhere else. Look at the piece: a number was misread, or a movement not told.",
                _page_of(sku), about, site_id=about["site_id"],
            )  # fmt: skip


def _ask_about_promises(ctx: Context, about: dict[str, Any]) -> None:
    """Less is there than was promised: the youngest promises were given back, and somebody tells those who wait."""
    sku = records.item(ctx, about["item_id"]).sku
    orders_waiting, transfers_waiting = len(about["sales_line_ids"]), len(about["transfer_ids"])
    waiting = " and ".join(
        f"{many} {one if many == 1 else one + 's'}"
        for many, one in ((orders_waiting, "order line"), (transfers_waiting, "transfer line"))
        if many
    )
    tasks.open_task(
        ctx, kind="overpromised", subject=f"item:{about['item_id']}:site:{about['site_id']}",
        site_id=about["site_id"], title=f"More of {sku} was promised than is there",
        detail=f"{waiting or 'No line'} lost what was reserved, the youngest first, and waits again. Order more, "
        "move some here, or tell the customers.",
        why=f"{about['reserved']} were promised, and of the {about['on_hand']} that are there {about['blocked']} may "
        "not be sold.",
        link=_page_of(sku), role="planner", evidence=about,
    )  # fmt: skip


def _page_of(sku: str) -> str:
    return f"/items/{quote(sku, safe='')}"


def learn_history(ctx: Context, facts: Sequence[Event]) -> None:
    """An import brought sales from before go-live, or a rule was switched: the queue sums the whole history anew."""
    sites = {fact.data["site_id"] for fact in facts if fact.kind == "sales.imported"}
    if any(fact.kind == "history.mended" for fact in facts):
        sites = {site.site_id for site in records.sites(ctx)}
    for site_id in sorted(sites):
        jobs.defer(ctx, "learn_history", site_id=site_id)


def find_duplicates(ctx: Context, facts: Sequence[Event]) -> None:
    """An import brought records or sales, or somebody asked: the queue looks for records that are one thing."""
    if any(fact.kind in ("duplicates.wanted", "sales.imported") for fact in facts):
        jobs.defer(ctx, "find_duplicates")


def plan_on_request(ctx: Context, facts: Sequence[Event]) -> None:
    """Somebody, or an import, asked for a look at a site; the queue takes it up."""
    asked = [fact.data for fact in facts if fact.kind == "planning.requested"]
    # Facts of earlier versions name no run.
    for run_id in sorted({data["run_id"] for data in asked if "run_id" in data}):
        jobs.defer(ctx, "look", run_id=run_id)


def send(message: Message, mail: MailServer | None = None) -> None:
    """Deliver an outbox message that is no webhook; without a mail server, mail is refused.

    Raises:
        NotDelivered, Rejected: as `work.outbox.deliver_next` wants to know.
    """
    if message.channel == "mail":
        _send_mail(message, mail)
    else:
        http.post(message.url, message.idempotency_key, message.body)


def _send_mail(message: Message, server: MailServer | None) -> None:
    if server is None:
        raise Rejected(
            "Shelfwise has no mail server. Name one in SHELFWISE_SMTP_URL, then have the message sent again; or send "
            "it by hand."
        )
    try:
        send_letter(server, _letter(message), WallClock().now())
    except Busy as error:
        raise NotDelivered(str(error)) from error
    except Refused as error:
        raise Rejected(str(error)) from error


def _letter(message: Message) -> Letter:
    if message.body.get("kind") == "notice":
        return Letter(message.host, message.body["subject"], message.body["text"], message.idempotency_key)
    sheet = paper(message.body, copy=message.copies > 0)
    attached = Attachment(sheet.file_name, sheet.pdf)
    return Letter(message.host, sheet.subject, sheet.text, message.idempotency_key, (attached,))


def delivered(ctx: Context, message: Message) -> None:
    """What follows when another system has taken a message: an order that its supplier has is sent."""
    spreading.delivered(ctx, message)
    if message.body.get("kind") == "purchase_order" and message.body.get("what") != "cancel":
        orders.mark_sent(ctx, message.body["number"], message.body.get("revision"))
