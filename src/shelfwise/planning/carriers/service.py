"""Carriers and their rate cards: adding, changing, looking up, and bringing them in by the hundred."""

from __future__ import annotations

from collections.abc import Sequence

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound, Refused
from shelfwise.planning.carriers import tables
from shelfwise.planning.carriers.checking import card_faults
from shelfwise.planning.carriers.model import RateCard
from shelfwise.planning.carriers.tables import Carrier, StoredCard
from shelfwise.records import service as records
from shelfwise.records.changes import taken
from shelfwise.records.model import code_faults, refuse, text_faults


def carriers(ctx: Context) -> list[Carrier]:
    """All carriers, by code."""
    ctx.require_somewhere(Right.VIEW)
    return tables.carriers(ctx.tx, ctx.tenant)


def carrier(ctx: Context, carrier_id: int) -> Carrier:
    """
    Raises:
        NotFound: there is no such carrier.
    """
    ctx.require_somewhere(Right.VIEW)
    found = next((one for one in tables.carriers(ctx.tx, ctx.tenant) if one.carrier_id == carrier_id), None)
    if found is None:
        raise NotFound("carrier", carrier_id)
    return found


def add_carrier(ctx: Context, code: str, name: str) -> int:
    """Add a carrier; returns its id.

    Raises:
        Invalid: a field cannot be right.
        Refused: the code is taken.
    """
    ctx.require(Right.EDIT_RECORDS)
    return _add_carrier(ctx, code, name)


def _add_carrier(ctx: Context, code: str, name: str) -> int:
    refuse([*code_faults(code, "code"), *_name_faults(name)])
    made = tables.insert_carrier(ctx.tx, ctx.tenant, code, name)
    if made is None:
        raise taken("carrier", code)
    ctx.audit("carrier.added", f"carrier:{made}", code=code)
    return made


def rename_carrier(ctx: Context, carrier_id: int, name: str) -> Carrier:
    """Call a carrier something else; its code stays.

    Raises:
        Invalid: the name cannot be right.
        NotFound: there is no such carrier.
    """
    ctx.require(Right.EDIT_RECORDS)
    before = carrier(ctx, carrier_id)
    refuse(_name_faults(name))
    if name != before.name:
        tables.rename_carrier(ctx.tx, ctx.tenant, carrier_id, name)
        ctx.audit("carrier.renamed", f"carrier:{carrier_id}", before={"name": before.name}, after={"name": name})
    return carrier(ctx, carrier_id)


def _name_faults(name: str) -> list[Fault]:
    faults = list(text_faults(name, "name"))
    if not name.strip():
        faults.append(Fault("name", "what people call it", "nothing", "Give it a name."))
    return faults


def cards(ctx: Context, carrier_id: int | None = None) -> list[StoredCard]:
    """Rate cards of a carrier or of all, by service and site, the newest first, of the sites that one may see."""
    return tables.cards(ctx.tx, ctx.tenant, carrier_id=carrier_id, sites=ctx.sites(Right.VIEW))


def card(ctx: Context, rate_card_id: int) -> StoredCard:
    """
    Raises:
        Forbidden: it is of a site one may not see.
        NotFound: there is no such card.
    """
    ctx.require_somewhere(Right.VIEW)
    return _card(ctx, rate_card_id)


def _card(ctx: Context, rate_card_id: int, right: Right = Right.VIEW) -> StoredCard:
    found = tables.cards(ctx.tx, ctx.tenant, rate_card_id=rate_card_id, lock=right is not Right.VIEW)
    if not found:
        raise NotFound("rate card", rate_card_id)
    # A card of all sites is seen at each, and changed by whoever may at all.
    if found[0].site_id is not None or right is not Right.VIEW:
        ctx.require(right, found[0].site_id)
    return found[0]


def put_card(ctx: Context, to: RateCard, rate_card_id: int | None = None) -> int:
    """Add a rate card, or change the one with this id; returns the id. Its carrier must be there.

    What was booked by it keeps the price of its day.

    Raises:
        Forbidden: without the right at its site, or at all sites where it is of all.
        Invalid: a field cannot be right.
        NotFound: there is no such card, carrier or site.
        Refused: the service has another card from the same day on.
    """
    ctx.require_somewhere(Right.EDIT_RECORDS)
    before = None if rate_card_id is None else _card(ctx, rate_card_id, Right.EDIT_RECORDS)
    return _put(ctx, to, Right.EDIT_RECORDS, before)


