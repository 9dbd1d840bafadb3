"""The monitors that ship pass the tests that ship with them: each fires, recovers, is quiet on a normal week, and ends with its data."""

import os

import pytest

from ddllm.definitions.library import library_folder
from ddllm.definitions.monitor_tests import files_of_tests
from ddllm.testing.cases import load_suite
from ddllm.testing.coverage import Coverage, coverage
from ddllm.testing.outcome import Outcome
from ddllm.testing.run import run_all

pytestmark = pytest.mark.xdist_group("library-tests")

#: What no data brings about: an anomaly monitor without enough history has no band, and counts that end are zero.
UNREACHABLE = {("token-spend-anomaly", "No Data")}


@pytest.fixture(scope="module")
def ran() -> tuple[list[Outcome], Coverage]:
    folder = library_folder()
    suite = load_suite(folder, files_of_tests(folder))
    outcomes = list(run_all(suite.cases, min(2, os.cpu_count() or 1)))
    return outcomes, coverage(suite.subjects, outcomes)


def test_every_test_that_ships_passes(ran):
    outcomes, _ = ran
    assert [f"{one.where}: {one.message}" for each in outcomes for one in each.failures] == []


def test_every_monitor_that_ships_is_tested_in_everything_that_it_can_do(ran):
    _, covered = ran
    assert covered.missed_monitors == ()
    assert set(covered.missed_transitions) <= UNREACHABLE


def test_nothing_is_left_without_an_expectation(ran):
    _, covered = ran
    assert covered.groups == ()
