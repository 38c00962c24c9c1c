"""What pages list of what waits for somebody: the inbox, alerts, quarantine, proposals; and which devices report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from itertools import groupby
from operator import attrgetter

from shelfwise.access.context import Context, business_time
from shelfwise.agents import service as agents
from shelfwise.agents.transfers.service import proposed_transfers
from shelfwise.edge import connected, connections, devices
from shelfwise.edge.devices import SITE_OF_DEVICE
from shelfwise.edge.health import service as health
from shelfwise.records import service as records
from shelfwise.web.device_words import connection, how_it_is, importance, last_heard, says, standings
from shelfwise.web.floor_view import stale_after
from shelfwise.web.listing import Choice, Column, Filter, Listing, Options, Row
from shelfwise.work import inbox

MOST_PROPOSALS = 1_000_000
DECIDED = ("executed", "approved", "rejected", "expired", "failed", "undone")


def _site_names(ctx: Context) -> Options:
    return [(str(site.site_id), site.name) for site in records.sites(ctx)]


def _inbox(ctx: Context) -> Iterable[Row]:
    awake, _ = inbox.inbox(ctx, "all")
    for rank, one in enumerate(awake):
        yield {**asdict(one), "rank": rank, "line": one, "mine": one.owner == ctx.actor.by, "to": one.to.value}


def _whose(row: Row, show: str) -> bool:
    return show == "all" or bool(row["mine"] if show == "mine" else row["for_me"])


INBOX = Listing(
    name="inbox",
    home="/inbox",
    title="Inbox",
    columns=(
        Column("rank", "Order", "whole", exported=False),
        Column("title", "What"),
        Column("detail", "More"),
        Column("level", "How urgent", "code"),
        Column("state", "State", "code"),
        Column("site", "Site"),
        Column("owner", "Who has it"),
        Column("to", "For", "code"),
        Column("why_now", "Why now"),
        Column("since", "Since", "instant"),
        Column("due_at", "Due", "instant"),
        Column("page", "Page", "code"),
    ),
    order="rank",
    key="rank",
    rows=_inbox,
    filters=(
        Filter(
            "show", "Whose", tabs=True, default="me", keep=_whose,
            choices=(Choice("me", "For me"), Choice("mine", "I have it"), Choice("all", "Everybody's")),
        ),
        Filter("site", "Site", options=_site_names, keep=lambda row, site: str(row["site_id"]) == site),
    ),
    search_words="Words in it",
)  # fmt: skip

ALERTS = Listing(
    name="alerts",
    home="/alerts",
    title="Alerts",
    columns=(
        Column("title", "What", link="/alerts/{alert_id}", under="detail"),
        Column("detail", "More", shown=False),
        Column("kind", "Kind", "code", shown=False),
        Column("severity", "How urgent", "code"),
        Column("site", "Site", "code"),
        Column("state", "State", "code", shown=False),
        Column("raised_at", "Began", "instant"),
        Column("cleared_at", "Ended", "instant"),
        Column("acknowledged_by", "Taken by"),
        Column("outcome", "Outcome", shown=False),
        Column("times", "Told", "whole"),
    ),
    order="-raised_at",
    key="alert_id",
    query="""select a.alert_id, a.title, a.detail, a.kind, a.severity, s.code as site, a.state, a.raised_at,
            a.cleared_at, a.acknowledged_by, a.outcome, a.times
        from alert a left join site s on s.tenant_id = a.tenant_id and s.site_id = a.site_id
        where a.tenant_id = %(tenant)s
          and (%(sites)s::bigint[] is null or a.site_id is null or a.site_id = any(%(sites)s)) {where}""",
    filters=(
        Filter(
            "state", "State", default="over",
            choices=(
                Choice("over", "over", "a.state = 'cleared'"),
                Choice("open", "open", "a.state <> 'cleared'"),
                Choice("all", "open or over"),
            ),
        ),
        Filter(
            "severity", "How urgent", "a.severity = %(f_severity)s",
            choices=(Choice("", "any"), Choice("danger", "danger"), Choice("attention", "attention")),
        ),
        Filter(
            "site", "Site", "s.code = %(f_site)s",
            options=lambda ctx: [(site.code, site.name) for site in records.sites(ctx)],
        ),
        Filter("first", "From", "a.raised_at >= %(f_first)s", kind="from"),
        Filter("last", "To", "a.raised_at < %(f_last)s", kind="until"),
    ),
    search="a.title ilike %(like)s or a.detail ilike %(like)s or a.outcome ilike %(like)s",
    search_words="Words in it",
)  # fmt: skip

QUARANTINE = Listing(
    name="quarantine",
    home="/quarantine",
    title="Quarantine",
    columns=(
        Column("received_at", "Came", "instant"),
        Column("device", "Device", "code", under="way"),
        Column("reason", "Why not"),
        Column("seen", "Copies", "whole"),
        Column("format", "Format", "code", shown=False),
        Column("way", "By", shown=False),
        Column("state", "State", "code", shown=False),
        Column("decided_by", "Decided by", shown=False),
        Column("decided_at", "Decided", "instant", shown=False),
        Column("deed", "", sortable=False, exported=False, link="/quarantine/{quarantine_id}"),
    ),
    order="-received_at",
    key="quarantine_id",
    query=f"""select q.quarantine_id, q.received_at, q.device, q.door || ' · ' || q.topic as way, q.reason, q.seen,
            q.format, q.state, q.decided_by, q.decided_at
        from quarantine q
        where q.tenant_id = %(tenant)s
          and (%(sites)s::bigint[] is null or (
              select {SITE_OF_DEVICE} from device d
              where d.tenant_id = q.tenant_id and d.device = q.device) = any(%(sites)s)) {{where}}""",
    filters=(
        Filter(
            "show", "What", default="waiting",
            choices=(
                Choice("waiting", "waits", "q.state = 'waiting'"),
                Choice("replayed", "taken in", "q.state = 'replayed'"),
                Choice("dropped", "dropped", "q.state = 'dropped'"),
                Choice("all", "all"),
            ),
        ),
    ),
    search="q.device ilike %(like)s or q.reason ilike %(like)s or q.topic ilike %(like)s",
    search_words="Device, reason, topic",
)  # fmt: skip


def _proposals(ctx: Context) -> Iterable[Row]:
    for one in agents.proposals(ctx, None, limit=MOST_PROPOSALS):
        yield {
            "proposal_id": one.proposal_id, "state": one.state, "sku": one.sku, "description": one.description,
            "site": one.site, "supplier": one.supplier, "proposed": one.proposed_quantity, "quantity": one.quantity,
            "unit": one.unit, "unit_cost": one.unit_cost, "total": one.total, "currency": one.currency,
            "reason": one.reason, "proposed_at": one.proposed_at, "expires_at": one.expires_at,
            "decided_by": one.decided_by, "decided_at": one.decided_at, "note": one.decision_note,
        }  # fmt: skip


PROPOSALS = Listing(
    name="proposals",
    home="/proposals",
    title="Proposals",
    columns=(
        Column("proposal_id", "Number", "whole"),
        Column("state", "State", "code"),
        Column("sku", "Item", "code"),
        Column("description", "Description"),
        Column("site", "Site", "code"),
        Column("supplier", "Supplier"),
        Column("proposed", "Proposed", "number"),
        Column("quantity", "Quantity", "number"),
        Column("unit", "Unit", "code"),
        Column("unit_cost", "Unit cost", "number"),
        Column("total", "Cost", "number"),
        Column("currency", "Currency", "code"),
        Column("reason", "Why"),
        Column("proposed_at", "Proposed at", "instant"),
        Column("expires_at", "Expires", "instant"),
        Column("decided_by", "Decided by"),
        Column("decided_at", "Decided", "instant"),
        Column("note", "Note"),
    ),
    order="-proposed_at",
    key="proposal_id",
    rows=_proposals,
    filters=(
        Filter(
            "show", "What", default="all",
            choices=(Choice("all", "All"), Choice("open", "Open"), Choice("decided", "Decided")),
            keep=lambda row, show: show == "all" or (row["state"] in DECIDED) is (show == "decided"),
        ),
    ),
)  # fmt: skip


def _proposed_transfers(ctx: Context) -> Iterable[Row]:
    for one in proposed_transfers(ctx, None, limit=MOST_PROPOSALS):
        yield {
            "proposal_id": one.proposal_id, "state": one.state, "sku": one.sku, "description": one.description,
            "from_site": one.from_site, "to_site": one.site, "proposed": one.proposed_quantity,
            "quantity": one.quantity, "unit": one.unit, "cost": one.expected_value.get("cost"),
            "worth": one.expected_value.get("mean"), "reason": one.reason, "proposed_at": one.proposed_at,
            "expires_at": one.expires_at, "decided_by": one.decided_by, "decided_at": one.decided_at,
            "note": one.decision_note,
        }  # fmt: skip


PROPOSED_TRANSFERS = replace(
    PROPOSALS,
    name="proposed_transfers",
    title="Proposed transfers",
    columns=(
        Column("proposal_id", "Number", "whole"),
        Column("state", "State", "code"),
        Column("sku", "Item", "code"),
        Column("description", "Description"),
        Column("from_site", "From", "code"),
        Column("to_site", "To", "code"),
        Column("proposed", "Proposed", "number"),
        Column("quantity", "Quantity", "number"),
        Column("unit", "Unit", "code"),
        Column("cost", "Cost", "number"),
        Column("worth", "Worth", "number"),
        Column("reason", "Why"),
        Column("proposed_at", "Proposed at", "instant"),
        Column("expires_at", "Expires", "instant"),
        Column("decided_by", "Decided by"),
        Column("decided_at", "Decided", "instant"),
        Column("note", "Note"),
    ),
    rows=_proposed_transfers,
)


# What is said of a device that we call, in the words of those that call us.
_CALLED = {"connected": "connected", "trouble": "connection lost"}


def _devices(ctx: Context) -> Iterable[Row]:
    stale = stale_after(business_time(ctx.tx, ctx.tenant).rate)
    places = standings(ctx)
    known = health.bearings(ctx)
    present = connected.presences(ctx)
    called = {one.connection.device: _CALLED.get(one.state, "") for one in connections.connections(ctx)}
    for _, some in groupby(devices.device_states(ctx), attrgetter("device")):
        states = list(some)
        one = states[0]
        heard = last_heard(states)
        stands, link = places.of(one)
        presence = present.get(one.device)
        yield {
            "device": one.device, "name": one.name, "provenance": one.provenance, "stands_at": stands, "where": link,
            "says": " · ".join(says(state) for state in sorted(states, key=importance)), "heard_at": heard,
            "link": called.get(one.device) or connection(presence)[1],
            "linked_at": None if presence is None else presence.since,
            "state": how_it_is(one, heard, ctx.now, stale, known.get(one.device)),
        }  # fmt: skip


def _in_state(row: Row, state: str) -> bool:
    if state == "in use":
        return bool(row["state"] != "retired")
    return state == "all" or bool(row["state"] == state)


def _linked(row: Row, link: str) -> bool:
    said = str(row["link"])
    return {"connected": said == "connected", "ended": said not in ("", "connected"), "none": not said}.get(link, True)


DEVICES = Listing(
    name="devices",
    home="/devices",
    title="Devices",
    columns=(
        Column("device", "Device", "code"),
        Column("name", "Name", shown=False),
        Column("stands_at", "Stands at"),
        Column("says", "Says", sortable=False),
        Column("heard_at", "Last heard", "instant"),
        Column("link", "Connection"),
        Column("linked_at", "Connected or not since", "instant", shown=False),
        Column("state", "State", "code"),
    ),
    order="device",
    key="device",
    rows=_devices,
    filters=(
        Filter(
            "state", "State", keep=_in_state, default="in use",
            choices=(
                Choice("in use", "in use"), Choice("reporting", "reporting"), Choice("silent", "silent"),
                Choice("in doubt", "in doubt"), Choice("quiet", "quiet"),
                Choice("never heard", "never heard"), Choice("switched off", "switched off"),
                Choice("retired", "retired"), Choice("all", "all"),
            ),
        ),
        Filter(
            "link", "Connection", keep=_linked,
            choices=(
                Choice("", "any"), Choice("connected", "connected"), Choice("ended", "not connected any more"),
                Choice("none", "keeps none open"),
            ),
        ),
    ),
    search_words="Name of a device",
)  # fmt: skip
