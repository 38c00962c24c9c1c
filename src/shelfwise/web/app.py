"""The web application: made once for each process, given the office that opens its contexts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from shelfwise import __version__
from shelfwise.access.context import Office
from shelfwise.access.throttle import Network
from shelfwise.operations.disk import Disk
from shelfwise.settings import Settings
from shelfwise.web import (
    accuracy,
    alerts,
    api,
    api_page,
    approval,
    audit,
    carriers,
    company,
    connections,
    counts,
    data,
    device,
    device_health,
    device_history,
    device_many,
    device_standing,
    devices,
    duplicates,
    erp,
    exporting,
    faults,
    files,
    floor,
    floor_plan,
    go_live,
    handling,
    health,
    imports,
    inbox,
    incoming,
    items,
    keeping_readings,
    keys,
    labels,
    lots,
    measures,
    moved,
    moving,
    offline,
    orders,
    orders_life,
    outside,
    overrides,
    pages,
    people,
    people_account,
    people_handheld,
    phones,
    planning_ways,
    portals,
    promotions,
    proposals,
    proposed_transfers,
    quarantine,
    record_items,
    record_places,
    risk,
    sales,
    saved_filters,
    scans,
    search_page,
    sellers,
    sending,
    setting_up,
    shipments,
    sign_in,
    start,
    suppliers,
    system,
    tags,
    today,
    tracing,
    trade,
    transfers,
    unclaimed,
    webhooks,
    what_if,
    wrong,
)
from shelfwise.web.devices import Doors
from shelfwise.web.lan import Lan, Porch
from shelfwise.web.live import Live
from shelfwise.web.shield import Shield
from shelfwise.web.visits import own_pages_only

DESCRIPTION = """Everything the pages do, for programs.

Send a key as `Authorization: Bearer <key>`; a manager makes keys, each with the scopes it needs. Quantities and money
are exact decimals: answers give them as strings (`"12"`, `"0.5"`), requests may give strings or numbers. Times are
RFC 3339 with an offset, in business time. Errors are `{"error": ..., "faults": [{where, expected, got, remedy}]}`.
A change that carries a `source` or a number of its own may be sent again: it happens once."""


def create_app(
    office: Office,
    *,
    secure_cookies: bool = False,
    trusted_proxies: Sequence[Network] = (),
    mail: str | None = None,
    settings: Settings | None = None,
    doors: Doors | None = None,
    lan: Lan | None = None,
) -> FastAPI:
    """The pages, the REST interface under /api/v1, live updates under /live, and /livez, /readyz and /metrics.

    Args:
        office: where contexts come from; its database stays the caller's to close.
        secure_cookies: set where the pages are reached by https, so that the session never travels without it.
        trusted_proxies: the networks of our own proxies, whose X-Forwarded-For is believed.
        mail: by which server mail leaves and from which address, in words; None: none does.
        settings: of the installation, for the page System and to look at its disk; None: the defaults, and no look.
        doors: where devices reach us, for whoever connects one.
        lan: how the local network reaches the pages by HTTPS; None: it does not.
    """
    live, uploads = Live(office.database), imports.Imports()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        live.start(asyncio.get_running_loop())
        try:
            yield
        finally:
            live.stop()
            await asyncio.to_thread(live.join)
            uploads.close()

    app = FastAPI(
        title="Shelfwise",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    registry = health.make_registry(office)
    app.state.office = office
    app.state.live = live
    app.state.registry = registry
    app.state.secure_cookies = secure_cookies
    app.state.trusted_proxies = tuple(trusted_proxies)
    app.state.imports = uploads
    app.state.mail = mail
    app.state.settings = settings or Settings()
    app.state.disk = None if settings is None else Disk(settings)
    app.state.doors = doors or Doors()
    app.state.lan = lan
    app.router.routes.extend(_addresses())
    app.mount("/static", StaticFiles(directory=pages.HERE / "static"), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    if lan is not None:
        app.add_middleware(Porch, lan=lan, trusted=app.state.trusted_proxies)
        health.add_certificate(registry, lan.keeper)
    app.add_middleware(Shield)
    app.add_middleware(health.Meter, registry=registry)
    faults.install(app)
    return app


@cache
def _addresses() -> list[BaseRoute]:
    """Every page and call, for all applications of a process: what an address expects is worked out once.

    FastAPI does that when an address is first asked for, which takes a second for all of them together.
    """
    everything = APIRouter(dependencies=[Depends(own_pages_only)])
    for part in (
        # Before orders: its addresses with a word are not those of an order with a number.
        orders_life,
        handling,
        sign_in,
        setting_up,
        start,
        go_live,
        today,
        floor,
        alerts,
        inbox,
        webhooks,
        wrong,
        files,
        proposals,
        proposed_transfers,
        record_items,
        record_places,
        floor_plan,
        # Before the page of an item, whose SKU may hold slashes.
        what_if,
        sellers,
        items,
        labels,
        lots,
        tracing,
        moved,
        moving,
        counts,
        data,
        duplicates,
        orders,
        approval,
        carriers,
        company,
        suppliers,
        planning_ways,
        promotions,
        trade,
        sales,
        scans,
        system,
        keeping_readings,
        sending,
        shipments,
        transfers,
        quarantine,
        devices,
        device_many,
        device_health,
        unclaimed,
        connections,
        # After the list's own addresses, such as /devices/new.
        device,
        device_standing,
        device_history,
        portals,
        tags,
        imports,
        incoming,
        erp,
        audit,
        measures,
        accuracy,
        risk,
        overrides,
        outside,
        exporting,
        saved_filters,
        search_page,
        health,
        api_page,
        api,
        people,
        people_account,
        people_handheld,
        phones,
        offline,
        keys,
    ):
        everything.include_router(part.router)
    return everything.routes
