"""People: who may sign in, what each may do where, and on which shared devices. For admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.datastructures import FormData

from shelfwise.access import service as access
from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.access.people import CODE_LASTS
from shelfwise.core.errors import Fault, Invalid, Refused, ShelfwiseError, shorten
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.people import PEOPLE
from shelfwise.web.people_words import ROLES, browser_words
from shelfwise.web.phones import address_for_phones
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
NOWHERE = "none"


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=500)


# A form whose fields depend on what sites there are.
Sent = Annotated[FormData, Depends(_sent)]


def _role(text: str, where: str) -> Role | None:
    """
    Raises:
        Invalid: no role has this name.
    """
    if text in ("", NOWHERE):
        return None
    try:
        return Role(text)
    except ValueError as error:
        expected = ", ".join(Role)
        raise Invalid(Fault(where, expected, shorten(text), "Choose one of these.")) from error


def _at_sites(sent: FormData) -> dict[int, Role]:
    """The fields site-3=operator of a form."""
    found = {}
    for name, text in sent.multi_items():
        head, _, number = name.partition("-")
        if head == "site" and number.isdecimal() and len(number) < 19 and isinstance(text, str):
            role = _role(text, name)
            if role is not None:
                found[int(number)] = role
    return found


def _text(sent: FormData, name: str) -> str:
    found = sent.get(name, "")
    return found.strip() if isinstance(found, str) else ""


def _list(visit: Visit, ctx: Context, status: int = 200, faults: tuple[Fault, ...] = (), fault: str = "") -> Response:
    return pages.render(
        visit,
        ctx,
        "people.html",
        status=status,
        found=find(ctx, PEOPLE, visit.request.query_params),
        sites=records.sites(ctx),
        handhelds=access.handhelds(ctx),
        sessions=access.sessions(ctx),
        roles=ROLES,
        browser=browser_words,
        faults=faults,
        fault=fault,
    )


@router.get("/people")
def list_people(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _list(visit, ctx)


@router.post("/people")
def add_person(
    visit: Visitor,
    login: Annotated[str, Form(max_length=200)],
    name: Annotated[str, Form(max_length=200)],
    role: Annotated[str, Form(max_length=20)] = NOWHERE,
) -> Response:
    """Add a person and show the code with which they choose their password."""
    try:
        with visit.context() as ctx:
            user_id = access.add_user(ctx, login.strip(), name.strip(), None, _role(role, "role"))
            return _code(visit, ctx, user_id, "added")
    except Invalid as error:
        with visit.context() as ctx:
            return _list(visit, ctx, 422, error.faults)
    except Refused as error:
        with visit.context() as ctx:
            return _list(visit, ctx, 409, fault=str(error))


def _code(visit: Visit, ctx: Context, user_id: int, why: str) -> Response:
    code = access.password_code(ctx, user_id)
    link = f"{address_for_phones(visit.request)}/new-password?code={code}"
    return pages.render(
        visit,
        ctx,
        "person_code.html",
        person=access.user(ctx, user_id),
        code=code,
        link=link,
        why=why,
        lasts=CODE_LASTS,
    )


@router.get("/people/{user_id}")
def person(visit: Visitor, user_id: int) -> Response:
    with visit.context() as ctx:
        return _person(visit, ctx, user_id)


def _person(
    visit: Visit, ctx: Context, user_id: int, status: int = 200, error: ShelfwiseError | None = None, pin: str = ""
) -> Response:
    return pages.render(
        visit,
        ctx,
        "person.html",
        status=status,
        person=access.user(ctx, user_id),
        sites=records.sites(ctx),
        sessions=access.sessions(ctx, user_id),
        roles=ROLES,
        browser=browser_words,
        faults=error.faults if isinstance(error, Invalid) else (),
        fault="" if error is None or isinstance(error, Invalid) else str(error),
        pin=pin,
    )


@router.post("/people/{user_id}")
def change_person(visit: Visitor, user_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            changed = access.change_user(
                ctx, user_id, _text(sent, "name"), _role(_text(sent, "role"), "role"), _at_sites(sent)
            )
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _person(visit, ctx, user_id, 422 if isinstance(error, Invalid) else 409, error)
    return pages.go(f"/people/{user_id}", f"Saved. It holds for {changed.login} from now on.")


@router.post("/people/{user_id}/deactivate")
def deactivate(visit: Visitor, user_id: int) -> Response:
    try:
        with visit.context() as ctx:
            access.set_active(ctx, user_id, False)
    except Refused as error:
        with visit.context() as ctx:
            return _person(visit, ctx, user_id, 409, error)
    return pages.go(f"/people/{user_id}", "Shut out. Every session has ended; what was done stays in the books.")


@router.post("/people/{user_id}/reactivate")
def reactivate(visit: Visitor, user_id: int) -> Response:
    with visit.context() as ctx:
        access.set_active(ctx, user_id, True)
    return pages.go(f"/people/{user_id}", "Let in again, with the password and the roles there were.")


@router.post("/people/{user_id}/password-code")
def password_code(visit: Visitor, user_id: int) -> Response:
    with visit.context() as ctx:
        return _code(visit, ctx, user_id, "reset")


@router.post("/people/{user_id}/badge")
def badge(visit: Visitor, user_id: int, badge: Annotated[str, Form(max_length=200)] = "") -> Response:
    try:
        with visit.context() as ctx:
            access.set_badge(ctx, user_id, badge)
    except (Invalid, Refused) as error:
        with visit.context() as ctx:
            return _person(visit, ctx, user_id, 422 if isinstance(error, Invalid) else 409, error)
    return pages.go(f"/people/{user_id}", "Badge saved." if badge.strip() else "The badge is taken away.")


@router.post("/people/{user_id}/pin")
def pin(visit: Visitor, user_id: int) -> Response:
    with visit.context() as ctx:
        return _person(visit, ctx, user_id, pin=access.reset_pin(ctx, user_id))


@router.post("/people/{user_id}/end-sessions")
def end_sessions(visit: Visitor, user_id: int) -> Response:
    with visit.context() as ctx:
        ended = access.end_sessions(ctx, user_id)
    return pages.go(f"/people/{user_id}", f"{ended} {'session' if ended == 1 else 'sessions'} ended.")


@router.post("/sessions/{session_id}/end")
def end_session(visit: Visitor, session_id: int, next: Annotated[str, Form()] = "/people") -> Response:
    with visit.context() as ctx:
        access.end_session(ctx, session_id)
    return pages.go(pages.local_address(next), "That session has ended.")


@router.post("/handhelds")
def add_handheld(
    visit: Visitor,
    name: Annotated[str, Form(max_length=200)],
    site: Annotated[str, Form(max_length=64)],
    idle: Annotated[int, Form(ge=1, le=120)] = 10,
) -> Response:
    """Make room for a shared device and show the code to type in on it."""
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_PEOPLE)
        here = records.site(ctx, site)
        handheld_id, code = access.add_handheld(ctx, here.site_id, name, timedelta(minutes=idle))
        return _handheld_code(visit, ctx, handheld_id, code)


def _handheld_code(visit: Visit, ctx: Context, handheld_id: int, code: str) -> Response:
    one = next(one for one in access.handhelds(ctx) if one.handheld_id == handheld_id)
    address = f"{address_for_phones(visit.request)}/handheld"
    return pages.render(visit, ctx, "handheld_code.html", handheld=one, code=code, address=address)


@router.post("/handhelds/{handheld_id}/code")
def handheld_code(visit: Visitor, handheld_id: int) -> Response:
    with visit.context() as ctx:
        return _handheld_code(visit, ctx, handheld_id, access.handheld_code(ctx, handheld_id))


@router.post("/handhelds/{handheld_id}/revoke")
def revoke_handheld(visit: Visitor, handheld_id: int) -> Response:
    with visit.context() as ctx:
        one = access.revoke_handheld(ctx, handheld_id)
    return pages.go("/people", f"{one.name} is no handheld any more.")
