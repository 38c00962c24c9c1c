"""The audit log in sentences: who did what to what, what it was before and after, and the page that shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from shelfwise.access.audit import AuditEntry
from shelfwise.access.context import Context
from shelfwise.store.database import values
from shelfwise.web.audit_words_beside import SENTENCES_BESIDE

# "Mara" + what is here. {it}: the subject with its link; {name}: that part of the detail. What is not here is written
# from the action's own name, so that no entry is left out.
SENTENCES: dict[str, str] = {
    **SENTENCES_BESIDE,
    "alert.acknowledged": "acknowledged the alert “{title}”",
    "alert.escalated": "passed the alert “{title}” on to {to}: nobody had taken it",
    "alert.given_back": "gave back the alert “{title}”",
    "alert.objected": "said that the alert “{title}” is wrong: {note}",
    "alert.passed_on": "passed the alert “{title}” on to {to}: {note}",
    "alert.settled": "settled the alert “{title}”",
    "alert.snoozed": "put off the alert “{title}”",
    "approval_limit.set": "set {it} to {amount}",
    "backup.asked": "asked for a backup",
    "backup.taken": "took the backup {name} along",
    "barcodes.added": "added barcodes of items",
    "barcodes.removed": "took out {count} barcodes that an import had brought",
    "budget.set": "set {it} to {amount}",
    "code.failed": "was refused: somebody typed a wrong code at {address}",
    "company.carrying_rate_set": "said what keeping stock costs",
    "company.changed": "changed {it}",
    "company.set_up": "set {it} up, and chose a password of their own",
    "company.test_mail": "had a test mail sent to {to}",
    "count.again": "asked for places of {it} to be counted again",
    "count.cancelled": "cancelled {it}: {reason}",
    "count.posted": "posted the differences of {it}",
    "count.started": "asked for a count: {title}",
    "count.told": "counted a place of {it}",
    "device.activate": "let {it} in again",
    "device.add": "registered {it}",
    "device.renew_secret": "gave {it} a new secret",
    "device.revoke": "shut {it} out",
    "document.file_added": "added the file {file} to {it}",
    "exchange_rate.set": "set {it} to {rate} from {valid_from}",
    "forecast.made": "forecast {items} items of {it}",
    "forecast.objected": "said that the forecast of {it} is wrong: {note}",
    "data.exported": "took along {sheets}",
    "filter.changed": "changed a saved filter",
    "filter.opens": "chose with which saved filter {it} opens",
    "filter.removed": "deleted the saved filter {name} of {page}",
    "filter.saved": "saved the filter {name} of {page}",
    "floor.drawn": "drew the floor of {it}: {words}",
    "go_live.decided": "decided when the books go live",
    "handheld.added": "added the handheld {name}",
    "handheld.code_made": "made a new code for the handheld {name}",
    "handheld.enrolled": "made a device {it}",
    "handheld.revoked": "revoked the handheld {name}",
    "import.done": "imported {kind} from {file}: {created} new, {changed} changed",
    "import.undone": "took back the import of {kind} from {file}: {restored} records are as they were",
    "item.kept_apart": "said that {it} and {other} are two things",
    "item.may_be_one": "took back that {it} and {other} are two things",
    "item.merged": "merged {absorbed} into {it}",
    "item.unmerged": "took {absorbed} out of {it} again",
    "supplier.kept_apart": "said that {it} and {other} are two firms",
    "supplier.may_be_one": "took back that {it} and {other} are two firms",
    "supplier.merged": "merged {absorbed} into {it}",
    "supplier.unmerged": "took {absorbed} out of {it} again",
    "mend.applied": "had a mend of the history of {day} applied",
    "mend.refused": "took back a mend of the history of {day}",
    "mends.applied": "had {mends} mends of the history applied at once",
    "mends.refused": "left {mends} lines of the history as they were told",
    "mend_rule.switched": "switched a rule that mends history",
    "item.added": "added {it}",
    "item.archived": "phased out {it}",
    "item.barcode_added": "put the barcode {barcode} on {it}",
    "item.barcode_removed": "took the barcode {barcode} off {it}",
    "item.changed": "changed {it}",
    "item.pack_set": "set the {level} of {it} to hold {quantity} from {valid_from} on",
    "item.restored": "offered {it} again",
    "items.added": "added items",
    "items.changed": "changed {count} items from a file",
    "items.removed": "took out {count} items that an import had brought",
    "key.added": "made {it}",
    "key.revoked": "revoked {it}",
    "lot.date_differs": "was told another last day of the lot {lot} of {it}: {told} instead of {known}",
    "lot.corrected": "corrected the lot {lot} of {it}: {reason}",
    "outbox.delivered": "delivered {it}",
    "outbox.resolved": "settled {it}, which was in doubt",
    "outbox.send_again": "had {it} sent again",
    "packs.set": "set the packs of items",
    "parked.done": "digested {it} at last",
    "measure.baseline_fixed": "fixed what is before at {it}: {first} to {last}",
    "measure.told": "told of {it}: {metric} {value}, known from {source}",
    "parked.dropped": "dropped {it}: {note}",
    "parked.try_again": "had {it} tried again",
    "password.failed": "was refused: a wrong password for {it}",
    "place.added": "added {it}",
    "place.archived": "took {it} out of use",
    "place.changed": "changed {it}",
    "place.restored": "took {it} into use again",
    "places.added": "added {added} places at {it}",
    "places.removed": "took out {count} places that an import had brought",
    "planning.requested": "asked for a planning run",
    "prices.added": "added {count} prices of suppliers",
    "prices.changed": "changed the prices by quantity of {it}",
    "prices.removed": "took out {count} prices that an import had brought",
    "proposal.approved": "approved {it}: {ordered} of {item}, as order {order}",
    "proposal.expired": "let {it} lapse: {note}",
    "proposal.made": "proposed {quantity} of {item}: {it}",
    "proposal.objected": "said that {it} for {item} is wrong: {note}",
    "proposal.rejected": "rejected {it} for {item}: {note}",
    "proposal.taken_back": "took back the decision on {it} for {item}",
    "purchase.answered": "noted the answer on {it}",
    "purchase.approved": "approved {it} for {total}",
    "purchase.cancelled": "cancelled {it}: {reason}",
    "purchase.changed": "changed {it}: {reason}",
    "purchase.closed": "closed {it}",
    "purchase.confirmed": "noted what was confirmed of {it}",
    "purchase.drafted": "drafted {it}",
    "purchase.edited": "edited {it}",
    "purchase.file_added": "added a file to {it}",
    "purchase.given_back": "took out {it}, which an import had brought",
    "purchase.lines_taken_out": "took lines out of {it}, as their decisions were taken back",
    "purchase.merged": "merged {it} into {into}",
    "purchase.placed": "placed {it}",
    "purchase.received": "received goods of {it}",
    "purchase.reopened": "reopened {it}: {reason}",
    "purchase.restored": "restored {it}: {reason}",
    "purchase.second_asked": "approved {it}, which needs a second person: {why}",
    "purchase.sent": "sent {it}",
    "purchase.sent_back": "sent {quantity} of {it} back to the supplier: {reason}",
    "purchase.taken_back": "took back the approval of {it}: {reason}",
    "purchase.taken_over": "took over {it} from before",
    "quarantine.dropped": "dropped {it} of {device}",
    "quarantine.replayed": "took in {it} of {device} after all",
    "rule.removed": "took the rule of their own off {it}",
    "rule.set": "set the rule of their own for {it}",
    "rules.set": "set {count} rules of their own for items",
    "sales.allowed_part": "said whether {it} may be delivered in parts",
    "sales.cancelled": "cancelled {it}",
    "sales.entered": "took {it} by hand",
    "sales.held_back": "held {it} back",
    "sales.import": "imported sales from {file}: {new} new lines",
    "sales.issued": "issued goods for {it}",
    "sales.let_wait": "let {it} wait",
    "sales.noted": "wrote a note on {it}",
    "sales.put_first": "changed whose turn comes first: {it}",
    "sales.returned": "took back goods of {it}",
    "sales.taken": "took orders",
    "session.ended": "ended a session of {it}",
    "sessions.ended": "ended {ended} sessions of {it}",
    "shipment.begun": "began {it}",
    "shipment.cancelled": "cancelled {it}",
    "shipment.packed": "packed {it}",
    "shipment.picked": "picked goods for {it}",
    "shipment.reopened": "reopened {it}",
    "shipment.replanned": "sent the picker of {it} elsewhere: what lay there is on hold",
    "shipment.shipped": "sent {it} on its way",
    "sign_in": "signed in",
    "sign_in.failed": "was refused: a failed sign-in, {it}",
    "site.added": "added {it}",
    "site.changed": "changed {it}",
    "sites.removed": "took out {count} sites that an import had brought",
    "start.put_aside": "said that {step} is not needed to begin with",
    "start.taken_up": "said that {step} is needed after all",
    "stock.adjusted": "adjusted {it} in {place} by {change}: {reason}",
    "site.address_set": "said where goods for {it} are delivered",
    "stock.batch_reversed": "reversed {it}: {reason}",
    "stock.converted": "converted {quantity} of {it}",
    "stock.expired": "took {lots} expired lots at {it} out of what can be sold",
    "stock.held": "held stock of {it}",
    "stock.loss_accepted": "accepted what was unaccounted for of {it}: {reason}",
    "stock.objected": "said that the stock of {it} is wrong: {note}",
    "stock.posted": "posted movements of stock",
    "stock.released": "released stock of {it}",
    "stock.reversed": "reversed {it}",
    "stock.written_off": "wrote off {quantity} of {it} in {place}: {reason}",
    "subscription.added": "subscribed {to} as {name}",
    "subscription.disabled": "stopped the subscription {name}: {why}",
    "subscription.paused": "paused the subscription {name}",
    "subscription.removed": "removed the subscription {name}",
    "subscription.resumed": "resumed the subscription {name}",
    "subscription.secret_renewed": "renewed the secret of the subscription {name}",
    "subscription.sent_again": "had {messages} messages of the subscription {name} sent again",
    "subscription.tested": "tested the subscription {name}",
    "supplier.added": "added {it}",
    "suppliers.imported": "added or changed {count} suppliers from a file",
    "suppliers.removed": "took out {count} suppliers that an import had brought",
    "supplier.changed": "changed {it}",
    "suppliers.added": "added {added} suppliers",
    "task.asked": "asked for the task “{title}”",
    "task.done": "did the task “{title}”",
    "task.dropped": "dropped the task “{title}”: {note}",
    "task.escalated": "passed the task “{title}” on to {to}: nobody had taken it",
    "task.handed_over": "handed the task “{title}” to {to}",
    "task.objected": "said that the task “{title}” is wrong: {note}",
    "task.passed_on": "passed the task “{title}” on to {to}: {note}",
    "task.reopened": "reopened the task “{title}”",
    "task.snoozed": "put off the task “{title}”",
    "task.taken": "took the task “{title}”",
    "terms.removed": "took out {count} terms that an import had brought",
    "terms.added": "said on which terms suppliers sell",
    "terms.changed": "changed the terms of {it}",
    "terms.ended": "noted that {it} sells an item no more",
    "transfer.approved": "approved {it}",
    "transfer.came_back": "took goods of {it} back from the road",
    "transfer.cancelled": "cancelled {it}",
    "transfer.closed": "closed {it}",
    "transfer.drafted": "drafted {it}",
    "transfer.edited": "edited {it}",
    "transfer.over": "received more of {it} than had left",
    "transfer.received": "received goods of {it}",
    "transfer.shipped": "sent goods of {it} on their way",
    "transfer.written_off": "wrote off goods of {it}",
    "user.added": "added {it}",
    "user.badge_set": "gave {it} another badge",
    "user.changed": "changed {it}",
    "user.deactivated": "shut {it} out",
    "user.password_changed": "changed their password",
    "user.password_chosen": "chose a password with a code",
    "user.password_code_made": "made a code for a new password of {it}",
    "user.pin_changed": "changed their PIN",
    "user.pin_reset": "gave {it} a new PIN",
    "user.reactivated": "let {it} in again",
    "zone.added": "added {it}",
    "zone.changed": "changed {it}",
    "zones.removed": "took out {count} zones that an import had brought",
}

# What kinds of subjects are called, and the page of one; {id} is what stands behind the colon.
KINDS: dict[str, tuple[str, str | None]] = {
    "alert": ("alert {id}", "/alerts/{id}"),
    "company": ("the company", "/settings"),
    "budget": ("the budget of {id}", None),
    "currency": ("the rate of {id}", None),
    "limit": ("the approval limit of {id}", None),
    "subscription": ("subscription {id}", "/webhooks/{id}"),
    "task": ("task {id}", "/tasks/{id}"),
    "batch": ("batch {id}", None),
    "code": ("code", None),
    "device": ("device {id}", "/devices?search={id}"),
    "handheld": ("handheld {id}", "/people"),
    "import": ("import {id}", None),
    "item": ("item {id}", "/items/{id}"),
    "key": ("key {id}", "/keys"),
    "movement": ("movement {id}", None),
    "outbox": ("message {id}", None),
    "parked": ("fact {id}", "/quarantine"),
    "place": ("place {id}", "/bins/{id}"),
    "proposal": ("proposal {id}", "/proposals/{id}"),
    "purchase_order": ("order {id}", "/orders/{id}"),
    "quarantine": ("message {id}", "/quarantine/{id}"),
    "sales_line": ("sales line {id}", None),
    "sales_order": ("order {id}", "/sales/orders/{id}"),
    "count": ("count {id}", "/counts/{id}"),
    "shipment": ("shipment {id}", "/shipments/{id}"),
    "site": ("site {id}", "/floor?site={id}"),
    "source": ("source {id}", "/sources/{id}"),
    "incoming": ("file {id}", "/incoming/{id}"),
    "customer": ("customer {id}", "/customers/{id}"),
    "supplier": ("supplier {id}", "/suppliers/{id}"),
    "transfer": ("transfer {id}", "/transfers/{id}"),
    "user": ("{id}", "/people/{id}"),
    "zone": ("zone {id}", "/zones/{id}"),
}
# Where the number of a kind does not tell its name or its page: the query gives number, name, and what its page is by.
_NAMES: dict[str, str] = {
    kind: f"select {key}::text, {name}, {page}::text from {table} where tenant_id = %s and {key} = any(%s::{type_}[])"
    for kind, table, key, name, page, type_ in (
        ("item", "item", "item_id", "sku", "sku", "bigint"),
        ("purchase_order", "purchase_order", "purchase_order_id", "number", "purchase_order_id", "bigint"),
        ("site", "site", "site_id", "name", "code", "bigint"),
        ("supplier", "supplier", "supplier_id", "name", "supplier_id", "bigint"),
        ("zone", "zone", "zone_id", "name", "zone_id", "bigint"),
        ("place", "place", "place_id", "code", "place_id", "bigint"),
        ("handheld", "handheld", "handheld_id", "name", "handheld_id", "bigint"),
        ("count", "count_sheet", "count_id", "number", "count_id", "bigint"),
        ("shipment", "shipment", "shipment_id", "number", "shipment_id", "bigint"),
        ("transfer", "transfer", "transfer_id", "number", "transfer_id", "bigint"),
        ("user", "app_user", "login", "login", "user_id", "text"),
    )
}
# Never shown again: it stands in the sentence, or in the columns of before and after.
_SAID = frozenset({"before", "after"})


@dataclass(frozen=True)
class Subject:
    """What an entry is about, in words, and the page that shows it."""

    words: str
    link: str | None

    def __html__(self) -> Markup:
        if self.link is None:
            return Markup("<b>{}</b>").format(self.words)
        return Markup('<a href="{}">{}</a>').format(self.link, self.words)


@dataclass(frozen=True)
class Line:
    """An entry as it is read.

    Attributes:
        who: the person, system or part of Shelfwise.
        sentence: what it did, as HTML that is safe.
        changes: (field, before, after).
        detail: (name, words) of what the sentence does not say.
    """

    entry: AuditEntry
    who: str
    sentence: Markup
    changes: list[tuple[str, str, str]]
    detail: list[tuple[str, str]]


def lines(ctx: Context, entries: Collection[AuditEntry]) -> list[Line]:
    """The entries in sentences; names are looked up once for all of them."""
    subjects = _subjects(ctx, {entry.subject for entry in entries})
    return [_line(entry, subjects[entry.subject]) for entry in entries]


def who_words(kind: str, name: str) -> str:
    """mara; the key shop; Shelfwise (purchasing)."""
    if kind == "person":
        return name
    return f"Shelfwise ({name})" if kind == "system" else f"the {kind} {name}"


def action_words(action: str) -> str:
    """purchase, placed."""
    return action.replace("_", " ").replace(".", ", ")


def _line(entry: AuditEntry, subject: Subject) -> Line:
    template = SENTENCES.get(entry.action)
    used = set(_SAID)
    if template is None or not _fits(template, entry.detail):
        sentence = Markup("{}: {}").format(action_words(entry.action), subject)
    else:
        used |= {name for name in entry.detail if "{" + name + "}" in template}
        told = {name: _words(value) for name, value in entry.detail.items()}
        sentence = Markup(template).format(**{**told, "it": subject})  # noqa: S704 (a text of our own)
    before, after = entry.detail.get("before"), entry.detail.get("after")
    changes = []
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        changes = [
            (name.replace("_", " "), _words(before.get(name)), _words(after.get(name)))
            for name in sorted(before.keys() | after.keys())
        ]
    elif before is not None and after is not None:
        changes = [("from", _words(before), _words(after))]
    detail = [
        (name.replace("_", " "), _words(value))
        for name, value in entry.detail.items()
        if name not in used and value not in (None, "", [], {})
    ]
    return Line(entry, who_words(entry.actor_kind, entry.actor_name), sentence, changes, detail)


def _fits(template: str, detail: Mapping[str, Any]) -> bool:
    names = {part.split("}")[0] for part in template.split("{")[1:]} - {"it"}
    return all(detail.get(name) not in (None, "") for name in names)


def _words(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{str(name).replace('_', ' ')}: {_words(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value)
    return str(value)


def _subjects(ctx: Context, wanted: Collection[str]) -> dict[str, Subject]:
    by_kind: dict[str, set[str]] = {}
    for text in wanted:
        kind, _, name = text.partition(":")
        by_kind.setdefault(kind, set()).add(name)
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for kind, names in by_kind.items():
        sql = _NAMES.get(kind)
        asked = sorted(names) if kind == "user" else sorted(name for name in names if _is_id(name))
        if sql and asked:
            for key, name, link in values(ctx.tx, sql, (ctx.tenant, asked)):
                known[kind, key] = (name, link)
    return {text: _subject(text, known) for text in wanted}


def _is_id(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) < 19


def _subject(text: str, known: Mapping[tuple[str, str], tuple[str, str]]) -> Subject:
    kind, colon, name = text.partition(":")
    words, link = KINDS.get(kind, (f"{kind.replace('_', ' ')} {{id}}" if colon else kind.replace("_", " "), None))
    if kind in _NAMES and (kind, name) not in known:
        # It is gone, or never was: there is no page to lead to.
        return Subject(words.replace("{id}", name), None)
    found, page = known.get((kind, name), (name, name))
    return Subject(words.replace("{id}", found), link and link.replace("{id}", quote(page, safe="")))
