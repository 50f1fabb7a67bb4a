"""Real feed readers on real feeds: `python readers.py FOLDER [READER_PYTHON]`, or `make readers`.

newsboat, rss2email, sfeed and the library `reader` follow feeds of the sample dumps over HTTP, on loopback. Each has to
see every entry once, nothing new when an unchanged feed is asked again, and the new ones alone when the next day has
come. jing holds every Atom file against the grammar, and all files are held against the rules of the W3C's validator. A
reader that is not installed is named and left out; exit code 1 if any was wrong or none was there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from feed_rules import faults
from lxml import etree

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "config" / "samples"
FIRST, SECOND = "2026-06-01T21:00:00+00:00", "2026-06-02T21:00:00+00:00"
TYPES = {".atom": "application/atom+xml", ".rss": "application/rss+xml", ".json": "application/feed+json"}
FEEDS = ("trending", "small-models/editions", "robots/topic/robots")
SCRIPT = """
import sys, reader
feeds = reader.make_reader(sys.argv[1])
feeds.add_feed(sys.argv[2], exist_ok=True)
feeds.update_feed(sys.argv[2])
print("\\n".join(one.id for one in feeds.get_entries(feed=sys.argv[2])))
"""

Look = Callable[[Path, str], list[str]]  # a folder of its own and the feed's address -> what it has of it


class Server(ThreadingHTTPServer):
    """Serves the files below a folder as a web server does: types, ETag, 304, the packed file where it is wanted."""

    folder: Path
    answers: list[int]


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.server.folder / self.path.lstrip("/")
        if not path.is_file():
            self._answer(404, b"")
            return
        packed = "gzip" in self.headers.get("Accept-Encoding", "")
        content = (path.with_name(f"{path.name}.gz") if packed else path).read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        headers = {"ETag": tag, "Vary": "Accept-Encoding", "Content-Type": TYPES.get(path.suffix, "text/html")}
        if packed:
            headers["Content-Encoding"] = "gzip"
        known = self.headers.get("If-None-Match") == tag
        self._answer(304 if known else 200, b"" if known else content, headers)

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.server.answers.append(status)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.folder, server.answers = folder, []
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def called(*command: str | Path, **more: Any) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)
    if ran.returncode:
        raise RuntimeError(f"{command[0]} failed: {ran.stdout[-500:]}{ran.stderr[-500:]}")
    return ran.stdout


# --- the readers ---------------------------------------------------------------------------------------------


def newsboat(folder: Path, url: str) -> list[str]:
    (folder / "urls").write_text(f"{url}\n")
    (folder / "config").write_text("")
    files = ("-u", folder / "urls", "-C", folder / "config", "-c", folder / "cache.db")
    called("newsboat", "-q", *files, "-x", "reload")
    with closing(sqlite3.connect(folder / "cache.db")) as database:
        return [row[0] for row in database.execute("select guid from rss_item")]


def rss2email(folder: Path, url: str) -> list[str]:
    """Its mails, which it puts into a Maildir."""
    files = ("r2e", "-c", folder / "rss2email.cfg", "-d", folder / "rss2email.json")
    if not (folder / "rss2email.cfg").exists():
        called(*files, "new", "reader@example.net")
        settings = (folder / "rss2email.cfg").read_text()
        mail = folder / "Mail"
        for name in ("cur", "new", "tmp"):
            (mail / "inbox" / name).mkdir(parents=True)
        settings = settings.replace("email-protocol = sendmail", "email-protocol = maildir")
        lines = [line for line in settings.splitlines() if not line.startswith("maildir-")]
        lines.insert(1, f"maildir-path = {mail}\nmaildir-mailbox = inbox")
        (folder / "rss2email.cfg").write_text("\n".join(lines) + "\n")
        called(*files, "add", "feed", url)
    called(*files, "run")
    return [path.name for path in (folder / "Mail").rglob("*") if path.is_file()]


def sfeed(folder: Path, url: str) -> list[str]:
    rc = folder / "sfeedrc"
    rc.write_text(f"sfeedpath='{folder}/feeds'\nfeeds() {{\n  feed 'feed' '{url}'\n}}\n")
    called("sfeed_update", rc)
    return [line.split("\t")[5] for line in (folder / "feeds" / "feed").read_text().splitlines()]


def reader_by(python: str) -> Look:
    def reader(folder: Path, url: str) -> list[str]:
        return called(python, "-c", SCRIPT, str(folder / "reader.db"), url).split()

    return reader


# --- what is asked of them -----------------------------------------------------------------------------------


def entries(path: Path) -> int:
    if path.suffix == ".json":
        return len(json.loads(path.read_text())["items"])
    return sum(1 for node in etree.parse(path).iter() if etree.QName(node).localname in ("entry", "item"))


def digest(config: Path, *args: str | Path, now: str) -> str:
    return called(sys.executable, "-m", "digest", "--config", config, "--now", now, *args)


def prepared(folder: Path, url: str) -> Path:
    """A working folder with the first day's feeds; returns its settings."""
    work = folder / "work"
    called(sys.executable, "-m", "digest", "init", work)
    config = work / "config" / "digest.toml"
    config.write_text(config.read_text().replace('url = "https://digest.example.org"', f'url = "{url}"'))
    for dump in SAMPLES.glob("hf-daily-2026-06-01*"):
        shutil.copy(dump, work / "inbox")
    digest(config, "run", now=FIRST)
    return config


