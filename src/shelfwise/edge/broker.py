"""A client's session with somebody's MQTT broker: MQTT 5, or 3.1.1 where the broker knows no better.

The library has a thread of its own for the network. What it tells is brought to the event loop's thread; what may be
acknowledged is acknowledged from there.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from shelfwise.core.errors import Unavailable, shorten
from shelfwise.edge.connection_model import BrokerPlan, Secrets, may_announce

KEEP_ALIVE_S = 30
MOST_BYTES = 1024 * 1024
_ANSWER_S = 10.0
_KEPT_S = 7 * 86_400
_CREDENTIALS_REFUSED = (0x86, 0x87, 0x8A)
_VERSIONS = {MQTTProtocolVersion.MQTTv5: "MQTT 5", MQTTProtocolVersion.MQTTv311: "MQTT 3.1.1"}


@dataclass(frozen=True, slots=True)
class Heard:
    """A message from the broker; `token` is 0 where it wants no acknowledgement. `kept`: it is from before we came."""

    topic: str
    payload: bytes
    token: int
    kept: bool


class BrokerSession:
    """One connection. `on_heard` is called on the event loop's thread whenever something came, for `take` to take.

    Args:
        host: the broker's name where it is encrypted, for its certificate bears it; else its address.
        client_id: the broker keeps the session of this client; empty: for a look that leaves no trace.
        filters: subscribed to with QoS 1, with QoS 0 for a look.
    """

    def __init__(
        self, host: str, port: int, plan: BrokerPlan, secrets: Secrets, client_id: str, filters: Sequence[str],
        on_heard: Callable[[], None],
    ) -> None:  # fmt: skip
        self._host = host
        self._port = port
        self._plan = plan
        self._secrets = secrets
        self._client_id = client_id
        self._filters = filters
        self._on_heard = on_heard
        self._loop = asyncio.get_running_loop()
        self._client: paho.Client | None = None
        self._told: asyncio.Future[str]
        self._heard: deque[Heard] = deque()
        self._woken = False
        self._room = threading.Event()
        self._closing = False
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self.version = ""

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            Unavailable: why not, for a person.
        """
        for version in _VERSIONS:
            said, again = await self._try(version)
            if not said:
                self.version = _VERSIONS[version]
                return
            await self._drop()
            if not again or version == MQTTProtocolVersion.MQTTv311:
                raise Unavailable(said)

    async def close(self) -> None:
        self._closing = True
        self._room.set()
        await self._drop()

    def take(self) -> Heard | None:
        """The next message, in order; None: there is none, and `on_heard` will be called when one comes."""
        if self._heard:
            self._room.set()
            return self._heard.popleft()
        self._woken = False
        # One may have come in just before: the other thread adds first and looks then.
        return self._heard.popleft() if self._heard else None

    def acknowledge(self, token: int) -> None:
        if self._client is not None:
            self._client.ack(token, 1)

    async def _try(self, version: MQTTProtocolVersion) -> tuple[str, bool]:
        """What is wrong, and whether an older version of MQTT may be right; empty: nothing, and we are connected."""
        self._told, self.lost = self._loop.create_future(), self._loop.create_future()
        newest = version == MQTTProtocolVersion.MQTTv5
        try:
            client = self._client = self._make(version)
            connect = partial(client.connect, self._host, self._port, KEEP_ALIVE_S)
            if newest:
                connect = partial(connect, clean_start=not self._client_id, properties=self._wishes())
            await asyncio.to_thread(connect)
            client.loop_start()
            async with asyncio.timeout(_ANSWER_S):
                said = await self._told
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or str(error)
            return f"The encrypted connection fails: {reason}. Check the authority's certificate and the port.", False
        except TimeoutError:
            return f"{self._host}:{self._port} does not answer in time. Check address and port.", False
        except OSError as error:
            return f"{self._host}:{self._port} cannot be reached: {str(error)[:200]}.", False
        except ValueError as error:
            return str(error)[:200], False
        return said.removeprefix("again:"), newest and said.startswith("again:")

    def _make(self, version: MQTTProtocolVersion) -> paho.Client:
        newest = version == MQTTProtocolVersion.MQTTv5
        client = paho.Client(
            CallbackAPIVersion.VERSION2, self._client_id or None, protocol=version, manual_ack=True,
            reconnect_on_failure=False, clean_session=None if newest else not self._client_id,
        )  # fmt: skip
        client.connect_timeout = _ANSWER_S
        if self._plan.user:
            client.username_pw_set(self._plan.user, self._secrets.password)
        if self._plan.tls:
            client.tls_set_context(encryption(self._plan, self._secrets))
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._message
        return client

    def _wishes(self) -> Properties:
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wishes.ReceiveMaximum = self._plan.in_flight
        wishes.MaximumPacketSize = MOST_BYTES
        wishes.SessionExpiryInterval = _KEPT_S if self._client_id else 0
        return wishes

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.on_disconnect = None
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    # On the library's thread from here on.

    def _connected(
        self, client: paho.Client, _: Any, flags: paho.ConnectFlags, reason: ReasonCode, about: Properties | None
    ) -> None:
        if reason.is_failure:
            again = "" if reason.value in _CREDENTIALS_REFUSED else "again:"
            self._tell(f"{again}The broker refuses us: {reason}. Check user, password and what they may do there.")
            return
        quality = 1 if self._client_id else 0
        if client._protocol == MQTTProtocolVersion.MQTTv5:
            if about is not None and getattr(about, "SharedSubscriptionAvailable", 1) == 0 and self._shares():
                self._tell("This broker has no shared subscriptions. Set the number of gateways to 1.")
                return
            client.subscribe([(one, _options(one, quality)) for one in self._filters])
        else:
            client.subscribe([(one, quality) for one in self._filters])

    def _shares(self) -> bool:
        return any(one.startswith("$share/") for one in self._filters)

    def _subscribed(self, client: paho.Client, _: Any, mid: int, reasons: list[ReasonCode], about: Any) -> None:
        refused = [one for one, reason in zip(self._filters, reasons, strict=False) if reason.is_failure]
        if refused and self._shares():
            self._tell(
                f"The broker does not let us share {refused[0]!r}. Allow it, or set the number of gateways to 1."
            )
        elif refused:
            self._tell(f"The broker does not let us listen to {refused[0]!r}. Allow this user to read it.")
        else:
            self._tell("")

    def _disconnected(self, client: paho.Client, _: Any, flags: Any, reason: ReasonCode, about: Any) -> None:
        words = f"The broker closed the connection: {reason}."
        if self._plan.tls and not self._told.done():
            # By TLS 1.3 we are let in first, and turned away without a word that the library would pass on.
            other = "another" if self._secrets.certificate else "a"
            words = f"The broker closed the connection as we signed in; it may want {other} certificate of ours."
        self._tell(f"again:{words}")
        self._loop.call_soon_threadsafe(_settle, self.lost, words)

    def _message(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(a topic that is not UTF-8)"
        if not topic.isprintable():
            topic = "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in topic)
        self._heard.append(Heard(topic, bytes(message.payload), message.mid if message.qos else 0, message.retain))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._on_heard)
        # More than the broker may send unacknowledged: those want no acknowledgement, or the broker knows no limit.
        while len(self._heard) > 2 * self._plan.in_flight and not self._closing:
            self._room.clear()
            self._room.wait(1.0)

    def _tell(self, words: str) -> None:
        self._loop.call_soon_threadsafe(_settle, self._told, words)


def _options(topic_filter: str, quality: int) -> SubscribeOptions:
    """What a broker kept for newcomers is asked for where it may be announcements."""
    wanted = may_announce(topic_filter)
    kept = SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if wanted else SubscribeOptions.RETAIN_DO_NOT_SEND
    return SubscribeOptions(qos=quality, retainHandling=kept)


def _settle(future: asyncio.Future[str], words: str) -> None:
    if not future.done():
        future.set_result(words)


def encryption(plan: BrokerPlan, secrets: Secrets) -> ssl.SSLContext:
    """
    Raises:
        ValueError: certificates or a key that are none.
    """
    try:
        context = ssl.create_default_context(cadata=plan.authority or None)
        if secrets.certificate and secrets.private_key:
            # The ssl module reads a client's key from a file alone; it is there for a moment, for our eyes only.
            with tempfile.TemporaryDirectory() as folder:
                pem = Path(folder) / "client.pem"
                pem.touch(mode=0o600)
                pem.write_text(f"{secrets.certificate}\n{secrets.private_key}\n", "ascii")
                context.load_cert_chain(pem)
    except (ssl.SSLError, UnicodeError, OSError) as error:
        raise ValueError(f"The certificates or the key cannot be read: {shorten(str(error))}.") from error
    return context
