"""The page of promotions: its calendar, its form, and the same by REST."""

from __future__ import annotations

import re
from datetime import date, timedelta

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.demand import lifts
from shelfwise.records.promoting_model import StoredPromotion, gather
from shelfwise.store.database import run
from shelfwise.web.promotion_calendar import DAYS, WEEKS, first_monday, lay_out
from tests.conftest import NOON
from tests.web.conftest import Client

TODAY = NOON.date()
DAY = timedelta(days=1)
FORM = {
    "code": "SPRING", "site": "", "kind": "price", "starts_on": str(TODAY + DAY), "ends_on": str(TODAY + 7 * DAY),
    "discount_percent": "20", "price": "", "note": "Leaflet", "items": "21001\n",
}  # fmt: skip


def test_the_calendar_begins_on_a_monday_and_cuts_what_reaches_out_of_it() -> None:
    first = first_monday(TODAY, None)
    assert (first.weekday(), first < TODAY) == (0, True)
    long = StoredPromotion(1, "LONG", None, 1, first - DAY, first + 400 * DAY, "price", None, None, None, False)
    before = StoredPromotion(2, "GONE", None, 1, first - 9 * DAY, first - DAY, "price", None, None, None, False)
    laid_out = lay_out(gather([long, before]), first, TODAY)
    assert [(bar.event.code, bar.at, bar.days, bar.state) for bar in laid_out.bars] == [("LONG", 0, DAYS, "running")]
    assert sum(month.weeks for month in laid_out.months) == WEEKS
    assert laid_out.today == (TODAY - first).days
    assert lay_out([], date(2020, 1, 6), TODAY).today is None


def test_a_promotion_is_planned_seen_changed_and_called_off_on_pages(client: Client) -> None:
    mara = client("mara")
    assert "No promotion is known" in mara.get("/promotions").text
    done = mara.post("/promotions/new", data=FORM)
    assert done.status_code == 303
    page = done.headers["location"]
    assert "planned" in mara.get(page).text
    shown = mara.get("/promotions").text
    assert f'href="{page}"' in shown
    assert 'class="bar-planned"' in shown
    assert mara.post(page, data=FORM | {"discount_percent": "25"}).status_code == 303
    assert 'value="25"' in mara.get(page).text
    assert mara.post(f"{page}/call-off", data={"reason": "rain"}).status_code == 303
    assert 'class="bar-called-off"' in mara.get("/promotions").text
    assert mara.post(f"{page}/put-back").status_code == 303
    assert "Planned" in mara.get("/items/21001").text


def test_a_past_promotion_says_what_it_did_or_that_nothing_can_be_said(client: Client, office: Office) -> None:
    mara = client("mara")
    days = {"starts_on": str(TODAY - 9 * DAY), "ends_on": str(TODAY - 8 * DAY)}
    page = mara.post("/promotions/new", data=FORM | days).headers["location"]
    assert "It is measured in the night" in mara.get(page).text
    with office.context(person("root", Role.ADMIN)) as ctx:
        lifts.measure_site(ctx, 1, TODAY - DAY)
    assert "Nothing can be said of it" in mara.get(page).text
    with office.context(person("root", Role.ADMIN)) as ctx:
        run(ctx.tx, "update promotion_lift set days = 2, sold = 90, expected = 50, spread = 4 where span = 'during'")
        run(
            ctx.tx,
            """insert into promotion_lift (tenant_id, promotion_id, site_id, span, category, days, sold, expected,
                   spread, measured_at)
               select tenant_id, promotion_id, site_id, 'others', 'Mugs', 2, 183.5, 199.5, 9, measured_at
               from promotion_lift where span = 'during'""",
        )
        run(ctx.tx, "update item set category = 'Mugs' where sku = '21001'")
    shown = mara.get(page).text
    assert re.search(r"Others of .*Mugs.* sold 8 % less meanwhile \(3 to 13 in 8 of 10 cases\)", shown)
    assert "It sold 1.8 times as much (1.6 to 2.0 in 8 of 10 cases)" in shown
    assert "90 in place of 50" in shown
    coming = mara.post("/promotions/new", data=FORM | {"code": "NEXT"}).headers["location"]
    assert "Too few promotions of this kind" in mara.get(coming).text
    for name in ("TWO", "THREE"):
        mara.post("/promotions/new", data=FORM | days | {"code": name})
    with office.context(person("root", Role.ADMIN)) as ctx:
        lifts.measure_site(ctx, 1, TODAY - DAY)
        run(ctx.tx, "update promotion_lift set days = 2, sold = 90, expected = 50, spread = 4 where span = 'during'")
    assert "from 3 promotions that were measured here" in mara.get(coming).text


def test_a_form_that_cannot_be_right_is_shown_again_as_it_was_written(client: Client) -> None:
    answer = client("mara").post("/promotions/new", data=FORM | {"items": "21001\nNOPE", "discount_percent": "much"})
    assert answer.status_code == 422
    for words in ("NOPE", "the SKU of an item", "Cheaper by", 'value="SPRING"'):
        assert words in answer.text


def test_programs_plan_and_read_promotions_and_hear_of_overlaps(client: Client) -> None:
    mara = client("mara")
    told = {"promotion": "A", "site": "LON", "skus": ["21001"], "starts_on": str(TODAY), "ends_on": str(TODAY + DAY)}
    made = mara.post("/api/v1/promotions", json=told).json()
    assert (made["state"], made["skus"], made["overlaps"]) == ("running", ["21001"], [])
    other = mara.post("/api/v1/promotions", json=told | {"promotion": "B", "site": None}).json()
    assert (other["site"], other["overlaps"]) == (None, ["A"])
    changed = mara.post(f"/api/v1/promotions/{made['promotion_id']}", json=told | {"discount_percent": "10"}).json()
    assert changed["discount_percent"] == "10"
    found = mara.get("/api/v1/promotions", params={"since": str(TODAY)}).json()
    assert [one["promotion"] for one in found] == ["A", "B"]
    assert mara.post("/api/v1/promotions", json=told | {"promotion": "C", "skus": ["NOPE"]}).status_code == 422
