"""What tables are, and what a value may be that several of them have: a web address, a line, a colour."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator


class Row(BaseModel):
    """Settings by name, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Table(Row):
    """A table of TOML, which tells numbers, texts and truth apart: "2" is no number, and neither is true."""

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: Any, field: ValidationInfo) -> Any:
        wanted = cls.model_fields[field.field_name or ""].annotation
        if wanted in (int, float) and isinstance(value, (str, bool)):
            raise ValueError("must be a number, written without quotes")
        return value


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
