"""Who buys from us. Order lines name their customer by code or by name, and find the record by either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, NotFound
from shelfwise.records.changes import differences
from shelfwise.records.model import code_faults, refuse, text_faults
from shelfwise.store.database import first, rows, run, value

_FIELDS = "customer_id, code, name, country, address, customer_group, delivery_note, provenance"
# A line is a customer's if it names the code or, where no other customer has that code, the name.
_THEIRS = """lower(l.customer) in (lower(c.code), lower(c.name)) and (lower(l.customer) = lower(c.code) or not exists (
    select from customer o where o.tenant_id = c.tenant_id and lower(o.code) = lower(l.customer)))"""


@dataclass(frozen=True)
class NewCustomer:
    """A customer as somebody describes it; `delivery_note` is for whoever packs and drives."""

    code: str
    name: str
    country: str | None = None
    address: str = ""
    customer_group: str | None = None
    delivery_note: str | None = None
    provenance: str = "entered"


@dataclass(frozen=True)
class Customer:
    """A customer as it is kept; fields as those of `NewCustomer`."""

    customer_id: int
    code: str
    name: str
    country: str | None
    address: str
    customer_group: str | None
    delivery_note: str | None
    provenance: str

    @property
    def as_new(self) -> NewCustomer:
        return NewCustomer(**{name: getattr(self, name) for name in NewCustomer.__dataclass_fields__})


@dataclass(frozen=True)
class Bought:
    """What a customer bought of an item, less what came back, at the sites that one may see."""

    sku: str
    description: str
    unit: str
    quantity: Decimal
    value: Decimal
    orders: int
    last_at: datetime


@dataclass(frozen=True)
class CustomersOrder:
    """An order of a customer's."""

    order_number: str
    ordered_at: datetime
    lines: int
    value: Decimal
    open_lines: int


def customer_faults(one: NewCustomer, row: str = "") -> Iterator[Fault]:
    """What is wrong with a customer; `row` is put before the names of fields."""
    yield from code_faults(one.code, f"{row}code")
    if not one.name.strip():
        yield Fault(f"{row}name", "what people call it", "nothing", "Give it a name.")
    for name in ("name", "country", "customer_group"):
        yield from text_faults(getattr(one, name) or "", f"{row}{name}")
    for name in ("address", "delivery_note"):
        yield from text_faults(" ".join((getattr(one, name) or "").splitlines()), f"{row}{name}")


def put_customers(ctx: Context, customers: Sequence[NewCustomer]) -> None:
    """Add customers, or change those whose code is there, by the thousand as files bring them.

    Raises:
        Invalid: a field cannot be right; nothing was changed.
    """
    ctx.require(Right.IMPORT_DATA)
    refuse(fault for one in customers for fault in customer_faults(one, f"{one.code}, "))
    if not customers:
        return
    told = [(one.code, one.name, one.country, one.address, one.customer_group, one.delivery_note) for one in customers]
    done = run(
        ctx.tx,
        """insert into customer (tenant_id, code, name, country, address, customer_group, delivery_note, provenance)
           select v.tenant, u.*, 'imported' from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
               %s::text[]) u, (values (%s::int)) v (tenant)
           on conflict (tenant_id, code) do update set name = excluded.name, country = excluded.country,
               address = excluded.address, customer_group = excluded.customer_group,
               delivery_note = excluded.delivery_note""",
        (*map(list, zip(*told, strict=True)), ctx.tenant),
    )
    ctx.audit("customers.imported", "customers", count=done)


def remove_customers(ctx: Context, codes: Sequence[str]) -> None:
    """Take customers out, as what an import brought; their orders stay and keep the name they were told with."""
    ctx.require(Right.IMPORT_DATA)
    gone = run(ctx.tx, "delete from customer where tenant_id = %s and code = any(%s)", (ctx.tenant, list(codes)))
    if gone:
        ctx.audit("customers.removed", "customers", count=gone)


def customer(ctx: Context, customer_id: int) -> Customer:
    """
    Raises:
        NotFound: there is no such customer.
    """
    ctx.require_somewhere(Right.VIEW)
    found = first(
        ctx.tx,
        Customer,
        f"select {_FIELDS} from customer where tenant_id = %s and customer_id = %s",
        (ctx.tenant, customer_id),
    )
    if found is None:
        raise NotFound("customer", customer_id)
    return found


