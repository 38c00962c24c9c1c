"""The HTTP door: POST readings, and the pages that tell an operator how the gateway is.

``POST /v1/readings`` takes what the device was registered to speak, else the generic format; ``POST /v1/<format>`` that
format, ``POST /v1/chirpstack?event=up`` ChirpStack's HTTP integration. Sign-in is ``Authorization: Bearer
<device>:<secret>``, or Basic with the same two. 200: every reading of the message is durable; 202: the message is
durable and waits for a person, for the reason given, and need not be sent again; 429: something of it is kept nowhere,
because too much of unknown devices waits already; 503: it is not known to be durable, send it again.
"""

from __future__ import annotations

import asyncio
import base64
import math
import time

import psycopg
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from shelfwise.core.errors import ShelfwiseError, Unauthenticated, Unavailable
from shelfwise.edge.devices import Device
from shelfwise.edge.directory import Directory
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.http_server import BodyRefused, read_body
from shelfwise.edge.limits import DeviceRates, SignInBrake
from shelfwise.edge.messages import Message
from shelfwise.edge.metrics import Metrics
from shelfwise.edge.model import Origin
from shelfwise.edge.pipeline import Pipeline

_PATIENCE_S = 10.0
_RETRY_AFTER_S = "2"
_RETRY_REFUSED_S = "600"


