"""The pages of purchase orders: written by hand, approved by two, confirmed, changed, cancelled, and back."""

from __future__ import annotations

import pytest

from shelfwise.access import service as access
from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.store.database import run, values
from tests.web.conftest import Client
from tests.web.world import PASSWORDS, World

DRAFT = {
    "sku": ["21001", "21002", ""], "amount": ["12", "24", ""], "cost": ["", "2.5", ""], "site": "LON", "key": "k1",
    "note": "Ring twice.", "expected": "2026-03-20",
}  # fmt: skip


def state(office: Office, order_id: int = 1) -> str:
    with office.context(person("root", Role.ADMIN)) as ctx:
        return orders.purchase_order(ctx, order_id).state


@pytest.fixture
def supplier(world: World, office: Office) -> str:
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update supplier set order_url = null, email = null")
    return str(world.supplier_id)


def test_an_order_is_written_approved_confirmed_changed_cancelled_and_restored_by_hand(
    client: Client, office: Office, supplier: str
) -> None:
    mara = client("mara")
    assert mara.get("/orders/new").status_code == 200
    made = mara.post("/orders/new", data={**DRAFT, "supplier": supplier})
    assert (made.status_code, made.headers["location"]) == (303, "/orders/1")
    assert mara.post("/orders/new", data={**DRAFT, "supplier": supplier}).headers["location"] == "/orders/1"
    page = mara.get("/orders/1").text
    assert "Shall it be ordered?" in page
    assert "Ring twice." in page
    assert mara.get("/orders/1/paper").status_code == 409
    assert mara.post("/orders/1/edit", data={**DRAFT, "amount": ["6", "24", ""]}).status_code == 303
    assert mara.post("/orders/1/approve").status_code == 303
    assert "I have sent it" in mara.get("/orders/1").text
    assert mara.post("/orders/1/take-back", data={"reason": "too much"}).status_code == 303
    assert state(office) == "draft"
    mara.post("/orders/1/approve")
    mara.post("/orders/1/sent")
    confirmed = mara.post("/orders/1/confirm", data={"amount-1": "5", "day-1": "2026-03-25", "amount-2": "24"})
    assert confirmed.status_code == 303
    assert state(office) == "confirmed"
    changed = mara.post("/orders/1/change", data={"amount-1": "8", "amount-2": "24", "reason": "a fair"})
    assert changed.status_code == 303, changed.text
    assert "What does" in mara.get("/orders/1").text
    assert mara.post("/orders/1/answer", data={"accepted": "no"}).status_code == 303
    assert mara.post("/orders/1/cancel", data={"reason": "no longer needed"}).status_code == 303
    assert mara.post("/orders/1/answer", data={"accepted": "yes"}).status_code == 303
    assert state(office) == "cancelled"
    assert mara.post("/orders/1/restore", data={"reason": "a mistake"}).status_code == 303
    assert state(office) == "draft"
    assert "restored" in mara.get("/orders/1").text


def test_a_wrong_line_is_named_and_nothing_is_drafted(client: Client, supplier: str, office: Office) -> None:
    wrong = {
        **DRAFT,
        "supplier": supplier,
        "sku": ["21001", "NOPE", "21002"],
        "amount": ["x", "1", "1"],
        "cost": ["1", "1", ""],
    }
    answer = client("mara").post("/orders/new", data=wrong)
    assert answer.status_code == 422
    assert "line 1, quantity" in answer.text
    assert "line 2, item" in answer.text
    with office.database.transaction() as tx:
        assert values(tx, "select count(*) from purchase_order") == [(0,)]


def test_above_a_limit_the_page_asks_for_somebody_else(client: Client, office: Office, supplier: str) -> None:
    mara = client("mara")
    assert mara.post("/approval/limit", data={"actor": "*", "amount": "10"}).status_code == 303
    assert mara.post("/approval/budget", data={"month": "2026-03", "amount": "9"}).status_code == 303
    assert (
        mara.post("/approval/rate", data={"currency": "usd", "valid_from": "2026-01-01", "rate": "0.9"}).status_code
        == 303
    )
    assert "USD from 2026-01-01" in mara.get("/approval").text
    mara.post("/orders/new", data={**DRAFT, "supplier": supplier})
    mara.post("/orders/1/approve")
    assert state(office) == "draft"
    page = mara.get("/orders/1").text
    assert "may approve alone" in page
    assert "Approve as the second" not in page
    with office.context(person("root", Role.ADMIN)) as ctx:
        access.add_user(ctx, "max", "Max", PASSWORDS["mara"], Role.ADMIN)
        run(ctx.tx, "delete from approval_limit")
    PASSWORDS["max"] = PASSWORDS["mara"]
    try:
        boss = client("max")
        assert "Approve as the second" in boss.get("/orders/1").text
        assert boss.post("/orders/1/approve").status_code == 303
    finally:
        del PASSWORDS["max"]
    assert state(office) == "approved"


