from __future__ import annotations

import email.policy
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from functools import cache
from quopri import decodestring

import pytest
from editions import ADDRESS, BARE_SITE, DAY, LINKS, SITE, TEMPLATES, edition, hostile_edition, item
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.addresses import canonical
from digest.errors import PermanentDeliveryError
from digest.message import build_message, message_id, own_words, token, unsubscribe_links, write_letter
from digest.model import FIRST_OWN, Body, Cadence, Draft, Edition, Links, Message, Rendered, Site, Subscription
from digest.render import Renderer
from digest.text import clean
from digest.wire import quoted

SECRET = b"a secret of the tests"
TOKEN = token(SECRET, "slm-ada")


def made(
    rendered: Rendered | None = None,
    one: Edition | None = None,
    site: Site = SITE,
    links: Links = LINKS,
    recipient: str = ADDRESS,
) -> Message:
    words = rendered or Rendered(subject="A subject", preheader="", html="<p>html</p>", text="text")
    whole = Draft(words.subject, "", Body([quoted(words.html)]), Body([quoted(words.text)]))
    return addressed(whole, (), one or edition(), site, links, recipient)


def addressed(
    draft: Draft, own: tuple[str, ...], one: Edition, site: Site, links: Links, recipient: str = ADDRESS
) -> Message:
    return build_message(
        write_letter(draft, one, site, links),
        own_words(recipient, links, own),
        site,
        recipient=recipient,
        message_id=message_id(SECRET, one.id, recipient, site.list_domain),
        token=TOKEN,
    )


def composed(one: Edition, site: Site, links: Links) -> Message:
    """By way of the pieces that are shared."""
    draft = renderer(site).draft(one, links)
    return addressed(draft, renderer(site).own(draft, ADDRESS, links), one, site, links)