class HttpDoor:
    """The HTTP door of one gateway."""

    def __init__(
        self, directory: Directory, pipeline: Pipeline, metrics: Metrics, rates: DeviceRates, brake: SignInBrake
    ) -> None:
        self._directory = directory
        self._pipeline = pipeline
        self._metrics = metrics
        self._rates = rates
        self._brake = brake
        self._received = metrics.messages.labels("http")
        self.stopping = False
        self.app = Starlette(
            routes=[
                Route("/v1/readings", self._readings, methods=["POST"]),
                Route("/v1/epcis/{what:str}", self._epcis, methods=["POST"]),
                Route("/v1/osmand", self._tracker, methods=["GET", "POST"]),
                Route("/v1/osmand/{sign_in:str}", self._tracker, methods=["GET", "POST"]),
                Route("/v1/{format}", self._in_format, methods=["POST"]),
                Route("/livez", self._live),
                Route("/readyz", self._ready),
                Route("/metrics", self._numbers),
            ]
        )

    def trouble(self) -> str | None:
        """Why readings cannot be taken at the moment, or None."""
        if self.stopping:
            return "the gateway is stopping"
        if trouble := self._directory.trouble or self._pipeline.trouble():
            return trouble
        return "more readings wait for their commit than may" if self._pipeline.full else None

    async def _readings(self, request: Request) -> Response:
        return await self._take(request, None, "/v1/readings")

    async def _in_format(self, request: Request) -> Response:
        form = request.path_params["format"]
        if form not in FORMATS:
            return JSONResponse(
                {"error": f"There is no such format. Post to /v1/ and one of {', '.join(FORMATS)}."}, 404
            )
        if form != "chirpstack":
            return await self._take(request, form, f"/v1/{form}")
        event = request.query_params.get("event", "up")
        # It becomes a topic, and Postgres keeps no text with a zero byte.
        event = event[:64] if event.isprintable() else "unreadable"
        return await self._take(request, form, f"/v1/chirpstack/{event}")

    async def _epcis(self, request: Request) -> Response:
        """The two addresses that the standard gives: a document, or one event."""
        if request.path_params["what"] not in ("capture", "events"):
            return JSONResponse({"error": "Post documents to /v1/epcis/capture, events to /v1/epcis/events."}, 404)
        return await self._take(request, "epcis", "/v1/epcis")

    async def _tracker(self, request: Request) -> Response:
        """What a tracker tells in its address counts as its message; its secret stays out of the topic."""
        told = request.url.query.encode() if request.method == "GET" or request.url.query else None
        return await self._take(request, "osmand", "/v1/osmand", told, request.path_params.get("sign_in"))

    async def _live(self, request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def _ready(self, request: Request) -> Response:
        trouble = self.trouble()
        return PlainTextResponse(f"{trouble or 'ready'}\n", 503 if trouble else 200)

    async def _numbers(self, request: Request) -> Response:
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _take(
        self, request: Request, form: str | None, topic: str, told: bytes | None = None, sign_in: str | None = None
    ) -> Response:
        """Take a message.

        Args:
            form: its format; None: what the device was registered to speak.
            told: the message; None: the body.
            sign_in: device and secret, where they do not stand in the header.
        """
        arrived = time.monotonic()
        try:
            device = await self._sign_in(request, sign_in)
            if wait := self._rates.wait(device.device, arrived):
                raise _TooMuch(wait, "This device sends more than it may. Send these readings again later.")
            body = await read_body(request) if told is None else told
            self._rates.spend(device.device, 1, len(body), arrived)
            form = form or device.format or "generic"
            origin = Origin("http", device.device, device.speaks_for, device.device, topic, form)
            message = Message(None, 0, origin, body, arrived)
            reason = await self._commit(message)
        except ShelfwiseError as error:
            return _refusal(error)
        except _TooMuch as error:
            return JSONResponse({"error": str(error)}, 429, headers={"retry-after": f"{math.ceil(error.wait_s)}"})
        except BodyRefused as error:
            return JSONResponse({"error": str(error)}, error.status, headers={"connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)
        if message.refused:
            return JSONResponse({"error": reason}, 429, headers={"retry-after": _RETRY_REFUSED_S})
        if reason is not None:
            return JSONResponse({"quarantined" if message.unreadable else "waits": reason}, 202)
        return JSONResponse({"stored": True})

    async def _commit(self, message: Message) -> str | None:
        if trouble := self.trouble():
            raise Unavailable(f"The readings were not taken: {trouble}. Send them again.")
        waiting = _Waiting()
        message.sink = waiting
        self._received.inc()
        self._pipeline.submit(message)
        try:
            return await asyncio.wait_for(waiting.outcome, _PATIENCE_S)
        except TimeoutError:
            raise Unavailable("It is not known yet whether the readings are durable. Send them again.") from None

    async def _sign_in(self, request: Request, told: str | None) -> Device:
        header = request.headers.get("authorization", "") if told is None else f"Bearer {told}"
        scheme, _, credentials = header.partition(" ")
        if scheme.lower() == "basic":
            credentials = _of_basic(credentials)
        name, colon, secret = credentials.strip().partition(":")
        if scheme.lower() not in ("bearer", "basic") or not name or not colon:
            raise Unauthenticated("Sign in with the header `Authorization: Bearer <device>:<secret>`.")
        peer = request.client.host if request.client else ""
        if wait := self._brake.wait(peer, name, time.monotonic()):
            raise _TooMuch(wait, "Too many sign-ins have failed. Check name and secret, and try again later.")
        try:
            device = await self._directory.sign_in(name, secret.encode(), peer)
        except psycopg.Error as error:
            raise Unavailable("The sign-in cannot be checked now. Send the readings again.") from error
        if device is None:
            self._brake.failed(peer, name, time.monotonic())
            raise Unauthenticated("This device is not known, is shut out, or has another secret.")
        return device


class _TooMuch(Exception):
    """Somebody asks for more than they may."""

    def __init__(self, wait_s: float, text: str) -> None:
        self.wait_s = wait_s
        super().__init__(text)


class _Waiting:
    """A request that waits for its message to become durable."""

    def __init__(self) -> None:
        self.outcome: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    def acknowledge(self, token: int, outcome: str | None, refused: bool) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def flush(self) -> None:
        """Nothing is held back."""


def _of_basic(credentials: str) -> str:
    """What stands in a header that readers and trackers make of a name and a password; '' where it is none."""
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode()
    except ValueError:
        return ""


def _refusal(error: ShelfwiseError) -> Response:
    if isinstance(error, Unauthenticated):
        return JSONResponse({"error": str(error)}, 401, headers={"www-authenticate": "Bearer"})
    return JSONResponse({"error": str(error)}, 503, headers={"retry-after": _RETRY_AFTER_S})
