"""What the pages of orders list: what suppliers owe, what customers wait for, what is to go out."""

from __future__ import annotations

from shelfwise.access.context import Context
from shelfwise.orders import sales_orders
from shelfwise.orders import service as orders
from shelfwise.web.listing import Choice, Column, Filter, Listing, Row, site_filter

_HERE = "(%(sites)s::bigint[] is null or {0}.site_id = any(%(sites)s))"
_COMING = "o.state in ('draft', 'approved', 'sent', 'confirmed', 'part_received')"


def _when(column: str) -> tuple[Filter, Filter]:
    return (
        Filter("first", "From", f"{column} >= %(f_first)s", kind="from"),
        Filter("last", "To", f"{column} < %(f_last)s", kind="until"),
    )


def _documents(ctx: Context, rows: list[Row]) -> None:
    """What the state is called hangs on all that is known of an order."""
    known = orders.purchase_orders_by_id(ctx, [row["purchase_order_id"] for row in rows])
    for row in rows:
        row["order"] = known[row["purchase_order_id"]]


PURCHASES = Listing(
    name="orders",
    home="/orders",
    title="Orders",
    columns=(
        Column("number", "Order", "code", link="/orders/{purchase_order_id}", under="skus"),
        Column("skus", "Items", shown=False),
        Column("supplier", "Supplier", under="site_words"),
        Column("site", "Site", "code", shown=False),
        Column("state", "State", "code"),
        Column("expected_at", "Expected", "instant"),
        Column("received", "Came", "number"),
        Column("owed", "Of", "number", shown=False),
        Column("cost", "Cost", "number"),
        Column("currency", "Currency", "code", shown=False),
        Column("ordered_by", "By"),
        Column("ordered_at", "Ordered", "instant", shown=False),
    ),
    order="-ordered_at",
    key="purchase_order_id",
    query=f"""select o.purchase_order_id, o.number, o.site_id, s.name as supplier, t.code as site,
            'for ' || t.code as site_words, o.state, o.expected_at, o.currency, o.second_approved_by,
            coalesce(o.approved_at, o.created_at) as ordered_at, coalesce(o.approved_by, o.created_by) as ordered_by,
            l.skus, coalesce(l.received, 0) as received, coalesce(l.owed, 0) as owed, coalesce(l.cost, 0) as cost
        from purchase_order o
        join supplier s on s.tenant_id = o.tenant_id and s.supplier_id = o.supplier_id
        join site t on t.tenant_id = o.tenant_id and t.site_id = o.site_id
        left join lateral (
            select string_agg(i.sku, ', ' order by p.line) as skus, sum(p.received) as received,
                   sum(coalesce(p.confirmed_quantity, p.quantity)) as owed, sum(p.quantity * p.unit_cost) as cost,
                   min(coalesce(p.promised_at, o.expected_at)) filter (
                       where coalesce(p.confirmed_quantity, p.quantity) > p.received
                         and o.state in ('approved', 'sent', 'confirmed', 'part_received')) as due_at
            from purchase_line p join item i using (tenant_id, item_id)
            where p.tenant_id = o.tenant_id and p.purchase_order_id = o.purchase_order_id) l on true
        where o.tenant_id = %(tenant)s and {_HERE.format("o")} {{where}}""",
    filters=(
        Filter(
            "show", "What", tabs=True, default="coming",
            choices=(
                Choice("coming", "Still to come", _COMING),
                Choice("late", "Late", f"{_COMING} and l.due_at < %(now)s"),
                Choice("drafts", "Drafts", "o.state = 'draft'"),
                Choice("done", "Done", "o.state in ('received', 'closed', 'cancelled')"),
                Choice("all", "All"),
            ),
        ),
        site_filter("t.code"),
        *_when("coalesce(o.approved_at, o.created_at)"),
    ),
    search="o.number ilike %(like)s or s.name ilike %(like)s or s.code ilike %(like)s or l.skus ilike %(like)s",
    search_words="Order, supplier, SKU",
    fill=_documents,
)  # fmt: skip


def _words(ctx: Context, rows: list[Row]) -> None:
    """How far each order is as a whole, which hangs on the shipments and returns of all its lines."""
    known = sales_orders.orders_by_number(ctx, [row["order_number"] for row in rows])
    for row in rows:
        order = known[row["order_number"]]
        row["state"], row["mark"] = order.words, order.state_kind
        row["skus"] = ", ".join(dict.fromkeys(line.sku for line in order.lines))


def _with_line_in(states: str) -> str:
    return f"""s.order_number in (select u.order_number from sales_line u where u.tenant_id = %(tenant)s
        and u.state in ({states}) and {_HERE.format("u")})"""


