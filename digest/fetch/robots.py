"""What a host's robots.txt asks of programs (RFC 9309). Does not know how it is had.

The standard library's reader takes the first rule that fits in place of the longest, and knows neither `*` nor `$`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

_LARGEST = 500 * 2**10  # what has to be read of it (2.5)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one program: patterns of paths, each with whether they are open to it."""

    of_paths: tuple[tuple[str, bool], ...] = ()
    delay: float = 0.0  # seconds between two requests, as many hosts ask for beside the RFC

    def allow(self, url: str) -> bool:
        """By the longest rule that fits; of two of a length by the one that allows."""
        parts = urlsplit(url)
        path = _plain(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
        return max(((len(rule), open_) for rule, open_ in self.of_paths if _fits(rule, path)), default=(0, True))[1]


def rules(body: bytes, agent: str) -> Rules:
    """The rules of the groups that name the agent, by its first word; else of those for all."""
    name = agent.partition("/")[0].strip().lower()
    of: dict[str, list[tuple[str, str]]] = {}
    group: list[str] = []
    told = False  # a rule of the group: another agent's name begins the next
    for key, value in _lines(body[:_LARGEST].decode("utf-8-sig", "replace")):
        if key == "user-agent":
            group = [*([] if told else group), value.partition("/")[0].strip().lower()]
            of.setdefault(group[-1], [])
        else:
            for one in group:
                of[one].append((key, value))
        told = key != "user-agent"
    ours = of.get(name, of.get("*", []))
    of_paths = tuple((_plain(value), key == "allow") for key, value in ours if key != "crawl-delay" and value)
    return Rules(of_paths, max((_seconds(value) for key, value in ours if key == "crawl-delay"), default=0.0))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon and key.strip().lower() in ("user-agent", "allow", "disallow", "crawl-delay"):
            yield key.strip().lower(), value.strip()


def _seconds(text: str) -> float:
    with suppress(ValueError):
        return max(0.0, float(text))
    return 0.0


def _plain(path: str) -> str:
    """One way to write the same octets."""
    return quote(unquote(path), safe="/*$?=&%:@!'(),;+~")


def _fits(rule: str, path: str) -> bool:
    """Whether the path begins as the rule says, where `*` is anything, and with a `$` behind ends so too."""
    first, *parts = rule.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at, ends = len(first), rule.endswith("$")
    last = parts.pop() if ends and parts else None
    for part in parts:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not ends or (at == len(path) if last is None else path.endswith(last, at))
