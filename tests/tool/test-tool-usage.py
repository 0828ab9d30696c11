#!/usr/bin/env python3
# test-tool-usage.py: the help of the tool, what it says to wrong usage, and its exit statuses
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import subprocess
import sys
import unittest

TOOL = sys.argv.pop(1)


def run(*words):
    return subprocess.run([TOOL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", timeout=60)


def commands():
    """The commands that the help lists, with what it says about each."""
    section = run("--help").stdout.split("Commands:\n")[1].split("\n\n")[0]
    return dict(line.split(maxsplit=1) for line in section.splitlines())


class Usage(unittest.TestCase):
    def test_help(self):
        for words in (["--help"], ["-h"], ["help"]):
            result = run(*words)
            self.assertEqual(result.returncode, 0)
            self.assertEqual(result.stderr, "")
            self.assertTrue(result.stdout.startswith("Usage: lifecycle COMMAND"))
            self.assertIn("  help ", result.stdout)

    def test_help_of_each_command(self):
        self.assertIn("help", commands())
        for command, summary in commands().items():
            with self.subTest(command):
                result = run(command, "--help")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(result.stderr, "")
                self.assertTrue(result.stdout.startswith(f"Usage:\n  lifecycle {command}"))
                self.assertIn(f"\n{summary}.\n", result.stdout)
                self.assertIn("--help", result.stdout)
                self.assertEqual(run("help", command).stdout, result.stdout)

    def test_wrong_usage(self):
        for words, expected in (
                ([], "Usage: lifecycle"),
                (["nonsense"], "no command 'nonsense'"),
                (["help", "nonsense"], "no command 'nonsense'"),
                (["help", "help", "help"], "usage: lifecycle help"),
                (["help", "--nonsense"], "--nonsense"),
        ):
            with self.subTest(words):
                result = run(*words)
                self.assertEqual(result.returncode, 2)
                self.assertEqual(result.stdout, "")
                self.assertIn(expected, result.stderr)

    def test_version(self):
        result = run("--version")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"^lifecycle \d+\.\d+\.\d+\n$")


unittest.main()
