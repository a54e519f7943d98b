"""A delivery that was accepted is accepted once; one that failed may come again."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from supervisor.clock import SystemClock
from tests.supervisor.manual_clock import ManualClock
from tests.webhooks.forge import SECRET, SHOP, payload
from webhooks.deliveries import Deliveries

if TYPE_CHECKING:
    from tests.webhooks.forge import Forge


def test_the_same_delivery_is_a_duplicate_for_five_minutes(forge: Forge) -> None:
    assert forge.github(payload("github_push"), delivery="a").status == 202

    forge.clock.advance(299.0)
    reply = forge.github(payload("github_push"), delivery="a")
    assert (reply.status, reply.body) == (200, {"status": "ignored", "reason": "duplicate"})

    forge.clock.advance(2.0)
    assert forge.github(payload("github_push"), delivery="a").status == 202
    assert len(forge.repositories.notified) == 2


def test_other_deliveries_of_the_same_push_are_no_duplicates(forge: Forge) -> None:
    assert [forge.github(payload("github_push"), delivery=each).status for each in ("a", "b")] == [202, 202]


def test_deliveries_without_an_id_are_never_duplicates(forge: Forge) -> None:
    assert [forge.github(payload("github_push")).status for _ in range(2)] == [202, 202]


@pytest.mark.parametrize("signature", ["sha256=00", None])
def test_a_refused_delivery_may_come_again(forge: Forge, signature: str | None) -> None:
    forge.repositories.listed = signature is not None
    assert forge.github(payload("github_push"), delivery="a", signature=signature).status in {401, 503}

    forge.repositories.listed = True
    assert forge.github(payload("github_push"), delivery="a").status == 202


def test_an_ignored_delivery_may_come_again(forge: Forge) -> None:
    forge.repositories.followers = []
    assert forge.github(payload("github_push"), delivery="a").body["reason"] == "no_match"

    forge.repositories.followers = [SHOP]
    assert forge.github(payload("github_push"), delivery="a").status == 202


def test_an_id_counts_for_one_route_only(forge: Forge) -> None:
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "Content-Type": "application/json",
        "Idempotency-Key": "1",
    }
    other = dataclasses.replace(SHOP, namespace="stage")
    forge.repositories.followers.append(other)

    replies = [forge.post(f"/webhook/{one}", b"{}", headers) for one in (SHOP, other, SHOP)]

    assert [reply.status for reply in replies] == [202, 202, 200]


def test_the_memory_is_bounded_and_the_oldest_goes_first() -> None:
    deliveries = Deliveries(ManualClock())
    for number in range(10_001):
        deliveries.remember(("/webhook/github", str(number)))

    assert ("/webhook/github", "0") not in deliveries
    assert ("/webhook/github", "10000") in deliveries


def test_an_id_may_be_of_any_characters() -> None:
    deliveries = Deliveries(SystemClock())
    deliveries.remember(("/webhook/github", "\xff" * 10_000))

    assert ("/webhook/github", "\xff" * 10_000) in deliveries
