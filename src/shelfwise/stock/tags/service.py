"""Binding tags to goods, taking them off again, giving EPCs to new ones, and what an EPC stands for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.core.quantities import plain
from shelfwise.edge import devices, epc, gs1
from shelfwise.records import service as records
from shelfwise.records import tables as records_tables
from shelfwise.records.item_packs import content as held_by
from shelfwise.stock.tags import tables
from shelfwise.stock.tags.model import MOST_AT_ONCE, Content, Meaning, Tag, read_epcs
from shelfwise.store.database import value, values

# How far back a page looks for what a reader has just read.
LATELY = timedelta(minutes=5)
MOST_SHOWN = 500


def bind_tags(
    ctx: Context,
    site_id: int,
    epcs: Sequence[str],
    content: Sequence[Content],
    *,
    purchase_order_id: int | None = None,
    purchase_line: int | None = None,
) -> int:
    """Each of the tags is on this from now on; returns how many are new. Told again, nothing changes.

    The serial number of an item that is tracked by it is the one in the tag, where the tag has one.

    Args:
        content: what is under each tag: one row for a piece or a case, several for a mixed pallet.

    Raises:
        Invalid: an EPC or a quantity cannot be right.
        NotFound: no such site, item or order of the site.
        Refused: a tag is on something else, or was switched off for good.
    """
    ctx.require_somewhere(Right.RECEIVE_GOODS)
    ctx.require(Right.RECEIVE_GOODS, site_id)
    told = read_epcs(" ".join(epcs))
    _check(ctx, site_id, content, purchase_order_id)
    tables.lock(ctx.tx, ctx.tenant)
    if killed := tables.was_killed(ctx.tx, ctx.tenant, told):
        raise Refused(f"{_some(killed)} was switched off for good. Put another tag on.")
    known = tables.bound(ctx.tx, ctx.tenant, told)
    wanted = {one: _under(ctx, one, content) for one in told}
    others = [one for one, tags in known.items() if _content(tags) != wanted[one]]
    if others:
        raise Refused(
            f"{_some(others)} is on {_some([tag.sku for tag in known[others[0]]])} already. Take it off there first."
        )
    new = [one for one in told if one not in known]
    tables.insert(
        ctx.tx,
        ctx.tenant,
        [(one, line, under, _sscc(one)) for one in new for line, under in enumerate(wanted[one], 1)],
        site_id=site_id, order=(purchase_order_id, purchase_line), at=ctx.now, by=ctx.actor.by,
    )  # fmt: skip
    if new:
        skus = {one.item_id: records.item(ctx, one.item_id).sku for one in content}
        ctx.audit(
            "tags.bound", f"site:{site_id}", count=len(new), first=new[0],
            what=", ".join(f"{plain(one.quantity)} of {skus[one.item_id]}" for one in content),
        )  # fmt: skip
    return len(new)


def _check(ctx: Context, site_id: int, content: Sequence[Content], purchase_order_id: int | None) -> None:
    if not content:
        raise Invalid(Fault("content", "what the tags are on", "nothing", "Choose an item."))
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, [one.item_id for one in content])
    for one in content:
        quantum = quanta.get(one.item_id)
        if quantum is None:
            raise NotFound("item", one.item_id)
        if not one.quantity.is_finite() or one.quantity <= 0 or one.quantity >= 10**12 or one.quantity % quantum:
            wanted = f"a multiple of {plain(quantum)} above 0"
            raise Invalid(Fault("quantity", wanted, str(one.quantity), "Say how much is under each tag."))
    if purchase_order_id is not None:
        sql = "select 1 from purchase_order where tenant_id = %s and purchase_order_id = %s and site_id = %s"
        if value(ctx.tx, sql, (ctx.tenant, purchase_order_id, site_id)) is None:
            raise NotFound("purchase order of this site", purchase_order_id)


def _under(ctx: Context, told: str, content: Sequence[Content]) -> tuple[Content, ...]:
    """With the serial number that is in the tag, for one piece of an item that is tracked by serial."""
    known = epc.decode(told)
    if len(content) != 1 or content[0].serial is not None or known is None or known.serial is None:
        return tuple(content)
    (one,) = content
    if one.quantity != 1 or records.item(ctx, one.item_id).tracking != "serial":
        return tuple(content)
    return (Content(one.item_id, one.quantity, one.lot, known.serial),)


def _content(tags: Sequence[Tag]) -> tuple[Content, ...]:
    return tuple(Content(one.item_id, one.quantity, one.lot, one.serial) for one in tags)


def _sscc(told: str) -> str | None:
    known = epc.decode(told)
    return None if known is None else known.sscc


def _some(names: Collection[str]) -> str:
    first = ", ".join(list(names)[:3])
    return first if len(names) <= 3 else f"{first} and {len(names) - 3} more"


def take_off(ctx: Context, tag_epc: str, reason: str, killed: bool = False) -> None:
    """A tag is on nothing any more; `killed`: it was switched off for good and may not be used again.

    Raises:
        NotFound: it is on nothing.
        Invalid: no reason.
    """
    site_id, tags = _on(ctx, tag_epc)
    said = _why(reason)
    how = "killed" if killed else "unbound"
    tables.end(ctx.tx, ctx.tenant, [tags[0].epc], how, ctx.now, ctx.actor.by, said, None)
    ctx.audit("tag.killed" if killed else "tag.unbound", f"site:{site_id}", epc=tags[0].epc, reason=said)


def replace_tag(ctx: Context, tag_epc: str, new: str, reason: str) -> None:
    """Another tag takes a tag's place, with all that is under it; the old one keeps its history.

    Raises:
        NotFound: the old one is on nothing.
        Refused: the new one is on something already, or was switched off.
        Invalid: no EPC, or no reason.
    """
    site_id, tags = _on(ctx, tag_epc)
    said = _why(reason)
    (fresh,) = read_epcs(new)[:1]
    if fresh == tags[0].epc:
        raise Refused("That is the same tag. Read the new one.")
    if tables.bound(ctx.tx, ctx.tenant, [fresh]) or tables.was_killed(ctx.tx, ctx.tenant, [fresh]):
        raise Refused(f"{fresh} is on something already, or was switched off. Take another tag.")
    tables.end(ctx.tx, ctx.tenant, [tags[0].epc], "replaced", ctx.now, ctx.actor.by, said, fresh)
    tables.insert(
        ctx.tx,
        ctx.tenant,
        [(fresh, tag.line, under, tag.sscc) for tag, under in zip(tags, _content(tags), strict=True)],
        site_id=site_id, order=(tags[0].purchase_order_id, tags[0].purchase_line), at=ctx.now, by=ctx.actor.by,
    )  # fmt: skip
    ctx.audit("tag.replaced", f"site:{site_id}", epc=tags[0].epc, by=fresh, reason=said)


def _on(ctx: Context, told: str) -> tuple[int, list[Tag]]:
    """The site of a tag that is on something, and what that is; locked."""
    ctx.require_somewhere(Right.RECEIVE_GOODS)
    tables.lock(ctx.tx, ctx.tenant)
    tags = tables.bound(ctx.tx, ctx.tenant, [told.strip().upper()]).get(told.strip().upper())
    if not tags:
        raise NotFound("tag that is on something", shorten(told))
    ctx.require(Right.RECEIVE_GOODS, tags[0].site_id)
    return tags[0].site_id, tags


def _why(reason: str) -> str:
    said = " ".join(reason.split())[:500]
    if not said:
        raise Invalid(Fault("reason", "why, in a few words", "nothing", "Say what happened to the tag."))
    return said


def tags(
    ctx: Context,
    search: str = "",
    *,
    item_id: int | None = None,
    purchase_order_id: int | None = None,
    limit: int = MOST_SHOWN,
) -> list[Tag]:
    """Tags of the sites that the actor may see, the newest first; whose EPC or item begins with the text."""
    sites = ctx.sites(Right.VIEW)
    return tables.newest(ctx.tx, ctx.tenant, sites, search.strip(), item_id, purchase_order_id, limit)


def tag_history(ctx: Context, tag_epc: str) -> list[Tag]:
    """All that a tag was ever on, the newest first, at the sites that the actor may see.

    Raises:
        NotFound: it was never on anything there.
    """
    sites = ctx.sites(Right.VIEW)
    found = tables.history(ctx.tx, ctx.tenant, tag_epc.strip().upper())
    seen = [one for one in found if sites is None or one.site_id in sites]
    if not seen:
        raise NotFound("tag", shorten(tag_epc))
    return seen


def meanings(ctx: Context, epcs: Collection[str]) -> dict[str, Meaning]:
    """What EPCs stand for: what they are bound to, else the item whose GTIN is in the tag; others are left out."""
    ctx.require_somewhere(Right.VIEW)
    known = {one: Meaning(_content(on), bound=True) for one, on in tables.bound(ctx.tx, ctx.tenant, set(epcs)).items()}
    of_gtin: dict[str, Content | None] = {}
    for told in sorted(set(epcs) - known.keys()):
        read = epc.decode(told)
        if read is None or read.gtin is None:
            continue
        if read.gtin not in of_gtin:
            of_gtin[read.gtin] = _of_gtin(ctx, read.gtin)
        if (content := of_gtin[read.gtin]) is not None:
            known[told] = Meaning(_under(ctx, told, [content]), bound=False)
    return known


def bound_among(ctx: Context, epcs: Collection[str]) -> set[str]:
    """Those of the EPCs that somebody has bound to something."""
    ctx.require_somewhere(Right.VIEW)
    return set(tables.bound(ctx.tx, ctx.tenant, epcs))


def _of_gtin(ctx: Context, gtin: str) -> Content | None:
    barcode = records.by_barcode(ctx, gtin)
    if barcode is None:
        return None
    held = held_by(records.packs_of(ctx, barcode.item_id, ctx.now.date()), barcode.level)
    return None if held is None else Content(barcode.item_id, held)


def read_lately(ctx: Context, device: str) -> list[str]:
    """The EPCs that a reader has read in the last minutes, for binding them.

    Raises:
        Forbidden: the actor may not receive goods where the reader stands.
    """
    ctx.require_somewhere(Right.RECEIVE_GOODS)
    ctx.require(Right.RECEIVE_GOODS, devices.site_of_device(ctx, device))
    return tables.read_lately(ctx.tx, ctx.tenant, device, ctx.now - LATELY, MOST_AT_ONCE)


def readers(ctx: Context, site_id: int) -> list[str]:
    """The devices of a site that have read tags."""
    ctx.require(Right.VIEW, site_id)
    found = values(
        ctx.tx,
        f"""select d.device from device d join device_latest l using (tenant_id, device)
            where d.tenant_id = %s and l.kind = 'tag' and d.active and {devices.SITE_OF_DEVICE} = %s
            order by d.device""",
        (ctx.tenant, site_id),
    )
    return [device for (device,) in found]


def gtins(ctx: Context, item_id: int) -> list[tuple[str, str]]:
    """(GTIN with 14 digits, what bears it) of an item, pieces first."""
    ctx.require_somewhere(Right.VIEW)
    found = [
        (one.barcode.zfill(14), one.level or "each")
        for one in records.barcodes_of(ctx, item_id)
        if one.barcode.isascii() and one.barcode.isdecimal() and len(one.barcode) in (8, 12, 13, 14)
        and gs1.has_check_digit(one.barcode.zfill(14))
    ]  # fmt: skip
    return sorted(set(found), key=lambda one: (one[1] != "each", one))


def company_digits(ctx: Context) -> int | None:
    """How long the company prefix in our GTINs is; None: nobody said."""
    ctx.require_somewhere(Right.VIEW)
    return tables.company_digits(ctx.tx, ctx.tenant)


def new_epcs(ctx: Context, item_id: int, gtin: str, count: int, digits: int) -> list[str]:
    """EPCs for so many new tags of an item, each given this once: SGTIN-96 with the next serial numbers.

    Args:
        digits: how long the company prefix within the GTIN is, as GS1 gave it; remembered.

    Raises:
        Invalid: a number cannot be right.
        NotFound: the item has no such GTIN.
    """
    ctx.require_somewhere(Right.RECEIVE_GOODS)
    level = dict(gtins(ctx, item_id)).get(gtin)
    if level is None:
        raise NotFound("GTIN of this item", gtin)
    faults = []
    if not 1 <= count <= MOST_AT_ONCE:
        faults.append(Fault("how many", f"1 to {MOST_AT_ONCE}", str(count), "Print them in parts."))
    if not 6 <= digits <= 12:
        faults.append(Fault("company prefix", "6 to 12 digits", str(digits), "See the certificate that GS1 sent you."))
    if faults:
        raise Invalid(*faults)
    tables.set_company_digits(ctx.tx, ctx.tenant, digits)
    first = tables.next_serials(ctx.tx, ctx.tenant, gtin, count)
    made = [epc.sgtin_96(gtin, serial, digits, 1 if level == "each" else 2) for serial in range(first, first + count)]
    ctx.audit("tags.numbered", f"item:{item_id}", count=count, gtin=gtin, first=made[0])
    return made
