"""Whatever a folder holds, it is planned sanely or refused in words."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwise.core.errors import ShelfwiseError
from shelfwise.planning.files.running import plan_folder
from tests.planning.files.folders import START, written

TOTALS = "item,location,date,q0.1,q0.5,q0.9\n" + "".join(
    f"{sku},N,{START + timedelta(days=day)},{day},{2 * day + 1},{4 * day + 3}\n"
    for sku in ("TEA", "MUG")
    for day in range(10)
)
FOLDER = {
    "totals.csv": TOTALS,
    "stock.csv": "site,sku,quantity,reserved\nN,TEA,3,1\nN,MUG,0,\n",
    "terms.csv": "supplier,sku,from quantity,unit cost,currency,pack size,moq,lead time\n"
    "A,TEA,,3.50,EUR,10,,4\nA,TEA,50,3.10,EUR,10,,4\nB,MUG,,2,EUR,,,\n",
    "items.csv": "sku,name,unit price,min,max\nTEA,Tea,7.9,,\nMUG,Mug,4,5,20\n",
    "purchase_orders.csv": "number,site,sku,quantity,received,eta\n1,N,TEA,20,5,2026-01-07\n",
    "receipts.csv": "supplier,sku,ordered at,received at\nA,TEA,2026-01-01,2026-01-06\n",
    "suppliers.csv": "supplier,name,lead time\nB,The B,9\n",
}
CELLS = st.one_of(
    st.sampled_from([
        "", " ", "0", "-1", "1e400", "nan", "inf", "1,250", "1.250,5", "=1+1", "'=1+1", "TEA", "tea", "None", "\u0663",
        "2026-02-30", "31.12.2026", "9999-12-31", "0001-01-01", "12:00", "EUR", "\u202e", '"', "a\nb", "S", "cancelled",
        "99999999999999999999", "0.0000001", "1e-9", "true", "#N/A", "-0",
    ]),
    st.text(st.characters(codec="utf-8"), max_size=6),
)  # fmt: skip


@st.composite
def folders(draw: st.DrawFn) -> dict[str, str | bytes]:
    """The folder with some cells, headings and rows otherwise, some files away, in some encoding."""
    found: dict[str, str | bytes] = {}
    for name, text in FOLDER.items():
        rows = list(csv.reader(io.StringIO(text)))
        for _ in range(draw(st.integers(0, 2)) if draw(st.integers(0, 3)) == 0 else 0):
            row = rows[draw(st.integers(0, len(rows) - 1))]
            if row:
                row[draw(st.integers(0, len(row) - 1))] = draw(CELLS)
            match draw(st.integers(0, 9)):
                case 0:
                    rows.append(list(rows[-1]))
                case 1:
                    rows.append([*rows[-1], "more"])
                case 2:
                    rows = [one[:-1] for one in rows]
        if draw(st.integers(0, 11)) == 0 and name not in ("totals.csv", "stock.csv"):
            continue
        file = io.StringIO()
        csv.writer(file, delimiter=draw(st.sampled_from(",,,;\t"))).writerows(rows)
        found[name] = file.getvalue().encode(
            draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])), "replace"
        )
    return found


@settings(max_examples=30, deadline=None)
@given(files=folders())
def test_any_folder_is_planned_sanely_or_refused_in_words(files: dict[str, str | bytes]) -> None:
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        try:
            made = plan_folder(written(Path(folder) / "in", files), out)
        except ShelfwiseError as error:
            assert ": expected " in str(error)
            assert not out.exists()
            return
        assert (out / "summary.json").exists()
        for order in made.orders.iter_rows(named=True):
            assert 0 < order["quantity"] < 1e13
            assert order["total"] >= 0
            assert order["order_by"] is not None
            assert "None" not in order["reason"]
        assert len(set(zip(made.levels["site"], made.levels["sku"], strict=True))) == made.levels.height
