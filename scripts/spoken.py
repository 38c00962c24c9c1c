"""What the code says to others, found by reading it: facts, alerts and the actions of the audit log."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

Read = TypeVar("Read")
Constants = dict[str, str]
SOURCE = Path(__file__).resolve().parent.parent / "src" / "shelfwise"


@dataclass
class Fact:
    """A kind of fact: the rooms that publish it, the names of its data, and the consumers that look for it."""

    rooms: set[str] = field(default_factory=set)
    data: set[str] = field(default_factory=set)
    readers: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Spoken:
    """Everything found; `alerts` and `actions` give the rooms for each kind."""

    facts: dict[str, Fact]
    alerts: dict[str, set[str]]
    actions: dict[str, set[str]]


@cache
def listen(source: Path = SOURCE) -> Spoken:
    """Read every module below a folder.

    Raises:
        ValueError: a call whose kind cannot be read from the code.
    """
    spoken = Spoken({}, {}, {})
    for path in sorted(source.rglob("*.py")):
        room = path.relative_to(source).parts[0].removesuffix(".py")
        tree = _parsed(path)
        module = _Module(
            _constants(tree),
            _imported(tree, _shared_data) | _shared_data(tree),
            _imported(tree, _auditors) | _auditors(tree),
        )
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                _call(node, room, spoken, module)
            elif isinstance(node, ast.Tuple):
                _row(node, room, spoken)
        if path.name == "app.py" and path.parent == source:
            _readers(tree, spoken)
    return spoken


@dataclass(frozen=True)
class _Module:
    """What calls of a module may refer to.

    Its texts in capital letters, data that its functions make, and its functions that write to the audit log an action
    that they are given: by name, which argument that is. All of it its own or imported.
    """

    constants: Constants
    shared: dict[str, set[str]]
    auditors: dict[str, int]


@cache
def _constants(tree: ast.Module) -> Constants:
    found = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                found[name] = text
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("shelfwise."):
                path = SOURCE.parent.joinpath(*module.split(".")).with_suffix(".py")
                if path.exists() and any(one.name.isupper() for one in names):
                    theirs = _constants(_parsed(path))
                    found |= {one.asname or one.name: theirs[one.name] for one in names if one.name in theirs}
    return found


def _imported(tree: ast.Module, read: Callable[[ast.Module], dict[str, Read]]) -> dict[str, Read]:
    """What `read` finds in other modules, of that what this one imports by name."""
    found: dict[str, Read] = {}
    for node in tree.body:
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("shelfwise."):
                path = SOURCE.parent.joinpath(*module.split(".")).with_suffix(".py")
                if path.exists():
                    theirs = read(_parsed(path))
                    found |= {one.asname or one.name: theirs[one.name] for one in names if one.name in theirs}
    return found


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


@cache
def _shared_data(tree: ast.Module) -> dict[str, set[str]]:
    """The keys of the dict that a function of the module returns, for facts published with ``**function(...)``."""
    return {
        function.name: {str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)}
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict)
    }


@cache
def _auditors(tree: ast.Module) -> dict[str, int]:
    return {
        function.name: [one.arg for one in function.args.args].index("action")
        for function in tree.body
        if isinstance(function, ast.FunctionDef) and "action" in [one.arg for one in function.args.args]
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and _hands_on(node)
    }


def _hands_on(node: ast.Call) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="ctx"), attr="audit"), args=[ast.Name(id="action"), *_]):
            return True
    return False


def _call(node: ast.Call, room: str, spoken: Spoken, module: _Module) -> None:
    match node.func:
        case ast.Attribute(value=ast.Name(id="ctx"), attr="publish"):
            for kind in _kinds(node.args[0], module.constants):
                fact = spoken.facts.setdefault(kind, Fact())
                fact.rooms.add(room)
                for one in node.keywords:
                    match one:
                        case ast.keyword(arg=None, value=ast.Call(func=ast.Name(id=name))):
                            fact.data |= module.shared.get(name, set())
                        case ast.keyword(arg=str(name)) if name != "occurred_at":
                            fact.data.add(name)
        case ast.Attribute(value=ast.Name(id="events"), attr="publish") if isinstance(node.args[2], ast.Constant):
            for kind in _kinds(node.args[2], module.constants):
                fact = spoken.facts.setdefault(kind, Fact())
                fact.rooms.add(room)
                match node.args[4]:
                    case ast.Dict(keys=keys):
                        fact.data |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}
        case ast.Attribute(value=ast.Name(id="ctx"), attr="audit") if module.auditors and _hands_on(node):
            pass
        case ast.Name(id=name) if name in module.auditors:
            for kind in _kinds(node.args[module.auditors[name]], module.constants):
                spoken.actions.setdefault(kind, set()).add(room)
        case ast.Attribute(value=ast.Name(id="ctx"), attr="audit"):
            for kind in _kinds(node.args[0], module.constants):
                spoken.actions.setdefault(kind, set()).add(room)
        case ast.Attribute(attr="raise_alert") | ast.Name(id="raise_alert"):
            for kind in _kinds(node.args[1], module.constants):
                spoken.alerts.setdefault(kind, set()).add(room)


def _row(node: ast.Tuple, room: str, spoken: Spoken) -> None:
    """Facts written many at once are tuples (kind, subject, data, occurred at)."""
    match node.elts:
        case [ast.Constant(value=str(kind)), _, ast.Dict(keys=keys), _] if "." in kind and " " not in kind:
            fact = spoken.facts.setdefault(kind, Fact())
            fact.rooms.add(room)
            fact.data |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def _kinds(node: ast.expr, constants: Constants) -> Iterator[str]:
    match node:
        case ast.Name(id=name) if name in constants:
            yield constants[name]
        case ast.Constant(value=str(kind)):
            yield kind
        case ast.IfExp(body=body, orelse=otherwise):
            yield from _kinds(body, constants)
            yield from _kinds(otherwise, constants)
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
        case _:
            raise ValueError(f"line {node.lineno}: the kind must be a text in the code, so that it can be documented")


def _readers(tree: ast.Module, spoken: Spoken) -> None:
    """Which consumer looks for which kind, from the comparisons with `fact.kind` in its handler."""
    looked_for = {
        function.name: {
            str(side.value)
            for node in ast.walk(function)
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == "kind"
            for side in node.comparators
            if isinstance(side, ast.Constant)
        }
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Consumer":
            name = next(_kinds(node.args[0], {}))
            handlers = {one.id for one in ast.walk(node.args[2]) if isinstance(one, ast.Name)}
            for kind in set().union(*(looked_for.get(handler, set()) for handler in handlers)):
                spoken.facts.setdefault(kind, Fact()).readers.add(name)
