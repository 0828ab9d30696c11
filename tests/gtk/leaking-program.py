#!/usr/bin/env python3
# leaking-program.py: a program in Python that has never heard of scopes
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A closure, which GTK's settings hold, has captured a window that is destroyed."""

import gi

gi.require_version("Gtk", "4.0")
# pylint: disable=wrong-import-position
from gi.repository import GLib, Gtk


class Preferences(Gtk.Window):
    def __init__(self):
        super().__init__(title="the title", name="preferences")
        self.connect("notify::title", self.on_title)

    def on_title(self, *_):
        pass


class Shelf:
    def __init__(self, window):
        self.window = window


def open_window():
    window = Preferences()
    Gtk.Settings.get_default().connect("notify", lambda *_: window.set_title("new"))
    window.present()
    GLib.timeout_add(200, window.destroy)
    return Shelf(window)


SHELF = open_window()
while True:
    GLib.MainContext.default().iteration(True)
