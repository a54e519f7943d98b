"""A plugin for pytest: the process ends at the first failure and waits for nothing that is left behind."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tests.supervisor import puppet

if TYPE_CHECKING:
    import pytest

KILLED = 42
"""The exit code when a test itself failed, not its setup or its teardown."""

puppet.BOUND = 2.0  # a mutant that makes a test wait for ever is killed sooner


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        sys.stdout.write(report.longreprtext)
        sys.stdout.flush()
        os._exit(KILLED if report.when == "call" else 1)
