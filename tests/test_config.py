"""The settings: the shipped files, the defaults they tell of, and what is said of every mistake."""

from __future__ import annotations

import re
import tomllib
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from digest.config import EXAMPLES, TEMPLATES, ConfigFile, ProfileTable, Settings, load
from digest.config.tables import MuteTable, TopicTable
from digest.errors import ConfigError
from digest.model import DARK, LIGHT, Cadence, Example, Logo, Look, Source, SourceKind, Texts

PROFILES = '[small]\ntitle = "Small models"\n'
SOURCE = '[[source]]\nname = "a"\n'
LOGO = '[look.logo]\nurl = "https://a.org/l.png"\nwidth = 9\nheight = 9\nalt = "A"\n'
READER = '[[subscription]]\naddress = "ada@example.org"\nprofile = "small"\n'
# Commented settings that have no default but an example, as they cannot be set to "nothing".
ONLY_EXAMPLES = {
    "feeds.hub": "https://hub.example.org/",
    "paths.templates": "../templates",
    "transport.ca_file": "ca.pem",
    "returns.source": "../Returns",
    "returns.ca_file": "ca.pem",
    "delivery.editor": "editor@example.org",
    "dkim.domain": "example.org",
    "dkim.keys": {"r2026": "../state/dkim-r2026.pem", "e2026": "../state/dkim-e2026.pem"},
    "ranking.encoder": "../all-MiniLM-L6-v2",
    "site.preferences_url": "https://digest.example.org/p/",
    "look.logo": {"url": "https://digest.example.org/logo.png", "alt": "Trending Papers", "width": 160, "height": 40},
    "paths.subscriptions": "readers.csv",
    "subscription.pause_until": date(2026, 8, 20),
    "operations.metrics_file": "../state/digest.prom",
    "operations.heartbeat": "https://hc.example.org/5f1c",
    "source.url": "https://dumps.example.org/{day}.json",
}


def written(folder: Path, digest: str = "", profiles: str = PROFILES) -> Path:
    (folder / "digest.toml").write_text(digest, encoding="utf-8")
    (folder / "profiles.toml").write_text(profiles, encoding="utf-8")
    return folder / "digest.toml"


def settings(folder: Path, digest: str = "", profiles: str = PROFILES) -> Settings:
    return load(written(folder, digest, profiles))


# --- the shipped files -----------------------------------------------------------------------------------------


def commented() -> list[tuple[str, str, Any]]:
    """Every line `# key = value` of the shipped digest.toml: table, key, value."""
    found, table = [], ""
    for line in (EXAMPLES / "digest.toml").read_text(encoding="utf-8").splitlines():
        if heading := re.fullmatch(r"\[+(\w+)\]+", line):
            table = heading[1]
        elif setting := re.fullmatch(r"# (\w+) = (.+)", line):
            found.append((table, setting[1], tomllib.loads(f"value = {setting[2]}")["value"]))
    return found


def test_the_shipped_settings_load() -> None:
    found = load(EXAMPLES / "digest.toml")
    assert set(found.profiles) == {"trending", "small-models", "robots", "trust"}
    assert [one.profile for one in found.subscriptions if one.address] == list(found.profiles)
    assert {one.id for one in found.subscriptions if not one.address} == {f"feed/{name}" for name in found.profiles}
    assert found.templates == (TEMPLATES,)


@pytest.mark.parametrize(("table", "key", "value"), commented(), ids=lambda value: str(value))
def test_a_commented_line_tells_the_default(table: str, key: str, value: Any) -> None:
    name = f"{table}.{key}"
    defaults: Any = getattr(
        ConfigFile.model_validate(
            {"source": [{"name": "x", "kind": "url"}], "subscription": [{"address": "x@example.org", "profile": "x"}]}
        ),
        table,
    )
    if table in ("source", "subscription"):
        (defaults,) = defaults
    if name in ONLY_EXAMPLES:
        assert (getattr(defaults, key), value) == (None, ONLY_EXAMPLES[name])
    elif name == "paths.database":
        base = EXAMPLES.resolve()
        assert load(EXAMPLES / "digest.toml").database == f"sqlite:///{(base / value).resolve()}"
    else:
        told = defaults.model_dump(exclude_unset=True) | {key: value}
        assert getattr(type(defaults).model_validate(told), key) == getattr(defaults, key)


