"""Which descriptions are one item, told without the stock codes; and planted faults of a history, found again.

``python -m benchmarks.intake [--quick]``: the order lines of a wholesaler's year, their stock codes hidden. A record is
one description as written; two are the same item where they share a stock code (in lower case). Weights were estimated
on the first half of the codes in the order of the alphabet, so the second half is given apart. Notes of the warehouse
("damaged", "check", "?") name no item: they are lines without a price, and their pairs are given as a share.
Progress on standard error; the last line of standard output is one JSON object.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

import polars as pl

from benchmarks._planted import planted_faults
from benchmarks._retail import order_lines, records, sold
from benchmarks.harness import Result, progress, report
from shelfwise.intake.joining.candidates import Pair
from shelfwise.intake.joining.clusters import SURE, clusters
from shelfwise.intake.joining.judging import Judge
from shelfwise.intake.joining.model import Judgement, Record
from shelfwise.intake.joining.names import plain

SEED = 3
DEVELOPED_BELOW = "22936"
"""The stock codes below this one were looked at while the rules were made."""

LIKE_AT_LEAST = 0.8
MANY = 20_000
MANY_WITHIN_S = 60.0
Pairs = set[Pair]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the run on 20,000 records")
    quick = parser.parse_args().quick
    lines = order_lines()
    results = [*joining(lines), *planted_faults(lines, SEED)]
    if not quick:
        results += many(lines)
    report("intake", SEED, results)


def joining(lines: pl.DataFrame) -> list[Result]:
    """How well records are put together, in both halves and in the one that nobody looked at."""
    selling = sold(lines)
    found = records(selling, "description")
    codes = dict(selling.group_by("description").agg(pl.col("code").unique().sort()).iter_rows())
    own = [codes[record.description] for record in found]
    true = _same(own)
    progress(f"{len(found):,} descriptions, {len(true)} pairs of them share a stock code")
    groups, judged = _join(found, lines["order"].n_unique())
    joined = _within(groups)
    letters = _same([[plain(record.description)] for record in found])
    alike = _alike(found)
    unseen = [place for place, each in enumerate(own) if max(each) >= DEVELOPED_BELOW]
    results = [
        *_scores("pairs of descriptions", joined, true, letters, alike),
        *_scores("held-out codes", *(_touching(pairs, unseen) for pairs in (joined, true, letters, alike))),
        _told_by_nothing(found, joined - true),
        *_by_lines(selling, found, groups),
        *_proposed("proposed to a person (50% sure or more)", judged, true),
        Result("off by, of certainties above 5%, in tenths", _calibration(judged, true), "share"),
        *_without_identity(lines, true),
    ]
    hard = records(selling, "code", "description")
    progress(f"{len(hard):,} descriptions by stock code: the same words under two codes are two records")
    joined = _within(_join(hard, lines["order"].n_unique())[0])
    true = _same([[record.key[0]] for record in hard])
    return results + _scores(
        "records by code and description",
        joined,
        true,
        _same([[plain(each.description)] for each in hard]),
        _alike(hard),
    )


def many(lines: pl.DataFrame) -> list[Result]:
    """Seconds for as many records as a large house has: the descriptions over and over, each time with other words."""
    rng = random.Random(SEED)
    found = records(sold(lines), "description")
    vocabulary = sorted({word for record in found for word in record.name.words})
    copies = math.ceil(MANY / len(found))
    made: list[Record] = []
    for _ in range(copies):
        other = dict(zip(vocabulary, rng.sample(vocabulary, len(vocabulary)), strict=True))
        for record in found:
            words = [other.get(word, word) for word in record.name.words]
            made.append(Record(None, " ".join(words), record.prices, record.days, record.orders))
    made = made[:MANY]
    begin = time.perf_counter()
    _join(made, lines["order"].n_unique())
    seconds = time.perf_counter() - begin
    return [Result(f"{MANY:,} records judged and joined", seconds, "s", MANY_WITHIN_S, seconds < MANY_WITHIN_S)]


def _join(found: Sequence[Record], orders: int) -> tuple[list[list[int]], dict[Pair, Judgement]]:
    judge = Judge(found, orders)
    judged = judge.pairs(lambda done, total: progress(f"{done:,} of {total:,} pairs") if done % 25_000 == 0 else None)
    return clusters(len(found), judged, judge.judge, SURE), judged


def _within(groups: Iterable[Sequence[int]]) -> Pairs:
    return {pair for group in groups for pair in combinations(group, 2)}


def _same(keys: Sequence[Iterable[str]]) -> Pairs:
    """Pairs of places that share a key."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, own in enumerate(keys):
        for key in own:
            places[key].append(place)
    return {pair for each in places.values() for pair in combinations(each, 2)}


