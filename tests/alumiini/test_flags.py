"""Every flag has a variable; the command line wins over it, and it wins over the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from alumiini_py.flags import FlagError, variable
from tests.alumiini.probing import parsed


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("--data-dir", "ALUMIINI_DATA_DIR"),
        ("--kubeconfig", "ALUMIINI_KUBECONFIG"),
        ("--no-leader-election", "ALUMIINI_NO_LEADER_ELECTION"),
    ],
)
def test_a_variable_is_named_like_its_flag(name: str, expected: str) -> None:
    assert variable(name) == expected


def test_without_a_variable_there_is_the_default() -> None:
    arguments = parsed("probe")

    assert (arguments.size, arguments.data_dir, arguments.watch) == (7, None, None)
    assert (arguments.fast, arguments.colour) == (False, "red")


def test_a_variable_is_read_like_its_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALUMIINI_SIZE", "12")
    monkeypatch.setenv("ALUMIINI_DATA_DIR", "/srv/data")
    monkeypatch.setenv("ALUMIINI_WATCH", "a,b,,c")
    monkeypatch.setenv("ALUMIINI_COLOUR", "blue")

    arguments = parsed("probe")

    assert (arguments.size, arguments.data_dir) == (12, Path("/srv/data"))
    assert (arguments.watch, arguments.colour) == (["a", "b", "c"], "blue")


def test_a_flag_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALUMIINI_SIZE", "12")
    monkeypatch.setenv("ALUMIINI_COLOUR", "blue")

    arguments = parsed("probe", "-s", "1", "--colour", "red")

    assert (arguments.size, arguments.colour) == (1, "red")


def test_a_repeated_flag_wins_over_its_variable_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALUMIINI_WATCH", "a,b")

    assert parsed("probe", "--watch", "c", "--watch", "d").watch == ["c", "d"]


def test_a_repeated_flag_is_a_list_without_a_variable_too() -> None:
    assert parsed("probe", "--watch", "c", "--watch", "d").watch == ["c", "d"]


@pytest.mark.parametrize("written", ["1", "true", "TRUE", "yes", "on"])
def test_a_switch_is_on_by_a_word_for_yes(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("ALUMIINI_FAST", written)

    assert parsed("probe").fast is True


@pytest.mark.parametrize("written", ["0", "false", "False", "no", "off", ""])
def test_a_switch_is_off_by_a_word_for_no(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("ALUMIINI_FAST", written)

    assert parsed("probe").fast is False


@pytest.mark.parametrize("name", ["SIZE", "DATA_DIR", "WATCH", "COLOUR", "KUBECONFIG"])
def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    untouched = vars(parsed("probe"))
    monkeypatch.setenv(f"ALUMIINI_{name}", "")

    assert vars(parsed("probe")) == untouched


@pytest.mark.parametrize(
    ("name", "written", "sentence"),
    [
        ("ALUMIINI_FAST", "maybe", "ALUMIINI_FAST is 'maybe'; set it to true or false"),
        ("ALUMIINI_COLOUR", "green", "ALUMIINI_COLOUR is 'green'; choose one of red, blue"),
        ("ALUMIINI_LOG_LEVEL", "loud", "choose one of debug, info, warning, error"),
    ],
)
def test_a_variable_that_its_flag_would_not_take_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, written: str, sentence: str
) -> None:
    monkeypatch.setenv(name, written)

    with pytest.raises(FlagError, match=sentence):
        parsed("probe")


def test_a_variable_of_the_wrong_type_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALUMIINI_SIZE", "many")

    with pytest.raises(SystemExit, match="2"):
        parsed("probe")
    assert "--size" in capsys.readouterr().err


def test_the_help_names_the_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parsed("probe", "--help")

    assert "[ALUMIINI_DATA_DIR]" in capsys.readouterr().out
