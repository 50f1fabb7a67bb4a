"""The installed wheel carries all that the program needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.build import build_wheel
from sources import body, serving

ROOT = Path(__file__).parent.parent


def test_the_wheel_works_away_from_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    wheel = build_wheel(str(tmp_path))  # as pip asks for it
    with zipfile.ZipFile(tmp_path / wheel) as archive:
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


def test_a_pip_that_is_another_is_not_installed() -> None:
    """What `make` does where Python has no ensurepip."""
    fetch = ROOT / ".ci" / "fetch_pip.py"
    wheel = re.search(r'"(pip-.*\.whl)"', fetch.read_text())
    assert wheel
    with serving() as index:
        environment = {**os.environ, "PIP_INDEX_URL": index.url, "NO_PROXY": "127.0.0.1"}
        index.replies[f"/{wheel[1]}"] = [body("not pip")]
        for link, told in ((f"../{wheel[1]}#sha256=0", "is another than expected"), ("../pip-1.whl", "is not there")):
            index.replies["/pip/"] = [body(f'<a href="{link}">pip</a>')]
            done = subprocess.run([sys.executable, fetch], capture_output=True, text=True, env=environment)
            assert (done.returncode, done.stderr) == (1, f"{index.url}/pip/ gave no pip: {wheel[1]} {told}\n")
