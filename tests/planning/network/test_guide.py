"""What the guide to networks shows can be run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "plan-a-network.md"
BLOCKS = dict(re.findall(r"^```python (\S+)\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL))
PRINTED = dict(re.findall(r"^```text (\S+)\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("name", BLOCKS)
def test_the_guides_examples_print_what_it_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(BLOCKS[name], name, "exec", dont_inherit=True), {"__name__": "guide"})
    assert capsys.readouterr().out == PRINTED.get(name, "")