def parsed(message: Message) -> EmailMessage:
    found = email.message_from_bytes(message.content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def head(message: Message) -> str:
    return message.content.split(b"\r\n\r\n")[0].decode("ascii")


def raw(message: Message) -> dict[str, str]:
    """Headers as they stand on the wire, unfolded only."""
    unfolded = head(message).replace("\r\n ", " ")
    return {name: value.lstrip() for name, _, value in (line.partition(":") for line in unfolded.split("\r\n"))}


def decoded(value: str) -> str:
    """By the older parser: the newer one of Python 3.11 keeps the blank between some adjacent encoded words."""
    return str(make_header(decode_header(value)))


@cache
def renderer(site: Site) -> Renderer:
    return Renderer([TEMPLATES], site)


# --- identities -----------------------------------------------------------------------------------------------------


def test_token_is_short_opaque_and_its_own() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", TOKEN)
    assert token(SECRET, "slm-ada") == TOKEN
    assert len({TOKEN, token(SECRET, "slm-bob"), token(b"other", "slm-ada")}) == 3


def test_message_id_is_the_same_for_every_attempt() -> None:
    one = message_id(SECRET, "slm-ada/2025-11-21", ADDRESS, "example.org")
    assert re.fullmatch(r"[0-9a-f]{32}@example\.org", one)
    assert one == message_id(SECRET, "slm-ada/2025-11-21", ADDRESS, "example.org")
    others = {
        message_id(SECRET, "slm-ada/2025-11-22", ADDRESS, "example.org"),
        message_id(SECRET, "slm-ada/2025-11-21", "bob@example.net", "example.org"),
        message_id(b"other", "slm-ada/2025-11-21", ADDRESS, "example.org"),
    }
    assert len(others | {one}) == 4


def test_unsubscribe_links() -> None:
    assert unsubscribe_links(SITE, "abc") == Links(
        unsubscribe_url="https://digest.example.org/u/abc",
        unsubscribe_mail="mailto:unsubscribe@example.org?subject=abc",
    )
    assert unsubscribe_links(BARE_SITE, "abc") == Links()


# --- headers --------------------------------------------------------------------------------------------------------


def test_all_headers_in_their_exact_form() -> None:
    message = made()
    assert head(message).split("\r\n")[:-1] == [
        "From: Trending Papers <digest@example.org>",
        "To: ada.reader@example.net",
        "Subject: A subject",
        "Date: Fri, 21 Nov 2025 06:00:00 +0000",
        f"Message-ID: <{message.message_id}>",
        "Reply-To: Trending Papers <help@example.org>",
        "List-Id: Small models <slm.digest.example.org>",
        "List-Unsubscribe: <https://digest.example.org/u/k7Qx9vTz2mB4k7Qx9vTz2m>,",
        " <mailto:unsubscribe@example.org?subject=k7Qx9vTz2mB4k7Qx9vTz2m>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-Help: <https://digest.example.org/help>",
        "List-Archive: <https://digest.example.org/archive/k7Qx9vTz2mB4.html>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "Feedback-ID: slm-2025-11-21:daily:digest:exampleorg",
        "Content-Language: en",
        "MIME-Version: 1.0",
    ]
    assert re.fullmatch(
        r'Content-Type: multipart/alternative; boundary="=_[0-9a-f]{24}"', head(message).split("\r\n")[-1]
    )


def test_what_the_site_does_not_offer_is_left_out() -> None:
    assert list(raw(made(site=BARE_SITE, links=Links()))) == [
        "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "X-Auto-Response-Suppress",
        "Feedback-ID", "Content-Language", "MIME-Version", "Content-Type",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "mail", "ways", "one_click"),
    [
        ("https://x.org/u/t", None, "<https://x.org/u/t>", True),
        ("https://x.org/u/t", "mailto:u@x.org?subject=t", "<https://x.org/u/t>, <mailto:u@x.org?subject=t>", True),
        ("http://x.org/u/t", None, "<http://x.org/u/t>", False),
        (None, "mailto:u@x.org?subject=t", "<mailto:u@x.org?subject=t>", False),
        (None, None, None, False),
        ("https://x.org/>,\r\n <evil:", None, "<https://x.org/%3E,%20%3Cevil:>", True),
    ],
)
def test_one_click_is_promised_only_where_it_works(
    url: str | None, mail: str | None, ways: str | None, one_click: bool
) -> None:
    headers = raw(made(links=Links(unsubscribe_url=url, unsubscribe_mail=mail)))
    assert headers.get("List-Unsubscribe") == ways
    assert headers.get("List-Unsubscribe-Post") == ("List-Unsubscribe=One-Click" if one_click else None)


def test_list_unsubscribe_is_never_encoded_nor_broken_inside_a_uri() -> None:
    url = "https://digest.example.org/" + "u" * 200
    message = made(links=replace(LINKS, unsubscribe_url=url))
    assert f"<{url}>,\r\n <mailto:" in head(message)
    assert f"<{url}>" in parsed(message)["List-Unsubscribe"]


