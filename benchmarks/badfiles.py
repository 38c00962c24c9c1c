"""How ten thousand generated bad files end, against the truth that they were made from.

``python -m benchmarks.badfiles [--quick]``: each file is a true table of items, written in some encoding and damaged as
people and programs damage files; see tests/intake/bad_files.py. Progress on standard error; the last line of standard
output is one JSON object.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.intake.bad_files import wrong

from benchmarks.harness import Result, progress, report

FILES, QUICK = 10_000, 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} files only")
    files = QUICK if parser.parse_args().quick else FILES
    count: Counter[str] = Counter()
    failures = 0
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="shelfwise-bench-") as folder:
        for at in range(0, files, QUICK):
            for failure in wrong(Path(folder), iter(range(at, at + QUICK)), workbooks=True, count=count):
                failures += 1
                progress(failure)
            progress(f"{at + QUICK:,} of {files:,} files")
    seconds = time.perf_counter() - started
    told = {"read": "read as exactly the truth", "asked": "the truth, once a person said yes",
            "letters": "the truth but for letters of an encoding older than Unicode",
            "bad": "without rows that are named as bad", "refused": "refused as a whole, in words"}  # fmt: skip
    report(
        "badfiles", 0,
        [
            Result("files", files, "files"),
            Result("ended otherwise than they must", failures, "files", 0, failures == 0),
            *(Result(words, count[name], "files") for name, words in told.items()),
            Result("a file", seconds / files * 1000, "ms"),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
