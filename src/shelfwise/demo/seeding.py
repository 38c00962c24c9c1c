"""Seed the demonstration, take it up where it was interrupted, and let its clock run."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from psycopg.types.json import Jsonb

from shelfwise import jobs
from shelfwise.access import service as access
from shelfwise.access.context import Context, Office, set_business_time
from shelfwise.access.model import Actor, Right, Role
from shelfwise.agents import service as agents
from shelfwise.core.clocks import BusinessTime
from shelfwise.core.errors import Refused
from shelfwise.demand import service as demand
from shelfwise.demand.forecasting import service as forecasting
from shelfwise.demo import furnish, keys
from shelfwise.demo.keys import Secrets, SignIn
from shelfwise.intake.sales import import_sales
from shelfwise.records import service as records
from shelfwise.store.database import Database, Tx, run, value
from shelfwise.store.events import EVENTS, Consumer, advance
from shelfwise.twin import config, sales, world
from shelfwise.twin.world import World

SETTING = "demo"
SEED = 7
OPENS_AT = timedelta(hours=7)
ZONE = ZoneInfo(world.TIME_ZONE)
# Sets up what only a person or a founder may: people, keys, a first planning run.
FOUNDER = Actor("system", "demo", frozenset(Right))
TWIN_RIGHTS = (Right.VIEW, Right.TAKE_ORDERS, Right.ISSUE_GOODS, Right.RECEIVE_GOODS)
PEOPLE = (
    ("admin", "Ada, admin", Role.ADMIN), ("manager", "Mara, manager", Role.MANAGER),
    ("planner", "Pia, planner", Role.PLANNER), ("quality", "Quinn, quality", Role.QUALITY),
    ("operator", "Otto, operator", Role.OPERATOR), ("viewer", "Vera, viewer", Role.VIEWER),
)  # fmt: skip

# What is done, how much of it, of how much in all.
Progress = Callable[[str, int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True)
class DemoSignIn:
    """What a seeded demonstration needs to be used: people's passwords, and what the simulated warehouse is told."""

    people: tuple[SignIn, ...]
    twin_config: Path
    note: str
    new: bool

    def banner(self, web_url: str) -> str:
        """What the person at the terminal reads when all is running."""
        lines = ["", f"Shelfwise is ready: {web_url}", ""]
        lines += [f"  {one.role:<9} sign in as {one.login:<9} password {one.password}" for one in self.people]
        return "\n".join([*lines, "", self.note, "", "Ctrl-C stops everything.", ""])


class _Demo(msgspec.Struct, kw_only=True):
    """The setting 'demo'."""

    note: str
    shift_days: int
    go_live: str
    seeded: bool = False


def prepare(
    url: str,
    home: Path,
    *,
    web_url: str,
    host: str,
    mqtt_port: int,
    door_url: str,
    order_desk_port: int,
    rate: float,
    say: Say,
) -> DemoSignIn:
    """Seed the database at `url` if that was not done yet, start its clock, and write what the twin is told."""
    database = Database(url, size=3).open(timeout=60)
    begin = time.monotonic()
    try:
        with terminal_progress(say) as progress:
            ready = seed(
                Office(database), home, web_url=web_url, mqtt_host=host, mqtt_port=mqtt_port, door_url=door_url,
                order_desk_port=order_desk_port, rate=rate, progress=progress,
            )  # fmt: skip
    finally:
        database.close()
    say(f"The warehouse is ready after {time.monotonic() - begin:.0f} s")
    return ready


