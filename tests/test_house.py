"""The house's rules: imports point down, edges are strangers, one door a library, only doors ask the clock, sizes."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "digest"
FLOORS = [
    {"model", "errors", "files", "text", "wire"},
    {
        "calendars",
        "days",
        "diff",
        "match",
        "phrases",
        "words",
        "trend",
        "learn",
        "rank",
        "sections",
        "compose",
        "explain",
        "advice",
        "cadence",
        "measure",
        "patience",
        "whereabouts",
    },
    {"listings", "store", "render", "message", "transport", "feed", "websub", "fetch", "library", "encoder"}
    | {"addresses", "bounces", "mailboxes", "notices", "sign", "lint", "records", "zones", "metrics", "heartbeat"},
    {"pipeline"},
    {"cli", "scheduler", "stopping", "config"},
]
FLOOR = {"masks": -1} | {room: number for number, rooms in enumerate(FLOORS) for room in rooms}  # what errors stand on
CORE, EDGES, DOORS = FLOORS[1], FLOORS[2], FLOORS[4]

# The one room through which each outside library comes in.
LIBRARIES: dict[str, str | set[str]] = {
    "alembic": "store",
    "apscheduler": "scheduler",
    "babel": "render",
    "bibtexparser": "library",
    "click": "cli",
    "cryptography": "sign",
    "cssselect": "lint",
    "dns": "records",
    "email_validator": "addresses",
    "feedgen": "feed",
    "feedparser": "listings",
    "filelock": "store",
    "flufl": "bounces",
    "httpcore": "fetch",
    "httpx": {"fetch", "heartbeat", "websub"},
    "jinja2": "render",
    "lxml": {"render", "listings", "fetch", "lint"},
    "markupsafe": "render",
    "msgspec": {"store", "listings"},
    "numpy": {"rank", "measure", "listings", "encoder"},
    "premailer": "render",
    "prometheus_client": "metrics",
    "protego": "fetch",
    "psycopg": "store",
    "pydantic": "config",
    "pylatexenc": "listings",
    "rich": "cli",
    "scipy": "rank",
    "Stemmer": "words",
    "sentence_transformers": "encoder",
    "sqlalchemy": "store",
    "torch": "encoder",
    "transformers": "encoder",
    "xxhash": "listings",
    "zstandard": {"listings", "store"},
}
MAIL = {"email", "imaplib", "smtplib", "mailbox"}
# What reads the world: the core has none of it, by import or by name.
WORLDLY = {
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "sys",
    "time",
    "urllib",
    "uuid",
    "open",
    "input",
}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}
CLOCK_OWNERS = {"datetime", "date", "time"}

FILES = sorted(PACKAGE.rglob("*.py"))


@cache
def nodes(path: Path) -> list[ast.AST]:
    """The module, and all that is in it."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Whole dotted names, relative ones resolved, those inside functions too."""
    here = ["digest", *path.relative_to(PACKAGE).with_suffix("").parts]
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*here[: len(here) - node.level], *filter(None, [node.module])] if node.level else [])
            base = base or node.module or ""
            yield from (f"{base}.{alias.name}" for alias in node.names) if base == "digest" else (base,)


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


Rule = Callable[[Path], None]
RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    """What every file has to keep; it is told of one that does not."""
    RULES.append(check)
    return check


def test_every_room_has_a_floor() -> None:
    rooms = {room(path) for path in FILES} - {"__init__", "__main__"}
    assert rooms <= set(FLOOR)


@rule
def imports_point_down_and_edges_are_strangers(path: Path) -> None:
    mine = room(path)
    if mine not in FLOOR:
        return
    for module in imports(path):
        theirs = module.split(".")[1] if module.startswith("digest.") else mine
        if theirs in (mine, "__version__"):
            continue
        assert theirs in FLOOR, f"{module} has no floor"
        if mine in EDGES:
            assert FLOOR[theirs] <= 0, f"an edge imports {module}"
        elif mine in CORE or mine in DOORS:
            assert FLOOR[theirs] <= FLOOR[mine], f"{module} is upstairs"
        else:
            assert FLOOR[theirs] < FLOOR[mine], f"{module} is not downstairs"


@rule
def each_library_enters_by_one_door(path: Path) -> None:
    for module in imports(path):
        library = module.partition(".")[0]
        if library == "digest" or library in sys.stdlib_module_names:
            continue
        assert library in LIBRARIES, f"{library} has no door"
        doors = LIBRARIES[library]
        assert room(path) in ({doors} if isinstance(doors, str) else doors), f"{library} comes in by {doors}"


@rule
def mail_and_sql_have_their_places(path: Path) -> None:
    libraries = {module.partition(".")[0] for module in imports(path)}
    senders = {"message", "transport", "cli", "bounces", "mailboxes", "notices", "sign", "lint", "listings"}
    assert room(path) in senders or not libraries & MAIL
    assert room(path) == "store" or "sqlite3" not in libraries


@rule
def the_core_touches_nothing_but_its_arguments(path: Path) -> None:
    if room(path) not in CORE | {"masks", "model", "errors", "text", "wire"}:
        return
    found = {module.partition(".")[0] for module in imports(path) if not module.startswith("urllib.parse")}
    names = {node.id for node in nodes(path) if isinstance(node, ast.Name)}
    assert not WORLDLY & found
    assert not WORLDLY & (names - {"time"})


@rule
def only_doors_ask_the_clock(path: Path) -> None:
    if room(path) in {"cli", "scheduler"}:
        return
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            owner = node.func.value
            called = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            assert called not in CLOCK_OWNERS, f"line {node.lineno} asks the clock"


def code_lines(path: Path) -> int:
    """Lines that are neither blank nor comment nor docstring."""
    words = {
        line
        for node in nodes(path)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return sum(bool(line.strip()) and line.strip()[0] != "#" and number not in words for number, line in lines)


@rule
def sizes(path: Path) -> None:
    assert code_lines(path) <= 400
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"


@rule
def no_pattern_is_possessive(path: Path) -> None:
    """Python before 3.11.5, Debian 12's, is wrong about such patterns."""
    words = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            without_sets = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", node.value)
            assert not re.search(r"(?:[\w.]|[^(]\))[*+?]\+|\d}\+|\(\?>", without_sets), (
                f"line {node.lineno}: {node.value}"
            )


@rule
def names_and_first_words(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "common", "manager", "core", "misc"}
    if path.parent == PACKAGE:
        assert path.stem not in sys.stdlib_module_names
    if "migrations" not in path.parts and path.stat().st_size:
        assert ast.get_docstring(nodes(path)[0]), "a module says what it owns"


@pytest.mark.parametrize("kept", RULES, ids=lambda one: one.__name__)
def test_every_file_keeps_the_rule(kept: Rule) -> None:
    faults = []
    for path in FILES:
        try:
            kept(path)
        except AssertionError as fault:
            faults.append(f"{name(path)}: {fault}")
    assert not faults, "\n".join(faults)
