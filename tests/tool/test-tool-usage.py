#!/usr/bin/env python3
# test-tool-usage.py: the help of the tool, its manual, its completion, and what it says to wrong usage
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

TOOL = sys.argv.pop(1)
SOURCE = pathlib.Path(sys.argv.pop(1))


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

    def test_usage_of_audit(self):
        """What comes after "--" are the words of the program."""
        self.assertTrue(run("audit", "--help").stdout.startswith(
            "Usage:\n  lifecycle audit [OPTION…] -- PROGRAM [ARGUMENT…]\n"))

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

    def test_manual(self):
        """The manual has every command and every option, and no other."""
        page = (SOURCE / "man/lifecycle.1").read_text(encoding="utf-8").replace("\\-", "-")
        sections = dict(re.findall(r'\.TP\n\.BI? "?([a-z]+)\b[^\n]*\n(.*?)(?=\n\.TP|\n\.SH)', page, re.S))
        for command in commands():
            with self.subTest(command):
                self.assertIn(command, sections)
                if command in ("audit", "help"):
                    continue
                options = set(re.findall(r"--[a-z-]+", run(command, "--help").stdout))
                self.assertEqual(set(re.findall(r"--[a-z-]+", sections[command])) | {"--help", "--json"},
                                 options | {"--json"})

    def test_manual_is_well_formed(self):
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        for path in sorted((SOURCE / "man").iterdir()):
            result = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", path], timeout=60,
                                    stderr=subprocess.PIPE, encoding="utf-8")
            self.assertEqual(result.stderr, "", path)

    def complete(self, *words):
        """What bash offers for the last of the words."""
        script = (f"source {SOURCE}/completion.bash; COMP_WORDS=(\"$@\"); "
                  "COMP_CWORD=$(($# - 1)); _lifecycle; printf '%s\\n' \"${COMPREPLY[@]}\"")
        result = subprocess.run(["bash", "-c", script, "bash", TOOL, *words], timeout=60,
                                stdout=subprocess.PIPE, encoding="utf-8",
                                env={**os.environ, "XDG_RUNTIME_DIR": "/nonexistent"})
        return result.stdout.split()

    def test_completion(self):
        if shutil.which("bash") is None:
            self.skipTest("bash is not installed")
        self.assertEqual(set(self.complete("")) - {"--help", "--version"}, set(commands()))
        self.assertEqual(self.complete("stat"), ["statistics"])
        self.assertEqual(self.complete("tree", "--d"), ["--depth"])
        self.assertEqual(self.complete("records", "-k", "tim"), ["timer"])
        self.assertEqual(self.complete("help", "al"), ["alive"])
        self.assertEqual(self.complete("tree", ""), [])
        self.assertEqual(self.complete("records", "--kind", "=", "tim"), ["timer"])
        self.assertEqual(self.complete("audit", "--format", "="), ["text", "json", "sarif", "junit"])
        # What follows "--" are no options, and only the first of it is a program.
        self.assertIn("true", self.complete("audit", "--", "tru"))
        self.assertEqual(self.complete("audit", "--", "true", "--js"), [])
        self.assertEqual(self.complete("audit", "--", "true", f"{SOURCE}/complet"),
                         [f"{SOURCE}/completion.bash"])


unittest.main()
