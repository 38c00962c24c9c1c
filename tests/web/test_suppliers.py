"""The pages of suppliers and of the company: who sells on which terms, and who we are on paper."""

from __future__ import annotations

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.records import service as records
from shelfwise.store.database import run, values
from tests.web.conftest import Client
from tests.web.world import World

TERMS = {
    "sku": "21000", "unit_cost": "3", "currency": "eur", "lead_time_days": "4", "pack_size": "6", "minimum_order": "12",
    "from": ["100", ""], "day": ["2026-03-01", "2026-03-01"], "each": ["2.50", ""],
}  # fmt: skip


def test_a_supplier_is_added_sells_an_item_and_is_changed(client: Client, world: World, office: Office) -> None:
    mara = client("mara")
    assert "Add a supplier" in mara.get("/suppliers").text
    made = mara.post("/suppliers/new", data={"name": "Mill", "code": "MILL", "address": "Weir 1\r\n\r\nBath"})
    address = made.headers["location"]
    assert mara.post(f"{address}/terms", data=TERMS).status_code == 303
    page = mara.get(address).text
    assert "21000" in page
    assert "€3.00" in page
    terms = mara.get(f"{address}/terms?item=21000").text
    assert 'name="from" inputmode="decimal" value="100"' in terms
    with office.context(person("root", Role.ADMIN)) as ctx:
        mill = records.supplier_ids(ctx, ["MILL"])["MILL"]
        assert records.supplier(ctx, mill).address == "Weir 1\nBath"
    wrong = mara.post(address, data={"name": "Mill", "code": "MILL", "email": "nobody"})
    assert wrong.status_code == 422
    assert "a mail address such as" in wrong.text
    mara.post(address, data={"name": "Mill", "code": "MILL", "email": "o@mill.example"})
    assert "o@mill.example" in mara.get("/suppliers").text
    assert mara.post(f"{address}/terms/remove", data={"sku": "21000"}).status_code == 303
    assert "Nothing yet" in mara.get(address).text


def test_all_that_terms_say_is_typed_and_shown_again(client: Client, world: World, office: Office) -> None:
    mara = client("mara")
    address = f"/suppliers/{world.supplier_id}/terms"
    told = {
        **TERMS, "largest_order": "600", "weekly_capacity": "250", "batch_days": "3", "safety_days": "1.5",
        "soft_safety_days": "2", "sold_until": "2027-01-31", "period_from": ["2026-12-20", ""],
        "period_until": ["2027-01-06", ""], "period_lead_time_days": ["21", ""],
        **{f"period_{name}": ["", ""] for name in (
            "minimum_order", "largest_order", "pack_size", "batch_days", "safety_days", "soft_safety_days",
            "weekly_capacity",
        )},
    }  # fmt: skip
    assert mara.post(address, data=told).status_code == 303
    page = mara.get(f"{address}?item=21000").text
    for name, value in (("safety_days", "1.5"), ("largest_order", "600"), ("period_lead_time_days", "21")):
        assert f'name="{name}" inputmode="decimal" value="{value}"' in page
    assert 'name="period_from" value="2026-12-20"' in page
    seller = mara.get(f"/suppliers/{world.supplier_id}").text
    assert "at most 600" in seller
    assert "and 1.5 to be safe" in seller
    wrong = mara.post(address, data={**told, "period_from": ["", ""]})
    assert (wrong.status_code, "period 1, from" in wrong.text) == (422, True)
    assert mara.post(address, data={**told, "batch_days": "1.5"}).status_code == 422
    assert mara.post(address, data={**told, "period_lead_time_days": ["", ""], "period_from": ["", ""],
                                    "period_until": ["", ""]}).status_code == 303  # fmt: skip
    assert "2026-12-20" not in mara.get(f"{address}?item=21000").text


def test_how_a_supplier_takes_orders_is_typed_and_shown_again(client: Client, world: World) -> None:
    mara = client("mara")
    at = f"/suppliers/{world.supplier_id}"
    told = {"name": "Acme", "code": "ACME", "currency": "eur", "minimum_value": "100", "free_freight_from": "250",
            "order_days": ["thu", "mon"], "orders_until": "14:30"}  # fmt: skip
    assert mara.post(at, data=told).status_code == 303
    page = mara.get(at).text
    assert 'name="minimum_value" inputmode="decimal" value="100"' in page
    assert 'value="mon" checked' in page
    assert 'value="tue" checked' not in page
    assert 'name="orders_until" value="14:30"' in page
    line = {"supplier": str(world.supplier_id), "site": "LON", "key": "few", "sku": "21000", "amount": "6", "cost": "1"}
    draft = mara.get(mara.post("/orders/new", data=line).headers["location"]).text
    assert "takes no order below 100.00 EUR: 94.00 are missing." in draft
    assert "pays the freight from 250.00 EUR" in draft
    wrong = mara.post(at, data={**told, "orders_until": "soon"})
    assert (wrong.status_code, "a time such as 14:30" in wrong.text) == (422, True)
    assert mara.post(at, data={**told, "currency": ""}).status_code == 422


