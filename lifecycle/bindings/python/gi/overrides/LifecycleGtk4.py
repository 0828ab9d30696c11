# LifecycleGtk4.py: what makes the library for GTK at home in Python
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""PyGObject imports this module by itself when a program imports LifecycleGtk4 from gi.repository.

What its functions call may raise: the exception becomes an error of the scope. The places of entries
are the lines of the program.
"""

from gi.repository import GLib, Gtk, Lifecycle

from ..module import get_introspection_module
from ..overrides import override
from . import Lifecycle as _base

LifecycleGtk4 = get_introspection_module("LifecycleGtk4")

__all__ = []

_set_place = Lifecycle.set_place

# The functions whose first argument is the scope. Which of their arguments are callbacks, and what these
# return after an exception.
_FUNCTIONS = {
    "add_action": {},
    "add_animation": {},
    "add_controller": {},
    "add_css_provider": {},
    "add_frame_handler": {3: lambda: None},
    "add_phase": {3: lambda: None},
    "add_popover": {},
    "add_shortcut": {4: lambda: False},
    "add_simple_action": {4: lambda: None},
    "add_tick": {2: lambda: GLib.SOURCE_REMOVE},
    "add_window": {},
    "animate": {3: lambda: None},
    "bind_expression": {},
    "bind_flow_box": {3: Gtk.Label},
    "bind_list_box": {3: Gtk.Label},
    "bind_rows": {2: lambda: None},
    "insert_action_group": {},
    "read_text": {2: lambda: None},
    "run_dialog": {2: lambda: None},
    "set_accels": {},
    "set_drag_icon": {},
    "watch_expression": {3: lambda: None},
}


# What nobody returns.
_FAILED = object()


def _guard(scope, callback, place, fallback):
    """A function that calls the callback, and never throws. Then it returns what FALLBACK returns."""
    guarded = _base._guard(scope, callback, place, _FAILED)

    def call(*args):
        result = guarded(*args)
        return fallback() if result is _FAILED else result

    return call


def _wrap(name, callbacks):
    function = getattr(LifecycleGtk4, name)

    def wrapped(scope, *args):
        place = _base._place()
        args = list(args)
        for position, fallback in callbacks.items():
            if position <= len(args):
                args[position - 1] = _guard(scope, args[position - 1], place, fallback)
        _set_place(place)
        return function(scope, *args)

    wrapped.__name__ = wrapped.__qualname__ = name
    wrapped.__doc__ = function.__doc__
    return wrapped


for _name, _callbacks in _FUNCTIONS.items():
    if hasattr(LifecycleGtk4, _name):
        globals()[_name] = override(getattr(LifecycleGtk4, _name))(_wrap(_name, _callbacks))
        __all__.append(_name)


# The plain ones.
_new_factory = LifecycleGtk4.new_factory
_scope_of = LifecycleGtk4.scope_of
_scope_of_application = LifecycleGtk4.scope_of_application


@override(LifecycleGtk4.new_factory)
def new_factory(scope, setup, bind):
    """A factory for rows: both functions are called with the scope of a row and its Gtk.ListItem."""
    place = _base._place()
    functions = [_guard(scope, function, place, lambda: None) for function in (setup, bind)]
    _set_place(place)
    # PyGObject wants the data of each of them, and passes it on.
    return _new_factory(scope, lambda row, item, *_: functions[0](row, item), (),
                        lambda row, item, *_: functions[1](row, item), ())


@override(LifecycleGtk4.scope_of)
def scope_of(widget):
    """The scope of a widget."""
    _base._scope_place()
    return _scope_of(widget)


@override(LifecycleGtk4.scope_of_application)
def scope_of_application(application):
    """The scope of an application."""
    _base._scope_place()
    return _scope_of_application(application)


__all__ += ["new_factory", "scope_of", "scope_of_application"]
