"""The REST interface against its own description: whatever is sent, as whatever role, the answer is a described one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI

from shelfwise.access.context import Office
from tests.web.conftest import Client
from tests.web.world import ROLES, World, given_up, parked, propose, quarantined

EXAMPLES = 6


@pytest.fixture
def calls(app: FastAPI, office: Office, world: World) -> Iterator[Any]:
    propose(office, world)
    quarantined(office, b"{}")
    parked(office)
    given_up(office)
    yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


@pytest.mark.parametrize("login", sorted(ROLES))
def test_every_answer_is_one_that_is_described(calls: Any, client: Client, login: str) -> None:
    token = client(login).cookies["shelfwise_session"]
    headers = {"Cookie": f"shelfwise_session={token}", "Sec-Fetch-Site": "same-origin"}
    checks = [
        schemathesis.checks.not_a_server_error,
        schemathesis.checks.status_code_conformance,
        schemathesis.checks.content_type_conformance,
        schemathesis.checks.response_schema_conformance,
    ]
    seen: set[int] = set()
    for result in calls.get_all_operations():
        operation = result.ok()

        @hypothesis.seed(20260302)
        @hypothesis.settings(
            max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
        )
        @hypothesis.given(case=operation.as_strategy())
        def call(case: Any) -> None:
            answer = case.call(headers=headers)
            case.validate_response(answer, checks=checks)
            seen.add(answer.status_code)

        call()
    assert 200 in seen
    assert 401 not in seen
