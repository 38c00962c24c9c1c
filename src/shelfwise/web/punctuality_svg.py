"""How punctual a service is, drawn: a bar of the chances of days late, with its words beside it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from shelfwise.planning.carriers.punctuality import EARLIEST, Lateness

_WIDTH, _HEIGHT = 240, 14
KINDS = ("early", "on-time", "late-1", "late-2", "late-3", "late-4")
WORDS = ("before its day", "on its day", "1 day late", "2 days late", "3 days late", "4 days late or more")


@dataclass(frozen=True)
class Bar:
    """Chances of a lane, for people: the picture, and the same in words."""

    picture: Markup
    words: str


def bar(lateness: Lateness) -> Bar:
    """Narrow parts are not left out: a chance of a hundredth is two and a half pixels."""
    shares = [float(one) for one in lateness.chances]
    words = ", ".join(f"{word} {share:.0%}" for word, share in zip(WORDS, shares, strict=True) if share >= 0.005)
    at, parts = 0.0, []
    for kind, share in zip(KINDS, shares, strict=True):
        width = share * _WIDTH
        parts.append(Markup('<rect class="{}" x="{:.1f}" width="{:.1f}" y="1" height="12"/>').format(kind, at, width))
        at += width
    edge = sum(shares[: 1 - EARLIEST]) * _WIDTH
    parts.append(Markup('<path class="promise" d="M{:.1f} 0v14"/>').format(edge))
    picture = Markup('<svg class="punctuality" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, words, Markup("").join(parts)
    )
    return Bar(picture, words)