def test_suppliers_are_found_by_what_they_sell_and_by_where_their_orders_go(client: Client, world: World) -> None:
    mara = client("mara")
    mara.post("/suppliers/new", data={"name": "Mill", "code": "MILL", "email": "o@mill.example"})
    page = mara.get("/suppliers?search=21000").text
    assert "Acme &amp; Sons" in page
    assert "<strong>Mill</strong>" not in page
    page = mara.get("/suppliers?orders=mail").text
    assert "<strong>Mill</strong>" in page
    assert "Acme &amp; Sons" not in page
    assert "nowhere: a person tells them" in mara.get("/suppliers?sort=-items").text


def test_a_cost_from_a_day_on_stands_beside_todays(client: Client, world: World, office: Office) -> None:
    mara = client("mara")
    address = f"/suppliers/{world.supplier_id}/terms"
    mara.post(address, data={**TERMS, "unit_cost": "9", "valid_from": "2026-04-01"})
    page = mara.get(f"{address}?item=21000").text
    assert 'name="unit_cost" inputmode="decimal" value="2.5"' in page
    assert 'value="2026-04-01"' in page
    with office.database.transaction() as tx:
        found = values(tx, "select from_quantity::text, unit_cost::text from supplier_price order by from_quantity")
    assert found == [("0", "9"), ("100", "2.50")]


def test_an_order_pays_what_its_quantity_costs(client: Client, world: World) -> None:
    mara = client("mara")
    mara.post(f"/suppliers/{world.supplier_id}/terms", data=TERMS)
    for key, much in (("few", "12"), ("many", "102")):
        mara.post(
            "/orders/new",
            data={"supplier": str(world.supplier_id), "site": "LON", "key": key, "sku": "21000", "amount": much,
                  "cost": ""},
        )  # fmt: skip
    assert "€36.00" in mara.get("/orders/1").text
    assert "€255.00" in mara.get("/orders/2").text


def test_who_may_not_edit_sees_and_changes_nothing(client: Client, world: World) -> None:
    vera = client("vera")
    page = vera.get(f"/suppliers/{world.supplier_id}").text
    assert '<fieldset class="bare" disabled>' in page
    assert "Add an item that it sells" not in page
    assert vera.post(f"/suppliers/{world.supplier_id}", data={"name": "X", "code": "X"}).status_code == 403


def test_the_company_on_paper_is_set_and_the_currency_while_nothing_stands_in_the_books(
    client: Client, world: World, office: Office
) -> None:
    mara = client("mara")
    assert "Currency of the books" in mara.get("/settings").text
    told = {"name": "Shelf & Co", "address": "Dock Road 1", "tax_number": "DE 1", "contact": "Ana", "currency": "gbp"}
    assert mara.post("/settings", data=told).status_code == 303
    assert mara.post(f"/settings/sites/{world.site_id}/address", data={"address": "Gate 4"}).status_code == 303
    page = mara.get("/settings").text
    assert "Shelf &amp; Co" in page
    assert "Gate 4" in page
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "insert into approval_limit values (1, '*', 5)")
    assert "Currency of the books" not in mara.get("/settings").text
    assert mara.post("/settings", data={**told, "currency": "USD"}).status_code == 409
    assert mara.post("/settings", data={**told, "name": " "}).status_code == 422


def test_a_test_mail_is_sent_to_whom_one_says(client: Client, office: Office) -> None:
    mara = client("mara")
    assert "No mail server" in mara.get("/settings").text
    assert mara.post("/settings/test-mail", data={"to": "ana@example.com"}).status_code == 303
    with office.database.transaction() as tx:
        assert values(tx, "select url, body->>'subject' from outbox") == [
            ("mailto:ana@example.com", "Mail from Shelfwise arrives")
        ]
    assert mara.post("/settings/test-mail", data={"to": "ana"}).status_code == 422


@pytest.mark.parametrize("login", ["omar", "vera"])
def test_settings_are_for_admins(client: Client, login: str) -> None:
    assert client(login).get("/settings").status_code == 403
