"""Two shops that sell the same, one of which has far too much of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person, system
from shelfwise.agents.transfers.model import ProposedTransfer
from shelfwise.agents.transfers.service import propose_transfers, proposed_transfers
from shelfwise.demand.forecasting.service import forecast_site
from shelfwise.records.lanes import put_lane
from shelfwise.records.lanes_model import Lane
from shelfwise.records.service import add_place, add_site
from shelfwise.stock import service as stock
from shelfwise.store.database import run
from tests.conftest import NOON
from tests.planning.shop import YESTERDAY, Shop


@dataclass(frozen=True)
class Two:
    """Tea and cups sell three a day, in Berlin, which has five of each, and in Dresden, which has three hundred; an
    order takes twelve days."""

    ctx: Context
    agent: Context
    berlin: Shop
    dresden: Shop
    tea: int
    cups: int

    def proposed(self) -> list[ProposedTransfer]:
        propose_transfers(self.agent)
        return proposed_transfers(self.ctx)

    def later(self, **ahead: float) -> Two:
        at = NOON + timedelta(**ahead)
        return replace(self, ctx=replace(self.ctx, now=at), agent=replace(self.agent, now=at))

    def free(self, item: int) -> Decimal:
        return sum((one.available for one in stock.levels(self.ctx, self.dresden.site, [item])), Decimal(0))

    def at(self, **roles: Role) -> Context:
        """Somebody who has roles at single sites."""
        known = {"berlin": self.berlin.site, "dresden": self.dresden.site}
        return replace(self.ctx, actor=person("nell", None, {known[name]: role for name, role in roles.items()}))


def build(ctx: Context) -> Two:
    berlin = Shop.open(ctx)
    site = add_site(ctx, code="D", name="Dresden", time_zone="Europe/Berlin", width_m=40.0, depth_m=20.0)
    dresden = Shop(ctx, site, add_place(ctx, site_id=site, code="A-1", kind="bin"), berlin.supplier)
    tea, cups = (berlin.item(sku, cost="2.50", lead=12.0) for sku in ("TEA", "CUP"))
    for shop, much in ((berlin, 5), (dresden, 300)):
        for item in (tea, cups):
            shop.stock(item, much)
            run(
                ctx.tx,
                """insert into demand_day (tenant_id, item_id, site_id, day, quantity)
                   select %s, %s, %s, %s::date - n, 2 + n %% 3 from generate_series(1, 60) n""",
                (ctx.tenant, item, shop.site, ctx.now.date()),
            )
        forecast_site(ctx, shop.site, YESTERDAY)
    put_lane(ctx, Lane(dresden.site, berlin.site, 1.0, Decimal(8)))
    return Two(ctx, replace(ctx, actor=system("planning")), berlin, dresden, tea, cups)
