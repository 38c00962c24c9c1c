"""The forecast of a site: made once for each evening, kept, and open about who made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from zlib import crc32

import numpy as np
from psycopg.types.json import Jsonb

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid
from shelfwise.demand import tables as kept
from shelfwise.demand.alike import within
from shelfwise.demand.forecasting import tables
from shelfwise.demand.forecasting.cold import towards_own
from shelfwise.demand.forecasting.gathering import Gathered, gather
from shelfwise.demand.forecasting.racing import Made, forecast_panel, of_segment
from shelfwise.demand.forecasting.standing import Standing
from shelfwise.demand.forecasting.summary import figures, left_out, race_of
from shelfwise.demand.forecasting.tables import StoredStanding
from shelfwise.demand.model import MIN_OBSERVED_DAYS, NOT_ENOUGH, Paths
from shelfwise.demand.service import BATCH, Progress, last_whole_day

Races = Mapping[str, dict[str, Any]]
"""By kind of demand, what is shown of its race; see `summary.race_of`."""
LONGEST_HORIZON = 365
CLOSED = "closed"


def forecast_site(
    ctx: Context,
    site_id: int,
    origin: date,
    horizon: int = 28,
    progress: Progress | None = None,
    *,
    anew: bool = False,
    pool: Executor | None = None,
) -> int:
    """Forecast every item that is kept at the site, or all that ever sold where none is kept yet, from what was
    known at the end of `origin`; returns how many were made.

    A forecast is made once for each item and origin and then kept: decisions refer to it, and it is scored
    later. The same history gives the same forecast.

    Args:
        horizon: days ahead, 1 to 365.
        progress: called with (done, total) now and then.
        anew: look again at items that have a forecast of this origin, as after an import of sales; what comes out
            otherwise than before is kept beside it, and is the newest.
        pool: computes it, without telling how far it is; None: whoever calls does.

    Raises:
        Invalid: the origin is not over yet at the site, or the horizon is out of range.
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    if origin > last_whole_day(ctx, site_id):
        raise Invalid(
            Fault(
                "origin",
                f"a day that is over, {last_whole_day(ctx, site_id)} at the latest",
                origin.isoformat(),
                "What is sold in the rest of an unfinished day would be taken for zero.",
            )
        )
    if not 1 <= horizon <= LONGEST_HORIZON:
        raise Invalid(Fault("horizon", f"1 to {LONGEST_HORIZON} days", str(horizon), "Choose a shorter one."))
    done = set() if anew else kept.forecast_items(ctx.tx, ctx.tenant, site_id, origin)
    items = kept.items_to_forecast(ctx.tx, ctx.tenant, site_id, origin)
    if done.issuperset(items):
        return 0
    # What is known of all teaches about each, so that all are looked at whenever one is wanted.
    gathered = gather(ctx, site_id, items, origin, horizon)
    if gathered is None:
        return 0
    before = tables.standings(ctx.tx, ctx.tenant, site_id)
    seed = crc32(f"{ctx.tenant}/{site_id}/{origin}".encode())
    asked = (gathered.panel, {one.segment: one.standing for one in before}, origin, seed)
    if pool is None:
        made = forecast_panel(*asked, progress or _nobody, gathered.weights)
    else:
        made = pool.submit(forecast_panel, *asked, _nobody, gathered.weights).result()
    races = {} if made.race is None else {segment: race_of(made.race, segment) for segment in made.standings}
    wanted = [place for place, item_id in enumerate(gathered.items) if item_id not in done]
    # Written at the end and at once: consumers of facts wait for the oldest transaction that has written anything.
    new = sum(
        kept.insert_forecasts(
            ctx.tx,
            [_row(ctx, site_id, origin, gathered, made, races, place) for place in wanted[start : start + BATCH]],
        )
        for start in range(0, len(wanted), BATCH)
    )
    if races and (not before or origin > max(one.origin for one in before)):
        _keep(ctx, site_id, before, made.standings, races)
    if new:
        ctx.audit("forecast.made", f"site:{site_id}", origin=origin.isoformat(), items=new)
        ctx.publish("forecast.made", f"site:{site_id}", origin=origin.isoformat(), items=new)
    return new


def standings(ctx: Context, site_id: int) -> list[StoredStanding]:
    """Who forecasts which kind of demand at a site, and who is on trial to."""
    ctx.require(Right.VIEW, site_id)
    return tables.standings(ctx.tx, ctx.tenant, site_id)


def _nobody(done: int, of: int) -> None:
    """Progress that nobody watches."""


def _row(
    ctx: Context, site_id: int, origin: date, gathered: Gathered, made: Made, races: Races, place: int
) -> kept.NewForecast:
    horizon = gathered.panel.ahead
    paths = _paths(gathered, made, place)
    lived = _lived(paths, origin, gathered, place)
    # Of what was forecast otherwise than its method said, the explanation would tell something else.
    plain = len(paths) and place not in gathered.cold and np.array_equal(paths, lived)
    explained = made.explained[place] if plain else None
    paths = lived
    model = made.prediction.models[place] if len(paths) else NOT_ENOUGH
    if len(paths) and not gathered.panel.wanted[place].any():
        model = CLOSED
    summary: dict[str, Any] = {
        "model": model,
        "kind": made.segments[place],
        "observed_days": gathered.observed[place],
        "masked_days": gathered.masked[place],
        "set_aside": left_out(gathered.aside[place]),
        "race": races.get(of_segment(made, made.segments[place])) if len(paths) else None,
        "inputs": [asdict(one) for one in made.inputs],
        "explained": None if explained is None else explained.as_json(),
        "note": made.prediction.notes.get(place),
        **(figures(paths) if len(paths) else {}),
    }
    return (
        ctx.tenant, gathered.items[place], site_id, origin, horizon, model,
        np.ascontiguousarray(paths).tobytes(), Jsonb(summary), ctx.now,
    )  # fmt: skip


def _paths(gathered: Gathered, made: Made, place: int) -> Paths:
    """Shape (paths, horizon), zero on days that are closed; none where there is not enough evidence."""
    paths = made.paths[:, place]
    own = gathered.cold.get(place)
    unknown = gathered.panel.wanted[place].any() and np.isnan(paths).all()
    if unknown or (gathered.observed[place] < MIN_OBSERVED_DAYS and own is None):
        return paths[:0]
    if own is not None and not np.isnan(paths).all():
        paths = towards_own(paths, own)
    return np.nan_to_num(paths)


def _lived(paths: Paths, origin: date, gathered: Gathered, place: int) -> Paths:
    """The paths from the item's first day to its last."""
    life = gathered.lives.get(gathered.items[place])
    return paths if life is None else within(paths, origin + timedelta(days=1), life)


def _keep(
    ctx: Context, site_id: int, before: Sequence[StoredStanding], now: Mapping[str, Standing], races: Races
) -> None:
    found = []
    for segment, one in now.items():
        found.append(StoredStanding(**asdict(one), race=races[segment]))
        former = next((each for each in before if each.segment == segment), None)
        if former is not None and former.champion != one.champion:
            ctx.audit("forecast.champion", f"site:{site_id}", kind=segment, before=former.champion, now=one.champion)
    tables.put_standings(ctx.tx, ctx.tenant, site_id, found)
