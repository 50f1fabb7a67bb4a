"""The same paper without an id: what is found, what is linked wrongly, and what a look-up costs.

    python benchmarks/identity.py FOLDER [--sqlite 2000000]

FOLDER holds `dblp-acm` and `dblp-scholar` (the tables, and the labelled pairs as train, valid and test of which any may
be absent), `arxiv-titles.tsv.xz` and `list-titles.tsv.xz` (id, collection, title). Nothing is fitted on them but the
threshold of a way's score, on the valid pairs.

*Tables*: every ACM record is looked for among the DBLP records; judged are the records with a labelled match, and links
to a record that is another's match or labelled as different. *Typed*: titles as people typed them, looked for among the
papers known before a month; *flagged* are the arXiv papers from that month on that are taken for a known one. The store
is played by two sorted lists; with --sqlite it is a database of so many titles, most of them pieced together from the
first half of one real title and the second half of another, so that neighbours are as crowded as they can be.
"""

from __future__ import annotations

import argparse
import csv
import html
import io
import lzma
import random
import re
import sqlite3
import tempfile
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from rapidfuzz import fuzz, process

from digest.diff import title_key
from digest.listings.clean import text
from digest.match import WINDOW, Match, near, tail_key, worth_reading
from digest.model import Facts, Paper
from digest.words import tokens

CUT = "2601"  # papers with an id from this month on are unknown
SCALED_TO = 2_500_000
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)

Finding = tuple[str, float] | None  # id and score
Look = Callable[[Paper], Finding]


# --- the data ------------------------------------------------------------------------------------------------------


def paper(id: str, title: str, authors: Iterable[str] = (), year: str = "") -> Paper:
    published = date(int(float(year)), 7, 1) if year else None
    return Paper(
        id=id, title=title, authors=tuple(authors), published=published, first_listed=_NEVER.date(), first_seen=_NEVER
    )


def clean(raw: str) -> str:
    """As a listing's reader would have it: entities and tags are of the collection, not of the title."""
    entities = re.sub(r"& *(#?) *(\w+) *;", r"&\1\2;", raw)
    return text(html.unescape(re.sub(r"</?[a-z]+>", "", entities)))


def lines(path: Path) -> list[str]:
    return lzma.decompress(path.read_bytes()).decode().split("\n")[:-1]


def table(path: Path) -> list[Paper]:
    rows = csv.DictReader(io.StringIO(lzma.decompress(path.read_bytes()).decode("latin-1"), newline=""))
    return [paper(row["id"], clean(row["title"]), clean(row["authors"]).split(", "), row["year"]) for row in rows]


def side(raw: str) -> Paper:
    raw = re.sub(r" ?& *#(\d+) *; ?", lambda letter: chr(int(letter[1])), raw)  # "g &#252; nther"
    parts = re.match(r"\s*COL title VAL(.*)COL authors VAL(.*)COL venue VAL(.*)COL year VAL(.*)", raw)
    assert parts is not None
    title, authors, _, year = (part.strip() for part in parts.groups())
    return paper("", clean(title), clean(authors).split(" , "), year)


@dataclass(frozen=True)
class Pair:
    known: Paper
    asked: Paper
    same: bool


def pairs(folder: Path, name: str) -> list[Pair]:
    paths = sorted(folder.glob(f"{name}.txt*.xz"))
    rows = (line.rstrip("\r").split("\t") for path in paths for line in lines(path))
    return [Pair(known=side(one), asked=side(other), same=same.strip() == "1") for one, other, same in rows]


def titles(path: Path) -> list[Paper]:
    """Id and title; a paper comes once for each of its titles."""
    rows = (line.split("\t") for line in lines(path))
    found = ((row[0], clean(row[2])) for row in rows)
    return [paper(id, title) for id, title in found]


def distinct(papers: Iterable[Paper]) -> list[Paper]:
    return list({(one.id, title_key(one.title)): one for one in papers}.values())


def bare(one: Paper) -> Paper:
    return replace(one, authors=(), published=None)


# --- the ways ------------------------------------------------------------------------------------------------------