SALES = Listing(
    name="sales_orders",
    home="/sales",
    title="Sales",
    columns=(
        Column("order_number", "Order", "code", link="/sales/orders/{order_number}", under="skus"),
        Column("skus", "Items", shown=False, sortable=False),
        Column("customer", "Customer"),
        Column("country", "Country", shown=False),
        Column("state", "State"),
        Column("ordered_at", "Ordered", "instant"),
        Column("lines", "Lines", "whole"),
        Column("missing", "Missing", "number"),
        Column("worth", "Worth", "number"),
    ),
    order="-ordered_at",
    key="newest",
    query=f"""select s.order_number, max(s.customer) as customer, max(s.country) as country,
            min(s.ordered_at) as ordered_at, max(s.sales_line_id) as newest, count(*) as lines,
            case when bool_or(s.state = 'open') then 1 when bool_or(s.state = 'reserved') then 2
                 when bool_or(s.state = 'issued') then 3 when bool_or(s.state = 'returned') then 4
                 when bool_or(s.state = 'history') then 5 else 6 end as state,
            coalesce(sum(greatest(s.quantity - s.issued - coalesce(r.quantity, 0), 0))
                     filter (where s.state in ('open', 'reserved')), 0) as missing,
            coalesce(sum(s.quantity * s.unit_price) filter (where s.state <> 'cancelled'), 0) as worth
        from sales_line s left join reservation r on r.tenant_id = s.tenant_id and r.sales_line_id = s.sales_line_id
        where s.tenant_id = %(tenant)s and {_HERE.format("s")} {{where}}
        group by s.order_number""",
    filters=(
        Filter(
            "show", "What", tabs=True, default="under_way",
            choices=(
                Choice("under_way", "Under way", _with_line_in("'open', 'reserved'")),
                Choice("waiting", "Waiting for stock", _with_line_in("'open'")),
                Choice("reserved", "Ready to ship", _with_line_in("'reserved'")),
                Choice("all", "All, newest first"),
            ),
        ),
        site_filter("(select x.code from site x where x.tenant_id = s.tenant_id and x.site_id = s.site_id)"),
        *_when("s.ordered_at"),
    ),
    search="""s.order_number in (
        select f.order_number from sales_line f join item i using (tenant_id, item_id)
        where f.tenant_id = %(tenant)s and (f.order_number ilike %(like)s or f.customer ilike %(like)s
            or i.sku ilike %(like)s or i.description ilike %(like)s))""",
    search_words="Order, customer, SKU",
    fill=_words,
)  # fmt: skip

SHIPMENTS = Listing(
    name="shipments",
    home="/shipments",
    title="Shipments",
    columns=(
        Column("number", "Shipment", "code", link="/shipments/{shipment_id}", under="skus"),
        Column("skus", "Items", shown=False),
        Column("order_number", "Order", "code", link="/sales/orders/{order_number}", under="customer"),
        Column("customer", "Customer", shown=False),
        Column("state", "State", "code"),
        Column("site", "Site", "code"),
        Column("picked", "Picked", "number"),
        Column("quantity", "Of", "number", shown=False),
        Column("created_at", "Begun", "instant"),
        Column("shipped_at", "Left", "instant", shown=False),
        Column("carrier", "Carrier", shown=False),
        Column("tracking", "Tracking", "code", shown=False),
        Column("deed", "", sortable=False, exported=False),
    ),
    order="-created_at",
    key="shipment_id",
    query=f"""select h.shipment_id, h.number, h.order_number, h.state, h.site_id, t.code as site, h.created_at,
            h.shipped_at, h.carrier, h.tracking, l.skus, coalesce(l.quantity, 0) as quantity,
            (select s.customer from sales_line s where s.tenant_id = h.tenant_id and s.order_number = h.order_number
             and s.customer is not null order by s.line limit 1) as customer,
            coalesce((select sum(case m.kind when 'pick' then m.quantity when 'put_back' then -m.quantity else 0 end)
                      from shipment_moved m where m.tenant_id = h.tenant_id and m.shipment_id = h.shipment_id), 0)
                as picked,
            exists (select from shipment_stop p where p.tenant_id = h.tenant_id and p.shipment_id = h.shipment_id
                    and p.done_at is null) as to_pick
        from shipment h
        join site t on t.tenant_id = h.tenant_id and t.site_id = h.site_id
        left join lateral (
            select string_agg(i.sku, ', ' order by x.line) as skus, sum(x.quantity) as quantity
            from shipment_line x join item i using (tenant_id, item_id)
            where x.tenant_id = h.tenant_id and x.shipment_id = h.shipment_id) l on true
        where h.tenant_id = %(tenant)s and {_HERE.format("h")} {{where}}""",
    filters=(
        Filter(
            "show", "What", tabs=True, default="under_way",
            choices=(
                Choice("under_way", "Still here", "h.state in ('picking', 'packed')"),
                Choice("shipped", "Has left", "h.state = 'shipped'"),
                Choice("all", "All shipments"),
            ),
        ),
        site_filter("t.code"),
        *_when("h.created_at"),
    ),
    search="""h.number ilike %(like)s or h.order_number ilike %(like)s or l.skus ilike %(like)s
        or h.tracking ilike %(like)s or exists (select from sales_line f where f.tenant_id = h.tenant_id
            and f.order_number = h.order_number and f.customer ilike %(like)s)""",
    search_words="Shipment, order, SKU, tracking",
)  # fmt: skip