def test_every_setting_is_in_the_shipped_file() -> None:
    active = tomllib.loads((EXAMPLES / "digest.toml").read_text(encoding="utf-8"))
    shown = {(table, key) for table, key, _ in commented()}
    for table, value in active.items():
        rows = value if isinstance(value, list) else [value]
        shown |= {(table, key) for row in rows for key in row}
    fields: set[tuple[str, str]] = set()
    for table, field in ConfigFile.model_fields.items():
        kind = field.annotation
        if table in ("source", "subscription"):
            kind = kind.__args__[0]  # type: ignore[union-attr]
        assert isinstance(kind, type) and issubclass(kind, BaseModel)
        fields |= {(table, key) for key in kind.model_fields}
    assert shown == fields


def test_the_shipped_profiles_tell_their_defaults() -> None:
    text = (EXAMPLES / "profiles.toml").read_text(encoding="utf-8")
    told = dict(re.findall(r"^#   (\w+) .*\((\S+)\)$", text, re.MULTILINE))
    assert {key: tomllib.loads(f"value = {value}")["value"] for key, value in told.items()} == {
        key: ProfileTable.model_fields[key].default
        for key in ("trend_weight", "limit", "explore", "late_risers", "fade_days", "empty", "feed", "language")
    }
    for key in {*ProfileTable.model_fields, *TopicTable.model_fields, *MuteTable.model_fields, "weight"}:
        assert re.search(rf"\b{key}\b", text), f"{key} is not in profiles.toml"


# --- what comes of it --------------------------------------------------------------------------------------------


def test_nothing_set_is_all_defaults(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    found = settings(tmp_path / "config")
    assert found.state == tmp_path / "state"
    assert found.inbox == tmp_path / "inbox"
    assert found.database == f"sqlite:///{tmp_path}/state/digest.db"
    assert found.transport.folder == tmp_path / "out" / "mail"
    assert found.retry_delays == tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240))
    assert found.give_up_after == timedelta(hours=48)
    assert (found.site.url, found.site.list_domain) == (None, "example.org")
    (feed,) = found.subscriptions
    assert (feed.id, feed.address, feed.at, feed.cadence) == ("feed/small", None, time(6, 0), Cadence.DAILY)


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "elsewhere").mkdir()
    text = '[paths]\nstate = "s"\ninbox = "/in"\noutput = "../o"\nprofiles = "p.toml"\ntemplates = "t"\n'
    path = written(tmp_path / "a", text + '[transport]\nca_file = "ca.pem"\n')
    (tmp_path / "a" / "profiles.toml").rename(tmp_path / "a" / "p.toml")
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = load(Path("../a") / path.name)
    assert (found.state, found.inbox, found.output) == (tmp_path / "a" / "s", Path("/in"), tmp_path / "o")
    assert found.database == f"sqlite:///{tmp_path}/a/s/digest.db"
    assert found.templates == (tmp_path / "a" / "t", TEMPLATES)
    assert found.transport.folder == tmp_path / "o" / "mail"
    assert found.transport.ca_file == tmp_path / "a" / "ca.pem"


