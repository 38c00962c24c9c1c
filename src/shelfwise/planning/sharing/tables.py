"""The SQL of sharing between sites: what it takes to move an item."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from shelfwise.planning.sharing.model import Heft
from shelfwise.store.database import Tx, rows

GRAMS_IN_KG = 1000.0


def hefts(tx: Tx, tenant: int, item_ids: Collection[int], on: date) -> dict[int, Heft]:
    """What it takes to move items, by the packs of a day."""
    found = rows(
        tx,
        Heft,
        """select i.item_id, i.quantum as step, i.unit_weight_g / %(grams)s as kg, (
                   select min(quantity) from (
                       select distinct on (p.level) p.quantity from item_pack p
                       where p.tenant_id = i.tenant_id and p.item_id = i.item_id and p.valid_from <= %(on)s
                       order by p.level, p.valid_from desc) now
                   where quantity > i.quantum) as pack
           from item i where i.tenant_id = %(tenant)s and i.item_id = any(%(items)s::bigint[])""",
        {"tenant": tenant, "items": list(item_ids), "on": on, "grams": GRAMS_IN_KG},
    )
    return {one.item_id: one for one in found}
