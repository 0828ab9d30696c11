#!/usr/bin/env python3
# test-notes.py: the application in Python, used as its users do, and more
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import gc
import pathlib
import sys
import tempfile
import time
import traceback

import notes
from gi.repository import Gio, GLib, Gtk, Lifecycle, LifecycleGtk4

N_TABS, N_WINDOWS = 150, 40


def iterate_until(condition, what):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        if not GLib.MainContext.default().iteration(False):
            time.sleep(0.001)


class Session:
    """What a user does; `directory` is where the notes are."""

    def __init__(self, application, directory):
        self.application, self.directory = application, directory
        self.window = application.get_active_window()

    def file(self, name):
        return Gio.File.new_for_path(str(self.directory / name))

    def open(self, name, window=None):
        return (window or self.window).open(self.file(name))

    def text(self, name):
        path = self.directory / name
        return path.read_text() if path.exists() else None

    def edit(self):
        (self.directory / "a.txt").write_text("A title\nand more")
        iterate_until(lambda: len(self.application.folder.notes) == 1, "the list")
        page = self.open("a.txt")
        iterate_until(lambda: page.buffer.props.text == "A title\nand more", "the text")
        assert self.window.get_title() == "A title"
        page.buffer.props.text = "Another title"
        assert self.window.get_title() == "Another title"
        iterate_until(lambda: self.text("a.txt") == "Another title", "autosave")

        page.buffer.props.text = "closed at once"
        self.window.close_page()
        assert self.open("a.txt").buffer.props.text == "closed at once"
        iterate_until(lambda: self.text("a.txt") == "closed at once", "the save")
        self.open("b.txt").buffer.props.text = "the application ends"

    def search(self):
        for i in range(20):
            (self.directory / f"{i}.txt").write_text(f"Note {i}\n{'A lemon' if i % 2 else 'An APPLE'}")
        iterate_until(lambda: len(self.application.folder.notes) == 20, "the list")
        for text, n in (("LEMON", 10), ("apple", 10), ("plum", 0)):
            self.window.search_entry.set_text(text)
            iterate_until(lambda: self.window.selection.props.model is self.window.results and
                          len(self.window.results) == n, text)
        self.window.search_entry.set_text("")
        iterate_until(lambda: len(self.window.selection) == 20, "all notes")

    def undo(self):
        for name in "ab":
            (self.directory / f"{name}.txt").write_text(name)
        iterate_until(lambda: len(self.application.folder.notes) == 2, "the list")
        self.open("a.txt")
        self.window.delete_note()
        assert len(self.window.selection) == 1
        self.window.undo.emit("clicked")
        assert len(self.window.selection) == 2 and self.text("a.txt") == "a"
        self.window.delete_note()
        self.open("b.txt")
        self.window.delete_note()
        assert self.text("a.txt") is None and self.text("b.txt") == "b"

    def many(self):
        for i in range(N_TABS):
            page = self.open(f"{i % 10}.txt")
            if i % 5 == 0:
                page.buffer.props.text = "changed"
            if i % 7 == 0:
                self.window.delete_note()
            elif i % 2 == 0 or len(self.window.pages) > 8:
                self.window.close_page()
            GLib.MainContext.default().iteration(False)
        for i in range(N_WINDOWS):
            window = notes.Window(self.application)
            self.open(f"{i % 10}.txt", window).buffer.props.text = "in another window"
            window.search_entry.set_text("window")
            if i % 10 == 0:
                window.present()
                iterate_until(window.get_mapped, "the window")
            window.destroy()


def run(name):
    """Runs a whole application, after which exactly nothing may be left."""
    failures = []
    Lifecycle.test_begin()
    with tempfile.TemporaryDirectory() as directory:
        application = notes.Application(directory, Gio.ApplicationFlags.NON_UNIQUE)

        def go():
            try:
                iterate_until(application.get_active_window().get_mapped, "the window")
                getattr(Session(application, pathlib.Path(directory)), name)()
            except BaseException:
                failures.append(traceback.format_exc())
            application.activate_action("quit")

        application.connect_after("activate", lambda *_: GLib.idle_add(go))
        application.run()
        assert not failures, failures[0]
        if name == "edit":
            assert (pathlib.Path(directory) / "b.txt").read_text() == "the application ends"
        del application, go
        gc.collect()

    statistics = Lifecycle.get_statistics()
    left = [record.to_string() for record in Lifecycle.list_records()]
    assert not left and statistics.get_n_scopes() == 0, left
    clean, report = Lifecycle.test_end_with_report()
    assert clean, report


def main():
    if not Gtk.init_check():
        print("SKIP: no display")
        return 77
    LifecycleGtk4.watch_widgets(0)
    names = ["edit", "search", "undo", "many"]
    print(f"1..{len(names)}")
    for i, name in enumerate(names, 1):
        run(name)
        print(f"ok {i} {name}", flush=True)
    return 0


sys.exit(main())
