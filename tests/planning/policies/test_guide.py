"""What the guide shows can be run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "use-a-policy.md"
BLOCKS = dict(re.findall(r"^```python (\S+)\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL))
PRINTED = dict(re.findall(r"^```text (\S+)\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("name", BLOCKS)
def test_the_guides_examples_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    known: dict[str, object] = {"__name__": "guide"}
    exec(compile(BLOCKS[name], name, "exec", dont_inherit=True), known)
    printed = capsys.readouterr().out
    assert printed == PRINTED.get(name, printed)
    if name == "learn.py":
        assert isinstance(known["earned"], float)
        assert known["earned"] > 9 * 230 * 0.4