def seed(
    office: Office,
    home: Path,
    *,
    web_url: str,
    mqtt_host: str = "127.0.0.1",
    mqtt_port: int,
    door_url: str,
    order_desk_port: int,
    rate: float = 1440.0,
    progress: Progress,
    orders: Path = sales.DATA,
) -> DemoSignIn:
    """Make the demonstration in a migrated database. Interrupted, it is taken up where it was; done, it is left alone.

    Business time stands still while this works; at the end it begins (or goes on, where it had stopped) at `rate`.

    Args:
        orders: the real order lines; the simulated warehouse always plays those that are shipped.

    Raises:
        Refused: the database belongs to an installation that is no demonstration.
    """
    demo = _founded(office, rate)
    kept = keys.read_secrets(home)
    shift, go_live = demo.shift_days, datetime.fromisoformat(demo.go_live)
    new = not demo.seeded
    if new:
        progress("Choosing the best-selling goods", 0, 1)
        built = world.build(sales.best_sellers(orders), SEED)
        progress("Choosing the best-selling goods", 1, 1)
        with office.context(FOUNDER) as ctx:
            site_id = furnish.lay_out(ctx, built, go_live)
        _history(office, home, shift, orders, progress)
        kept = _warehouse(office, home, built, site_id, kept, order_desk_port, mqtt_host)
        _decide(office, site_id, progress)
    twin = _tell_twin(home, kept, shift, web_url, mqtt_host, mqtt_port, door_url, order_desk_port)
    with office.context(FOUNDER) as ctx:
        _order_urls(ctx, _order_url(mqtt_host, order_desk_port, kept))
        demo.seeded = True
        demo.note = _note(shift, go_live, rate)
        _put_setting(ctx.tx, ctx.tenant, demo)
        _start_clock(ctx, go_live + OPENS_AT, rate)
    return DemoSignIn(tuple(kept.people), twin, demo.note, new)


@contextmanager
def terminal_progress(say: Say) -> Iterator[Progress]:
    """Progress for a person: a bar on a terminal, a line for each finished step elsewhere."""
    draw = sys.stderr.isatty()
    shown = ""

    def progress(what: str, done: int, total: int) -> None:
        nonlocal shown
        if draw:
            bar = "█" * round(24 * done / total)
            sys.stderr.write(f"\r\033[K  {bar:░<24} {what}{f': {done:,} of {total:,}' if total > 1 else ''}")
            sys.stderr.write("\n" if done >= total else "")
            sys.stderr.flush()
        elif what != shown:
            shown = what
            say(what)

    yield progress


def _founded(office: Office, rate: float) -> _Demo:
    """Make the tenant with a clock that stands still, or find it."""
    now = office.wall.now()
    with office.database.transaction() as tx:
        found = _setting(tx, office.tenant, SETTING)
        if found is not None:
            return msgspec.convert(found, _Demo)
        if not run(
            tx, "insert into tenant values (%s, 'Demonstration', %s) on conflict do nothing", (office.tenant, "GBP")
        ):
            raise Refused(
                "This database belongs to an installation that is no demonstration. "
                "Start the demonstration with another folder: --home."
            )
        shift = sales.shift_days(now.astimezone(ZONE).date())
        go_live = sales.go_live(shift, ZONE).astimezone(UTC)
        set_business_time(tx, office.tenant, BusinessTime(now, go_live + OPENS_AT, 0.0))
        demo = _Demo(note=_note(shift, go_live, rate), shift_days=shift, go_live=go_live.isoformat())
        _put_setting(tx, office.tenant, demo)
        return demo


def _note(shift: int, go_live: datetime, rate: float) -> str:
    return (
        "Real order lines of a UK gift wholesaler (Chen, D., Online Retail II, UCI Machine Learning Repository, "
        f"CC BY 4.0), moved by {shift:,} days so that 1 September 2010 is {go_live.astimezone(ZONE):%-d %B %Y}: nine "
        "months of history, later ones played as they come, for the 400 best-selling goods alone. Business time runs "
        f"{rate:,g} times as fast as the clock on the wall. Invented are the building and its devices, weights, "
        "stock, suppliers, costs and lead times."
    )


def _history(office: Office, home: Path, shift: int, orders: Path, progress: Progress) -> None:
    file = home / "demo-orders-history.parquet"
    sales.write_history(file, shift, orders)
    import_sales(
        office, FOUNDER, file, site_code=world.SITE,
        progress=lambda done, total: progress("Importing nine months of real orders", done, total),
    )  # fmt: skip


