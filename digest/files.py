"""Writes files whole or not at all, and only if they changed. Knows nothing of what is in them.

What a file holds is on the disk before it bears its name: not even a power cut leaves an empty one there.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OF_BATCH = re.compile(r"\..+\.(?P<process>[0-9]+)-[0-9]+\.new")


@contextmanager
def named(path: Path) -> Iterator[None]:
    """An error of the system tells of which file it is: one of writing, as on a full disk, does not by itself."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def write_whole(path: Path, content: bytes) -> bool:
    """Write by temporary file and rename, so that a reader or a crash never sees a part.

    Returns False, and leaves the file alone, if it holds these bytes already. Makes missing folders.
    """
    if _holds(path, content):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    try:
        with named(path), os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def _holds(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() == content


class Batch:
    """Many files, put in place together: to bring all to the disk at once costs a tenth of one after the other.

    Each lies beside its place until `settle`, under a name that no other batch has. At the end of the `with`, or with
    `drop`, those that were not put in place are gone; what a kill leaves there, the next batch takes away.
    """

    def __init__(self) -> None:
        self._ready: dict[Path, Path] = {}  # by its place, where it lies
        self._folders: set[Path] = set()
        self._end = f"{os.getpid()}-{id(self)}.new"

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def __len__(self) -> int:
        return len(self._ready)

    def write(self, path: Path, content: bytes) -> bool:
        """Returns False, and leaves the file alone, if it holds these bytes already. Makes missing folders."""
        if _holds(path, content):
            return False
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            _sweep(path.parent)
            self._folders.add(path.parent)
        self._ready[path] = temporary = path.with_name(f".{path.name}.{self._end}")
        with named(path):
            temporary.write_bytes(content)
        temporary.chmod(0o644)
        return True

    def settle(self) -> None:
        """Put all in place."""
        if self._ready:
            os.sync()
        for path, temporary in list(self._ready.items()):
            temporary.replace(path)
            del self._ready[path]

    def drop(self) -> None:
        """Take away those that are not in place. The batch can be filled anew."""
        while self._ready:
            self._ready.popitem()[1].unlink(missing_ok=True)
        self._folders.clear()


def _sweep(folder: Path) -> None:
    """Takes away what batches left there whose process is gone."""
    with os.scandir(folder) as there:
        names = [one.name for one in there if one.name.startswith(".")]  # maybe a few of a million
    for name in names:
        try:
            if found := _OF_BATCH.fullmatch(name):
                os.kill(int(found["process"]), 0)
        except (ProcessLookupError, OverflowError):
            (folder / name).unlink(missing_ok=True)
        except PermissionError:
            continue  # somebody else's, and at work
