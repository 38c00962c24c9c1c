"""The web application as a browser gets it; and its stock page, asked for over HTTP, one request at a time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import uvicorn

from shelfwise.access import service as access
from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.access.service import Caller
from shelfwise.access.sessions import IDLE, open_session
from shelfwise.web.app import create_app
from shelfwise.web.lists.stock import STOCK
from shelfwise.web.visits import SESSION_COOKIE


def over_http(office: Office, site: str) -> dict[str, float]:
    """Milliseconds of GET /stock, the median of three, in each way in which a person can ask for it."""
    token = signed_in(office, "reader")
    with office.context(person("benchmark", Role.ADMIN)) as ctx:
        yesterday = (ctx.now - timedelta(days=1)).date().isoformat()
    asked = {"one site": f"site={site}", "all sites": "site=all"}
    for column in STOCK.columns:
        if column.shown and column.sortable:
            asked[f"one site by {column.key}"] = f"site={site}&sort={column.key}"
            asked[f"all sites by {column.key} from the top"] = f"site=all&sort=-{column.key}"
    asked |= {
        "search at one site": f"site={site}&search=item+17",
        "search at all sites": "site=all&search=item+17",
        "the last page": f"site={site}&page=200",
        "nothing available": f"site={site}&state=out",
        "items that need somebody, out": f"site={site}&show=out",
        "items that need somebody, in doubt": f"site={site}&show=doubt",
        "as of a day": f"site={site}&day={yesterday}",
    }
    with served(office) as address, httpx.Client(base_url=address, cookies={SESSION_COOKIE: token}) as browser:
        return {name: _median(browser, f"/stock?{query}") for name, query in asked.items()}


def signed_in(office: Office, login: str) -> str:
    """The session cookie of a new person who may do everything."""
    with office.context(person("benchmark", Role.ADMIN)) as ctx:
        user_id = access.add_user(ctx, login, login.title(), None, Role.ADMIN)
        return open_session(ctx, user_id, Caller(), IDLE)


def _median(browser: httpx.Client, where: str) -> float:
    took = []
    for _ in range(3):
        begin = time.perf_counter()
        answer = browser.get(where, timeout=60)
        took.append((time.perf_counter() - begin) * 1000)
        if answer.status_code != 200:
            raise AssertionError(f"{where}: {answer.status_code} {answer.text[:300]}")
    return sorted(took)[1]


@contextmanager
def served(office: Office) -> Iterator[str]:
    """The address of the web application, in a thread of its own until the end."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(create_app(office), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()
