"""Browsers, roles and rights in words."""

from __future__ import annotations

from shelfwise.access.model import Right, Role

# The first that fits: most browsers also claim to be others.
_BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("CrOS", "a Chromebook"), ("Mac OS X", "a Mac"), ("Linux", "Linux"),
)  # fmt: skip

ROLES: dict[Role, str] = {
    Role.ADMIN: "everything, people and settings too",
    Role.MANAGER: "everything but people and settings",
    Role.QUALITY: "count, hold and release stock, read the audit log",
    Role.PLANNER: "records, orders, proposals, planning",
    Role.OPERATOR: "receive, issue, count and hold goods",
    Role.VIEWER: "look, and change nothing",
}


def browser_words(agent: str) -> str:
    """Firefox on Windows; a program's own name where it is no browser."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or agent.split("/")[0][:40] or "an unknown browser"


def right_words(right: Right | str) -> str:
    """receive goods."""
    return str(right).replace("_", " ")
