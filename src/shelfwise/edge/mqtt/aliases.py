"""Topic aliases of MQTT 5: a number that stands for a topic, so that a small device need not send it each time."""

from __future__ import annotations

from shelfwise.edge.mqtt import properties as p
from shelfwise.edge.mqtt.codes import PROTOCOL_ERROR, TOPIC_ALIAS_INVALID
from shelfwise.edge.mqtt.wire import Malformed

MOST = 32


class Aliases:
    """Those of one connection."""

    def __init__(self) -> None:
        self._topics: dict[int, bytes] = {}

    def unfold(self, topic: bytes, content: bytes) -> tuple[bytes, bytes]:
        """The topic that a PUBLISH means, and its payload without the properties before it.

        Raises:
            Malformed: the properties cannot be right, or no topic is meant.
        """
        if content[:1] == b"\0" and topic:
            return topic, content[1:]
        found, at = p.read_properties(content, 0, p.IN_PUBLISH)
        alias = found.get(p.TOPIC_ALIAS)
        if alias is not None:
            if not 0 < alias <= MOST:
                raise Malformed(f"a topic alias of {alias}", TOPIC_ALIAS_INVALID)
            if topic:
                self._topics[alias] = topic
            elif alias not in self._topics:
                raise Malformed(f"a topic alias of {alias} that stands for nothing", PROTOCOL_ERROR)
            topic = self._topics[alias]
        elif not topic:
            raise Malformed("neither a topic nor an alias", PROTOCOL_ERROR)
        return topic, content[at:]
