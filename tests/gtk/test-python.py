#!/usr/bin/env python3
# test-python.py: the library for GTK in Python
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import sys
import unittest
import weakref

import gi

gi.require_version("Gtk", "4.0")
gi.require_version("Lifecycle", "1")
gi.require_version("LifecycleGtk4", "1")

from gi.repository import GLib, Gtk, Lifecycle, LifecycleGtk4  # noqa: E402


def settle():
    context = GLib.MainContext.default()
    while context.iteration(False):
        pass


class View(Gtk.Box):
    """A subclass that sets things up in its constructor."""

    def __init__(self, log):
        super().__init__()
        self.label = Gtk.Label(label="a label")
        self.append(self.label)
        scope = LifecycleGtk4.scope_of(self)
        # The closure captures its owner: a cycle that only an explicit end can break.
        scope.defer(lambda *_: log.append(self.label.get_parent() is self))


class TestGtk(unittest.TestCase):
    def test_window_held(self):
        log = []
        window = Gtk.Window()
        view = View(log)
        window.set_child(view)
        window.present()
        scope = LifecycleGtk4.scope_of(view)

        window.destroy()
        self.assertEqual(log, [True])
        self.assertTrue(scope.is_closed())
        self.assertEqual(scope.get_reason(), Lifecycle.Reason.OWNER_GONE)
        self.assertTrue(LifecycleGtk4.scope_of(view).is_closed())

    def test_dropped(self):
        log = []
        window = Gtk.Window()
        box = Gtk.Box()
        window.set_child(box)
        view = View(log)
        gone = weakref.ref(view)
        box.append(view)
        LifecycleGtk4.scope_of(view).close()
        self.assertEqual(log, [True])
        box.remove(view)
        del view
        settle()
        self.assertIsNone(gone())
        window.destroy()


if __name__ == "__main__":
    if not Gtk.init_check():
        print("SKIP: no display")
        sys.exit(77)
    unittest.main()
