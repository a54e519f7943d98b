"""What a supervisor refuses."""

from __future__ import annotations


class AlreadyStartedError(Exception):
    """A child of that key is running, restarting or parked."""


class MaxChildrenError(Exception):
    """The supervisor has as many children as it may have."""


class SupervisorStoppedError(Exception):
    """The supervisor was stopped or has given up."""