@pytest.mark.parametrize(
    ("environment", "setting", "database"),
    [
        (None, None, "sqlite:///{}/state/digest.db"),
        (None, "my.db", "sqlite:///{}/my.db"),
        (None, "/var/my.db", "sqlite:////var/my.db"),
        (None, "postgresql://digest@localhost/digest", "postgresql://digest@localhost/digest"),
        ("postgresql://digest:secret@db/digest", "my.db", "postgresql://digest:secret@db/digest"),
        ("other.db", "my.db", "sqlite:///{}/other.db"),
        ("", "my.db", "sqlite:///{}/my.db"),
    ],
)
def test_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str | None, setting: str | None, database: str
) -> None:
    if environment is not None:
        monkeypatch.setenv("DIGEST_DATABASE", environment)
    text = '[paths]\nstate = "state"\n' + (f'database = "{setting}"\n' if setting else "")
    assert settings(tmp_path, text).database == database.format(tmp_path)


def test_subscriptions(tmp_path: Path) -> None:
    text = READER + 'cadence = "weekly"\nweekday = "Friday"\nat = "06:30"\nzone = "Asia/Kathmandu"\n'
    reader = settings(tmp_path, text).subscriptions[0]
    assert (reader.id, reader.cadence, reader.weekday) == ("small/ada@example.org", Cadence.WEEKLY, 4)
    assert (reader.at, reader.zone) == (time(6, 30), "Asia/Kathmandu")


def test_no_shipped_source_is_asked_unless_somebody_says_so() -> None:
    assert [(one.name, one.auto) for one in load(EXAMPLES / "digest.toml").sources] == [("hf-daily", False)]


def test_the_sources_shown_to_copy_are_right(tmp_path: Path) -> None:
    shown = re.findall(r"^#   (\[\[source\]\]|\w+ = .+)$", (EXAMPLES / "digest.toml").read_text(), re.MULTILINE)
    (found,) = settings(tmp_path, "\n".join(shown)).sources
    assert (found.kind, found.categories) == (SourceKind.ARXIV_RSS, ("cs.CL", "cs.LG"))


def test_limits_of_domains(tmp_path: Path) -> None:
    text = '[delivery]\nconnections = 4\n[[delivery.domain]]\nname = "Example.NET"\nper_second = 0.5\n'
    found = settings(tmp_path, text).delivery
    assert found.connections == 4
    assert [(one.name, one.per_second, one.connections) for one in found.domain] == [("example.net", 0.5, 0)]


def test_sources(tmp_path: Path) -> None:
    text = (
        '[[source]]\nname = "new"\nkind = "arxiv-api"\ncategories = ["cs.CL", "hep-th"]\nfetch = "auto"\nevery = 90\n'
        'largest = 2\n[[source]]\nname = "here"\nkind = "url"\nurl = "http://localhost/{day}"\nallow_private = true\n'
    )
    new, here = settings(tmp_path, text).sources
    assert new == Source(
        name="new",
        kind=SourceKind.ARXIV_API,
        categories=("cs.CL", "hep-th"),
        auto=True,
        every=timedelta(minutes=90),
        largest=2 * 2**20,
    )
    assert here == Source(name="here", kind=SourceKind.URL, url="http://localhost/{day}", allow_private=True)


def test_the_name_to_fetch_by(tmp_path: Path) -> None:
    assert re.fullmatch(r"trending-papers-digest/[0-9.]+ \(mailto:digest@example\.org\)", settings(tmp_path).agent)
    text = '[site]\nurl = "https://a.example"\nreply_to = "me@a.example"\n'
    assert settings(tmp_path, text).agent.endswith(" (+https://a.example; mailto:me@a.example)")


def test_a_send_time_may_be_a_time_of_toml(tmp_path: Path) -> None:
    assert settings(tmp_path, READER + "at = 06:30:00\n").subscriptions[0].at == time(6, 30)


def test_an_id_does_not_change_with_the_spelling_of_an_address(tmp_path: Path) -> None:
    assert settings(tmp_path, READER.replace("ada@", "Ada@")).subscriptions[0].id == "small/ada@example.org"


