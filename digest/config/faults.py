"""Reads a file of settings, and words what is wrong in it so that its writer knows what to write instead."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from digest.config import tables
from digest.config.tables import ProfilesFile
from digest.errors import ConfigError

_Kind = TypeVar("_Kind", bound=BaseModel)


def checked(kind: type[_Kind], path: Path) -> _Kind:
    """The tables of a TOML file. ConfigError tells all of its faults, a line each."""
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file. Make a working folder with `digest init FOLDER`.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 from byte {error.start} on; save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except ValidationError as error:
        outer = 1 if kind is ProfilesFile else 0  # the name that holds the file's tables
        found = [fault for fault in error.errors() if not _follows(fault, error.errors())]
        faults = "\n".join(f"{path}: {fault_of({**fault, 'loc': fault['loc'][outer:]})}" for fault in found)
        raise ConfigError(faults) from None


# Where the library's own words would not tell what to write instead.
_PLAIN = {
    "model_type": "must be a table, written as [NAME] with its settings below",
    "tuple_type": "must be a list, written in square brackets",
    "path_type": 'must be a path, written as "../folder"',
    "date_from_datetime_inexact": "must be a date, written as 2026-01-01",
}


_SECRET = {"heartbeat"}  # settings that no message repeats


def _follows(fault: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a list is too short only as what stands in it is at fault."""
    loc = fault["loc"]
    return fault["type"] == "too_short" and any(one["loc"][: len(loc)] == loc != one["loc"] for one in others)


def fault_of(fault: Mapping[str, Any]) -> str:
    """One of the library's faults: which setting, what is wrong, and what was found."""
    where = [str(part + 1 if isinstance(part, int) else part) for part in fault["loc"] if part != "[key]"]
    key = ".".join(where) or "the file"
    if fault["type"] == "extra_forbidden":
        return f"{key}: no such setting; {_meant(where[-1])}"
    if fault["type"] == "missing":
        return f"{key}: is missing and must be set"
    message = _PLAIN.get(fault["type"], str(fault["msg"])).removeprefix("Value error, ")
    found = "" if where and where[-1] in _SECRET else f" (found {fault['input']!r})"
    return f"{key}: {message[0].lower()}{message[1:]}{found}"


def _meant(name: str) -> str:
    """What to write in place of a name that no setting of a table has."""
    names = {
        field.alias or own
        for kind in vars(tables).values()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
        for own, field in kind.model_fields.items()
    }
    near = get_close_matches(name, sorted(names - {name}), n=1, cutoff=0.75)
    return f"did you mean `{near[0]}`?" if near else "see the commented example that `digest init` writes"
