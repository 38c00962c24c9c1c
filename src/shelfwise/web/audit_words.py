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
from shelfwise.web.audit_sentences import SENTENCES

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
    "carrier": ("carrier {id}", "/carriers/{id}"),
    "code": ("code", None),
    "connection": ("connection {id}", "/devices/connections/{id}"),
    "device": ("device {id}", "/devices/{id}"),
    "site_key": ("site key {id}", "/devices/site-keys"),
    "handheld": ("handheld {id}", "/people"),
    "import": ("import {id}", None),
    "item": ("item {id}", "/items/{id}"),
    "key": ("key {id}", "/keys"),
    "movement": ("movement {id}", None),
    "outbox": ("message {id}", None),
    "outside": ("series {id}", "/outside/{id}"),
    "parked": ("fact {id}", "/quarantine"),
    "place": ("place {id}", "/bins/{id}"),
    "promotion": ("promotion {id}", "/promotions/{id}"),
    "proposal": ("proposal {id}", "/proposals/{id}"),
    "purchase_order": ("order {id}", "/orders/{id}"),
    "quarantine": ("message {id}", "/quarantine/{id}"),
    "sales_line": ("sales line {id}", None),
    "sales_order": ("order {id}", "/sales/orders/{id}"),
    "count": ("count {id}", "/counts/{id}"),
    "shipment": ("shipment {id}", "/shipments/{id}"),
    "site": ("site {id}", "/floor?site={id}"),
    "rate_card": ("prices {id}", "/rate-cards/{id}"),
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
        ("outside", "outside_series", "series_id", "name", "series_id", "bigint"),
        ("carrier", "carrier", "carrier_id", "name", "carrier_id", "bigint"),
        ("promotion", "promotion", "promotion_id", "code", "promotion_id", "bigint"),
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
