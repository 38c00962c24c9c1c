"""A dry run, and what an import did, as text for the terminal."""

from __future__ import annotations

from typing import TextIO

from shelfwise.intake.found import Found, Outcome
from shelfwise.intake.model import DryRun, Imported
from shelfwise.intake.repairs.model import Repair


def print_dry_run(found: DryRun, out: TextIO) -> bool:
    """Write what an import would do; returns True where something must be corrected first."""
    lines = [f"{found.file_name}: {found.rows:,} rows, {found.good_rows:,} of them can be imported.", ""]
    width = max((len(column.header) for column in found.columns), default=0)
    for column in found.columns:
        taken_for = column.field.value.replace("_", " ") if column.field else "not imported"
        lines.append(f"  {column.number:>2}  {column.header:<{width}}  {taken_for:<13}  {column.example}")
    lines += ["", *found.notes]
    totals = found.totals
    if found.good_rows:
        lines.append(
            f"{totals.orders:,} orders, {totals.items:,} items, quantity {totals.quantity.normalize():,f}, "
            f"value {totals.value:,.2f}, {totals.returned_lines:,} returned lines, {totals.without_description:,} "
            f"lines without description, {totals.without_customer:,} without customer, from {totals.first_at:%Y-%m-%d} "
            f"to {totals.last_at:%Y-%m-%d}."
        )
    lines += [f"! {problem}" for problem in found.problems]
    if found.fault_count:
        shown = f", the first {len(found.faults)} are" if found.fault_count > len(found.faults) else ":"
        lines.append(f"{found.fault_count:,} bad cells{shown}")
        lines += [f"! {fault.fault()}" for fault in found.faults]
    lines.append("Nothing was changed." + ("" if found.clean else " Correct the file, or say how it is to be read."))
    out.write("\n".join(lines) + "\n")
    return not found.clean


def imported_text(done: Imported) -> str:
    """What an import did, in sentences."""
    if done.same_file:
        return "This very file was imported before; there was nothing to do."
    said = [
        f"Imported {done.rows:,} rows: {done.new:,} new lines ({done.history:,} are history, {done.open:,} are open "
        f"orders, {done.returned:,} are returns) and {done.new_items:,} new items.",
    ]
    if done.known:
        said.append(
            f"{done.known:,} lines were known before and stayed as they were; {done.differing:,} of them differ."
        )
    if done.skipped:
        said.append(f"{done.skipped:,} bad rows were left out, such as: {done.faults[0].fault()}")
    return "\n".join(said)


def print_outcome(found: Outcome, out: TextIO) -> bool:
    """Write what an import of a file would do; returns True where something must be corrected first."""
    for note in found.notes:
        out.write(f"{note}\n")
    for one in found.tables:
        if one.sales is not None and not one.problems:
            print_dry_run(one.sales, out)
            out.writelines(f"{_repair_line(repair)}\n" for repair in one.repairs)
        else:
            out.write("\n".join(_found_lines(one)) + "\n\n")
    bad = not found.can_start or bool(found.fault_count)
    if any(one.sales is None or one.problems for one in found.tables):
        out.write("Nothing was changed." + (" Correct the file, or say what it is." if bad else "") + "\n")
    return bad


def _found_lines(one: Found) -> list[str]:
    if one.kind is None:
        if one.sheet:
            return [f"{one.name}: left alone.", *one.notes]
        return [f"{one.name}: left alone. Its headings fit no kind of file; say which one it is with --kind."]
    lines = [
        f"{one.name}: {one.kind.sheet.title}, {one.rows:,} rows: {one.created:,} new, {one.changed:,} changed, "
        f"{one.unchanged:,} as before, {one.skipped:,} bad."
    ]
    lines += [f"  {column.header}  ->  {column.name or 'not imported'}" for column in one.columns]
    lines += one.notes
    lines += [_repair_line(repair) for repair in one.repairs]
    if one.same_file is not None:
        lines.append("This very file was imported before; there is nothing to do.")
    lines += [f"! {problem}" for problem in one.problems]
    return lines + [f"! {fault.fault()}" for fault in one.faults]


def _repair_line(repair: Repair) -> str:
    mark = "*" if repair.told_only else "+" if repair.accepted else "?"
    where = f" in {repair.column}" if repair.column else ""
    told = ", ".join(f"{before} -> {after}" if after else before for before, after in repair.examples)
    asked = f" Say yes with --repair {repair.name}=yes." if repair.open else ""
    return f"{mark} {repair.title}{where}, {repair.count:,}: {repair.why}. {told}{'.' if told else ''}{asked}"


def print_imported(done: Outcome, out: TextIO) -> None:
    """Write what an import did."""
    for one in done.wanted:
        if one.imported is not None:
            out.write(imported_text(one.imported) + "\n")
        elif one.same_file is not None:
            out.write(f"{one.name}: this very file was imported before; there was nothing to do.\n")
        elif one.kind is not None:
            out.write(
                f"{one.name}: {one.created:,} new {one.kind.noun[1]}, {one.changed:,} changed, {one.unchanged:,} as "
                f"before, {one.skipped:,} bad rows left out.\n"
            )
