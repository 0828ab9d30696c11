# SPDX-License-Identifier: LGPL-2.1-or-later
import gi

gi.require_version("Lifecycle", "1")

from gi.repository import GLib, GObject, Lifecycle  # noqa: E402


class Buffer(GObject.Object):
    __gsignals__ = {"changed": (GObject.SignalFlags.RUN_LAST, None, ())}


class Window:
    def __init__(self, scope, buffer):
        self.n_saved = 0
        # block 1
        self.timer = save

    def save(self):
        self.n_saved += 1
        loop.quit()


loop = GLib.MainLoop()
buffer = Buffer()
with Lifecycle.Scope("window") as scope:
    window = Window(scope, buffer)
    for _ in range(3):
        buffer.emit("changed")
    assert 0 < window.timer.get_remaining() <= 500
    window.timer.set_interval(1)
    buffer.emit("changed")
    loop.run()
    assert window.n_saved == 1