class ExactKey:
    def __init__(self, known: Iterable[Paper]) -> None:
        self.ids = {title_key(one.title): one.id for one in known}

    def __call__(self, asked: Paper) -> Finding:
        found = self.ids.get(title_key(asked.title))
        return None if found is None else (found, 100)


class WordIndex:
    """The peer: the best `ratio`, which does best of its kinds, among papers with one of the three rarest words."""

    def __init__(self, known: Iterable[Paper]) -> None:
        self.titles: dict[str, str] = {}
        self.papers: defaultdict[str, list[str]] = defaultdict(list)
        for at, one in enumerate(known):
            key = f"{at} {one.id}"
            self.titles[key] = one.title.lower()
            for word in set(tokens(one.title)):
                self.papers[word].append(key)

    def __call__(self, asked: Paper) -> Finding:
        words = sorted((word for word in set(tokens(asked.title)) if word in self.papers), key=self._often)[:3]
        choices = {key: self.titles[key] for word in words for key in self.papers[word]}
        best = process.extractOne(asked.title.lower(), choices, scorer=fuzz.ratio)
        return None if best is None else (best[2].partition(" ")[2], best[1])

    def _often(self, word: str) -> int:
        return len(self.papers[word])


class Neighbours:
    """Ours, with the store played by two sorted lists."""

    def __init__(self, known: Iterable[Paper], see: Callable[[Paper], Paper] = bare) -> None:
        self.see = see
        self.papers = [see(one) for one in known]
        self.orders = [
            (key, sorted((key(one.title), at) for at, one in enumerate(self.papers))) for key in (title_key, tail_key)
        ]

    def around(self, asked: Paper) -> list[Paper]:
        found = {}
        for key, order in self.orders:
            at = bisect_left(order, (key(asked.title), -1))
            found.update(dict.fromkeys(number for _, number in order[max(0, at - WINDOW) : at + WINDOW]))
        return [self.papers[number] for number in found]

    def __call__(self, asked: Paper) -> Finding:
        match = near(self.see(asked), self.around(asked))
        return None if match is None else (match.paper.id, match.likeness)

    def but_itself(self, asked: Paper) -> bool:
        """Whether a known paper is taken for another known one."""
        return near(self.see(asked), [one for one in self.around(asked) if one.id != asked.id]) is not None


def itself(one: Paper) -> Paper:
    return one


WAYS: dict[str, Callable[[list[Paper]], Look]] = {
    "exact key": ExactKey,
    "rapidfuzz on a word index": WordIndex,
    "ours, title only": Neighbours,
    "ours, with authors and year": lambda known: Neighbours(known, itself),
}


# --- what is measured ------------------------------------------------------------------------------------------------


@dataclass
class Count:
    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def __str__(self) -> str:
        precision, recall = self.right / max(1, self.right + self.wrong), self.right / max(1, self.right + self.missed)
        return f"{self.f1:.4f} ({precision:.3f}/{recall:.3f})"


def content(one: Paper) -> tuple[str, str, int | None]:
    """By which a side of a pair is found in the table: there it has no id."""
    return (
        title_key(one.title),
        "".join(sorted(title_key(" ".join(one.authors)))),
        one.published.year if one.published else None,
    )


def in_tables(look: Look, known: list[Paper], asked: list[Paper], labelled: list[Pair], threshold: float) -> Count:
    by_id = {one.id: content(one) for one in known}
    same, other = defaultdict(set), set()
    for pair in labelled:
        if pair.same:
            same[content(pair.asked)].add(content(pair.known))
        else:
            other.add((content(pair.asked), content(pair.known)))
    taken = {match for matches in same.values() for match in matches}
    count = Count()
    for one in asked:
        mine, found = content(one), look(one)
        match = by_id[found[0]] if found is not None and found[1] >= threshold else None
        right = match in same[mine]
        count.right += right
        count.missed += bool(same[mine]) and not right
        judged = bool(same[mine]) or match in taken or (mine, match) in other
        count.wrong += match is not None and not right and judged
    return count


