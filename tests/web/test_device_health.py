"""What the page of a device says of whether it can be believed, and what a person answers there."""

from __future__ import annotations

from datetime import timedelta

from shelfwise.access.context import Office
from shelfwise.app import in_true_time
from shelfwise.edge import devices
from shelfwise.edge.health import service as health
from shelfwise.edge.health import tables
from shelfwise.edge.health.model import Finding
from shelfwise.edge.tables import StoredReading
from tests.conftest import NOON
from tests.edge.history.telling import MARA, Said, hear_and_sum, tell
from tests.web.conftest import Client
from tests.web.world import World


def hear(office: Office, minute: float, degc: float) -> None:
    """The cold room's thermometer says something, and the worker hears of it."""
    at = NOON + timedelta(minutes=minute)
    with office.context(MARA) as ctx:
        tell(ctx, [Said(at, degc, "thermo-c")])
        facts = [StoredReading(1, 1, "thermo-c", "temperature", degc, None, at, at)]
        for consumer in (devices.remember_latest, health.learn):
            in_true_time(consumer)(ctx, facts)
    hear_and_sum(office)


def test_what_is_corrected_is_said_on_the_page_beside_what_the_device_says_itself(
    client: Client, office: Office, world: World
) -> None:
    mara, page = client("mara"), "/devices/thermo-c"
    hear(office, -1, 4.6)
    told = {"kind": "temperature", "done_on": "2026-02-20", "deviation": "0,4", "certificate": "K-77"}
    assert mara.post(f"{page}/calibrated", data=told).status_code == 303
    hear(office, 1, 4.6)
    shown = client("vera").get(page).text
    assert "reads 0.4 °C high by its certificate of 20 Feb 2026; corrected since" in shown
    assert "4.2 °C" in shown and "corrected; it says 4.60" in shown
    assert "Stop correcting" not in shown and "Stop correcting" in mara.get(page).text
    assert "Counts as" in mara.get(f"{page}/readings?kind=temperature&until=2026-03-03T00:00:00%2B00:00").text
    assert "had the temperature of" in mara.get("/audit").text
    assert mara.post(f"{page}/uncorrected", data={"kind": "temperature"}).status_code == 303
    hear(office, 2, 4.6)
    shown = mara.get(page).text
    assert "Temperature was corrected" in shown and "corrected; it says" not in shown


def test_a_scale_in_doubt_is_said_to_be_so_to_programs_and_is_unknown_on_its_bin(
    client: Client, office: Office, world: World
) -> None:
    vera = client("vera")
    places = {one["scale"]: one for one in vera.get("/api/v1/places").json()}
    assert (places["scale-0"]["doubted"], places[None]["doubted"], places[None]["observed"]) == (False, False, None)
    bin_page = f"/bins/{places['scale-0']['place_id']}"
    assert "unknown</span>" not in vera.get(bin_page).text
    with office.context(MARA) as ctx:
        tables.open_doubt(ctx.tx, 1, "scale-0", Finding("weight", "scale", NOON, 2.0, {"weighings": 6}), NOON)
    (told,) = [one for one in vera.get("/api/v1/places").json() if one["scale"] == "scale-0"]
    assert told["doubted"]
    page = vera.get(bin_page).text
    assert "unknown</span>" in page and "it said 30.0" in page


def test_a_comparison_corrects_where_that_is_ticked(client: Client, office: Office, world: World) -> None:
    mara, page = client("mara"), "/devices/thermo-c"
    hear(office, -1, 4.6)
    compared = {"kind": "temperature", "truth": "4.4", "shown": "4.6", "about": "the old one"}
    mara.post(f"{page}/compared", data=compared)
    assert "reads 0.2" not in mara.get(page).text
    mara.post(f"{page}/compared", data=compared | {"correct": "yes"})
    assert "reads 0.2 °C high by a comparison of 2 Mar 2026" in mara.get(page).text
