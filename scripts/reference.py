"""Write the pages of docs/reference that follow from the code; with --check compare them instead."""

from __future__ import annotations

import argparse
import difflib
import inspect
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from scripts.files import files
from scripts.plan_files import plan_files
from scripts.spoken import listen

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
GENERATED = "<!-- Written by `make docs` from the code. Change the code, not this page. -->"

# What each fact means. A fact without its sentence, or a sentence without its fact, fails the build.
FACTS = {
    "alert.cleared": "The cause of an alert is gone, or a person settled it.",
    "alert.escalated": "Nobody took an alert in time, so the next role is told.",
    "alert.raised": "An alert was raised. A cause that goes on is told once.",
    "condition.excursion": "A zone has been outside its limit for longer than its delay.",
    "condition.recovered": "A zone is back within its limit after that.",
    "devices.refused": "More was heard of devices that nobody registered than may wait behind a gateway or site key.",
    "forecast.made": "Forecasts of a site were made.",
    "planning.requested": "Somebody asked for a planning run of a site.",
    "proposal.approved": "A proposal was approved for an ERP that keeps the books. One order for each `key`.",
    "proposal.decided": "A proposal was approved, rejected or expired.",
    "proposal.made": "A proposal was made: of a purchase or, where it has a `from_site_id`, of a transfer.",
    "purchase.answered": "The supplier answered a change or a cancellation. `outstanding`: by line, what is to come.",
    "purchase.asked": "The supplier was asked for a change or a cancellation (`what`); until they answer it stands.",
    "purchase.cancelled": "A purchase order was cancelled; the supplier owes nothing of it.",
    "purchase.changed": "Other quantities or another day are ordered. `outstanding`: by line, what is to come now.",
    "purchase.closed": "No more is expected of a purchase order.",
    "purchase.confirmed": "The supplier has confirmed an order. `short`: by item, what will not come.",
    "purchase.placed": "A purchase order was placed with a supplier.",
    "purchase.receipt_reversed": "A receipt was taken back; what it brought is outstanding again.",
    "purchase.received": "Goods came for a line of a purchase order. `over`: units beyond what was ordered.",
    "purchase.reopened": "The rest of a closed order is expected after all.",
    "purchase.restored": "A cancelled order is a draft again.",
    "purchase.second_asked": "The first person approved an order that needs a second one. `first`: who that was.",
    "purchase.sent": "The supplier has the purchase order.",
    "purchase.sent_back": "Goods went back to their supplier. `owed_again`: as much is to come once more.",
    "purchase.taken_back": "The approval of an order was taken back before it left; it is a draft again.",
    "rate_card.changed": "A carrier's prices were added, changed or taken out.",
    "sales.cancelled": "A sales line was cancelled, and what was reserved for it is free again.",
    "device.doubted": "What `devices` say, or that they say it, came into doubt or out of it. `cause`: why.",
    "duplicates.wanted": "Somebody, or an import of records, asked for a search for records that are one thing.",
    "history.mended": "A rule that mends the history was switched on or off, or all that waited of it decided.",
    "sales.imported": "An import brought sales from before go-live.",
    "sales.issued": "Goods left the house for a sales line.",
    "sales.reserved": "Stock was reserved for sales lines, all they need or, where they may go in parts, some.",
    "sales.returned": "Goods of a sales line came back from the customer.",
    "sales.taken": "Sales lines that are not history were taken.",
    "shipment.arrived": "A shipment arrived. `days_late`: delivery days after its carrier's promise.",
    "shipment.booked": "Somebody chose the service that is to take a shipment along.",
    "shipment.booking_cancelled": "The service that was chosen for a shipment is not to take it after all.",
    "shipment.destination_told": "Somebody said where a shipment goes, or by when it is due.",
    "shipment.expected": "A carrier said when a shipment will come. `promised_on`: what it had promised.",
    "shipment.shipped": "A shipment has left the house.",
    "shipment.short": "A picker found less at a stop than the shipment asks for.",
    "stock.expired": "A lot is past its last day at a site and was put in quarantine.",
    "stock.held": "Stock was taken out of what may be picked and promised.",
    "stock.moved": "A movement was written.",
    "stock.overpromised": "More was reserved than is there and may be sold. The youngest promises were given back: "
    "`sales_line_ids`. `reserved` is what it was before.",
    "stock.released": "Somebody signed that held stock may be picked and promised again.",
    "stock.reversed": "A movement was taken back, with the document it was for.",
    "stock.serial_conflict": "A serial number was not where it is said to come from.",
    "stock.short": "More was taken from a place than the books had there.",
    "stock.taken_from_hold": "Stock was picked, shipped or written off although it was held.",
    "task.closed": "A task was done or dropped.",
    "task.escalated": "Nobody took a task by its time, or somebody passed it on: another role is asked, `to`.",
    "task.opened": "There is a new task.",
    "transfer.came_back": "Goods of a transfer that were on the road are at their source again.",
    "transfer.lost": "Goods of a transfer that never arrived were written off.",
    "transfer.over": "More of a transfer came than had left by the books.",
    "transfer.received": "Goods of a transfer arrived at the destination.",
    "transfer.shipped": "Goods of a transfer left their source and are on the road.",
}

