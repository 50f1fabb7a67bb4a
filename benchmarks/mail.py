"""What a mail costs, made and sent: the usual way, ours, and the floors, in one run.

    python benchmarks/mail.py [--papers 20] [--pool 1000] [--repeats 9] [--rounds 5] [--only composing | sending]

Of composing the processor's time is measured, from an `Edition` and its `Links` to the finished bytes, without the hash
that the outbox keeps of them. The ways take turns, so that what else the machine does slows all of them; told are
medians of the turns' means, and of the turns' ratios. All ways take the same papers in the same order, out of the pool
of a day, which is more than the processor keeps at hand: each of 50 profiles has twice the papers of a mail, and of its
readers each has half of them in an order of his own. Who is told the same of a paper shares its item, as in a run.

The usual way renders a jinja2 template, inlines its css with premailer and writes an `EmailMessage`, for each reader,
and signs it with dkimpy or not; it uses the shipped templates, so that both make the same mail. Ours is told three
times: for a reader who shares a letter, for one with an order, links and points of his own and why-lines such as 50
profiles give, and for one whose every why-line is told to nobody else.

The join is of the same cards, each encoded whole beforehand for the text and for the html: they are looked up by the
paper's id and joined in the reader's order, with the headers and all the rest of the mail, encoded too, around them. It
is the mail with nothing personal but the order. The addressed join has its own To and Message-ID.

Sending goes into a sink in another process, over loopback, plain or under TLS, at once or with a round trip of 40 ms:
Postfix's smtp-sink where it is installed, else, and for TLS, our own. The ways, which are in benchmarks/delivery.py,
take turns. Told are messages a second by the wall, and milliseconds of the processor without the sink's. End to end is
from editions to the server's answers: ours with all that is stored on the way and the ledger, for readers who share a
profile with 99 others or have an order of their own; the usual way with a connection for each mail. Sending alone is of
one mail's bytes again and again; smtp-source keeps its connection as well. What is far away is measured once only.
"""

from __future__ import annotations

import argparse
import binascii
import email.policy
import gc
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import delivery  # noqa: E402 -- beside this file, as the next two
from records import records  # noqa: E402
from sign import by_dkimpy  # noqa: E402

from digest.message import assembled, message_id, own_words, token, unsubscribe_links, write_letter  # noqa: E402
from digest.model import Edition, Item, Links, Paper, Reason, Site, Subscription  # noqa: E402
from digest.render import Renderer, around, views  # noqa: E402
from digest.render.inline import inline  # noqa: E402
from digest.render.language import language  # noqa: E402
from digest.render.views import Detail  # noqa: E402
from digest.sign import RSA, Key, Signer, make_key  # noqa: E402

DAY, NOW = date(2026, 6, 1), datetime(2026, 6, 1, 7, tzinfo=UTC)
SECRET = b"a secret of the benchmark"
_MANY, _PROFILES = 500, 50  # messages in one turn, as many as `publish` has in a batch
_PAPERS, _POOL = 20, 1_000  # in a mail; of a day
_USUAL = "the usual way: jinja2, premailer, EmailMessage"
_READERS, _AWAY = 100, 0.04  # of a profile; seconds of a round trip to a server far away
_USUAL_WHOLE, _USUAL_SIGNED = "end to end: the usual way", "end to end: the usual way, signed"
_OURS_WHOLE, _OURS_SIGNED = "end to end: ours", "end to end: ours, signed"
_OURS_OWN = "end to end: ours, a reader's own order and links"
_JOIN, _ADDRESSED = "floor: join of the same cards", "floor: join of the same cards, addressed"
SITE = Site(
    name="Trending Papers",
    sender="digest@example.org",
    authority="digest.example.org,2026",
    list_domain="digest.example.org",
    url="https://digest.example.org",
    reply_to="help@example.org",
    bounce="bounce@bounces.example.org",
    unsubscribe_url="https://digest.example.org/u/",
    unsubscribe_mail="unsubscribe@example.org",
    help_url="https://digest.example.org/help",
    postal_address="12 Harbour Lane, 2000 Exampleton",
)
WORDS = (
    "reasoning",
    "distillation",
    "small",
    "agents",
    "retrieval",
    "kites",
    "compression",
    "memory",
    "speech",
    "maps",
)


def papers(count: int) -> list[Paper]:
    """Invented, with abstracts as long as real ones."""
    found = []
    for number, record in enumerate(records(count)):
        found.append(
            Paper(
                id=f"2606.{number:05d}",
                arxiv_id=f"2606.{number:05d}",
                title=" ".join(str(record["title"]).split()),
                abstract=" ".join(str(record["abstract"]).split()),
                authors=tuple(str(record["authors"]).split(", ")),
                organisation="Northlight Research" if number % 2 else None,
                published=DAY,
                code_url="https://code.example.org/repository" if number % 3 else None,
                code_stars=number * 37 or None,
                first_listed=DAY,
                first_seen=NOW,
            )
        )
    return found


