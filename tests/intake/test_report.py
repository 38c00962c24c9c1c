"""The dry run on the terminal shows the columns, the totals and every listed fault."""

from __future__ import annotations

import io
from pathlib import Path

from shelfwise.intake.report import print_dry_run
from shelfwise.intake.sales import check


def test_a_clean_file_is_reported_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("order,sku,qty,date,price,note\n1,A,2000,2010-01-31,1.5,x\n", "utf-8")
    out = io.StringIO()
    assert not print_dry_run(check(path), out)
    assert "1 rows, 1 of them can be imported" in out.getvalue()
    assert "quantity 2,000, value 3,000.00" in out.getvalue()
    assert "not imported" in out.getvalue()


def test_faults_and_problems_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("order,sku,qty,date,price\n1,A,x,2010-01-31,1.5\n", "utf-8")
    out = io.StringIO()
    assert print_dry_run(check(path), out)
    assert "row 2, column qty: expected a number" in out.getvalue()
    path.write_text("order,sku,date,price\n1,A,2010-01-31,1.5\n", "utf-8")
    assert print_dry_run(check(path), out)
    assert "a column for quantity" in out.getvalue()
