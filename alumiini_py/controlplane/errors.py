"""What can go wrong with the embedded control plane, each a sentence that says what to do next."""

from __future__ import annotations


class ControlPlaneError(Exception):
    """The control plane cannot be obtained, started or stopped."""


class AlreadyRunningError(ControlPlaneError):
    """Another control plane holds the data folder."""


class NotReadyError(ControlPlaneError):
    """The control plane runs, but did not answer in time."""


class ProgramEndedError(ControlPlaneError):
    """A program of the control plane ended unasked; ``log`` is the end of what it wrote."""

    def __init__(self, message: str, log: str) -> None:
        super().__init__(f"{message}; its last lines were:\n{log}")
        self.log = log


class UnavailableError(ControlPlaneError):
    """One source cannot give the programs; another one may."""
