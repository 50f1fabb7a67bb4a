from __future__ import annotations

import json
import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import GOLDEN, Place
from editions import BARE_SITE, TEMPLATES
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_samples import editions, message, world_in

from digest.lint import lint
from digest.lint.colours import _LIGHT, ratio

# A mail with nothing wrong, small enough to be read; each rule has a way to spoil it below.
HTML = """<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Two kites and a plan</title>
<style>
@media (prefers-color-scheme: dark) {
.page { background-color: #161412 !important }
.page p, h1, a.title { color: #efe9de !important }
}
</style>
</head>
<body class="page" style="background-color: #f2eee6">
<div class="page" lang="en" dir="ltr" style="background-color: #f2eee6">
<div style="display: none; max-height: 0; overflow: hidden">Kites that fly by themselves, and a plan for more of them.</div>
<table role="presentation"><tr><td>
<h1 style="color: #24201b; font-size: 38px">Kites of the day</h1>
<h2><a class="title" style="color: #24201b" href="https://arxiv.org/abs/2511.00001">Kites That Fly by Themselves</a></h2>
<p style="color: #3d372f; font-size: 16px">A kite knows the wind better than the hand that holds it. We let it decide.</p>
<h2><a class="title" style="color: #24201b" href="https://arxiv.org/abs/2511.00002">A Plan for More Kites</a></h2>
<p style="color: #3d372f; font-size: 16px">More kites need more wind, or less string. We compare the two over a year.</p>
<p style="color: #3d372f; font-size: 14px">
<a class="title" style="color: #24201b" href="https://digest.example.org/u/k7Qx9vTz2mB4k7Qx9vTz2m">Unsubscribe</a></p>
</td></tr></table>
</div>
</body>
</html>
"""  # noqa: E501
TEXT = """Kites of the day

1. Kites That Fly by Themselves
A kite knows the wind better than the hand that holds it. We let it decide.

https://arxiv.org/abs/2511.00001

2. A Plan for More Kites
More kites need more wind, or less string.

https://arxiv.org/abs/2511.00002

Unsubscribe:
https://digest.example.org/u/k7Qx9vTz2mB4k7Qx9vTz2m
"""


HEAD = """From: Trending Papers <digest@example.org>
To: ada.reader@example.net
Subject: Two kites and a plan
Date: Fri, 21 Nov 2025 06:00:00 +0000
Message-ID: <aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@digest.example.org>
Reply-To: Trending Papers <help@example.org>
List-Id: Kites <kites.digest.example.org>
List-Unsubscribe: <https://digest.example.org/u/k7Qx9vTz2mB4k7Qx9vTz2m>,
 <mailto:unsubscribe@example.org?subject=k7Qx9vTz2mB4k7Qx9vTz2m>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
List-Help: <https://digest.example.org/help>
List-Archive: <https://digest.example.org/archive/kites.html>
Auto-Submitted: auto-generated
Feedback-ID: kites-2025-11-21:daily:digest:exampleorg
Content-Language: en
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_kites"

"""


def mail(html: str = HTML, text: str = TEXT) -> bytes:
    content = HEAD.replace("\n", "\r\n").encode()
    for kind, words in (("plain", text), ("html", html)):
        content += f"--=_kites\r\nContent-Type: text/{kind}; charset=utf-8\r\n".encode()
        content += b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        content += b2a_qp(words.rstrip("\n").replace("\n", "\r\n").encode() + b"\r\n")
    return content + b"--=_kites--\r\n"


def rules(content: bytes, envelope: str | None = None) -> set[str]:
    return {one.rule for one in lint(content, envelope)}


def test_nothing_is_wrong() -> None:
    assert lint(mail(), "bounce+token@bounces.example.org") == ()
    assert lint(html("A kite knows", "می\u200cخواهم 👩\u200d🔬 knows")()) == ()


def header(old: str, new: str) -> Callable[[], bytes]:
    def spoiled() -> bytes:
        content = mail()
        assert re.search(old.encode(), content)
        return re.sub(old.encode(), new.encode().replace(b"\\", b"\\\\"), content, count=1)

    return spoiled


def html(old: str, new: str) -> Callable[[], bytes]:
    def spoiled() -> bytes:
        assert old in HTML
        return mail(html=HTML.replace(old, new, 1))

    return spoiled