ALERTS = {
    "books": "Balances differ from the movements behind them. Do not trust the stock of the items named until it is "
    "explained. Clears when the next check finds no difference.",
    "connection": "A reader or a broker that we call has not been connected for a while, or a reader lacks an antenna. "
    "Clears when it is back.",
    "count": "A pick found less than the books said. Count the bin and post the difference.",
    "device_doubt": "A device's readings are in doubt, or its clock is wrong. Clears when it is well again, or when a "
    "person has answered.",
    "device_silent": "A device, or all behind a gateway or at a site, are silent against their own rhythm. Clears when "
    "they are back.",
    "expired": "A lot is past its last day and was put in quarantine. A person says when it is settled.",
    "forecast_bias": "The forecast of an item has said too much, or too little, day after day. Clears when it is right "
    "on average again.",
    "hold": "Stock left although it was held. A person says when it is settled.",
    "incoming": "A file that came by itself was refused. Clears when its source's next one is taken in.",
    "message": "A message to somebody outside was given up, or nobody knows whether it arrived. Clears when somebody "
    "decides or it arrives.",
    "nightly": "The work after a site's day has failed: no new forecasts and proposals yet. It is tried again; "
    "clears when it succeeds.",
    "outside_silent": "A series from outside could not be fetched for three days. Clears when it is, or when nobody "
    "wants it fetched any more.",
    "serial": "A serial number was seen where it cannot be by the books. A person says when it is settled.",
    "silent_source": "A source that comes every so many days has not come. Clears when it comes.",
    "subscription": "A system or a person that subscribed takes nothing for an hour, or was given up after three days. "
    "Clears when it takes a message, or when somebody resumes it.",
    "temperature": "A zone has been outside its limit for longer than its delay. Clears when it is back.",
    "unclaimed": "More unknown devices speak behind a gateway or site key than may wait. Clears when one of them is "
    "claimed or ignored, or more may wait; or a person says that it is settled.",
    "temperature_past": "A zone was outside its limit for longer than its delay, and the readings came late.",
    "upkeep": "The installation itself needs somebody: room on a disk, the queue, or backups. Clears when it is well.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the pages; returns 1 where `--check` finds one that differs."""
    parser = argparse.ArgumentParser(prog="python -m scripts.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; say which pages differ from the code")
    given = parser.parse_args(arguments)
    if not given.check:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in pages().items():
            (FOLDER / name).write_text(text, "utf-8")
        return 0
    differences = outdated()
    sys.stdout.writelines(differences)
    if differences:
        print("\nThese pages differ from the code. Run `make docs`.")
    return 1 if differences else 0


def pages() -> dict[str, str]:
    """File name and text of every page."""
    return {name: f"{GENERATED}\n\n{make()}" for name, make in PAGES.items()}


def outdated() -> list[str]:
    """How the pages on disk differ from what the code says, as lines of a diff."""
    lines: list[str] = []
    for name, text in pages().items():
        path = FOLDER / name
        before = path.read_text("utf-8") if path.exists() else ""
        lines += difflib.unified_diff(
            before.splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"docs/reference/{name}",
            "the code",
        )
    return lines


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def code(text: object) -> str:
    return f"`{text}`"


def settings() -> str:
    from shelfwise.settings import Settings

    rows = [
        [code(entry.metadata["variable"]), _default(entry.default), entry.metadata["meaning"]]
        for entry in fields(Settings)
    ]
    return (
        "# Settings\n\nSettings are environment variables. A value that cannot be right is refused at the start, with "
        "what was expected.\n\n" + table(["variable", "default", "meaning"], rows)
    )


def _default(value: object) -> str:
    if value is None:
        return "none"
    return code(str(value).lower() if isinstance(value, bool) else value)


def commands() -> str:
    from shelfwise.cli import _parser

    parser = _parser()
    parts = [
        "# Commands\n",
        f"`{parser.prog}` is in the virtual environment: `.venv/bin/{parser.prog}`, or `python -m {parser.prog}`. "
        "Exit codes: 0 well, 1 an error that was explained, 2 wrong usage.\n",
        "## Before any command\n",
        _arguments(parser),
    ]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {one.dest: one.help or "" for one in action._choices_actions}
            for name, sub in action.choices.items():
                parts += [
                    f"## {parser.prog} {name}\n",
                    _sentence(helps.get(name, "")) + "\n",
                    _arguments(sub),
                ]
    return "\n".join(parts)


def _arguments(parser: argparse.ArgumentParser) -> str:
    rows = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
            continue
        value = str(action.metavar or action.dest.upper())
        name = ", ".join(action.option_strings) or value
        if action.option_strings and action.nargs != 0:
            name += f" {value}"
        needed = " Required." if action.required else ""
        choices = f" One of {', '.join(code(one) for one in action.choices)}." if action.choices else ""
        rows.append([code(name), (_sentence(action.help or "") + choices + needed).strip()])
    return table(["argument", "meaning"], rows) if rows else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if not text or text.endswith(".") else ".")