@pytest.mark.parametrize(
    ("day", "authority"), [("2026-01-01", "2026"), ("2026-05-01", "2026-05"), ("2026-01-15", "2026-01-15")]
)
def test_site(tmp_path: Path, day: str, authority: str) -> None:
    text = f'[site]\nurl = "https://papers.example.org/d/"\nsender = "d@mail.example.org"\ntag_date = {day}\n'
    site = settings(tmp_path, text).site
    assert (site.url, site.list_domain) == ("https://papers.example.org/d", "papers.example.org")
    assert site.authority == f"papers.example.org,{authority}"
    assert date.fromisoformat(day)


def test_profiles(tmp_path: Path) -> None:
    profiles = PROFILES + (
        'feed = false\nexplore = 1\nlate_risers = 0\nauthors = ["Ada", { text = "Grace", weight = 2 }]\n'
        '[[small.topic]]\nname = "t"\nwords = ["agent", { text = "bench", weight = -1.5 }]\nexamples = ["2501.00001"]\n'
        "share = 0.4\n"
        '[small.mute]\nwords = ["survey"]\ncategories = ["cs.CR"]\n'
    )
    found = settings(tmp_path, profiles=profiles)
    one = found.profiles["small"]
    assert [(term.text, term.weight) for term in one.authors] == [("Ada", 1), ("Grace", 2)]
    assert [(term.text, term.weight) for term in one.topics[0].terms] == [("agent", 1), ("bench", -1.5)]
    assert (one.topics[0].examples, one.muted_words, one.muted_categories) == (("2501.00001",), ("survey",), ("cs.CR",))
    assert (one.topics[0].share, one.explore, one.late_risers) == (0.4, 1, 0)
    assert found.subscriptions == ()


def test_what_profiles_leave_unsaid(tmp_path: Path) -> None:
    one = settings(tmp_path, profiles=PROFILES + '[[small.topic]]\nname = "t"\n').profiles["small"]
    assert (one.explore, one.fade_days, one.muted_submitters, one.topics[0].share) == (0, 180, (), 0)


def test_shares_explore_fading_and_submitters(tmp_path: Path) -> None:
    topics = "".join(f'[[small.topic]]\nname = "{n}"\nshare = {n}\n' for n in ("0.7", "0.2", "0.1"))
    profiles = f'{PROFILES}explore = 2\nfade_days = 30\n{topics}[small.mute]\nsubmitters = ["bot"]\n'
    one = settings(tmp_path, profiles=profiles).profiles["small"]
    assert [topic.share for topic in one.topics] == [0.7, 0.2, 0.1]
    assert (one.explore, one.fade_days, one.muted_submitters) == (2, 30, ("bot",))