def customers(ctx: Context) -> list[Customer]:
    """All customers, by code."""
    ctx.require_somewhere(Right.VIEW)
    return rows(ctx.tx, Customer, f"select {_FIELDS} from customer where tenant_id = %s order by code", (ctx.tenant,))


def customer_named(ctx: Context, told: str) -> Customer | None:
    """The customer whom an order's text means: by code, else by name; None: nobody we know."""
    ctx.require_somewhere(Right.VIEW)
    return first(
        ctx.tx,
        Customer,
        f"""select {_FIELDS} from customer where tenant_id = %(tenant)s
              and (lower(code) = lower(%(told)s) or lower(name) = lower(%(told)s))
            order by lower(code) = lower(%(told)s) desc, customer_id limit 1""",
        {"tenant": ctx.tenant, "told": told},
    )


def put_customer(ctx: Context, to: NewCustomer, customer_id: int | None = None) -> int:
    """Add a customer, or change the one with this id; returns the id.

    Raises:
        Invalid: a field cannot be right, or the code is another one's.
        NotFound: there is no such customer.
    """
    ctx.require(Right.EDIT_RECORDS)
    before = None if customer_id is None else customer(ctx, customer_id)
    faults = list(customer_faults(to))
    if value(
        ctx.tx,
        """select exists (select from customer where tenant_id = %s and code = %s
               and customer_id is distinct from %s::bigint)""",
        (ctx.tenant, to.code, customer_id),
    ):
        faults.append(Fault("code", "a code of its own", repr(to.code), "Another customer has it: choose another."))
    refuse(faults)
    told = (to.code, to.name, to.country, to.address, to.customer_group, to.delivery_note)
    if before is None:
        made = int(
            value(
                ctx.tx,
                """insert into customer (tenant_id, code, name, country, address, customer_group, delivery_note)
                   values (%s, %s, %s, %s, %s, %s, %s) returning customer_id""",
                (ctx.tenant, *told),
            )
        )
        ctx.audit("customer.added", f"customer:{made}", code=to.code)
        return made
    changed = differences(asdict(before.as_new), asdict(to))
    if changed:
        run(
            ctx.tx,
            """update customer set code = %s, name = %s, country = %s, address = %s, customer_group = %s,
                   delivery_note = %s where tenant_id = %s and customer_id = %s""",
            (*told, ctx.tenant, before.customer_id),
        )
        ctx.audit("customer.changed", f"customer:{before.customer_id}", before=changed.before, after=changed.after)
    return before.customer_id


def bought(ctx: Context, customer_id: int, limit: int = 50) -> list[Bought]:
    """What a customer buys, the most valuable first."""
    return rows(
        ctx.tx,
        Bought,
        f"""select i.sku, i.description, i.unit, sum(l.quantity) as quantity,
                  sum(l.quantity * l.unit_price) as value, count(distinct l.order_number) as orders,
                  max(l.ordered_at) as last_at
           from customer c join sales_line l on l.tenant_id = c.tenant_id and {_THEIRS}
           join item i on i.tenant_id = l.tenant_id and i.item_id = l.item_id
           where c.tenant_id = %(tenant)s and c.customer_id = %(one)s and l.state <> 'cancelled'
             and (%(sites)s::bigint[] is null or l.site_id = any(%(sites)s))
           group by i.sku, i.description, i.unit order by value desc, i.sku limit %(limit)s""",
        {"tenant": ctx.tenant, "one": customer_id, "sites": ctx.sites(Right.VIEW), "limit": limit},
    )


def orders_of(ctx: Context, customer_id: int, limit: int = 50) -> list[CustomersOrder]:
    """A customer's orders, the newest first."""
    return rows(
        ctx.tx,
        CustomersOrder,
        f"""select l.order_number, min(l.ordered_at) as ordered_at, count(*) as lines,
                  sum(l.quantity * l.unit_price) as value,
                  count(*) filter (where l.state in ('open', 'reserved')) as open_lines
           from customer c join sales_line l on l.tenant_id = c.tenant_id and {_THEIRS}
           where c.tenant_id = %(tenant)s and c.customer_id = %(one)s
             and (%(sites)s::bigint[] is null or l.site_id = any(%(sites)s))
           group by l.order_number order by ordered_at desc, l.order_number limit %(limit)s""",
        {"tenant": ctx.tenant, "one": customer_id, "sites": ctx.sites(Right.VIEW), "limit": limit},
    )
