"""Who we are on paper, and where goods are delivered to."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.records.changes import differences
from shelfwise.records.model import currency_faults, refuse, text_faults
from shelfwise.store.database import first, run, value, values
from shelfwise.work import outbox


@dataclass(frozen=True)
class Company:
    """The company as it stands on every order; `currency` is the one that the books are kept in."""

    name: str
    address: str
    tax_number: str
    contact: str
    currency: str


def company(ctx: Context) -> Company:
    """
    Raises:
        NotFound: the installation was never set up.
    """
    ctx.require_somewhere(Right.VIEW)
    found = first(
        ctx.tx,
        Company,
        "select name, address, tax_number, contact, currency from tenant where tenant_id = %s",
        (ctx.tenant,),
    )
    if found is None:
        raise NotFound("tenant", ctx.tenant)
    return found


def change_company(ctx: Context, to: Company) -> Company:
    """Set all of it; returns it as it is now. Orders that have left keep what they said.

    Raises:
        Invalid: a field cannot be right.
        Refused: another currency, when amounts stand in the books already.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    before = company(ctx)
    faults = [
        fault
        for name in ("name", "address", "tax_number", "contact")
        for fault in text_faults(" ".join(str(getattr(to, name)).splitlines()), name)
    ]
    if not to.name.strip():
        faults.append(Fault("name", "the name on every order", "nothing", "Type the company's name."))
    faults += currency_faults(to.currency)
    refuse(faults)
    changed = differences(asdict(before), asdict(to))
    if not changed:
        return before
    if to.currency != before.currency and not currency_is_open(ctx):
        raise Refused(
            f"Amounts in {before.currency} stand in the books already: orders, sales or budgets. They would mean "
            f"something else in {to.currency}."
        )
    run(
        ctx.tx,
        """update tenant set name = %s, address = %s, tax_number = %s, contact = %s, currency = %s
           where tenant_id = %s""",
        (to.name, to.address, to.tax_number, to.contact, to.currency, ctx.tenant),
    )
    ctx.audit("company.changed", "company", before=changed.before, after=changed.after)
    return company(ctx)


def currency_is_open(ctx: Context) -> bool:
    """Whether the currency can still be chosen: nothing is sold, ordered, limited or budgeted."""
    ctx.require_somewhere(Right.VIEW)
    return not value(
        ctx.tx,
        """select exists (select from sales_line where tenant_id = %(tenant)s)
               or exists (select from purchase_order where tenant_id = %(tenant)s)
               or exists (select from approval_limit where tenant_id = %(tenant)s)
               or exists (select from purchase_budget where tenant_id = %(tenant)s)
               or exists (select from exchange_rate where tenant_id = %(tenant)s)""",
        {"tenant": ctx.tenant},
    )


def delivery_addresses(ctx: Context) -> list[tuple[int, str, str]]:
    """(site, its name, where goods for it are delivered; '' where nobody said), of the sites that one may see."""
    return values(
        ctx.tx,
        """select site_id, name, address from site
           where tenant_id = %(tenant)s and (%(sites)s::bigint[] is null or site_id = any(%(sites)s)) order by code""",
        {"tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW)},
    )


def set_delivery_address(ctx: Context, site_id: int, address: str) -> None:
    """Say where goods for a site are delivered.

    Raises:
        Invalid: it is no address.
        NotFound: there is no such site.
    """
    ctx.require(Right.EDIT_RECORDS, site_id)
    refuse(text_faults(" ".join(address.splitlines()), "address"))
    before = value(ctx.tx, "select address from site where tenant_id = %s and site_id = %s", (ctx.tenant, site_id))
    if before is None:
        raise NotFound("site", site_id)
    if before != address:
        run(
            ctx.tx,
            "update site set address = %s where tenant_id = %s and site_id = %s",
            (address, ctx.tenant, site_id),
        )
        ctx.audit("site.address_set", f"site:{site_id}", before={"address": before}, after={"address": address})


def send_test_mail(ctx: Context, to: str) -> None:
    """Have a letter sent, to see whether mail arrives.

    Raises:
        Invalid: it is no mail address.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", to) or len(to) > 200 or not to.isprintable():
        raise Invalid(Fault("to", "a mail address such as you@example.com", shorten(to), "Correct the address."))
    text = (
        f"Good day,\n\n{ctx.actor.by} has asked the Shelfwise of {company(ctx).name} for this letter, to see whether "
        "its mail arrives. It does.\n"
    )
    outbox.enqueue(
        ctx, f"test-mail:{secrets.token_hex(8)}", f"mailto:{to}",
        {"kind": "notice", "subject": "Mail from Shelfwise arrives", "text": text},
        channel="mail", link="/settings",
    )  # fmt: skip
    ctx.audit("company.test_mail", "company", to=to)


def carrying_rate(ctx: Context) -> Decimal | None:
    """What keeping stock costs in a year, as a share of its value; None: nobody said."""
    ctx.require_somewhere(Right.VIEW)
    found: Decimal | None = value(ctx.tx, "select carrying_rate from tenant where tenant_id = %s", (ctx.tenant,))
    return found


def set_carrying_rate(ctx: Context, rate: Decimal | None) -> None:
    """Say what keeping stock costs in a year: capital, space, insurance, loss; 0.25 is a quarter of its value.

    Raises:
        Invalid: it is no share from 0 to 10.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    if rate is not None and not (rate.is_finite() and 0 <= rate <= 10):
        raise Invalid(Fault("rate", "a share a year from 0 to 1000 %", shorten(str(rate)), "25 is usual; correct it."))
    before = carrying_rate(ctx)
    if before != rate:
        run(ctx.tx, "update tenant set carrying_rate = %s where tenant_id = %s", (rate, ctx.tenant))
        was, now = (None if one is None else str(one) for one in (before, rate))
        ctx.audit("company.carrying_rate_set", "company", before={"rate": was}, after={"rate": now})
