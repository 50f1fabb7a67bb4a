"""Our mails, pages and feeds before programs that nobody here wrote.

SpamAssassin, rspamd, the Nu checker, html-validate, axe in Chromium, and Postfix. They are to find nothing; `make
mail-check` runs it, in some minutes.

    python tests/mail_check.py [--only NAME …] [--tools FOLDER] [--keep FOLDER]

What is missing is installed where that is allowed (apt-get as root, npm into the tools folder); what cannot be had is
named and left out. Each checker of pages is shown a broken one first, so that its silence means something.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import dkim
import mail_samples
from editions import ADDRESS, edition
from name_server import NameServer
from postfix import postfix
from rspamd import rspamd, scored

from digest.bounces import read_returned
from digest.lint import lint
from digest.model import ReturnKind
from digest.sign import ED25519, RSA, Signer, make_key
from digest.transport import SmtpTransport

HERE = Path(__file__).parent
MOST_SPAM = 0.5
PACKAGES = {"spamassassin": "spamassassin", "rspamd": "rspamd", "/usr/sbin/postfix": "postfix", "chromium": "chromium",
            "java": "default-jre-headless", "npm": "npm"}  # fmt: skip
MODULES = ("html-validate@10", "vnu-jar@24.10.17", "axe-core@4", "puppeteer-core@24")  # later vnu-jars fetch their jar
# What a mail has to have: styles in attributes, comments for Outlook, roles for programs that drop elements.
HTML_RULES = {
    "extends": ["html-validate:recommended"],
    "root": True,
    "rules": {"no-inline-style": "off", "no-conditional-comment": "off", "prefer-native-element": "off"},
}
BROKEN = (
    '<!DOCTYPE html><html><body><img src="x.png"><p style="color:#ddd;background:#fff">pale<p><a href="x"></a></body>'
)
DATED = {"DATE_IN_PAST"}  # the samples are of one day, for ever
AUTHENTIC = {"R_DKIM_ALLOW", "R_SPF_ALLOW", "DMARC_POLICY_ALLOW"}


class LeftOutError(Exception):
    """A program cannot be had here."""


@dataclass(frozen=True)
class Samples:
    folder: Path
    mails: tuple[Path, ...]
    pages: tuple[Path, ...]  # the HTML of the mails, their web pages, and those around them
    feed: Path


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--only", nargs="+", choices=sorted(CHECKS), default=sorted(CHECKS))
    parser.add_argument("--tools", type=Path, default=HERE.parent / ".mail-check")
    parser.add_argument("--keep", type=Path, help="Keep the samples in this folder.")
    given = parser.parse_args()
    given.tools.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)  # Postfix has several users
        samples = written(given.keep or Path(scratch) / "samples")
        failed = 0
        for name in given.only:
            room = Path(scratch) / name
            room.mkdir()
            failed += not told(name, CHECKS[name], samples, room, given.tools)
    return min(failed, 1)


def told(name: str, check: Check, samples: Samples, room: Path, tools: Path) -> bool:
    """Run a check and say how it ended; what was left out is no failure."""
    try:
        found = list(check(samples, room, tools))
    except LeftOutError as why:
        print(f"left out  {name}: {why}")
        return True
    print(f"{'FOUND' if found else 'ok':9} {name}: {f'{len(found)} things' if found else 'nothing found'}", flush=True)
    for words in found[:40]:
        print(f"          {words}")
    return not found


def written(folder: Path) -> Samples:
    rows = list(mail_samples.written(folder))
    pages = tuple(path for _, _, html, page in rows for path in (html, page))
    mails = tuple(mail for _, mail, _, _ in rows)
    return Samples(folder, mails, pages + mail_samples.site(folder / "site"), mail_samples.feed(folder))


# --- what is needed -------------------------------------------------------------------------------------------------


def program(name: str) -> str:
    """Its path, after apt-get has been asked for it if need be."""
    if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # starts no daemons
        for command in (["update"], ["install", "-y", "--no-install-recommends", PACKAGES[name]]):
            subprocess.run(["apt-get", *command], env=quiet, capture_output=True, timeout=900)
    if (path := shutil.which(name)) is None:
        raise LeftOutError(f"{name} is not there; install the package {PACKAGES[name]}")
    return path


def modules(tools: Path) -> Path:
    """The folder of the npm packages."""
    there = tools / "node_modules"
    wanted = [re.sub("(?<=.)@.*", "", one) for one in MODULES]
    if not all((there / one).is_dir() for one in wanted):
        command = [program("npm"), "install", "--no-fund", "--no-audit", "--prefix", str(tools), *MODULES]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=900)
        if ended.returncode:
            raise LeftOutError(f"npm cannot install {', '.join(MODULES)}: {ended.stderr[-300:]}")
    return there


# --- the checks -----------------------------------------------------------------------------------------------------


def by_lint(samples: Samples, room: Path, tools: Path) -> Iterator[str]:
    for mail in samples.mails:
        yield from (f"{mail.name}: {one.rule} {one.where}: {one.advice}" for one in lint(mail.read_bytes()))


def by_spamassassin(samples: Samples, room: Path, tools: Path) -> Iterator[str]:
    """Scores of local tests, all mails in one run."""
    box = room / "mbox"
    box.write_bytes(b"".join(b"From x Fri Nov 21 06:00:00 2025\n" + _unix(mail) + b"\n" for mail in samples.mails))
    command = [program("spamassassin"), "-L", "-t", "--mbox", str(box)]
    home = {**os.environ, "HOME": str(room)}
    ended = subprocess.run(command, env=home, capture_output=True, text=True, errors="replace", timeout=900)
    scores = [float(one) for one in re.findall(r"^Content analysis details:\s+\((-?[\d.]+) points", ended.stdout, re.M)]
    if len(scores) != len(samples.mails):
        yield f"{len(scores)} scores for {len(samples.mails)} mails: {ended.stderr[-500:]}"
    for mail, score in zip(samples.mails, scores, strict=False):
        if score > MOST_SPAM:
            yield f"{mail.name}: {score}"


def _unix(mail: Path) -> bytes:
    return re.sub(rb"(?m)^From ", b">From ", mail.read_bytes().replace(b"\r\n", b"\n"))


def by_rspamd(samples: Samples, room: Path, tools: Path) -> Iterator[str]:
    """With signatures of our own, and SPF, DKIM and DMARC resolved by the tests' own name server."""
    program("rspamd")
    keys = [make_key(room / f"{kind}.pem", kind, kind) for kind in (RSA, ED25519)]
    zone = {
        ("bounces.example.org", "TXT"): ['"v=spf1 ip4:192.0.2.7 -all"'],
        ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=reject; np=reject"'],
        ("7.2.0.192.in-addr.arpa", "PTR"): ["out.example.org."],
        ("out.example.org", "A"): ["192.0.2.7"],
        ("example.org", "MX"): ["10 out.example.org."],
        ("bounces.example.org", "MX"): ["10 out.example.org."],
    }
    for key in keys:
        strings = " ".join(f'"{key.record[at : at + 250]}"' for at in range(0, len(key.record), 250))
        zone[f"{key.selector}._domainkey.example.org", "TXT"] = [strings]
    envelope = {"IP": "192.0.2.7", "Helo": "out.example.org", "Hostname": "out.example.org", "Rcpt": ADDRESS,
                "From": f"bounce+{mail_samples.TOKEN}@bounces.example.org"}  # fmt: skip
    signer = Signer("example.org", keys)
    with NameServer(zone) as names, rspamd(room, names.address) as at:
        for mail in samples.mails:
            score, symbols = scored(at, signer(mail.read_bytes()), envelope)
            score -= sum(symbols.get(name, 0) for name in DATED)
            counted = {name: points for name, points in symbols.items() if points > 0.1 and name not in DATED}
            if score > MOST_SPAM or not set(symbols) >= AUTHENTIC:
                yield f"{mail.name}: {score:.2f} {counted}, missing {sorted(AUTHENTIC - set(symbols))}"


