"""The SQL of nightly forecasts: promotions as columns want them, and who speaks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.demand.forecasting.columns import Promoted
from shelfwise.demand.forecasting.standing import Standing
from shelfwise.store.database import Tx, rows, run

KEPT = timedelta(days=28)


@dataclass(frozen=True)
class StoredStanding(Standing):
    """With what came out of the newest race, see `summary.race_of`."""

    race: dict[str, Any]

    @property
    def standing(self) -> Standing:
        return Standing(*(getattr(self, each.name) for each in fields(Standing)))


def promoted(tx: Tx, tenant: int, site_id: int, items: Collection[int], first: date, last: date) -> list[Promoted]:
    """The promotions of items at a site that were not called off, with a day from `first` to `last`."""
    return rows(
        tx,
        Promoted,
        """select item_id, starts_on, ends_on, kind, discount_percent from promotion
           where tenant_id = %s and coalesce(site_id, %s) = %s and item_id = any(%s) and not called_off
             and starts_on <= %s and ends_on >= %s order by promotion_id""",
        (tenant, site_id, site_id, list(items), last, first),
    )


def standings(tx: Tx, tenant: int, site_id: int) -> list[StoredStanding]:
    return rows(
        tx,
        StoredStanding,
        """select segment, champion, since, challenger, nights, gain, origin, race from demand_standing
           where tenant_id = %s and site_id = %s order by segment""",
        (tenant, site_id),
    )


def put_standings(tx: Tx, tenant: int, site_id: int, found: Sequence[StoredStanding]) -> None:
    """Keep these, and for some weeks those of kinds that have too few items for a race just now."""
    newest = max((one.origin for one in found), default=date.min + KEPT)
    run(
        tx,
        "delete from demand_standing where tenant_id = %s and site_id = %s and segment <> all(%s) and origin < %s",
        (tenant, site_id, [one.segment for one in found], newest - KEPT),
    )
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into demand_standing
                   (tenant_id, site_id, segment, champion, since, challenger, nights, gain, origin, race)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, site_id, segment) do update
               set champion = excluded.champion, since = excluded.since, challenger = excluded.challenger,
                   nights = excluded.nights, gain = excluded.gain, origin = excluded.origin, race = excluded.race""",
            [
                (
                    tenant, site_id, one.segment, one.champion, one.since, one.challenger, one.nights, one.gain,
                    one.origin, Jsonb(one.race),
                )
                for one in found
            ],
        )  # fmt: skip
