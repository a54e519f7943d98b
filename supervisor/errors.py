"""What a supervisor refuses."""

from __future__ import annotations


class AlreadyStartedError(Exception):
    """A child of that key is running, restarting or parked."""


class MaxChildrenError(Exception):
    """The supervisor has as many children as it may have."""


class SupervisorStoppedError(Exception):
    """The supervisor was stopped or has given up."""


class UnknownChildError(Exception):
    """There is no child of that name."""


class SystemicFaultError(Exception):
    """A supervisor gave up, because the fault is in none of its children."""
