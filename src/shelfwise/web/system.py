"""How is this installation? What runs, what waits, how much room there is, and the backups. For admins."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse

from shelfwise import __version__
from shelfwise.access.model import Right
from shelfwise.operations import service as operations
from shelfwise.operations.model import KINDS
from shelfwise.settings import Settings
from shelfwise.web import pages
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/system")
def look(visit: Visitor, request: Request) -> Response:
    settings: Settings = request.app.state.settings
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_SETTINGS)
        backups = operations.backups(ctx, settings.backups)
        return pages.render(
            visit, ctx, "system.html", findings=operations.findings(ctx, settings), backups=backups, kinds=KINDS,
            version=__version__, settings=settings, waiting=any(one.state == "asked" for one in backups),
        )  # fmt: skip


@router.post("/system/backups")
def make_one(visit: Visitor) -> Response:
    with visit.context() as ctx:
        operations.ask_for_backup(ctx)
    return pages.go("/system", "A backup is being made and tried out.")


@router.get("/system/backups/{backup}")
def take_along(visit: Visitor, request: Request, backup: str) -> Response:
    settings: Settings = request.app.state.settings
    with visit.context() as ctx:
        file = operations.backup_file(ctx, settings.backups, backup)
    return FileResponse(file, media_type="application/zip", filename=backup, headers={"Cache-Control": "no-store"})
