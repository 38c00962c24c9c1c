"""The documentation says what the code does: reference pages, links, commands and examples are checked against it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FunctionType, ModuleType

import pytest
from scripts import reference
from scripts.spoken import listen

from shelfwise.edge import formats
from shelfwise.edge.formats import FORMATS
from shelfwise.edge.model import Origin, moment

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)

# Where a message of a format says more by its topic.
TOPICS = {
    "chirpstack": "application/1/device/0101010101010101/event/up",
    "homeassistant": "homeassistant/sensor/cold-1/temperature/config",
}

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
                topic = TOPICS.get(name, "shelfwise/x/y")
                form, origin = FORMATS[name], Origin("http", "gateway-1", "gateway", "gateway-1", topic, name)
                readings = form.decode(body.encode(), origin, moment(NOON))
                announced = form.announced(body.encode(), origin) if form.announced else None
                assert readings or announced, f"{name_of(page)}:\n{body}"
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


def test_whoever_reads_a_fact_finds_it_published_somewhere() -> None:
    unheard = {kind for kind, fact in listen().facts.items() if fact.readers and not fact.rooms}
    assert unheard == set()
