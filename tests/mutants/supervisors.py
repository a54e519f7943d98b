"""What supervisors and the registry promise."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

DYNAMIC = (
    Mutant(
        "nothing that a crashed child did not read is lost",
        "children",
        "partial(self._wake_soon, record), exited.unread)",
        "partial(self._wake_soon, record))",
        "test_restarting_children.py"
        "::test_what_waited_in_the_mailbox_of_a_crashed_child_is_delivered_to_its_next_generation",
    ),
    Mutant(
        "nothing is lost when a child is restarted by hand",
        "children",
        "self._registry.hold(record.key, None, unread)",
        "self._registry.hold(record.key, None)",
        "test_restarting_by_hand.py::test_messages_to_it_are_kept",
    ),
    Mutant(
        "two generations never run at once",
        "children",
        "            self._registry.hold(spec.key, None)\n            return\n",
        "            self._registry.hold(spec.key, None)\n",
        "test_terminating_children.py::test_a_new_spec_for_a_stopping_child_starts_when_the_old_one_has_ended",
    ),
    Mutant(
        "a stale exit is ignored",
        "child",
        "return is_there and self.generation == generation",
        "return is_there",
        "test_restarting_children.py::test_the_end_of_what_a_failed_start_left_behind_is_no_news",
    ),
    Mutant(
        "a start that failed leaves no child",
        "children",
        "            del self._records[spec.key]\n            raise\n",
        "            raise\n",
        "test_starting_children.py::test_a_start_that_fails_is_discarded_and_its_error_goes_to_the_caller",
    ),
    Mutant(
        "restarts are bounded",
        "spec",
        "at=max(room, now + self.backoff.delay(failures, random))",
        "at=now + self.backoff.delay(failures, random)",
        "test_restarting_children.py"
        "::test_a_child_that_used_up_its_intensity_is_parked_until_the_window_has_room",
    ),
    Mutant(
        "messages make no hot loop",
        "spec",
        "soonest=max(room, now + self.backoff.initial)",
        "soonest=now",
        "test_restarting_children.py::test_a_storm_of_messages_to_a_crashing_child_makes_no_hot_loop",
    ),
    Mutant(
        "a child that keeps dying is parked",
        "spec",
        "parked=room > now or self.backoff.ceiling(failures) >= self.backoff.maximum",
        "parked=False",
        "test_restarting_children.py"
        "::test_delays_grow_and_at_the_cap_a_child_is_parked_and_still_started_again",
    ),
    Mutant(
        "a healthy time makes failures forgotten",
        "spec",
        "return 1 if ran_for >= self.reset_after else failures + 1",
        "return failures + 1",
        "test_spec.py::test_failures_count_up_and_are_forgotten_after_a_healthy_time",
    ),
    Mutant(
        "a bad child is no bad house",
        "systemic",
        "        self._last.pop(key, None)\n        self._last[key] = now\n",
        "        self._last[object()] = now\n",
        "test_systemic.py::test_a_child_that_keeps_crashing_counts_once",
    ),
    Mutant(
        "children stop against one deadline",
        "children",
        "min(record.spec.shutdown, patience)",
        "record.spec.shutdown",
        "test_stopping_the_supervisor.py::test_late_children_are_fenced_and_named_in_real_time",
    ),
    Mutant(
        "a transient child stays away after a normal end",
        "spec",
        "return isinstance(reason, Crashed)",
        "return True",
        "test_spec.py::test_a_restart_follows_an_exit_as_in_otp",
    ),
    Mutant(
        "there are never more children than allowed",
        "children",
        "len(self._records) >= self._max_children",
        "len(self._records) > self._max_children",
        "test_starting_children.py::test_there_are_never_more_children_than_allowed",
    ),
    Mutant(
        "a child that killed the process begins parked",
        "children",
        "if spec.parked_for > 0:\n            self._park(record)",
        "if spec.parked_for < 0:\n            self._park(record)",
        "test_starting_children.py::test_a_child_can_begin_parked_and_no_message_shortens_it",
    ),
    Mutant(
        "unknown keys say so",
        "registry",
        "slot = self._slots.get(key)\n            if slot is None:",
        "slot = self._slots.setdefault(key, _Slot())\n            if slot is None:",
        "test_registry.py::test_a_key_that_nobody_has_is_unknown",
    ),
    Mutant(
        "a message wakes a restarting child",
        "registry",
        "            wake()\n",
        "            pass\n",
        "test_registry.py::test_the_first_message_while_waiting_wakes_once",
    ),
)

STATIC = (
    Mutant(
        "children start again in their order",
        "ordered",
        "self._start_again(other for other in group",
        "self._start_again(other for other in reversed(group)",
        "test_static_supervisor.py::test_the_strategy_says_who_starts_again_with_it_and_all_keep_their_order",
    ),
    Mutant(
        "children of a group stop in reverse order",
        "ordered",
        "for other in reversed(group):",
        "for other in group:",
        "test_static_supervisor.py::test_the_strategy_says_who_starts_again_with_it_and_all_keep_their_order",
    ),
    Mutant(
        "all children stop in reverse order",
        "ordered",
        "for member in reversed(self._members.values()):",
        "for member in list(self._members.values()):",
        "test_static_supervisor.py::test_children_start_in_order_and_stop_in_reverse",
    ),
    Mutant(
        "rest_for_one spares those before",
        "service",
        "order.index(ended) if self is Strategy.REST_FOR_ONE else 0",
        "0",
        "test_static_supervisor.py::test_the_strategy_says_who_starts_again_with_it_and_all_keep_their_order",
    ),
    Mutant(
        "a failed start takes back those before it",
        "ordered",
        "            self.stop_all()\n            raise\n",
        "            raise\n",
        "test_static_supervisor.py::test_a_child_that_cannot_start_takes_back_those_before_it",
    ),
    Mutant(
        "a late or second report counts for nothing",
        "ordered",
        "if member.state is not State.RUNNING or member.generation != generation:",
        "if member.state is not State.RUNNING:",
        "test_static_supervisor.py::test_an_end_that_is_reported_twice_or_late_counts_once",
    ),
    Mutant(
        "restarts of a tree are bounded",
        "ordered",
        "if self._intensity.room_at(self._restarts, now) > now:",
        "if self._intensity.room_at(self._restarts, now) < now:",
        "test_static_supervisor.py::test_more_restarts_than_allowed_stop_everything_in_reverse_order",
    ),
    Mutant(
        "a dead service is let go of before the next starts",
        "ordered",
        "        self._halt(member)\n        member.last_exit = LastExit(reason",
        "        member.service = None\n        member.last_exit = LastExit(reason",
        "test_static_supervisor.py::test_a_child_that_died_is_let_go_of_and_started_again",
    ),
    Mutant(
        "a tree stops against one deadline",
        "ordered",
        "min(member.spec.shutdown, max(0.0, self._until - self._clock.monotonic()))",
        "member.spec.shutdown",
        "test_static_supervisor.py::test_children_share_the_time_to_stop",
    ),
    Mutant(
        "nothing starts once the tree stops",
        "ordered",
        "        if self.closed:\n            raise",
        "        if not self:\n            raise",
        "test_static_supervisor.py::test_a_start_is_broken_off_by_a_stop",
    ),
    Mutant(
        "a tree that stops does not give up",
        "ordered",
        "        if self.closed:\n            return\n        now",
        "        now",
        "test_static_supervisor.py::test_an_end_that_is_heard_of_after_the_stop_began_is_none_too_many",
    ),
    Mutant(
        "a thread reports its end once",
        "services",
        "        exited(self._end())\n",
        "        exited(self._end())\n        exited(Normal())\n",
        "test_services.py::test_a_function_that_returns_has_ended_normally",
    ),
)
