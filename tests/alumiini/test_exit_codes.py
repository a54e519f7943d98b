"""What the program says to scripts: exit codes, and one sentence on standard error instead of a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alumiini_py.__main__ import main
from alumiini_py.version import __version__
from tests.alumiini.probing import HOME, alumiini

if TYPE_CHECKING:
    from pathlib import Path

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: none, context: {cluster: none, user: nobody}}]
users: [{name: nobody, user: {}}]
current-context: none
"""


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])

    assert capsys.readouterr().out == f"alumiini {__version__}\n"


def test_wrong_usage_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["walk"])

    assert "invalid choice: 'walk'" in capsys.readouterr().err


def test_a_wrong_variable_is_2_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALUMIINI_LOG_LEVEL", "loud")

    assert main(["run"]) == 2
    assert capsys.readouterr().err == (
        "alumiini: ALUMIINI_LOG_LEVEL is 'loud'; choose one of debug, info, warning, error\n"
    )


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5", ""])
def test_a_number_that_cannot_be_is_2_and_says_what_it_must_be(
    capsys: pytest.CaptureFixture[str], number: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["run", f"--concurrency={number}"])

    assert capsys.readouterr().err == (
        f"alumiini: argument --concurrency: {number!r} must be a number of at least 1;"
        " see alumiini run --help\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: COMMAND; see alumiini --help"),
        (["run", "--data-dir", ""], "argument --data-dir: is empty; name a folder; see alumiini run --help"),
        (["run", "--colour"], "unrecognized arguments: --colour; see alumiini --help"),
    ],
)
def test_wrong_usage_is_2_and_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)

    assert capsys.readouterr().err == f"alumiini: {sentence}\n"


def test_an_interruption_is_130_and_one_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("alumiini_py.commands.local.run", interrupted)

    assert main(["local", "status"]) == 130
    assert capsys.readouterr().err == "alumiini: interrupted\n"


def test_a_kubeconfig_that_is_not_there_is_1_and_one_sentence(tmp_path: Path) -> None:
    ended = alumiini("run", "--kubeconfig", str(tmp_path / "none"), "--data-dir", str(tmp_path / "data"))

    assert ended.returncode == 1
    assert ended.stderr.startswith("alumiini: ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_data_folder_that_cannot_be_is_1_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(KUBECONFIG)
    (tmp_path / "file").write_text("")

    ended = alumiini(
        "run", "--kubeconfig", str(tmp_path / "config"), "--data-dir", str(tmp_path / "file" / "data")
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("alumiini: ")
    assert len(ended.stderr.splitlines()) == 1


def test_an_address_that_is_not_ours_is_1_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(KUBECONFIG)

    ended = alumiini(
        *("run", "--kubeconfig", str(tmp_path / "config"), "--data-dir", str(tmp_path / "data")),
        *("--webhook-bind", "203.0.113.1:9292", "--api-bind", "127.0.0.1:0"),
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("alumiini: ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_package_of_somebody_else_is_1_and_named(tmp_path: Path) -> None:
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "__init__.py").write_text("")

    ended = alumiini("--version", folder=tmp_path, PYTHONPATH=str(HOME))

    assert ended.returncode == 1
    assert ended.stderr == (
        f"alumiini: the package 'workers' is found in {tmp_path / 'workers'} and not beside alumiini_py in"
        f" {HOME}; install alumiini-py into a virtual environment of its own\n"
    )
