"""Master data by REST: added and changed field by field, with slashes in SKUs."""

from __future__ import annotations

from shelfwise.access.context import Office
from tests.web.conftest import Client
from tests.web.world import World

API = "/api/v1"


def test_an_item_with_slashes_is_added_changed_packed_scanned_and_phased_out(client: Client, world: World) -> None:
    mara = client("mara")
    sku, where = "A/7/forecasts", f"{API}/items/A/7/forecasts"
    made = mara.post(f"{API}/items", json={"sku": sku, "tracking": "lot", "shelf_life_days": 60})
    assert (made.status_code, made.json()["needs_expiry"]) == (200, False)
    changed = mara.post(f"{where}/change", json={"needs_expiry": True, "shelf_life_days": None}).json()
    assert (changed["needs_expiry"], changed["shelf_life_days"], changed["tracking"]) == (True, None, "lot")
    packs = mara.post(f"{where}/packs", json={"level": "case", "quantity": "12", "valid_from": "2026-03-02"})
    assert packs.json() == [{"level": "case", "quantity": "12", "valid_from": "2026-03-02"}]
    assert mara.get(f"{where}/packs").json() == packs.json()
    assert mara.post(f"{where}/barcodes", json={"barcode": "B/1", "level": "case"}).status_code == 200
    assert mara.get(f"{API}/barcodes/B/1").json() == {"barcode": "B/1", "sku": sku, "level": "case"}
    assert mara.get(f"{where}/barcodes").json() == [{"barcode": "B/1", "sku": sku, "level": "case"}]
    assert mara.post(f"{where}/barcodes/remove", json={"barcode": "B/1"}).json() == []
    assert mara.get(f"{API}/barcodes/B/1").status_code == 404
    assert mara.post(f"{where}/archive").json()["archived"]
    assert [one["sku"] for one in mara.get(f"{API}/items", params={"search": "A/7"}).json()] == []
    found = mara.get(f"{API}/items", params={"search": "A/7", "archived": True}).json()
    assert [one["sku"] for one in found] == [sku]
    assert mara.get(where).json()["archived"]
    assert not mara.post(f"{where}/restore").json()["archived"]
    assert mara.get(f"{API}/items/A%2F7%2Fforecasts").json()["sku"] == sku


def test_what_a_change_means_is_said_until_it_is_confirmed(client: Client, world: World) -> None:
    mara = client("mara")
    asked = mara.post(f"{API}/items/21000/change", json={"tracking": "lot"})
    assert asked.status_code == 409
    assert "lies there without a lot" in asked.json()["error"]
    done = mara.post(f"{API}/items/21000/change", json={"tracking": "lot", "confirmed": True})
    assert done.json()["tracking"] == "lot"
    site = f"{API}/sites/{world.site_id}/change"
    assert mara.post(site, json={"time_zone": "Asia/Tokyo"}).status_code == 409
    assert mara.post(site, json={"time_zone": "Asia/Tokyo", "confirmed": True}).json()["time_zone"] == "Asia/Tokyo"


def test_a_site_its_zones_and_places_are_added_and_changed(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    told = {"code": "N", "name": "North", "time_zone": "Europe/Berlin", "width_m": 20, "depth_m": 12}
    site = mara.post(f"{API}/sites", json=told).json()
    assert "N" in {one["code"] for one in mara.get(f"{API}/sites").json()}
    where = f"{API}/sites/{site['site_id']}"
    cold = {"code": "C", "name": "Cold", "kind": "chilled", "x_m": 0, "y_m": 0, "width_m": 5, "depth_m": 5,
            "low_degc": 2, "high_degc": 8}  # fmt: skip
    zone = mara.post(f"{where}/zones", json=cold).json()
    assert zone["delay_min"] == 10
    changed = mara.post(f"{API}/zones/{zone['zone_id']}/change", json={"delay_min": 5, "low_degc": None}).json()
    assert (changed["delay_min"], changed["low_degc"], changed["high_degc"]) == (5, None, 8)
    assert mara.get(f"{where}/zones").json() == [changed]
    place = mara.post(f"{where}/places", json={"code": "C-01", "zone_id": zone["zone_id"], "sku": "21000"}).json()
    moved = mara.post(f"{API}/places/{place['place_id']}/change", json={"capacity": "80", "sku": None}).json()
    assert (moved["capacity"], moved["sku"], moved["zone_id"]) == ("80", None, zone["zone_id"])
    assert mara.post(f"{API}/places/{place['place_id']}/archive").json()["archived"]
    assert {one["code"] for one in mara.get(f"{where}/places").json()} == {"DOCK", "PACKING"}
    listed = mara.get(f"{where}/places", params={"archived": True}).json()
    assert {one["code"] for one in listed} == {"C-01", "DOCK", "PACKING"}
    assert not mara.post(f"{API}/places/{place['place_id']}/restore").json()["archived"]
    assert mara.post(f"{where}/places", json={"code": "C-02", "sku": "NOPE"}).status_code == 404
    assert mara.post(f"{where}/places", json={"code": "C-02", "kind": "supplier"}).status_code == 422
