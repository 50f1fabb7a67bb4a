"""Invented records in the shape of arXiv's metadata snapshot: any number, the same for the same seed.

A record has some 1,750 bytes: a title of 70 characters, an abstract of 1,150 wrapped at 80, four authors, one or two
versions. One in twenty has LaTeX in it; of real ones it is one in five to two in five, by the field.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

_SYLLABLES = ("ba", "co", "di", "fe", "gra", "hy", "in", "ju", "ka", "lo", "mi", "no", "pre", "qua", "ri", "so", "tra")
_LATEX = (r"$\ell_2$", r"$\mathcal{O}(n^2)$", r"\textit{et al.}", r"$\alpha$-stable", r"G\"odel", r"10$^{-3}$")
_CATEGORIES = ("cs.LG", "cs.CL cs.LG", "math.AG", "hep-th gr-qc", "astro-ph.GA", "cond-mat.str-el", "stat.ML cs.LG")
_FIRST = date(1998, 1, 1)


def _vocabulary(chance: random.Random, size: int = 30_000) -> tuple[list[str], list[float]]:
    """Words and their cumulated weights after Zipf's law."""
    words = list(dict.fromkeys("".join(chance.choices(_SYLLABLES, k=chance.randint(1, 5))) for _ in range(2 * size)))
    total, cumulated = 0.0, []
    for rank in range(1, len(words) + 1):
        total += 1 / (rank + 2.7)
        cumulated.append(total)
    return words, cumulated


def _wrapped(words: list[str]) -> str:
    lines, line = [], " "
    for word in words:
        if len(line) + len(word) > 78:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}"
    return "\n".join([*lines, line, ""])


def _identifier(number: int) -> tuple[str, datetime]:
    """Ids ascend with the months, as in the snapshot: some 9,000 a month from April 2007 on."""
    month, within = divmod(number, 9_000)
    year, month = divmod(month + 3, 12)
    made = datetime(2007 + year, month + 1, 1, 12, tzinfo=UTC) + timedelta(minutes=4 * within)
    digits = 5 if made.year >= 2015 else 4
    return f"{made:%y%m}.{within + 1:0{digits}d}", made


def records(count: int, start: int = 0, seed: int = 1) -> Iterator[dict[str, object]]:
    """Records `start` to `start + count` of an endless snapshot. Each depends on its number and the seed alone."""
    words, weights = _vocabulary(random.Random(seed))
    text = random.Random(seed).choices(words, cum_weights=weights, k=1_000_000)
    for number in range(start, start + count):
        chance = random.Random(f"{seed} {number}")
        begin = chance.randrange(len(text) - 130)  # abstracts are cut from one long text, titles are drawn
        told = chance.choices(words, cum_weights=weights, k=8) + text[begin : begin + 120]
        if number % 20 == 0:
            told[chance.randrange(10, 120)] = chance.choice(_LATEX)
        identifier, made = _identifier(number)
        names = [[told[-at].title() + "son", told[-at - 4].title(), ""] for at in range(1, 5)]
        versions = 1 + (number % 3 == 0)
        yield {
            "id": identifier,
            "submitter": f"{names[0][1]} {names[0][0]}",
            "authors": ", ".join(f"{name[1]} {name[0]}" for name in names),
            "title": f"{' '.join(told[:4]).capitalize()}\n  {' '.join(told[4:8])} {number:x}",
            "comments": f"{chance.randint(4, 60)} pages, {chance.randint(1, 12)} figures",
            "journal-ref": None,
            "doi": f"10.5555/{number}" if number % 4 == 0 else None,
            "report-no": None,
            "categories": chance.choice(_CATEGORIES),
            "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
            "abstract": _wrapped(told[8:]),
            "versions": [
                {"version": f"v{one + 1}", "created": f"{made + timedelta(days=9 * one):%a, %d %b %Y %H:%M:%S} GMT"}
                for one in range(versions)
            ],
            "update_date": f"{made + timedelta(days=9 * versions):%Y-%m-%d}",
            "authors_parsed": names,
        }


def lines(count: int, start: int = 0, seed: int = 1) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for record in records(count, start, seed):
        yield encoder.encode(record) + b"\n"
