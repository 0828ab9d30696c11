// LifecycleGtk4.js: what makes the library for GTK at home in JavaScript
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// GJS loads this by itself when a program imports LifecycleGtk4. What its functions call may throw: the
// exception becomes an error of the scope. The places of entries are the lines of the program.

const {GLib, Gtk, Lifecycle} = imports.gi;
const base = imports.overrides.Lifecycle;

// The functions whose first argument is the scope. Which of their arguments are callbacks, and what these
// return after an exception.
const _FUNCTIONS = {
    add_action: [],
    add_animation: [],
    add_controller: [],
    add_css_provider: [],
    add_frame_handler: [3],
    add_phase: [3],
    add_popover: [],
    add_shortcut: [4],
    add_simple_action: [4],
    add_tick: [2],
    add_window: [],
    animate: [3],
    bind_expression: [],
    bind_flow_box: [3],
    bind_list_box: [3],
    bind_rows: [2],
    insert_action_group: [],
    new_factory: [1, 2],
    read_text: [2],
    run_dialog: [2],
    set_accels: [],
    set_drag_icon: [],
    watch_expression: [3],
};

const _FALLBACKS = {
    add_shortcut: () => false,
    add_tick: () => GLib.SOURCE_REMOVE,
    bind_flow_box: () => new Gtk.Label(),
    bind_list_box: () => new Gtk.Label(),
};

const _failed = {};

function _guard(scope, func, place, fallback) {
    const guarded = base._guard(scope, func, place, _failed);
    return (...args) => {
        const result = guarded(...args);
        return result === _failed ? fallback?.() : result;
    };
}

function _init() {
    const LifecycleGtk4 = this;

    for (const [name, callbacks] of Object.entries(_FUNCTIONS)) {
        const native = LifecycleGtk4[name];
        // What only some systems have.
        if (native === undefined)
            continue;
        LifecycleGtk4[name] = function (scope, ...args) {
            const place = base._place();
            if (!(scope instanceof Lifecycle.Scope))
                throw new TypeError(`a scope is needed, not ${scope === null ? 'null' : typeof scope}`);
            for (const i of callbacks)
                args[i - 1] = _guard(scope, args[i - 1], place, _FALLBACKS[name]);
            Lifecycle.set_place(place);
            return native(scope, ...args);
        };
    }

    for (const name of ['scope_of', 'scope_of_application']) {
        const native = LifecycleGtk4[name];
        LifecycleGtk4[name] = function (object) {
            const place = base._place();
            Lifecycle.set_place(place);
            return base._adoptNew(native(object), place);
        };
    }
}
