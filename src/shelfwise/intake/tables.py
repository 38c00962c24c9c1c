"""SQL of imports: which files were imported, and the quanta of their items. Lines go in through the room of orders."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.store.database import Tx, first, run, value, values


@dataclass(frozen=True)
class Batch:
    """An import that was done."""

    import_id: int
    rows: int


def lock_file(tx: Tx, sha256: bytes) -> None:
    """Let only one import of the same bytes run at a time."""
    run(tx, "select pg_advisory_xact_lock(%s)", (int.from_bytes(sha256[:8], signed=True),))


def import_of(tx: Tx, tenant: int, sha256: bytes) -> Batch | None:
    return first(
        tx,
        Batch,
        "select import_id, rows from import_batch where tenant_id = %s and kind = 'sales' and sha256 = %s limit 1",
        (tenant, sha256),
    )


def add_import(ctx: Context, file_name: str, sha256: bytes, rows: int) -> int:
    return int(
        value(
            ctx.tx,
            """insert into import_batch (tenant_id, kind, file_name, sha256, rows, imported_by, imported_at)
               values (%s, 'sales', %s, %s, %s, %s, %s) returning import_id""",
            (ctx.tenant, file_name, sha256, rows, str(ctx.actor), ctx.now),
        )
    )


def quanta(ctx: Context, skus: list[str]) -> dict[str, Decimal]:
    return dict(
        values(ctx.tx, "select sku, quantum from item where tenant_id = %s and sku = any(%s)", (ctx.tenant, skus))
    )


def set_quantum(ctx: Context, sku: str, quantum: Decimal) -> None:
    run(ctx.tx, "update item set quantum = %s where tenant_id = %s and sku = %s", (quantum, ctx.tenant, sku))
