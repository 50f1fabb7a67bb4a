"""Writes a file whole or not at all, and only if it changed. Knows nothing of what is in it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, *, lasting: bool = True) -> bool:
    """Write by temporary file and rename, so that a reader or a crash never sees a part.

    Returns False, and leaves the file alone, if it holds these bytes already. Makes missing folders.
    What is not `lasting` is left to the system to bring to the disk, as it can be written anew.
    """
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True
