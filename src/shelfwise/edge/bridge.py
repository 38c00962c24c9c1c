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

from shelfwise.core.errors import Invalid, Unavailable
from shelfwise.edge.announced import Announcements, by_topic, learn
from shelfwise.edge.broker import MOST_BYTES, BrokerSession, Heard
from shelfwise.edge.connection_model import BrokerPlan, Connection, Secrets, origin_by, plan_of
from shelfwise.edge.directory import Directory
from shelfwise.edge.formats import ANNOUNCED, FORMATS
from shelfwise.edge.formats.homeassistant import announced
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
        directory: knows what devices speak, and what they announced.
    """

    def __init__(
        self, connection: Connection, secrets: Secrets, host: str, slot: int, directory: Directory, pipeline: Pipeline,
        status: Status,
    ) -> None:  # fmt: skip
        plan = plan_of(BrokerPlan, connection.settings)
        filters = [rule.filter for rule in plan.topics]
        if connection.slots > 1:
            # Whoever shares hears nothing of what the broker kept: every gateway takes all announcements.
            filters = [one if one.startswith(f"{ANNOUNCED}/") else f"$share/{GROUP}/{one}" for one in filters]
        client_id = f"{plan.client}-{slot}"
        self._session = BrokerSession(host, connection.port, plan, secrets, client_id, filters, self._drain)
        self._plan = plan
        self._device = connection.device
        self._directory = directory
        self._pipeline = pipeline
        self._status = status
        self._origins: dict[str, Origin] = {}
        self._as_of = directory.changes
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
        origin = self._origin(heard.topic)
        if heard.kept and not _announces(origin):
            # A state that a broker kept for newcomers is old, and nobody knows how old.
            if heard.token:
                self._session.acknowledge(heard.token)
            return
        self._status.count()
        payload, note = heard.payload, None
        if len(payload) > MOST_BYTES:
            note = f"message: expected at most {MOST_BYTES} bytes, got {len(payload)}. Only its first bytes were kept."
            payload = payload[:_KEPT_BYTES]
        self._waiting += heard.token > 0
        self._pipeline.submit(Message(self, heard.token, origin, payload, arrived, note))

    def _origin(self, topic: str) -> Origin:
        if self._as_of != self._directory.changes or len(self._origins) >= _TOPICS_REMEMBERED:
            self._origins.clear()
            self._as_of = self._directory.changes
        origin = self._origins.get(topic)
        if origin is None:
            told = origin_by(self._plan, topic, self._device, self._directory.format_of)
            origin = self._origins[topic] = self._directory.understood(told)
        return origin


def _announces(origin: Origin) -> bool:
    """Whether a topic is one on which Home Assistant is told what others mean."""
    return origin.format == ANNOUNCED and not origin.means


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
        said = f"The broker answers by {self.version}; {self.messages} messages in {seconds:g} s."
        if odd:
            said += f" Topics that tell no format: {odd}. Add one, unless their devices are registered with theirs."
        return said


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
        count, seen, known = 0, dict[str, str](), Announcements()
        while (heard := session.take()) is not None:
            origin = origin_by(plan, heard.topic, connection.device, lambda _: None)
            if _announces(origin):
                with contextlib.suppress(Invalid):
                    if (told := announced(heard.payload, origin)) is not None:
                        learn(known, told)
            elif heard.kept:
                continue
            elif len(seen) < _MOST_SHOWN:
                seen[heard.topic] = origin.format
            count += 1
        meant = by_topic(known)
        forms = {topic: ANNOUNCED if topic in meant else form for topic, form in seen.items()}
        topics = {topic: form if form in FORMATS else None for topic, form in forms.items()}
        return BrokerFindings(session.version, count, topics)
    finally:
        await session.close()
