"""The page of an item shows that item's own figures."""

from __future__ import annotations

from shelfwise.access.context import Office
from shelfwise.store.database import run
from tests.web.conftest import Client
from tests.web.world import World


def test_a_short_sku_is_found_among_a_thousand_items_that_contain_it(
    client: Client, office: Office, world: World
) -> None:
    with office.database.transaction() as tx:
        run(
            tx,
            """with made as (insert into item (tenant_id, sku, description)
                   select 1, case when n = 0 then 'M' else 'AM' || n end, 'Much' from generate_series(0, 1001) n
                   returning item_id, sku)
               insert into stock_level (tenant_id, item_id, site_id, on_hand)
               select 1, item_id, (select min(site_id) from site), case sku when 'M' then 4711 else 1 end from made""",
        )
    assert "4,711" in client("mara").get("/items/M").text
