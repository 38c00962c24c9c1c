"""The documentation says what the code does: reference pages, links, commands and examples are checked against it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from scripts import reference
from scripts.spoken import listen

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.access.service import actor_of_key, sign_in
from shelfwise.edge import formats
from shelfwise.edge.devices import device_states
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.model import Origin, moment
from shelfwise.records import service as records
from shelfwise.stock import service as stock

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
CONNECT = ROOT / "docs" / "guides" / "connect-a-device.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)

# Unfinished work, and praise instead of facts.
FORBIDDEN = (
    "todo", "fixme", "tbd", "lorem", "coming soon", "work in progress",
    "seamless", "cutting-edge", "state-of-the-art", "world-class", "revolution", "blazing", "effortless", "leverage",
    "game-chang", "best-in-class", "powerful", "synerg",
)  # fmt: skip


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """(what stands behind the three backticks, content) of every code block."""
    for found in _FENCE.finditer(page.read_text("utf-8")):
        yield found["info"].strip(), found["body"]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in _HEADING.finditer(prose(page)):
        text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading["text"])
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        found.add(anchor)
    return found


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """(file, anchor) of every relative link of a page."""
    for found in _LINK.finditer(prose(page)):
        target = found["target"]
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        yield (page.parent / path).resolve() if path else page, anchor


def test_the_reference_pages_say_what_the_code_says() -> None:
    differences = reference.outdated()
    assert not differences, "run `make docs`:\n" + "".join(differences)


def test_no_reference_page_is_left_over() -> None:
    assert {path.name for path in reference.FOLDER.glob("*.md")} == set(reference.PAGES)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = [
        f"{target.relative_to(ROOT)}#{anchor}"
        for target, anchor in links(page)
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]
    assert not broken


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [README]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        waiting += [target for target, _ in links(page)]
    assert set(PAGES) - reached == set()


def test_every_make_target_that_is_named_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert {"demo", "test"} <= named <= known


def test_every_command_that_is_named_exists() -> None:
    known = set(re.findall(r"^## shelfwise ([a-z-]+)$", reference.commands(), re.MULTILINE))
    named = {
        command
        for page in PAGES
        for command in re.findall(
            r"(?:^|[`/]|-m )shelfwise(?: --home [^ `]+)? ([a-z][a-z-]*)", page.read_text("utf-8"), re.MULTILINE
        )
    }
    assert named <= known


def test_every_variable_that_is_named_is_read_somewhere() -> None:
    code = "".join(
        path.read_text("utf-8") for folder in ("src", "tests") for path in sorted((ROOT / folder).rglob("*.py"))
    )
    named = {variable for page in PAGES for variable in re.findall(r"SHELFWISE_[A-Z_]+", page.read_text("utf-8"))}
    assert {variable for variable in named if variable not in code} == set()


def test_the_glossary_is_in_alphabetical_order_and_names_each_term_once() -> None:
    terms = re.findall(r"^### (.+)$", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE)
    assert [term.lower() for term in terms] == sorted({term.lower() for term in terms})


def test_every_decision_is_in_the_index_under_its_own_title() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    for record in sorted(folder.glob("[0-9]*.md")):
        number, title = record.name[:4], record.read_text("utf-8").splitlines()[0]
        assert title.startswith(f"# {number}: ")
        assert f"| [{number}]({record.name}) | {title.removeprefix(f'# {number}: ')} |" in index


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_has_words_that_do_not_belong_there(page: Path) -> None:
    text = page.read_text("utf-8").lower()
    assert [word for word in FORBIDDEN if word in text] == []


def test_every_message_that_a_guide_shows_is_understood() -> None:
    shown = 0
    for page in PAGES:
        for info, body in blocks(page):
            language, _, name = info.partition(" ")
            if language == "json" and name in FORMATS:
                shown += 1
                topic = "application/1/device/0101010101010101/event/up" if name == "chirpstack" else "shelfwise/x/y"
                origin = Origin("http", "gateway-1", "gateway", "gateway-1", topic, name)
                known = {"scale-7", "cold-1", "0101010101010101"}
                assert FORMATS[name].decode(body.encode(), origin, moment(NOON), known), f"{name_of(page)}:\n{body}"
    assert shown >= len(FORMATS)


def test_the_worked_example_of_a_device_format_passes_its_own_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    guide = ROOT / "docs" / "guides" / "add-a-device-format.md"
    parts = {info.partition(" ")[2]: body for info, body in blocks(guide) if info.startswith("python ")}
    name = "shelfwise.edge.formats.coldwatch"
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(formats, "coldwatch", module, raising=False)
    exec(compile(parts["edge/formats/coldwatch.py"], "coldwatch.py", "exec"), module.__dict__)
    tests = ModuleType("test_coldwatch")
    exec(compile(parts["the tests"], "test_coldwatch.py", "exec"), tests.__dict__)
    checks = [check for check in vars(tests).values() if isinstance(check, FunctionType) and "test_" in check.__name__]
    assert len(checks) > 4
    for check in checks:
        for mark in getattr(check, "pytestmark", []):
            for value in mark.args[1]:
                check(value)
        if not hasattr(check, "pytestmark"):
            check()


def _fill_in_the_forms_of_the_first_day(office: Office) -> None:
    """What the guide has people write into the pages' forms, read from its tables."""
    site, zone, items, places = list(tables(ROOT / "docs" / "guides" / "first-day.md"))[:4]
    with office.context(person("admin", Role.ADMIN)) as ctx:
        of_site, of_zone = ({row[0]: row[1] for row in rows[1:]} for rows in (site, zone))
        site_id = records.add_site(
            ctx, code=of_site["Code"], name=of_site["Name"], time_zone=of_site["Time zone"],
            width_m=float(of_site["Floor from left to right, m"]), depth_m=float(of_site["From top to bottom, m"]),
        )  # fmt: skip
        low, high = numbers(of_zone["Lowest, highest, °C"])
        zone_id = records.add_zone(
            ctx, site_id=site_id, code=of_zone["Code"], name=of_zone["Name"], kind="chilled", low_degc=low,
            high_degc=high, delay=timedelta(minutes=float(of_zone["Alert after, minutes outside"])),
            **_box(of_zone["From the left, from the top, width, depth, m"]),
        )  # fmt: skip
        for sku, description, unit, quantum, weight, case in items[1:]:
            item_id = records.add_item(
                ctx, sku=sku, description=description, unit=unit, quantum=Decimal(quantum),
                unit_weight_g=float(weight),
            )  # fmt: skip
            if case:
                records.set_pack(ctx, item_id, "case", Decimal(case), ctx.now.date())
        for code, room, sku, fits, box in places[1:]:
            records.add_place(
                ctx, site_id=site_id, code=code, zone_id=zone_id if room == of_zone["Name"] else None,
                item_id=records.item_by_sku(ctx, sku).item_id, capacity=Decimal(fits), **_box(box),
            )  # fmt: skip


