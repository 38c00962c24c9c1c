"""Generated bad files end as the truth, as a question, as named bad rows or as a refusal in words; never otherwise."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.intake.bad_files import wrong


def test_hundreds_of_bad_files_end_rightly(tmp_path: Path) -> None:
    count: Counter[str] = Counter()
    assert list(wrong(tmp_path, iter(range(240)), workbooks=False, count=count)) == []
    assert min(count["read"], count["refused"], count["bad"]) > 5


def test_workbooks_with_the_same_damage_end_rightly(tmp_path: Path) -> None:
    assert list(wrong(tmp_path, iter(range(1, 100, 12)), workbooks=True, count=Counter())) == []