def test_date_has_a_numeric_zone_and_comes_from_the_edition() -> None:
    moment = datetime(2024, 2, 29, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert raw(made(one=edition(made_at=moment)))["Date"] == "Fri, 01 Mar 2024 04:30:00 +0000"


@pytest.mark.parametrize(
    ("profile", "cadence", "sender", "value"),
    [
        ("slm", Cadence.WEEKLY, "a@example.org", "slm-2025-11-21:weekly:digest:exampleorg"),
        ("My: Üp", Cadence.DAILY, "a@x.io", "my-p-2025-11-21:daily:digest:xioxx"),
        (
            "ü",
            Cadence.WEEKDAYS,
            "a@a-very-long-domain.example.org",
            "digest-2025-11-21:weekdays:digest:averylongdomain",
        ),
    ],
)
def test_feedback_id_has_four_fields(profile: str, cadence: Cadence, sender: str, value: str) -> None:
    one = edition(subscription=Subscription(id="s", profile=profile, address=ADDRESS, cadence=cadence))
    found = raw(made(one=one, site=replace(SITE, sender=sender)))["Feedback-ID"]
    assert found == value
    assert found.count(":") == 3
    assert 5 <= len(found.rpartition(":")[2]) <= 15


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Trending Papers", "Trending Papers"),
        ("Papers, Inc.", '"Papers, Inc."'),
        ('The "best" \\ papers', '"The \\"best\\" \\\\ papers"'),
        ("Prügel", "=?utf-8?q?Pr=C3=BCgel?="),
        ("=?utf-8?q?x?=", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?="),
    ],
)
def test_display_names(name: str, form: str) -> None:
    message = made(site=replace(SITE, name=name))
    assert raw(message)["From"] == f"{form} <digest@example.org>"
    assert parsed(message)["From"].addresses[0].display_name == name
    assert parsed(message)["From"].addresses[0].addr_spec == "digest@example.org"


def test_every_edition_names_its_list() -> None:
    one = edition(title="Modèles", subscription=Subscription(id="s", profile="My List", address=ADDRESS))
    assert raw(made(one=one))["List-Id"] == "=?utf-8?q?Mod=C3=A8les?= <my-list.digest.example.org>"


# --- any text at all ------------------------------------------------------------------------------------------------

ANY = st.text(st.characters(), max_size=300)


def assert_wire_form(message: Message) -> None:
    """What SMTP, DKIM and old relays ask of bytes (RFC 5321 4.5.3.1.6, RFC 5322 2.1.1, RFC 2047 2)."""
    content = message.content
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", content)
    assert content.endswith(b"--\r\n")
    assert not content.endswith(b"\r\n\r\n")
    lines = content.split(b"\r\n")
    assert not [line for line in lines if line.endswith((b" ", b"\t"))]
    header, body = content.split(b"\r\n\r\n", 1)
    assert not [line for line in header.split(b"\r\n") if len(line) > 78 and b" " in line.strip().split(b": ")[-1]]
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^?\s]+\?[qb]\?[^?\s]*\?=", header))


@settings(deadline=None, max_examples=100)
@given(ANY)
def test_any_subject_and_name_parse_back(text: str) -> None:
    message = made(
        Rendered(subject=text, preheader="", html="", text=""),
        edition(title=text),
        replace(SITE, name=text),
    )
    assert_wire_form(message)
    found = parsed(message)
    assert decoded(raw(message)["Subject"]) == clean(text)
    assert found["From"].addresses[0].addr_spec == "digest@example.org"
    name = raw(message)["From"].removesuffix(" <digest@example.org>")
    assert (decoded(name) if "=?" in name else found["From"].addresses[0].display_name) == clean(text)
    assert list(raw(message)) == list(raw(made()))
    assert found["List-Id"].endswith("<slm.digest.example.org>")


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(), max_size=600), ANY)
def test_any_text_parses_back(html: str, text: str) -> None:
    def lines(text: str) -> str:
        ends = re.sub("\r\n?", "\n", text).encode("utf-8", "replace").decode()
        return "\n".join(line.rstrip(" \t") for line in ends.split("\n")).rstrip("\n")

    message = made(Rendered(subject="s", preheader="", html=html, text=text))
    assert_wire_form(message)
    found = parsed(message)
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
    for subtype, sent in (("plain", text), ("html", html)):
        part = found.get_body((subtype,))
        assert part is not None
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        assert lines(content.decode()) == lines(sent)


