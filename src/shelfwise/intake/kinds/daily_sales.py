"""Sales by day: one row for what sold of an item at a site on a day. A later file about the same row corrects it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.quantities import plain
from shelfwise.intake import tables
from shelfwise.intake.kind import Change, Key, Kind, Posted, Record, Row, RowFault, missing, on_row
from shelfwise.intake.kinds.shared import asked, codes, exact
from shelfwise.orders import daily_sales
from shelfwise.orders.daily_sales import DayTotal
from shelfwise.records import service as records
from shelfwise.records import sheets_trade
from shelfwise.records.model import LARGEST, NewItem, code_faults

_DEFAULTS: Record = {"channel": None}


def _known(ctx: Context, keys: Collection[Key] | None) -> dict[Key, Record]:
    found = tables.records(
        ctx.tx,
        """select s.code as site, d.day, i.sku, d.quantity, d.value, nullif(d.channel, '') as channel
           from sales_day d join site s using (tenant_id, site_id) join item i using (tenant_id, item_id)
           where d.tenant_id = %(tenant)s and (%(allowed)s::bigint[] is null or d.site_id = any(%(allowed)s::bigint[]))
             and (%(sites)s::text[] is null or s.code = any(%(sites)s::text[]))
             and (%(days)s::date[] is null or d.day = any(%(days)s::date[]))
             and (%(skus)s::text[] is null or i.sku = any(%(skus)s::text[]))
           order by s.code, d.day, i.sku, d.channel""",
        {
            "tenant": ctx.tenant, "allowed": ctx.sites(Right.VIEW), "sites": asked(keys, 0), "days": asked(keys, 1),
            "skus": asked(keys, 2),
        },
    )  # fmt: skip
    return {
        (one["site"], one["day"], one["sku"], one["channel"]): one | exact(one, "quantity", "value") for one in found
    }


def _check(ctx: Context, rows: Sequence[Row]) -> Iterator[RowFault]:
    sites = {site.code: site for site in records.sites(ctx)}
    for row in rows:
        site = sites.get(str(row.values.get("site")))
        if site is None:
            yield missing(row, "site", "a site")
        yield from on_row(row, code_faults(str(row.values["sku"]), "sku"))
        day = row.values["day"]
        today = local_day(max(ctx.now, ctx.wall.now()), site.zone_info) if site else None
        if isinstance(day, date) and (day.year < 1990 or (today is not None and day > today)):
            yield RowFault(
                row.number, "day", f"a day from 1990 to {today}", day.isoformat(), "Nothing has sold in the future."
            )
        for name in ("quantity", "value"):
            amount = row.values.get(name)
            if isinstance(amount, Decimal) and abs(amount) >= LARGEST:
                yield RowFault(row.number, name, f"less than {plain(LARGEST)}", plain(amount), "Correct the number.")


def _write(ctx: Context, changes: Sequence[Change], at: datetime | None) -> Posted:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    for code in codes((change.after for change in changes), "site"):
        ctx.require(Right.IMPORT_DATA, sites[code])
    items = _items(ctx, changes)
    daily_sales.put_totals(
        ctx,
        [
            DayTotal(
                sites[str(one.key[0])], items[str(one.key[2])], _day(one.key), str(one.key[3] or ""),
                _number(one.after, "quantity") or Decimal(0), _number(one.after, "value"),
            )
            for one in changes
        ],
    )  # fmt: skip
    return Posted()


def _items(ctx: Context, changes: Sequence[Change]) -> dict[str, int]:
    """Items by SKU; those that are missing are made, in the smallest amounts in which they sold."""
    decimals: Counter[str] = Counter()
    for one in changes:
        exponent = (_number(one.after, "quantity") or Decimal(0)).normalize().as_tuple().exponent
        decimals[str(one.key[2])] = max(decimals[str(one.key[2])], -exponent if isinstance(exponent, int) else 0)
    known = records.item_ids(ctx, decimals, own=True)
    new = [
        NewItem(sku, "", quantum=Decimal(1).scaleb(-places), provenance="imported")
        for sku, places in decimals.items()
        if sku not in known
    ]
    return known | (records.add_items(ctx, new) if new else {})


def _remove(ctx: Context, keys: Sequence[Key]) -> dict[Key, str]:
    sites = {site.code: site.site_id for site in records.sites(ctx)}
    items = records.item_ids(ctx, {str(key[2]) for key in keys}, own=True)
    daily_sales.forget_totals(
        ctx, [(sites[str(key[0])], items[str(key[2])], _day(key), str(key[3] or "")) for key in keys]
    )
    return {}


def _number(record: Record, name: str) -> Decimal | None:
    value = record.get(name)
    return value if isinstance(value, Decimal) else None


def _day(key: Key) -> date:
    day = key[1]
    if not isinstance(day, date):
        raise TypeError(f"no day: {day!r}")
    return day


DAILY_SALES = Kind(
    sheet=sheets_trade.DAILY_SALES,
    noun=("total of a day", "totals of days"),
    known=_known,
    check=_check,
    write=_write,
    remove=_remove,
    defaults=_DEFAULTS,
    site_said=True,
    synonyms={
        "day": ("date", "businessday", "businessdate", "salesdate", "saledate", "tradingday", "datum", "tag",
                "verkaufstag", "fecha", "jour"),
        "quantity": ("sold", "unitssold", "qtysold", "quantitysold", "verkauft"),
        "value": ("total", "amount", "revenue", "turnover", "sales", "netsales", "umsatz", "betrag", "montant",
                  "importe"),
        "channel": ("till", "register", "kasse", "caisse", "caja"),
    },
)  # fmt: skip
