"""What an operator has: metrics, heartbeat, logs, doctor, backups and pruning, by the command line."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import socket
import stat
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Place, Ran
from test_empty_days import PROFILES, SETTINGS, drop

from digest import heartbeat, metrics
from digest.cli import signals
from digest.cli.context import Context
from digest.cli.logs import JsonLines
from digest.config import TEMPLATES
from digest.errors import ConfigError
from digest.model import Figure

NOON = "2026-06-01T12:00:00+00:00"


@pytest.fixture(name="small")
def _small(place: Place) -> Place:
    """One reader, one list, nothing run yet."""
    (place.folder / "config" / "profiles.toml").write_text(PROFILES)
    place.config.write_text(SETTINGS)
    drop(place, "2026-06-01", "Gliders", "Boats")
    return place


def wrong(ran: Ran) -> dict[str, str]:
    return {one["name"]: one["words"] for one in json.loads(ran.out) if one["level"] == "wrong"}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# --- metrics -------------------------------------------------------------------------------------------------------


def test_metrics_are_written_after_a_run_and_printed(small: Place) -> None:
    small.config.write_text('[operations]\nmetrics_file = "../state/digest.prom"\n' + small.config.read_text())
    assert small.run("run", now=NOON).code == 0
    written = (small.folder / "state" / "digest.prom").read_text()
    printed = small.run("metrics", now=NOON).out
    assert printed == written
    for line in (
        "digest_papers 2.0",
        'digest_outbox_messages{state="sent"} 1.0',
        'digest_source_day{source="arxiv-lab",verdict="normal"} 1.0',
        'digest_source_day{source="arxiv-lab",verdict="broken"} 0.0',
        'digest_phase_last_success_timestamp_seconds{phase="deliver"} 1.7803152e+09',
        "digest_sources_at_fault 0.0",
        "# TYPE digest_papers gauge",
    ):
        assert line in written.splitlines(), line
    assert 'verdict="muted"' not in written and 'verdict="shown"' not in written, "no source can be that"
    assert 'phase="fetch"' not in written, "no source was asked"
    names = re.findall(r"^([a-z_]+)(?:\{.*\})? [0-9.e+-]+$", written, re.MULTILINE)
    assert len(names) == len([line for line in written.splitlines() if not line.startswith("#")]), "all can be read"


def test_metrics_are_served_on_this_machine_with_hostile_labels_escaped() -> None:
    port = free_port()
    asked: list[int] = []

    def figures() -> tuple[Figure, ...]:
        asked.append(1)
        return (Figure(name="digest_x", about="X.", value=len(asked), labels={"source": 'a"\\\nb'}),)

    stop = metrics.serve(figures, port)
    try:
        for number in (1, 2):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                assert f'digest_x{{source="a\\"\\\\\\nb"}} {number}.0' in answer.read().decode()
    finally:
        stop()


def test_the_daemon_answers_with_the_figures_or_that_it_cannot_read_them(small: Place) -> None:
    port = free_port()
    small.config.write_text(f"[operations]\nmetrics_port = {port}\n" + small.config.read_text())
    context = Context(config_file=small.config, compared_file=None, given_now=datetime.fromisoformat(NOON))

    def answer() -> list[str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
            return response.read().decode().splitlines()

    with signals.served(context):
        assert {"digest_up 1.0", "digest_papers 0.0"} <= set(answer())
        (small.folder / "state" / "digest.db").write_bytes(b"not a database" * 100)
        assert "digest_up 0.0" in answer()


def test_a_second_daemon_runs_and_answers_once_the_first_has_ended(
    small: Place, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    small.config.write_text(f"[operations]\nmetrics_port = {port}\n" + small.config.read_text())
    context = Context(config_file=small.config, compared_file=None, given_now=datetime.fromisoformat(NOON))
    with ExitStack() as first:
        first.enter_context(signals.served(context))
        with signals.served(context) as listen:
            (warning,) = caplog.messages
            assert warning.startswith(f"metrics_port_taken port={port}; this daemon stands by")
            assert not listen()
            first.close()
            assert listen()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
                assert b"digest_up 1.0" in response.read()
    assert len(caplog.messages) == 1


def test_a_port_that_may_not_be_had_is_the_users_to_mend(small: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("digest.metrics.serve", refused)
    small.config.write_text("[operations]\nmetrics_port = 80\n" + small.config.read_text())
    context = Context(config_file=small.config, compared_file=None, given_now=datetime.fromisoformat(NOON))
    with pytest.raises(ConfigError, match="80 cannot be listened at"), signals.served(context):
        pass


# --- heartbeat -----------------------------------------------------------------------------------------------------


class Watcher:
    """A service that is pinged, and remembers."""

    def __init__(self) -> None:
        self.pings: list[tuple[str, str]] = []
        self.slow = threading.Event()
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                mine.pings.append((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                if self.path.startswith("/slow"):
                    mine.slow.wait(10)
                self.send_response(404 if self.path.startswith("/gone") else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(name="watcher")
def _watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    thread = threading.Thread(target=watcher.server.serve_forever)
    thread.start()
    yield watcher
    watcher.slow.set()
    watcher.server.shutdown()
    watcher.server.server_close()
    thread.join()


def test_a_run_pings_and_one_that_fails_pings_fail(small: Place, watcher: Watcher) -> None:
    small.config.write_text(
        f'[operations]\nmetrics_file = "../inbox"\nheartbeat = "{watcher.url}/5f1c"\n' + small.config.read_text()
    )
    assert small.run("run", now=NOON).code == 0, "though the metrics cannot be written over a folder"
    (small.folder / "state" / "digest.db").write_bytes(b"not a database" * 100)
    assert small.run("run", now=NOON).code == 2
    assert watcher.pings == [("/5f1c", "exit code 0"), ("/5f1c/fail", "StoreError: the run failed")]


def test_the_heartbeat_fails_while_no_mail_gets_out(stocked: Place, watcher: Watcher) -> None:
    stocked.set('kind = "directory"', 'kind = "smtp"\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"')
    stocked.set("[operations]", f'[operations]\nheartbeat = "{watcher.url}/5f1c"')
    assert stocked.run("run").code == 1
    ((path, words),) = watcher.pings
    assert path == "/5f1c/fail"
    assert words.startswith("no message could be handed over, 4 messages wait: 127.0.0.1:9")


def test_a_heartbeat_never_raises_nor_waits_and_keeps_its_address(
    watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    assert heartbeat.ping(f"{watcher.url}/a", well=True)
    assert not heartbeat.ping(f"{watcher.url}/gone-key", well=True)
    assert not heartbeat.ping(f"{watcher.url}/slow-key", well=True, timeout=0.2)
    assert not heartbeat.ping("http://127.0.0.1:9/nobody-key", well=False)
    assert not heartbeat.ping("http://[::bad-key", well=False)
    assert "key" not in caplog.text
    assert "heartbeat_failed host=127.0.0.1 reason=status 404" in caplog.text


# --- logs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "args", "shape"),
    [
        ("fetched source=%s size=%s", ("hf", 12), {"event": "fetched", "source": "hf", "size": 12}),
        ("daemon_stopped", (), {"event": "daemon_stopped"}),
        ("odd %s here", ("one",), {"event": "odd one here"}),
        ("said reply=%s", ('a "b"\n=c',), {"event": "said", "reply": 'a "b"\n=c'}),
    ],
)
def test_a_log_line_as_json(message: str, args: tuple[object, ...], shape: dict[str, object]) -> None:
    line = JsonLines().format(logging.LogRecord("digest", logging.INFO, "x.py", 1, message, args, None))
    assert "\n" not in line
    found = json.loads(line)
    assert found.pop("time")
    assert found == {"level": "INFO", "module": "digest"} | shape


# --- doctor --------------------------------------------------------------------------------------------------------


def test_the_doctor_finds_what_goes_wrong(small: Place) -> None:
    fine = small.run("doctor", "--json", now=NOON)
    assert (fine.code, wrong(fine)) == (0, {})
    assert small.run("run", now=NOON).code == 0
    assert wrong(small.run("doctor", "--json", now=NOON)) == {}
    secret = small.folder / "state" / "secret"
    secret.chmod(0o644)
    (small.folder / "inbox" / "bad.json").write_text('[{"paper": {"id": "26')
    assert small.run("ingest", small.folder / "inbox", now=NOON).code == 1
    found = small.run("doctor", "--json", now="2026-06-09T12:00:00+00:00")
    assert found.code == 1
    names = wrong(found)
    assert set(names) == {"secret", "dumps", "runs"}
    assert "chmod 600" in names["secret"]
    assert "cron or the daemon" in names["runs"]
    early = small.run("doctor", now="2026-05-01T12:00:00+00:00").out
    assert early.count("wrong clock: ") == 3
    assert "its readers get nothing until then" in early


def test_the_doctor_reads_the_mail_that_templates_make(place: Place) -> None:
    own = place.folder / "own"
    config = place.config.read_text()
    place.config.write_text(re.sub(r"(?m)^\[paths\]$", '[paths]\ntemplates = "../own"', config))
    assert "own: no such folder" in wrong(place.run("doctor", "--json", now=NOON))["templates"]
    own.mkdir()
    (own / "mial.txt.j2").write_text("")
    fine = place.run("doctor", "--json", now=NOON)
    assert (wrong(fine), "no template has that name: mial.txt.j2" in fine.out) == ({}, True)
    shipped = (TEMPLATES / "mail.txt.j2").read_text()
    for cut, lost in [
        ("(mail.unsubscribe_way, mail.unsubscribe), ", "https://example.org/u/sample"),
        ("{{ card }}", "47 votes"),
    ]:
        assert cut in shipped
        (own / "mail.txt.j2").write_text(shipped.replace(cut, ""))
        told = wrong(place.run("doctor", "--json", now=NOON))["templates"]
        assert told.startswith("mail.txt.j2")
        assert lost in told
    assert not (place.folder / "state" / "secret").exists()


def test_the_doctor_reads_a_sample_as_a_mailbox_does(place: Place) -> None:
    place.set("digest@example.org", "someone@gmail.com")
    place.set("https://digest.example.org/u/", "http://digest.example.org/u/")
    found = json.loads(place.run("doctor", "--json", now=NOON).out)
    notes = " ".join(one["words"] for one in found if one["name"] == "mail")
    assert "a domain of your own" in notes
    assert "set site.unsubscribe_url to an https address" in notes


# --- backup, restore, prune ----------------------------------------------------------------------------------------


def test_backup_and_restore_by_the_command_line(small: Place) -> None:
    assert small.run("run", now=NOON).code == 0
    counts = json.loads(small.run("status", "--json", now=NOON).out)
    file = small.folder / "b.jsonl.zst"
    ran = small.run("backup", file, now=NOON)
    assert ran.code == 0
    assert "state/secret" in ran.out.replace("\n", "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert small.run("backup", file, now=NOON).code == 2
    refused = small.run("restore", file, now=NOON)
    assert refused.code == 2
    assert "not empty" in refused.err
    (small.folder / "state" / "digest.db").unlink()
    restored = small.run("restore", file, "--json", now=NOON)
    assert restored.code == 0, restored.err
    assert json.loads(restored.out)["rows"]["papers"] == 2
    assert json.loads(small.run("status", "--json", now=NOON).out) == counts
    assert small.run("run", now=NOON).code == 4, "it goes on where the backup was made"
    assert small.run("restore", file, "--force", now=NOON).code == 0


def test_pruning_by_the_command_line(small: Place) -> None:
    assert small.run("run", now=NOON).code == 0
    later = "2026-12-01T12:00:00+00:00"
    assert "sets no days" in small.run("prune", now=later).out
    text = (
        "[retention]\nmails_days = 60\neditions_days = 60\nsightings_days = 60\ndumps_days = 60\nset_aside_days = 60\n"
        "pages_days = 60\n"
    )
    small.config.write_text(text + small.config.read_text())
    (dump,) = (small.folder / "inbox").glob("*.jsonl")
    old = time.mktime((2026, 6, 1, 12, 0, 0, 0, 0, 0))
    stranger = small.folder / "inbox" / "never-taken-in.jsonl"
    stranger.write_text("{}")
    (page,) = (small.folder / "out" / "archive").glob("*.html")
    for path in (dump, stranger, page):
        os.utime(path, (old, old))
    would = json.loads(small.run("prune", "--dry-run", "--json", now=later).out)
    assert dump.exists()
    assert json.loads(small.run("prune", "--json", now=later).out) == would
    assert would.pop("pieces") > 0
    assert would == {"mails": 1, "editions": 0, "pages": 1, "sightings": 0, "dumps": 1, "set_asides": 0}
    assert [path.exists() for path in (dump, stranger, page)] == [False, True, False]
    dump.write_bytes(b"")
    small.config.write_text(small.config.read_text().replace("mails_days = 60", "mails_days = 6"))
    ran = small.run("prune", now=later)
    assert ran.code == 2
    assert "mails_days" in ran.err
    assert Path(small.config).exists()
