"""Every promise of the supervisor has a test that fails when it is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mutants.actors import ACTOR, FENCE, MAILBOX
from tests.mutants.first_failure import KILLED
from tests.mutants.mutant import Mutant, copy_to, run
from tests.mutants.supervisors import DYNAMIC, STATIC

if TYPE_CHECKING:
    from pathlib import Path


MUTANTS = (*MAILBOX, *ACTOR, *FENCE, *DYNAMIC, *STATIC)


def test_the_tests_pass_without_a_mutant(tmp_path: Path) -> None:
    copy_to(tmp_path)
    tests = sorted({mutant.test for mutant in MUTANTS})
    ended = run(tmp_path, tests)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.broken.replace(" ", "_"))
def test_is_killed_when_broken(mutant: Mutant, tmp_path: Path) -> None:
    mutant.copy_to(tmp_path)
    ended = run(tmp_path, [mutant.test])
    assert ended.returncode == KILLED, ended.stdout
