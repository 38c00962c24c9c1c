"""A month beside an ERP that keeps the books: its files come in, proposals go out, its orders come back, each once."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shelfwise import jobs
from shelfwise.access import service as access
from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Right, Role, person
from shelfwise.agents import handing_files, handover
from shelfwise.agents import service as agents
from shelfwise.agents.service import Wanted
from shelfwise.core.errors import Refused
from shelfwise.intake import folders, incoming
from shelfwise.intake.folders import Folders
from shelfwise.orders import erp_orders
from shelfwise.records import service as records
from shelfwise.records import sources
from shelfwise.records.books import Books, books, change_books
from shelfwise.records.changes import NeedsWord
from shelfwise.records.sources import NewSource
from shelfwise.stock import service as stock
from shelfwise.stock import told_by_erp
from shelfwise.stock.told_by_erp import Told
from shelfwise.store.database import values
from shelfwise.web.app import create_app
from tests.conftest import NOON
from tests.web.conftest import TestClient

MARA = person("mara", Role.ADMIN)
ERP = Books("erp", "file", 48)
# How many lie there at first.
SKUS = {"MUG": 40, "TEA": 28, "CUP": 60, "JAR": 80}
LEAD_DAYS = 4
# Where we are killed while files are taken in, by day; and while the first proposals are handed over.
TAKING = {8: (folders, "put_away"), 15: (incoming, "_finish")}
HANDING = [(handover, "mark_handed_over"), (handing_files, "write")]


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Erp:
    """The books of another system, which knows Shelfwise by files and REST alone."""

    home: Path
    rest: TestClient
    stock: dict[str, int] = field(default_factory=lambda: dict(SKUS))
    # By number: SKU, quantity, when it comes, the key it was made for.
    on_order: dict[str, tuple[str, int, datetime, str]] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    short: int = 0

    def live_through(self, day: datetime) -> dict[str, int]:
        """A day passes: what was ordered arrives, and things sell."""
        for number, (sku, quantity, due, _) in list(self.on_order.items()):
            if due <= day:
                self.stock[sku] += quantity
                del self.on_order[number]
        sold = {}
        for sku in SKUS:
            wanted = self.chance.randint(2, 6)
            sold[sku] = min(wanted, self.stock[sku])
            self.short += wanted - sold[sku]
            self.stock[sku] -= sold[sku]
        return sold

    def tell(self, now: datetime, sold: dict[str, int]) -> None:
        """Write the nightly files."""
        at, day = now.isoformat(), (now - timedelta(days=1)).date()
        self._write("till", f"{day}", "day,sku,quantity\n", [f"{day},{sku},{sold[sku]}" for sku in SKUS])
        self._write("stock", f"{day}", "sku,quantity,as_of\n", [f"{sku},{self.stock[sku]},{at}" for sku in SKUS])
        lines = [f"B,{number},{sku},{much},{due.isoformat()},{key},{at}"
                 for number, (sku, much, due, key) in self.on_order.items()]  # fmt: skip
        headings = "site,number,sku,quantity,expected_at,reference,as_of\n"
        self._write("orders", f"{day}", headings, lines or [f"B,,,,,,{at}"])

    def _write(self, source: str, name: str, headings: str, lines: list[str]) -> None:
        (self.home / "incoming" / source / f"{name}.csv").write_text(headings + "\n".join(lines) + "\n")

    def read(self, now: datetime) -> None:
        """Take over what lies in the folder, and answer: now and then no, and now and then not at all."""
        for path in sorted((self.home / "outgoing").glob("*.csv")):
            for row in csv.DictReader(path.read_text("utf-8").splitlines()):
                self._take(row, now)
            path.unlink()

    def _take(self, row: dict[str, str], now: datetime) -> None:
        key = row["key"]
        if key in self.by_key or key in self.refused:
            return
        chance = self.chance.random()
        if chance < 0.15:
            self.refused.add(key)
            self.answer(key, "refused", {"reason": "The buyer is on holiday"})
            return
        number = f"PO-{len(self.by_key) + 1}"
        self.by_key[key] = number
        self.on_order[number] = (row["sku"], int(row["quantity"]), now + timedelta(days=LEAD_DAYS), key)
        if chance < 0.7:
            self.answer(key, "taken", {"number": number})

    def answer(self, key: str, verdict: str, told: dict[str, str]) -> None:
        answer = self.rest.post(f"/api/v1/handover/{key}/{verdict}", json=told)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def office_beside(office: Office, tmp_path: Path) -> Office:
    """A shop in Berlin whose ERP keeps the books."""
    with office.context(MARA) as ctx:
        site = records.add_site(ctx, code="B", name="Berlin", time_zone="Europe/Berlin", width_m=40, depth_m=20)
        potter = records.add_supplier(ctx, code="POT", name="Potter")
        for sku in SKUS:
            item = records.add_item(ctx, sku=sku, description=sku.title())
            records.add_terms(
                ctx, supplier_id=potter, item_id=item, unit_cost=Decimal(2), currency="EUR", lead_time_days=LEAD_DAYS,
                pack_size=Decimal(6), minimum_order=Decimal(0),
            )  # fmt: skip
        for code, kind in (("till", "daily_sales"), ("stock", "erp_stock"), ("orders", "erp_orders")):
            sources.put_source(ctx, NewSource(code, code.title(), kind, site))
        change_books(ctx, ERP)
    return office


@pytest.fixture
def rest(office_beside: Office) -> Iterator[TestClient]:
    with office_beside.context(MARA) as ctx:
        scopes = [Right.VIEW, Right.IMPORT_DATA, Right.RUN_PLANNING]
        secret = access.add_key(ctx, "erp", scopes)
    app = create_app(office_beside)
    yield TestClient(app, base_url="http://shelfwise.test", headers={"Authorization": f"Bearer {secret}"})
    app.state.imports.close()


def told(office: Office, sql: str) -> list[tuple[Any, ...]]:
    with office.database.transaction() as tx:
        return values(tx, sql)


def at(office: Office, now: datetime) -> None:
    with office.context(MARA) as ctx:
        stand_still(ctx.tx, 1, now)


def approve_all(office: Office) -> list[int]:
    with office.context(MARA) as ctx:
        waiting = [one.proposal_id for one in agents.waiting(ctx)]
        if waiting:
            assert agents.approve_many(ctx, [Wanted(one) for one in waiting]).orders == ()
    return waiting


def test_a_month_beside_an_erp_orders_all_it_needs_and_nothing_twice(
    office_beside: Office, rest: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, erp = office_beside, Erp(tmp_path, rest)
    outgoing, watched = tmp_path / "outgoing", Folders(office_beside, tmp_path / "incoming")
    watched.look()
    start = NOON.replace(hour=3)
    history = [f"{(start - timedelta(days=back)).date()},{sku},{3 + back % 3}" for back in range(2, 60) for sku in SKUS]
    (tmp_path / "incoming" / "till" / "history.csv").write_text("day,sku,quantity\n" + "\n".join(history) + "\n")
    approved: list[int] = []
    to_come = list(HANDING)

    def killed_in(where: tuple[Any, str], step: Callable[[], object]) -> None:
        """The process is killed at this point, and started again."""
        with monkeypatch.context() as patch:
            patch.setattr(*where, _killed)
            with pytest.raises(Killed):
                step()

    for day in range(30):
        now = start + timedelta(days=day)
        erp.tell(now, erp.live_through(now))
        at(office, now)
        watched.look()
        if day in TAKING:
            killed_in(TAKING[day], watched.look)
        watched.look()
        assert not list((tmp_path / "incoming").glob("*/*.csv"))
        assert told(office, "select count(*) from incoming where state <> 'done'") == [(0,)]
        jobs.nightly(office, 1, (now - timedelta(days=1)).date())
        new = approve_all(office)
        approved += new
        if new and to_come:
            killed_in(to_come.pop(0), lambda: handing_files.hand_over(office, outgoing))
        handing_files.hand_over(office, outgoing)
        erp.read(now)
        with office.context(MARA) as ctx:
            levels = {one.item_id: one.on_hand for one in stock.levels(ctx, 1)}
            assert [levels.get(number, 0) for number in range(1, 5)] == [erp.stock[sku] for sku in SKUS]
            under_way = [one.item_id for one in handover.handovers(ctx, handover.UNDER_WAY)]
            assert len(under_way) == len(set(under_way))
    assert not to_come
    assert len(approved) == len(set(approved)) == len(erp.by_key) + len(erp.refused)
    assert {f"proposal:{one}" for one in approved} == erp.by_key.keys() | erp.refused
    assert len(erp.by_key) >= 4
    assert erp.refused
    assert erp.short <= 12
    assert told(office, "select count(*) from purchase_order") == [(0,)]


def _killed(*told: Any, **named: Any) -> None:
    raise Killed


@pytest.fixture
def one(office_beside: Office) -> tuple[Office, str]:
    """One approved proposal, and its key."""
    office = office_beside
    with office.context(MARA) as ctx:
        for back in range(1, 60):
            ctx.tx.execute(
                "insert into demand_day (tenant_id, item_id, site_id, day, quantity) values (1, 1, 1, %s, %s)",
                ((NOON - timedelta(days=back)).date(), 3 + back % 3),
            )
        told_by_erp.put_stock(ctx, [Told(1, 1, Decimal(4))], NOON)
    with office.context(MARA) as ctx:
        from shelfwise.demand import service as demand
        from shelfwise.demand.forecasting import service as forecasting

        forecasting.forecast_site(ctx, 1, demand.last_whole_day(ctx, 1))
        agents.propose_purchases(ctx, 1)
    (number,) = approve_all(office)
    return office, f"proposal:{number}"


def state(office: Office) -> list[tuple[Any, ...]]:
    return told(office, "select h.state, p.state from handover h join proposal p using (tenant_id, proposal_id)")


def test_silence_becomes_a_task_and_a_person_has_it_handed_over_again_under_the_same_key(
    one: tuple[Office, str], tmp_path: Path
) -> None:
    office, key = one
    assert handing_files.hand_over(office, tmp_path) == 1
    (file,) = tmp_path.glob("*.csv")
    assert [row["key"] for row in csv.DictReader(file.read_text("utf-8").splitlines())] == [key]
    at(office, NOON + timedelta(hours=47))
    with office.context(MARA) as ctx:
        assert handover.chase(ctx) == 0
    at(office, NOON + timedelta(hours=48))
    with office.context(MARA) as ctx:
        assert handover.chase(ctx) == 1
        assert handover.chase(ctx) == 0
    assert state(office) == [("in_doubt", "approved")]
    assert told(office, "select kind, role, state from task") == [("handover", "planner", "open")]
    file.unlink()
    with office.context(MARA) as ctx:
        handover.hand_over_again(ctx, key)
    assert handing_files.hand_over(office, tmp_path) == 1
    assert [row["key"] for row in csv.DictReader(file.read_text("utf-8").splitlines())] == [key]
    assert told(office, "select state from task") == [("done",)]
    with office.context(MARA) as ctx:
        assert agents.propose_purchases(ctx, 1) == []


def test_an_answer_is_told_once_and_may_be_repeated(one: tuple[Office, str]) -> None:
    office, key = one
    with office.context(MARA) as ctx:
        assert handover.taken(ctx, key, "PO-7") == handover.taken(ctx, key, "PO-7")
        with pytest.raises(Refused, match="PO-7"):
            handover.taken(ctx, key, "PO-8")
        with pytest.raises(Refused, match="taken"):
            handover.refused(ctx, key, "No")
    assert state(office) == [("taken", "executed")]


def test_what_the_erp_has_not_heard_of_is_taken_back_and_what_it_has_is_not(
    one: tuple[Office, str], tmp_path: Path
) -> None:
    office, key = one
    number = int(key.split(":")[1])
    with office.context(MARA) as ctx:
        agents.take_back(ctx, [number])
    assert state(office) == [("withdrawn", "proposed")]
    assert approve_all(office) == [number]
    handing_files.hand_over(office, tmp_path)
    with office.context(MARA) as ctx, pytest.raises(Refused, match="handed to the ERP"):
        agents.take_back(ctx, [number])


def test_an_order_that_was_received_between_two_files_is_not_ordered_again(one: tuple[Office, str]) -> None:
    office, key = one
    later = [NOON + timedelta(hours=hours) for hours in (1, 2, 3)]
    at(office, later[2])
    with office.context(MARA) as ctx:
        line = erp_orders.OnOrder("PO-7", 1, 1, 1, None, Decimal(60), NOON + timedelta(days=4), key)
        erp_orders.put_on_order(ctx, 1, [line], later[0])
        handover.see_orders(ctx, [("PO-7", 1, key)])
        assert [much for _, much, _ in erp_orders.coming(ctx, 1)] == [60]
        erp_orders.put_on_order(ctx, 1, [], later[1])
        assert [much for _, much, _ in erp_orders.coming(ctx, 1)] == [60]
        told_by_erp.put_stock(ctx, [Told(1, 1, Decimal(64))], later[2])
        assert erp_orders.coming(ctx, 1) == []
    assert state(office) == [("seen", "executed")]


def test_an_older_file_changes_nothing_and_nobody_books_what_the_erp_owns(office_beside: Office) -> None:
    office = office_beside
    with office.context(MARA) as ctx:
        told_by_erp.put_stock(ctx, [Told(1, 1, Decimal(9))], NOON)
        told_by_erp.put_stock(ctx, [Told(1, 1, Decimal(5)), Told(1, 2, Decimal(3))], NOON - timedelta(hours=1))
        assert {one.item_id: one.on_hand for one in stock.levels(ctx, 1)} == {1: 9, 2: 3}
        assert [(one.sku, one.believed, one.quantity) for one in told_by_erp.differences(ctx)] == [
            ("MUG", Decimal(0), Decimal(9)), ("TEA", Decimal(0), Decimal(3)),
        ]  # fmt: skip
        dock = records.place_by_code(ctx, 1, "DOCK").place_id
        with pytest.raises(Refused, match="The ERP keeps the books"):
            stock.opening_stock(ctx, [(1, dock, Decimal(1))])
        assert records.go_live(ctx) is None


def test_who_keeps_the_books_changes_only_where_nothing_is_lost(one: tuple[Office, str]) -> None:
    office, key = one
    here = Books("shelfwise", "file", 48)
    with office.context(MARA) as ctx:
        with pytest.raises(Refused, match="1 proposals on their way"):
            change_books(ctx, here)
        line = erp_orders.OnOrder("PO-7", 1, 1, 1, None, Decimal(60), NOON + timedelta(days=4), key)
        erp_orders.put_on_order(ctx, 1, [line], NOON)
        handover.see_orders(ctx, [("PO-7", 1, key)])
        with pytest.raises(NeedsWord, match="1 lines on order"):
            change_books(ctx, here)
        change_books(ctx, here, confirmed=True)
        assert books(ctx) == here
        dock = records.place_by_code(ctx, 1, "DOCK").place_id
        stock.opening_stock(ctx, [(2, dock, Decimal(1))])
        with pytest.raises(Refused, match="Shelfwise keeps the books"):
            told_by_erp.put_stock(ctx, [Told(1, 1, Decimal(9))], NOON)
