"""Print the path of a Chromium for the browser tests, getting one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """A Chromium that is here: named by CHROMIUM, on the PATH, or Playwright's."""
    if (named := os.environ.get("CHROMIUM")) and shutil.which(named):
        return named
    for name in NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None  # noqa: PTH110


def get() -> None:
    """Try the system's packages, then Playwright."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, stdout=sys.stderr, env=environment, check=False)
        if find():
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False)


def main() -> int:
    path = find()
    if path is None:
        print("There is no Chromium for the browser tests; getting one", file=sys.stderr)
        get()
        path = find()
    if path is None:
        print(
            "\n*** NO CHROMIUM ***\nNeither the system's packages nor Playwright gave one. The browser tests FAIL.\n"
            "Install Chromium and run again, or name it: CHROMIUM=/path/to/chromium make test\n",
            file=sys.stderr,
        )
        return 0
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