def by_the_nu_checker(samples: Samples, room: Path, tools: Path) -> Iterator[str]:
    jar = modules(tools) / "vnu-jar" / "build" / "dist" / "vnu.jar"

    def checked(paths: Sequence[Path]) -> list[str]:
        command = [program("java"), "-jar", str(jar), "--format", "json", "--exit-zero-always", *map(str, paths)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=900)
        return [
            f"{Path(one['url']).name}:{one.get('lastLine')}: {one['message']}"
            for one in json.loads(ended.stderr or ended.stdout)["messages"]
        ]

    _awake(checked, room)
    yield from checked(samples.pages)


def by_html_validate(samples: Samples, room: Path, tools: Path) -> Iterator[str]:
    command = [str(modules(tools) / ".bin" / "html-validate"), "-f", "json", "-c", str(room / "rules.json")]
    (room / "rules.json").write_text(json.dumps(HTML_RULES))

    def checked(paths: Sequence[Path]) -> list[str]:
        ended = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, timeout=900)
        return [
            f"{Path(file['filePath']).name}:{one['line']}: {one['ruleId']}: {one['message']}"
            for file in json.loads(ended.stdout)
            for one in file["messages"]
        ]

    _awake(checked, room)
    yield from checked(samples.pages)


def by_axe(samples: Samples, room: Path, tools: Path) -> Iterator[str]:
    command = ["node", str(HERE / "mail_axe.js"), program("chromium"), str(modules(tools).resolve())]

    def checked(paths: Sequence[Path]) -> list[str]:
        ended = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, timeout=1800)
        if ended.returncode:
            raise LeftOutError(f"Chromium does not run here: {ended.stderr[-300:]}")
        rows = map(json.loads, ended.stdout.splitlines())
        return [f"{Path(o['file']).name} {o['scheme']} {o['width']} px: {o['rule']}: {o['words']}" for o in rows]

    _awake(checked, room)
    yield from checked([*samples.pages, samples.feed])