def _warehouse(
    office: Office, home: Path, built: World, site_id: int, kept: Secrets, order_desk_port: int, host: str
) -> Secrets:
    """The invented world, people, and the twin's key: all of it in one transaction."""
    with office.context(FOUNDER) as ctx:
        if records.suppliers(ctx):
            return kept
        kept = Secrets(
            people=[SignIn(login, keys.new_password(), role.value) for login, _, role in PEOPLE],
            devices={name: secrets.token_urlsafe(24) for name in furnish.device_names(built)},
            desk_path=f"/orders/{secrets.token_urlsafe(12)}",
            api_key=access.add_key(ctx, "simulated warehouse", TWIN_RIGHTS),
        )
        for (login, name, role), person in zip(PEOPLE, kept.people, strict=True):
            access.add_user(ctx, login, name, person.password, role)
        furnish.put_in(ctx, built, site_id, kept.devices, _order_url(host, order_desk_port, kept))
        # Before the commit: a key or password that nobody knows could never be used.
        keys.write_secrets(home, kept)
    return kept


def _decide(office: Office, site_id: int, progress: Progress) -> None:
    """The night before the first day: demand by day, a forecast for each item, and the first proposals."""
    with office.context(FOUNDER) as ctx:
        progress("Summing demand by day", 0, 1)
        demand.rebuild_history(ctx, site_id)
        progress("Summing demand by day", 1, 1)
    # The import has told of itself; whoever learns from it need not sum all of it once more.
    while advance(
        office.database, office.tenant, Consumer("history", EVENTS, lambda tx, facts: None), office.wall.now()
    ):
        pass
    with office.context(FOUNDER) as ctx:
        forecasting.forecast_site(
            ctx, site_id, demand.last_whole_day(ctx, site_id), jobs.FORECAST_DAYS,
            progress=lambda done, total: progress("Forecasting each item", done, total),
        )  # fmt: skip
    with office.context(FOUNDER) as ctx:
        progress("Proposing what to order", 0, 1)
        agents.propose_purchases(ctx, site_id)
        progress("Proposing what to order", 1, 1)


def _start_clock(ctx: Context, opening: datetime, rate: float) -> None:
    """Let business time run from the opening, or from where it was when the last worker looked at it."""
    last = _setting(ctx.tx, ctx.tenant, "last_tick")
    begin = opening if last is None else max(opening, datetime.fromisoformat(last))
    set_business_time(ctx.tx, ctx.tenant, BusinessTime(ctx.wall.now(), begin, rate))


def _setting(tx: Tx, tenant: int, name: str) -> Any:
    return value(tx, "select value from setting where tenant_id = %s and name = %s", (tenant, name))


def _put_setting(tx: Tx, tenant: int, demo: _Demo) -> None:
    run(
        tx,
        """insert into setting (tenant_id, name, value) values (%s, %s, %s)
           on conflict (tenant_id, name) do update set value = excluded.value""",
        (tenant, SETTING, Jsonb(msgspec.to_builtins(demo))),
    )


def _order_url(host: str, port: int, kept: Secrets) -> str:
    return f"http://{host}:{port}{kept.desk_path}"


def _order_urls(ctx: Context, url: str) -> None:
    """The order desk may listen on another port than last time; orders that wait for it go there too."""
    run(
        ctx.tx,
        """update outbox o set url = %s from supplier s where o.tenant_id = %s and o.state in ('waiting', 'failed')
           and s.tenant_id = o.tenant_id and s.order_url = o.url and s.provenance = 'invented'""",
        (url, ctx.tenant),
    )
    run(
        ctx.tx,
        "update supplier set order_url = %s where tenant_id = %s and provenance = 'invented' and order_url <> %s",
        (url, ctx.tenant, url),
    )


def _tell_twin(
    home: Path, kept: Secrets, shift: int, web_url: str, host: str, mqtt_port: int, door_url: str, desk_port: int
) -> Path:
    path = home / "secrets" / "twin.json"
    config.write(
        path,
        config.TwinConfig(
            web_url=web_url, api_key=kept.api_key, mqtt_host=host, mqtt_port=mqtt_port, door_url=door_url,
            desk_host=host, desk_port=desk_port, desk_path=kept.desk_path, devices=kept.devices, shift_days=shift,
            seed=SEED,
        ),
    )  # fmt: skip
    return path
