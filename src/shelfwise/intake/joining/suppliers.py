"""Which suppliers are the same firm under two names: by name without its legal form, mail, address and what they sell.

Evidence is added up as for items (`joining.model`); the weights are judged, not measured: a house has too few suppliers
to learn from, and each pair is put before a person. Pure.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from urllib.parse import urlsplit

from shelfwise.intake.joining.model import Evidence, Judgement
from shelfwise.intake.joining.names import edits, plain

PRIOR = -7.0
"""Of pairs that share a word, a mail domain or an address, about one in a hundred is one firm."""

LARGEST_BLOCK = 40
LEGAL_FORMS = frozenset(  # as plain() and the removal of dots write them
    """gmbh ag kg ohg gbr ug ev ek mbh co cokg ltd limited plc llp llc inc incorporated corp corporation company sa sas
    sarl srl spa sl slu bv nv vof ab as aps oy oyj kft sro spol zoo doo pty the und and
    """.split()  # noqa: SIM905
)
EVERYBODYS_MAIL = frozenset(
    """gmail.com googlemail.com outlook.com hotmail.com yahoo.com icloud.com gmx.de gmx.net web.de t-online.de aol.com
    orange.fr free.fr live.com mail.com
    """.split()  # noqa: SIM905
)
_DOTTED = re.compile(r"\b(?:\w\.){2,}\w?|\b\w/\w\b")


@dataclass(frozen=True)
class Firm:
    """What the books know of a supplier."""

    key: int
    name: str
    email: str | None = None
    order_url: str | None = None
    account: str | None = None
    address: str = ""
    items: frozenset[int] = frozenset()

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its name, without legal forms: 'Potter & Co. Ltd.' is 'potter'."""
        joined = _DOTTED.sub(lambda found: re.sub(r"[./]", "", found[0]), plain(self.name))
        written = re.findall(r"\w+", joined.replace("'", ""))
        kept = tuple(word for word in written if word not in LEGAL_FORMS)
        return kept or tuple(written)

    @property
    def domain(self) -> str | None:
        """Of its mail, where that is its own."""
        domain = (self.email or "").rpartition("@")[2].casefold()
        return domain if domain and domain not in EVERYBODYS_MAIL else None

    @property
    def host(self) -> str | None:
        return urlsplit(self.order_url).hostname if self.order_url else None

    @property
    def place(self) -> str:
        """Its address as one text."""
        return " ".join(re.findall(r"\w+", plain(self.address)))


def same_firms(firms: Sequence[Firm]) -> dict[tuple[int, int], Judgement]:
    """Pairs of keys worth a look, each judged; the smaller place first."""
    common = Counter(word for firm in firms for word in set(firm.words))
    rarity = {word: math.log2((len(firms) + 1) / often) for word, often in common.items()}
    return {
        (one.key, other.key): Judgement(
            tuple(sorted(_evidence(one, other, rarity, len(firms)), key=lambda each: -abs(each.weight))), PRIOR
        )
        for one, other in _near(firms)
    }


def _near(firms: Sequence[Firm]) -> list[tuple[Firm, Firm]]:
    blocks: dict[str, list[int]] = defaultdict(list)
    for place, firm in enumerate(firms):
        for key in {*firm.words, *(word[:4] for word in firm.words), firm.domain, firm.host, firm.place, firm.account}:
            if key:
                blocks[key].append(place)
    pairs = {pair for block in blocks.values() if len(block) <= LARGEST_BLOCK for pair in combinations(block, 2)}
    return [(firms[one], firms[other]) for one, other in sorted(pairs)]


def _evidence(one: Firm, other: Firm, rarity: dict[str, float], count: int) -> Iterator[Evidence]:
    mine, theirs = set(one.words), set(other.words)
    shared = sum(rarity[word] for word in mine & theirs)
    if mine == theirs:
        yield Evidence("Their names are the same but for legal form and punctuation.", 10)
    elif _slip("".join(one.words), "".join(other.words)):
        yield Evidence("Their names differ by a letter or two.", 7)
    elif mine < theirs or theirs < mine:
        rest = " ".join(sorted(mine ^ theirs))
        yield Evidence(f"One says '{rest}' too, and all the rest is the same.", round(min(3 + shared / 2, 6), 1))
    else:
        bits = round(min(shared, 4) - 4, 1)
        yield Evidence(f"One is '{' '.join(one.words)}', the other '{' '.join(other.words)}'.", bits)
    if one.email and one.email.casefold() == (other.email or "").casefold():
        yield Evidence(f"Both have the mail address {one.email}.", 10)
    elif one.domain and one.domain == other.domain:
        yield Evidence(f"Both have mail at {one.domain}.", 6)
    elif one.domain and other.domain:
        yield Evidence(f"Their mail differs: {one.domain} and {other.domain}.", -3)
    if one.host and one.host == other.host and one.order_url == other.order_url:
        yield Evidence("Orders go to the same web address.", 8)
    if one.account and one.account == other.account:
        yield Evidence(f"We have the account number {one.account} with both.", 4)
    if one.place and one.place == other.place:
        yield Evidence("They have the same postal address.", 6)
    elif one.place and other.place:
        yield Evidence("Their postal addresses differ.", -1.5)
    both = one.items & other.items
    if both:
        share = len(both) / min(len(one.items), len(other.items))
        yield Evidence(f"They sell {len(both)} of the same items.", round(2 * share, 1))


def _slip(one: str, other: str) -> bool:
    most = 2 if min(len(one), len(other)) >= 8 else 1
    return min(len(one), len(other)) >= 5 and edits(one, other, most) <= most
