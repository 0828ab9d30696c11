# SPDX-License-Identifier: LGPL-2.1-or-later
import gc

import gi

gi.require_version("Lifecycle", "1")

from gi.repository import Gio, GObject, Lifecycle  # noqa: E402


class Button(GObject.Object):
    __gsignals__ = {"clicked": (GObject.SignalFlags.RUN_LAST, None, ())}


# As a parent holds a widget.
parent = Gio.ListStore.new(Button)
n_saved = n_freed = 0


class Window:
    def __init__(self):
        self.scope = Lifecycle.Scope("window")
        self.button = Button()
        parent.append(self.button)

    def save(self):
        global n_saved
        n_saved += 1

    def __del__(self):
        global n_freed
        n_freed += 1


class Leaking(Window):
    def __init__(self):
        super().__init__()
        # block 1


class Closing(Window):
    def run(self):
        # block 2


for kind in (Leaking, Closing):
    before = n_freed
    window = kind()
    if kind is Closing:
        window.run()
    window.button.emit("clicked")
    del window
    gc.collect()
    assert n_freed == before + (kind is Closing), (kind, n_freed)
assert n_saved == 1
