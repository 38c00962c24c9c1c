"""Shelfwise as the outside sees it: its REST interface, tried again until it answers, and its business clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import structlog

log = structlog.get_logger()

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.3, 5.0
RESYNC_S = 2.0


class Rejected(Exception):
    """Shelfwise understood and refused (HTTP 4xx); trying again would not help."""


class Platform:
    """The REST interface. Calls wait out restarts: all that is sent has a stable name, so again is no harm."""

    def __init__(self, web_url: str, api_key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{web_url}/api/v1",
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=20.0,
            transport=transport,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, **params: Any) -> Any:
        return await self._call("GET", path, params=params)

    async def post(self, path: str, body: Any, **params: Any) -> Any:
        return await self._call("POST", path, json=body, params=params)

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        pause = FIRST_PAUSE_S
        while True:
            try:
                answer = await self._http.request(method, path, **options)
                if answer.is_success:
                    return answer.json() if answer.content else None
                if answer.status_code < 500 and answer.status_code not in (408, 429):
                    raise Rejected(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
                problem = f"{answer.status_code} {answer.text[:200]}"
            except httpx.HTTPError as error:
                problem = f"{type(error).__name__}: {error}"
            log.info("waiting for Shelfwise", call=f"{method} {path}", problem=problem, pause_s=pause)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_S, pause * 2)


class PlatformClock:
    """Business time as the platform tells it, carried on between its answers."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._business: datetime | None = None
        self._read_at = 0.0
        self.rate = 1.0

    async def sync(self) -> datetime:
        """Ask for the time once."""
        before = time.monotonic()
        told = await self._platform.get("/clock")
        self._read_at = (before + time.monotonic()) / 2
        self._business, self.rate = datetime.fromisoformat(told["now"]), float(told["rate"])
        return self._business

    async def run(self) -> None:
        """Keep in step, until cancelled."""
        while True:
            await self.sync()
            await asyncio.sleep(RESYNC_S)

    def now(self) -> datetime:
        """The business instant; `sync` must have been called before."""
        if self._business is None:
            raise RuntimeError("the clock was never read")
        return self._business + timedelta(seconds=(time.monotonic() - self._read_at) * self.rate)

    def wall_seconds(self, business: timedelta) -> float:
        """How long a span of business time takes on the wall, in s."""
        return business.total_seconds() / self.rate if self.rate > 0 else 3600.0


def listed(answer: Any, name: str) -> Sequence[dict[str, Any]]:
    """The rows of an answer that is a list, or an object with the list under a name."""
    rows = answer if isinstance(answer, list) else answer[name]
    return [row for row in rows if isinstance(row, dict)]
