"""Programs buy: draft, approve, note what a supplier's system confirmed, change, cancel; and keep suppliers' terms."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import Client
from tests.web.world import World

DRAFT: dict[str, Any] = {
    "supplier": "ACME", "site": "LON", "source": "erp-1", "expected_at": "2026-03-20T12:00:00Z",
    "lines": [{"sku": "21001", "quantity": "12"}, {"sku": "21002", "quantity": 24, "unit_cost": "2.75"}],
}  # fmt: skip


def test_an_order_goes_from_draft_to_answer(client: Client, world: World) -> None:
    mara = client("mara")

    def post(what: str = "", **told: Any) -> Any:
        answer = mara.post(f"/api/v1/purchase-orders{what}", json=told)
        assert answer.status_code == 200, answer.text
        return answer.json()

    order = post(**DRAFT)
    assert post(**DRAFT) == order
    assert (order["state"], order["total"], order["currency"]) == ("draft", "96", "EUR")
    at = f"/{order['purchase_order_id']}"
    assert post(f"{at}/approve")["state"] == "approved"
    said = post(f"{at}/confirm", lines=[{"line": 1, "quantity": "6", "unit_cost": "3"}, {"line": 2}])
    assert (said["state"], said["total"], said["lines"][0]["confirmed_cost"]) == ("confirmed", "84", "3")
    changed = post(f"{at}/change", lines=[{"line": 2, "quantity": 0}], reason="dropped")
    assert (changed["answer_to"], changed["asked"]["quantities"], changed["total"]) == ("change", {"2": "0"}, "84")
    assert post(f"{at}/answer", accepted=True)["total"] == "18"
    post(f"{at}/change", lines=[{"line": 1, "quantity": 12}])
    assert post(f"{at}/answer", accepted=False, lines=[{"line": 1, "quantity": 10}])["total"] == "25"
    post(f"{at}/change", lines=[{"line": 1, "quantity": 12}])
    assert post(f"{at}/take-back-question")["asked"] is None
    assert post(f"{at}/cancel", reason="no longer needed")["answer_to"] == "cancel"
    assert post(f"{at}/answer", accepted=True)["state"] == "cancelled"


def test_a_draft_that_cannot_be_priced_names_its_lines(client: Client, world: World) -> None:
    mara = client("mara")
    mara.post("/api/v1/suppliers", json={"code": "MILL", "name": "Mill"})
    answer = mara.post("/api/v1/purchase-orders", json={**DRAFT, "supplier": "MILL"})
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["faults"]] == ["line 1, unit_cost"]
    unknown = mara.post("/api/v1/purchase-orders", json={**DRAFT, "supplier": "NOBODY"})
    assert unknown.status_code == 404


def test_a_supplier_and_its_terms_are_kept(client: Client, world: World) -> None:
    mara = client("mara")
    made = mara.post("/api/v1/suppliers", json={"code": "MILL", "name": "Mill", "email": "o@mill.example"}).json()
    at = f"/api/v1/suppliers/{made['supplier_id']}"
    assert mara.post(at, json={"code": "MILL", "name": "The mill"}).json()["email"] is None
    terms = {
        "unit_cost": "3", "currency": "EUR", "lead_time_days": 4, "pack_size": 6,
        "prices": [{"from_quantity": 100, "valid_from": "2026-03-01", "unit_cost": "2.5"}],
    }  # fmt: skip
    assert mara.post(f"{at}/terms/21001", json=terms).status_code == 200
    changed = mara.post(f"{at}/terms/21001", json={**terms, "unit_cost": "4", "prices": None}).json()
    assert (changed["unit_cost"], changed["prices"][0]["unit_cost"]) == ("4", "2.5")
    assert mara.get(f"{at}/terms").json() == [changed]
    assert [one["code"] for one in mara.get("/api/v1/suppliers").json()] == ["ACME", "MILL"]
    more = {
        **terms, "largest_order": 600, "safety_days": 1.5, "weekly_capacity": "250", "sold_until": "2027-01-31",
        "periods": [{"valid_from": "2026-12-20", "valid_until": "2027-01-06", "lead_time_days": 21}],
    }  # fmt: skip
    kept = mara.post(f"{at}/terms/21001", json=more).json()
    assert [kept[name] for name in ("largest_order", "safety_days", "weekly_capacity", "sold_until")] == [
        "600", 1.5, "250", "2027-01-31",
    ]  # fmt: skip
    assert [(one["lead_time_days"], one["pack_size"]) for one in kept["periods"]] == [(21, None)]
    mill = {"code": "MILL", "name": "Mill", "currency": "EUR", "minimum_value": 100, "orders_until": "14:30:00"}
    assert mara.post(at, json=mill).json()["minimum_value"] == "100"
