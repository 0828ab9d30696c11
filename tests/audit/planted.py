#!/usr/bin/env python3
# planted.py: a Python program with faults that the audit finds, and its twin without them
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: planted.py CASE [clean]

import ctypes
import gc
import sys
import time

from gi.repository import Gio, GLib, GObject

ROUNDS = 6
case = sys.argv[1]
clean = sys.argv[2:] == ["clean"]
emitter = Gio.SimpleAction.new("planted", None)
take_snapshot = ctypes.CDLL(None).lifecycle_audit_snapshot


class Player(GObject.Object):
    pass


def piling_up_handlers():
    for _ in range(ROUNDS):
        handler = emitter.connect("activate", lambda *arguments: None)  # the fault
        if clean:
            emitter.disconnect(handler)
        gc.collect()
        take_snapshot()


def piling_up_sources():
    for _ in range(ROUNDS):
        source = GLib.timeout_add_seconds(1000, lambda: True)  # the fault
        if clean:
            GLib.source_remove(source)
        gc.collect()
        take_snapshot()


def piling_up_objects():
    kept = []
    for _ in range(ROUNDS):
        player = Player()  # the fault
        if not clean:
            kept.append(player)
        del player
        gc.collect()
        take_snapshot()


def piling_up_monitors():
    """GIO makes these objects."""
    kept = []
    folder = Gio.File.new_for_path("/")
    for _ in range(ROUNDS * 2):
        monitor = folder.monitor_directory(Gio.FileMonitorFlags.NONE, None)  # the fault
        if not clean:
            kept.append(monitor)
        del monitor
        gc.collect()
        take_snapshot()


def held():
    store = Gio.ListStore.new(Player)
    player = Player()  # the fault
    store.append(player)
    player.run_dispose()
    if clean:
        store.remove_all()
    del player
    gc.collect()
    time.sleep(0.75)
    for _ in range(3):
        take_snapshot()


def misuse():
    handler = emitter.connect("activate", lambda *arguments: None)
    emitter.disconnect(handler)
    if not clean:
        emitter.disconnect(handler)  # the fault


{
    "piling-up-handlers": piling_up_handlers,
    "piling-up-sources": piling_up_sources,
    "piling-up-objects": piling_up_objects,
    "piling-up-monitors": piling_up_monitors,
    "held": held,
    "misuse": misuse,
}[case]()
