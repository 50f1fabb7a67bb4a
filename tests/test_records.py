from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Place
from editions import SITE
from name_server import NameServer, Zone

from digest.errors import ConfigError
from digest.records import Names, State, check, wanted

KEY = "v=DKIM1; k=rsa; p=" + "A" * 300
KEYS = {"r1": KEY}
HOST = "out.example.net"
GOOD: dict[tuple[str, str], list[str]] = {
    ("bounces.example.org", "TXT"): ['"v=spf1 a:out.example.net -all"', '"other=text"'],
    ("bounces.example.org", "MX"): ["10 in.example.net."],
    ("r1._domainkey.example.org", "TXT"): [f'"{KEY[:200]}" "{KEY[200:]}"'],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=quarantine; np=reject; t=y"'],
    ("example.org", "MX"): ["10 in.example.net."],
    ("out.example.net", "A"): ["192.0.2.7"],
    ("7.2.0.192.in-addr.arpa", "PTR"): ["out.example.net."],
}
SPF, DKIM, DMARC, MX_BOUNCES, MX, PTR = range(6)


def found(zone: Zone, **given: bool) -> list[tuple[State, str]]:
    with NameServer(zone, **given) as server:  # type: ignore[arg-type]
        names = Names(server.address, seconds=0.3 if given else 5)
        return [check(record, names) for record in wanted(SITE, HOST, "example.org", KEYS)]


def test_the_records_of_these_settings() -> None:
    assert [(one.name, one.kind, one.value) for one in wanted(SITE, HOST, "example.org", KEYS)] == [
        ("bounces.example.org", "TXT", "v=spf1 a:out.example.net ~all"),
        ("r1._domainkey.example.org", "TXT", KEY),
        ("_dmarc.example.org", "TXT", "v=DMARC1; p=none; np=reject; rua=mailto:help@example.org"),
        ("bounces.example.org", "MX", "10 the server that takes its mail"),
        ("example.org", "MX", "10 the server that takes its mail"),
        ("reverse name of out.example.net", "PTR", "out.example.net."),
    ]
    elsewhere = replace(SITE, bounce=None, reply_to="help@example.net", unsubscribe_mail=None)
    assert [(one.name, one.value) for one in wanted(elsewhere, "localhost", "example.org", {})] == [
        ("example.org", "v=spf1 mx ~all"),
        ("_dmarc.example.org", "v=DMARC1; p=none; np=reject; rua=mailto:digest@example.org"),
        ("example.org", "10 the server that takes its mail"),
        ("example.net", "10 the server that takes its mail"),
    ]


def test_a_long_record_is_written_in_strings_of_a_zone_file() -> None:
    line = next(one.line for one in wanted(SITE, None, "example.org", KEYS) if "_domainkey" in one.name)
    assert line.startswith('r1._domainkey.example.org. TXT "v=DKIM1; ')
    assert [len(text) for text in line.split('"')[1::2]] == [255, len(KEY) - 255]
    assert "".join(line.split('"')[1::2]) == KEY


def test_what_is_published_right() -> None:
    states = found(GOOD)
    assert [state for state, _ in states] == [State.OK] * 6
    assert states[MX] == (State.OK, "10 in.example.net.")


