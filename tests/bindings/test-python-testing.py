#!/usr/bin/env python3
# test-python-testing.py: lifecycle_testing finds what is left behind, and nothing else
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

try:
    import gi
except ImportError:
    print("skipped: this Python has no PyGObject")
    sys.exit(77)

gi.require_version("Lifecycle", "1")

from gi.repository import GLib, GObject, Lifecycle  # noqa: E402

import lifecycle_testing  # noqa: E402


class Emitter(GObject.Object):
    pass


def run_case(case):
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


class TestHelpers(unittest.TestCase):
    def setUp(self):
        self.grace = Lifecycle.get_leak_grace()
        self.addCleanup(Lifecycle.set_leak_grace, self.grace)

    def test_clean(self):
        with lifecycle_testing.no_leaks():
            scope = Lifecycle.Scope.new("scope")
            emitter = Emitter()
            # A circle, for the garbage collector.
            emitter.me = emitter
            scope.expect_finalize(emitter, "it was only a view")
            scope.defer(lambda *args: emitter)
            scope.close()
            del emitter

    def test_about_to_end(self):
        Lifecycle.set_leak_grace(60000)
        with lifecycle_testing.no_leaks():
            scope = Lifecycle.Scope.new("scope")
            GLib.timeout_add(20, lambda: scope.close() and False)

    def test_open(self):
        Lifecycle.set_leak_grace(10)
        scopes = []
        with self.assertRaises(lifecycle_testing.LeakError) as caught:
            with lifecycle_testing.no_leaks():
                for _ in range(2):
                    scope = Lifecycle.Scope.new("player")
                    scope.add_object(Emitter())
                    scopes.append(scope)
        self.assertIn("2 open scopes, 0 objects", str(caught.exception))
        self.assertIn("2 x scope player 0x", str(caught.exception))
        self.assertRegex(str(caught.exception), r"2 x object,( added at \S+:\d+,)? in player")
        for scope in scopes:
            scope.close()

    def test_alive(self):
        Lifecycle.set_leak_grace(10)
        emitter = Emitter()
        with self.assertRaises(lifecycle_testing.LeakError) as caught:
            with lifecycle_testing.no_leaks():
                scope = Lifecycle.Scope.new("view")
                scope.expect_finalize(emitter, "it was only a view")
                scope.close()
        self.assertIn("0 open scopes, 1 object", str(caught.exception))
        self.assertIn("after scope view closed: it was only a view", str(caught.exception))

    def test_dropped(self):
        def drop():
            Lifecycle.Scope.new("dropped").add_object(Emitter())

        with lifecycle_testing.no_leaks():
            drop()
        with self.assertRaises(lifecycle_testing.LeakError) as caught:
            with lifecycle_testing.no_leaks(dropped=True):
                drop()
        self.assertIn("scope dropped was dropped open", str(caught.exception))

    def test_other_errors_first(self):
        Lifecycle.set_leak_grace(10)
        scopes = []
        with self.assertRaises(KeyError):
            with lifecycle_testing.no_leaks():
                scopes.append(Lifecycle.Scope.new("scope"))
                raise KeyError
        scopes[0].close()
        # It is over.
        with lifecycle_testing.no_leaks():
            pass

    def test_growth(self):
        scope = Lifecycle.Scope.new("service")

        def clean():
            child = scope.new_child("round")
            child.add_object(Emitter())
            child.close()

        self.assertIsNone(lifecycle_testing.grows(clean))
        Lifecycle.set_leak_grace(10)
        report = lifecycle_testing.grows(lambda: scope.add_object(Emitter()))
        self.assertIn("object: 5 more after 5 rounds", report)
        scope.close()

    def test_mixin(self):
        Lifecycle.set_leak_grace(10)
        scopes = []

        class Case(lifecycle_testing.LeakTestMixin, unittest.TestCase):
            def setUp(self):
                super().setUp()
                self.scope = Lifecycle.Scope.new("fixture")
                self.addCleanup(self.scope.close)

            def test_clean(self):
                self.scope.add_object(Emitter())

            def test_leak(self):
                scopes.append(Lifecycle.Scope.new("planted"))

        result = run_case(Case)
        self.assertEqual(result.testsRun, 2)
        self.assertEqual(result.errors, [])
        self.assertEqual(len(result.failures), 1)
        test, text = result.failures[0]
        self.assertIn("test_leak", test.id())
        self.assertIn("1 x scope planted 0x", text)
        self.assertNotIn("scope fixture", text)
        for scope in scopes:
            scope.close()

    def run_pytest(self, *options):
        try:
            import pytest  # noqa: F401
        except ImportError:
            self.skipTest("pytest is not installed")

        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "test_planted.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(textwrap.dedent("""
                    from gi.repository import Lifecycle

                    Lifecycle.set_leak_grace(10)
                    scopes = []

                    def leak():
                        scopes.append(Lifecycle.Scope.new("planted"))

                    def test_asked(lifecycle_no_leaks):
                        leak()

                    def test_clean(lifecycle_no_leaks):
                        Lifecycle.Scope.new("closed").close()

                    def test_unasked():
                        leak()
                """))
            return subprocess.run(
                [sys.executable, "-m", "pytest", "-p", "lifecycle_testing", "-p", "no:cacheprovider",
                 "-v", *options, path],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def test_pytest(self):
        result = self.run_pytest()
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("1 x scope planted 0x", result.stdout)
        self.assertRegex(result.stdout, r"ERROR.*test_asked|test_asked ERROR")
        self.assertIn("1 error", result.stdout)

    def test_pytest_all(self):
        result = self.run_pytest("--lifecycle-leaks")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("2 errors", result.stdout)


if __name__ == "__main__":
    unittest.main()