def text(old: str, new: str) -> Callable[[], bytes]:
    def spoiled() -> bytes:
        assert old in TEXT
        return mail(text=TEXT.replace(old, new, 1))

    return spoiled


def signature(tags: str) -> Callable[[], bytes]:
    return lambda: f"DKIM-Signature: {tags}\r\n".encode() + mail()


def as_base64() -> bytes:
    head, _, rest = mail().partition(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n")
    body, end, html_part = rest.partition(b"\r\n--")
    encoded = encodebytes(body).replace(b"\n", b"\r\n").removesuffix(b"\r\n")
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded + end + html_part


UNTITLED = 'title" style="color: #24201b" href="https://arxiv.org/abs/2511.00001">Kites That Fly by Themselves'
UNSUBSCRIBE = "<https://digest.example.org/u/k7Qx9vTz2mB4k7Qx9vTz2m>"
GOOD_SIGNATURE = (
    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=r1;\r\n t=1; bh=x; b=x;\r\n "
    "h=from:from:to:subject:date:\r\n list-unsubscribe:list-unsubscribe-post"
)

# rule, the way to spoil, words of the advice
PAPER, OUT = "https://arxiv.org/abs/2511.00001", "https://digest.example.org/u/k7Qx9vTz2mB4k7Qx9vTz2m"
PICTURE = '<img src="https://example.org/a.png" alt="" width="600" height="600">'
SWAPPED = TEXT.replace("00001", "0000~").replace("00002", "00001").replace("~", "2")
SPOILED: list[tuple[str, Callable[[], bytes], str]] = [
    ("header-missing", header("List-Unsubscribe-Post: [^\r]+\r\n", ""), "site.unsubscribe_url"),
    ("header-missing", header("Subject: [^\r]+\r\n", ""), "there is no Subject"),
    ("header-twice", header("\r\nTo:", "\r\nFrom: x@example.org\r\nTo:"), "more than once"),
    ("header-unwanted", header("\r\nTo:", "\r\nBcc: x@example.org\r\nTo:"), "whom else"),
    ("header-unwanted", header("\r\nTo:", "\r\nX-Mailer: kite\r\nTo:"), "bulk mailers"),
    ("header-line", header("Two kites", "Two " + "kites " * 14), "could be folded"),
    ("header-line", header("Two kites", "k" * 1000), "is the most"),
    ("header-line", header("Two kites", "Two kites\r\n \r\n "), "nothing in it"),
    ("header-ascii", header("Two kites", "Zwölf kites"), "encoded words"),
    ("address-form", header("To: [^\r]+", "To: a@example.net, b@example.net"), "one plain address"),
    ("address-form", header("To: [^\r]+", "To: =?utf-8?q?=C3=BC?=@example.net"), "one plain address"),
    ("from-domain", header("digest@example.org", "digest@gmail.com"), "free mail"),
    ("from-name", header("From: [^\r]+", "From: digest@example.org"), "site.name"),
    ("subject", header("Two kites and a plan", ""), "is empty"),
    ("subject", header("Two kites", "Re: kites"), "pretends"),
    ("subject", header("Two kites", "Two kites " * 6 + "\r\n " + "and more " * 6), "cut it"),
    ("subject", header("Two kites", "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?="), "encoded twice"),
    ("date", header("Date: [^\r]+", "Date: Fri, 21 Nov 2025 06:00:00 GMT"), "zone in digits"),
    ("message-id", header("Message-ID: [^\r]+", "Message-ID: <x>"), "unique"),
    ("message-id", header("Message-ID: [^\r]+", "Message-ID: <x@vm17.lan>"), "another domain"),
    ("list-unsubscribe", header(UNSUBSCRIBE, "=?utf-8?q?x?="), "encoded word"),
    ("list-unsubscribe", header("/u/k7", "/u/\r\n k7"), "inside of an address"),
    ("list-unsubscribe", header("<https://digest", "<http://digest"), "does not begin with an https"),
    ("list-unsubscribe", header(f"{UNSUBSCRIBE},\r\n <mailto[^>]+>", UNSUBSCRIBE), "no mailto"),
    ("list-unsubscribe", header("digest.example.org/u", "digest.example.com/u"), "another domain"),
    ("list-unsubscribe", header("/u/k7Qx9[^>]+", "/u/ada@example.net/aaaaaaaaaaaaaaaa"), "address in its URL"),
    ("list-unsubscribe", header("/u/k7Qx9[^>]+", "/u/123"), "can be guessed"),
    ("one-click", header("=One-Click", "=One-click"), "exactly"),
    ("one-click", header("<https://digest", "<http://digest"), "without an https"),
    ("list-header", header("List-Id: [^\r]+", "List-Id: kites"), "RFC 2919"),
    ("list-header", header("Auto-Submitted: [^\r]+", "Auto-Submitted: no"), "vacation"),
    ("list-header", header("Feedback-ID: [^\r]+", "Feedback-ID: a:b:c"), "four fields"),
    ("dkim", signature(GOOD_SIGNATURE.replace("d=example.org", "d=example.net")), "counts for nothing"),
    ("dkim", signature(GOOD_SIGNATURE.replace("rsa-sha256", "rsa-sha1")), "rsa-sha1"),
    ("dkim", signature(GOOD_SIGNATURE + "; l=100"), "l="),
    ("dkim", signature(GOOD_SIGNATURE.replace(":list-unsubscribe-post", "")), "List-Unsubscribe-Post"),
    ("dkim", signature(GOOD_SIGNATURE.replace("from:from", "from")), "oversign"),
    ("dkim", signature(f"{GOOD_SIGNATURE}\r\nDKIM-Signature: {GOOD_SIGNATURE}"), "there twice"),
    ("line-ends", lambda: mail().replace(b"\r\n", b"\n"), "bare CR or LF"),
    ("line-ends", lambda: mail() + b"\r\n", "one CRLF"),
    ("wire-ascii", lambda: mail().replace(b"knows the wind", b"kn\xc3\xb6ws it"), "beyond ASCII"),
    ("line-length", lambda: mail().replace(b"A kite knows", b"kite" * 30, 1), "76 is the most"),
    ("trailing-blanks", lambda: mail().replace(b"Kites of the day\r\n", b"Kites of the day \r\n", 1), "end of a line"),
    ("mime", header("text/plain; charset=utf-8", "text/plain; charset=latin-1"), "charset=utf-8"),
    ("mime", header("multipart/alternative", "multipart/mixed"), "multipart/alternative"),
    ("mime", header("Content-Transfer-Encoding: quoted-printable", "Content-Transfer-Encoding: 8bit"), "every relay"),
    ("mime", header("text/plain; charset=utf-8", 'text/plain; charset=utf-8; name="x.txt"'), "attachment"),
    ("mime", lambda: mail().rpartition(b"--=_")[0], "cannot be taken apart"),
    ("html-size", lambda: mail(html=HTML.replace("We let it", "We let it " + "fly " * 24_000)), "Gmail cuts"),
    ("style-size", html("<style>", "<style>" + "b { color: #111111 } " * 900), "drops all"),
    ("text-papers", text("2. A Plan for More Kites", "2. A Plan"), "is not named"),
    ("text-papers", text(PAPER, ""), "no line with its address"),
    ("text-papers", lambda: mail(text=SWAPPED), "elsewhere"),
    ("text-links", text("Unsubscribe:", "https://example.org/only/here"), "text part only"),
    ("text-part", lambda: mail(text="See the HTML."), "stub"),
    ("text-part", text("A kite knows", "A kite knows and knows and knows and knows"), "over 78"),
    ("text-part", text(OUT, ""), "unsubscribe"),
    ("text-part", text("A kite", "<p>A kite</p>"), "HTML tags"),
    ("document", html("<!DOCTYPE html>", "<!doctype html>"), "<!DOCTYPE html>"),
    ("document", html("<title>Two", "<title>Three"), "the subject"),
    ("document", html('content="light dark"', 'content="light"'), "light dark"),
    ("document", html("width=device-width", "width=600"), "phones"),
    ("document", lambda: mail(html=""), "no HTML"),
    ("language", html('<div class="page" lang="en" dir="ltr"', '<div class="page"'), "lang and dir"),
    ("language", html('<html lang="en"', '<html lang="de"'), "Content-Language says en"),
    ("headings", html("<h1", "<h1>Another</h1><h1"), "exactly one"),
    ("headings", lambda: mail(html=HTML.replace("h2>", "p>")), "each paper must have one"),
    ("headings", html("<h2>", "<h4>Of note</h4><h2>"), "leave no level out"),
    ("table-role", html('<table role="presentation">', "<table>"), "role="),
    ("link-target", html(PAPER, "http://arxiv.org/abs/2511.00001"), "https: or mailto:"),
    ("link-target", html(PAPER, "javascript:go()"), "https: or mailto:"),
    ("link-target", html(PAPER, "https://192.0.2.1/x"), "name a host"),
    ("link-target", html(PAPER, "https://arxiv.org@evil.example/x"), "name a host"),
    ("link-target", html(PAPER, "https://bit.ly/x"), "shorteners"),
    ("link-target", html(PAPER, "https://arxiv.org/?utm_source=x"), "tracks"),
    ("link-target", html(PAPER, "https://x.us1.list-manage.com/c"), "tracks"),
    ("link-target", html(PAPER, "https://r.example.org/?u=https://a.org"), "redirect"),
    ("link-text", html("Kites That Fly by Themselves</a>", "www.openreview.net</a>"), "leads to another"),
    ("link-name", html(UNTITLED, 'title" href=PAPER> '), "without words"),
    ("link-name", html("Kites That Fly by Themselves</a>", "Read more</a>"), "says nothing"),
    ("link-name", html("Kites That Fly by Themselves</a>", "Unsubscribe</a>"), "another link"),
    ("image", html("<h1", '<img src="https://example.org/a.png" width="9" height="9"><h1'), "no alt"),
    ("image", html("<h1", '<img src="https://example.org/a.png" alt=""><h1'), "no width"),
    ("image", html("<h1", '<img src="https://example.org/a.png" alt="" width="1" height="1"><h1'), "tracking pixel"),
    ("image", html("<h1", '<img src="data:image/png;base64,AA" alt="" width="9" height="9"><h1'), "by https"),
    ("active", html("<h1", "<script>1</script><h1"), "<script>"),
    ("active", html("<h1", "<form><input></form><h1"), "<form>"),
    ("active", html("<h1", '<h1 onclick="x()"'), "is script"),
    ("active", html("<title>", '<meta http-equiv="refresh" content="1"><title>'), "by itself"),
    ("style", html("<style>", "<style>/* a */"), "comment"),
    ("style", html("<style>", "<style>@import 'x';"), "elsewhere"),
    ("style", html("<style>", "<style>b { color: var(--x) }"), "functions"),
    ("style", html("<style>", "<style>b { color: #111111!important }"), "one blank"),
    ("style", html("background-color: #f2eee6", "background: url(https://x.org/)"), "loads"),
    ("unsubscribe", html(f'{OUT}">Unsubscribe', 'https://x.org/">Bye'), "spam"),
    ("contrast-light", html("color: #3d372f", "color: #c0b8a8"), "has a contrast of"),
    ("contrast-light", html("color: #3d372f", "color: rgba(60, 50, 40, 0.3)"), "has a contrast of"),
    ("contrast-light", html('role="presentation"', 'role="presentation" bgcolor="#111111"'), "on #111111"),
    ("contrast-dark", html(".page p, ", ""), "on #161412"),
    ("contrast-dark", html("#efe9de !important", "#efe9de"), "on #161412"),  # the inline colour wins
    ("text-size", html("font-size: 16px", "font-size: 11px"), "11 px"),
    ("preheader", html("Kites that fly by themselves, and a plan for more of them.", ""), "must begin"),
    ("preheader", html("Kites that fly by themselves, and a plan for more of them.", "Kites"), "has 5 characters"),
    ("hidden-text", html("<h1", '<p style="display: none">kites kites kites</p><h1'), "cannot be seen"),
    ("hidden-text", html("<h1", '<p style="font-size: 0">kites</p><h1'), "cannot be seen"),
    ("spam-subject", header("Two kites and a plan", "TWO KITES AND A PLAN"), "capitals"),
    ("spam-subject", header("Two kites and a plan", "Two kites!!"), "doubled marks"),
    ("spam-subject", header("Two kites and a plan", "For ada.reader alone"), "address in it"),
    ("spam-sender", header("From: Trending Papers", "From: \"bank@example.net\""), "another address"),
    ("spam-words", html("A kite knows", "A ki\u200bte knows"), "inside of words"),
    ("spam-words", lambda: mail(html=HTML.replace(
        "<h1", f"{PICTURE} " * 9 + "<h1")), "mostly pictures"),
    ("spam-words", text("Kites of the day", "FREE KITES FOR EVERYBODY NOW"), "shouts"),
    ("spam-encoding", as_base64, "quoted-printable"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "spoiled", "advice"), SPOILED, ids=[f"{one[0]}: {one[2]}" for one in SPOILED])
def test_what_is_wrong_is_found(rule: str, spoiled: Callable[[], bytes], advice: str) -> None:
    found = lint(spoiled())
    assert any(one.rule == rule and advice in one.advice for one in found), found
    assert all(one.where and one.advice for one in found)


def test_the_envelope_has_to_fit() -> None:
    assert rules(mail(), "bounce@relay.example.com") == {"bounce-domain"}


def test_a_good_signature_is_one() -> None:
    assert lint(signature(GOOD_SIGNATURE)()) == ()


def test_every_rule_is_spoiled_and_explained() -> None:
    """The rules that the code names are those of the table above and of the manual."""
    code = "".join(path.read_text() for path in (TEMPLATES.parent / "digest" / "lint").glob("*.py"))
    named = set(re.findall(r'Finding\(\s*"([a-z-]+)"', code)) | set(
        re.findall(r'"(contrast-\w+)", (?:True|False)', code)
    )
    assert named == {rule for rule, _, _ in SPOILED} | {"bounce-domain"}
    manual = (TEMPLATES.parent / "docs" / "deliverability.md").read_text()
    assert named == set(re.findall(r"^\| `([a-z-]+)` \|", manual, re.MULTILINE))


# --- our own mails --------------------------------------------------------------------------------------------------


def test_our_own_mails_have_nothing_wrong(tmp_path: Path) -> None:
    with world_in(tmp_path) as world:
        found = {name: message(world, one) for name, one in editions().items()}
    assert {name: lint(one.content, one.sender) for name, one in found.items()} == dict.fromkeys(found, ())


def test_a_site_without_a_way_out_is_told_so() -> None:
    assert BARE_SITE.unsubscribe_url is None
    assert rules((GOLDEN / "bare.eml").read_bytes()) == {"header-missing", "unsubscribe"}


def test_contrast_is_that_of_the_wcag() -> None:
    assert ratio(_LIGHT.ink, _LIGHT.canvas) == 21
    assert round(ratio((118, 118, 118, 1), _LIGHT.canvas), 2) == 4.54  # the example that everybody gives


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=400), st.integers(0, 3000), st.integers(0, 60))
def test_any_bytes_are_looked_at(junk: bytes, at: int, gone: int) -> None:
    lint(junk)
    content = mail()
    lint(content[:at] + junk + content[at + gone :])