# a line end that is cut in two, between CR and LF, counts as two
WORDS = st.text(st.characters(exclude_characters="\r", codec=None), max_size=120)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(WORDS, WORDS | st.integers(0, 2)), max_size=8))
def test_any_cuts_join_to_the_same_text(cuts: list[tuple[str, str | int]]) -> None:
    """Whatever is encoded apart, in quoted-printable or in base64, is the same as the whole."""
    own = ("", "one’s own = ", "word " * 40)
    words = [*(one for cut in cuts for one in cut), "\n"]
    numbers = [at for at, one in enumerate(words) if isinstance(one, int)]
    body = Body([one + FIRST_OWN if isinstance(one, int) else quoted(one) for one in words], numbers)
    message = addressed(Draft("s", "", body, body), own, edition(), SITE, LINKS)
    assert_wire_form(message)
    joined = "".join(own[one] if isinstance(one, int) else one for one in words)
    whole = re.sub("\r\n?", "\n", joined).encode("utf-8", "replace").decode()
    for subtype in ("plain", "html"):
        part = parsed(message).get_body((subtype,))
        assert part is not None
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found = re.sub("\r\n?", "\n", content.decode())
        assert re.sub(r"[ \t]*\n", "\n", found).rstrip() == re.sub(r"[ \t]*\n", "\n", whole).rstrip()


@pytest.mark.parametrize(
    "title",
    [
        "Broken\r\nBcc: v@example.com\r\n\r\n<b>", "word " * 1000, "x" * 5000, "\u202eעברית\u200f: מודלים \u2066קטנים",
        "=?utf-8?b?PGI+?= and =?utf-8?q?=0d=0aBcc:_v?=", "小さなモデル" * 800, "\ud800 \x00 \x1b[31m", "🧵" * 300,
    ],
)  # fmt: skip
def test_a_hostile_title_parses_back_or_is_cut_cleanly(title: str) -> None:
    """In the subject it is cut at a word; as the list's name it stays whole."""
    one = edition(item(paper=replace(item().paper, title=title)), title=title, description=title)
    message = composed(one, SITE, LINKS)
    assert_wire_form(message)
    assert list(raw(message)) == list(raw(made()))
    subject = decoded(raw(message)["Subject"])
    assert subject == renderer(SITE).render(one, LINKS).subject
    assert len(subject) <= 60
    assert decoded(raw(message)["List-Id"].rpartition(" <")[0]).strip('"') == clean(title)


@pytest.mark.parametrize(
    "injected", ["x\r\nBcc: v@example.com", "x\nBcc: v@example.com", "x\rBcc: v", "x\0y", "x\u2028y"]
)
def test_no_header_can_be_added(injected: str) -> None:
    message = made(
        Rendered(subject=injected, preheader="", html="", text=""),
        edition(title=injected, subscription=Subscription(id=injected, profile=injected, address=ADDRESS)),
        replace(SITE, name=injected, help_url=f"https://x.org/{injected}"),
        replace(LINKS, archive_url=f"https://x.org/{injected}"),
    )
    assert "Bcc" not in raw(message)
    assert list(raw(message)) == list(raw(made()))


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\r\nBcc: b@example.org", "a\n@example.org", "ü@example.org", "a b@example.org", "@example.org",
        "a@", "a", "", "a@b@example.org", '"a"@example.org', "<a@example.org>", "a@example.org>", "a,b@example.org",
        "a@exa mple.org", "a@-example.org", "a@example..org", ".a@example.org", "a\0@example.org", "a@example.org\n",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_written_is_refused(address: str) -> None:
    with pytest.raises(PermanentDeliveryError, match="cannot be used"):
        made(recipient=address)


def test_a_domain_beyond_ascii_goes_as_punycode() -> None:
    message = made(recipient=canonical("ada@bücher.example"))
    assert message.recipient == raw(message)["To"] == "ada@xn--bcher-kva.example"


def test_envelope_sender() -> None:
    assert made().sender == f"bounce+{TOKEN}@bounces.example.org"
    assert made(site=BARE_SITE).sender == BARE_SITE.sender


