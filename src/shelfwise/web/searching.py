"""One search for everything that has a name, a number or a code: items, orders, lots, bins, people and the rest.

Codes and numbers are found by their beginning, through an index; names of things that there are few of, anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.records import service as records
from shelfwise.records.item_packs import by_barcode
from shelfwise.records.tables import contains
from shelfwise.store.database import rows

EACH = 8
LONGEST = 100
# Beginnings of our own documents' numbers: somebody who types 12 means one of these.
_PREFIXES = ("po", "so", "sh", "tr", "ct", "rt")
_HERE = "(%(sites)s::bigint[] is null or {0} = any(%(sites)s))"
_BEGINS = "(lower({0}) like %(begins)s or lower({0}) = any(%(numbers)s))"
_DEVICE_SITE = """coalesce(
    (select p.site_id from place p where p.tenant_id = d.tenant_id and p.place_id = d.place_id),
    (select z.site_id from zone z where z.tenant_id = d.tenant_id and z.zone_id = d.zone_id))"""


@dataclass(frozen=True)
class Hit:
    """Something that was found.

    Attributes:
        kind: what it is, in a word: 'item', 'purchase order'.
        title: what it is called; `detail`: what helps to tell it from others.
        link: its page.
        exact: the text is all of its name, number or code.
    """

    kind: str
    title: str
    detail: str
    link: str
    exact: bool


@dataclass(frozen=True)
class _Row:
    kind: str
    title: str
    detail: str
    key: str
    exact: bool


# By kind: where its page is, with the key in braces.
_LINKS = {
    "item": "/items/{}",
    "category": "/items?category={}",
    "purchase order": "/orders/{}",
    "sales order": "/sales/orders/{}",
    "customer": "/sales?show=all&search={}",
    "shipment": "/shipments/{}",
    "transfer": "/transfers/{}",
    "count": "/counts/{}",
    "lot": "{}",
    "serial": "/items/{}",
    "bin": "/bins/{}",
    "place": "/places?search={}",
    "supplier": "/suppliers/{}",
    "device": "/devices?search={}",
    "person": "/people/{}",
}

# What an absorbed item is now.
_NOW = """coalesce((select ', now ' || k.sku from joined j join item k
    on k.tenant_id = j.tenant_id and k.item_id = j.survivor_id
    where j.tenant_id = i.tenant_id and j.kind = 'item' and j.id = i.item_id), '')"""

_PARTS = (
    f"""select 'item' as kind, i.sku as title, i.description || {_NOW} as detail, i.sku as key,
           lower(i.sku) = %(text)s as exact
       from item i where i.tenant_id = %(tenant)s
         and (lower(i.sku) like %(begins)s or i.sku ilike %(like)s or i.description ilike %(like)s)
       order by lower(i.sku) = %(text)s desc, lower(i.sku) like %(begins)s desc, i.sku""",
    f"""select 'item', i.sku, i.description || ' (barcode ' || b.barcode || ')' || {_NOW},
           i.sku, lower(b.barcode) = %(text)s
       from item_barcode b join item i using (tenant_id, item_id)
       where b.tenant_id = %(tenant)s and lower(b.barcode) like %(begins)s order by b.barcode""",
    """select 'category', i.category, count(*) || case count(*) when 1 then ' item' else ' items' end, i.category,
           lower(i.category) = %(text)s
       from item i where i.tenant_id = %(tenant)s and not i.archived and i.category ilike %(like)s
       group by i.category order by i.category""",
    f"""select 'purchase order', o.number, s.name || ', ' || o.state, o.purchase_order_id::text,
           lower(o.number) = any(%(numbers)s)
       from purchase_order o join supplier s using (tenant_id, supplier_id)
       where o.tenant_id = %(tenant)s and {_BEGINS.format("o.number")} and {_HERE.format("o.site_id")}
       order by o.purchase_order_id desc""",
    f"""select 'sales order', s.order_number, coalesce(max(s.customer), ''), s.order_number,
           lower(s.order_number) = any(%(numbers)s)
       from (select order_number, customer from sales_line l
             where l.tenant_id = %(tenant)s and {_BEGINS.format("l.order_number")} and {_HERE.format("l.site_id")}
             limit 500) s
       group by s.order_number order by lower(s.order_number) = any(%(numbers)s) desc, s.order_number""",
    f"""select 'customer', s.customer, '', s.customer, false
       from (select customer from sales_line l where l.tenant_id = %(tenant)s and l.customer is not null
             and lower(l.customer) like %(begins)s and {_HERE.format("l.site_id")} limit 500) s
       group by s.customer order by s.customer""",
    f"""select 'shipment', h.number, 'for ' || h.order_number || ', ' || h.state, h.shipment_id::text,
           lower(h.number) = any(%(numbers)s)
       from shipment h where h.tenant_id = %(tenant)s and {_BEGINS.format("h.number")} and {_HERE.format("h.site_id")}
       order by h.shipment_id desc""",
    f"""select 'transfer', t.number, f.code || ' to ' || d.code, t.transfer_id::text, lower(t.number) = any(%(numbers)s)
       from transfer t
       join site f on f.tenant_id = t.tenant_id and f.site_id = t.from_site_id
       join site d on d.tenant_id = t.tenant_id and d.site_id = t.to_site_id
       where t.tenant_id = %(tenant)s and {_BEGINS.format("t.number")}
         and ({_HERE.format("t.from_site_id")} or {_HERE.format("t.to_site_id")})
       order by t.transfer_id desc""",
    f"""select 'count', c.number, c.title, c.count_id::text, lower(c.number) = any(%(numbers)s)
       from count_sheet c
       where c.tenant_id = %(tenant)s and {_BEGINS.format("c.number")} and {_HERE.format("c.site_id")}
       order by c.count_id desc""",
    """select 'lot', l.code, 'of ' || i.sku || coalesce(', until ' || l.expires_on, ''),
           '/lot?item=' || l.item_id || '&code=' || l.code, lower(l.code) = %(text)s
       from lot l join item i using (tenant_id, item_id)
       where l.tenant_id = %(tenant)s and lower(l.code) like %(begins)s
         and (%(sites)s::bigint[] is null or exists (
             select from balance b join place p using (tenant_id, place_id)
             where b.tenant_id = l.tenant_id and b.item_id = l.item_id and b.lot = l.code
               and p.site_id = any(%(sites)s)))
       order by l.code""",
    f"""select 'serial', r.serial, 'of ' || i.sku || ', in ' || p.code, i.sku, lower(r.serial) = %(text)s
       from serial r join item i using (tenant_id, item_id)
       join place p on p.tenant_id = r.tenant_id and p.place_id = r.place_id
       where r.tenant_id = %(tenant)s and lower(r.serial) like %(begins)s and {_HERE.format("p.site_id")}
       order by r.serial""",
    f"""select case when p.kind = 'bin' and p.x_m is not null then 'bin' else 'place' end, p.code,
           s.name || coalesce(', for ' || i.sku, ''),
           case when p.kind = 'bin' and p.x_m is not null then p.place_id::text else p.code end,
           lower(p.code) = %(text)s
       from place p join site s using (tenant_id, site_id)
       left join item i on i.tenant_id = p.tenant_id and i.item_id = p.item_id
       where p.tenant_id = %(tenant)s and p.kind in ('bin', 'dock', 'packing') and lower(p.code) like %(begins)s
         and {_HERE.format("p.site_id")}
       order by p.code, s.code""",
    """select 'supplier', s.name, s.code, s.supplier_id::text, %(text)s in (lower(s.code), lower(s.name))
       from supplier s where s.tenant_id = %(tenant)s and (s.code ilike %(like)s or s.name ilike %(like)s)
       order by s.name""",
    f"""select 'device', d.device, d.name, d.device, lower(d.device) = %(text)s
       from device d where d.tenant_id = %(tenant)s and (lower(d.device) like %(begins)s or d.name ilike %(like)s)
         and {_HERE.format(_DEVICE_SITE)}
       order by d.device""",
)
_PEOPLE = """select 'person', u.login, u.name, u.user_id::text, %(text)s in (lower(u.login), lower(u.name))
       from app_user u where u.tenant_id = %(tenant)s and (u.login ilike %(like)s or u.name ilike %(like)s)
       order by u.login"""


def search(ctx: Context, text: str, each: int = EACH) -> list[Hit]:
    """What is called so, or begins so: what is called exactly so first, then by kind; at most `each` of a kind.

    Only what the actor may see: of their sites, and people only for who manages people.

    Raises:
        Forbidden: the actor may look at nothing.
    """
    sites = ctx.sites(Right.VIEW)
    wanted = " ".join(text.replace("\x00", "").split())[:LONGEST].lower()
    if not wanted:
        return []
    scanned = by_barcode(ctx, text.strip())
    parts = [*_PARTS, _PEOPLE] if ctx.actor.may(Right.MANAGE_PEOPLE) else _PARTS
    found = rows(
        ctx.tx,
        _Row,
        " union all ".join(f"select * from ({part} limit %(each)s) part_{n}" for n, part in enumerate(parts)),
        {
            "tenant": ctx.tenant, "sites": sites, "text": wanted, "like": contains(wanted), "each": each,
            "begins": contains(wanted)[1:], "numbers": _numbers(wanted),
        },
    )  # fmt: skip
    # An item that is found by its barcode too is one item; bins of two sites may be called the same.
    hits: dict[tuple[str, str, str], Hit] = {}
    if scanned is not None:
        item = records.item(ctx, scanned.item_id)
        hits["item", item.sku, ""] = Hit("item", item.sku, item.description, _link("item", item.sku), True)
    for one in sorted(found, key=lambda one: not one.exact):
        which = (one.kind, one.key, "" if one.kind == "item" else one.detail)
        hits.setdefault(which, Hit(one.kind, one.title, one.detail, _link(one.kind, one.key), one.exact))
    return list(hits.values())


def only_one(hits: list[Hit]) -> Hit | None:
    """The one that is called exactly so, where it is the only one: there a scanner's user wants to be."""
    exact = [one for one in hits if one.exact]
    return exact[0] if len(exact) == 1 else None


def _numbers(text: str) -> list[str]:
    """The text, and the numbers of documents that are meant by bare digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        return [text]
    return [text, *(f"{prefix}-{text:0>6}" for prefix in _PREFIXES)]


def _link(kind: str, key: str) -> str:
    if kind == "lot":
        head, _, code = key.partition("&code=")
        return f"{head}&code={quote(code, safe='')}"
    return _LINKS[kind].format(quote(key, safe=""))