def edition(
    known: list[Paper], reader: int, count: int = _PAPERS, profiles: int | None = None
) -> tuple[Edition, Links]:
    """Every reader has an order and links of his own; and reasons, unless they come from a profile's ranking."""
    chance, pool = random.Random(reader), len(known)
    profile = f"profile {reader % profiles}" if profiles else f"reader {reader}"
    one = _item if profiles else _item.__wrapped__
    chosen = _chosen(pool, min(2 * count, pool), profile) if profiles else range(pool)
    items = [one(paper, profile) for paper in [known[place] for place in chance.sample(chosen, count)]]
    subscription = Subscription(id=f"slm/{reader}", profile="slm", address=f"reader.{reader}@example.net")
    made = Edition(
        subscription=subscription,
        title="Small models",
        description="Language models that fit on a laptop, and how to make them.",
        date=DAY,
        made_at=NOW,
        items=tuple(items),
        fresh=len(items) + 4,
        held_back=4,
        sources=("hf-daily",),
    )
    return made, own_links(made)


@lru_cache
def _chosen(pool: int, count: int, profile: str) -> Sequence[int]:
    return random.Random(profile).sample(range(pool), count)


@cache
def _item(paper: Paper, profile: str) -> Item:
    teller = random.Random(f"{paper.id} {profile}")
    one, other = teller.sample(WORDS, 2)
    label = f"“{one} {teller.randrange(10**6)}” in the title · near “{other}”"
    reasons = (Reason(kind="word", label=label, points=teller.randrange(50, 900)),)
    return Item(paper=paper, reasons=reasons, why=f"{label} · trending by votes", votes=147, comments=8, rise=12)


def own_links(made: Edition) -> Links:
    own = unsubscribe_links(SITE, token(SECRET, made.subscription.id))
    return replace(own, archive_url=f"https://digest.example.org/archive/{token(SECRET, made.id)}.html")


