"""Golden scenarios: a folder each, its messages in, its decisions out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.edge.conftest import Running, Start, devices, running, start
from tests.scenarios.runner import Scenario

__all__ = ["Running", "Start", "devices", "running", "start"]

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/setup.json"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_messages_of_a_scenario_lead_to_its_decisions(folder: Path, running: Running) -> None:
    decided = Scenario(folder, running).play()
    assert decided == json.loads((folder / "expected.json").read_text("utf-8"))
