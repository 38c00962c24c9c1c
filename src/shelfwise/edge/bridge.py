"""The bridge to a broker that was there before us: we listen, and acknowledge to the broker after our commit.

Our session stays with the broker while we are away, so what was published meanwhile is waiting when we are back. Where
several gateways share the messages, each has a slot, and with it the session of whoever sat there before. What comes
again because its acknowledgement was lost is stored once, if its device gives it an id or a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from shelfwise.core.errors import Unavailable
from shelfwise.edge.broker import MOST_BYTES, BrokerSession, Heard
from shelfwise.edge.connection_model import BrokerPlan, Connection, Secrets, origin_by, plan_of
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.messages import Message
from shelfwise.edge.model import Origin
from shelfwise.edge.pipeline import Pipeline
from shelfwise.edge.status import Status

GROUP = "shelfwise"
_LOOK_AGAIN_S = 0.05
_PATIENCE_S = 3.0
_TOPICS_REMEMBERED = 4096
_KEPT_BYTES = 1024
_MOST_SHOWN = 10


class BridgeCall:
    """One connection to one broker, for as long as it holds.

    Args:
        host: the broker's name where it is encrypted, else its address; one that may be called.
        slot: which of the connection's sessions this is.
    """

    def __init__(
        self, connection: Connection, secrets: Secrets, host: str, slot: int, pipeline: Pipeline, status: Status
    ) -> None:
        plan = plan_of(BrokerPlan, connection.settings)
        filters = [rule.filter for rule in plan.topics]
        if connection.slots > 1:
            filters = [f"$share/{GROUP}/{one}" for one in filters]
        client_id = f"{plan.client}-{slot}"
        self._session = BrokerSession(host, connection.port, plan, secrets, client_id, filters, self._drain)
        self._plan = plan
        self._device = connection.device
        self._pipeline = pipeline
        self._status = status
        self._origins: dict[str, Origin] = {}
        self._durable: list[int] = []
        self._waiting = 0
        self._settled: asyncio.Event | None = None
        self._stopping = self._closed = False

    async def serve(self) -> None:
        """Connect, and pass on what comes until the broker is gone or this is cancelled.

        Raises:
            Unavailable: why there is no connection any more.
        """
        try:
            await self._session.open()
            self._status.connected({"said": f"{self._session.version} broker"})
            raise Unavailable(await self._session.lost)
        finally:
            self._stopping = True
            await self._acknowledge_the_rest()
            self._closed = True
            await self._session.close()

    async def _acknowledge_the_rest(self) -> None:
        """What was passed on is committed in a moment; unacknowledged it would come again."""
        if self._waiting and not self._session.lost.done():
            self._settled = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._settled.wait()

    def acknowledge(self, token: int, outcome: str | None, refused: bool) -> None:
        self._status.acknowledge(token, outcome, refused)
        if token:
            self._waiting -= 1
            self._durable.append(token)

    def flush(self) -> None:
        if not self._closed:
            for token in self._durable:
                self._session.acknowledge(token)
        self._durable.clear()
        if self._settled is not None and not self._waiting:
            self._settled.set()

    def _drain(self) -> None:
        """Pass on what came; what the pipeline has no room for stays, unacknowledged, and the broker pauses."""
        arrived = time.monotonic()
        while not self._stopping:
            if self._pipeline.full:
                asyncio.get_running_loop().call_later(_LOOK_AGAIN_S, self._drain)
                return
            heard = self._session.take()
            if heard is None:
                return
            self._pass_on(heard, arrived)

    def _pass_on(self, heard: Heard, arrived: float) -> None:
        if heard.kept:
            # What a broker kept for newcomers is old, and nobody knows how old.
            if heard.token:
                self._session.acknowledge(heard.token)
            return
        origin = self._origins.get(heard.topic)
        if origin is None:
            if len(self._origins) >= _TOPICS_REMEMBERED:
                self._origins.clear()
            origin = self._origins[heard.topic] = origin_by(self._plan, heard.topic, self._device)
        self._status.count()
        payload, note = heard.payload, None
        if len(payload) > MOST_BYTES:
            note = f"message: expected at most {MOST_BYTES} bytes, got {len(payload)}. Only its first bytes were kept."
            payload = payload[:_KEPT_BYTES]
        self._waiting += heard.token > 0
        self._pipeline.submit(Message(self, heard.token, origin, payload, arrived, note))


@dataclass(frozen=True)
class BrokerFindings:
    """What a short look at a broker showed.

    Attributes:
        version: of MQTT.
        messages: how many came.
        topics: some of those they came on, with the format that would read each; None: none would.
    """

    version: str
    messages: int
    topics: dict[str, str | None]

    def in_words(self, seconds: float) -> str:
        if not self.messages:
            return f"The broker answers by {self.version}; nothing came in {seconds:g} s."
        odd = sum(form is None for form in self.topics.values())
        unread = f" {odd} of them are on topics that no rule reads: add a format." if odd else ""
        return f"The broker answers by {self.version}; {self.messages} messages in {seconds:g} s.{unread}"


async def look_at_broker(connection: Connection, secrets: Secrets, host: str, seconds: float) -> BrokerFindings:
    """Listen for a moment beside whoever listens already; takes nothing from anybody.

    Raises:
        Unavailable: why the broker cannot be listened to.
    """
    plan = plan_of(BrokerPlan, connection.settings)
    filters = [rule.filter for rule in plan.topics]
    session = BrokerSession(host, connection.port, plan, secrets, "", filters, lambda: None)
    try:
        await session.open()
        await asyncio.sleep(seconds)
        count, topics = 0, dict[str, str | None]()
        while (heard := session.take()) is not None:
            count += 1
            if len(topics) < _MOST_SHOWN:
                form = origin_by(plan, heard.topic, connection.device).format
                topics[heard.topic] = form if form in FORMATS else None
        return BrokerFindings(session.version, count, topics)
    finally:
        await session.close()
