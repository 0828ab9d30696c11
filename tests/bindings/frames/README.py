# SPDX-License-Identifier: LGPL-2.1-or-later
import asyncio
import contextlib
import io

import gi

gi.require_version("Lifecycle", "1")

from gi.repository import Gio, GObject, Lifecycle  # noqa: E402


class Settings(GObject.Object):
    __gsignals__ = {"changed": (GObject.SignalFlags.RUN_LAST, None, (str,))}


settings = Settings()
file = Gio.File.new_for_path(__file__)
heard = []


def on_changed(settings, key):
    heard.append(key)


async def main():
    # block 1
    return contents


output = io.StringIO()
with contextlib.redirect_stdout(output):
    settings.emit("changed", "early")
    contents = asyncio.run(main())
settings.emit("changed", "late")
assert output.getvalue() == "closed\n", output.getvalue()
assert b"SPDX" in contents[1]
assert heard == []
assert GObject.signal_handler_find(settings, GObject.SignalMatchType.ID, GObject.signal_lookup(
    "changed", Settings), 0, None, 0, 0) == 0
