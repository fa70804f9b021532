"""How often CloudFormation is asked, when it is believed, and how work goes on side by side."""

from __future__ import annotations

import pytest

from cfnroles.aws.refusals import Throttled
from cfnroles.deploy.following import Clock, Pace, followed, together
from cfnroles.errors import Unavailable


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.at = 0.0
        self.slept = []

    def clock(self):
        return Clock(lambda: self.at, self.sleep)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += seconds


class TestPace:
    def test_on_aws_from_2_to_10_seconds_with_jitter(self):
        time = Time()
        pace = Pace(local=False, clock=time.clock())
        for _ in range(20):
            pace.wait("waiting")

        assert 1.6 <= time.slept[0] <= 2.4
        assert all(8 <= seconds <= 12 for seconds in time.slept[10:])
        assert len(set(time.slept[10:])) > 1

    def test_on_this_machine_often(self):
        time = Time()
        pace = Pace(local=True, clock=time.clock())
        for _ in range(20):
            pace.wait("waiting")

        assert time.slept[0] == 0.05
        assert time.slept[-1] == 0.4

    def test_starts_again_when_something_is_started(self):
        time = Time()
        pace = Pace(local=True, clock=time.clock())
        for _ in range(10):
            pace.wait("waiting")
        pace.restart()
        pace.wait("waiting")

        assert time.slept[-1] == 0.05

    def test_never_sleeps_past_its_deadline_and_then_says_how_to_go_on(self):
        time = Time()
        pace = Pace(local=False, clock=time.clock(), deadline=3.0)
        while time.at < 3.0:
            pace.wait("deploying")

        with pytest.raises(Unavailable, match="timed out while deploying"):
            pace.wait("deploying")

        assert time.at == 3.0


class TestTogether:
    def test_results_are_in_order_whoever_is_first(self):
        def work(name, steps):
            for _ in range(steps):
                yield
            return name

        time = Time()
        pace = Pace(local=True, clock=time.clock())

        assert together([work("slow", 3), work("fast", 0)], pace, "x") == ["slow", "fast"]
        assert len(time.slept) == 3


class TestFollowed:
    def finish(self, work):
        looks = 0
        while True:
            try:
                next(work)
                looks += 1
                assert looks < 100
            except StopIteration as end:
                return looks, *end.value

    def test_only_the_operations_own_events_are_told(self, double):
        kept = double.has("shop-roles", "CREATE_COMPLETE")
        double._start(kept, "x", "earlier", [("UPDATE_IN_PROGRESS",), ("UPDATE_COMPLETE",)])
        double.stack(kept.id)
        since = kept.events[-1].id
        double._start(kept, "x", "ours", [("UPDATE_IN_PROGRESS",), ("UPDATE_COMPLETE",)])
        double.stack(kept.id)
        double._start(kept, "x", "later", [("UPDATE_IN_PROGRESS",), ("UPDATE_COMPLETE",)])
        told = []

        _, stack, events = self.finish(followed(double, kept.id, "ours", since, told.append))

        assert stack.status == "UPDATE_COMPLETE"
        assert [event.token for event in told] == ["ours", "ours"]
        assert tuple(told) == events

    def test_a_status_that_lags_behind_is_not_believed(self, double, monkeypatch):
        kept = double.has("shop-roles", "CREATE_COMPLETE")
        told = []
        work = followed(double, kept.id, "ours", "", told.append)
        next(work)
        next(work)
        assert told == []

        double._start(kept, "x", "ours", [("UPDATE_IN_PROGRESS",), ("UPDATE_COMPLETE",)])
        _, stack, _ = self.finish(work)

        assert stack.status == "UPDATE_COMPLETE"
        assert len(told) == 2

    def test_but_not_for_ever(self, double):
        kept = double.has("shop-roles", "CREATE_COMPLETE")

        looks, stack, events = self.finish(followed(double, kept.id, "ours", "", lambda told: None))

        assert looks == 15
        assert stack.status == "CREATE_COMPLETE"
        assert events == ()

    def test_throttling_only_slows_it_down(self, double, monkeypatch):
        kept = double.has("shop-roles", "CREATE_COMPLETE")
        double._start(kept, "x", "ours", [("UPDATE_IN_PROGRESS",), ("UPDATE_COMPLETE",)])
        answers = iter([Throttled("Rate exceeded"), Throttled("Rate exceeded")])
        ask = double.events

        def throttled(stack):
            for error in answers:
                raise error
            return ask(stack)

        monkeypatch.setattr(double, "events", throttled)

        looks, stack, events = self.finish(followed(double, kept.id, "ours", "", lambda told: None))

        assert looks == 2
        assert stack.status == "UPDATE_COMPLETE"
        assert len(events) == 2

    def test_a_stack_that_is_gone(self, double):
        _, stack, events = self.finish(followed(double, "nobody", "ours", "", lambda told: None))

        assert stack is None
        assert events == ()


def test_status_follows_whatever_is_under_way(double, cfnroles, stacks):
    for name in ("shop-secret-validator", "shop-task"):
        double.has(name, "CREATE_COMPLETE")
    kept = double.has("shop-roles", "CREATE_COMPLETE")
    steps = [("UPDATE_IN_PROGRESS",), ("UPDATE_IN_PROGRESS",), ("UPDATE_COMPLETE",)]
    double._start(kept, "x", "somebodys-token", steps)

    answer = cfnroles("status", stacks, "--follow")

    assert answer.code == 0
    assert "shop-roles  UPDATE_COMPLETE  shop-roles (AWS::CloudFormation::Stack)" in answer.err
    assert "shop-roles             UPDATE_COMPLETE: is deployed" in answer.out
