"""Taking imports back: what nobody has touched since becomes what it was; what somebody has is left and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.core.quantities import plain
from shelfwise.intake import comparing, sales, tables
from shelfwise.intake.kind import Change, Kind, Record
from shelfwise.intake.kinds import KINDS
from shelfwise.intake.tables import Batch
from shelfwise.records.exchange import Value
from shelfwise.store.database import notify

_NAMED = 50


@dataclass(frozen=True)
class Undone:
    """What became of a file that was taken back; `left` says what stayed as it is, and why, in sentences."""

    file_name: str
    restored: int
    left: tuple[str, ...]


def imports(ctx: Context, limit: int = 100) -> list[Batch]:
    """What was imported, the newest first; whoever may not import everywhere sees what they imported themselves."""
    ctx.require_somewhere(Right.IMPORT_DATA)
    return [one for one in tables.imports(ctx.tx, ctx.tenant, limit) if _sees(ctx, one)]


def _sees(ctx: Context, batch: Batch) -> bool:
    return ctx.actor.may(Right.IMPORT_DATA) or batch.imported_by == str(ctx.actor)


def import_of_file(ctx: Context, file_id: int) -> list[Batch]:
    """The tables that one file brought.

    Raises:
        NotFound: there is no such import.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    found = tables.imports_of_file(ctx.tx, ctx.tenant, file_id)
    if not found or not _sees(ctx, found[0]):
        raise NotFound("import", file_id)
    return found


def changes_of(ctx: Context, batch: Batch, limit: int) -> list[Change]:
    """The first records that an import made or changed.

    Raises:
        NotFound: it is somebody else's, of sites the actor may not import for.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    if not _sees(ctx, batch):
        raise NotFound("import", batch.import_id)
    kind = next((one for one in KINDS if one.name == batch.kind), None)
    return [] if kind is None else _stored(ctx, kind, batch.import_id, limit)


def undo(ctx: Context, file_id: int) -> Undone:
    """Take back what one file brought, as far as nobody has built on it since. All in this transaction.

    Records it made are removed where nothing uses them, records it changed become what they were, stock it posted is
    reversed, orders it took over are given back. What was changed or used since stays as it is and is named.

    Raises:
        Forbidden: the actor may not undo one of its kinds.
        NotFound: there is no such import.
        Refused: it was taken back before, or nothing of it can be.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    batches = tables.imports_of_file(ctx.tx, ctx.tenant, file_id, lock=True)
    if not batches or not _sees(ctx, batches[0]):
        raise NotFound("import", file_id)
    if all(batch.undone_at is not None for batch in batches):
        raise Refused("This import was taken back before. There is nothing to do.")
    restored, left = 0, []
    for batch in reversed(batches):
        if batch.undone_at is None:
            done, stayed = _undo(ctx, batch)
            restored += done
            left += stayed
    if not restored and left:
        raise Refused(f"Nothing of it can be taken back. {left[0]}")
    notify(ctx.tx, "live", "orders")
    return Undone(batches[0].file_name, restored, tuple(left))


def _undo(ctx: Context, batch: Batch) -> tuple[int, list[str]]:
    if batch.kind == "sales":
        done, left = sales.take_out(ctx, batch.import_id)
    else:
        kind = next(one for one in KINDS if one.name == batch.kind)
        ctx.require_somewhere(kind.right)
        changes = _stored(ctx, kind, batch.import_id, None)
        if kind.undo is not None:
            left = kind.undo(ctx, batch.batch_id, changes)
            done = len(changes) - len(left)
        else:
            done, left = _put_back(ctx, kind, changes)
    shown = left[:_NAMED] + ([f"and {len(left) - _NAMED} more"] if len(left) > _NAMED else [])
    tables.mark_undone(ctx.tx, ctx.tenant, batch.import_id, ctx.now, str(ctx.actor), shown)
    ctx.audit(
        "import.undone", f"import:{batch.import_id}", file=batch.file_name, kind=batch.kind.replace("_", " "),
        restored=done, left=len(left),
    )  # fmt: skip
    return done, shown


def _put_back(ctx: Context, kind: Kind, changes: Sequence[Change]) -> tuple[int, list[str]]:
    known = kind.known(ctx, [one.key for one in changes])
    back: list[Change] = []
    gone: list[Change] = []
    left: list[str] = []
    for one in changes:
        now = known.get(one.key)
        if now is None:
            if one.before is not None:
                left.append(f"{_named(one)}: it is not there any more.")
        elif other := [name for name in one.after if now.get(name) != one.after[name]]:
            words = ", ".join(name.replace("_", " ") for name in other)
            left.append(f"{_named(one)}: its {words} {'was' if len(other) == 1 else 'were'} changed since.")
        elif one.before is None:
            gone.append(one)
        else:
            back.append(Change(one.row, one.key, now, one.before))
    if back:
        _write_back(ctx, kind, back)
    stayed = kind.remove(ctx, [one.key for one in gone]) if kind.remove is not None and gone else {}
    left += [f"{_named(one)}: {stayed[one.key]}." for one in gone if one.key in stayed]
    return len(back) + len(gone) - len(stayed), left


def _write_back(ctx: Context, kind: Kind, back: Sequence[Change]) -> None:
    """
    Raises:
        Refused: what was before cannot be any more.
    """
    try:
        kind.write(ctx, back, None)
    except Invalid as error:
        faults: tuple[Fault, ...] = error.faults
        raise Refused(f"What was before cannot be any more: {faults[0]}") from error


def _named(one: Change) -> str:
    return " ".join(_said(part) for part in one.key if part is not None)


def _said(part: Value) -> str:
    return plain(part) if isinstance(part, Decimal) else str(part)


def _stored(ctx: Context, kind: Kind, import_id: int, limit: int | None) -> list[Change]:
    found = []
    for one in tables.changes(ctx.tx, ctx.tenant, import_id, limit):
        key: Record = comparing.values(kind, dict(zip(kind.sheet.key, one.key, strict=True)))
        before = None if one.before is None else comparing.values(kind, one.before)
        found.append(Change(one.row_number, tuple(key.values()), before, comparing.values(kind, one.after)))
    return found