def rights() -> str:
    from scripts import rest
    from shelfwise.access.model import ON_THE_FLOOR, PERSONS_ALONE, RIGHTS, Right, Role, system
    from shelfwise.stock.model import OWN_MISTAKES

    shelfwise = system("any part")
    rows = [
        [
            right.value.replace("_", " "),
            code(right.value),
            *("yes" if right in RIGHTS[role] else "" for role in Role),
            "yes" if shelfwise.may(right) else "",
        ]
        for right in Right
    ]
    return (
        "# Rights\n\nWhat is not marked is refused. A role is held at every site or at single ones, and is good where "
        "it is held. A key gets the rights it was made with, by the names in the second column. The last column is "
        "what Shelfwise may do by itself.\n\n"
        + table(["may", "name", *(role.value for role in Role), "Shelfwise itself"], rows)
        + "\n## What only a person may do\n\nNo key and no part of Shelfwise can be given "
        + _named(right.value for right in PERSONS_ALONE)
        + ".\n\n## What everybody may take back themselves\n\nTaking back movements needs `adjust_stock`. A person who "
        "told of one themselves may take it back without it for 30 minutes of business time (`take_back_minutes` in "
        f"the table `tenant`), where it was one of {', '.join(code(one) for one in sorted(OWN_MISTAKES))} and they may "
        "still tell of such a thing there"
        + ".\n\n## What a badge and a PIN are good for\n\nOn a handheld, at its site, and as far as the person's role "
        "there goes: "
        + _named(right.value for right in ON_THE_FLOOR)
        + ".\n\n## Which page asks for what\n\nFound by reading the code: a right that is asked for in some cases only "
        "stands here too. Where a page is about one site, the right is needed there; what belongs to no site needs it "
        "at every one. The rights of the REST API stand [with its routes](rest-api.md).\n\n"
        + table(
            ["", "address", "rights"], [[method, code(path), _named(found)] for method, path, found in rest.pages()]
        )
    )


def formats() -> str:
    from shelfwise.edge import formats as edge_formats
    from shelfwise.edge.model import FARTHEST_AHEAD, KINDS, OLDEST

    kinds = [
        [
            code(kind.name),
            kind.unit or "in `detail`",
            _range(kind.low, kind.high) if kind.measured else "",
            ", ".join(code(name) for name in kind.units),
        ]
        for kind in KINDS.values()
    ]
    parts = [
        "# Device formats\n",
        "How devices may write their messages. [Connect a device](../guides/connect-a-device.md) shows how to send "
        "them, [Add a device format](../guides/add-a-device-format.md) how to add one.\n",
        "## Kinds of readings\n",
        table(["kind", "stored in", "believed from .. to", "units understood"], kinds),
        f"A time is believed from {OLDEST.days} days before to {FARTHEST_AHEAD.days} day after its arrival.\n",
    ]
    for form in edge_formats.FORMATS.values():
        module = inspect.getmodule(form.decode)
        described = inspect.getdoc(module) or ""
        example = json.dumps(json.loads(form.example), indent=2)
        parts += [f"## {form.name}\n", _as_markdown(described) + "\n", f"```json\n{example}\n```\n"]
        meanings = getattr(module, "TABLE", None)
        if meanings is not None:
            parts.append(table(["field", "meaning"], [[code(name), told] for name, told in meanings.items()]))
        known = getattr(module, "FIELDS", None)
        if known is not None:
            rows = [[code(name), meaning.kind, meaning.unit] for name, meaning in known.items()]
            parts += [
                "Fields that are understood, in capital or small letters:\n",
                table(["field", "kind", "unit"], rows),
            ]
    return "\n".join(parts)


