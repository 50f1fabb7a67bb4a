"""premailer, made to read a style sheet once. Imported when something is drawn: it takes a moment with all it needs."""

from __future__ import annotations

import os
from typing import Any

# premailer reads this when it is imported; its default of 128 entries thrashes with more than a few dozen rules.
os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", "4096")
from premailer import Premailer


class Inliner(Premailer):  # type: ignore[misc]  # the library has no types
    """Reads the same css once: premailer writes every rule of it anew for every piece, nine tenths of its time."""

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
        key = (css_body, ruleset_index)
        if key not in _rules:
            if len(_rules) >= _KEPT_SHEETS:
                _rules.clear()
            _rules[key] = super()._parse_style_rules(css_body, ruleset_index)
        rules, leftover = _rules[key]
        return list(rules), list(leftover)


_rules: dict[tuple[str, int], tuple[list[Any], list[Any]]] = {}
_KEPT_SHEETS = 64
