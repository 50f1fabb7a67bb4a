"""Contrast as the WCAG defines it (2.2, "relative luminance"), so that any accent stays readable in both schemes."""

from __future__ import annotations

import re

from digest.errors import RenderError

_ENOUGH = 4.5  # WCAG 2.2 AA for normal text


def contrast(one: str, other: str) -> float:
    """Ratio of 1 to 21 between two colours written as #rrggbb or #rgb."""
    darker, lighter = sorted((_luminance(_channels(one)), _luminance(_channels(other))))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, background: str) -> str:
    """The colour itself if it can be read on the background, else the nearest shade or tint of it that can."""
    channels = _channels(colour)
    target = 0 if _luminance(_channels(background)) > 0.18 else 255
    for step in range(33):
        mixed = "#" + "".join(f"{round(c + (target - c) * step / 32):02x}" for c in channels)
        if contrast(mixed, background) >= _ENOUGH:
            return mixed
    return mixed


def mixed(colour: str, other: str, share: float) -> str:
    """The colour with so much of the other in it, 0 to 1."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    if not re.fullmatch(r"#(?:[0-9a-fA-F]{3}){1,2}", colour):
        raise RenderError(f"colour {colour!r} cannot be used; write it as #rrggbb")
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _luminance(channels: tuple[int, int, int]) -> float:
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
