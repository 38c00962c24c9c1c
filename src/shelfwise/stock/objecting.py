"""“This figure is wrong”: somebody on the floor looks, counts and answers."""

from __future__ import annotations

from urllib.parse import quote

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.records import service as records
from shelfwise.work import objections


def object_to_stock(ctx: Context, item_id: int, site_id: int, note: str = "") -> int:
    """Say that what the books say of an item at a site cannot be right; returns the id of the task to answer.

    Raises:
        NotFound: there is no such item.
        Forbidden: without the right to see that site.
    """
    ctx.require(Right.VIEW, site_id)
    item = records.item(ctx, item_id)
    task_id = objections.say_wrong(
        ctx, subject=f"stock:{item_id}:site:{site_id}", site_id=site_id, what=f"Stock of {item.sku}",
        link=f"/counts?item={quote(item.sku, safe='')}", answers=Role.OPERATOR, note=note,
    )  # fmt: skip
    ctx.audit("stock.objected", f"item:{item_id}", site_id=site_id, note=note[:500])
    return task_id
