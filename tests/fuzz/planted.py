#!/usr/bin/env python3
# planted.py: plants bugs into the library, and sees whether the fuzzer finds them
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Builds the fuzzer's plain driver with one file of the library changed, for each of a few changes
that a tired person could make, and runs it for a while. Each has to be found, with an input that
does no harm to the library as it is. A change that does not fit the source any more is a failure,
too: then it has to be written anew.
"""

import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

# What it is, the file, a regular expression, and what it becomes. The expression has to match at
# one place.
PLANTS = [
    ("the destroy notify of a cleanup is forgotten",
     "lifecycle-objects.c",
     r"(func \(scope, reason, data, &error\);(?:\n.*){0,3}?\n  if \(destroy != NULL)\)",
     r"\1 && FALSE)"),

    ("a cleanup is called twice",
     "lifecycle-objects.c",
     r"  func \(scope, reason, data, &error\);",
     r"  func (scope, reason, data, NULL); func (scope, reason, data, &error);"),

    ("entries are released first-in-first-out",
     "lifecycle-ledger.c",
     r"(lifecycle_ledger_pop \((?:.*\n)+?)  entry = lifecycle_list_peek_last \(list\);",
     r"\1  entry = list->next != list ? (LifecycleEntry *) list->next : NULL;"),

    ("an adopted handler stays in its scope when the instance is disposed",
     "lifecycle-adopted.c",
     r"(handler_watch_release \((?:.*\n)+?)  lifecycle_link_cut_own_end \(link\);",
     r"\1"),

    ("the handlers and sources of children are not muted",
     "lifecycle-teardown.c",
     r"(teardown_mute \((?:.*\n)+?  for \(guint i = )list->n_items(; i-- > 0;\))",
     r"\1 1\2"),

    ("a scope that is closed twice says so twice",
     "lifecycle-teardown.c",
     r"  lifecycle_scope_emit_closed \(scope\);",
     r"  lifecycle_scope_emit_closed (scope); lifecycle_scope_emit_closed (scope);"),

    ("timers of the same deadline are called in the wrong order",
     "lifecycle-timer-queue.c",
     r"return \(gint32\) \(a->serial - b->serial\) < 0;",
     r"return (gint32) (a->serial - b->serial) > 0;"),

    ("the destroy notify of a timer does not wait for the end of its call",
     "lifecycle-timer.c",
     r"  if \(!in_call\)\n    \{\n      if \(self->destroy != NULL\)\n        self->destroy \(self->data\);",
     r"  if (self->destroy != NULL)\n    self->destroy (self->data);\n  self->destroy = NULL;\n"
     r"  if (!in_call)\n    {"),

    ("an operation is told of its result although its scope is closed",
     "lifecycle-operation.c",
     r"(\n  if \()live(\)\n    \{\n      if \(self->callback)",
     r"\n  if (!live && self->callback != NULL && self->destroy == NULL)"
     r"\n    self->callback (source_object, result, self->user_data);\1live\2"),

    ("nobody waits for operations",
     "lifecycle-close-async.c",
     r"pending = holdings->n_pending > 0 &&",
     r"pending = holdings->n_pending > 1 &&"),

    ("who waits with others is not told when the wait is over",
     "lifecycle-close-async.c",
     r"for \(guint i = 0; i < waiters->len; i\+\+\)\n    \{",
     r"for (guint i = 0; i < waiters->len && i < 1; i++)\n    {"),

    ("a wait cannot be cancelled",
     "lifecycle-close-async.c",
     r"  if \(cancellable != NULL\)\n",
     r"  if (FALSE)\n"),

    ("messages to queued handlers overtake each other",
     "lifecycle-mail.c",
     r"g_queue_push_tail \(holdings->mail, mail\)",
     r"g_queue_push_head (holdings->mail, mail)"),

    ("messages to queued handlers outlive the close",
     "lifecycle-teardown.c",
     r"lifecycle_holdings_drop_mail \(holdings, i > 0 \|\| fence == NULL\);",
     r""),

    ("nobody waits for guarded handlers",
     "lifecycle-threaded-handler.c",
     r"waited = \(self->flags",
     r"waited = FALSE && (self->flags"),

    ("the reference for disconnecting a guarded handler is kept",
     "lifecycle-handler.c",
     r"  g_clear_object \(&notice.held\);\n",
     r""),

    ("a phase forgets what comes while it is busy",
     "lifecycle-phase.c",
     r"(phase_go_on \((?:.*\n)+?  if \(self->busy\)\n)    return;",
     r"\1    {\n      self->event = PHASE_NOTHING;\n      return;\n    }"),

    ("the run before goes on when another one begins",
     "lifecycle-phase.c",
     r"        phase_close_run \(self, LIFECYCLE_REASON_REPLACED, self->enter_signal\);",
     r"        ;"),

    ("a run outlives the instance of its phase",
     "lifecycle-phase.c",
     r"  \.gone = phase_gone,\n",
     r""),

    ("a run that begins while its phase is cleared outlives that",
     "lifecycle-phase.c",
     r"  \.end = phase_end,\n",
     r""),

    ("a binding stays in its scope when its source is disposed",
     "lifecycle-gio.c",
     r"  lifecycle_resource_watch_object \(entry, BINDING_SOURCE, source\);\n",
     r"  lifecycle_resource_watch_object (entry, BINDING_SOURCE, target);\n"),

    ("the scope does not unbind",
     "lifecycle-gio.c",
     r"    g_binding_unbind \(binding\);",
     r"    ;"),

    ("a monitor is dropped, and not cancelled",
     "lifecycle-gio.c",
     r"  g_file_monitor_cancel \(self->object\);\n",
     r""),

    ("a monitor that somebody else has cancelled stays in its scope",
     "lifecycle-gio.c",
     r"  lifecycle_resource_connect \(entry, 0, \"notify::cancelled\", file_monitor_cancelled_cb\);\n",
     r"  (void) file_monitor_cancelled_cb;\n"),

    ("a temporary file stays",
     "lifecycle-gio-files.c",
     r"  if \(fd >= 0\)\n    close \(fd\);\n",
     r"  if (fd >= 0)\n    close (fd);\n  if (number == ENOTDIR)\n    return;\n"),

    ("temporary files go before all else",
     "lifecycle-gio-files.c",
     r"  \.type = LIFECYCLE_ENTRY_FILE,\n",
     r"  .type = LIFECYCLE_ENTRY_MONITOR,\n"),

    ("clear_kind() forgets what was muted for good",
     "lifecycle-clear-kind.c",
     r"      n_released \+= clear_release \(g_ptr_array_index \(ledgers, i\), kind, FALSE\);",
     r"      ;"),

    ("clear_kind() clears other kinds, too",
     "lifecycle-ledger.c",
     r"if \(kind != LIFECYCLE_KIND_NONE && lifecycle_entry_type_get_kind",
     r"if (FALSE && lifecycle_entry_type_get_kind"),

    ("the operations of a scope are not cancelled",
     "lifecycle-operation.c",
     r"  g_cancellable_cancel \(self->cancellable\);\n  lifecycle_operation_unref",
     r"  lifecycle_operation_unref"),
]


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)


def plant(args, folder, number, description, name, pattern, replacement):
    """Says what is wrong, or None."""
    (path,) = args.source.glob(f"*/{name}")
    source = path.read_text(encoding="utf-8")
    changed, n_changes = re.subn(pattern, replacement, source)
    if n_changes != 1 or changed == source:
        return f"the change fits {n_changes} places of {name}"

    planted = folder / name
    planted.write_text(changed, encoding="utf-8")
    program = folder / f"fuzz-scope-planted-{number}"
    # The changed file comes before the library, whose own copy of it is then not asked for.
    includes = [f"-I{room}" for room in [args.source, *args.source.glob("*/")]]
    built = run([*args.compiler, *args.flags, *includes, "-o", str(program),
                 str(planted), str(args.fuzzer), str(args.library), *args.libs])
    planted.unlink()
    if built.returncode != 0:
        return f"the change does not compile:\n{built.stdout}"

    artifact = folder / "found.bin"
    found = run([str(program), f"--runs={args.runs}", "--seed=1", f"--artifact={artifact}"],
                timeout=150)
    if found.returncode == 0:
        return f"not found:\n{found.stdout}"
    # Whatever went wrong has to be there again when the input is run alone.
    if not artifact.exists() or run([str(program), str(artifact)]).returncode == 0:
        return f"found, and cannot be reproduced:\n{found.stdout}"
    sound = run([str(args.control), str(artifact)])
    artifact.unlink()
    if sound.returncode != 0:
        return f"found, and it is not what was planted:\n{sound.stdout}"

    lines = [line for line in found.stdout.splitlines() if line.startswith("FAILED")]
    print(f"ok {number} - {description}: {lines[0] if lines else 'crashed'}", flush=True)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True,
                        help="the folder of the library")
    parser.add_argument("--generated", type=pathlib.Path, required=True,
                        help="the folder of its generated headers")
    parser.add_argument("--control", type=pathlib.Path, required=True,
                        help="the fuzzer with nothing planted")
    parser.add_argument("--fuzzer", type=pathlib.Path, required=True,
                        help="the fuzzer with its driver, as a static library")
    parser.add_argument("--library", type=pathlib.Path, required=True,
                        help="the library, as a static library")
    parser.add_argument("--runs", type=int, default=100000,
                        help="how many programs to try for each")
    parser.add_argument("--link-arg", action="append", default=[],
                        help="what else the library is linked with")
    parser.add_argument("--compiler", nargs=argparse.REMAINDER, required=True)
    args = parser.parse_args()

    packages = ["gio-2.0", "gio-unix-2.0"]
    pkg_config = shlex.split(os.environ.get("PKG_CONFIG", "pkg-config"))
    args.flags = shlex.split(run([*pkg_config, "--cflags", *packages], check=True).stdout)
    args.flags += ["-std=gnu11", "-g", "-O1", "-w", "-I", str(args.generated),
                   '-DG_LOG_DOMAIN="Lifecycle"', "-DLIFECYCLE_COMPILATION",
                   "-DLIFECYCLE_DISABLE_SOURCE_NAMES"]
    args.libs = shlex.split(run([*pkg_config, "--libs", *packages], check=True).stdout)
    args.libs += [*args.link_arg, "-pthread"]

    print(f"1..{len(PLANTS)}", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="lifecycle-planted-") as folder:
        for number, (description, *change) in enumerate(PLANTS, 1):
            wrong = plant(args, pathlib.Path(folder), number, description, *change)
            if wrong is not None:
                failed += 1
                print(f"not ok {number} - {description}", flush=True)
                for line in wrong.splitlines():
                    print(f"# {line}", flush=True)

    return 1 if failed > 0 else 0


sys.exit(main())