def on_pairs(way: Callable[[list[Paper]], Look], labelled: list[Pair]) -> list[tuple[float, bool]]:
    found = ((way([pair.known])(pair.asked), pair.same) for pair in labelled)
    return [(match[1] if match else 0, same) for match, same in found]


def at_threshold(scores: list[tuple[float, bool]], threshold: float) -> Count:
    right = sum(same and score >= threshold for score, same in scores)
    wrong = sum(not same and score >= threshold for score, same in scores)
    return Count(right=right, wrong=wrong, missed=sum(same for _, same in scores) - right)


def best_threshold(scores: list[tuple[float, bool]]) -> float:
    """The lowest score whose F1 is within half a hundredth of the best one's, which is the noise of so many pairs."""
    worth = {score: at_threshold(scores, score).f1 for score in {score for score, _ in scores if score > 0}}
    return min(score for score, f1 in worth.items() if f1 >= max(worth.values()) - 0.005)


def typed(look: Look, asked: list[Paper], unknown: list[Paper], threshold: float) -> tuple[float, float, float]:
    """Shares: of the asked found, of them linked to another paper, of the unknown flagged."""

    def found(one: Paper) -> str | None:
        match = look(one)
        return match[0] if match is not None and match[1] >= threshold else None

    answers = [(found(one), one.id) for one in asked]
    right = sum(one == id for one, id in answers) / len(asked)
    wrong = sum(one not in (None, id) for one, id in answers) / len(asked)
    return right, wrong, sum(found(one) is not None for one in unknown) / len(unknown)


def microseconds(look: Callable[[Paper], object], asked: list[Paper]) -> float:
    start = time.process_time()
    for one in asked:
        look(one)
    return (time.process_time() - start) / len(asked) * 1e6


# --- the reports -----------------------------------------------------------------------------------------------------


