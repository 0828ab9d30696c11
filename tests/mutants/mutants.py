#!/usr/bin/env python3
# mutants.py: changes the library a little, and sees whether a test notices
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Plants each change of mutants.txt by itself, links the unit and promise tests with the changed
file, and runs them until one fails. A mutant that no test notices has survived: either a test is
missing, or the line that was changed is not needed.

The build directory has to be built. One with sanitizers also notices leaks and wild pointers.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import snippets  # noqa: E402

SUITES = ("lifecycle:unit", "lifecycle:promise")
STATIC = "lifecycle/liblifecycle-static.a"


class Test:
    """A test program, and how to link it anew."""

    def __init__(self, build, entry):
        self.name = entry["name"]
        self.args = entry["cmd"][1:]
        # Many mutants hang, and nothing that is right takes that long.
        self.env = {**os.environ, **entry["env"], "LIFECYCLE_TEST_PATIENCE": "20"}
        self.is_tap = entry["protocol"] == "tap"
        self.program = os.path.relpath(entry["cmd"][0], build)
        self.build = build
        self.link = None
        self.took = 0.0

    def prepare(self):
        ninja = shlex.split(os.environ.get("NINJA", "ninja"))
        commands = subprocess.run([*ninja, "-C", self.build, "-t", "commands", self.program],
                                  capture_output=True, text=True, check=True).stdout
        self.link = shlex.split(commands.splitlines()[-1])
        return STATIC in self.link

    def link_with(self, changed, output):
        """The object comes before the library, whose own copy of it is then not asked for."""
        link = list(self.link)
        link[link.index("-o") + 1] = output
        link.insert(link.index(STATIC) - (link[link.index(STATIC) - 1] == "-Wl,--start-group"),
                    changed)
        subprocess.run(link, cwd=self.build, check=True, capture_output=True)

    def passes(self, program, limit):
        """Whether all is well, and, if not, what happened."""
        with subprocess.Popen([program, *self.args], env=self.env, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              start_new_session=True) as process:
            try:
                output, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.communicate()
                return False, f"does not end in {limit:.0f} s"
        wrong = [line for line in output.splitlines() if line.startswith("not ok")]
        if process.returncode == 0 and not wrong:
            return True, ""
        # A program that has died was in the case after the last one that it told of.
        told = [line for line in output.splitlines() if line.startswith("ok ")]
        where = wrong[0] if wrong else f"dies after {told[-1] if told else 'nothing'}"
        return False, where


class Judge:
    def __init__(self, args):
        self.build = args.build
        self.sources = snippets.read_sources(args.source)
        self.deadline = time.monotonic() + args.seconds if args.seconds else None
        self.printing = threading.Lock()
        self.only_named = args.sample
        with open(args.build / "compile_commands.json", encoding="utf-8") as file:
            self.compile = {os.path.realpath(os.path.join(entry["directory"], entry["file"])):
                            shlex.split(entry["command"]) for entry in json.load(file)
                            if ".a.p/" in entry["output"] and "static" in entry["output"]}
        with open(args.build / "meson-info" / "intro-tests.json", encoding="utf-8") as file:
            entries = [entry for entry in json.load(file)
                       if any(suite in SUITES for suite in entry["suite"])
                       and os.path.realpath(entry["cmd"][0]).startswith(str(args.build))]
        self.tests = {entry["name"]: Test(args.build, entry) for entry in entries}

    def prepare(self, names=None):
        """Links each test that will be needed once, unchanged, and takes the time."""
        for name, test in list(self.tests.items()):
            if names is not None and name not in names or not test.prepare():
                del self.tests[name]
        for test in self.tests.values():
            began = time.monotonic()
            passed, why = test.passes(os.path.join(self.build, test.program), 600)
            test.took = time.monotonic() - began
            if not passed:
                raise SystemExit(f"{test.name} fails as it is: {why}")

    def judge(self, change, folder):
        """What notices the change; None if nothing does. May raise Misfit."""
        path, text = change.apply(self.sources)
        changed = os.path.join(folder, path.name)
        with open(changed, "w", encoding="utf-8") as file:
            file.write(text)
        command = list(self.compile[os.path.realpath(path)])
        if os.path.basename(command[0]) == "ccache":
            del command[0]
        output = command.index("-o") + 1
        command[output] = changed + ".o"
        command[-1] = changed
        # What it includes is where it was, and a change may leave something unused.
        command[1:1] = ["-iquote", str(path.parent)]
        command.insert(-2, "-w")
        built = subprocess.run([word for word in command if word != "-Werror"], cwd=self.build,
                               capture_output=True, text=True, check=False)
        if built.returncode != 0:
            raise snippets.Misfit(f"does not compile: {built.stderr}")

        named = change.keys.get("tests", "").split()
        tests = [self.tests[name] for name in named if name in self.tests]
        if not self.only_named:
            tests += sorted((test for test in self.tests.values() if test not in tests),
                            key=lambda test: test.took)
        for test in tests:
            program = os.path.join(folder, "mutant")
            test.link_with(changed + ".o", program)
            # Many times as long as it takes, for the machine may be busy with others.
            passed, why = test.passes(program, 20 + 10 * test.took)
            os.unlink(program)
            if not passed:
                return f"{test.name}: {why}"
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True,
                        help="the folder of the library")
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build directory")
    parser.add_argument("--only", default="", help="only those whose description has that in it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at a time")
    parser.add_argument("--sample", action="store_true",
                        help="only those marked for it, and only with the tests they name")
    parser.add_argument("--seconds", type=float, default=0,
                        help="begin with no other mutant after so long")
    args = parser.parse_args()
    args.build = args.build.resolve()

    changes = snippets.parse((HERE / "mutants.txt").read_text(encoding="utf-8"))
    judge = Judge(args)
    # Those that are not tried have to fit as well.
    misfits = []
    for change in changes:
        try:
            change.apply(judge.sources)
        except snippets.Misfit as misfit:
            misfits.append((change, misfit))
    chosen = [change for change in changes
              if args.only in change.what and (not args.sample or "sample" in change.keys)
              and change not in [change for change, _ in misfits]]

    print(f"1..{len(chosen) + len(misfits)}", flush=True)
    number = 0
    failed = 0
    for change, misfit in misfits:
        number += 1
        failed += 1
        print(f"not ok {number} - {change.what}\n# it does not fit: {misfit}", flush=True)

    judge.prepare({name for change in chosen for name in change.keys.get("tests", "").split()}
                  if args.sample else None)

    def run(change):
        if judge.deadline is not None and time.monotonic() > judge.deadline:
            return "skip"
        with tempfile.TemporaryDirectory(prefix="lifecycle-mutant-") as folder:
            try:
                return judge.judge(change, folder) or ""
            except snippets.Misfit as misfit:
                return misfit

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for change, result in zip(chosen, pool.map(run, chosen)):
            number += 1
            if result == "skip":
                print(f"ok {number} - {change.what} # SKIP there was no time", flush=True)
            elif isinstance(result, snippets.Misfit):
                failed += 1
                print(f"not ok {number} - {change.what}\n# {result}", flush=True)
            elif result == "":
                failed += 1
                print(f"not ok {number} - {change.what}\n# it has survived", flush=True)
            else:
                print(f"ok {number} - {change.what}\n# {result}", flush=True)

    print(f"# {len(chosen)} mutants, {failed} of them unnoticed or unfit", flush=True)
    return 1 if failed > 0 else 0


sys.exit(main())