def _alike(found: Sequence[Record]) -> Pairs:
    """The plain way: pairs of names whose sets of words overlap (Jaccard) by four fifths or more."""
    words = [frozenset(plain(record.description).split()) for record in found]
    by_word: dict[str, list[int]] = defaultdict(list)
    for place, own in enumerate(words):
        for word in own:
            by_word[word].append(place)
    near = {pair for each in by_word.values() if len(each) <= 200 for pair in combinations(each, 2)}
    return {
        (one, other) for one, other in near
        if len(words[one] & words[other]) >= LIKE_AT_LEAST * len(words[one] | words[other])
    }  # fmt: skip


def _touching(pairs: Pairs, places: Iterable[int]) -> Pairs:
    wanted = set(places)
    return {pair for pair in pairs if pair[0] in wanted or pair[1] in wanted}


def _scores(what: str, joined: Pairs, true: Pairs, letters: Pairs, alike: Pairs) -> list[Result]:
    def both(name: str, share: Callable[[Pairs], float], target: float) -> list[Result]:
        reached = share(joined)
        return [
            Result(f"{what}: {name}", reached, "share", target, reached >= target, against, share(base))
            for against, base in (("same letters in lower case", letters), ("four fifths of the words", alike))
        ]

    precision = both("precision", lambda pairs: len(pairs & true) / max(len(pairs), 1), 0.98)
    recall = both("recall", lambda pairs: len(pairs & true) / len(true), 0.90)
    for result in (*precision, *recall):
        progress(f"{result.metric}: {result.value:.3f}; {result.baseline}: {result.baseline_value:.3f}")
    return [*precision, *recall, Result(f"{what}: true pairs", len(true), "count")]


def _told_by_nothing(found: Sequence[Record], wrong: Pairs) -> Result:
    """Wrong pairs with the same words and numbers: two stock codes for one name, and the name is all there is."""
    same = sum(found[one].name.text == found[other].name.text for one, other in wrong)
    return Result("wrong pairs of descriptions that say the same in other order or spaces", same, f"of {len(wrong)}")


def _by_lines(selling: pl.DataFrame, found: Sequence[Record], groups: Sequence[Sequence[int]]) -> list[Result]:
    """The same counted over pairs of order lines, so that a name in daily use weighs more than one that was used once.

    The baseline puts lines together that are described letter for letter alike.
    """
    group_of = {found[place].description: number for number, group in enumerate(groups) for place in group}
    counts = selling.group_by("description", "code").len("lines")
    counts = counts.with_columns(
        group=pl.col("description").replace_strict(group_of, return_dtype=pl.Int64),
        letters=pl.col("description").rank("dense").cast(pl.Int64),
    )

    def pairs(*by: str) -> float:
        together = counts.group_by(by).agg(pl.col("lines").sum().cast(pl.Float64))["lines"]
        return float((together * (together - 1) / 2).sum())

    results = []
    for name, over, target in (("precision", None, 0.98), ("recall", "code", 0.90)):
        reached, base = (pairs(by, "code") / pairs(over or by) for by in ("group", "letters"))
        results.append(
            Result(f"pairs of order lines: {name}", reached, "share", target, reached >= target, "same letters", base)
        )
        progress(f"{results[-1].metric}: {reached:.4f}; same letters: {base:.4f}")
    return results


def _proposed(what: str, judged: dict[Pair, Judgement], true: Pairs) -> list[Result]:
    proposed = {pair for pair, each in judged.items() if each.certainty >= 0.5}
    return [
        Result(f"{what}: right", len(proposed & true) / max(len(proposed), 1), "share"),
        Result(f"{what}: of all true pairs", len(proposed & true) / len(true), "share"),
    ]


def _calibration(judged: dict[Pair, Judgement], true: Pairs) -> float:
    """Expected calibration error: how far certainties, in ten bins, are from the share that was right."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for pair, each in judged.items():
        if each.certainty > 0.05:
            bins[min(int(each.certainty * 10), 9)].append((each.certainty, pair in true))
    off = sum(abs(sum(sure for sure, _ in own) - sum(right for _, right in own)) for own in bins.values())
    return off / max(sum(map(len, bins.values())), 1)


def _without_identity(lines: pl.DataFrame, true: Pairs) -> list[Result]:
    """Pairs of descriptions under one code of which one was never sold at a price: what no name can tell."""
    described = lines.filter(pl.col("description").is_not_null())
    names = described.select("code", "description").unique()
    every = _same([own for (own,) in names.group_by("description").agg(pl.col("code")).select("code").iter_rows()])
    return [
        Result("pairs with a note that names no item, left out above", 1 - len(true) / len(every), "share of pairs"),
    ]


if __name__ == "__main__":
    main()
