"""The pages on the local network: under which addresses, and what is said in the clear there (almost nothing)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfwise.access.throttle import Network
from shelfwise.https.keeper import Keeper
from shelfwise.https.model import as_address, host_of, in_address
from shelfwise.web import faults

# What anybody on the network may ask for unencrypted: how to trust us, and whether we are well.
IN_THE_CLEAR = ("/phone", "/static/", "/livez", "/readyz")
_YEAR_S = 365 * 86400


@dataclass(frozen=True)
class Lan:
    """How the pages are reached from the local network.

    Attributes:
        keeper: of the certificate, whose names are the names we answer to.
        web_port: of the plain pages, where a phone learns to trust us.
        https_port: of everything else.
    """

    keeper: Keeper
    web_port: int
    https_port: int

    def host(self, asked: str = "", reached: str = "") -> str:
        """The name to go on with: the one that was asked for, the address that was reached, or our first."""
        facts = self.keeper.facts
        return next((one for one in (asked, reached) if one and facts.is_for(one)), _first(facts.names))

    def https(self, host: str = "") -> str:
        """Our address by HTTPS, without a path."""
        port = "" if self.https_port == 443 else f":{self.https_port}"
        return f"https://{in_address(host or self.host())}{port}"

    def plain(self, host: str = "") -> str:
        port = "" if self.web_port == 80 else f":{self.web_port}"
        return f"http://{in_address(host or self.host())}{port}"

    @property
    def strict(self) -> bool:
        """Whether browsers may be told to come by HTTPS alone from now on.

        They apply that to all ports of a name and keep it for a year. It fits a name with a public certificate on the
        usual port. On any other port, or with an authority that a phone forgets when it is reset, it would lock out.
        """
        return self.keeper.authority is None and self.https_port == 443


def _first(names: Sequence[str]) -> str:
    return next((one for one in names if not one.startswith("*.")), names[0].removeprefix("*."))


class Porch:
    """Stands before the app: from this computer all is as ever; from the network the way in leads to HTTPS.

    A page of a stranger that makes its own name point here (DNS rebinding) is sent away: we answer to our names.
    """

    def __init__(self, app: ASGIApp, lan: Lan, trusted: Sequence[Network]) -> None:
        self.app = app
        self._lan = lan
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = host_of(Headers(scope=scope).get("host", ""))
        if scope["scheme"] == "https":
            if not self._lan.keeper.facts.is_for(asked):
                text = (
                    f"This house answers to {self._lan.https()}. Open that instead, or add the name to SHELFWISE_NAMES."
                )
                await faults.answer(Request(scope), 421, text, ())(scope, receive, send)
                return
            await self.app(scope, receive, self._with_strictness(send) if self._lan.strict else send)
        elif self._is_near(scope) or _is_in_the_clear(scope["path"]):
            await self.app(scope, receive, send)
        else:
            await self._lead_on(scope, asked)(scope, receive, send)

    def _is_near(self, scope: Scope) -> bool:
        """Reached from this computer, or from a proxy that is ours and speaks HTTPS itself."""
        here, there = (as_address((scope.get(side) or ("",))[0]) for side in ("server", "client"))
        if here is not None and here.is_loopback:
            return True
        return there is not None and any(there in network for network in self._trusted)

    def _lead_on(self, scope: Scope, asked: str) -> Response:
        reached = (scope.get("server") or ("",))[0]
        address = self._lan.https(self._lan.host(asked, reached))
        if scope["method"] not in {"GET", "HEAD"} or "authorization" in Headers(scope=scope):
            # Whatever secret it carries was readable on the way; to pass it on would hide that.
            text = (
                f"This was sent unencrypted and was not read. Send it to {address} instead, and change what was secret."
            )
            return faults.answer(Request(scope), 403, text, ())
        query = scope["query_string"].decode("latin-1")
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        # Temporary: where HTTPS is turned off again, no browser may remember this.
        return RedirectResponse(f"{address}{path}{'?' if query else ''}{query}", 307)

    def _with_strictness(self, send: Send) -> Send:
        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
            await send(message)

        return with_header


def _is_in_the_clear(path: str) -> bool:
    return any(path == one or path.startswith(one if one.endswith("/") else f"{one}/") for one in IN_THE_CLEAR)
