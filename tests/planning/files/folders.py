"""Folders to be planned, as tests write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from shelfwise.planning.files.running import Plan, plan_folder

START = date(2026, 1, 5)
SALES = (4, 5, 3, 6, 5, 7, 2)


def history(skus: tuple[str, ...] = ("TEA",), days: int = 28, site: str = "") -> str:
    """Sales by day that repeat every week."""
    rows = [
        f"{sku},{site},{START + timedelta(days=number)},{SALES[number % 7]}" for sku in skus for number in range(days)
    ]
    return "\n".join(["item,location,date,quantity", *rows, ""])


STOCK = "sku,quantity\nTEA,10\n"
TERMS = "supplier,sku,unit cost,currency,pack size,moq,lead time\nGROCER,TEA,3.50,EUR,10,,4\n"
GOOD: Mapping[str, str | bytes] = {"history.csv": history(), "stock.csv": STOCK, "terms.csv": TERMS}


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder that holds these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def plan_of(folder: Path, **changed: str | bytes) -> Plan:
    """The plan of the good folder with some files changed; `stock` is stock.csv."""
    files = dict(GOOD) | {f"{name}.csv": text for name, text in changed.items()}
    return plan_folder(written(folder / "in", files))
