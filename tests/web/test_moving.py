"""Goods are carried with a scanner: the books follow, once, and ask again where more is named than they hold."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.store.database import values
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World


def lies(office: Office, world: World, code: str, sku: str = "21000") -> int:
    with office.context(person("root", Role.ADMIN)) as ctx:
        place = records.place_by_code(ctx, world.site_id, code)
        found = stock.lies_at(ctx, place_id=place.place_id, item_id=world.items[sku])
        return int(sum(one.on_hand for one in found))


def told(**changed: str) -> dict[str, str]:
    form = {"site": "LON", "from": "A-001", "sku": "21000", "amount": "4", "to": "A-002", "source": "page:1"}
    return form | changed


def receive(office: Office, world: World, sku: str, lot: str | None = None) -> None:
    """Twelve come onto the dock."""
    with office.context(person("root", Role.ADMIN)) as ctx:
        order = orders.place_purchase_order(
            ctx, decision_key=sku, supplier_id=world.supplier_id, site_id=world.site_id, currency="EUR",
            lines=[(world.items[sku], Decimal(12), Decimal(2))], expected_at=NOON,
        )  # fmt: skip
        dock = records.place_by_code(ctx, world.site_id, "DOCK").place_id
        stock.receive(ctx, order.purchase_order_id, 1, Decimal(12), dock, f"r-{sku}", lot=lot)


def test_a_bin_is_asked_for_then_what_is_taken_then_where_it_goes(client: Client, world: World) -> None:
    omar = client("omar")
    assert "Where do you take something from?" in omar.get("/move").text
    what = omar.get("/move", params={"site": "LON", "from": "a-001"}).text
    assert "What do you take from A-001?" in what
    assert 'data-sku="21000"' in what
    where = omar.get("/move", params={"site": "LON", "from": "A-001", "sku": "21000"}).text
    assert "of 30 each" in where
    assert 'value="30"' in where
    assert client("vera").get("/move").status_code == 403


def test_what_is_moved_lies_in_the_other_bin_and_work_goes_on(client: Client, office: Office, world: World) -> None:
    omar = client("omar")
    done = omar.post("/move", data=told())
    assert done.status_code == 303
    assert parse_qs(urlsplit(done.headers["location"]).query)["from"] == ["A-001"]
    assert (lies(office, world, "A-001"), lies(office, world, "A-002")) == (26, 4)


def test_a_move_that_is_sent_twice_counts_once(client: Client, office: Office, world: World) -> None:
    omar = client("omar")
    for _ in range(2):
        assert omar.post("/move", data=told(amount="30")).status_code == 303
    assert (lies(office, world, "A-001"), lies(office, world, "A-002")) == (0, 30)


def test_more_than_the_books_hold_is_asked_again_and_then_believed(
    client: Client, office: Office, world: World
) -> None:
    omar = client("omar")
    asked = omar.post("/move", data=told(amount="31"))
    assert asked.status_code == 409
    assert "By the books, A-001 holds 30 of 21000, and you name 31." in asked.text
    assert lies(office, world, "A-002") == 0
    assert omar.post("/move", data=told(amount="31", seen="yes")).status_code == 303
    assert (lies(office, world, "A-001"), lies(office, world, "A-002")) == (0, 31)


def test_what_is_held_is_carried_as_held(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        stock.hold(
            ctx, item_id=world.items["21000"], place_id=world.bins["A-001"], quantity=Decimal(5), reason="wet"
        )  # fmt: skip
    assert client("omar").post("/move", data=told(status="hold")).status_code == 303
    with office.context(person("root", Role.ADMIN)) as ctx:
        (one,) = stock.lies_at(ctx, place_id=world.bins["A-002"], item_id=world.items["21000"])
        assert (one.status, int(one.on_hand)) == ("hold", 4)


def test_a_code_that_is_no_bin_is_said_and_nothing_moves(client: Client, office: Office, world: World) -> None:
    omar = client("omar")
    assert "Z-9 is no bin and no item of London" in omar.get("/move", params={"site": "LON", "from": "Z-9"}).text
    for wrong in (told(to="Z-9"), told(to="CUSTOMER"), told(amount="x"), told(to="A-001"), told(status="lost")):
        assert omar.post("/move", data=wrong).status_code == 422
    assert omar.post("/move", data=told(sku="no such")).status_code == 404
    assert lies(office, world, "A-001") == 30


def test_goods_scanned_instead_of_a_bin_show_where_they_lie(client: Client, world: World) -> None:
    page = client("omar").get("/move", params={"site": "LON", "from": "21000"}).text
    assert "from=A-001&amp;sku=21000" in page


def test_a_scanned_code_is_known_for_what_it_is(client: Client, world: World) -> None:
    omar = client("omar")

    def kind(scanned: str) -> str:
        told = omar.get("/move/code", params={"site": "LON", "scanned": scanned, "from": "A-001"}).json()
        return str(told["kind"])

    assert [kind(code) for code in ("a-002", "21003", "CUSTOMER", "no such")] == [
        "place", "item", "unknown", "unknown",
    ]  # fmt: skip


def test_a_serial_number_is_scanned_and_moved_by_itself(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        stock.take_return(
            ctx, item_id=world.items["21000"], place_id=world.bins["A-003"], quantity=Decimal(1), serial="SN/1",
            status="available",
        )  # fmt: skip
    omar = client("omar")
    found = omar.get("/move/code", params={"site": "LON", "scanned": "SN/1", "from": "A-003"}).json()
    assert found["kind"] == "goods"
    page = omar.get(found["address"]).text
    assert 'name="serial" value="SN/1"' in page
    form = told(**{"from": "A-003"}, serial="SN/1", amount="1")
    assert omar.post("/move", data=form).status_code == 303
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert stock.serial_at(ctx, world.items["21000"], "SN/1").place == "A-002"


def test_what_waits_on_the_dock_is_listed_by_age_with_its_bin(client: Client, office: Office, world: World) -> None:
    omar = client("omar")
    assert "Nothing waits on the docks" in omar.get("/put-away").text
    receive(office, world, "21003", lot="L/1 &x")
    with office.context(person("root", Role.ADMIN)) as ctx:
        (one,) = stock.to_put_away(ctx, world.site_id)
        assert (one.sku, one.lot, int(one.on_hand), one.usual, one.since) == ("21003", "L/1 &x", 12, "A-004", NOON)
    page = omar.get("/put-away").text
    assert "from=DOCK&amp;sku=21003&amp;lot=L%2F1+%26x&amp;status=available&amp;to=A-004" in page
    form = told(**{"from": "DOCK"}, sku="21003", lot="L/1 &x", amount="12", to="A-004")
    done = omar.post("/move", data=form)
    assert done.headers["location"] == "/put-away?site=LON"
    with office.database.transaction() as tx:
        assert values(tx, "select reason, lot from movement order by movement_id desc limit 1") == [
            ("put_away", "L/1 &x")
        ]


def test_the_oldest_on_the_dock_is_what_was_not_put_away_yet(office: Office, world: World) -> None:
    receive(office, world, "21003")
    with office.context(person("root", Role.ADMIN)) as ctx:
        dock = records.place_by_code(ctx, world.site_id, "DOCK").place_id
        move = stock.put_away
        move(ctx, item_id=world.items["21003"], from_place_id=dock, to_place_id=world.bins["A-004"],
             quantity=Decimal(12))  # fmt: skip
        assert stock.to_put_away(ctx, world.site_id) == []


def test_goods_are_known_by_their_barcode_and_told_in_packs(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.add_barcode(ctx, world.items["21000"], "4006381333931")
        records.set_pack(ctx, world.items["21000"], "case", Decimal(6), NOON.date())
    omar = client("omar")
    asked = {"site": "LON", "from": "A-001", "scanned": "04006381333931"}
    answer = omar.get("/move/code", params=asked).json()
    assert (answer["kind"], answer["code"]) == ("goods", "21000")
    assert omar.post("/move", data=told(amount="1 case + 2")).status_code == 303
    assert lies(office, world, "A-002") == 8
    assert omar.post("/move", data=told(amount="1 pallet", source="page:2")).status_code == 422
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert "4006381333931" in records.codes_of(ctx, world.items["21000"])
        assert "04006381333931" in records.codes_of(ctx, world.items["21000"])


def test_a_gs1_label_leads_to_just_those_goods(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.add_barcode(ctx, world.items["21000"], "4006381333931")
    omar = client("omar")

    def asked(scanned: str, start: str = "A-001") -> dict[str, str]:
        told: dict[str, str] = omar.get("/move/code", params={"site": "LON", "from": start, "scanned": scanned}).json()
        return told

    assert asked("]C10104006381333931")["kind"] == "goods"
    assert asked("https://id.gs1.org/01/04006381333931")["code"] == "21000"
    other_lot = asked("010400638133393110NO-SUCH-LOT")
    assert (other_lot["kind"], "lot=NO-SUCH-LOT" in other_lot["address"]) == ("item", True)
    assert asked("010400638133393110X", start="")["kind"] == "item"
    wrong = asked("(01)04006381333932")
    assert wrong["kind"] == "unreadable"
    assert "Scan it once more" in wrong["words"]
    shown = omar.get("/move", params={"site": "LON", "from": "0104006381333931"})
    assert "Where do you take it from?" in shown.text
    assert "A-001" in shown.text


def test_a_label_fills_in_what_a_receipt_asks_for(client: Client, office: Office, world: World) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.add_barcode(ctx, world.items["21000"], "4006381333931")
    omar = client("omar")
    told = omar.get("/scan", params={"code": "010400638133393117261200310300125010AB-1\x1d21S7"}).json()
    assert told == {
        "sku": "21000", "words": "", "lot": "AB-1", "last_day": "2026-12-31", "serial": "S7", "weight_kg": "1.250",
    }  # fmt: skip
    assert omar.get("/scan", params={"code": "nothing"}).json()["words"].startswith("This is nothing we know.")
    assert "right last digit" in omar.get("/scan", params={"code": "(01)04006381333932"}).json()["words"]