def _put(ctx: Context, to: RateCard, right: Right, before: StoredCard | None) -> int:
    site_id = None if to.site is None else records.site(ctx, to.site).site_id
    ctx.require(right, site_id)
    refuse(card_faults(to))
    known = next((one for one in tables.carriers(ctx.tx, ctx.tenant) if one.code == to.carrier), None)
    if known is None:
        raise NotFound("carrier", to.carrier)
    old = None if before is None else before.rate_card_id
    made = tables.put_card(ctx.tx, ctx.tenant, old, known.carrier_id, site_id, to, ctx.actor.by, ctx.now)
    if made is None:
        raise Refused(f"{to.name} has another card from {to.valid_from} on. Change that one, or choose another day.")
    if before is None or before.card != to:
        ctx.audit(
            "rate_card.added" if before is None else "rate_card.changed", f"rate_card:{made}", service=to.name,
            valid_from=to.valid_from.isoformat(),
        )  # fmt: skip
        ctx.publish(
            "rate_card.changed",
            f"rate_card:{made}",
            rate_card_id=made,
            carrier=to.carrier,
            service_code=to.service_code,
        )
    return made


def remove_card(ctx: Context, rate_card_id: int) -> None:
    """Take a card out by which nothing was ever booked.

    Raises:
        Forbidden: without the right at its site.
        NotFound: there is no such card.
        Refused: something was booked by it.
    """
    ctx.require_somewhere(Right.EDIT_RECORDS)
    _remove(ctx, _card(ctx, rate_card_id, Right.EDIT_RECORDS))


def _remove(ctx: Context, old: StoredCard) -> None:
    if tables.card_used(ctx.tx, ctx.tenant, old.rate_card_id):
        raise Refused(f"Shipments were booked by the prices of {old.card.name}. Say until when they hold instead.")
    tables.delete_card(ctx.tx, ctx.tenant, old.rate_card_id)
    since = old.card.valid_from.isoformat()
    ctx.audit("rate_card.removed", f"rate_card:{old.rate_card_id}", service=old.card.name, valid_from=since)
    ctx.publish(
        "rate_card.changed", f"rate_card:{old.rate_card_id}", rate_card_id=old.rate_card_id, carrier=old.card.carrier,
        service_code=old.card.service_code,
    )  # fmt: skip


def import_cards(ctx: Context, told: Sequence[tuple[RateCard, str]]) -> None:
    """Add rate cards, or replace those of the same carrier, service, site and day, as files bring them.

    Args:
        told: each with the name of its carrier, which is added where it is not there.

    Raises:
        Forbidden: without the right to import at a card's site, or at all sites where it is of all.
        Invalid: a card cannot be right; nothing was changed.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    refuse(fault for one, _ in told for fault in card_faults(one))
    known = {_named(one.card): one for one in tables.cards(ctx.tx, ctx.tenant)}
    for one, name in told:
        held = {carrier.code: carrier for carrier in tables.carriers(ctx.tx, ctx.tenant)}.get(one.carrier)
        ctx.require(Right.IMPORT_DATA, None if one.site is None else records.site(ctx, one.site).site_id)
        if held is None:
            _add_carrier(ctx, one.carrier, name or one.carrier)
        elif name and name != held.name:
            tables.rename_carrier(ctx.tx, ctx.tenant, held.carrier_id, name)
        _put(ctx, one, Right.IMPORT_DATA, known.get(_named(one)))


def remove_imported(ctx: Context, named: Sequence[RateCard]) -> dict[tuple[object, ...], str]:
    """Take out cards that an import made; returns those by which something was booked, and why they stay."""
    ctx.require_somewhere(Right.IMPORT_DATA)
    known = {_named(one.card): one for one in tables.cards(ctx.tx, ctx.tenant)}
    stayed: dict[tuple[object, ...], str] = {}
    for one in named:
        old = known.get(_named(one))
        if old is None:
            continue
        ctx.require(Right.IMPORT_DATA, old.site_id)
        try:
            _remove(ctx, old)
        except Refused as error:
            stayed[_named(one)] = str(error).rstrip(".")
    return stayed


def _named(card: RateCard) -> tuple[object, ...]:
    """What names a card."""
    return card.carrier, card.service_code, card.site, card.valid_from
