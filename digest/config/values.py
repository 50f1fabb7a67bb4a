"""What a value may be that several tables have: a web address, a line, a colour."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field


def web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(c.isspace() or c in "<>\"'" for c in text):
        raise ValueError("not a web address; write it whole, such as https://digest.example.org")
    return text


def _line(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("has a line break or a control character; write it in one line")
    return text


def _colour(text: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise ValueError("not a colour; write it as #b5482f")
    return text


Url = Annotated[str, AfterValidator(web_address)]
Colour = Annotated[str, AfterValidator(_colour)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
