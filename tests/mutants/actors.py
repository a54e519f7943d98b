"""What an actor, its mailbox and its fence promise."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MAILBOX = (
    Mutant(
        "lanes are read by priority",
        "mailbox",
        "first, *lower = filled",
        "*lower, first = filled",
        "test_mailbox.py::test_lanes_are_read_by_priority",
    ),
    Mutant(
        "a stop overtakes queued work",
        "mailbox",
        "self._lanes[Lane.SYSTEM].append(arrived)",
        "self._lanes[Lane.STARTUP].append(arrived)",
        "test_mailbox.py::test_what_is_no_message_of_ours_overtakes_everything",
    ),
    Mutant(
        "nothing starves",
        "mailbox",
        "if self._passed_over < PATIENCE:",
        "if self._passed_over >= 0:",
        "test_mailbox.py::test_after_five_webhooks_in_a_row_one_waiting_reconcile_goes_through",
    ),
    Mutant(
        "a merge keeps the newest",
        "mailbox",
        "        return newer\n",
        "        return self\n",
        "test_mailbox.py::test_messages_of_one_type_are_merged_into_the_waiting_one_which_keeps_its_place",
    ),
    Mutant(
        "one message of a type waits",
        "mailbox",
        "if earlier is not arrived:",
        "if earlier is None:",
        "test_mailbox.py::test_messages_of_one_type_are_merged_into_the_waiting_one_which_keeps_its_place",
    ),
    Mutant(
        "closing returns what was never read",
        "mailbox",
        "            return unread\n",
        "            return []\n",
        "test_mailbox.py::test_closing_returns_what_was_never_read_and_refuses_what_comes_later",
    ),
    Mutant(
        "a closed mailbox takes nothing",
        "mailbox",
        "            self._closed = True\n",
        "",
        "test_mailbox.py::test_closing_returns_what_was_never_read_and_refuses_what_comes_later",
    ),
    Mutant(
        "a cancelled timer sends nothing",
        "mailbox",
        "                self._timers.remove(timer)\n",
        "",
        "test_mailbox.py::test_a_cancelled_timer_sends_nothing_and_the_others_still_do",
    ),
)

ACTOR = (
    Mutant(
        "one report of each exit",
        "actor",
        "            self._report()\n",
        "            self._report()\n            self._report()\n",
        "test_actor_exits.py::test_an_actor_that_stops_by_itself_ends_normally",
    ),
    Mutant(
        "the report comes last, after the teardown",
        "actor",
        "        try:\n            self._tear_down()\n        finally:\n            self._report()\n",
        "        self._report()\n        self._tear_down()\n",
        "test_actor_exits.py::test_the_report_comes_after_the_teardown",
    ),
    Mutant(
        "SystemExit ends one actor alone",
        "actor",
        '            raise RuntimeError(f"{type(error).__name__} in {self}") from error',
        "            raise",
        "test_actor_exits.py::test_system_exit_ends_only_the_actor_that_raised_it",
    ),
    Mutant(
        "unread messages come back with the report",
        "actor",
        "reason, tuple(unread)))",
        "reason, ()))",
        "test_actor_exits.py::test_a_stop_overtakes_queued_work_which_comes_back_with_the_report",
    ),
    Mutant(
        "a checkpoint tells of a stop",
        "actor",
        "        if self.stopping:\n            raise StoppedError",
        "        if not self:\n            raise StoppedError",
        "test_actor_steps.py::test_a_handler_ends_at_the_next_checkpoint_when_its_supervisor_wants_it_to_stop",
    ),
)

FENCE = (
    Mutant(
        "a closed fence refuses effects",
        "deadline",
        "        if self._closed:\n            raise FencedError",
        "        if not self:\n            raise FencedError",
        "test_deadline.py::test_a_closed_fence_refuses_every_later_effect",
    ),
    Mutant(
        "closing a fence cuts what blocks",
        "deadline",
        "for cut, _ in in_flight:",
        "for cut, _ in in_flight[:0]:",
        "test_deadline.py::test_closing_a_fence_cuts_everything_that_blocks_at_once",
    ),
    Mutant(
        "what was cut may still have an effect",
        "deadline",
        "self._at if effect else -math.inf",
        "-math.inf",
        "test_deadline.py::test_a_request_that_was_cut_may_take_effect_until_its_deadline",
    ),
    Mutant(
        "an abandoned actor is fenced",
        "children",
        "        record.fence.close()\n        self._set_timer(record, self._clock.monotonic() + GRACE",
        "        self._set_timer(record, self._clock.monotonic() + GRACE",
        "test_terminating_children.py"
        "::test_a_child_that_never_ends_is_abandoned_and_has_no_effect_when_it_comes_back_to_life",
    ),
    Mutant(
        "a successor waits for what is in flight",
        "children",
        "start.not_before(record.fence.in_flight_until)",
        "start",
        "test_terminating_children.py::test_a_child_that_crashed_beside_a_request_in_flight_waits_for_it_too",
    ),
)
