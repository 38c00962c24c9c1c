"""What a manager puts right by hand: parked facts, messages that did not arrive, orders that no message carries."""

from __future__ import annotations

from shelfwise import worker
from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.store.database import run, value, values
from tests.web.conftest import Client
from tests.web.world import HOSTILE, World, given_up, parked, propose

MANAGER = person("root", Role.ADMIN)


def ordered(office: Office, client: Client, world: World, address: str | None = None) -> int:
    """The id of an approved order; with an address, a message is to carry it."""
    with office.context(MANAGER) as ctx:
        run(ctx.tx, "update supplier set order_url = %s where tenant_id = %s", (address, ctx.tenant))
    client("mara").post(f"/proposals/{propose(office, world)}/approve", data={"amount": "24"})
    with office.context(MANAGER) as ctx:
        (order,) = orders.purchase_orders(ctx)
        return order.purchase_order_id


def test_a_parked_fact_is_tried_again_or_dropped_with_a_reason(client: Client, office: Office) -> None:
    fact = parked(office)
    mara, omar = client("mara"), client("omar")
    assert f"/parked/{fact}/try-again" not in omar.get("/quarantine").text
    assert f"/parked/{fact}/try-again" in mara.get("/quarantine").text
    assert mara.post(f"/parked/{fact}/try-again").headers["location"] == "/quarantine"
    page = mara.get("/quarantine").text
    assert "being tried again" in page
    assert f"/parked/{fact}/try-again" not in page
    assert mara.post(f"/parked/{fact}/drop", data={"note": " "}).status_code == 422
    assert mara.post(f"/parked/{fact}/drop", data={"note": "known mistake"}).status_code == 303
    assert "Facts that a part" not in mara.get("/quarantine").text
    assert mara.post(f"/parked/{fact}/drop", data={"note": "again"}).status_code == 409
    assert "known mistake" in mara.get("/audit").text


def test_the_worker_makes_the_attempt_that_was_asked_for(client: Client, office: Office) -> None:
    client("mara").post(f"/parked/{parked(office)}/try-again")
    worker.serve_consumers(office)
    assert "Facts that a part" not in client("vera").get("/quarantine").text


def test_programs_settle_parked_facts_too(client: Client, office: Office) -> None:
    fact = parked(office)
    mara = client("mara")
    (listed,) = mara.get("/api/v1/parked").json()
    assert (listed["parked_id"], listed["consumer"], listed["state"]) == (fact, "reserve", "parked")
    assert mara.post(f"/api/v1/parked/{fact}/try-again").json()["state"] == "retry"
    assert mara.post(f"/api/v1/parked/{fact}/drop", json={"note": "no use"}).json()["state"] == "dropped"
    assert mara.post(f"/api/v1/parked/{fact}/try-again").status_code == 409
    assert mara.get("/api/v1/parked").json() == []


def test_the_orders_page_shows_what_could_not_be_sent_and_sends_it_again(client: Client, office: Office) -> None:
    message = given_up(office)
    mara, vera = client("mara"), client("vera")
    seen = vera.get("/orders").text
    assert "could not be sent" in seen
    assert "&lt;script&gt;" in seen
    assert "desk.test" in seen
    assert f"desk.test/{HOSTILE[:3]}" not in seen
    assert "/send-again" not in seen
    assert f"/outbox/{message}/send-again" in mara.get("/orders").text
    assert mara.post(f"/outbox/{message}/send-again").headers["location"] == "/orders"
    page = mara.get("/orders").text
    assert "are being sent" in page
    assert "/send-again" not in page
    away = mara.post(f"/outbox/{message}/send-again", data={"next": "//evil.test"})
    assert away.headers["location"] == "/"


def test_programs_see_the_outbox_without_the_rest_of_its_addresses(client: Client, office: Office) -> None:
    message = given_up(office)
    mara = client("mara")
    (listed,) = mara.get("/api/v1/outbox").json()
    assert (listed["host"], listed["state"], listed["attempts"]) == ("desk.test", "failed", 12)
    assert "url" not in listed
    assert mara.post(f"/api/v1/outbox/{message}/send-again").json()["state"] == "waiting"
    assert mara.post(f"/api/v1/outbox/{message + 1}/send-again").status_code == 404


def test_an_order_that_no_message_carries_is_sent_by_a_person_who_says_so(
    client: Client, office: Office, world: World
) -> None:
    order = ordered(office, client, world)
    mara, omar = client("mara"), client("omar")
    assert "for a person to send" in mara.get("/orders").text
    assert "Somebody who plans notes here" in omar.get(f"/orders/{order}").text
    assert f"/orders/{order}/sent" not in omar.get(f"/orders/{order}").text
    page = mara.get(f"/orders/{order}").text
    assert "counts the lead time from now" in page
    assert "takes its own message back" not in page
    assert mara.post(f"/orders/{order}/sent").status_code == 303
    page = mara.get(f"/orders/{order}").text
    assert "Noted: Acme &amp; Sons has PO-000001." in page
    assert "I have sent it" not in page
    assert mara.post(f"/api/v1/purchase-orders/{order}/sent").json()["state"] == "sent"


def test_an_order_on_its_way_has_no_button_and_one_given_up_has_two(
    client: Client, office: Office, world: World
) -> None:
    order = ordered(office, client, world, "http://desk.test/orders")
    mara = client("mara")
    page = mara.get(f"/orders/{order}").text
    assert "approved, being sent" in page
    assert "I have sent it" not in page
    with office.context(MANAGER) as ctx:
        run(ctx.tx, "update outbox set attempts = 3, last_error = 'ConnectError: refused'")
    page = mara.get(f"/orders/{order}").text
    assert "did not take it in 2 attempts" in page
    assert "ConnectError: refused" in page
    assert "I have sent it" not in page
    with office.context(MANAGER) as ctx:
        run(ctx.tx, "update outbox set state = 'failed'")
        message: int = value(ctx.tx, "select outbox_id from outbox")
    page = mara.get(f"/orders/{order}").text
    assert "not sent: given up" in page
    assert f"/outbox/{message}/send-again" in page
    assert "takes its own message back" in page
    assert mara.post(f"/orders/{order}/sent").status_code == 303
    assert "could not be sent" not in mara.get("/orders").text
    with office.context(MANAGER) as ctx:
        assert values(ctx.tx, "select state from outbox") == [("withdrawn",)]