def report_ways(folder: Path) -> None:
    acm, dblp = table(folder / "dblp-acm" / "ACM.csv.xz"), table(folder / "dblp-acm" / "DBLP2.csv.xz")
    parts = {name: pairs(folder / "dblp-acm", name) for name in ("train", "valid", "test")}
    scholar = {name: pairs(folder / "dblp-scholar", name) for name in ("train", "valid", "test")}
    everything = distinct(titles(folder / "arxiv-titles.tsv.xz"))
    known = [one for one in everything if one.id < CUT]
    unknown = [one for one in everything if one.id >= CUT]
    asked = [one for one in titles(folder / "list-titles.tsv.xz") if one.id < CUT]
    judged = "test" if parts["test"] else "train"
    print(f"{len(acm)} x {len(dblp)} records, {sum(map(len, parts.values()))} pairs, judged on {judged};", end=" ")
    print(f"{len(known)} known titles, {len(asked)} typed, {len(unknown)} unknown")
    print(
        f"\n| | tables F1 (P/R) | pairs F1, {judged} | DBLP-Scholar pairs | typed found | to another | flagged | us |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, way in WAYS.items():
        threshold = best_threshold(on_pairs(way, parts["valid"]))
        least = threshold if way is WordIndex else 0  # the others answer yes or no
        cells = [
            str(in_tables(way(dblp), dblp, acm, [pair for part in parts.values() for pair in part], least)),
            f"{at_threshold(on_pairs(way, parts[judged]), threshold)} at {threshold:.0f}",
            str(at_threshold(on_pairs(way, scholar["test"] or scholar["valid"]), threshold)),
        ]
        if name != "ours, with authors and year":  # typed titles have neither
            look = way(known)
            cells += [f"{share:.4f}" for share in typed(look, asked, unknown, least)]
            cells.append(f"{microseconds(look, unknown[:1000]):.1f}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    report_false_links(everything)


def report_false_links(everything: list[Paper]) -> None:
    """Real titles against each other. The papers are not all different: some were submitted twice."""
    print("\n| titles against each other | linked | share | per title known |\n| ---: | ---: | ---: | ---: |")
    for size in (len(everything) // 4, len(everything) // 2, len(everything)):
        some = random.Random(1).sample(everything, size)
        look = Neighbours(some)
        linked = sum(map(look.but_itself, some))
        print(f"| {size} | {linked} | {linked / size:.5f} | {linked / size / size:.2e} |", flush=True)
    print(f"\nAt {SCALED_TO} titles as much alike as these: {linked / size / size * SCALED_TO:.4f} by the title alone")


def pieced(everything: list[Paper], count: int) -> Iterator[str]:
    halves = [one.title.split() for one in everything]
    chance = random.Random(1)
    for _ in range(count):
        one, other = chance.choice(halves), chance.choice(halves)
        yield " ".join(one[: (len(one) + 1) // 2] + other[len(other) // 2 :])


def report_sqlite(folder: Path, count: int) -> None:
    everything = distinct(titles(folder / "arxiv-titles.tsv.xz"))
    known = [one for one in everything if one.id < CUT]
    new = [one for one in everything if one.id >= CUT]
    asked = [one for one in titles(folder / "list-titles.tsv.xz") if one.id < CUT]
    with tempfile.TemporaryDirectory() as place:
        db = sqlite3.connect(Path(place) / "titles.db")
        size = fill(db, Path(place) / "titles.db", known, count)
        exact = microseconds(lambda one: exact_in(db, one), new)
        ours = microseconds(lambda one: near_in(db, one), new)
        matches = [near_in(db, one) for one in asked]
        flagged = sum(near_in(db, one) is not None for one in new)
        db.close()
    found = sum(match is not None and match.paper.id == one.id for match, one in zip(matches, asked, strict=True))
    print(f"{count} titles in SQLite; the order from the back takes {size:.0f} bytes a paper")
    print(f"a new title: exact key {exact:.1f} us, ours {ours:.0f} us, {ours / exact:.1f} times as much")
    print(f"typed titles found {found / len(asked):.4f}, new ones flagged {flagged / len(new):.4f}")


def fill(db: sqlite3.Connection, path: Path, everything: list[Paper], count: int) -> float:
    """A table of papers and the two orders; the bytes a paper that the second order takes."""
    made = (("", title) for title in pieced(everything, count - len(everything)))
    rows = [*((one.id, one.title) for one in everything), *made]
    db.execute("create table papers (number integer primary key, id text, title text)")
    db.executemany("insert into papers values (?, ?, ?)", ((at, *row) for at, row in enumerate(rows)))
    sizes = []
    for order, key in (("heads", title_key), ("tails", tail_key)):
        db.execute(f"create table {order} (key text, number integer, primary key (key, number)) without rowid")
        db.executemany(f"insert into {order} values (?, ?)", sorted((key(row[1]), at) for at, row in enumerate(rows)))
        db.commit()
        sizes.append(path.stat().st_size)
    return (sizes[1] - sizes[0]) / len(rows)


def exact_in(db: sqlite3.Connection, one: Paper) -> list[tuple[str, str]]:
    key = title_key(one.title)
    return db.execute("select id, title from heads join papers using (number) where key = ?", (key,)).fetchall()


_AROUND = """
select number, id, title from (
  select * from (select number from {0} where key >= ? order by key, number limit {1})
  union all select * from (select number from {0} where key < ? order by key desc, number desc limit {1})
) join papers using (number)
"""


def near_in(db: sqlite3.Connection, one: Paper) -> Match | None:
    found = {}
    for order, key in (("heads", title_key(one.title)), ("tails", tail_key(one.title))):
        rows = db.execute(_AROUND.format(order, WINDOW), (key, key))
        found.update({number: (id, title) for number, id, title in rows})
    reading = worth_reading(one.title, (title for _, title in found.values()))
    return near(Facts(title=one.title), [paper(id, title) for id, title in found.values() if title in reading])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the folder entity-resolution of the data")
    parser.add_argument("--sqlite", type=int, metavar="N", help="the cost of a look-up in a database of N titles")
    options = parser.parse_args()
    if options.sqlite:
        report_sqlite(options.folder, options.sqlite)
    else:
        report_ways(options.folder)


if __name__ == "__main__":
    main()
