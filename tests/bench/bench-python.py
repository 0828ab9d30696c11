#!/usr/bin/env python3
# bench-python.py: what a handler of a scope costs in Python, beside PyGObject's own connect()
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: meson devenv -C build bench-python.py [ROUNDS]

Prints nanoseconds of processor time per handler: connect() and disconnect() of PyGObject, a scope that
is cleared, and one that is made and closed each time, with 1, 5 and 20 handlers on different objects.
"""

import statistics
import sys
import time

import gi

gi.require_version("Lifecycle", "1")

from gi.repository import Gio, Lifecycle  # noqa: E402

actions = [Gio.SimpleAction.new("action", None) for _ in range(20)]
kept = Lifecycle.Scope("kept")


def callback(*args):
    pass


def own(n):
    ids = [action.connect("activate", callback) for action in actions[:n]]
    for action, handler_id in zip(actions, ids):
        action.disconnect(handler_id)


def clear(n):
    for action in actions[:n]:
        kept.connect_signal(action, "activate", callback)
    kept.clear()


def close(n):
    scope = Lifecycle.Scope("scope")
    for action in actions[:n]:
        scope.connect_signal(action, "activate", callback)
    scope.close()


rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
print(f"{'handlers':>8} {'own':>8} {'clear':>8} {'close':>8}   ratios")
for n in (1, 5, 20):
    times = {function: [] for function in (own, clear, close)}
    for _ in range(rounds):
        for function, taken in times.items():
            begin = time.thread_time_ns()
            for _ in range(2000 // n):
                function(n)
            taken.append((time.thread_time_ns() - begin) / (2000 // n * n))
    medians = [statistics.median(taken) for taken in times.values()]
    print(f"{n:>8} " + " ".join(f"{median:>8.0f}" for median in medians) +
          f"   {medians[1] / medians[0]:.2f} {medians[2] / medians[0]:.2f}")
