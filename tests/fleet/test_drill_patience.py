"""Waiting on a busy machine: as long as what is waited for works, and not much longer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fleet.drill import patience as patience_module
from fleet.drill.patience import Patience


@pytest.fixture
def machine(monkeypatch):
    """A clock, and what process 1 has used of the processor."""
    found = SimpleNamespace(now=0.0, used=0.0)
    monkeypatch.setattr(patience_module, "cpu_seconds", lambda pid: found.used if pid == 1 else 0.0)
    monkeypatch.setattr(patience_module, "time", SimpleNamespace(monotonic=lambda: found.now))
    return found


def test_a_process_that_works_is_waited_for_however_long(machine):
    patience = Patience(1)
    for _ in range(100):
        machine.now += 50
        machine.used += 0.6
        assert not patience.is_over


def test_a_process_that_only_looks_at_its_clock_is_not(machine):
    patience = Patience(1)
    for _ in range(7):
        assert not patience.is_over
        machine.now += 10
        machine.used += 0.002
    assert patience.is_over


def test_a_process_that_is_gone_is_not(machine):
    machine.used = 9.0
    patience = Patience(1)
    machine.used = 0.0
    machine.now = 61
    assert patience.is_over


def test_what_came_nearer_is_worth_waiting_for_anew(machine):
    patience = Patience(2, idle=20)
    machine.now = 15
    patience.again()
    machine.now = 30
    assert not patience.is_over
    machine.now = 36
    assert patience.is_over
