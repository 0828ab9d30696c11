# lifecycle_testing.py: checks that Python tests leave nothing behind
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Finds scopes that a test has not closed, and objects that should have been finalized.

With unittest, use the mixin class:

    class TestPlayer(lifecycle_testing.LeakTestMixin, unittest.TestCase):
        def test_play(self):
            ...

With pytest, load this module as a plugin (`-p lifecycle_testing`, or
`pytest_plugins = ["lifecycle_testing"]` in conftest.py). It checks the tests that request the
fixture `lifecycle_no_leaks`, or all tests with the option `--lifecycle-leaks`:

    def test_play(lifecycle_no_leaks):
        ...

With other frameworks, or for a part of a test, use the context manager:

    with lifecycle_testing.no_leaks():
        ...

See the documentation of lifecycle_test_end() for what counts as a leak. Python's garbage is
collected before anything is reported.
"""

import contextlib
import gc

import gi

gi.require_version("Lifecycle", "1")

from gi.repository import Lifecycle  # noqa: E402

__all__ = ["LeakError", "LeakTestMixin", "begin", "end", "grows", "no_leaks"]


class LeakError(AssertionError):
    """Raised when a test leaves something behind; says what, how many, and where it was made."""


def _collect():
    # Objects that one collection frees may have kept others alive, which only the next one frees.
    for _ in range(3):
        gc.collect()


def begin(dropped=False):
    """Begins a test. With DROPPED, scopes that are dropped without being closed are leaks, too."""
    _collect()
    Lifecycle.test_begin_full(
        Lifecycle.TestFlags.DROPPED if dropped else Lifecycle.TestFlags.DEFAULT)


def end():
    """Ends a test. Raises LeakError if something has been left behind."""
    _collect()
    clean, report = Lifecycle.test_end_with_report()
    if not clean:
        raise LeakError(report)


def grows(func, rounds=5):
    """Calls FUNC repeatedly. Returns a description of what grows with each call, or None."""
    def run(*_args):
        func()
        _collect()

    clean, report = Lifecycle.test_growth(rounds, run)
    return None if clean else report


@contextlib.contextmanager
def no_leaks(dropped=False):
    """Calls begin() and end() around a block. An exception of the block takes precedence."""
    begin(dropped)
    try:
        yield
    except BaseException:
        _collect()
        Lifecycle.test_end_with_report()
        raise
    end()


class LeakTestMixin:
    """A mixin for test cases; list it before unittest.TestCase.

    Its setUp() runs first, and the check runs after tearDown() and all cleanups added later.
    """

    #: Whether scopes that are dropped without being closed are leaks.
    lifecycle_dropped = False

    def setUp(self):
        begin(self.lifecycle_dropped)
        self.addCleanup(self._lifecycle_end)
        super().setUp()

    def _lifecycle_end(self):
        try:
            end()
        except LeakError as error:
            # Fail outside of this block, so that the report has no traceback of this file.
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
