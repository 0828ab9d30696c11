# lifecycle_testing.py: whether a Python test leaves something behind
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Finds scopes that a test has not closed, and objects that should be gone.

With unittest, as a base class beside TestCase:

    class TestPlayer(lifecycle_testing.LeakTestMixin, unittest.TestCase):
        def test_play(self):
            ...

With pytest, as a plugin (`-p lifecycle_testing`, or `pytest_plugins = ["lifecycle_testing"]` in a
conftest.py), for the tests that ask for the fixture `lifecycle_no_leaks`, or for all of them with
the option `--lifecycle-leaks`:

    def test_play(lifecycle_no_leaks):
        ...

With anything else, or for a part of a test:

    with lifecycle_testing.no_leaks():
        ...

What is a leak is said in the documentation of lifecycle_test_end(). Python's own garbage is collected
before anybody is blamed.
"""

import contextlib
import gc

import gi

gi.require_version("Lifecycle", "1")

from gi.repository import Lifecycle  # noqa: E402

__all__ = ["LeakError", "LeakTestMixin", "begin", "end", "grows", "no_leaks"]


class LeakError(AssertionError):
    """Something has been left behind; says what, how many, and where it was made."""


def _collect():
    # Objects that are freed by one collection may be all that keeps others from the next.
    for _ in range(3):
        gc.collect()


def begin(dropped=False):
    """Says that a test begins. With DROPPED, it must not drop scopes that are open, either."""
    _collect()
    Lifecycle.test_begin_full(
        Lifecycle.TestFlags.DROPPED if dropped else Lifecycle.TestFlags.DEFAULT)


def end():
    """Says that the test is over. Raises LeakError if something is left behind."""
    _collect()
    clean, report = Lifecycle.test_end_with_report()
    if not clean:
        raise LeakError(report)


def grows(func, rounds=5):
    """Calls FUNC again and again, and says in words what grows each time, or None."""
    def run(*_args):
        func()
        _collect()

    clean, report = Lifecycle.test_growth(rounds, run)
    return None if clean else report


@contextlib.contextmanager
def no_leaks(dropped=False):
    """The same as begin() and end(), for a block. What the block raises goes first."""
    begin(dropped)
    try:
        yield
    except BaseException:
        _collect()
        Lifecycle.test_end_with_report()
        raise
    end()


class LeakTestMixin:
    """A base class for test cases, to stand before unittest.TestCase.

    Its setUp() comes first, and looks after tearDown() and all cleanups that were added later.
    """

    #: Whether scopes must not be dropped while they are open.
    lifecycle_dropped = False

    def setUp(self):
        begin(self.lifecycle_dropped)
        self.addCleanup(self._lifecycle_end)
        super().setUp()

    def _lifecycle_end(self):
        try:
            end()
        except LeakError as error:
            # So that the report is not followed by lines of this file.
            message = str(error)
        else:
            return
        self.fail(message)


try:
    import pytest
except ImportError:
    pytest = None

if pytest is not None:
    def pytest_addoption(parser):
        parser.addoption(
            "--lifecycle-leaks", action="store_true", default=False,
            help="fail each test that leaves scopes open, or objects alive that should be gone")

    def _check():
        begin()
        yield
        try:
            end()
        except LeakError as error:
            message = str(error)
        else:
            return
        pytest.fail(message, pytrace=False)

    @pytest.fixture(autouse=True)
    def _lifecycle_every_test(request):
        if request.config.getoption("--lifecycle-leaks"):
            yield from _check()
        else:
            yield

    @pytest.fixture
    def lifecycle_no_leaks(request, _lifecycle_every_test):
        """Fails the test if it leaves something behind."""
        if request.config.getoption("--lifecycle-leaks"):
            yield
        else:
            yield from _check()
