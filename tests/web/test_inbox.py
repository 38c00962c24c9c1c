"""The inbox and its pages: what stands there for whom, what its buttons do, and what programs get."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.store.database import run, values
from shelfwise.work import alerts, subscriptions, tasks
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import HOSTILE, World

ROOT = person("root", Role.ADMIN)


def count_bin(office: Office, world: World, title: str = "Count A-001", **more: object) -> int:
    with office.context(ROOT) as ctx:
        return tasks.open_task(
            ctx, kind="count", subject=title, site_id=world.site_id, title=title, link="/bins/1",
            why="A pick came short today.", **more,  # type: ignore[arg-type]
        )  # fmt: skip


def too_warm(office: Office, world: World, severity: str = "danger") -> int:
    with office.context(ROOT) as ctx:
        made = alerts.raise_alert(
            ctx, "temperature", "zone:1", severity, f"Too warm {HOSTILE}", "9 °C", "/zones/1", {"degC": 9},
            site_id=world.site_id,
        )  # fmt: skip
    assert made is not None
    return made


def test_alerts_and_tasks_stand_in_one_list_with_why_and_by_when(client: Client, office: Office, world: World) -> None:
    count_bin(office, world, due_at=NOON + timedelta(hours=2))
    too_warm(office, world)
    page = client("omar").get("/inbox").text
    assert page.index("Too warm") < page.index("Count A-001")
    assert "It is for the floor at London, and nobody has it. A pick came short today." in page
    assert "in 2 h</time>" in page
    assert HOSTILE not in page


def test_the_badge_counts_what_is_for_whoever_looks(client: Client, office: Office, world: World) -> None:
    count_bin(office, world)
    too_warm(office, world)
    assert '<span>Inbox</span><span class="count count-danger">2</span>' in client("omar").get("/stock").text
    assert "<span>Inbox</span></a>" in client("vera").get("/stock").text


def test_a_task_is_taken_noted_handed_over_done_and_opened_again(client: Client, office: Office, world: World) -> None:
    task = f"/tasks/{count_bin(office, world)}"
    omar, mara = client("omar"), client("mara")
    taken = omar.post(f"{task}/take", data={"next": "/inbox?show=mine"})
    assert (taken.status_code, taken.headers["location"]) == (303, "/inbox?show=mine")
    assert "You have it." in omar.get("/inbox?show=mine").text
    assert mara.post(f"{task}/take").status_code == 409
    omar.post(f"{task}/note", data={"note": f"Ladder is gone {HOSTILE}"})
    assert "Ladder is gone &lt;script&gt;" in mara.get(task).text
    mara.post(f"{task}/hand-over", data={"to": "mara", "note": "I have one."})
    assert "(given, not taken)" in omar.get(task).text
    assert mara.post(f"{task}/done", data={"note": "Counted: 7"}).headers["location"] == task
    page = omar.get(task).text
    assert "Counted: 7" in page
    assert "Open it again" in page
    assert omar.post(f"{task}/reopen", data={"reason": "Wrong bin"}).status_code == 303
    assert "Open again: Wrong bin" in omar.get(task).text


def test_somebody_asks_for_something_and_who_it_is_for_finds_it(client: Client, world: World) -> None:
    told = {"title": "Sweep the dock", "site": str(world.site_id), "due": "2026-03-02T15:00", "priority": "high"}
    assert client("mara").post("/tasks", data=told).status_code == 303
    page = client("omar").get("/inbox").text
    assert "Sweep the dock" in page
    assert "mara asked for it." in page
    assert "in 3 h</time>" in page
    assert client("mara").post("/tasks", data=told | {"due": "soon"}).status_code == 422
    assert client("mara").post("/tasks", data=told | {"site": "99"}).status_code == 404


def test_what_is_snoozed_leaves_the_list_but_not_the_page(client: Client, office: Office, world: World) -> None:
    alert = f"/alerts/{too_warm(office, world)}"
    omar = client("omar")
    assert omar.post(f"{alert}/snooze", data={"until": "week"}).status_code == 422
    assert omar.post(f"{alert}/snooze", data={"until": "for ever"}).status_code == 422
    assert omar.post(f"{alert}/snooze", data={"until": "hour", "next": "/inbox"}).headers["location"] == "/inbox"
    page = omar.get("/inbox").text
    assert "Nothing needs you now" in page
    assert "snoozed by omar" in page
    omar.post(f"{alert}/snooze", data={"until": "now"})
    assert "snoozed by" not in omar.get("/inbox").text


def test_tomorrow_is_eight_in_the_morning_at_the_site(client: Client, office: Office, world: World) -> None:
    task_id = count_bin(office, world)
    client("omar").post(f"/tasks/{task_id}/snooze", data={"until": "tomorrow"})
    with office.context(ROOT) as ctx:
        assert tasks.task(ctx, task_id).snoozed_until == NOON + timedelta(hours=20)


def test_this_is_wrong_in_one_tap_and_the_answer_comes_back(client: Client, office: Office, world: World) -> None:
    alert = f"/alerts/{too_warm(office, world)}"
    vera, mara = client("vera"), client("mara")
    assert "This is wrong" in vera.get(alert).text
    assert vera.post(f"{alert}/wrong").status_code == 303
    assert "Answer vera" in mara.get("/inbox").text
    with office.context(ROOT) as ctx:
        (task,) = [one for one in tasks.tasks(ctx) if one.kind == "objection"]
    without = mara.post(f"/tasks/{task.task_id}/done", data={"next": "/inbox"})
    assert without.headers["location"] == f"/tasks/{task.task_id}"
    mara.post(f"/tasks/{task.task_id}/done", data={"note": "The probe was in the sun."})
    assert "mara answered" in vera.get("/inbox").text
    assert "The probe was in the sun." in vera.get(alert).text


def test_an_alert_says_who_is_told_next_and_ends_only_as_its_kind_ends(
    client: Client, office: Office, world: World
) -> None:
    alert = f"/alerts/{too_warm(office, world)}"
    omar = client("omar")
    page = omar.get(alert).text
    assert "It ends by itself when its cause is gone." in page
    assert "<strong>operator</strong>, then quality" in page
    assert omar.post(f"{alert}/settle", data={"note": "x"}).status_code == 409
    omar.post(f"{alert}/acknowledge", data={"next": alert})
    assert "Give it back" in omar.get(alert).text
    omar.post(f"{alert}/give-back")
    with office.context(ROOT) as ctx:
        made = alerts.raise_alert(ctx, "count", "item:1", "attention", "Count 1", "Short.", "/", {})
    assert client("mara").post(f"/alerts/{made}/settle", data={"note": "Counted: 3"}).status_code == 303
    assert "Counted: 3" in client("vera").get(f"/alerts/{made}").text


def test_nobody_is_sent_to_another_site_by_a_button(client: Client, office: Office, world: World) -> None:
    task_id = count_bin(office, world)
    answer = client("omar").post(f"/tasks/{task_id}/take", data={"next": "//evil.test"})
    assert answer.headers["location"] == "/"


def test_programs_take_finish_and_snooze_too(client: Client, office: Office, world: World) -> None:
    task_id, alert_id = count_bin(office, world), too_warm(office, world)
    omar = client("omar")
    (listed,) = omar.get("/api/v1/tasks").json()
    assert (listed["task_id"], listed["state"], listed["role"]) == (task_id, "open", "operator")
    assert omar.post(f"/api/v1/tasks/{task_id}/take").json()["owner"] == "omar"
    assert omar.post(f"/api/v1/tasks/{task_id}/done", json={"note": "7"}).json()["outcome"] == "7"
    assert omar.get("/api/v1/tasks").json() == []
    assert [one["task_id"] for one in omar.get("/api/v1/tasks?finished=true").json()] == [task_id]
    told = {"until": (NOON + timedelta(hours=1)).isoformat()}
    assert omar.post(f"/api/v1/alerts/{alert_id}/snooze", json=told).json()["snoozed_by"] == "omar"
    assert omar.post(f"/api/v1/alerts/{alert_id}/snooze", json={"until": None}).json()["snoozed_until"] is None
    assert omar.get("/api/v1/tasks/99").status_code == 404


HOOK = {"whose": "installation", "channel": "webhook", "name": "ERP", "address": "https://erp.example.com/in?key=hush"}


def test_a_webhook_shows_its_secret_once_and_its_address_never(client: Client) -> None:
    mara = client("mara")
    made = mara.post("/webhooks", data=HOOK | {"kinds": "stock.short stock.overpromised", "other": "lot.*"})
    assert made.status_code == 200
    assert made.text.count("whsec_") == 1
    page = mara.get("/webhooks/1").text
    assert "whsec_" not in page
    assert "lot.*, stock.overpromised, stock.short" in page
    assert "erp.example.com" in page
    assert "hush" not in page
    renewed = mara.post("/webhooks/1/secret").text
    assert "whsec_" in renewed
    assert "old secret as well" in renewed
    assert "hush" not in mara.get("/api/v1/webhooks").text + mara.get("/audit").text


def test_what_became_of_each_message_is_shown_with_its_attempts(client: Client, office: Office) -> None:
    mara = client("mara")
    mara.post("/webhooks", data=HOOK | {"kinds": "*"})
    assert mara.post("/webhooks/1/test").status_code == 303
    with office.database.transaction() as tx:
        ((outbox_id,),) = values(tx, "select outbox_id from outbox")
        run(tx, "update outbox set state = 'failed', attempts = 10")
        run(
            tx,
            """insert into outbox_attempt (tenant_id, outbox_id, began_at, ended_at, outcome, detail)
               values (1, %s, %s, %s, 'not_delivered', %s)""",
            (outbox_id, NOON, NOON + timedelta(milliseconds=120), f"answered 500: {HOSTILE}"),
        )
    page = mara.get("/webhooks/1").text
    assert "shelfwise.test" in page
    assert "answered 500: &lt;script&gt;" in page
    assert "(120 ms)" in page
    assert "1 message is" in mara.get(mara.post("/webhooks/1/send-again").headers["location"]).text
    (attempt,) = mara.get(f"/api/v1/outbox/{outbox_id}/attempts").json()
    assert attempt["outcome"] == "not_delivered"


def test_people_subscribe_by_mail_for_themselves_and_not_for_the_house(client: Client) -> None:
    omar = client("omar")
    mail = {"channel": "mail", "name": "Nights", "address": "omar@example.com", "kinds": "alert.*"}
    assert omar.post("/webhooks", data=mail | {"whose": "installation"}).status_code == 403
    assert omar.post("/webhooks", data=HOOK | {"whose": "mine", "kinds": "*"}).status_code == 409
    made = omar.post("/webhooks", data=mail | {"whose": "mine"})
    assert made.headers["location"] == "/webhooks/1"
    assert "Nights" in omar.get("/webhooks").text
    assert "Nights" not in client("vera").get("/webhooks").text
    assert client("vera").get("/webhooks/1").status_code == 403
    assert "Nights" in client("mara").get("/webhooks").text
    assert omar.post("/webhooks/1/remove").status_code == 303
    assert omar.get("/webhooks/1").status_code == 404


@pytest.mark.parametrize("wrong", [{"address": "ftp://x"}, {"kinds": "Not A Kind!"}, {"name": " "}])
def test_a_subscription_that_cannot_be_right_is_explained_on_the_same_page(
    client: Client, wrong: dict[str, str]
) -> None:
    answer = client("mara").post("/webhooks", data=HOOK | {"kinds": "*"} | wrong)
    assert answer.status_code == 422
    assert "expected" in answer.text
    assert "Who is told of what?" in answer.text


def test_a_paused_webhook_says_so_and_is_resumed(client: Client, office: Office) -> None:
    mara = client("mara")
    mara.post("/webhooks", data=HOOK | {"kinds": "*"})
    mara.post("/webhooks/1/pause")
    assert "Nothing is sent." in mara.get("/webhooks/1").text
    assert mara.post("/webhooks/1/test").status_code == 409
    mara.post("/webhooks/1/resume")
    with office.context(ROOT) as ctx:
        assert [one.state for one in subscriptions.subscriptions(ctx)] == ["active"]