@pytest.mark.parametrize(
    ("at", "key", "values", "words"),
    [
        (SPF, ("bounces.example.org", "TXT"), [], "has no SPF records"),
        (SPF, ("bounces.example.org", "TXT"), ['"v=spf1 -all"', '"v=spf1 mx ~all"'], "has 2 SPF records"),
        (SPF, ("bounces.example.org", "TXT"), ['"v=spf1 mx"'], "has no end"),
        (SPF, ("bounces.example.org", "TXT"), ['"v=spf1 mx +all"'], "lets anybody send"),
        (SPF, ("bounces.example.org", "TXT"), ['"v=spf1 ' + "mx " * 11 + '-all"'], "takes 11 look-ups"),
        (DKIM, ("r1._domainkey.example.org", "TXT"), [], "has no TXT records"),
        (DKIM, ("r1._domainkey.example.org", "TXT"), ['"v=DKIM1; k=rsa; p=BBBB"'], "holds another key"),
        (DMARC, ("_dmarc.example.org", "TXT"), [], "neither _dmarc.example.org nor a name above"),
        (DMARC, ("_dmarc.example.org", "TXT"), ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'], "has 2 DMARC records"),
        (DMARC, ("_dmarc.example.org", "TXT"), ['"v=DMARC1; p=quarantine; pct=50"'], "pct= is gone"),
        (DMARC, ("_dmarc.example.org", "TXT"), ['"v=DMARC1; p=maybe"'], "p= must be none, quarantine or reject"),
        (DMARC, ("_dmarc.example.org", "TXT"), ['"v=DMARC1; rua=mailto:x@example.org"'], "has no p="),
        (MX, ("example.org", "MX"), [], "takes no mail"),
        (MX, ("example.org", "MX"), ["0 ."], "says that it takes no mail"),
        (PTR, ("out.example.net", "A"), [], "has no address"),
        (PTR, ("7.2.0.192.in-addr.arpa", "PTR"), [], "has no name"),
        (PTR, ("7.2.0.192.in-addr.arpa", "PTR"), ["in.example.net."], "has no name that leads back"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(at: int, key: tuple[str, str], values: list[str], words: str) -> None:
    states = found({**GOOD, key: values})
    assert [number for number, (state, _) in enumerate(states) if state is not State.OK] == [at]
    assert states[at][0] is State.WRONG
    assert words in states[at][1]


def test_includes_are_followed_and_counted() -> None:
    zone = dict(GOOD)
    zone["bounces.example.org", "TXT"] = ['"v=spf1 include:a.example.net -all"']
    for one, next_one in zip("abcdefghijkl", "bcdefghijklm", strict=True):
        zone[f"{one}.example.net", "TXT"] = [f'"v=spf1 include:{next_one}.example.net -all"']
    assert "takes 13 look-ups" in found(zone)[SPF][1]
    zone["c.example.net", "TXT"] = ['"v=spf1 include:bounces.example.org -all"']  # round and round
    assert found(zone)[SPF][0] is State.OK


def test_a_policy_above_the_domain_counts() -> None:
    site = replace(SITE, sender="digest@papers.mail.example.org")
    with NameServer(GOOD) as server:
        record = next(one for one in wanted(site, None, "example.org", {}) if one.value.startswith("v=DMARC1"))
        assert check(record, Names(server.address))[0] is State.OK
    assert [name for name, _ in server.asked] == [
        "_dmarc.papers.mail.example.org", "_dmarc.mail.example.org", "_dmarc.example.org",
    ]  # fmt: skip


def test_a_walk_from_a_deep_name_is_short() -> None:
    site = replace(SITE, sender=f"digest@{'.'.join('abcdefghijkl')}.example.org")
    with NameServer({}) as server:
        record = next(one for one in wanted(site, None, "example.org", {}) if one.value.startswith("v=DMARC1"))
        assert check(record, Names(server.address))[0] is State.WRONG
    assert len(server.asked) == 8
    rest = [name for name, _ in server.asked[1:]]
    assert (rest[0], rest[-2:]) == ("_dmarc.h.i.j.k.l.example.org", ["_dmarc.example.org", "_dmarc.org"])


def test_no_answer_is_no_fault_and_is_waited_for_once() -> None:
    with NameServer({}, silent=True) as server:
        names = Names(server.address, seconds=0.3)
        states = [check(record, names) for record in wanted(SITE, HOST, "example.org", KEYS)]
    assert states == [(State.UNKNOWN, "no name server answers here")] * 6
    assert len({name for name, _ in server.asked}) == 1


def test_a_server_that_cannot_tell_of_one_name_can_of_others() -> None:
    with NameServer(GOOD, refuses="_dmarc.example.org") as server:
        names = Names(server.address)
        states = [check(record, names)[0] for record in wanted(SITE, HOST, "example.org", KEYS)]
    assert states == [State.OK, State.OK, State.UNKNOWN, State.OK, State.OK, State.OK]


@pytest.mark.parametrize("server", ["nowhere", "127.0.0.1:x", "300.0.0.1"])
def test_a_resolver_is_an_address(server: str) -> None:
    with pytest.raises(ConfigError, match="write it as 192"):
        Names(server)


def test_doctor_prints_the_records_and_checks_them(place: Place, tmp_path: Path) -> None:
    made = place.run("dkim-key", "r2026")
    assert made.code == 0
    path = place.folder / "state" / "dkim-r2026.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    place.set(
        '# keys = { r2026 = "../state/dkim-r2026.pem", e2026', 'keys = { r2026 = "../state/dkim-r2026.pem" } # e2026'
    )
    line = next(line for line in made.out.splitlines() if line.startswith("r2026._domainkey"))
    assert place.run("dkim-key", "r2026").code == 2  # never overwritten
    zone = {
        ("r2026._domainkey.example.org", "TXT"): [line.partition(" TXT ")[2]],
        ("example.org", "TXT"): ['"v=spf1 mx -all"'],
        ("example.org", "MX"): ["10 in.example.net."],
    }
    with NameServer(zone) as server:
        bad = place.run("doctor", "--dns", "--resolver", server.address)
        server.zone["_dmarc.example.org", "TXT"] = ['"v=DMARC1; p=none"']
        good = place.run("doctor", "--dns", "--resolver", server.address)
    assert (bad.code, good.code) == (1, 0), good.out
    assert "signatures: d=example.org, r2026 (rsa)" in good.out
    assert line in good.out
    assert "wrong: neither _dmarc.example.org nor a name above it" in bad.out
    path.chmod(0o640)
    weak = place.run("doctor")
    assert weak.code == 1
    assert "can be read by others" in weak.out