@pytest.mark.parametrize(
    ("profile", "recipient", "name"),
    [
        ("slm", ADDRESS, "2025-11-21-slm-ada.reader@example.net"),
        ("slm/x", ADDRESS, r"2025-11-21-slm_x-ada\.reader@example\.net-[0-9a-f]{12}"),
        ("../../etc", "a/b@example.net", r"2025-11-21-.._.._etc-a_b@example\.net-[0-9a-f]{12}"),
        ("s" * 200, ADDRESS, r"2025-11-21-s{96}-[0-9a-f]{12}"),
    ],
)
def test_file_name_is_safe(profile: str, recipient: str, name: str) -> None:
    one = edition(subscription=Subscription(id="slm/ada", profile=profile, address=recipient))
    found = made(one=one, recipient=recipient).name
    assert re.fullmatch(name, found)
    assert re.fullmatch(r"[A-Za-z0-9.@_+-]{1,120}", found)


def test_file_names_that_were_changed_alike_still_differ() -> None:
    names = {
        made(one=edition(subscription=Subscription(id="slm/ada", profile=given, address=ADDRESS))).name
        for given in ("a/b", "a:b", "a_b", "x" * 200, "x" * 201)
    }
    assert len(names) == 5


# --- whole mails ----------------------------------------------------------------------------------------------------

EDITIONS = {
    "plain": (edition(), SITE, LINKS),
    "hostile": (hostile_edition(), SITE, LINKS),
    "cjk": (
        edition(
            *(item(n, why="理由", paper=replace(item(n).paper, title="小さなモデル" * 9, abstract="短い文です。" * 40))
              for n in range(4)),
            title="小さなモデル", description="机の上で動く言語モデル。" * 4,
        ),
        replace(SITE, name="論文"),
        LINKS,
    ),
    "bare": (edition(item(1), held_back=0, muted=0, fresh=1), BARE_SITE, Links()),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITIONS)
def test_golden_message(name: str, golden: Callable[[str, bytes], None]) -> None:
    one, site, links = EDITIONS[name]
    message = composed(one, site, links)
    golden(f"{name}.eml", message.content)
    assert_wire_form(message)


@pytest.mark.parametrize("name", EDITIONS)
def test_rendered_words_arrive(name: str) -> None:
    one, site, links = EDITIONS[name]
    rendered = renderer(site).render(one, links)
    message = composed(one, site, links)
    found = parsed(message)
    assert decoded(raw(message)["Subject"]) == rendered.subject
    for subtype, sent in (("plain", rendered.text), ("html", rendered.html)):
        part = found.get_body((subtype,))
        assert part is not None
        assert part.get_content().replace("\r\n", "\n") == sent.rstrip("\n")
    assert not re.search(r"  |[ \t]\n", rendered.text + rendered.html)  # so that relaxed and simple DKIM hashes agree


def test_same_inputs_same_bytes() -> None:
    rendered = Renderer([TEMPLATES], SITE).render(edition(), LINKS)
    again = Renderer([TEMPLATES], SITE).render(edition(), LINKS)
    assert made(rendered) == made(again)
    assert made(rendered).content != made(rendered, recipient="bob@example.net").content
    tomorrow = edition(date=DAY + timedelta(days=1), made_at=datetime(2025, 11, 22, 6, tzinfo=UTC))
    assert made(rendered, tomorrow).message_id != made(rendered).message_id


@pytest.mark.parametrize(
    ("text", "encoding", "decode"),
    [
        ("Mostly latin, naïve and plain. " * 20, "quoted-printable", decodestring),
        ("小さなモデル " * 40, "base64", b64decode),
    ],
)
def test_the_shorter_encoding_is_taken(text: str, encoding: str, decode: Callable[[bytes], bytes]) -> None:
    message = made(Rendered(subject="s", preheader="", html="", text=text))
    part = parsed(message).get_body(("plain",))
    assert part is not None
    assert part["Content-Transfer-Encoding"] == encoding
    assert decode(part.get_payload().encode()).decode().strip() == text.strip()
