"""What a client hears: its subscriptions, and messages to it, at most as many at once as it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shelfwise.edge.mqtt import answers, codes
from shelfwise.edge.mqtt.configuration import digest_of, topic_of
from shelfwise.edge.mqtt.requests import Connect, read_subscribe, read_unsubscribe
from shelfwise.edge.mqtt.session import Session
from shelfwise.edge.mqtt.wire import PUBLISH, packet, text_field

_RETAINED = 1
_MOST = 16


@dataclass(frozen=True)
class Word:
    """A message to a client. `digest`: what its acknowledgement proves to have been told."""

    topic: str
    payload: bytes
    quality: int
    retained: bool
    digest: bytes


class Downstream:
    """The way to one client."""

    def __init__(self, wish: Connect, session: Session, write: Callable[[bytes], None]) -> None:
        self._wish = wish
        self._session = session
        self._write = write
        device = session.key[0]
        self._config = topic_of(device)
        # Subscriptions that hear the configuration, and all that are granted. A wildcard hears what may be read.
        self._hearing = frozenset((self._config, f"shelfwise/{device}/+", f"shelfwise/{device}/#"))
        self._own = self._hearing | {f"shelfwise/{device}/command"}
        self._said: bytes | None = None
        self._under_way: dict[int, Word] = {}
        # The newest of each topic.
        self._waiting: dict[str, Word] = {}
        self._last_id = 0

    def subscribe(self, body: bytes) -> bool:
        """Answer a SUBSCRIBE; returns whether the configuration is to be said now.

        Raises:
            Malformed: it is none.
        """
        packet_id, wishes = read_subscribe(body, self._wish.level)
        subscriptions = self._session.subscriptions
        granted, wants = [], False
        for name, options in wishes:
            if name not in self._own:
                granted.append(answers.refused_filter(self._wish.level, name))
                continue
            if name in self._hearing:
                # Retain handling (3.8.3.1): 0 always, 1 with a new subscription, 2 never.
                wants |= options >> 4 < (1 if name in subscriptions else 2)
            subscriptions[name] = min(options & 3, 1)
            granted.append(subscriptions[name])
        self._write(answers.suback(self._wish.level, packet_id, granted))
        return wants

    def unsubscribe(self, body: bytes) -> None:
        """Answer an UNSUBSCRIBE.

        Raises:
            Malformed: it is none.
        """
        packet_id, names = read_unsubscribe(body, self._wish.level)
        outcomes = [
            codes.NO_SUBSCRIPTION_EXISTED if self._session.subscriptions.pop(name, None) is None else codes.SUCCESS
            for name in names
        ]
        self._write(answers.unsuback(self._wish.level, packet_id, outcomes))

    @property
    def hears_config(self) -> bool:
        return not self._hearing.isdisjoint(self._session.subscriptions)

    def tell_config(self, payload: bytes, retained: bool) -> None:
        """Say the device's configuration, unless it is known already and was not asked for."""
        digest = digest_of(payload)
        if self.hears_config and (retained or digest not in (self._session.delivered, self._said)):
            self._said = digest
            quality = max(one for name, one in self._session.subscriptions.items() if name in self._hearing)
            self._say(Word(self._config, payload, quality, retained, digest))

    def acknowledged(self, packet_id: int) -> bool:
        """The client has a message, and the next one follows; returns whether it was one of ours."""
        word = self._under_way.pop(packet_id, None)
        if word is None:
            return False
        self._session.delivered = word.digest
        if self._waiting:
            self._say(self._waiting.pop(next(iter(self._waiting))))
        return True

    def _say(self, word: Word) -> None:
        if word.quality and len(self._under_way) >= min(self._wish.receive_maximum, _MOST):
            self._waiting[word.topic] = word
            return
        identifier = b""
        if word.quality:
            self._last_id = self._last_id % 0xFFFF + 1
            identifier = self._last_id.to_bytes(2, "big")
        no_properties = b"\0" if self._wish.level == 5 else b""
        body = text_field(word.topic) + identifier + no_properties + word.payload
        said = packet(PUBLISH | word.quality << 1 | (_RETAINED if word.retained else 0), body)
        if len(said) > self._wish.largest:
            return  # The standard wants it dropped, as if it had been sent.
        if word.quality:
            self._under_way[self._last_id] = word
        self._write(said)
