"""The wheel, built and installed as the image does it, works without the checkout."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from alumiini_py.version import __version__

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    ended = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=100, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet")
    run(*pip, "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder ``bin`` of a fresh environment with the wheel in it, and the locked dependencies of ours."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", home / "bin" / "python")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=home)
    (packages,) = home.glob("lib/python3.*/site-packages")
    # Dependencies alone: .pth files in there, such as that of an editable install, are not followed.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


def test_the_program_starts(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "alumiini", "--version", cwd=tmp_path) == f"alumiini {__version__}\n"


def test_the_program_starts_as_a_module(installed: Path, tmp_path: Path) -> None:
    module = run(installed / "python", "-m", "alumiini_py", "--version", cwd=tmp_path)
    assert module == f"alumiini {__version__}\n"


def test_deploy_comes_with_it(installed: Path, tmp_path: Path) -> None:
    script = "from alumiini_py import deployment; print(deployment.find(), len(deployment.documents()))"
    place, count = run(installed / "python", "-c", script, cwd=tmp_path).split()
    assert Path(place).is_relative_to(installed.parent)
    assert int(count) == 11


def test_it_holds_the_four_packages_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "alumiini_py",
        "supervisor",
        "webhooks",
        "workers",
    }
    assert not [name for name in names if "__pycache__" in name]
    assert any(name.endswith("licenses/LICENSE") for name in names)
