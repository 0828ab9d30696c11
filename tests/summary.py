#!/usr/bin/env python3
# summary.py: adds up the results of several runs of `meson test`
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: summary.py LABEL=BUILD-DIRECTORY[:TEST-SETUP]...
#
# Every case of a test that writes TAP counts, and every test that does not counts as one. Names
# what failed, and what was skipped with its reason. The last line is "N passed, N failed, N
# skipped"; the exit code is 0 if nothing failed. A run that left no log is a failure.

import json
import os
import re
import sys

TAP = re.compile(r"^\s*(?P<ok>ok|not ok)\b\s*(?P<number>\d+)?\s*(?:-\s*)?(?P<name>[^#]*)"
                 r"(?:#\s*(?P<directive>SKIP|TODO)\S*\s*(?P<reason>.*))?",
                 re.IGNORECASE)
TAP_PLAN = re.compile(r"^1\.\.(?P<number>\d+)(?:\s*#\s*SKIP\S*\s*(?P<reason>.*))?", re.IGNORECASE)
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
NO_REASON = "no reason given"


def protocols(build):
    """The protocol of each test, by the end of the name that the log has for it."""
    with open(os.path.join(build, "meson-info", "intro-tests.json"), encoding="utf-8") as file:
        return {test["name"]: test["protocol"] for test in json.load(file)}


def tap_cases(output):
    """What a test said about its cases: name, result, reason."""
    for line in output.splitlines():
        plan = TAP_PLAN.match(line)
        if plan and plan["number"] == "0":
            yield "everything", SKIPPED, plan["reason"] or NO_REASON
        case = TAP.match(line) if line.startswith(("ok", "not ok")) else None
        if case is None:
            continue
        name = case["name"].strip() or case["number"] or "unnamed"
        if case["directive"]:
            yield name, SKIPPED, (case["reason"] or "").strip() or NO_REASON
        else:
            yield name, PASSED if case["ok"].lower() == "ok" else FAILED, ""


def reason_of(test):
    """Why a test that writes no TAP skipped: the last line that says so, or the last line."""
    lines = [line.strip() for part in ("stdout", "stderr")
             for line in (test.get(part) or "").splitlines() if line.strip()]
    said = [line for line in lines if line.upper().startswith("SKIP")]
    reason = (said or lines or [NO_REASON])[-1]
    return re.sub(r"^SKIP(PED)?:?\s*", "", reason, flags=re.IGNORECASE)


def cases_of(test, is_tap):
    result = test["result"]
    cases = list(tap_cases(test.get("stdout") or "")) if is_tap else []
    went_well = result in ("OK", "EXPECTEDFAIL")

    if result == "SKIP" and not cases:
        return [("", SKIPPED, reason_of(test))]
    if not cases:
        return [("", PASSED, "") if went_well else ("", FAILED, result.lower())]
    # A test may have failed although each of its cases was fine: it crashed, or timed out.
    if not went_well and result != "SKIP" and FAILED not in (case[1] for case in cases):
        cases.append(("after its cases", FAILED, f"{result.lower()}, exit {test['returncode']}"))
    return cases


def results_of(label, build, setup):
    log = os.path.join(build, "meson-logs", f"testlog-{setup}.json" if setup else "testlog.json")
    if not os.path.exists(log):
        yield label, FAILED, "did not run to its end"
        return
    protocol = protocols(build)
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            is_tap = protocol.get(test["name"].rpartition(" / ")[2]) == "tap"
            for case, result, reason in cases_of(test, is_tap):
                yield f"{label}: {test['name']}" + (f", {case}" if case else ""), result, reason


def main():
    counts = dict.fromkeys((PASSED, FAILED, SKIPPED), 0)
    told = {FAILED: [], SKIPPED: []}

    for run in sys.argv[1:]:
        label, _, where = run.partition("=")
        build, _, setup = where.partition(":")
        for name, result, reason in results_of(label, build, setup):
            counts[result] += 1
            if result != PASSED:
                told[result].append(f"  {name}" + (f": {reason}" if reason else ""))

    for result in SKIPPED, FAILED:
        if told[result]:
            print(f"\n{result.capitalize()}:")
            print("\n".join(told[result]))

    print(f"\n{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped")
    return 1 if counts[FAILED] or not counts[PASSED] else 0


sys.exit(main())
