#!/usr/bin/env python3
# conformance.py: runs the table of cases in one language, or writes the matrix of all of them
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""README.md explains the table, the steps, and what a runner has to do."""

import argparse
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = {
    "c": "C",
    "vala": "Vala",
    "python": "Python",
    "gjs": "JavaScript",
    "lua": "Lua",
    "perl": "Perl",
    "ruby": "Ruby",
}
RUNNERS = {
    "c": "conformance.c",
    "vala": "conformance.vala",
    "python": "run-python.py",
    "gjs": "run-gjs.js",
    "lua": "run-lua.lua",
    "perl": "run-perl.pl",
    "ruby": "run-ruby.rb",
}
BEGIN = "<!-- The matrix is written by tests/bindings/conformance/conformance.py --write. -->"
END = "<!-- End of the matrix. -->"


class Table:
    """A part of the table, which has a file and runners of its own."""

    def __init__(self, source, runners):
        self.source, self.runners = source, runners
        self.languages = {language: LANGUAGES[language] for language in runners}


TABLES = {
    "plain": Table("cases.txt", RUNNERS),
    "gtk": Table("cases-gtk.txt", {
        "c": "conformance-gtk.c",
        "vala": "conformance-gtk.vala",
        "python": "run-python-gtk.py",
        "gjs": "run-gjs-gtk.js",
    }),
}


class Case:
    def __init__(self, name):
        self.name = name
        self.title = self.promise = self.warning = self.debug = ""
        self.alone = None
        self.steps = []
        self.expected = []


def read_cases(table):
    cases, case, expecting = [], None, False
    source = table.source
    for number, line in enumerate((HERE / source).read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("== "):
            case, expecting = Case(line[3:].strip()), False
            cases.append(case)
        elif line.strip() == "" or line.startswith("#"):
            pass
        elif line.strip() == "--":
            expecting = True
        elif line.startswith("    "):
            (case.expected if expecting else case.steps).append(line.strip())
        else:
            key, _, value = line.partition(":")
            if key not in ("title", "promise", "warning", "alone", "debug"):
                sys.exit(f"{source}:{number}: what is “{key}”?")
            setattr(case, key, value.strip())
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        sys.exit(f"{source}: two cases have the same name")
    return cases


class Remark:
    """What gaps/LANGUAGE.txt says of a case: that it works in some way (“yes”), that it does not (“no”),
    or that the language has no such thing (“–”), and why.
    """

    def __init__(self, word, why):
        self.word, self.why = word, why
        self.works = word == "yes"


def read_gaps(language):
    """What is to be said of the cases in a language: {case: remark}."""
    path = HERE / "gaps" / f"{language}.txt"
    gaps = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            start, _, why = line.partition(":")
            name, word, *more = start.split() + [""]
            if word not in ("yes", "no", "–") or more[1:] or not why.strip():
                sys.exit(f"{path.name}: a line is “CASE yes|no|–: WHY”, not “{line}”")
            gaps[name] = Remark(word, why.strip())
    known = {case.name for table in TABLES.values() for case in read_cases(table)}
    if not known.issuperset(gaps):
        sys.exit(f"{path.name}: there is no case {', '.join(sorted(set(gaps) - known))}")
    return gaps


def run(command, cases):
    """Runs cases in one process. Returns its output by case, and its exit status."""
    environment = {**os.environ, "LIFECYCLE_DEBUG": cases[0].debug}
    text = "".join(f"case {case.name}\n" + "".join(f"{step}\n" for step in case.steps) + "end\n"
                   for case in cases)
    try:
        process = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, timeout=60 + 5 * len(cases), check=False,
                                 env=environment)
        output, status = process.stdout, process.returncode
    except subprocess.TimeoutExpired as error:
        output, status = error.stdout or b"", "timeout"
    found, lines = {}, []
    for line in output.decode("utf-8", "replace").splitlines():
        if line.startswith("@case "):
            lines = found[line[6:].strip()] = []
        elif line == "@end":
            # What comes now is of the runner that cleans up.
            lines = []
        else:
            lines.append(line)
    return found, status


def agree(traced, expected):
    """An expected line may end in “*”, for whatever follows; alone, “*” is any number of lines."""
    return expected == ["*"] or len(traced) == len(expected) and all(
        line == wanted or (wanted.endswith("*") and line.startswith(wanted[:-1]))
        for line, wanted in zip(traced, expected))


# A cleanup that returns its error has told everybody who wants to know.
RETURNS_ERRORS = ("c", "vala")


def judge(language, case, lines, status):
    """What is wrong with a case, or None. The status is None unless it is the end of the program."""
    traced = [line[2:].strip() for line in lines if line.startswith("> ")]
    for line in lines:
        if "CRITICAL" in line:
            return line.strip()
        if line.startswith("@"):
            return line[1:].strip()
    if case.alone is not None:
        if status != int(case.alone):
            return f"the exit status is {status}"
    elif status is not None:
        return f"the program has ended with {status}"
    if not agree(traced, case.expected):
        return f"expected {case.expected}, got {traced}"
    if case.debug and not any(f"{RUNNERS[language]}:" in line for line in lines):
        return "no report names the line"
    warned = any(case.warning in line for line in lines if not line.startswith("> "))
    if case.warning and not warned and not (case.name.startswith("cleanup") and language in RETURNS_ERRORS):
        return f"no warning contains “{case.warning}”"
    return None


def run_all(language, command, cases):
    """{case name: what is wrong, or None}, and all that was printed for it."""
    results, printed = {}, {}
    waiting = [case for case in cases if case.alone is None]
    while waiting:
        found, status = run(command, waiting)
        begun = [case for case in waiting if case.name in found]
        if not begun:
            sys.exit(f"Bail out! The runner does not begin: status {status}, {found}")
        ended = status != 0 or len(begun) < len(waiting)
        for case in begun:
            last = case is begun[-1]
            printed[case.name] = found[case.name]
            results[case.name] = judge(language, case, found[case.name], status if last and ended else None)
        waiting = waiting[len(begun):]
    for case in cases:
        if case.alone is not None:
            found, status = run(command, [case])
            printed[case.name] = found.get(case.name, [])
            results[case.name] = judge(language, case, printed[case.name], status)
    return results, printed


def test(table, language, command, only):
    cases = read_cases(table)
    gaps = read_gaps(language)
    if only:
        cases = [case for case in cases if case.name in only]
    results, printed = run_all(language, command, cases)
    print(f"1..{len(cases)}")
    failed = False
    for number, case in enumerate(cases, 1):
        wrong, remark = results[case.name], gaps.get(case.name)
        gap = remark is not None and not remark.works
        name = f"{number} {case.name}: {case.title}"
        if wrong is None and not gap:
            print(f"ok {name}")
        elif wrong is not None and gap:
            print(f"ok {name} # SKIP gap: {remark.why}")
        else:
            failed = True
            print(f"not ok {name}")
            print("# It works: remove the gap from the list." if gap else f"# {wrong}")
        if wrong is not None and (not gap or only):
            for line in printed[case.name]:
                print(f"#   {line}")
    return 1 if failed else 0


def matrix(table, notes):
    gaps = {language: read_gaps(language) for language in table.languages}
    rows = [
        "| | " + " | ".join(table.languages.values()) + " |",
        "|---|" + "---|" * len(table.languages),
    ]
    for case in read_cases(table):
        cells = []
        for language in table.languages:
            remark = gaps[language].get(case.name)
            cells.append("yes" if remark is None else
                         f"{remark.word} ({notes.setdefault(remark.why, len(notes) + 1)})")
        promise = f" (promise {case.promise})" if case.promise else ""
        rows.append(f"| {case.title}{promise} | " + " | ".join(cells) + " |")
    return rows


def matrices():
    notes = {}
    plain, gtk = (matrix(TABLES[name], notes) for name in ("plain", "gtk"))
    return "\n".join([
        BEGIN, "", *plain, "",
        "The library for GTK, where somebody writes programs for GTK with it:", "", *gtk, "",
        *(f"{number}. {why}" for why, number in notes.items()), "", END,
    ])


def check_matrix(path, write):
    path = pathlib.Path(path)
    text = path.read_text(encoding="utf-8")
    found = re.search(re.escape(BEGIN) + ".*?" + re.escape(END), text, re.DOTALL)
    if found is None:
        sys.exit(f"{path} has no place for the matrix")
    fresh = text[:found.start()] + matrices() + text[found.end():]
    if write:
        path.write_text(fresh, encoding="utf-8")
    elif fresh != text:
        sys.exit(f"The matrix in {path} is out of date: run conformance.py --write {path}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", choices=TABLES, default="plain", help="a part of the table")
    parser.add_argument("--language", choices=LANGUAGES)
    parser.add_argument("--only", action="append", help="run one case, and show what it prints")
    parser.add_argument("--check", metavar="FILE", help="check the matrix in a file")
    parser.add_argument("--write", metavar="FILE", help="write the matrix into a file")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the runner and its arguments")
    arguments = parser.parse_args()
    if arguments.check or arguments.write:
        return check_matrix(arguments.check or arguments.write, bool(arguments.write))
    return test(TABLES[arguments.table], arguments.language, arguments.command, arguments.only)


sys.exit(main())
