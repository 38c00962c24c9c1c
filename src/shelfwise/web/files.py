"""Files that are kept with a document, and how files leave."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from shelfwise.core.errors import Fault, Invalid
from shelfwise.orders import attachments
from shelfwise.web import pages
from shelfwise.web.visits import Visit, Visitor, visitor

router = APIRouter(include_in_schema=False)
_PAGES = {
    "purchase_order": "/orders/",
    "sales_order": "/sales/orders/",
    "shipment": "/shipments/",
    "transfer": "/transfers/",
}


@router.post("/files")
async def add_file(request: Request, about: str = "") -> Response:
    """Keep a file. Who asks, and whether they may, is known before a byte of it is read."""
    visit = await run_in_threadpool(visitor, request)
    await run_in_threadpool(_may_keep, visit, about)
    async with request.form(max_files=1, max_fields=2, max_part_size=attachments.LARGEST) as sent:
        file = sent.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise Invalid(Fault("file", "a file", "none", "Choose a file."))
        content = await file.read(attachments.LARGEST + 1)
        return await run_in_threadpool(_keep, visit, about, file.filename, content)


def _may_keep(visit: Visit, about: str) -> None:
    with visit.context() as ctx:
        attachments.require_attaching(ctx, about)


def _keep(visit: Visit, about: str, name: str, content: bytes) -> Response:
    with visit.context() as ctx:
        attachments.add_attachment(ctx, about, name, content)
    kind, _, key = about.partition(":")
    return pages.go(_PAGES[kind] + pages.segment(key), f"{name[:80]} is kept with it.")


@router.get("/files/{attachment_id}")
def file(visit: Visitor, attachment_id: int) -> Response:
    """A file to save. It is never shown in the page's own name: it may hold anything."""
    with visit.context() as ctx:
        name, content = attachments.attachment(ctx, attachment_id)
    return download(name, content, "application/octet-stream")


def download(name: str, content: bytes, kind: str) -> Response:
    """A file for the browser to save."""
    return Response(
        content,
        media_type=kind,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{pages.segment(name)}"},
    )