def test_goods_are_received_damaged_and_owed_still_with_lot_and_last_day(
    client: Client, office: Office, supplier: str
) -> None:
    mara = client("mara")
    mara.post("/orders/new", data={**DRAFT, "supplier": supplier})
    mara.post("/orders/1/approve")
    came = {"line": "1", "amount": "3", "place": "DOCK", "source": "s1", "status": "damaged"}
    assert mara.post("/orders/1/receive", data=came).status_code == 303
    good = {"line": "1", "amount": "4", "place": "DOCK", "source": "s2", "lot": "L-7", "expires_on": "2026-12-31"}
    assert mara.post("/orders/1/receive", data=good).status_code == 303
    assert "3 damaged, owed still" in mara.get("/orders/1").text
    with office.database.transaction() as tx:
        assert (
            values(tx, "select lot, status, on_hand from balance where on_hand > 0 and item_id = 2 order by status")
            != []
        )
        assert values(tx, "select code, expires_on::text from lot") == [("L-7", "2026-12-31")]
    bad = {**came, "source": "s3", "status": "fine"}
    assert mara.post("/orders/1/receive", data=bad).status_code == 422


def test_a_file_is_kept_with_the_order_and_only_ever_downloaded(client: Client, supplier: str) -> None:
    mara, vera = client("mara"), client("vera")
    mara.post("/orders/new", data={**DRAFT, "supplier": supplier})
    hostile = {"file": ("../<b>note.html", b"<script>alert(1)</script>", "text/html")}
    assert mara.post("/files?about=purchase_order:1", files=hostile).status_code == 303
    answer = vera.get("/files/1")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert vera.post("/files?about=purchase_order:1", files=hostile).status_code == 403
    assert mara.post(
        "/files?about=purchase_order:1", files={"file": ("big", b"x" * 10_000_001, "a/b")}
    ).status_code in (413, 422)
    assert mara.post("/files?about=purchase_order:1", files={"file": ("empty", b"", "a/b")}).status_code == 422


def test_drafts_for_one_supplier_are_merged_and_an_order_is_printed(
    client: Client, supplier: str, office: Office
) -> None:
    mara = client("mara")
    for key in ("a", "b"):
        mara.post("/orders/new", data={**DRAFT, "supplier": supplier, "key": key})
    assert "PO-000002" in mara.get("/orders/1").text
    assert mara.post("/orders/1/merge", data={"other": "2"}).status_code == 303
    assert (state(office, 1), state(office, 2)) == ("draft", "cancelled")
    mara.post("/orders/1/approve")
    paper = mara.get("/orders/1/paper")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF-")


def test_in_doubt_the_page_asks_whether_the_supplier_has_it(client: Client, office: Office, supplier: str) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update supplier set email = 'orders@potter.example'")
    mara = client("mara")
    mara.post("/orders/new", data={**DRAFT, "supplier": supplier})
    mara.post("/orders/1/approve")
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update outbox set state = 'in_doubt', last_error = 'The connection ended.'")
    assert "Did it reach orders@potter.example?" in mara.get("/orders/1").text
    assert "may or may not have arrived" in mara.get("/orders").text
    assert mara.post("/orders/1/arrived", data={"has_it": "yes", "note": "Anna"}).status_code == 303
    assert state(office) == "sent"


def test_a_day_stays_the_day_it_is_at_the_site_however_often_it_is_saved(
    client: Client, office: Office, supplier: str
) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.add_site(ctx, code="AKL", name="Auckland", time_zone="Pacific/Auckland", width_m=9, depth_m=9)
    mara = client("mara")
    mara.post("/orders/new", data={**DRAFT, "supplier": supplier, "site": "AKL"})
    shown = 'name="expected" value="2026-03-20"'
    assert shown in mara.get("/orders/1/edit").text
    mara.post("/orders/1/approve")
    mara.post("/orders/1/sent")
    assert shown in mara.get("/orders/1").text
    mara.post("/orders/1/confirm", data={"day-1": "2026-03-25"})
    assert 'name="day-1" value="2026-03-25"' in mara.get("/orders/1").text


def test_pages_say_who_tells_the_supplier(client: Client, office: Office, supplier: str) -> None:
    mara = client("mara")

    def said(path: str, **data: str) -> str:
        mara.post(path, data=data)
        return str(mara.get("/orders/1").text)

    mara.post("/orders/new", data={**DRAFT, "supplier": supplier})
    assert "Shelfwise has no address for Acme" in said("/orders/1/approve")
    mara.post("/orders/1/sent")
    page = said("/orders/1/change", **{"amount-1": "0", "amount-2": "24", "reason": "dropped"})
    assert "Acme &amp; Sons is told" not in page
    assert "no longer wanted" in page
    assert "Has Acme &amp; Sons been asked?" in page
    assert "has been asked. Note the answer here" in said("/orders/1/sent")
    assert "Until they have answered, the order stands as it is" in said("/orders/1/cancel", reason="no")


def test_what_a_supplier_charges_is_noted_with_the_confirmation(client: Client, supplier: str) -> None:
    mara = client("mara")
    mara.post("/orders/new", data={**DRAFT, "supplier": supplier})
    mara.post("/orders/1/approve")
    mara.post("/orders/1/confirm", data={"cost-1": "3", "cost-2": "2.50"})
    page = mara.get("/orders/1").text
    assert "It costs other than ordered: 21001 at 3" in page
    assert "ordered at €2.50" in page
