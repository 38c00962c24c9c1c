"""Work that takes long, done by the queue: each site's business day, enqueued by a tick, and what facts call for."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote
from zlib import crc32
from zoneinfo import ZoneInfo

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy, SyncPsycopgConnector

from shelfwise.access.context import Context, Office, business_time
from shelfwise.access.model import system
from shelfwise.agents import handover, runs
from shelfwise.agents import service as agents
from shelfwise.agents.transfers import service as transfers
from shelfwise.computing import HERE, executor
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Unavailable, shorten
from shelfwise.demand import lifts, mends, shelves
from shelfwise.demand import service as demand
from shelfwise.demand.accuracy import service as accuracy
from shelfwise.demand.accuracy import tracking
from shelfwise.demand.forecasting import service as forecasting
from shelfwise.demand.overrides import service as overrides
from shelfwise.demand.service import Progress
from shelfwise.edge.health import service as health
from shelfwise.intake.joining import finding
from shelfwise.intake.joining import queue as queue_of_pairs
from shelfwise.intake.silence import tell_silent
from shelfwise.measure import looking_ahead, scoring
from shelfwise.measure import service as measure
from shelfwise.orders import service as orders
from shelfwise.planning.carriers import rebooking
from shelfwise.planning.racing import service as racing
from shelfwise.planning.racing.model import run as run_race
from shelfwise.planning.risk import service as risk
from shelfwise.planning.settings import params_of
from shelfwise.records import service as records
from shelfwise.records.joined import Kind
from shelfwise.stock import service as stock
from shelfwise.store.database import run, value
from shelfwise.work import alerts, escalation, spreading

log = structlog.get_logger(__name__)

# Late facts still change these days' demand.
LATE_HORIZON = timedelta(days=7)
FORECAST_DAYS = 28
# Long enough to score every day of a forecast once it has come.
KEPT_FORECASTS = timedelta(days=FORECAST_DAYS + 7)
# Enough that a process of its own is worth its start, few enough that progress is seen.
RACED_TOGETHER = 600
# No shorter silence of a device is told: networks and gateways hiccup.
SHORTEST_SILENCE = timedelta(minutes=5)


def queue(office: Office, compute: str = HERE) -> App:
    """The job queue with every task in it; the caller opens and closes it.

    Args:
        compute: where forecasts are computed, see `computing.executor`.
    """
    app = App(connector=PsycopgConnector(conninfo=office.database.url))
    retry = RetryStrategy(max_attempts=5, exponential_wait=2)

    @app.task(name="nightly", retry=retry)
    def nightly_task(site_id: int, day: str) -> None:
        nightly_or_alert(office, site_id, date.fromisoformat(day), compute)

    @app.task(name="look", retry=retry)
    def look_task(run_id: int) -> None:
        look(office, run_id, compute)

    @app.task(name="share", retry=retry)
    def share_task() -> None:
        share(office)

    @app.task(name="learn_history", retry=retry)
    def learn_history_task(site_id: int) -> None:
        learn_history(office, site_id)

    @app.task(name="find_duplicates", retry=retry)
    def find_duplicates_task() -> None:
        find_duplicates(office)

    @app.task(name="check_books", retry=retry)
    def check_books_task() -> None:
        check_books(office)

    @app.task(name="judge_devices", retry=retry)
    def judge_devices_task() -> None:
        judge_devices(office)

    return app


def defer(ctx: Context, task: str, **arguments: Any) -> None:
    """Put a job into the queue once this transaction commits; several of the same are as good as one."""
    # A queue of its own, never opened: the worker's, once open, takes no job on a synchronous transaction.
    app = App(connector=SyncPsycopgConnector())
    app.configure_task(task, connection=ctx.tx).defer(**arguments)


def tick(office: Office) -> int:
    """Enqueue the work of business days that ended since the last tick, each once; returns how many jobs."""
    enqueued = 0
    with office.context(system("calendar"), aside=True) as ctx:
        escalation.escalate(ctx)
    with office.context(system("devices")) as ctx:
        # In the fast time of a demo what takes seconds takes long by the business clock.
        rate = business_time(ctx.tx, ctx.tenant).rate
        health.look_for_silence(ctx, max(SHORTEST_SILENCE, timedelta(seconds=20 * rate)))
    with office.context(system("calendar"), aside=True) as ctx:
        run(
            ctx.tx,
            """insert into setting (tenant_id, name, value) values (%s, 'last_tick', to_jsonb(%s::timestamptz))
               on conflict (tenant_id, name) do update set value = excluded.value""",
            (ctx.tenant, ctx.now),
        )
        for site in records.sites(ctx):
            yesterday = local_day(ctx.now, ZoneInfo(site.time_zone)) - timedelta(days=1)
            if _first_time(ctx, f"nightly:{site.site_id}", yesterday):
                defer(ctx, "nightly", site_id=site.site_id, day=yesterday.isoformat())
                enqueued += 1
        if _first_time(ctx, "chase", ctx.now.date()):
            orders.chase(ctx)
            tell_silent(ctx)
        handover.chase(ctx)
        if _first_time(ctx, "check_books", ctx.now.date()):
            defer(ctx, "check_books")
            spreading.forget_old(ctx)
            enqueued += 1
        if _first_time(ctx, f"judge_devices:{ctx.now.hour}", ctx.now.date()):
            defer(ctx, "judge_devices")
            enqueued += 1
    # On its own: it takes longer with each booking, and no night waits for it or fails with it.
    with office.context(system("calendar"), aside=True) as ctx:
        if _first_time(ctx, f"review_bookings:{ctx.now.hour}", ctx.now.date()):
            rebooking.review(ctx)
    return enqueued


def _first_time(ctx: Context, job: str, day: date) -> bool:
    return bool(
        run(
            ctx.tx,
            "insert into calendar_run (tenant_id, job, day) values (%s, %s, %s) on conflict do nothing",
            (ctx.tenant, job, day),
        )
    )


def nightly(office: Office, site_id: int, day: date, compute: str = HERE) -> None:
    """After a site's day has ended: block what has expired, close its demand, forecast, propose, and measure how it
    went. Repeatable."""
    actor = system("nightly run")
    with office.context(actor, aside=True) as ctx:
        stock.expire_lots(ctx, site_id)
    with office.context(actor, aside=True) as ctx:
        mended = mends.refresh(ctx, site_id)
    with office.context(actor, aside=True) as ctx:
        known: date | None = value(
            ctx.tx,
            "select max(origin) from forecast where tenant_id = %s and site_id = %s and origin < %s",
            (ctx.tenant, site_id, day),
        )
        late = None if known is None else known - LATE_HORIZON
        # What came back today mends the day it was sold on, which may be long ago.
        demand.rebuild_history(ctx, site_id, since=min(late, mended) if late and mended else late)
    with executor(compute) as pool, office.context(actor, aside=True) as ctx:
        forecasts = forecasting.forecast_site(
            ctx, site_id, day, FORECAST_DAYS,
            lambda done, total: log.info("forecasting", site_id=site_id, done=done, of=total), pool=pool,
        )  # fmt: skip
        demand.forget_forecasts(ctx, site_id, day - KEPT_FORECASTS)
    with office.context(system("promotions"), aside=True) as ctx:
        lifts.measure_site(ctx, site_id, day)
        shelves.measure_stockouts(ctx, site_id, day)
    raced = race(
        office, site_id, lambda done, total: log.info("racing policies", site_id=site_id, done=done, of=total), compute
    )
    proposals = plan(office, site_id)
    look_ahead(office, site_id)
    share_later(office)
    with office.context(system("accuracy"), aside=True) as ctx:
        accuracy.score_forecasts(
            ctx, site_id, day, lambda done, total: log.info("scoring forecasts", site_id=site_id, done=done, of=total)
        )
        overrides.score_overrides(ctx, site_id, day)
        tracking.watch_forecasts(ctx, site_id, day)
    with office.context(system("measures"), aside=True) as ctx:
        measure.record_day(ctx, site_id, day)
        scoring.score_forecasts(ctx, site_id, day)
        looking_ahead.settle_calls(ctx, site_id, day)
        looking_ahead.keep_calls(ctx, site_id, day)
    log.info(
        "nightly run done", site_id=site_id, day=day.isoformat(), forecasts=forecasts, raced=raced, proposals=proposals
    )


def race(office: Office, site_id: int, tell: Progress, compute: str = HERE) -> int:
    """Have the policies of replenishment race for items whose history has grown, or whose terms have changed, since
    they last did; returns for how many. Repeatable, and what was raced before it broke off is kept.

    Each batch is read in one transaction, computed outside of any, and written in another.
    """
    actor = system("planning")
    with office.context(actor, aside=True) as ctx:
        until = demand.last_whole_day(ctx, site_id)
        racing.forget_outdated(ctx, site_id, until)
        params = params_of(ctx, site_id)
        waiting = racing.due(ctx, site_id, params)
        seed = crc32(f"{ctx.tenant}/{site_id}/{until}".encode())
    number = 0
    with executor(compute) as pool:
        for start in range(0, len(waiting), RACED_TOGETHER):
            with office.context(actor, aside=True) as ctx:
                runners = racing.gather(ctx, site_id, waiting[start : start + RACED_TOGETHER], until)
            asked = (runners, params, until, seed)
            found = run_race(*asked) if pool is None else pool.submit(run_race, *asked).result()
            with office.context(actor, aside=True) as ctx:
                racing.keep(ctx, site_id, found)
            number += len(found)
            tell(min(start + RACED_TOGETHER, len(waiting)), len(waiting))
    return number


def plan(office: Office, site_id: int, anew: bool = False) -> int:
    """Look at a site and propose what to order; returns how many proposals are new. Repeatable."""
    with office.context(system("planning"), aside=True) as ctx:
        return len(agents.propose_purchases(ctx, site_id, anew=anew))


def look_ahead(office: Office, site_id: int) -> int:
    """Say of every item of a site what may run out and what is too much; returns of how many. Repeatable."""
    with office.context(system("planning"), aside=True) as ctx:
        return risk.look_ahead(
            ctx, site_id, progress=lambda done, of: log.info("looking ahead", site_id=site_id, done=done, of=of)
        )


def share(office: Office) -> int:
    """Look at all sites together and propose what they should give each other; returns how many proposals are new.
    Repeatable."""
    with office.context(system("planning"), aside=True) as ctx:
        return len(transfers.propose_transfers(ctx))


def share_later(office: Office) -> None:
    """Have that done once no site waits to be looked at any more; several sites that ask are one look."""
    with office.context(system("planning")) as ctx:
        waits = value(
            ctx.tx, "select exists (select from procrastinate_jobs where task_name = 'share' and status = 'todo')"
        )
        if len(records.sites(ctx)) > 1 and not waits:
            defer(ctx, "share")


def look(office: Office, run_id: int, compute: str = HERE) -> None:
    """What somebody asked for, now and not at midnight: sum the history, forecast, propose. Repeatable.

    What the night does then it finds done: the same forecasts and the same proposals stand.

    Raises:
        Exception: whatever the run raised, so that it is tried again; the run says so until then.
    """
    actor = system("planning")

    def tell(stage: str, done: int = 0, total: int = 0) -> None:
        # In a transaction of its own, so that whoever waits can read it.
        with office.context(actor, aside=True) as ctx:
            runs.tell_run(ctx, run_id, stage, done, total)

    with office.context(actor, aside=True) as ctx:
        site_id = runs.begin_run(ctx, run_id)
    if site_id is None:
        return
    try:
        tell("Adding up what was sold")
        learn_history(office, site_id)
        with executor(compute) as pool, office.context(actor, aside=True) as ctx:
            day = demand.last_whole_day(ctx, site_id)
            forecasting.forecast_site(
                ctx, site_id, day, FORECAST_DAYS, lambda done, total: tell("Forecasting", done, total),
                anew=True, pool=pool,
            )  # fmt: skip
        race(office, site_id, lambda done, total: tell("Racing policies of ordering", done, total), compute)
        tell("Looking at what has to be ordered")
        proposals = plan(office, site_id, anew=True)
        look_ahead(office, site_id)
        share_later(office)
        with office.context(actor, aside=True) as ctx:
            result = runs.what_came_of_it(ctx, site_id, proposals)
            runs.finish_run(ctx, run_id, asdict(result))
    except Exception as error:
        with office.context(actor, aside=True) as ctx:
            runs.finish_run(ctx, run_id, {"error": shorten(str(error), 300)}, failed=True)
        raise
    log.info("looked at a site", site_id=site_id, **asdict(result))


def learn_history(office: Office, site_id: int) -> int:
    """Mend and sum the whole history anew, as after an import of sales from before go-live. Repeatable."""
    with office.context(system("demand history"), aside=True) as ctx:
        mends.refresh(ctx, site_id)
        known = demand.rebuild_history(ctx, site_id)
    with office.context(system("measures"), aside=True) as ctx:
        measure.estimate_history(ctx, site_id)
    return known


def judge_devices(office: Office) -> int:
    """After each hour: which devices to believe. Repeatable; returns how much is not as it should be."""
    with office.context(system("devices")) as ctx:
        return health.judge(ctx)


def find_duplicates(office: Office) -> dict[Kind, int]:
    """Look for records that are one thing, and say how far it is. Repeatable."""
    actor = system("duplicates")

    def tell(state: str, done: int = 0, total: int = 0) -> None:
        # In a transaction of its own, so that whoever waits can read it.
        with office.context(actor, aside=True) as ctx:
            queue_of_pairs.tell_search(ctx, state, done, total)

    tell("running")
    try:
        with office.context(actor, aside=True) as ctx:
            found = finding.find(ctx, lambda done, total: tell("running", done, total))
    except Exception:
        tell("failed")
        raise
    tell("done")
    log.info("looked for duplicates", **found)
    return found


def nightly_or_alert(office: Office, site_id: int, day: date, compute: str = HERE) -> None:
    """The nightly run, with an alert while it fails: nobody reads the log of a job that gave up.

    Raises:
        Exception: whatever the run raised, so that it is tried again.
    """
    subject = f"site:{site_id}"
    try:
        nightly(office, site_id, day, compute)
    except Unavailable:  # so is the alert; the run is tried again
        raise
    except Exception as error:
        with office.context(system("nightly run"), aside=True) as ctx:
            alerts.raise_alert(
                ctx,
                "nightly",
                subject,
                "attention",
                f"The nightly run for {day.isoformat()} failed",
                "There are no new forecasts and no new proposals for this day. It is tried a few times; the next "
                "night's run makes up for it. The log of the worker says more.",
                "/proposals",
                {"day": day.isoformat(), "error": f"{type(error).__name__}: {shorten(str(error), 300)}"},
                site_id=site_id,
            )
        raise
    with office.context(system("nightly run"), aside=True) as ctx:
        alerts.clear_alert(ctx, "nightly", subject)


def check_books(office: Office) -> int:
    """Rebuild the balances from the movements and compare; a difference is an alert. Repairs nothing."""
    with office.context(system("book check"), aside=True) as ctx:
        differences = stock.rebuild_check(ctx)
        if differences:
            said = stock.in_words(ctx, differences)
            skus = sorted({sku for sku, _ in said})
            more = f" And {len(said) - 5} more." if len(said) > 5 else ""
            alerts.raise_alert(
                ctx,
                "books",
                "ledger",
                "danger",
                f"{len(differences)} figures differ from the movements behind them",
                f"{' '.join(words for _, words in said[:5])}{more} Nothing was changed. Do not trust the stock of "
                "these items until it is explained.",
                f"/items/{quote(skus[0], safe='')}" if len(skus) == 1 else "/stock",
                {"differences": [words for _, words in said[:20]]},
            )
        else:
            alerts.clear_alert(ctx, "books", "ledger")
    return len(differences)