def tables(page: Path) -> Iterator[list[tuple[str, ...]]]:
    """The cells of every table of a page, the headings first."""
    for found in re.finditer(r"(?:^\|.*\|\n)+", prose(page), re.MULTILINE):
        lines = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in found[0].splitlines()]
        yield [line for line in lines if not set("".join(line)) <= {"-"}]


def numbers(text: str) -> list[float]:
    return [float(one) for one in text.split(", ")]


def _box(text: str) -> dict[str, Any]:
    return dict(zip(("x_m", "y_m", "width_m", "depth_m"), numbers(text), strict=True))


def test_the_scripts_of_the_first_days_do_what_they_say(
    office: Office, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELFWISE_DATABASE_URL", database_url)
    scripts = {
        info.removeprefix("python "): body
        for info, body in blocks(ROOT / "docs" / "guides" / "first-day.md")
        if info.startswith("python ")
    }
    scripts |= {"register.py": next(body for info, body in blocks(CONNECT) if info == "python register.py")}
    _fill_in_the_forms_of_the_first_day(office)
    for name in ("set_up.py", "people.py", "register.py"):
        exec(compile(scripts[name], name, "exec"), {"__name__": "__main__"})
    said = dict(line.split(": ") for line in capsys.readouterr().out.splitlines())
    with office.context(actor_of_key(office, said["key for the shop"])) as ctx:
        (site,) = records.sites(ctx)
        assert {(row.sku, row.on_hand) for row in stock.stock_list(ctx, site.site_id)} == {
            ("MUG-RED", Decimal(140)),
            ("CHEESE", Decimal(35)),
        }
        assert {state.device for state in device_states(ctx)} == {"scale-7", "scale-8", "cold-1"} < set(said)
    assert sign_in(office, "ana", "three random words")


def test_whoever_reads_a_fact_finds_it_published_somewhere() -> None:
    unheard = {kind for kind, fact in listen().facts.items() if fact.readers and not fact.rooms}
    assert unheard == set()