def _range(low: float, high: float) -> str:
    return f"{low:g} and more" if math.isinf(high) else f"{low:g} .. {high:g}"


def _as_markdown(docstring: str) -> str:
    """Our docstrings write code as in reStructuredText (two backticks)."""
    return docstring.replace("``", "`")


def facts() -> str:
    spoken = listen()
    for what, described, found in (("fact", FACTS, spoken.facts), ("alert", ALERTS, spoken.alerts)):
        if wrong := set(described) ^ set(found):
            raise SystemExit(f"scripts/reference.py: describe every {what} and no other; differing: {sorted(wrong)}")
    return "\n".join(
        [
            "# Facts, alerts and the audit log\n",
            "What parts of Shelfwise tell each other and people.\n",
            "## Facts\n",
            "Read in order and once by each of their readers, see [Concepts](../concepts.md#facts-and-cursors).\n",
            table(
                ["fact", "meaning", "data", "read by"],
                [
                    [
                        code(kind),
                        FACTS[kind],
                        ", ".join(code(name) for name in sorted(fact.data)),
                        ", ".join(sorted(fact.readers)),
                    ]
                    for kind, fact in sorted(spoken.facts.items())
                ],
            ),
            "## Alerts\n",
            table(["kind", "meaning"], [[code(kind), ALERTS[kind]] for kind in sorted(spoken.alerts)]),
            "## Actions in the audit log\n",
            "Each entry says who, when by both clocks, what it was about, and details. An ellipsis stands for the "
            "decision taken.\n",
            table(
                ["action", "written by"],
                [[code(kind), ", ".join(sorted(rooms))] for kind, rooms in sorted(spoken.actions.items())],
            ),
        ]
    )


def rest_api() -> str:
    from scripts import rest

    described = rest.schema()
    found = sorted(rest.operations(), key=lambda one: one[2].get("tags", ["other"])[0])
    parts = [
        "# REST API\n",
        described["info"]["description"] + "\n",
        "The same description for programs, in OpenAPI: `/api/v1/openapi.json`. On a running installation the page "
        "*For programs* shows it too.\n",
        "The rights named are those that a key needs, see [Rights](rights.md).\n",
        table(
            ["", "address", "does", "rights"],
            [
                [method, f"[{path.removeprefix('/api/v1')}](#{_anchor(method, path)})", _summary(one), _named(rights)]
                for method, path, one, rights in found
            ],
        ),
    ]
    for method, path, operation, _ in found:
        parts += [f"## {method} {path}\n", (operation.get("description") or _summary(operation)) + "\n"]
        rows = [
            [code(one["name"]), one["in"], rest.type_of(one["schema"]), "yes" if one.get("required") else ""]
            for one in operation.get("parameters", [])
        ]
        if rows:
            parts.append(table(["parameter", "in", "is", "needed"], rows))
        body, answer = rest.json_of(operation.get("requestBody", {})), rest.json_of(operation["responses"]["200"])
        if body:
            parts.append(f"Send: {_shape(rest.type_of(body), described)}.\n")
        parts.append(f"Answers: {_shape(rest.type_of(answer), described)}.\n")
    parts.append("## Shapes\n")
    for name, shape in sorted(described["components"]["schemas"].items()):
        if name in {"HTTPValidationError", "ValidationError"}:
            continue
        rows = [
            [code(field), rest.type_of(part), "yes" if field in shape.get("required", []) else ""]
            for field, part in shape.get("properties", {}).items()
        ]
        about = " ".join(str(shape.get("description", "")).split())
        parts += [f"### {name}\n", about + "\n" if about else "", table(["field", "is", "always there"], rows)]
    return "\n".join(part for part in parts if part)


def _anchor(method: str, path: str) -> str:
    return re.sub(r"[^\w\- ]", "", f"{method} {path}".lower()).replace(" ", "-")


def _summary(operation: dict[str, Any]) -> str:
    return str(operation.get("description") or operation.get("summary", "")).split("\n\n")[0].replace("\n", " ")


def _named(rights: Iterable[str]) -> str:
    return ", ".join(code(right) for right in sorted(rights))


def _shape(words: str, described: dict[str, Any]) -> str:
    known = described["components"]["schemas"]
    return " ".join(f"[{word}](#{word.lower()})" if word in known else word for word in words.split())


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "commands.md": commands,
    "rights.md": rights,
    "formats.md": formats,
    "facts.md": facts,
    "files.md": files,
    "plan-files.md": plan_files,
    "rest-api.md": rest_api,
}


if __name__ == "__main__":
    sys.exit(main())
