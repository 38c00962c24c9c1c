"""What a phone keeps of Shelfwise: the frame, and a page for times without connection. No page with data is kept."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from shelfwise.web import pages
from shelfwise.web.pages import HERE, static_address

router = APIRouter(include_in_schema=False)
# What the page without connection needs, and what every page has.
_KEPT = (
    "tokens.css", "layout.css", "parts.css", "people.css", "mark.svg", "app.js", "scan.js", "offline.js",
    "vendor/htmx.min.js",
)  # fmt: skip


@router.get("/offline")
def offline(request: Request) -> Response:
    """What a phone shows when it does not reach us."""
    return pages.respond(request, "offline.html")


@router.get("/service-worker.js")
def worker() -> Response:
    """The service worker; from the root, because it is in charge of nothing above its own folder."""
    return Response(_worker(), media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@cache
def _worker() -> str:
    kept = ["/offline", *map(static_address, _KEPT)]
    settings = json.dumps({"version": _version(), "kept": kept})
    return f"const SHELFWISE = {settings};\n{(HERE / 'static' / 'worker.js').read_text('utf-8')}"


def _version() -> str:
    """Another one as soon as anything that may be kept is another: phones then throw away what they have."""
    found = hashlib.sha256()
    for file in (HERE / "templates" / "offline.html", HERE / "templates" / "base.html"):
        found.update(file.read_bytes())
    for file in sorted((HERE / "static").rglob("*")):
        if file.is_file():
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


@router.get("/manifest.webmanifest")
def manifest() -> Response:
    """How Shelfwise looks on a home screen."""
    icons = [
        {"src": static_address("mark.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": static_address("mark-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": static_address("mark-512.png"), "sizes": "512x512", "type": "image/png"},
    ]
    about = {
        "name": "Shelfwise",
        "short_name": "Shelfwise",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f4ef",
        "theme_color": "#1e2327",
        "icons": icons,
    }
    return JSONResponse(about, media_type="application/manifest+json")
