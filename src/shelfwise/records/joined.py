"""Which record stands for which: an absorbed item or supplier is, in the end, another one.

Whoever looks a SKU, a barcode or a supplier's code up gets the survivor, here and nowhere else. But for an item that
counts otherwise (a case of twelve): a quantity told of it must not be taken for as many single ones, so its SKU goes on
naming itself, and its barcodes name the survivor's pack of that size.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shelfwise.store.database import Tx, rows, run

Kind = Literal["item", "supplier"]


@dataclass(frozen=True)
class Standing:
    """What an absorbed record is in the end; one of it is `factor` of the survivor's units."""

    id: int
    survivor_id: int
    factor: Decimal


def standing(tx: Tx, tenant: int, kind: Kind, ids: Collection[int]) -> dict[int, Standing]:
    """Those among the records that were absorbed."""
    found = rows(
        tx,
        Standing,
        """select id, survivor_id, factor from joined
           where tenant_id = %s and kind = %s and id = any(%s::bigint[])""",
        (tenant, kind, list(ids)),
    )
    return {one.id: one for one in found}


def survivors(tx: Tx, tenant: int, kind: Kind, ids: Collection[int]) -> set[int]:
    """The records themselves, each absorbed one replaced by what it is now."""
    known = standing(tx, tenant, kind, ids)
    return {known[one].survivor_id if one in known else one for one in ids}


def family(tx: Tx, tenant: int, kind: Kind, survivor_ids: Collection[int]) -> list[int]:
    """The records and all that were absorbed by them."""
    found = rows(
        tx,
        Standing,
        """select id, survivor_id, factor from joined
           where tenant_id = %s and kind = %s and survivor_id = any(%s::bigint[]) order by id""",
        (tenant, kind, list(survivor_ids)),
    )
    return [*survivor_ids, *(one.id for one in found)]


def reckon(tx: Tx, tenant: int, kind: Kind) -> None:
    """Follow the chains of all merges that stand."""
    run(tx, "delete from joined where tenant_id = %s and kind = %s", (tenant, kind))
    run(
        tx,
        """insert into joined (tenant_id, kind, id, survivor_id, factor)
           with recursive up (id, survivor_id, factor, steps) as (
               select absorbed_id, survivor_id, factor, 1 from merge
               where tenant_id = %(tenant)s and kind = %(kind)s and undone_at is null
               union all
               select up.id, m.survivor_id, up.factor * m.factor, up.steps + 1
               from up join merge m on m.tenant_id = %(tenant)s and m.kind = %(kind)s
                   and m.absorbed_id = up.survivor_id and m.undone_at is null)
           select distinct on (id) %(tenant)s, %(kind)s, id, survivor_id, factor from up order by id, steps desc""",
        {"tenant": tenant, "kind": kind},
    )