def test_a_library_adds_examples(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("2605.90001\nKites of paper\n")
    (tmp_path / "b.json").write_text('[{"title": "Kites of steel", "DOI": "10.1234/kite", "abstract": "They fall."}]')
    topic = 'name = "t"\nexamples = ["2605.90002", "2605.90001"]\nlibrary = ["a.txt", "b.json"]\n'
    (found,) = settings(tmp_path, profiles=f"{PROFILES}[[small.topic]]\n{topic}").profiles["small"].topics
    assert found.examples == ("2605.90002", "2605.90001", "Kites of paper", "10.1234/kite")
    assert found.library[1:] == (
        Example(name="Kites of paper", title="Kites of paper"),
        Example(name="10.1234/kite", title="Kites of steel", abstract="They fall."),
    )


def test_a_library_that_cannot_be_read_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.bib: cannot be read: No such file.*mend the path in `library`"):
        settings(tmp_path, profiles=f'{PROFILES}[[small.topic]]\nname = "t"\nlibrary = ["gone.bib"]\n')


def test_a_thousand_subscriptions(tmp_path: Path) -> None:
    readers = [READER.replace("ada", f"reader{n}") + 'zone = "Europe/Berlin"\n' for n in range(1000)]
    assert len(settings(tmp_path, "".join(readers)).subscriptions) == 1001


def test_the_look(tmp_path: Path) -> None:
    assert settings(tmp_path).site.look == Look()
    chosen = """
[look.dark]
page = "#101820"
sheet = "#182430"
[look.logo]
url = "https://example.org/logo.png"
alt = "Papers"
width = 160
height = 40
[look.texts.de]
masthead = "Aus dem Labor"
"""
    found = settings(tmp_path, chosen, PROFILES + 'language = "de"\n')
    assert (found.site.look.light, found.site.look.dark.page, found.site.look.dark.ink) == (LIGHT, "#101820", DARK.ink)
    assert found.site.look.logo == Logo(url="https://example.org/logo.png", alt="Papers", width=160, height=40)
    assert found.site.look.texts_in("de").masthead == "Aus dem Labor"
    assert found.site.look.texts_in("en") == Texts(language="en")
    assert [one.language for one in found.subscriptions] == ["de"]


def readers(folder: Path, table: str) -> Settings:
    (folder / "readers.csv").write_text(table, encoding="utf-8")
    return settings(folder, '[paths]\nsubscriptions = "readers.csv"\n' + READER)


def test_readers_from_a_csv_file(tmp_path: Path) -> None:
    table = (
        "\ufeffAddress,profile,cadence,day,at,zone,pause_until\r\n"
        "bea@example.org,small,monthly,last,06:30,Asia/Tokyo,2026-08-20\r\n\r\ncyd@example.org,small,,,,,\r\n"
    )
    _, bea, cyd, feed = readers(tmp_path, table).subscriptions
    assert (bea.id, bea.cadence, bea.day, bea.at) == ("small/bea@example.org", Cadence.MONTHLY, 0, time(6, 30))
    assert (bea.zone, bea.pause_until) == ("Asia/Tokyo", date(2026, 8, 20))
    assert (cyd.cadence, cyd.at, cyd.zone) == (Cadence.DAILY, time(7, 0), "UTC")
    assert feed.address is None


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", "line 1: the header needs one column `address`"),
        ("address\n", "line 1: the header needs one column `profile`"),
        ("address,profile,colour\n", "line 1: no column “colour”; there are: address, profile, cadence"),
        ("address,profile,at,at\n", "line 1: a column stands there twice"),
        ("address,profile\nbea@example.org,small,daily\n", "line 2: has 3 cells, and the header 2"),
        ("address,profile\nbea,small\n", "line 2: address: "),
        ("address,profile\n,small\n", "line 2: address: is missing and must be set"),
        ("address,profile,zone\n\nbea@example.org,small,Mars\n", "line 3: zone: not a time zone"),
        ("address,profile\nada@example.org,small\n", "line 2: ada@example.org has “small” already; drop one"),
        ("address,profile\nbea@example.org,big\n", "line 2.profile: no profile “big”; there are: small"),
        ('address,profile\n"bea@example.org,small\n', "not valid CSV"),
    ],
)
def test_mistakes_in_a_csv_file(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        readers(tmp_path, table)
    assert str(raised.value).startswith(f"{tmp_path / 'readers.csv'}: ")
    assert told in str(raised.value)


def test_a_csv_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"readers\.csv: no such file; write it, or drop `subscriptions`"):
        settings(tmp_path, '[paths]\nsubscriptions = "readers.csv"\n')


def test_months(tmp_path: Path) -> None:
    assert settings(tmp_path, READER + 'cadence = "monthly"\nday = "last"\n').subscriptions[0].day == 0
    assert settings(tmp_path, READER + 'cadence = "monthly"\nday = 28\n').subscriptions[0].day == 28


def test_the_roll_changes_with_the_files_it_comes_from(tmp_path: Path) -> None:
    before = readers(tmp_path, "address,profile\n").roll
    assert readers(tmp_path, "address,profile\n").roll == before
    assert readers(tmp_path, "address,profile\nbea@example.org,small\n").roll != before


# --- mistakes ----------------------------------------------------------------------------------------------------

