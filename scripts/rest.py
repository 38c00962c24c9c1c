"""The page of the REST interface: each route from the application's own description, with the rights it asks for."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from fastapi.routing import APIRoute

from shelfwise.access.context import Office
from shelfwise.access.model import Right
from shelfwise.stock.posting import ENOUGH_FOR
from shelfwise.store.database import Database
from shelfwise.web import api, app
from shelfwise.web.app import create_app

Operation = dict[str, Any]


def schema() -> dict[str, Any]:
    """The application's OpenAPI description; no database is asked."""
    described: dict[str, Any] = create_app(Office(Database("postgresql:///"))).openapi()
    return described


def operations() -> Iterator[tuple[str, str, Operation, frozenset[Right]]]:
    """(method, path, description, rights it asks for) of every route, in the order of the application."""
    endpoints = _endpoints()
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation, rights_of(endpoints[method.upper(), path])


def _endpoints() -> dict[tuple[str, str], Callable[..., object]]:
    parts = [part for part in vars(api).values() if isinstance(part, ModuleType) and hasattr(part, "router")]
    return {
        (method, api.router.prefix + route.path_format): route.endpoint
        for part in parts
        for route in part.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def pages() -> Iterator[tuple[str, str, frozenset[Right]]]:
    """(method, path, rights it asks for) of every page and form, by path."""
    found = {
        (route.path, method): route.endpoint
        for part in vars(app).values()
        if isinstance(part, ModuleType) and part is not api and hasattr(part, "router")
        for route in part.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    for (path, method), endpoint in sorted(found.items()):
        yield method, path, rights_of(endpoint)


# What in pages only looks whether a button is to be shown. Whatever else is handed a right asks for it: a context
# itself, or a helper of a room that does so at the site of a row of its own.
_ONLY_LOOKS = frozenset({"may", "everywhere"})


def rights_of(function: Callable[..., object]) -> frozenset[Right]:
    """The rights that a function of Shelfwise and whatever it calls may ask for with `ctx.require` and its like.

    Found by reading the code, so a right that is asked for in some cases only is named too.
    """
    found: set[Right] = set()
    seen: set[object] = set()
    waiting: list[object] = [function]
    while waiting:
        one = waiting.pop()
        if isinstance(one, FunctionType) and one not in seen and one.__module__.startswith("shelfwise."):
            seen.add(one)
            asked, called = _read(one)
            found |= asked
            waiting += called
    return frozenset(found)


@cache
def _read(function: FunctionType) -> tuple[frozenset[Right], tuple[object, ...]]:
    """The rights that a function asks for itself, and what it calls or hands on."""
    found: set[Right] = set()
    called: list[object] = []
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    inside = _imported_inside(tree)
    for node in ast.walk(tree):
        match node:
            # Posting a movement asks by the movement's reason.
            case ast.Call(func=ast.Name(id="NewMovement" | "require_any" as asks), args=given):
                for one in given:
                    match one:
                        case ast.Constant(value=str(reason)):
                            found |= {*ENOUGH_FOR.get(reason, ())}
                        case ast.Name(id="reason") if asks == "require_any" and _of_the_web(function):
                            # Whoever sends the movements names their reasons.
                            found |= {right for rights in ENOUGH_FOR.values() for right in rights}
            # One of several is enough.
            case ast.comprehension(iter=ast.Tuple(elts=given)):
                found |= {Right[one.attr] for one in given if isinstance(one, ast.Attribute) and _is_right(one)}
            case ast.Call(func=ast.Attribute(attr=asking) | ast.Name(id=asking), args=given, keywords=named) if (
                asking not in _ONLY_LOOKS or not _of_the_web(function)
            ):
                values = [*given, *(keyword.value for keyword in named)]
                found |= {Right[one.attr] for one in values if isinstance(one, ast.Attribute) and _is_right(one)}
        # Also what is only handed on, as to a thread.
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                other = getattr(inside.get(module, function.__globals__.get(module)), name, None)
            case ast.Name(id=name):
                other = inside.get(name, function.__globals__.get(name))
            case _:
                continue
        called.append(other)
        # What pages know of rights they show.
        if isinstance(other, tuple) and not _of_the_web(function):
            found |= {one for one in other if isinstance(one, Right)}
    return frozenset(found), tuple(called)


def _of_the_web(function: FunctionType) -> bool:
    return function.__module__.startswith("shelfwise.web.")


def _imported_inside(tree: ast.AST) -> dict[str, object]:
    """What a function imports when it is called, by its names there."""
    return {
        alias.asname or alias.name: _named(node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("shelfwise")
        for alias in node.names
    }


def _named(module: str, name: str) -> object:
    """What `from module import name` gives: something of the module, or a module below it."""
    there = importlib.import_module(module)
    return getattr(there, name) if hasattr(there, name) else importlib.import_module(f"{module}.{name}")


def _is_right(one: ast.Attribute) -> bool:
    return isinstance(one.value, ast.Name) and one.value.id == "Right"


def type_of(part: dict[str, Any] | None) -> str:
    """A JSON schema in a few words."""
    if not part:
        return ""
    if "$ref" in part:
        return str(part["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in part:
        named = [type_of(one) for one in part["anyOf"]]
        return " or ".join(dict.fromkeys("nothing" if one == "null" else one for one in named))
    if part.get("type") == "array":
        return f"list of {type_of(part.get('items'))}"
    if "enum" in part:
        return " or ".join(str(one) for one in part["enum"])
    if part.get("format") in {"date-time", "date"}:
        return {"date-time": "time", "date": "date"}[str(part["format"])]
    return {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"}.get(
        str(part.get("type")), str(part.get("type", "anything"))
    )


def json_of(content: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a JSON body or answer; None where there is none."""
    found: dict[str, Any] | None = content.get("content", {}).get("application/json", {}).get("schema")
    return found
