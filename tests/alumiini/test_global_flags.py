"""Global flags stand before or after the command, at any depth, and have variables too."""

from __future__ import annotations

import pytest

from tests.alumiini.probing import parsed


@pytest.mark.parametrize(
    "arguments",
    [
        ("--context", "kind", "probe"),
        ("probe", "--context", "kind"),
        ("probe", "--size", "1", "--context=kind"),
        ("--context", "kind", "nest", "probe"),
        ("nest", "probe", "--context", "kind"),
    ],
)
def test_a_global_flag_stands_before_or_after_the_command(arguments: tuple[str, ...]) -> None:
    assert parsed(*arguments).context == "kind"


def test_the_later_place_wins() -> None:
    assert parsed("--context", "one", "probe", "--context", "two").context == "two"


def test_a_flag_after_the_command_leaves_those_before_it_alone() -> None:
    arguments = parsed("--kubeconfig", "here", "--log-level", "debug", "probe", "--log-format", "json")

    assert (arguments.kubeconfig, arguments.log_level, arguments.log_format) == ("here", "debug", "json")


def test_without_any_there_are_the_defaults() -> None:
    arguments = parsed("nest", "probe")

    assert (arguments.kubeconfig, arguments.context) == (None, None)
    assert (arguments.log_level, arguments.log_format) == ("info", "text")


@pytest.mark.parametrize("arguments", [("probe",), ("nest", "probe")])
def test_a_global_flag_has_a_variable(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    monkeypatch.setenv("ALUMIINI_LOG_FORMAT", "json")

    assert parsed(*arguments).log_format == "json"


@pytest.mark.parametrize("arguments", [("--log-format", "text", "probe"), ("probe", "--log-format", "text")])
def test_a_global_flag_wins_over_its_variable_in_both_places(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("ALUMIINI_LOG_FORMAT", "json")

    assert parsed(*arguments).log_format == "text"


@pytest.mark.parametrize(
    "arguments", [("--log-level", "loud", "probe"), ("probe", "--log-level", "loud"), (), ("nest",), ("no",)]
)
def test_what_cannot_be_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed(*arguments)
