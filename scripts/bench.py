"""Run every benchmark and write docs/benchmarks.md from their results."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`; each row was measured on the machine and at the commit named above its table. A ratio is
against a baseline measured in the same run. `python -m benchmarks.NAME` runs one, with `--quick` in under a minute.
"""


def names() -> list[str]:
    """The modules in benchmarks/ that can be run."""
    return sorted(
        path.stem
        for path in (ROOT / "benchmarks").glob("*.py")
        if "__main__" in path.read_text("utf-8") and not path.stem.startswith("_")
    )


def main() -> int:
    sections = []
    for name in names():
        print(f"Running {name}", file=sys.stderr)
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]], cwd=ROOT, stdout=subprocess.PIPE, check=False
        )
        if run.returncode != 0:
            print(f"{name} ended with code {run.returncode}; the page stays as it was.", file=sys.stderr)
            return 1
        sections.append(section(json.loads(run.stdout.splitlines()[-1])))
    PAGE.write_text(HEAD + "\n" + "\n".join(sections), "utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}", file=sys.stderr)
    return 0


def section(result: dict[str, Any]) -> str:
    """One benchmark's result as Markdown."""
    lines = [
        f"## {result['name']}",
        "",
        f"Commit {result['commit']}, seed {result['seed']}, {result['machine']}.",
        "",
        "| metric | value | target | met | baseline |",
        "|---|---:|---:|---|---|",
    ]
    for row in result["results"]:
        baseline = f"{row['baseline']}: {_number(row['baseline_value'])}" if row.get("baseline") else ""
        met = {True: "yes", False: "no"}.get(row.get("met"), "")
        target = "" if row.get("target") is None else _number(row["target"])
        lines.append(f"| {row['metric']} | {_number(row['value'])} {row['unit']} | {target} | {met} | {baseline} |")
    return "\n".join(lines) + "\n"


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
