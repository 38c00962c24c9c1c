"""How a connection fares, as its runner notes it and people see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

_LONGEST_WORDS = 500


class Status:
    """Written on the event loop's thread; the keeper copies it into Postgres. Also hears what became of messages."""

    def __init__(self) -> None:
        self.state = "connecting"
        self.since = datetime.now(UTC)
        self.trouble: str | None = None
        self.trouble_at: datetime | None = None
        self.heard_at: datetime | None = None
        self.facts: dict[str, Any] = {}
        self.messages = 0
        # Counts what came for the gateway's metrics.
        self.received: Callable[[float], None] = lambda _: None

    def connected(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self._become("connected")

    def failed(self, words: str) -> None:
        self._become("trouble")
        self.notice(words)

    def notice(self, words: str) -> None:
        """Something went wrong, or was told, that a person should see; the connection may still stand."""
        self.trouble = words[:_LONGEST_WORDS].replace("\0", "")
        self.trouble_at = datetime.now(UTC)

    def count(self, messages: int = 1) -> None:
        self.messages += messages
        self.received(messages)
        self.heard_at = datetime.now(UTC)

    def acknowledge(self, token: int, outcome: str | None, refused: bool) -> None:
        if outcome is not None:
            self.notice(f"A message {'was refused' if refused else 'waits for a person'}: {outcome}")

    def flush(self) -> None:
        """Nothing is held back."""

    def _become(self, state: str) -> None:
        if state != self.state:
            self.state, self.since = state, datetime.now(UTC)
