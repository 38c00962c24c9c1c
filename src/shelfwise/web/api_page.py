"""The REST interface explained on a page of our own, so that it works offline and under the strict policy."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from shelfwise.access.model import Right
from shelfwise.web import pages
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/api")
def api_page(visit: Visitor) -> Response:
    schema: dict[str, Any] = visit.request.app.openapi()
    with visit.context() as ctx:
        return pages.render(
            visit,
            ctx,
            "api.html",
            schema=schema,
            tags=_by_tag(schema),
            type_words=type_words,
            scopes=[right.value for right in Right],
        )


def _by_tag(schema: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema")
            tags.setdefault(operation.get("tags", ["other"])[0], []).append(
                {
                    "method": method.upper(),
                    "path": path,
                    "words": operation.get("description") or operation.get("summary", ""),
                    "parameters": operation.get("parameters", []),
                    "body": _name(body),
                    "answer": _name(answer),
                    "errors": [code for code in operation["responses"] if code != "200"],
                }
            )
    return tags


def type_words(schema: dict[str, Any] | None) -> str:
    """A JSON schema in a few words: string, list of StockOut, string or nothing."""
    return _name(schema) or "anything"


def _name(schema: dict[str, Any] | None) -> str:
    if not schema:
        return ""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if schema.get("type") == "array":
        return f"list of {_name(schema.get('items')) or 'anything'}"
    if "anyOf" in schema:
        return " or ".join(_name(one) or "anything" for one in schema["anyOf"])
    words = {"null": "nothing", "integer": "whole number", "object": "object"}
    kind = str(schema.get("format") or schema.get("type", ""))
    return words.get(kind, kind)
