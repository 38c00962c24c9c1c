"""What commands that take long say meanwhile, on standard error."""

from __future__ import annotations

import sys
import threading
import time

SILENT_SECONDS = 2.0
STILL = 15


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Progress:
    """Says what is being done to whoever has waited for two seconds, and from then on each step."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._doing = self._said = ""
        self._done = threading.Event()

    def __enter__(self) -> Progress:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def __call__(self, step: str, done: int, of: int) -> None:
        self._doing = f"{step} ({done + 1} of {of})"

    def _watch(self) -> None:
        waited = 0
        while not self._done.wait(SILENT_SECONDS):
            waited += 1
            if self._doing != self._said or waited % STILL == 0:
                self._said = self._doing
                say(f"[{time.monotonic() - self._started:5.1f} s] {self._doing}")
