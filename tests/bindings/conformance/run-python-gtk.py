#!/usr/bin/env python3
# run-python-gtk.py: runs the part of the table that is about GTK in Python
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import importlib
import pathlib
import sys
import time

import gi

gi.require_version("Gtk", "4.0")
gi.require_version("Lifecycle", "1")
gi.require_version("LifecycleGtk4", "1")

from gi.repository import Gio, GLib, Gtk, Lifecycle, LifecycleGtk4  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).parent))
plain = importlib.import_module("run-python")


@Gtk.Template(string="""
<interface>
  <template class="ConformanceView" parent="GtkBox">
    <child><object class="GtkLabel" id="label"/></child>
  </template>
</interface>""")
class View(Gtk.Box):
    __gtype_name__ = "ConformanceView"

    label = Gtk.Template.Child()


def yes_or_no(value):
    return "yes" if value else "no"


def find_leak(title):
    leaks = Lifecycle.list_leaks()
    for i in range(leaks.get_n_items()):
        leak = leaks.get_item(i)
        if f"  title: {title}\n" in leak.get_details():
            return leak
    return None


class Runner(plain.Runner):
    n_apps = 0

    def forget(self):
        for window in Gtk.Window.list_toplevels():
            window.destroy()
        super().forget()
        self.models = {}

    # Steps that make something.

    def window(self, w):
        self.things[w] = Gtk.Window(title=w)

    def app(self, a):
        # Another application may not have let go of its path yet.
        Runner.n_apps += 1
        self.things[a] = Gtk.Application(application_id=f"org.example.Conformance{self.n_apps}",
                                         flags=Gio.ApplicationFlags.NON_UNIQUE)
        self.things[a].register()

    def app_window(self, w, a):
        self.things[w] = Gtk.ApplicationWindow(application=self.thing(a))

    def make(self, name, widget, parent):
        self.things[name] = widget
        if parent is not None:
            self.insert(name, parent)

    def box(self, b, parent=None):
        self.make(b, Gtk.Box(orientation=Gtk.Orientation.VERTICAL), parent)

    def label(self, name, parent=None):
        self.make(name, Gtk.Label(label=name), parent)

    def template(self, t, parent):
        self.make(t, View(), parent)

    def widget_scope(self, s, x):
        self.things[s] = LifecycleGtk4.scope_of(self.thing(x))

    def app_scope(self, s, a):
        self.things[s] = LifecycleGtk4.scope_of_application(self.thing(a))

    def action_group(self, m):
        self.things[m] = Gio.SimpleActionGroup()

    def watch_widget(self, w, x):
        """Its dispose is the end of a widget."""
        self.watches[w] = plain.Scope("watch")
        self.watches[w].follow_object(self.thing(x))

    # Steps that add to a scope.

    def phase(self, s, x, name, label, step=None):
        def begin(run, *_):
            run.defer(lambda scope, reason: self.trace(f"{label}-over", reason.value_nick))
            self.act(label, step)

        LifecycleGtk4.add_phase(self.thing(s), self.thing(x),
                                getattr(LifecycleGtk4.Phase, name.upper()), begin)

    def tick(self, s, x, label, n, step=None):
        left = [int(n)]

        def tick(*_):
            left[0] -= 1
            self.act(label, step)
            return left[0] > 0

        LifecycleGtk4.add_tick(self.thing(s), self.thing(x), tick)

    def tick_on(self, s, x, label):
        LifecycleGtk4.add_tick(self.thing(s), self.thing(x), lambda *_: self.count(label) or True)

    def controller(self, c, s, x):
        self.things[c] = Gtk.EventControllerKey()
        LifecycleGtk4.add_controller(self.thing(s), self.thing(x), self.thing(c))

    def make_model(self, name, n):
        self.models[name] = Gtk.StringList.new(["row"] * int(n))
        return self.models[name]

    def list(self, b, s, n, label, parent, step=None):
        def set_up(row, item):
            item.set_child(Gtk.Label())
            row.defer(self.count, f"{label}-torn-down")

        def bind(row, item):
            item.get_child().set_label(item.get_item().get_string())
            row.defer(self.count, f"{label}-unbound")
            self.count(f"{label}-bound")
            if step is not None:
                raise RuntimeError(step[6:])

        factory = LifecycleGtk4.new_factory(self.thing(s), set_up, bind)
        model = Gtk.NoSelection(model=self.make_model(b, n))
        self.make(b, Gtk.ListView(model=model, factory=factory), parent)

    def list_box(self, b, s, n, label, parent):
        def create(row, item):
            row.defer(self.count, f"{label}-over")
            return Gtk.Label(label=item.get_string())

        self.make(b, Gtk.ListBox(), parent)
        LifecycleGtk4.bind_list_box(self.thing(s), self.thing(b), self.make_model(b, n), create)

    def popover(self, p, s, x):
        # GTK 4.8 wants a widget to focus on, otherwise.
        self.things[p] = Gtk.Popover(autohide=False)
        LifecycleGtk4.add_popover(self.thing(s), self.thing(p), self.thing(x))

    def action(self, a, s, m, name, label, step=None):
        self.things[a] = LifecycleGtk4.add_simple_action(
            self.thing(s), self.thing(m), name, None, lambda *_: self.act(label, step))

    def accels(self, s, a, name, accel):
        LifecycleGtk4.set_accels(self.thing(s), self.thing(a), name, [accel])

    def insert_group(self, s, x, prefix, m):
        LifecycleGtk4.insert_action_group(self.thing(s), self.thing(x), prefix, self.thing(m))

    def watch_label(self, s, x, label, step=None):
        LifecycleGtk4.watch_expression(self.thing(s), Gtk.PropertyExpression.new(Gtk.Label, None, "label"),
                                       self.thing(x), lambda *_: self.act(label, step))

    def bind_label(self, s, x, target):
        LifecycleGtk4.bind_expression(self.thing(s), Gtk.PropertyExpression.new(Gtk.Label, None, "label"),
                                      self.thing(target), "label", self.thing(x))

    def add_window(self, s, w):
        LifecycleGtk4.add_window(self.thing(s), self.thing(w))

    # Steps that make something happen.

    def show(self, w):
        self.thing(w).present()
        self.until_mapped(w)

    def until_mapped(self, x):
        self.iterate_until(self.thing(x).get_mapped, x)

    def visible(self, x, value):
        self.thing(x).set_visible(value == "yes")

    def insert(self, x, parent):
        parent = self.thing(parent)
        (parent.set_child if isinstance(parent, Gtk.Window) else parent.append)(self.thing(x))

    def remove(self, widget):
        parent = widget.get_parent()
        if isinstance(parent, Gtk.Window):
            parent.set_child(None)
        else:
            parent.remove(widget)

    def take(self, x):
        self.remove(self.thing(x))

    def take_last(self, b):
        self.remove(self.thing(b).get_last_child())

    def destroy(self, w):
        self.thing(w).destroy()

    def pop_up(self, p):
        self.thing(p).popup()

    def remove_item(self, b):
        self.models[b].remove(self.models[b].get_n_items() - 1)

    def set_label(self, x, text):
        self.thing(x).set_label(text)

    def activate(self, a):
        self.thing(a).activate(None)

    def replace_action(self, m, name):
        self.thing(m).add_action(Gio.SimpleAction.new(name, None))

    def run_app(self, a):
        GLib.idle_add(self.thing(a).quit)
        self.thing(a).run()

    def refuse(self, w):
        self.thing(w).connect("close-request", lambda window: True)

    def close_windows(self, a, label, ms):
        def closed(app, result):
            try:
                LifecycleGtk4.close_windows_finish(app, result)
            except GLib.Error as error:
                self.act(f"{label} refused" if "refused" in error.message else f"{label} {error.message}")
            else:
                self.act(f"{label} ok")

        LifecycleGtk4.close_windows_async(self.thing(a), int(ms), None, closed)

    def watch_widgets(self, ms):
        LifecycleGtk4.watch_widgets(int(ms))

    def leak(self, e, w):
        window = self.thing(w)
        self.last["leak"] = self.thing(e).connect("activate", lambda *_: window.get_title())

    def end_leak(self, e):
        self.thing(e).disconnect(self.last.pop("leak"))

    # Steps that say what is.

    def parent(self, x):
        self.trace("parent", x, yes_or_no(self.thing(x).get_parent()))

    def attached(self, c):
        self.trace("attached", c, yes_or_no(self.thing(c).get_widget()))

    def counted(self, label):
        self.trace("counted", label, self.counts.get(label, 0))

    def quiet(self, label):
        self.counts.pop(label, None)
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            if not plain.CONTEXT.iteration(False):
                time.sleep(0.0005)
        self.trace("quiet", label, yes_or_no(label not in self.counts))

    def rows(self, b):
        n, row = 0, self.thing(b).get_first_child()
        while row is not None:
            n, row = n + 1, row.get_next_sibling()
        self.trace("rows", b, n)

    def has_action(self, m, name):
        self.trace("has-action", m, name, yes_or_no(self.thing(m).has_action(name)))

    def activate_on(self, x, name):
        done = self.thing(x).activate_action(name, None)
        self.trace("activate-on", x, yes_or_no(done))

    def accels_of(self, a, name):
        accels = self.thing(a).get_accels_for_action(name)
        self.trace("accels-of", a, accels[0] if accels else "none")

    def text(self, x):
        self.trace("text", x, self.thing(x).get_label())

    def complete(self, t):
        view = self.thing(t)
        self.trace("complete", t, yes_or_no(view.label and view.label.get_parent() is view))

    def leaked(self, title):
        if self.iterate_until(lambda: find_leak(title), "the report of a leak"):
            self.trace("leaked", find_leak(title).get_type_name())

    def not_leaked(self, title):
        def is_gone():
            self.collect()
            return find_leak(title) is None

        if self.iterate_until(is_gone, "the end of a leak"):
            self.trace("not-leaked", title)


if not Gtk.init_check():
    sys.exit("there is no display")
plain.main(Runner())
