"""Approved proposals as files for an ERP: a CSV for what was approved together, complete once it has its name."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from shelfwise.access.context import Context, Office
from shelfwise.access.model import system
from shelfwise.agents import handover
from shelfwise.agents.handover import Handover
from shelfwise.core.quantities import plain
from shelfwise.records.books import books
from shelfwise.records.exchange import guarded

HEADINGS = ("key", "site", "supplier", "sku", "description", "quantity", "unit", "unit_cost", "currency", "wanted_on",
            "approved_by", "approved_at")  # fmt: skip


def hand_over(office: Office, folder: Path) -> int:
    """Write what waits to be handed over; returns how many proposals.

    The file is there before that is noted: killed in between, the same file is written again, with the same keys.
    """
    with office.context(system("handing over")) as ctx:
        waiting = _waiting(ctx)
    for run, some in groupby(waiting, key=lambda one: one.run):
        together = list(some)
        write(folder / f"proposals-{run}.csv", together)
        with office.context(system("handing over")) as ctx:
            handover.mark_handed_over(ctx, [one.key for one in together])
    return len(waiting)


def _waiting(ctx: Context) -> list[Handover]:
    told = books(ctx)
    if not told.elsewhere or told.hand_over_by != "file":
        return []
    return sorted(handover.handovers(ctx, ["approved"]), key=lambda one: (one.run, one.handover_id))


def as_csv(some: Sequence[Handover]) -> str:
    """The file's text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for one in some:
        writer.writerow(
            [
                one.key, guarded(one.site), guarded(one.supplier), guarded(one.sku), guarded(one.description),
                plain(one.quantity), guarded(one.unit), plain(one.unit_cost), one.currency,
                one.wanted_at.date().isoformat(), guarded(one.approved_by), one.approved_at.isoformat(),
            ]
        )  # fmt: skip
    return text.getvalue()


def write(path: Path, some: Sequence[Handover]) -> None:
    """Write the file so that nobody ever finds half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        file.write(as_csv(some))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