def _awake(checked: Callable[[Sequence[Path]], list[str]], room: Path) -> None:
    broken = room / "broken.html"
    broken.write_text(BROKEN)
    if not checked([broken]):
        raise LeftOutError("it finds nothing in a broken page")


def by_postfix(samples: Samples, room: Path, tools: Path) -> Iterator[str]:
    """Over TLS into Maildirs: the same bytes arrive, the signature holds, and a bounce tells whose it is."""
    program("/usr/sbin/postfix")
    if os.geteuid():
        raise LeftOutError("Postfix has several users, so that only root can start it")
    key = make_key(room / "key.pem", "r1", RSA)
    signer = Signer("example.org", [key])
    with mail_samples.world_in(room / "world") as world:
        messages = [mail_samples.message(world, one) for one in mail_samples.editions().values()]
        messages.append(mail_samples.message(world, edition(), "ada@gone.example"))
    signed = [replace(one, content=signer(one.content)) for one in messages]
    with postfix(room) as server:
        transport = SmtpTransport("localhost", server.port, "starttls", None, None, 30, server.ca_file)
        for one in signed:
            transport.send(one)
        transport.close()
        arrived = server.box("readers", len(signed) - 1)
        (bounce,) = server.box("bounces")
    for number, one in enumerate(signed[:-1]):
        (there, *more) = [mail for mail in arrived if mail.endswith(one.content)] or [b""]
        if not there or more:
            yield f"mail {number} did not arrive once with its bytes"
        elif not dkim.DKIM(there).verify(dnsfunc=lambda name, timeout=5: key.record.encode()):
            yield f"mail {number}: the signature does not hold"
    told = read_returned(bounce)
    named = {address for failure in told.failures for address in failure.addresses}
    if (told.kind, told.tokens, named) != (ReturnKind.HARD, (mail_samples.TOKEN,), {"ada@gone.example"}):
        yield f"the bounce does not tell whose it is: {told}"


Check = Callable[[Samples, Path, Path], Iterator[str]]
CHECKS: dict[str, Check] = {
    "lint": by_lint,
    "spamassassin": by_spamassassin,
    "rspamd": by_rspamd,
    "nu": by_the_nu_checker,
    "html-validate": by_html_validate,
    "axe": by_axe,
    "postfix": by_postfix,
}

if __name__ == "__main__":
    sys.exit(main())
