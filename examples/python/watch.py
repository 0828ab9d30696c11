#!/usr/bin/env python3
# watch.py: a service that says what changes in a directory
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: watch.py DIRECTORY

Prints the size of each file that is written, once it has been quiet for a moment. Ends on SIGINT and
SIGTERM, after what is being measured has been told to stop, and has.
"""

import asyncio
import signal
import sys

import gi

gi.require_version("Lifecycle", "1")

from gi.repository import Gio, GLib, Lifecycle  # noqa: E402


class Watcher:
    """Everything that it sets up belongs to its scope, so there is nothing to take down."""

    def __init__(self, scope: Lifecycle.Scope, directory: Gio.File) -> None:
        self.scope = scope
        self.changed: set[str] = set()

        monitor = directory.monitor_directory(Gio.FileMonitorFlags.NONE, None)
        scope.add_file_monitor(monitor)
        scope.connect_signal(monitor, "changed", self.on_changed)
        self.quiet = scope.add_debounce(100, self.measure_all)

    def on_changed(self, monitor: Gio.FileMonitor, file: Gio.File, other: Gio.File,
                   event: Gio.FileMonitorEvent) -> None:
        self.changed.add(file.get_path())
        if self.quiet is not None:
            self.quiet.restart()

    def measure_all(self) -> None:
        changed, self.changed = self.changed, set()
        for path in sorted(changed):
            self.scope.run_async(self.measure(Gio.File.new_for_path(path)))

    async def measure(self, file: Gio.File) -> None:
        try:
            info = await self.scope.call(file.query_info_async, "standard::size",
                                         Gio.FileQueryInfoFlags.NONE, GLib.PRIORITY_DEFAULT)
        except GLib.Error:
            print(f"{file.get_basename()}: gone", flush=True)
        else:
            print(f"{file.get_basename()}: {info.get_size()} bytes", flush=True)


async def main(path: str) -> None:
    stop = asyncio.Event()

    async with Lifecycle.Scope("watch") as scope:
        scope.add_unix_signal(signal.SIGINT, stop.set)
        scope.add_unix_signal(signal.SIGTERM, stop.set)
        Watcher(scope, Gio.File.new_for_path(path))
        scope.defer(print, "stopped")
        print("watching", flush=True)
        await stop.wait()


if len(sys.argv) != 2:
    sys.exit(__doc__)
asyncio.run(main(sys.argv[1]))
