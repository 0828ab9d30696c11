# SPDX-License-Identifier: LGPL-2.1-or-later
import gc
import sys

import gi

try:
    gi.require_version("Gdk", "4.0")
    gi.require_version("Gtk", "4.0")
    gi.require_version("LifecycleGtk4", "1")
except ValueError:
    print("skip: there is no library for GTK")
    sys.exit()

from gi.repository import Gdk, GObject, Gtk, LifecycleGtk4  # noqa: E402

if Gdk.Display.get_default() is None:
    print("skip: no display")
    sys.exit()


class Settings(GObject.Object):
    __gsignals__ = {"changed": (GObject.SignalFlags.RUN_LAST, None, ())}


# block 1

    def on_changed(self, settings):
        global n_changed
        n_changed += 1


n_changed = 0
settings = Settings()
window = Gtk.Window()
view = View(settings)
window.set_child(view)
settings.emit("changed")
weak = view.weak_ref()
del view
window.destroy()
settings.emit("changed")
del window
gc.collect()
assert n_changed == 1
assert weak() is None
