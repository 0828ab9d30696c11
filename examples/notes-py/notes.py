#!/usr/bin/env python3
# notes.py: a note-taking application, in Python
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The same application as in examples/notes, and it may share its folder.

Closures capture what they need, the window among it, and none of them keeps it alive: each belongs
to a scope, and the scope of a window or of a page closes when that does.
"""

import datetime
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import gi

gi.require_version("Gdk", "4.0")
gi.require_version("Gtk", "4.0")
gi.require_version("Lifecycle", "1")
gi.require_version("LifecycleGtk4", "1")

from gi.repository import Gdk, Gio, GLib, GObject, Gtk, Lifecycle  # noqa: E402
from gi.repository import LifecycleGtk4 as LifecycleGtk  # noqa: E402

SHARED = pathlib.Path(__file__).resolve().parent.parent / "notes"
AUTOSAVE_MS, SETTLE_MS, SEARCH_MS, UNDO_MS = 800, 150, 150, 6000
SWAP = GObject.BindingFlags.SYNC_CREATE


def connect(scope, instance, signal, function):
    scope.connect_signal(instance, signal, function, Lifecycle.ConnectFlags.DEFAULT)


def load(scope, file, function):
    """Calls the function with the text of the file, unless the scope closes first."""
    def loaded(source, result):
        try:
            function(source.load_contents_finish(result)[1].decode())
        except GLib.Error as error:
            if error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND):
                function("")
        except UnicodeDecodeError:
            pass

    operation = scope.begin_async("load", loaded)
    file.load_contents_async(operation.get_cancellable(), operation.complete)


def get_title(text):
    lines = text.strip().splitlines()
    return lines[0].strip()[:60] if lines else "New Note"


class Note(GObject.Object):
    __gtype_name__ = "NotesNote"

    title = GObject.Property(type=str, default="New Note")
    preview = GObject.Property(type=str, default="")
    date = GObject.Property(type=str, default="")

    def __init__(self, file, text=""):
        super().__init__()
        self.file, self.modified = file, 0
        self.set_text(text)

    def set_modified(self, modified):
        if modified != self.modified:
            self.modified, then = modified, datetime.datetime.fromtimestamp(modified)
            today = then.date() == datetime.date.today()
            self.date = then.strftime("%H:%M" if today else "%e %b %Y")

    def set_text(self, text):
        self.title = get_title(text)
        self.preview = " ".join(text.split()[len(self.title.split()):])[:120]


class Folder(GObject.Object):
    """The notes of a folder, and the saves that are under way."""

    __gsignals__ = {"changed": (GObject.SignalFlags.RUN_LAST, None, (Gio.File,))}

    def __init__(self, parent, application, path):
        super().__init__()
        self.directory, self.application = Gio.File.new_for_path(path), application
        self.notes, self.listed, self.hidden, self.saves = Gio.ListStore(item_type=Note), {}, set(), {}
        pathlib.Path(path).mkdir(parents=True, exist_ok=True)

        self.scope = parent.get_child("folder")
        self.settle = self.scope.add_debounce(SETTLE_MS, self.list)
        monitor = self.directory.monitor_directory(Gio.FileMonitorFlags.WATCH_MOVES, None)
        connect(self.scope, monitor, "changed", self.on_changed)
        self.scope.add_file_monitor(monitor)
        self.list()

    def on_changed(self, monitor, file, other_file, event):
        self.settle.restart()
        if event in (Gio.FileMonitorEvent.CHANGES_DONE_HINT, Gio.FileMonitorEvent.RENAMED):
            self.emit("changed", other_file or file)

    def list(self, *_):
        """Lists the files, and reads those that have changed; a newer listing replaces this one."""
        def listed(directory, result):
            seen = set(self.saves)
            for info in directory.enumerate_children_finish(result):
                name, modified = info.get_name(), info.get_modification_date_time().to_unix()
                if not name.endswith(".txt") or name.startswith("."):
                    continue
                seen.add(name)
                note = self.ensure(name)
                if note.modified != modified:
                    note.set_modified(modified)
                    load(self.scope.get_child("reading"), note.file, note.set_text)
            self.listed = {name: note for name, note in self.listed.items() if name in seen}
            self.show()

        operation = self.scope.renew_child("listing").begin_async("list", listed)
        self.directory.enumerate_children_async(
            "standard::name,time::modified", Gio.FileQueryInfoFlags.NONE, GLib.PRIORITY_DEFAULT,
            operation.get_cancellable(), operation.complete)

    def ensure(self, name):
        if name not in self.listed:
            self.listed[name] = Note(self.directory.get_child(name))
        return self.listed[name]

    def show(self):
        shown = sorted((note for name, note in self.listed.items() if name not in self.hidden),
                       key=lambda note: (-note.modified, note.title))
        same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] is pair[1], zip(shown, self.notes)))
        if same < max(len(shown), len(self.notes)):
            self.notes.splice(same, len(self.notes) - same, shown[same:])

    def new_file(self):
        stem = datetime.datetime.now().strftime("%Y-%m-%d %H.%M.%S")
        names = (f"{stem}{f' ({i})' if i else ''}.txt" for i in range(1000))
        name = next(name for name in names if name not in self.listed)
        self.ensure(name).set_modified(int(time.time()))
        self.show()
        return self.directory.get_child(name)

    def save(self, file, text):
        """Writes a note. Nothing stops this any more, and the application does not end before."""
        name = file.get_basename()
        note = self.ensure(name)
        note.set_text(text)
        note.set_modified(int(time.time()))
        self.show()
        busy = name in self.saves
        self.saves[name] = text
        if not busy:
            self.write(file, text)

    def write(self, file, text):
        def written(source, result):
            try:
                source.replace_contents_finish(result)
            except GLib.Error as error:
                print("A note could not be saved:", error.message, file=sys.stderr)
            newest = self.saves.pop(name)
            if newest is None:
                source.delete(None)
            elif newest is not text:
                self.saves[name] = newest
                self.write(source, newest)
            else:
                self.emit("changed", source)
            scope.close()

        name, scope = file.get_basename(), Lifecycle.Scope.new("save")
        scope.hold_application(self.application)
        operation = scope.begin_async("write", written)
        operation.set_shielded(0)
        file.replace_contents_bytes_async(
            GLib.Bytes.new(text.encode()), None, False, Gio.FileCreateFlags.NONE,
            operation.get_cancellable(), operation.complete)

    def flush(self):
        while self.saves:
            GLib.MainContext.default().iteration(True)

    def set_hidden(self, file, hidden):
        (self.hidden.add if hidden else self.hidden.discard)(file.get_basename())
        self.show()

    def delete(self, file):
        name = file.get_basename()
        if name in self.saves:
            self.saves[name] = None
        elif file.query_exists(None):
            file.delete(None)
        self.listed.pop(name, None)
        self.set_hidden(file, False)


class Page(Gtk.ScrolledWindow):
    """A tab. What has not been saved is handed to the folder when it closes, whatever closes it."""

    title = GObject.Property(type=str, default="New Note")
    unsaved = GObject.Property(type=bool, default=False)

    def __init__(self, folder, file):
        super().__init__(hexpand=True, vexpand=True)
        self.folder, self.file, self.showing = folder, file, False
        view = Gtk.TextView(wrap_mode=Gtk.WrapMode.WORD_CHAR, left_margin=24, right_margin=24,
                            top_margin=18, bottom_margin=18, css_classes=["note"])
        self.set_child(view)
        self.buffer = view.get_buffer()

        scope = LifecycleGtk.scope_of(self)
        self.autosave = scope.add_debounce(AUTOSAVE_MS, self.save)
        connect(scope, self.buffer, "changed", self.on_changed)
        connect(scope, folder, "changed", self.on_file_changed)
        connect(scope, scope, "closing", lambda *_: self.save())
        self.load()

    def load(self):
        text = self.folder.saves.get(self.file.get_basename())
        if text is not None:
            self.show(text)
        else:
            load(LifecycleGtk.scope_of(self).renew_child("load"), self.file, self.show)

    def show(self, text):
        if not self.unsaved and text != self.buffer.props.text:
            self.showing = True
            self.buffer.props.text = text
            self.buffer.place_cursor(self.buffer.get_start_iter())
            self.title = get_title(text)
            self.showing = False

    def on_changed(self, buffer):
        if not self.showing:
            self.title, self.unsaved = get_title(buffer.props.text), True
            self.autosave.restart()

    def on_file_changed(self, folder, file):
        if file.equal(self.file) and not self.unsaved:
            self.load()

    def save(self, *_):
        if self.unsaved:
            self.unsaved = False
            self.folder.save(self.file, self.buffer.props.text)


@Gtk.Template(filename=str(SHARED / "notes-window.ui"))
class Window(Gtk.ApplicationWindow):
    __gtype_name__ = "NotesWindow"

    search_entry, list_stack, list_page, list_empty, list, stack, empty, notebook, toast, toast_label, \
        undo = (Gtk.Template.Child() for _ in range(11))

    def __init__(self, application):
        super().__init__(application=application)
        self.folder = application.folder
        self.results = Gio.ListStore(item_type=Note)
        self.selection = Gtk.SingleSelection(model=self.folder.notes, autoselect=False, can_unselect=True)
        self.list.set_model(self.selection)
        self.list.set_factory(Gtk.BuilderListItemFactory.new_from_bytes(
            None, GLib.Bytes.new((SHARED / "notes-row.ui").read_bytes())))

        scope = self.scope = LifecycleGtk.scope_of(self)
        search = scope.add_debounce(SEARCH_MS, self.search)
        connect(scope, self.search_entry, "changed", lambda *_: search.restart())
        connect(scope, self.search_entry, "stop-search", lambda *_: self.search_entry.set_text(""))
        connect(scope, self.list, "activate", lambda _, i: self.open(self.selection[i].file))
        connect(scope, self.selection, "items-changed", lambda *_: self.update_list())
        connect(scope, self.notebook, "notify::page", lambda *_: self.follow_current())
        connect(scope, self.notebook, "page-removed", lambda *_: self.follow_current())
        for key in ("width", "height"):
            scope.bind_setting(application.settings, key, self, f"default-{key}",
                               Gio.SettingsBindFlags.DEFAULT)
        for name, function in {"close-page": self.close_page, "delete-note": self.delete_note,
                               "find": lambda *_: self.search_entry.grab_focus()}.items():
            add_action(scope, self, name, None, function)
        self.follow_current()
        self.update_list()

    @property
    def page(self):
        current = self.notebook.get_current_page()
        return self.notebook.get_nth_page(current) if current >= 0 else None

    @property
    def pages(self):
        return [self.notebook.get_nth_page(i) for i in range(self.notebook.get_n_pages())]

    def update_list(self):
        found = self.selection.props.model is self.results
        self.list_empty.set_text("Nothing found" if found else "No notes yet")
        self.list_stack.set_visible_child(self.list_page if len(self.selection) else self.list_empty)
        selected = (i for i, note in enumerate(self.selection)
                    if self.page and note.file.equal(self.page.file))
        self.selection.set_selected(next(selected, Gtk.INVALID_LIST_POSITION))

    def follow_current(self):
        """What depends on the note in front: one scope for each of them."""
        current, page = self.scope.renew_child("current"), self.page
        self.stack.set_visible_child(self.notebook if page else self.empty)
        self.lookup_action("delete-note").set_enabled(page is not None)
        if page:
            current.bind(page, "title", self, "title", SWAP)
        else:
            self.set_title("Notes")
        self.update_list()

    def open(self, file):
        page = next((page for page in self.pages if page.file.equal(file)), None)
        if page is None:
            page = Page(self.folder, file)
            # GTK 4.8 loses the widget of a tab that comes with the page, or that it makes itself.
            self.notebook.set_show_tabs(False)
            self.notebook.append_page(page, None)
            self.notebook.set_tab_label(page, self.create_tab(page))
            self.notebook.set_show_tabs(True)
        self.notebook.set_current_page(self.notebook.page_num(page))
        page.get_child().grab_focus()
        return page

    def create_tab(self, page):
        tab, scope = Gtk.Box(spacing=6), LifecycleGtk.scope_of(page)
        dot = Gtk.Label(label="●", css_classes=["tab-dot"])
        label = Gtk.Label(ellipsize=3, width_chars=10, max_width_chars=18)
        close = Gtk.Button(icon_name="window-close-symbolic", has_frame=False, tooltip_text="Close Tab")
        for widget in (dot, label, close):
            tab.append(widget)
        scope.bind(page, "title", label, "label", SWAP)
        scope.bind(page, "unsaved", dot, "visible", SWAP)
        connect(scope, close, "clicked", lambda *_: self.close_tab(page))
        return tab

    def close_tab(self, page):
        LifecycleGtk.scope_of(page).close()
        self.notebook.detach_tab(page)

    def close_page(self, *_):
        if self.page:
            self.close_tab(self.page)
        else:
            self.close()

    def search(self, *_):
        """A newer search replaces the one that runs: its scope closes, and nothing of it arrives."""
        scope, text = self.scope.renew_child("search"), self.search_entry.get_text().casefold()
        self.results.remove_all()
        self.selection.set_model(self.results if text else self.folder.notes)

        def check(file, contents):
            line = next((line for line in contents.splitlines() if text in line.casefold()), None)
            if line is not None:
                note = Note(file, contents)
                note.preview = line.strip()
                self.results.append(note)

        for note in self.folder.notes if text else []:
            load(scope, note.file, lambda contents, file=note.file: check(file, contents))
        self.update_list()

    def delete_note(self, *_):
        """An undo is a scope with a deadline, and one function that is told why it has ended."""
        file, title = self.page.file, self.page.title
        self.close_page()
        self.folder.set_hidden(file, True)

        def over(scope, reason):
            if reason == Lifecycle.Reason.ABORTED:
                self.folder.set_hidden(file, False)
                self.open(file)
            else:
                self.folder.delete(file)
            if reason != Lifecycle.Reason.PARENT_CLOSED:
                self.toast.set_reveal_child(False)

        scope = self.scope.renew_child("toast")
        scope.defer(over)
        connect(scope, self.undo, "clicked",
                lambda *_: scope.close_with_reason(Lifecycle.Reason.ABORTED, "undone"))
        scope.set_deadline(UNDO_MS)
        self.toast_label.set_text(f"Deleted “{title}”")
        self.toast.set_reveal_child(True)


class Application(Gtk.Application):
    def __init__(self, path=None, flags=Gio.ApplicationFlags.DEFAULT_FLAGS):
        super().__init__(application_id="org.example.Notes", flags=flags)
        self.path = path or os.path.expanduser("~/Notes")

    def do_startup(self):
        Gtk.Application.do_startup(self)
        scope = self.scope = LifecycleGtk.scope_of_application(self)
        self.settings = Gio.Settings.new_full(find_schema(), None, None)
        self.folder = Folder(scope, self, self.path)

        for name, kind, function in (
                ("new-note", None, lambda *_: self.window.open(self.folder.new_file())),
                ("add-note", "s", lambda _, text: self.folder.save(self.folder.new_file(), text.unpack())),
                ("new-window", None, lambda *_: Window(self).present()),
                ("text-size", "i", lambda _, by: self.change_text_size(by.unpack())),
                ("quit", None, lambda *_: self.close_windows())):
            add_action(scope, self, name, kind, function)
        for action, keys in {"app.new-note": "<Control>n", "app.new-window": "<Control><Shift>n",
                             "app.text-size(1)": "<Control>plus", "app.text-size(-1)": "<Control>minus",
                             "app.quit": "<Control>q", "win.close-page": "<Control>w",
                             "win.delete-note": "<Control>Delete", "win.find": "<Control>f"}.items():
            LifecycleGtk.set_accels(scope, self, action, [keys])

        for path in (SHARED / "notes.css", None):
            self.style = Gtk.CssProvider()
            if path:
                self.style.load_from_path(str(path))
            LifecycleGtk.add_css_provider(scope, Gdk.Display.get_default(), self.style,
                                          Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION)
        connect(scope, self.settings, "changed::text-size", lambda *_: self.set_text_size())
        self.set_text_size()
        LifecycleGtk.add_action(scope, self, self.settings.create_action("dark"))
        scope.bind_setting(self.settings, "dark", Gtk.Settings.get_default(),
                           "gtk-application-prefer-dark-theme", Gio.SettingsBindFlags.GET)

    def do_activate(self):
        self.window.present()

    def do_shutdown(self):
        self.close_windows()
        self.folder.flush()
        Gtk.Application.do_shutdown(self)

    @property
    def window(self):
        return self.get_active_window() or Window(self)

    def close_windows(self):
        for window in self.get_windows():
            window.destroy()

    def set_text_size(self):
        self.style.load_from_data(f".note {{ font-size: {self.settings.get_int('text-size')}pt; }}".encode())

    def change_text_size(self, by):
        self.settings.set_int("text-size", min(max(self.settings.get_int("text-size") + by, 8), 32))


def add_action(scope, actions, name, kind, function):
    LifecycleGtk.add_simple_action(scope, actions, name, GLib.VariantType.new(kind) if kind else None,
                                   function)


def find_schema():
    """The schema, compiled if that has not been done."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["glib-compile-schemas", "--targetdir", directory, SHARED], check=True)
        source = Gio.SettingsSchemaSource.new_from_directory(
            directory, Gio.SettingsSchemaSource.get_default(), True)
        return source.lookup("org.example.Notes", True)


def main(arguments):
    LifecycleGtk.add_inspector_page()
    application = Application(arguments[1] if len(arguments) > 1 else None)
    return application.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
