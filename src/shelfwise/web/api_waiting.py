"""REST: what waits for a person besides decisions: parked facts, and messages that did not arrive."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path

from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Id, Name, Shown, Told
from shelfwise.web.visits import Visitor
from shelfwise.work import outbox, parked

router = APIRouter()


class ParkedOut(Shown):
    """A fact that could not be digested; `state` is parked, retry (being tried again), done or dropped."""

    parked_id: int
    consumer: str
    stream: str
    seq: int
    data: dict[str, Any]
    error: str
    parked_at: datetime
    state: str


class DropIn(Told):
    """Why the fact is not needed."""

    note: Name


class MessageOut(Shown):
    """A message to another system or to somebody outside. Wall times.

    `state` is waiting, failed (given up), in_doubt (it may have arrived), delivered or withdrawn; `copies` says how
    often it was sent again though it may have arrived.
    """

    outbox_id: int
    idempotency_key: str
    host: str
    body: dict[str, Any]
    created_at: datetime
    state: str
    attempts: int
    next_attempt_at: datetime
    last_error: str | None
    channel: str
    repeatable: bool
    copies: int
    site_id: int | None


@router.get("/parked", tags=["waiting"], responses=errors())
def parked_facts(visit: Visitor) -> list[ParkedOut]:
    """Facts that were set aside after repeated failure, newest first."""
    with visit.context() as ctx:
        return [ParkedOut.model_validate(one) for one in parked.waiting(ctx)]


@router.post("/parked/{parked_id}/try-again", tags=["waiting"], responses=errors(404, 409))
def try_again(visit: Visitor, parked_id: Annotated[Id, Path()]) -> ParkedOut:
    """Have a fact tried again; the answer does not wait for the attempt."""
    with visit.context() as ctx:
        return ParkedOut.model_validate(parked.try_again(ctx, parked_id))


@router.post("/parked/{parked_id}/drop", tags=["waiting"], responses=errors(404, 409))
def drop(visit: Visitor, parked_id: Annotated[Id, Path()], told: DropIn) -> ParkedOut:
    """Decide that a fact is not needed: what should have followed from it never will."""
    with visit.context() as ctx:
        return ParkedOut.model_validate(parked.drop(ctx, parked_id, told.note))


@router.get("/outbox", tags=["waiting"], responses=errors())
def undelivered(visit: Visitor) -> list[MessageOut]:
    """Messages to other systems that wait or were given up, oldest first."""
    with visit.context() as ctx:
        return [MessageOut.model_validate(one) for one in outbox.undelivered(ctx)]


@router.post("/outbox/{outbox_id}/send-again", tags=["waiting"], responses=errors(404, 409))
def send_again(visit: Visitor, outbox_id: Annotated[Id, Path()]) -> MessageOut:
    """Have a message that was given up sent again, under the same key; of one that waits still nothing changes."""
    with visit.context() as ctx:
        return MessageOut.model_validate(outbox.send_again(ctx, outbox_id))