def next_day(config: Path) -> None:
    inbox = config.parent.parent / "inbox"
    for dump in (*SAMPLES.glob("hf-daily-2026-06-02*"), *SAMPLES.glob("*.txt")):
        shutil.copy(dump, inbox)
    digest(config, "run", now=SECOND)


def addresses(config: Path) -> list[str]:
    """Paths of some public feeds in every format, and of a private one."""
    public = [f"feeds/{name}.{ending}" for name in FEEDS for ending in ("atom", "rss", "json")]
    told = json.loads(digest(config, "feeds", "ada@example.org", "--json", now=FIRST))
    url = str(told["feeds"][0]["papers"]["atom"])
    return [*public, url.split("/", 3)[3]]


def followed(name: str, look: Look, folder: Path, server: Server, path: str, step: int, seen: dict[str, Any]) -> str:
    """One more look at a feed, the first, the second or the one after a day; returns what is wrong, if anything."""
    own = folder / name / path.replace("/", "-")
    own.mkdir(parents=True, exist_ok=True)
    server.answers.clear()
    found = look(own, f"http://127.0.0.1:{server.server_port}/{path}")
    expected = entries(server.folder / path)
    key = (name, path)
    before, seen[key] = seen.get(key, []), found
    if len(set(found)) != len(found):
        return "an entry is there twice"
    if step < 2 and len(found) != expected:
        return f"{len(found)} of {expected} entries"
    if step == 1 and (sorted(found) != sorted(before)):
        return "an unchanged feed has something new"
    if step == 2 and not (set(before) < set(found) and len(found) == expected):
        return f"after a day {len(found)} of {expected} entries"
    return ""


def main(folder: Path, python: str | None) -> int:
    os.environ["NO_PROXY"] = "127.0.0.1"
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    every = {"newsboat": ("newsboat", newsboat), "rss2email": ("r2e", rss2email), "sfeed": ("sfeed_update", sfeed)}
    looks: dict[str, Look] = {name: look for name, (program, look) in every.items() if shutil.which(program)}
    if python and Path(python).exists():
        looks["reader"] = reader_by(python)
    missing = sorted({*every, "reader"} - set(looks))
    print(f"With: {', '.join(sorted(looks))}. Not installed: {', '.join(missing) or 'none is missing'}.")
    wrong, seen = [], dict[str, Any]()
    with serving(folder / "work" / "out") as server:
        config = prepared(folder, f"http://127.0.0.1:{server.server_port}")
        for step in range(3):
            if step == 2:
                next_day(config)
            for name, look in looks.items():
                for path in addresses(config):
                    if path.endswith(".json") and name != "reader":
                        continue  # the others do not read JSON Feed
                    if trouble := followed(name, look, folder, server, path, step, seen):
                        wrong.append(f"{name}, {path}: {trouble}")
            print(f"{('First look', 'Second look', 'A day later')[step]}: {len(wrong)} wrong so far", flush=True)
    out = folder / "work" / "out"
    for path in sorted(out.rglob("*")):
        if path.suffix in (".atom", ".rss", ".json", ".opml"):
            name = str(path.relative_to(out))
            wrong += [f"{name}: {rule}" for rule in faults(name, path.read_bytes(), datetime.fromisoformat(SECOND))]
    atoms = sorted(out.rglob("*.atom"))
    if shutil.which("jing"):
        wrong += called_jing(atoms)
    for line in wrong:
        print(line)
    print(f"{len(seen)} subscriptions, {len(atoms)} Atom files: {len(wrong)} wrong.")
    return 1 if wrong or not looks else 0


def called_jing(atoms: list[Path]) -> list[str]:
    ran = subprocess.run(
        ["jing", HERE / "data" / "atom.rng", *atoms], capture_output=True, text=True, timeout=300, check=False
    )
    return (ran.stdout + ran.stderr).splitlines() if ran.returncode else []


if __name__ == "__main__":
    place = Path(sys.argv[1]).absolute()
    if place.exists() and any(place.iterdir()):
        sys.exit(f"{place} is not empty; name a new folder")
    place.mkdir(parents=True, exist_ok=True)
    sys.exit(main(place, sys.argv[2] if len(sys.argv) > 2 else None))
