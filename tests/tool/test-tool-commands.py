#!/usr/bin/env python3
# test-tool-commands.py: each command against a small program with things that should be found
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOOL, PLANTED = map(os.path.abspath, sys.argv[1:3])
del sys.argv[1:3]

# A wait longer than this is a hang.
PATIENCE = 100

RUNTIME = tempfile.TemporaryDirectory(prefix="lifecycle-")
SOCKETS = pathlib.Path(RUNTIME.name) / "lifecycle"
ENVIRONMENT = {**os.environ, "XDG_RUNTIME_DIR": RUNTIME.name, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}


# What is planted is leaked on purpose, which AddressSanitizer should not tell of.
LEAKING = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


class Planted:
    """The program. It does what it is told, and has done it when tell() returns."""

    def __init__(self, name="planted", debug="inspect-close"):
        self.name = name
        self.process = subprocess.Popen(
            [PLANTED, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
            env={**ENVIRONMENT, **LEAKING, "LIFECYCLE_DEBUG": debug})
        self.pid = str(self.process.pid)
        assert self.process.stdout.readline() == "ready\n"

    def tell(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n", words

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def planted(*arguments, **options):
    program = Planted(*arguments, **options)
    try:
        yield program
    except BaseException:
        program.process.kill()
        program.end()
        raise
    assert program.end() == 0


def run(*words, expected=0, cwd=None):
    result = subprocess.run([TOOL, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            encoding="utf-8", timeout=PATIENCE, env=ENVIRONMENT, cwd=cwd)
    assert result.returncode == expected, (words, result)
    return result


def run_json(*words, expected=0):
    return json.loads(run(*words, "--json", expected=expected).stdout)


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


class Commands(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="lifecycle-")
        self.addCleanup(self.directory.cleanup)
        self.path = lambda name: os.path.join(self.directory.name, name)

    def tearDown(self):
        # No program leaves its socket behind.
        self.assertEqual(list(SOCKETS.glob("*")), [])

    def test_ps(self):
        self.assertIn("No program", run("ps").stdout)
        self.assertEqual(run_json("ps"), [])
        with planted("one") as one, planted("two", debug="inspect") as two:
            programs = {program["program"]: program for program in run_json("ps")}
            self.assertEqual(set(programs), {"one", "two"})
            self.assertEqual(programs["one"]["pid"], int(one.pid))
            self.assertEqual(programs["one"]["scopes"], 3)
            self.assertEqual(programs["one"]["loop"], "runs")
            self.assertTrue(programs["one"]["closable"])
            self.assertFalse(programs["two"]["closable"])
            self.assertRegex(run("ps").stdout, rf"PID +PROGRAM.*\n(.*\n)* *{two.pid} +two ")

    def test_names(self):
        with planted("one"), planted("same") as first, planted("same") as second:
            run("tree", "one")
            error = run("tree", "same", expected=2).stderr
            self.assertIn("2 programs 'same'", error)
            self.assertIn(first.pid, error)
            self.assertIn(second.pid, error)
            run("tree", first.pid)
        # A program without a name is called what the system calls it.
        with planted(""):
            self.assertEqual([program["program"] for program in run_json("ps")], ["planted"])
            run("tree", "planted")
        for who in ("nobody", "1"):
            self.assertIn("LIFECYCLE_DEBUG=inspect", run("tree", who, expected=2).stderr)

    def test_tree(self):
        with planted() as program:
            program.tell("follow")
            scopes = {scope["path"]: scope for scope in run_json("tree", program.pid)}
            self.assertEqual(set(scopes), {"app", "app/service", "app/dialogs"})
            self.assertEqual(scopes["app/service"]["parent"], scopes["app"]["id"])
            self.assertEqual(scopes["app/service"]["live"], {"handler": 1, "timer": 1})
            self.assertEqual(scopes["app/dialogs"]["follows"], [scopes["app/service"]["id"]])
            self.assertRegex(scopes["app"]["place"], r"planted\.c:\d+$")

            text = run("tree", program.pid).stdout
            self.assertRegex(text, r"^app ")
            self.assertRegex(text, r"\n├─ service  handler 1, timer 1  ")
            self.assertRegex(text, r"\n└─ dialogs .*follows app/service\n")
            self.assertEqual(run("tree", program.pid, "-d", "0").stdout.count("\n"), 1)
            self.assertEqual(len(run_json("tree", program.pid, "app/service")), 1)
            self.assertIn("no scope", run("tree", program.pid, "app/none", expected=2).stderr)

            # Two scopes of one path are told apart by their ids.
            program.tell("namesake")
            self.assertIn("more than one", run("tree", program.pid, "app/service", expected=2).stderr)
            self.assertEqual(len(run_json("tree", program.pid, scopes["app/service"]["id"])), 1)
            for _ in range(4):
                program.tell("namesake")
            self.assertIn("service × 5", run("tree", program.pid).stdout)
            self.assertNotIn("×", run("tree", program.pid, "--all").stdout)

    def test_records(self):
        with planted() as program:
            records = run_json("records", program.pid, "app/service")
            self.assertEqual([record["kind"] for record in records], ["handler", "timer"])
            handler = records[0]
            self.assertEqual(handler["type"], "Emitter")
            self.assertEqual(handler["signal"], "changed")
            self.assertEqual(handler["scope"], "app/service")
            self.assertTrue(handler["valid"])
            self.assertIn("Emitter::changed", run("records", program.pid).stdout)

            self.assertEqual(len(run_json("records", program.pid, "-k", "timer")), 1)
            self.assertEqual(len(run_json("records", program.pid, "app", "--only")), 2)
            run("records", program.pid, "-k", "cat", expected=2)
            program.tell("many", "50")
            few = run("records", program.pid, "-n", "10", "--json")
            self.assertEqual(len(json.loads(few.stdout)), 10)
            self.assertIn("10 of 54", few.stderr)

    def test_stacks(self):
        with planted(debug="inspect,stacks") as program:
            self.assertRegex(run("records", program.pid, "--stacks").stdout, r"\nmain\b")

    def test_statistics(self):
        with planted() as program:
            for _ in range(3):
                program.tell("clean-round")
            statistics = run_json("statistics", program.pid)
            self.assertEqual(statistics["scopes"], 3)
            self.assertEqual(statistics["kinds"]["handler"],
                             {"live": 1, "added": 4, "released": 3, "retired": 0})
            self.assertEqual(statistics["closed"], {"completed": 3})
            self.assertRegex(run("statistics", program.pid).stdout, r"handler +1 +4 +3 +0\n")
            self.assertEqual(run_json("statistics", program.pid, "app/service")["entries"], 2)

    def test_leaks(self):
        with planted() as program:
            self.assertEqual(run_json("leaks", program.pid), {"leaks": [], "stuck": []})
            self.assertIn("Nothing", run("leaks", program.pid).stdout)

            program.tell("leak")
            wait_until(lambda: subprocess.run([TOOL, "leaks", program.pid], env=ENVIRONMENT,
                                              stdout=subprocess.DEVNULL).returncode == 1)
            (leak,) = run_json("leaks", program.pid, expected=1)["leaks"]
            self.assertEqual(leak["type"], "Emitter")
            self.assertEqual(leak["kind"], "closed-but-alive")
            self.assertEqual(leak["why"], "the window is closed")
            self.assertEqual(leak["scope"], "app/window")
            self.assertEqual(leak["references"], 1)
            text = run("leaks", program.pid, expected=1).stdout
            self.assertIn("the window is closed", text)
            # The main loop of the program has found out who refers to it.
            self.assertRegex(text, r"  referred to by:\n    a reference, added at \S*planted\.c:\d+, "
                                   r"in scope app/service\n")
            self.assertNotIn("handlers:", text)

            # Who holds it, and where that was said.
            why = run("why", program.pid, leak["address"]).stdout
            self.assertRegex(why, r"← reference: held by a scope +\S*planted\.c:\d+\n"
                                  r" +← scope app/service: .* +\S*planted\.c:\d+\n"
                                  r" +← scope app: ")
            self.assertIn("← leak app/window: the window is closed", why)

    def test_stuck(self):
        with planted() as program:
            program.tell("active-emitter")
            program.tell("lone-emitter")
            program.tell("lost-operation")

            def causes():
                return sorted(site["cause"] for site in run_json("leaks", program.pid)["stuck"])

            # These are suspected when they have been idle for a while, and are no finding. The
            # other timers and handlers of the same scope, which are as old, are merely idle.
            wait_until(lambda: len(causes()) > 0)
            wait_until(lambda: causes() == ["lone-emitter", "lost-operation"])
            self.assertIn("seem unable to fire", run("leaks", program.pid).stdout)

            program.tell("abandon")
            stuck = run_json("leaks", program.pid, expected=1)["stuck"]
            self.assertEqual(stuck[0]["cause"], "abandoned-context")
            self.assertTrue(stuck[0]["certain"])
            self.assertEqual(stuck[0]["scope"], "abandoned")
            self.assertIn("can never fire", run("leaks", program.pid, expected=1).stdout)

    def test_alive(self):
        with planted() as program:
            (timer,) = run_json("alive", program.pid)
            self.assertEqual(timer["kind"], "timer")
            self.assertEqual(timer["scope"], "app/service")
            self.assertRegex(run("alive", program.pid).stdout, r"1  timer .* app/service ")
            run("close", program.pid, "app")
            self.assertIn("No scope keeps", run("alive", program.pid).stdout)

    def test_top(self):
        with planted() as program:
            result = run("top", program.pid)
            self.assertIn("3 scopes, 4 entries", result.stdout)
            lines = run("top", program.pid, "-n", "2", "-d", "0.05", "--json").stdout.splitlines()
            self.assertEqual(len(lines), 2)
            self.assertEqual(json.loads(lines[0])["info"]["pid"], int(program.pid))

            watch = subprocess.Popen([TOOL, "top", program.pid, "-n", "400", "-d", "0.05"],
                                     stdout=subprocess.PIPE, encoding="utf-8", env=ENVIRONMENT)
            watch.stdout.readline()
            program.tell("many", "7")
            for line in watch.stdout:
                if re.search(r"7 +\+7 ", line):
                    break
            else:
                self.fail("nothing has grown")
            watch.send_signal(signal.SIGINT)
            self.assertEqual(watch.wait(PATIENCE), 0)
            watch.stdout.close()

    def test_trace(self):
        with planted() as program:
            trace = subprocess.Popen([TOOL, "trace", program.pid, "-n", "8", "--json"],
                                     stdout=subprocess.PIPE, encoding="utf-8", env=ENVIRONMENT)

            # It takes a moment until the trace has started.
            def events():
                program.tell("clean-round")
                return trace.poll() is not None

            wait_until(events)
            lines = [json.loads(line) for line in trace.stdout]
            trace.stdout.close()
            self.assertEqual(trace.wait(PATIENCE), 0)
            self.assertEqual(len(lines), 8)
            kinds = [line["event"] for line in lines]
            self.assertEqual(set(kinds), {"opened", "closed", "added", "removed"})
            closed = lines[kinds.index("closed")]
            self.assertEqual(closed["scope"], "app/dialogs/dialog")
            self.assertEqual(closed["reason"], "completed")

            trace = subprocess.Popen([TOOL, "trace", program.pid, "-n", "2", "-s", "-p", "app/*"],
                                     stdout=subprocess.PIPE, encoding="utf-8", env=ENVIRONMENT)
            wait_until(events)
            text = trace.stdout.read()
            trace.stdout.close()
            trace.wait(PATIENCE)
            self.assertRegex(text, r"(opened|closed) +app/dialogs/dialog")
            self.assertEqual(run("trace", program.pid, "-t", "0.1", "-k", "timer").stdout, "")
            run("trace", program.pid, "-k", "cat", expected=2)

    def test_close(self):
        with planted(debug="inspect") as program:
            error = run("close", program.pid, "app/dialogs", expected=2).stderr
            self.assertIn("does not allow it", error)
            self.assertEqual(len(run_json("tree", program.pid)), 3)
        with planted() as program:
            run("close", program.pid, "app/none", expected=2)
            run("close", program.pid, "app/dialogs", "-r", "cat", expected=2)
            self.assertIn("is closed", run("close", program.pid, "app/dialogs", "-r", "aborted",
                                           "-m", "by hand").stdout)
            self.assertEqual(len(run_json("tree", program.pid)), 2)
            self.assertEqual(run_json("close", program.pid, "app/service"), {"closed": True})

    def test_hang(self):
        """The program answers while its main loop hangs."""
        flag = self.path("flag")
        with planted() as program:
            pathlib.Path(flag).touch()
            program.tell("hang", flag)
            wait_until(lambda: run_json("ps")[0]["loop"] == "busy")
            self.assertEqual(len(run_json("tree", program.pid)), 3)
            self.assertEqual({site["cause"] for site in run_json("leaks", program.pid)["stuck"]},
                             {"busy-context"})
            self.assertEqual(run_json("statistics", program.pid)["entries"], 4)
            run("snapshot", program.pid, "-o", self.path("snapshot"))
            error = run("close", program.pid, "app/dialogs", "-w", "0.1", expected=2).stderr
            self.assertIn("has not come back", error)
            os.unlink(flag)
            wait_until(lambda: len(run_json("tree", program.pid)) == 2)

    def test_stopped(self):
        with planted() as program:
            program.process.send_signal(signal.SIGSTOP)
            try:
                self.assertEqual(run_json("ps")[0]["loop"], "no answer")
            finally:
                program.process.send_signal(signal.SIGCONT)

    def test_crash(self):
        """The socket of a program that has crashed is removed."""
        program = Planted()
        program.process.kill()
        program.end()
        self.assertEqual(len(list(SOCKETS.glob("*"))), 1)
        self.assertIn("has ended", run("tree", program.pid, expected=2).stderr)
        self.assertEqual(list(SOCKETS.glob("*")), [])

        program = Planted()
        program.process.kill()
        program.end()
        self.assertEqual(run_json("ps"), [])
        self.assertEqual(list(SOCKETS.glob("*")), [])

    @unittest.skipUnless(hasattr(os, "getuid") and os.getuid() == 0, "needs root, to be somebody else")
    def test_other_user(self):
        """Another user is refused, even one who can reach the socket."""
        client = ("import socket, sys\n"
                  "s = socket.socket(socket.AF_UNIX)\n"
                  "s.settimeout(50)\n"
                  "s.connect(sys.argv[1])\n"
                  "try:\n"
                  "    s.sendall(b'\\0AUTH EXTERNAL\\r\\nDATA\\r\\n')\n"
                  "    print(len(s.recv(100)))\n"
                  "except (BrokenPipeError, ConnectionResetError):\n"
                  "    print(0)\n")
        with planted() as program:
            socket = SOCKETS / program.pid
            command = ["/usr/bin/env", "python3", "-c", client, socket]
            own = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", timeout=PATIENCE)
            self.assertGreater(int(own.stdout), 0)

            def as_other():
                return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      encoding="utf-8", timeout=PATIENCE, user=65534, cwd="/")

            self.assertEqual(SOCKETS.stat().st_mode & 0o777, 0o700)
            self.assertIn("PermissionError", as_other().stderr)
            for path, mode in ((RUNTIME.name, 0o755), (SOCKETS, 0o755), (socket, 0o777)):
                os.chmod(path, mode)
            try:
                other = as_other()
            finally:
                os.chmod(SOCKETS, 0o700)
            self.assertEqual(other.stdout, "0\n", other)
            self.assertEqual(len(run_json("ps")), 1)

    def test_stop_and_start(self):
        with planted() as program:
            program.tell("stop")
            self.assertEqual(run_json("ps"), [])
            program.tell("start")
            self.assertEqual(len(run_json("ps")), 1)

    def test_snapshot_and_diff(self):
        before, after = self.path("before"), self.path("after")
        with planted() as program:
            run("snapshot", program.pid, "-o", before)
            for _ in range(5):
                program.tell("clean-round")
            run("snapshot", program.pid, "-o", after)
            self.assertIn("Nothing has grown", run("diff", before, after).stdout)
            self.assertEqual(run_json("diff", before, after), [])

            for _ in range(5):
                program.tell("open-and-close")
            run("snapshot", program.pid, "-o", after)
            (change,) = run_json("diff", before, after, expected=1)
            self.assertEqual((change["change"], change["before"], change["after"]), (5, 0, 5))
            self.assertEqual(change["kind"], "handler")
            self.assertEqual(change["scope"], "app/dialogs")
            self.assertRegex(change["place"], r"planted\.c:\d+$")
            self.assertRegex(run("diff", before, after, expected=1).stdout, r"\n +\+5 +0 +5  handler ")

            # A program stands for what it is now; and what has become less is only told on demand.
            run("diff", before, program.pid, expected=1)
            self.assertEqual(run_json("diff", after, before), [])
            self.assertEqual(len(run_json("diff", after, before, "--all")), 1)

            snapshot = json.loads(run("snapshot", program.pid).stdout)
            for key in ("info", "contexts", "scopes", "sites", "records", "statistics", "leaks",
                        "stuck", "alive", "history"):
                self.assertIn(key, snapshot)
            reasons = {scope["reason"] for scope in snapshot["history"]["closed"]}
            self.assertEqual(reasons, {"completed", "aborted"})

            rubbish = self.path("rubbish")
            pathlib.Path(rubbish).write_text("{}", encoding="utf-8")
            self.assertIn("not a snapshot", run("diff", before, rubbish, expected=2).stderr)
            run("snapshot", program.pid, "-o", self.path("no/such/file"), expected=2)

    def test_why(self):
        with planted() as program:
            program.tell("follow")
            self.assertRegex(run("why", program.pid, "app/dialogs").stdout,
                             r"^scope app/dialogs: .*\n  ← scope app: .*\n\n"
                             r"scope app/dialogs: follows .*\n  ← scope app/service: ")
            self.assertIn("handler: changed calls changed_cb", run("why", program.pid, "Emitter").stdout)
            self.assertIsInstance(run_json("why", program.pid, "Emitter")[0][0], dict)
            run("why", program.pid, "0x1", expected=2)
            run("why", program.pid, "Nonsense", expected=2)

    def test_program_with_the_name_of_a_file(self):
        """A program is started where its executable is, and both have the same name."""
        with planted("player") as program:
            for start in (b"\x7fELF\x02\xff", b"#!/usr/bin/env python3\n"):
                pathlib.Path(self.path("player")).write_bytes(start)
                run("report", "player", "-o", self.path("page.html"), cwd=self.directory.name)
            run("snapshot", program.pid, "-o", self.path("player"))
            run("report", "player", "-o", self.path("page.html"), cwd=self.directory.name)
            pathlib.Path(self.path("player")).write_text("{ }", encoding="utf-8")
            run("report", "player", expected=2, cwd=self.directory.name)

    def test_report(self):
        page, snapshot = self.path("page.html"), self.path("snapshot")
        with planted("<!--<script>evil") as program:
            program.tell("open-and-close")
            self.assertIn(page, run("report", program.pid, "-o", page).stdout)
            text = pathlib.Path(page).read_text(encoding="utf-8")
            # One file that needs nothing else, and whose data cannot become a part of the page.
            self.assertNotRegex(text, r"(src|href)=")
            self.assertNotIn("http://", text.replace("http://www.w3.org/2000/svg", ""))
            self.assertNotIn("<!--<script>evil", text)
            data = json.loads(text.split('id="data">')[1].split("</script>")[0])
            self.assertEqual(data["info"]["program"], "<!--<script>evil")
            self.assertEqual(data["history"]["closed"][0]["detail"], "the user pressed Escape")

            program.tell("abandon")
            run("snapshot", program.pid, "-o", snapshot)
            run("report", snapshot, "-o", page, expected=1)
            self.assertEqual(run_json("report", snapshot, expected=1)["format"], "lifecycle-snapshot-1")

    @unittest.skipIf(shutil.which("gdbus") is None, "gdbus is not installed")
    def test_gdbus(self):
        """The interface can be used with gdbus alone."""
        with planted() as program:
            where = ["--address", f"unix:path={SOCKETS / program.pid}", "--dest", "org.lifecycle.Inspect1",
                     "--object-path", "/org/lifecycle/Inspect"]

            def gdbus(*words):
                return subprocess.run(["gdbus", *words], stdout=subprocess.PIPE, encoding="utf-8",
                                      timeout=PATIENCE, check=True, env=ENVIRONMENT).stdout

            self.assertIn("'program': <'planted'>",
                          gdbus("call", *where, "--method", "org.lifecycle.Inspect1.GetInfo"))
            self.assertIn("'app/service'", gdbus("call", *where, "--method",
                                                 "org.lifecycle.Inspect1.ListScopes", "app"))
            self.assertIn("TakeSnapshot(in  a{sv} options,", gdbus("introspect", *where))
            self.assertIn("node /org/lifecycle/Inspect", gdbus(
                "introspect", *where[:4], "--object-path", "/", "--recurse"))

    def test_control_characters(self):
        """Control characters from a program do not reach the terminal."""
        with planted("bell\a\x1b[31m") as program:
            self.assertNotRegex(run("ps").stdout, r"[\a\x1b]")
            self.assertNotRegex(run("top", program.pid).stdout, r"[\a\x1b]")


unittest.main()