# what stands in the file; the key that is named; what must be told of it, and of what to write instead
MISTAKES = [
    ("[sit]\n", "sit", "no such setting; did you mean `site`?"),
    ('[site]\nnam = "x"\n', "site.nam", "no such setting; did you mean `name`?"),
    ('[site]\naddress = "x"\n', "site.address", "no such setting; see the commented example"),
    ("site = 3\n", "site", "must be a table, written as [NAME]"),
    ("[paths]\nprofiles = 5\n", "paths.profiles", 'must be a path, written as "../folder" (found 5)'),
    ('[transport]\nkind = "pigeon"\n', "transport.kind", "'smtp' or 'sendmail' (found 'pigeon')"),
    (
        '[[delivery.domain]]\nname = "a@example.net"\n',
        "delivery.domain.1.name",
        "not a domain; write a plain name such as example.net",
    ),
    (
        '[[delivery.domain]]\nname = "a.net"\n[[delivery.domain]]\nname = "A.net"\n',
        "delivery",
        "a.net stands there twice",
    ),
    ('[transport]\nkind = "sendmail"\ncommand = []\n', "transport.command", "at least 1"),
    ("[transport]\nport = 70000\n", "transport.port", "less than or equal to 65535 (found 70000)"),
    ('[delivery]\nafter_crash = "?"\n', "delivery.after_crash", "'resend' or 'hold' (found '?')"),
    ("[delivery]\nretry_minutes = [5, 0]\n", "delivery.retry_minutes.2", "greater than or equal to 1 (found 0)"),
    ("[delivery]\nretry_minutes = 5\n", "delivery.retry_minutes", "must be a list, written in square brackets"),
    ("[delivery]\ngive_up_after_hours = 1000000000000\n", "delivery.give_up_after_hours", "less than or equal to"),
    ('[feeds]\nat = "25:00"\n', "feeds.at", "not a time of day; write it as \"07:00\" (found '25:00')"),
    ('[feeds]\nat = "7 am"\n', "feeds.at", 'not a time of day; write it as "07:00"'),
    ("[feeds]\nat = 7\n", "feeds.at", 'not a time of day; write it as "07:00" (found 7)'),
    ('[feeds]\nat = "07:00+02:00"\n', "feeds.at", 'write it as "07:00" and set the zone with `zone`'),
    ('[feeds]\nzone = "CEST"\n', "feeds.zone", "write an IANA name such as Europe/Berlin or UTC (found 'CEST')"),
    ('[feeds]\nzone = "../etc"\n', "feeds.zone", "not a time zone"),
    ('[site]\nurl = "digest.org"\n', "site.url", "write it whole, such as https://digest.example.org"),
    ('[site]\nurl = "ftp://a.org"\n', "site.url", "not a web address"),
    ('[site]\nurl = "https://a.org/<b>"\n', "site.url", "not a web address"),
    ('[site]\nsender = "Ada"\n', "site.sender", "Write a plain address such as reader@example.org (found 'Ada')"),
    ('[site]\nsender = "A <a@b.org>"\n', "site.sender", "Write a plain address such as reader@example.org"),
    ('[site]\naccent = "red"\n', "site.accent", "not a colour; write it as #b5482f (found 'red')"),
    ('[site]\nname = "a\\nb"\n', "site.name", "has a line break or a control character; write it in one line"),
    ("[site]\ntag_date = 2026\n", "site.tag_date", "must be a date, written as 2026-01-01 (found 2026)"),
    ('[[subscription]]\nprofile = "small"\n', "subscription.1.address", "is missing and must be set"),
    (READER.replace("ada@example.org", "ada"), "subscription.1.address", "Write a plain address"),
    (READER + "weekday = 1\n", "subscription.1.weekday", "write one of monday, tuesday,"),
    (READER + 'weekday = "Freitag"\n', "subscription.1.weekday", "friday, saturday, sunday (found 'Freitag')"),
    (READER + 'cadence = "hourly"\n', "subscription.1.cadence", "'weekly', 'monthly' or 'when-good' (found 'hourly')"),
    (READER + "day = 31\n", "subscription.1.day", 'not in every month; write a day from 1 to 28, or "last"'),
    (READER + 'day = "first"\n', "subscription.1.day", "write one from 1 to 28, or \"last\" (found 'first')"),
    (READER + "good = 0\n", "subscription.1.good", "greater than or equal to 1 (found 0)"),
    (READER + 'pause_until = "soon"\n', "subscription.1.pause_until", "date"),
    (READER.replace("small", "big"), "subscription.1.profile", "no profile “big”; there are: small"),
    (READER + READER.replace("ada", "Ada"), "subscription.2", "has “small” already; drop one"),
    (SOURCE, "source.1.kind", "is missing and must be set"),
    (SOURCE + 'kind = "ftp"\n', "source.1.kind", "'oai-pmh' or 'url' (found 'ftp')"),
    (SOURCE + 'kind = "url"\n', "source.1", "the kind url needs `url`"),
    (SOURCE + 'kind = "arxiv-rss"\n', "source.1", "the kind arxiv-rss needs `categories`"),
    (SOURCE + 'kind = "arxiv-api"\n', "source.1", "the kind arxiv-api needs `categories` or `query`"),
    (SOURCE + 'kind = "hf-daily"\nset = "cs"\n', "source.1.set", "is of no use to the kind hf-daily; drop it"),
    (SOURCE + 'kind = "url"\nurl = "file:///x"\n', "source.1.url", "not a web address"),
    (SOURCE + 'kind = "url"\nurl = "https://me:pw@a.org/"\n', "source.1.url", "must not hold a login"),
    (SOURCE + 'kind = "arxiv-rss"\ncategories = ["cs CL"]\n', "source.1.categories.1", "write it as cs.CL"),
    (SOURCE.replace('"a"', '"../a"') + 'kind = "hf-daily"\n', "source.1.name", "not a plain name"),
    ((SOURCE + 'kind = "hf-daily"\n') * 2, "source.2.name", "there is a source “a” already; choose another"),
    ("subscription = 3\n", "subscription", "must be a list"),
    (READER + 'language = "xx"\n', "subscription.1.language", "write one of en, de (found 'xx')"),
    ('[look.light]\nink = "#cccccc"\n', "look.light", "ink #cccccc on the sheet #fffdf9 has a contrast of 1.6"),
    ('[look.dark]\naccent = "#402020"\n', "look.dark", "a contrast of 4.5 is needed to be read"),
    ('[look.light]\nsheet = "#ffffff"\n', "look.light.sheet", "replace; write #fefefe (found '#ffffff')"),
    ('[look.light]\ninc = "#000000"\n', "look.light.inc", "no such setting"),
    (LOGO.replace('alt = "A"', ""), "look.logo.alt", "is missing and must be set"),
    (LOGO.replace("https", "http"), "look.logo.url", "must be an https address"),
    ('[look.texts.xx]\nfooter = "x"\n', "look.texts.xx", "there is no such language; write one of en, de"),
    ('[look.texts.en]\nmasthead = "a\\nb"\n', "look.texts.en.masthead", "has a line break"),
]

