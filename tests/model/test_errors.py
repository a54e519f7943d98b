"""The reason of a failure decides who can end it: the contract's table "Reasons of Ready=False"."""

from __future__ import annotations

import pytest

from workers.model.errors import Reason, Recovery, SyncError

RECOVERY = {
    "InvalidSpec": Recovery.PERSON,
    "InvalidURL": Recovery.PERSON,
    "InvalidPath": Recovery.PERSON,
    "SecretNotFound": Recovery.PERSON,
    "InvalidSecret": Recovery.PERSON,
    "AuthenticationFailed": Recovery.RETRY_SLOWLY,
    "CertificateInvalid": Recovery.PERSON,
    "RevisionNotFound": Recovery.RETRY,
    "PathNotFound": Recovery.RETRY,
    "RepositoryEmpty": Recovery.RETRY,
    "GitOperationFailed": Recovery.RETRY,
    "GitTimeout": Recovery.RETRY,
    "RateLimited": Recovery.RETRY,
    "BuildFailed": Recovery.PERSON,
    "EmptySource": Recovery.PERSON,
    "PartialFailure": Recovery.RETRY,
    "ApplyFailed": Recovery.RETRY,
    "Conflict": Recovery.RETRY,
    "AccessDenied": Recovery.RETRY_SLOWLY,
    "PruneHeld": Recovery.PERSON,
    "PruneFailed": Recovery.RETRY,
}
NO_FAILURES_OF_A_SYNC = {"Synced", "Progressing", "WorkerCrashed"}


@pytest.mark.parametrize(("reason", "recovery"), RECOVERY.items())
def test_a_reason_has_the_recovery_of_the_contract(reason: str, recovery: Recovery) -> None:
    assert SyncError(Reason(reason), "failed").recovery is recovery


def test_the_table_names_every_reason() -> None:
    assert {str(reason) for reason in Reason} == RECOVERY.keys() | NO_FAILURES_OF_A_SYNC


def test_a_failure_can_ask_for_the_slow_pace_where_its_reason_does_not() -> None:
    assert SyncError(Reason.APPLY_FAILED, "refused", slowly=True).recovery is Recovery.RETRY_SLOWLY


def test_a_failure_that_needs_a_person_does_so_at_any_pace() -> None:
    assert SyncError(Reason.PRUNE_HELD, "held", slowly=True).recovery is Recovery.PERSON


def test_a_failure_reads_as_its_sentence() -> None:
    assert str(SyncError(Reason.GIT_TIMEOUT, "the host did not answer")) == "the host did not answer"
