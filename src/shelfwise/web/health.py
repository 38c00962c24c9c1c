"""For whoever runs Shelfwise: is it alive, is it ready, and how much waits."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfwise.access.context import Office
from shelfwise.access.model import Right
from shelfwise.core.errors import ShelfwiseError
from shelfwise.edge.tables import READINGS
from shelfwise.https.keeper import Keeper
from shelfwise.store.database import Tx, rows
from shelfwise.store.events import EVENTS
from shelfwise.web.visits import office_of, visitor

router = APIRouter(include_in_schema=False)
_NEARBY = frozenset({"127.0.0.1", "::1"})
_MOST_COUNTED = 100_000


@dataclass(frozen=True)
class _Gauges:
    open_alerts: int
    outbox_waiting: int
    outbox_failed: int
    quarantined: int
    parked: int


@dataclass(frozen=True)
class _Position:
    consumer: str
    stream: str
    tx: str
    seq: int


class _Waiting(Collector):
    """What waits in the database, counted when somebody asks for the metrics."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        tenant = self._office.tenant
        with self._office.database.transaction() as tx:
            (gauges,) = rows(
                tx,
                _Gauges,
                """select (select count(*) from alert where tenant_id = %(t)s and state <> 'cleared') as open_alerts,
                     (select count(*) from outbox where tenant_id = %(t)s and state = 'waiting') as outbox_waiting,
                     (select count(*) from outbox where tenant_id = %(t)s and state = 'failed') as outbox_failed,
                     (select count(*) from quarantine where tenant_id = %(t)s and state = 'waiting') as quarantined,
                     (select count(*) from parked
                      where tenant_id = %(t)s and state in ('parked', 'retry')) as parked""",
                {"t": tenant},
            )
            lags = _lags(tx, tenant)
        for name, value in vars(gauges).items():
            yield GaugeMetricFamily(f"shelfwise_{name}", f"Now: {name.replace('_', ' ')}", value)
        lag = GaugeMetricFamily(
            "shelfwise_consumer_lag", f"Facts not digested yet, counted up to {_MOST_COUNTED:,}", labels=["consumer"]
        )
        for consumer, behind in lags.items():
            lag.add_metric([consumer], behind)
        yield lag


def _lags(tx: Tx, tenant: int) -> dict[str, int]:
    positions = rows(
        tx,
        _Position,
        "select consumer, stream, tx::text as tx, seq from consumer where tenant_id = %s order by consumer",
        (tenant,),
    )
    lags = {}
    for at in positions:
        stream = EVENTS if at.stream == EVENTS.name else READINGS
        table, seq = ("event", "event_id") if stream is EVENTS else ("reading", "seq")
        (row,) = tx.execute(
            f"""select count(*) from (select 1 from {table} where tenant_id = %s and (tx, {seq}) > (%s::text::xid8, %s)
                limit %s) behind""".encode(),
            (tenant, at.tx, at.seq, _MOST_COUNTED),
        )
        lags[at.consumer] = row[0]
    return lags


class Meter:
    """Counts requests and measures how long answers take; plain ASGI, so that streams pass unbuffered."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        self._requests = Counter(
            "shelfwise_requests", "Requests by route and status", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "shelfwise_request_seconds", "Seconds until the answer began", ["route"], registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The route's pattern, not the address: labels must stay few.
                route = getattr(scope.get("route"), "path", "other")
                method = scope["method"] if scope["method"] in {"GET", "POST", "HEAD"} else "other"
                self._requests.labels(method, route, str(message["status"])).inc()
                self._seconds.labels(route).observe(time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, measured)


def make_registry(office: Office) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Waiting(office))
    return registry


def add_certificate(registry: CollectorRegistry, keeper: Keeper) -> None:
    """When the certificate of the HTTPS port ends, for an alarm before browsers complain."""
    ends = Gauge("shelfwise_certificate_ends", "When the HTTPS certificate ends, in seconds of Unix", registry=registry)
    ends.set_function(lambda: keeper.facts.ends.timestamp())


@router.get("/livez")
def livez() -> Response:
    """The process answers."""
    return PlainTextResponse("alive\n")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """The database answers and the installation is set up."""
    office = office_of(request)
    try:
        with office.database.transaction() as tx:
            found = tx.execute("select 1 from business_clock where tenant_id = %s", (office.tenant,)).fetchone()
    except (ShelfwiseError, psycopg.Error) as error:
        return JSONResponse({"ready": False, "reason": str(error)}, 503, {"Retry-After": "2"})
    if found is None:
        return JSONResponse({"ready": False, "reason": "This installation was never set up."}, 503)
    return JSONResponse({"ready": True})


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """For Prometheus: open on this machine itself, with a key or a session from elsewhere."""
    if request.client is None or request.client.host not in _NEARBY:
        with visitor(request).context() as ctx:
            ctx.require(Right.VIEW)
    registry: CollectorRegistry = request.app.state.registry
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")