# --- the command ----------------------------------------------------------------------------------------------------


def test_lint_a_file_an_edition_and_a_profile(stocked: Place, tmp_path: Path) -> None:
    stocked.set('sender = "digest@example.org"', 'sender = "digest@digest.example.org"')
    assert stocked.run("run").code == 0
    (mail_file, *_) = stocked.mails()
    profile = stocked.run("lint", "trending")
    file = stocked.run("lint", mail_file)
    one = stocked.run("lint", "trending/ada@example.org/2026-06-02", "--json")
    assert (file.code, one.code, profile.code) == (0, 0, 0), file.out + one.out + profile.out
    assert "No findings in" in file.out
    assert json.loads(one.out) == {"of": "trending/ada@example.org/2026-06-02", "findings": []}
    spoiled = tmp_path / "spoiled.eml"
    spoiled.write_bytes(mail_file.read_bytes().replace(b"\r\nTo:", b"\r\nX-Mailer: \x1b[31mkite\r\nTo:"))
    bad = stocked.run("lint", spoiled)
    assert bad.code == 1
    assert "header-unwanted X-Mailer" in bad.out
    assert "\x1b" not in bad.out
    found = stocked.run("lint", spoiled, "--json")
    assert [set(finding) for finding in json.loads(found.out)["findings"]] == [{"rule", "where", "advice"}]
    unknown = stocked.run("lint", "nothing/like/it")
    assert (unknown.code, "neither a file nor a profile nor an edition" in unknown.err) == (2, True)