PROFILE_MISTAKES = [
    ('title = "x"\n', "title", "must be a table, written as [NAME]"),
    ("[small]\n", "small.title", "is missing and must be set"),
    ("[profiles]\ntitle = 3\n", "profiles.title", "valid string (found 3)"),
    ('["Small ones"]\ntitle = "x"\n', "Small ones", "write at most 41 of a-z, 0-9 and -, such as small-models"),
    (PROFILES + "limit = 0\n", "small.limit", "greater than or equal to 1 (found 0)"),
    (PROFILES + '[small.mute]\nwords = ["C++"]\n', "small.mute.words.1", "write a longer phrase"),
    (PROFILES + "trend_weight = 1.5\n", "small.trend_weight", "less than or equal to 1 (found 1.5)"),
    (PROFILES + 'colour = "red"\n', "small.colour", "no such setting"),
    (PROFILES + 'authors = "Ada"\n', "small.authors", "must be a list, written in square brackets"),
    (PROFILES + "authors = [5]\n", "small.authors.1", 'write "…" or { text = "…", weight = 2.0 } (found 5)'),
    (PROFILES + "explore = -1\n", "small.explore", "greater than or equal to 0 (found -1)"),
    (PROFILES + '[[small.topic]]\nname = "t"\nwords = [{ text = "agent", weight = nan }]\n', "weight", "(found nan)"),
    (PROFILES + '[small.mute]\nword = ["a"]\n', "small.mute.word", "no such setting"),
    (PROFILES + '[[small.topic]]\nname = "t"\nshare = 1.5\n', "small.topic.1.share", "less than or equal to 1"),
    (
        PROFILES + '[[small.topic]]\nname = "t"\nshare = 0.6\n' * 2,
        "small.topic",
        "are 1.2 together; make them at most 1",
    ),
    (PROFILES + '[[small.topic]]\nname = "t"\n' * 2, "small.topic", "two topics have the name “t”; rename one"),
    (
        PROFILES + '[[small.topic]]\nname = "t"\nwords = [{ text = "agent", weight = "2" }]\n',
        "small.topic.1.words.1.weight",
        "must be a number, written without quotes (found '2')",
    ),
    (PROFILES + "limit = true\n", "small.limit", "must be a number, written without quotes (found True)"),
    (PROFILES + '[[small.topic]]\nname = "t"\nlibrary = "a.bib"\n', "small.topic.1.library", "must be a list"),
    ('[a]\ntitle = "A"\n[b]\ntitle = "B"\nformerly = "a"\n', "b.formerly", "“a” is or was another profile too"),
    (PROFILES + "limit = 3\nexplore = 4\n", "small.explore", "is more than the limit of 3 papers; lower it"),
    (PROFILES + "fade_days = 0\n", "small.fade_days", "greater than or equal to 1 (found 0)"),
]


