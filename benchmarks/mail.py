"""What making a mail costs: the usual way, ours, and the floors, in one run. Processor time, medians.

    python benchmarks/mail.py [--papers 20] [--repeats 5]

The usual way renders a jinja2 template, inlines its css with premailer and writes an `EmailMessage`, for each reader;
it uses the shipped templates, so that both make the same mail. Ours is told three times: for a reader who shares a
letter, for one with an order and links of his own and why-lines such as 50 profiles give, and for one whose every
why-line is told to nobody else. Sending is measured in benchmarks/delivery.py, whose functions may be called from here.
"""

from __future__ import annotations

import argparse
import binascii
import email.policy
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from records import records  # noqa: E402 -- beside this file

from digest.message import assembled, message_id, own_words, token, unsubscribe_links, write_letter  # noqa: E402
from digest.model import Edition, Item, Links, Paper, Reason, Site, Subscription  # noqa: E402
from digest.render import Renderer, views  # noqa: E402
from digest.render.inline import inline  # noqa: E402
from digest.render.language import language  # noqa: E402
from digest.render.views import Detail  # noqa: E402

DAY, NOW = date(2026, 6, 1), datetime(2026, 6, 1, 7, tzinfo=UTC)
SECRET = b"a secret of the benchmark"
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


def edition(known: list[Paper], reader: int, profiles: int | None = None) -> tuple[Edition, Links]:
    """Every reader has an order and links of his own; and words of why and points, unless they come from a profile."""
    chance = random.Random(reader)
    order = known[:]
    chance.shuffle(order)
    items = []
    for rank, paper in enumerate(order, start=1):
        teller = random.Random(f"{paper.id} {reader % profiles}") if profiles else chance
        one, other = teller.sample(WORDS, 2)
        why = f"“{one} {teller.randrange(10**6)}” in the title · near “{other}” · trending by votes"
        reasons = (Reason(kind="word", label=why, points=teller.randrange(50, 900)),)
        items.append(Item(rank=rank, paper=paper, reasons=reasons, why=why, votes=147, comments=8, rise=12))
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
    own = unsubscribe_links(SITE, token(SECRET, subscription.id))
    return made, replace(own, archive_url=f"https://digest.example.org/archive/{token(SECRET, made.id)}.html")


def usual(renderer: Renderer, made: Edition, links: Links) -> bytes:
    """The same templates, drawn, inlined and encoded whole for one reader."""
    shell = views.shell(made, links, len(made.items), SITE)
    environment, texts = renderer._html, renderer._text
    site = renderer._site
    cards_of = [views.card(item, Detail.FULL, language("en")) for item in made.items]
    words = [(one, asdict(place)) for one, place in zip(cards_of, views.places(made, SITE), strict=True)]
    card = environment.get_template("card.html.j2")
    cards = "\n".join(card.render(site=site, card=one, **place) for one, place in words)
    css, kept = (texts.get_template(name).render(site=site) for name in ("mail.css", "dark.css"))
    safe = {
        name: environment.filters["safe"](value) for name, value in {"cards": cards, "css": css, "dark": kept}.items()
    }
    html = inline(
        environment.get_template("mail.html.j2").render(
            site=site, mail=shell, cards=safe["cards"], missed="", hidden="", css=safe["css"], kept_css=safe["dark"]
        )
    )
    text_card = texts.get_template("card.txt.j2")
    text = texts.get_template("mail.txt.j2").render(
        site=site,
        mail=shell,
        missed=(),
        hidden=(),
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


def measure(work: Callable[[int], object], count: int, repeats: int) -> float:
    """Milliseconds of processor time for one."""
    times = []
    for repeat in range(repeats):
        gc.collect()
        begin = time.process_time()
        for number in range(count):
            work(repeat * count + number)
        times.append((time.process_time() - begin) / count * 1e3)
    return statistics.median(times)


def compose(count: int, repeats: int) -> list[tuple[str, float]]:
    """Name and milliseconds a message."""
    renderer, known = Renderer([ROOT / "templates"], SITE), papers(count)
    readers = [edition(known, reader) for reader in range(200 * repeats)]
    alike = [edition(known, reader, profiles=50) for reader in range(200 * repeats)]
    for made, links in readers[:5]:
        personal(renderer, made, links)
    made, links = readers[0]
    draft = renderer.draft(made, links)
    letter = write_letter(draft, made, SITE, links)
    pieces = [one for span in letter.spans for piece, _ in span.lines if piece for one in piece.literals]
    whole = personal(renderer, made, links)
    html = renderer.render(made, links).html.encode()
    buffer = bytearray(len(whole))
    gc.collect()
    gc.freeze()  # the readers are the benchmark's own, and not to be gone through again and again

    def copy(_: int) -> None:
        buffer[:] = whole

    def shared(number: int) -> bytes:
        one, its_links = readers[number]
        address = one.subscription.address or ""
        own = own_words(address, its_links, renderer.own(draft, address, its_links))
        return assembled(letter, message_id(SECRET, one.id, address, SITE.list_domain), own)

    print(f"{count} papers; {len(whole):,} bytes a message, {len(html):,} of them html before encoding")
    return [
        ("the usual way: jinja2, premailer, EmailMessage", measure(lambda n: usual(renderer, *readers[n]), 4, repeats)),
        ("ours, a letter shared", measure(shared, 200, repeats)),
        ("ours, order and links a reader's own", measure(lambda n: personal(renderer, *alike[n]), 200, repeats)),
        ("ours, every why-line too", measure(lambda n: personal(renderer, *readers[n]), 200, repeats)),
        ("floor: quoted-printable of the html in C", measure(lambda _: binascii.b2a_qp(html), 200, repeats)),
        ("floor: plain join of the same cards", measure(lambda _: b"".join(pieces), 2_000, repeats)),
        ("floor: memory copy of the same bytes", measure(copy, 2_000, repeats)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    found = compose(given.papers, given.repeats)
    of = SimpleNamespace(usual=found[0][1], join=found[5][1])
    print(f"{'':48} {'ms':>9} {'of the usual':>13} {'times the join':>15}")
    for name, cost in found:
        print(f"{name:48} {cost:9.4f} {f'1/{of.usual / cost:,.0f}':>13} {cost / of.join:15,.1f}")


if __name__ == "__main__":
    main()
