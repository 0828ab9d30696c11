#!/usr/bin/env python3
# test-audit.py: planted faults are found by `lifecycle audit`, and their clean twins are silent
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: test-audit.py TOOL PLANTED PLAIN PYTHON GJS PLANTED-GTK, where the last three may be empty.
# Writes TAP.

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

TOOL, PLANTED, PLAIN, PYTHON, GJS, PLANTED_GTK = sys.argv[1:7]
HERE = os.path.dirname(os.path.realpath(__file__))
# What makes criticals fatal would end programs with a misuse before they are done.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "G_DEBUG"}
ENVIRONMENT["PYTHONMALLOC"] = "malloc"
TIMEOUT = 120

# The case, its kind, a word of the summary, and the function that has to be named.
C_CASES = [
    ("dangling-handler", "dangling", "PlantedPlayer", "dangling_handler"),
    ("dangling-source", "dangling", "PlantedPlayer", "dangling_source"),
    ("dangling-weak-ref", "dangling", "PlantedPlayer", "dangling_weak_ref"),
    ("dangling-connect", "dangling", "activate", "dangling_connect"),
    ("dangling-cancellable", "dangling", "cancelled", "dangling_cancellable"),
    ("dangling-group", "dangling", "GSignalGroup", "dangling_group"),
    ("dangling-binding", "dangling", "g_object_bind_property_full", "dangling_binding"),
    ("dangling-binding-group", "dangling", "g_binding_group_bind", "dangling_binding_group"),
    ("dangling-settings", "dangling", "g_settings_bind_with_mapping", "dangling_settings"),
    ("dangling-weak-pointer", "dangling", "weak pointer", "dangling_weak_pointer"),
    ("dangling-weak-place", "dangling", "GWeakRef", "dangling_weak_place"),
    ("dangling-unseen", "dangling", "PlantedPlayer", "never_cb"),
    ("piling-up-objects", "piling-up", "PlantedPlayer", "player_new"),
    ("piling-up-parts", "piling-up", "GObject", "planted_player_init"),
    ("piling-up-handlers", "piling-up", "activate", "piling_up_handlers"),
    ("piling-up-sources", "piling-up", "g_timeout_add_seconds", "piling_up_sources"),
    ("piling-up-attached", "piling-up", "g_source_attach", "piling_up_attached"),
    ("piling-up-unseen", "piling-up", "source", "never_cb"),
    ("piling-up-bindings", "piling-up", "GBinding", "piling_up_bindings"),
    ("piling-up-settings", "piling-up", "GSimpleAction", "piling_up_settings"),
    ("piling-up-monitors", "piling-up", "GInotifyFileMonitor", "piling_up_monitors"),
    ("held", "held", "PlantedPlayer", "player_new"),
    ("held-cycle", "held", "PlantedPlayer", "player_new"),
    ("misuse-gone", "misuse", "gone", "misuse_gone"),
    ("misuse-wrong-instance", "misuse", "wrong instance", "misuse_wrong_instance"),
    ("misuse-zero", "misuse", "id of 0", "misuse_zero"),
    ("misuse-source", "misuse", "g_source_remove", "misuse_source"),
    ("misuse-name", "misuse", "g_bus_unwatch_name", "misuse_name"),
    ("threads", "dangling", "PlantedPlayer", "dangling_handler"),
    ("after-loop", "dangling", "PlantedPlayer", "after_loop"),
    ("emitter-released", "dangling", "PlantedPlayer", "emitter_released"),
    ("second-loop", "dangling", "PlantedPlayer", "emitter_released"),
    ("fork-and-exec", "dangling", "PlantedPlayer", "dangling_handler"),
]
NEEDS_SCHEMA = ["dangling-settings", "piling-up-settings"]
SCHEMA = """<schemalist>
  <schema id="org.example.planted" path="/org/example/planted/">
    <key name="enabled" type="b"><default>false</default></key>
  </schema>
</schemalist>
"""
SILENT_CASES = ["dangling-not", "piling-up-not"]
SCRIPT_CASES = [
    ("piling-up-handlers", "piling-up", "activate"),
    ("piling-up-sources", "piling-up", "g_timeout_add_seconds"),
    ("piling-up-objects", "piling-up", "Player"),
    ("piling-up-monitors", "piling-up", "GInotifyFileMonitor"),
    ("held", "held", "Player"),
    ("misuse", "misuse", ""),
]