@pytest.mark.parametrize(("text", "key", "told"), MISTAKES, ids=[f"{row[1]} {n}" for n, row in enumerate(MISTAKES)])
def test_mistakes(tmp_path: Path, text: str, key: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        settings(tmp_path, text)
    (line,) = str(raised.value).splitlines()
    assert line.startswith(f"{tmp_path / 'digest.toml'}: {key}: ")
    assert told in line


@pytest.mark.parametrize(("text", "key", "told"), PROFILE_MISTAKES, ids=[row[1] for row in PROFILE_MISTAKES])
def test_mistakes_in_profiles(tmp_path: Path, text: str, key: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        settings(tmp_path, profiles=text)
    (line,) = str(raised.value).splitlines()
    assert line.startswith(f"{tmp_path / 'profiles.toml'}: ") and f"{key}: " in line
    assert told in line


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        settings(tmp_path, '[site]\naccent = "red"\n[feeds]\nat = "x"\n' + READER + 'zone = "Mars"\n')
    assert [line.split(": ")[1] for line in str(raised.value).splitlines()] == [
        "site.accent",
        "feeds.at",
        "subscription.1.zone",
    ]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("digest.toml", None, "no such file. Make a working folder with `digest init FOLDER`."),
        ("profiles.toml", None, "no such file."),
        ("digest.toml", b"x =", "not valid TOML"),
        ("profiles.toml", b"[small", "not valid TOML"),
        ("digest.toml", b"\xff\xfe", "is not UTF-8 from byte 0 on; save it as UTF-8"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    path = written(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        load(path)
    assert str(raised.value).startswith(f"{tmp_path / name}: ") and told in str(raised.value)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_one_fault_is_told_once(tmp_path: Path) -> None:
    place = tmp_path / "digest.toml"
    place.write_text("[delivery]\nretry_minutes = [0]\n")
    with pytest.raises(ConfigError) as error:
        load(place)
    assert "retry_minutes.1: input should be greater" in str(error.value)
    assert "at least 1 item" not in str(error.value)
