"""SQL of imports: which files were imported, what each changed, and how files of one make are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.store.database import Tx, first, rows, run, value, values

_BATCH = """select import_id, coalesce(file_id, import_id) as file_id, kind, file_name, sheet, sha256, rows, created,
    changed, unchanged, skipped, batch_id, imported_by, imported_at, undone_at, undone_by, left_alone,
    repairs
    from import_batch"""


@dataclass(frozen=True)
class Batch:
    """An import that was done: one table of one file.

    Attributes:
        file_id: the first import of the same file at the same time.
        batch_id: the movements it posted; None: none.
        left_alone: what stayed when it was taken back, in sentences.
        repairs: what was repaired, see `repairs.model.Repair`.
    """

    import_id: int
    file_id: int
    kind: str
    file_name: str
    sheet: str
    sha256: bytes
    rows: int
    created: int
    changed: int
    unchanged: int
    skipped: int
    batch_id: int | None
    imported_by: str
    imported_at: datetime
    undone_at: datetime | None
    undone_by: str | None
    left_alone: list[str]
    repairs: list[dict[str, Any]]


@dataclass(frozen=True)
class StoredChange:
    """A record that an import made (`before` is None) or changed; values as `records.exchange` writes them."""

    row_number: int
    key: list[str | None]
    before: dict[str, str | None] | None
    after: dict[str, str | None]


@dataclass(frozen=True)
class StoredLayout:
    """How a file with the same headings was read the last time."""

    kind: str
    said: dict[str, Any]


def lock_file(tx: Tx, sha256: bytes) -> None:
    """Let only one import of the same bytes run at a time."""
    run(tx, "select pg_advisory_xact_lock(%s)", (int.from_bytes(sha256[:8], signed=True),))


def import_of(tx: Tx, tenant: int, sha256: bytes, kind: str = "sales", sheet: str = "") -> Batch | None:
    """The newest import of the same table that was not taken back."""
    return first(
        tx,
        Batch,
        f"""{_BATCH} where tenant_id = %s and kind = %s and sha256 = %s and sheet = %s and undone_at is null
            order by import_id desc limit 1""",
        (tenant, kind, sha256, sheet),
    )


def add_import(
    ctx: Context, file_name: str, sha256: bytes, rows: int, kind: str = "sales", sheet: str = "",
    file_id: int | None = None,
) -> int:  # fmt: skip
    return int(
        value(
            ctx.tx,
            """insert into import_batch
                   (tenant_id, kind, file_name, sheet, sha256, rows, imported_by, imported_at, file_id)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning import_id""",
            (ctx.tenant, kind, file_name, sheet, sha256, rows, str(ctx.actor), ctx.now, file_id),
        )
    )


def finish_import(
    tx: Tx, tenant: int, import_id: int, *, created: int, changed: int, unchanged: int, skipped: int,
    batch_id: int | None = None, repairs: list[dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    run(
        tx,
        """update import_batch set created = %s, changed = %s, unchanged = %s, skipped = %s, batch_id = %s, repairs = %s
           where tenant_id = %s and import_id = %s""",
        (created, changed, unchanged, skipped, batch_id, Jsonb(repairs or []), tenant, import_id),
    )


def put_repairs(tx: Tx, tenant: int, import_id: int, repairs: list[dict[str, Any]]) -> None:
    run(tx, "update import_batch set repairs = %s where tenant_id = %s and import_id = %s",
        (Jsonb(repairs), tenant, import_id))  # fmt: skip


def put_changes(tx: Tx, tenant: int, import_id: int, changes: Iterable[StoredChange]) -> None:
    with (
        tx.cursor() as cursor,
        cursor.copy(
            "copy import_change (tenant_id, import_id, number, row_number, key, before, after) from stdin"
        ) as copy,
    ):
        for number, one in enumerate(changes, 1):
            before = None if one.before is None else Jsonb(one.before)
            copy.write_row((tenant, import_id, number, one.row_number, Jsonb(one.key), before, Jsonb(one.after)))


def changes(tx: Tx, tenant: int, import_id: int, limit: int | None = None) -> list[StoredChange]:
    return rows(
        tx,
        StoredChange,
        """select row_number, key, before, after from import_change where tenant_id = %s and import_id = %s
           order by number limit %s""",
        (tenant, import_id, limit),
    )


def imports(tx: Tx, tenant: int, limit: int) -> list[Batch]:
    return rows(tx, Batch, f"{_BATCH} where tenant_id = %s order by import_id desc limit %s", (tenant, limit))


def imports_of_file(tx: Tx, tenant: int, file_id: int, lock: bool = False) -> list[Batch]:
    return rows(
        tx,
        Batch,
        f"""{_BATCH} where tenant_id = %s and coalesce(file_id, import_id) = %s order by import_id
            {"for update" if lock else ""}""",
        (tenant, file_id),
    )


def mark_undone(tx: Tx, tenant: int, import_id: int, at: datetime, by: str, left_alone: list[str]) -> None:
    run(
        tx,
        """update import_batch set undone_at = %s, undone_by = %s, left_alone = %s
           where tenant_id = %s and import_id = %s""",
        (at, by, Jsonb(left_alone), tenant, import_id),
    )


def layout(tx: Tx, tenant: int, headings: str) -> StoredLayout | None:
    return first(
        tx,
        StoredLayout,
        "select kind, said from import_layout where tenant_id = %s and headings = %s",
        (tenant, headings),
    )


def put_layout(tx: Tx, tenant: int, headings: str, kind: str, said: dict[str, Any], at: datetime) -> None:
    run(
        tx,
        """insert into import_layout (tenant_id, headings, kind, said, used_at) values (%s, %s, %s, %s, %s)
           on conflict (tenant_id, headings) do update
           set kind = excluded.kind, said = excluded.said, used_at = excluded.used_at""",
        (tenant, headings, kind, Jsonb(said), at),
    )


def quanta(ctx: Context, skus: list[str]) -> dict[str, Decimal]:
    return dict(
        values(ctx.tx, "select sku, quantum from item where tenant_id = %s and sku = any(%s)", (ctx.tenant, skus))
    )


def set_quantum(ctx: Context, sku: str, quantum: Decimal) -> None:
    run(ctx.tx, "update item set quantum = %s where tenant_id = %s and sku = %s", (quantum, ctx.tenant, sku))


def records(tx: Tx, sql: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of a query as dicts by column name."""
    from psycopg.rows import dict_row

    with tx.cursor(row_factory=dict_row) as cursor:
        yield from cursor.execute(sql, params)