class Failure(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def audit(words, *options, environment=None):
    """Returns the exit status, the report and what the program wrote."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "report")
        run = subprocess.run([TOOL, "audit", "--output", output, *options, "--", *words],
                             env=environment or ENVIRONMENT, timeout=TIMEOUT,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        report = ""
        if os.path.exists(output):
            with open(output, encoding="utf-8") as file:
                report = file.read()
    return run.returncode, report, run.stdout + run.stderr


def findings(words, **more):
    status, report, output = audit(words, "--json", **more)
    check(report, f"there is no report; status {status}: {output}")
    found = [finding for process in json.loads(report)["processes"]
             for finding in process["findings"]]
    check(status == (1 if found else 0), f"status {status}, {len(found)} findings: {output}")
    return found


def describe(found):
    return "; ".join(f"{finding['kind']}: {finding['summary']}" for finding in found) or "nothing"


def expect(words, kind, word):
    found = findings(words)
    check(len(found) == 1, f"found {describe(found)}")
    check(found[0]["kind"] == kind and word in found[0]["summary"], f"found {describe(found)}")
    return found[0]


def expect_silence(words):
    found = findings(words)
    check(not found, f"found {describe(found)}")


def c_case(name, kind, word, function):
    finding = expect([PLANTED, name], kind, word)
    frames = finding["frames"]
    check(frames[0]["function"] == function or
          any(frame["function"] == name.replace("-", "_") for frame in frames),
          f"the frames are {frames}")
    check((frames[0]["file"] or "planted.c").endswith("planted.c"), f"the frames are {frames}")
    expect_silence([PLANTED, name, "clean"])


def script_case(interpreter, script, name, kind, word):
    path = os.path.join(HERE, script)
    finding = expect([*interpreter, path, name], kind, word)
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    places = [frame for frame in finding["frames"] if (frame["file"] or "").endswith(script)]
    check(places and any("the fault" in lines[place["line"] - 1] for place in places),
          f"the frames are {finding['frames']}")
    expect_silence([*interpreter, path, name, "clean"])


def holders_are_named():
    finding = expect([PLANTED, "held"], "held", "PlantedPlayer")
    check(any("owns a reference" in detail for detail in finding["details"]), finding["details"])
    finding = expect([PLANTED, "held-cycle"], "held", "PlantedPlayer")
    check(any("a field of PlantedPlayer" in detail for detail in finding["details"]),
          finding["details"])


def windows_that_live_on():
    """A window is one finding, whatever hangs on it, and what holds it is named."""
    display = [sys.executable, os.path.join(HERE, "..", "gtk", "run.py")]
    finding = expect([*display, PLANTED_GTK], "held", "PlantedWindow")
    check(finding["objects"] > finding["count"] * 10, finding)
    check(any("a field of PlantedPart" in detail and "cycle" in detail
              for detail in finding["details"]), finding["details"])
    expect_silence([*display, PLANTED_GTK, "clean"])


def program_without_glib():
    status, report, output = audit([PLAIN], "--json")
    check(output.startswith("plain\n"), f"it wrote '{output}'")
    check("status 3" in output and status == 2, f"status {status}: {output}")
    check(json.loads(report)["processes"] == [], report)
    status, _, output = audit(["true"])
    check(status == 0, f"status {status}: {output}")


def fatal_criticals():
    """Something is left of a program that dies of what the audit is about."""
    environment = dict(ENVIRONMENT, G_DEBUG="fatal-warnings")
    status, report, output = audit([PLANTED, "misuse-source"], "--json", environment=environment)
    process = json.loads(report)["processes"][0]
    check(status == 1 and not process["finished"], f"status {status}: {output}")
    check("signal" in output, output)
    check([finding["kind"] for finding in process["findings"]] == ["misuse"], report)


def formats():
    status, report, _ = audit([PLANTED, "dangling-handler"], "--format=sarif")
    run = json.loads(report)["runs"][0]
    check(status == 1 and run["results"][0]["ruleId"] == "dangling", report)
    check(run["results"][0]["locations"][0]["logicalLocations"][0]["name"] == "dangling_handler",
          report)
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    check(rules == {"dangling", "piling-up", "held", "misuse"}, report)

    status, report, _ = audit([PLANTED, "dangling-handler"], "--format=junit")
    suite = xml.etree.ElementTree.fromstring(report)[0]
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    check(status == 1 and failed == ["dangling"] and suite.get("failures") == "1", report)

    status, report, _ = audit([PLANTED, "dangling-handler"])
    check(status == 1 and " 1. dangling: " in report and "dangling_handler" in report, report)
    status, report, _ = audit([PLANTED, "dangling-handler", "clean"])
    check(status == 0 and "nothing found" in report, report)


def wrong_usage():
    for words in (["--format=nonsense", "--", PLANTED], [], ["--", "/nonexistent/program"],
                  ["--snapshot-every=-1", "--", PLANTED]):
        run = subprocess.run([TOOL, "audit", *words], env=ENVIRONMENT, timeout=TIMEOUT,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        check(run.returncode == 2 and run.stderr.startswith("lifecycle: "),
              f"{words}: status {run.returncode}, {run.stderr}")


def privileged_program():
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "privileged")
        with open(PLAIN, "rb") as source, open(program, "wb") as copy:
            copy.write(source.read())
        os.chmod(program, 0o4755)
        status, _, output = audit([program])
    check(status == 2 and "rights of another user" in output, f"status {status}: {output}")


def signal_asks_for_a_report():
    """A signal to the command is handed on to the program, and the report is shown at once."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "report")
        run = subprocess.Popen([TOOL, "audit", "--output", output, "--", PLANTED, "wait-in-loop"],
                               env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True)
        try:
            check(run.stdout.readline() == "ready\n", "the program did not start")
            run.send_signal(signal.SIGUSR1)
            for _ in range(600):
                if os.path.exists(output) or run.poll() is not None:
                    break
                signal.sigtimedwait([], 0.1)
            with open(output, encoding="utf-8") as file:
                report = file.read()
            check("1 snapshot" in report and "dangling" in report, report)
            run.send_signal(signal.SIGTERM)
            check(run.wait(TIMEOUT) == 1, "the status is wrong")
        finally:
            run.kill()
            run.wait()
            run.stdout.close()


def snapshot_by_command():
    """`lifecycle snapshot` and `lifecycle diff` know audited programs, too."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.Popen([TOOL, "audit", "--", PLANTED, "wait-in-loop"], env=ENVIRONMENT,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            check(run.stdout.readline() == "ready\n", "the program did not start")
            with open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii") as file:
                pid = file.read().split()[0]
            before, after = (os.path.join(folder, name) for name in ("before", "after"))
            for output in (before, after):
                done = subprocess.run([TOOL, "snapshot", pid, "-o", output], env=ENVIRONMENT,
                                      timeout=TIMEOUT, stderr=subprocess.PIPE, text=True)
                check(done.returncode == 0, done.stderr)
            with open(before, encoding="utf-8") as file:
                sites = json.load(file)["sites"]
            check(any(site["kind"] == "handler" and "dangling_handler" in site["place"]
                      for site in sites), sites)
            done = subprocess.run([TOOL, "diff", before, after], env=ENVIRONMENT, timeout=TIMEOUT,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            check(done.returncode == 0, done.stdout + done.stderr)
            run.send_signal(signal.SIGTERM)
            check(run.wait(TIMEOUT) == 1, "the status is wrong")
        finally:
            run.kill()
            run.wait()
            run.stdout.close()


def snapshots_by_time():
    status, report, output = audit([PLANTED, "wait-for-snapshot"], "--json", "--snapshot-every=1")
    check(report, f"there is no report; status {status}: {output}")
    process = json.loads(report)["processes"][0]
    check(status == 1 and process["snapshots"] >= 1, report)
    check([finding["kind"] for finding in process["findings"]] == ["dangling"], report)


def compile_schema(folder):
    """Returns whether there is something to compile it with."""
    compiler = shutil.which("glib-compile-schemas")
    if compiler is None:
        return False
    with open(os.path.join(folder, "planted.gschema.xml"), "w", encoding="utf-8") as file:
        file.write(SCHEMA)
    subprocess.run([compiler, "--strict", folder], check=True, timeout=TIMEOUT)
    ENVIRONMENT.update(GSETTINGS_SCHEMA_DIR=folder, GSETTINGS_BACKEND="memory")
    return True


def main(folder):
    has_schema = compile_schema(folder)
    tests = [(f"c/{case[0]}", c_case if has_schema or case[0] not in NEEDS_SCHEMA else None, case)
             for case in C_CASES]
    tests += [(f"c/{name}", expect_silence, ([PLANTED, name],)) for name in SILENT_CASES]
    for language, interpreter, script in (("python", [PYTHON], "planted.py"),
                                          ("gjs", [GJS, "-m"], "planted.js")):
        for case in SCRIPT_CASES:
            runnable = script_case if interpreter[0] else None
            tests.append((f"{language}/{case[0]}", runnable, (interpreter, script, *case)))
    tests.append(("windows-that-live-on", windows_that_live_on if PLANTED_GTK and shutil.which("Xvfb") else None, ()))
    for test in (holders_are_named, program_without_glib, fatal_criticals, formats, wrong_usage,
                 privileged_program, signal_asks_for_a_report, snapshot_by_command,
                 snapshots_by_time):
        tests.append((test.__name__.replace("_", "-"), test, ()))

    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, function, arguments) in enumerate(tests, 1):
        if function is None:
            print(f"ok {number} {name} # SKIP what it needs is not here", flush=True)
            continue
        try:
            function(*arguments)
            print(f"ok {number} {name}", flush=True)
        except (Failure, subprocess.TimeoutExpired, ValueError, OSError, IndexError) as error:
            failed += 1
            print(f"not ok {number} {name}", flush=True)
            for line in str(error).splitlines():
                print(f"# {line}", flush=True)
    return 1 if failed else 0


with tempfile.TemporaryDirectory() as schemas:
    sys.exit(main(schemas))
