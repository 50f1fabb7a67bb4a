"""The installed wheel carries all that the program needs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_works_away_from_the_checkout(tmp_path: Path) -> None:
    build = ["wheel", "--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", tmp_path, ROOT]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    shipped = {path.name for path in (tmp_path / "site" / "digest" / "templates").iterdir()}
    assert shipped == {path.name for path in (ROOT / "templates").iterdir()}
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"}

    def digest(*args: str) -> str:
        command = [sys.executable, "-m", "digest", *args]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path, env=environment).stdout

    where = "import digest; print(digest.__file__)"
    located = subprocess.run(
        [sys.executable, "-c", where], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert located.stdout.startswith(str(tmp_path))
    digest("init", "work", "--samples")
    assert "4 of 4 messages sent" in digest("--config", "work/config/digest.toml", "run")
    assert len(list((tmp_path / "work" / "out" / "mail").glob("*.eml"))) == 4
