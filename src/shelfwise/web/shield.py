"""Headers on every answer, and a limit to what may be sent to us. Plain ASGI, so that live streams pass unbuffered."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
# What reads codes out of a camera's picture is compiled by the browser.
_WITH_CAMERA = CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
BODY_LIMIT = 1_000_000
UPLOAD_LIMIT = 512_000_000
UPLOAD_PATH = "/import"
SENT_LIMIT = 64_000_000
SENT_PATH = "/api/v1/imports"
ATTACHMENT_LIMIT = 11_000_000
# Where codes are scanned, and where a phone tries out whether it can.
_CAMERA = re.compile(r"/phone/trusted|/move|/shipments/\d+/pick|/counts/\d+|/tags/bind")


class Shield:
    """Adds the security headers and refuses bodies over the limit while they are read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = _limit(scope["path"])
        announced = Headers(scope=scope).get("content-length", "0")
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit or (announced.isdigit() and int(announced) > limit):
                raise HTTPException(413, f"At most {limit:,} bytes can be sent here.")
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self.app(scope, bounded, with_headers)


def _limit(path: str) -> int:
    if path == UPLOAD_PATH:
        return UPLOAD_LIMIT
    if path == SENT_PATH:
        return SENT_LIMIT
    return ATTACHMENT_LIMIT if path.startswith("/orders/") and path.endswith("/files") else BODY_LIMIT


def _add(headers: MutableHeaders, path: str) -> None:
    with_camera = _CAMERA.fullmatch(path) is not None
    headers["Content-Security-Policy"] = _WITH_CAMERA if with_camera else CONTENT_SECURITY_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = f"camera=({'self' if with_camera else ''}), geolocation=(), microphone=()"
    if not path.startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")
    elif "Cache-Control" not in headers:
        # Addresses of static files carry a hash of their content.
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