def usual(renderer: Renderer, made: Edition, links: Links) -> bytes:
    """The same templates, drawn, inlined and encoded whole for one reader."""
    shell = around.shell(made, links, len(made.items), SITE)
    environment, texts = renderer.drawing.marked_up, renderer.drawing.plain
    site = renderer.drawing.site
    cards_of = [views.card(item, Detail.FULL, language("en")) for item in made.items]
    words = list(zip(cards_of, views.places(made, SITE), strict=True))
    card = environment.get_template("card.html.j2")
    cards = "\n".join(card.render(site=site, card=one, **place) for one, place in words)
    css, kept = (texts.get_template(name).render(site=site) for name in ("mail.css", "dark.css"))
    safe = {
        name: environment.filters["safe"](value) for name, value in {"cards": cards, "css": css, "dark": kept}.items()
    }
    html = inline(
        environment.get_template("mail.html.j2").render(
            site=site,
            mail=shell,
            cards=safe["cards"],
            missed="",
            hidden="",
            ribbon="",
            css=safe["css"],
            kept_css=safe["dark"],
        )
    )
    text_card = texts.get_template("card.txt.j2")
    text = texts.get_template("mail.txt.j2").render(
        site=site,
        mail=shell,
        missed=(),
        hidden=(),
        ribbon=(),
        cards=[text_card.render(card=one, why_word="Why", **place).strip("\n") for one, place in words],
    )
    message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=998))
    for name, value in {
        "From": f"{SITE.name} <{SITE.sender}>",
        "To": made.subscription.address,
        "Subject": shell.subject,
        "Date": format_datetime(NOW),
        "Message-ID": f"<{message_id(SECRET, made.id, 'x', SITE.list_domain)}>",
        "List-Unsubscribe": f"<{links.unsubscribe_url}>, <{links.unsubscribe_mail}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }.items():
        message[name] = value
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def personal(renderer: Renderer, made: Edition, links: Links) -> bytes:
    """Ours, with nothing kept that is this reader's."""
    draft = renderer.draft(made, links)
    address = made.subscription.address or ""
    letter = write_letter(draft, made, SITE, links)
    own = own_words(address, links, renderer.own(draft, address, links))
    return assembled(letter, message_id(SECRET, made.id, address, SITE.list_domain), own)


class Pasted:
    """The cards of finished mails in any order, with the rest of the first around them."""

    _CUT = re.compile(rb"(?<=\r\n)(?=-{72}\r\n|<table role=3D.presentation. class=3D.card.|</td></tr>\r\n)")

    def __init__(self, mails: Iterable[tuple[bytes, Edition]]) -> None:
        self._texts, self._htmls = dict[str, bytes](), dict[str, bytes]()
        (whole, made), *others = mails
        for content, one in (*others, (whole, made)):
            ids, parts = [item.paper.id for item in one.items], self._CUT.split(content)
            count = len(ids)
            self._texts |= zip(ids, parts[1:], strict=False)
            self._htmls |= zip(ids, parts[count + 2 :], strict=False)
        self._top, self._middle, self._end = parts[0], parts[count + 1], b"".join(parts[2 * count + 2 :])
        self._head, self._tail = re.split(rb"(?<=\r\n)To: .*\r\n", self._top)
        assert self.join(made, Links()) == whole

    def join(self, made: Edition, _: Links) -> bytes:
        order = [item.paper.id for item in made.items]
        texts, htmls = self._texts, self._htmls
        return b"".join(
            [self._top, *[texts[one] for one in order], self._middle, *[htmls[one] for one in order], self._end]
        )

    def addressed(self, made: Edition, _: Links) -> bytes:
        order, address = [item.paper.id for item in made.items], made.subscription.address or ""
        texts, htmls, name = self._texts, self._htmls, message_id(SECRET, made.id, address, SITE.list_domain)
        own = f"To: {address}\r\nMessage-ID: <{name}>\r\n".encode()
        cards = [texts[one] for one in order], [htmls[one] for one in order]
        return b"".join([self._head, own, self._tail, *cards[0], self._middle, *cards[1], self._end])


Way: TypeAlias = Callable[[Edition, Links], object]


def measure(
    ways: Mapping[str, tuple[int, int | None, Way]], known: list[Paper], papers_each: int, repeats: int
) -> dict[str, list[float]]:
    """By name the milliseconds of processor time for one, in each turn. Given are how many, and of how many profiles.

    A turn's editions are composed just before it, as in a run they are just before they become letters.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats):
        for name, (count, profiles, work) in ways.items():
            those = [edition(known, repeat * count + number, papers_each, profiles) for number in range(count)]
            begin = time.process_time()
            for made, links in those:
                work(made, links)
            times[name].append((time.process_time() - begin) / count * 1e3)
    return times


def compose(count: int, pool: int, repeats: int) -> dict[str, list[float]]:
    renderer, known = Renderer([ROOT / "templates"], SITE), papers(pool)
    other = Renderer([ROOT / "templates"], SITE)  # of why-lines that nobody else has
    for reader in range(5_000):  # what a day has in common is soon all told once
        personal(renderer, *edition(known, reader, count, _PROFILES))
    made, links = edition(known, 0, count)
    draft = renderer.draft(made, links)
    letter = write_letter(draft, made, SITE, links)
    whole = personal(renderer, made, links)
    others = [edition(known[start : start + count], start, count) for start in range(0, pool - count + 1, count)]
    pasted = Pasted([(whole, made), *((personal(other, *one), one[0]) for one in others)])
    html, buffer = renderer.render(made, links).html.encode(), bytearray(len(whole))
    with tempfile.TemporaryDirectory() as folder:
        key = make_key(Path(folder) / "key", "key", RSA)
    sign = Signer("example.org", [key])
    gc.collect()
    gc.freeze()

    def copy(*_: object) -> None:
        buffer[:] = whole

    def shared(one: Edition, its_links: Links) -> bytes:
        address = one.subscription.address or ""
        own = own_words(address, its_links, renderer.own(draft, address, its_links))
        return assembled(letter, message_id(SECRET, one.id, address, SITE.list_domain), own)

    print(f"{count} papers of {pool:,}; {len(whole):,} bytes a message, {len(html):,} of them html before encoding")
    ours, of_one = partial(personal, renderer), partial(personal, other)
    ways: dict[str, tuple[int, int | None, Way]] = {
        _USUAL: (4, None, partial(usual, renderer)),
        "the usual way, signed by dkimpy": (4, None, lambda *one: by_dkimpy(usual(renderer, *one), key)),
        "ours, a letter shared": (_MANY, None, shared),
        "ours, a reader's own order, links and points": (_MANY, _PROFILES, ours),
        "ours, every why-line too": (_MANY, None, of_one),
        "ours, every why-line too, signed": (_MANY, None, lambda *one: sign(of_one(*one))),
        "floor: quoted-printable of the html in C": (_MANY, None, lambda *_: binascii.b2a_qp(html)),
        _ADDRESSED: (_MANY, _PROFILES, pasted.addressed),
        _JOIN: (_MANY, _PROFILES, pasted.join),
        "floor: memory copy of the same bytes": (_MANY, None, copy),
    }
    return measure(ways, known, count, repeats)


def whole_ways(renderer: Renderer, known: list[Paper], count: int, key: Key) -> dict[str, delivery.Way]:
    """From editions to a server's answer, by name."""

    def shared(number: int) -> list[Edition]:
        firsts = [edition(known, number, count)[0] for number in range(-(-number // _READERS))]
        return [
            replace(one, subscription=edition([], reader, 0)[0].subscription)
            for reader, one in zip(range(number), (one for one in firsts for _ in range(_READERS)), strict=False)
        ]

    def own(number: int) -> list[Edition]:
        return [edition(known, reader, count, _PROFILES)[0] for reader in range(number)]

    def composed(made: Edition) -> bytes:
        return usual(renderer, made, own_links(made))

    office = delivery.Office(renderer=renderer, site=SITE, secret=SECRET, editions=shared)
    return {
        _USUAL_WHOLE: delivery.usual(composed, own),
        _USUAL_SIGNED: delivery.usual(lambda made: by_dkimpy(composed(made), key), own),
        _OURS_WHOLE: office.mails,
        _OURS_SIGNED: replace(office, signer=Signer("example.org", [key])).mails,
        _OURS_OWN: replace(office, editions=own).mails,
    }


def send(count: int, pool: int, rounds: int) -> dict[str, delivery.Costs]:
    """By the place where the sink is: of each way that there is, what a message costs."""
    renderer, known = Renderer([ROOT / "templates"], SITE), papers(pool)
    content = personal(renderer, *edition(known, 0, count))
    alone = delivery.sending(content)
    with tempfile.TemporaryDirectory() as folder:
        whole = whole_ways(renderer, known, count, make_key(Path(folder) / "key", "key", RSA))
    found = {}
    with delivery.places(_AWAY) as places:
        for place in places:
            ways = {name: (_number(name, place), way) for name, way in (whole | alone).items()}
            if place.ca or not delivery.SOURCE:
                del ways[delivery.FLOOR]
            found[place.name] = delivery.measure(ways, place, 1 if place.seconds else rounds)
    return found


def _number(name: str, place: delivery.Place) -> int:
    """Of messages, for about half a second near and some seconds far away."""
    composed, slow = name in (_USUAL_WHOLE, _USUAL_SIGNED), "smtplib" in name
    if place.seconds:
        return 10 if composed or slow else 50
    return 20 if composed else 100 if name == _OURS_OWN else 50 if slow else 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=_PAPERS)
    parser.add_argument("--pool", type=int, default=_POOL, help="papers of the day, a multiple of those of a mail")
    parser.add_argument("--repeats", type=int, default=9, help="turns of composing")
    parser.add_argument("--rounds", type=int, default=5, help="turns of sending")
    parser.add_argument("--only", choices=("composing", "sending"))
    given = parser.parse_args()
    if given.only != "sending":
        tell_composing(compose(given.papers, given.pool, given.repeats))
    if given.only != "composing":
        tell_sending(send(given.papers, given.pool, given.rounds))


def tell_composing(found: dict[str, list[float]]) -> None:
    print(f"{'':48} {'ms':>9} {'of the usual':>13} {'times the addressed join':>25} {'the join':>9}")
    for name, times in found.items():
        usual, addressed, join = (
            statistics.median([one / other for one, other in zip(times, found[base], strict=True)])
            for base in (_USUAL, _ADDRESSED, _JOIN)
        )
        cost = statistics.median(times)
        print(f"{name:48} {cost:9.4f} {f'1/{1 / usual:,.0f}':>13} {addressed:25,.1f} {join:9,.1f}")


def tell_sending(found: dict[str, delivery.Costs]) -> None:
    print(f"\n{delivery.table(found)}\n\n{'times as fast':64}{'by the wall':>14}{'by the processor':>20}")
    pairs = [
        (_OURS_WHOLE, _USUAL_WHOLE),
        (_OURS_SIGNED, _USUAL_SIGNED),
        (delivery.CLIENT, delivery.FLOOR),
        (delivery.LEDGER, delivery.FLOOR),
        (delivery.LEDGER, delivery.CLIENT),
    ]
    for place, costs in found.items():
        for one, other in pairs:
            if other in costs:
                wall, work = delivery.times(costs, one, other)
                print(f"{f'{place}: {one} / {other}':64}{wall:14.2f}{work:20.2f}")


if __name__ == "__main__":
    main()
