// run-gjs-gtk.js: runs the part of the table that is about GTK in JavaScript
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Gtk from 'gi://Gtk?version=4.0';
import Lifecycle from 'gi://Lifecycle?version=1';
import LifecycleGtk4 from 'gi://LifecycleGtk4?version=1';
import System from 'system';

import {
    act, collect, count, counts, forgetters, iterateUntil, last, main, nick, put, steps, thing, things, trace,
    watches
} from './run-gjs.js';

const TEMPLATE = `
<interface>
  <template class="ConformanceView" parent="GtkBox">
    <child><object class="GtkLabel" id="label"/></child>
  </template>
</interface>`;

let models;
let nApps = 0;

const yesOrNo = value => value ? 'yes' : 'no';

function makeView() {
    makeView.class ??= GObject.registerClass({
        GTypeName: 'ConformanceView',
        Template: new TextEncoder().encode(TEMPLATE),
        Children: ['label'],
    }, class ConformanceView extends Gtk.Box {
    });
    return new makeView.class();
}

function makeModel(name, n) {
    models.set(name, Gtk.StringList.new(Array(Number(n)).fill('row')));
    return models.get(name);
}

function insert(x, parent) {
    if (parent instanceof Gtk.Window)
        parent.set_child(x);
    else
        parent.append(x);
}

function take(x) {
    const parent = x.get_parent();
    if (parent instanceof Gtk.Window)
        parent.set_child(null);
    else
        parent.remove(x);
}

// Keeps a new widget, and puts it into another one if that has a name.
function make(name, widget, parent) {
    things.set(name, widget);
    if (parent !== undefined)
        insert(widget, thing(parent));
}

function findLeak(title) {
    const leaks = Lifecycle.list_leaks();
    for (let i = 0; i < leaks.get_n_items(); i++) {
        if (leaks.get_item(i).get_details().includes(`  title: ${title}\n`))
            return leaks.get_item(i);
    }
    return null;
}

const labelOf = () => Gtk.PropertyExpression.new(Gtk.Label.$gtype, null, 'label');
const untilMapped = x => iterateUntil(() => thing(x).get_mapped(), x);

Object.assign(steps, {
    // Steps that make something.
    'window': w => things.set(w, new Gtk.Window({title: w})),
    'app': a => {
        // Another application may not have let go of its path yet.
        nApps++;
        things.set(a, new Gtk.Application({
            application_id: `org.example.Conformance${nApps}`,
            flags: Gio.ApplicationFlags.NON_UNIQUE,
        }));
        thing(a).register(null);
    },
    'app-window': (w, a) => things.set(w, new Gtk.ApplicationWindow({application: thing(a)})),
    'box': (b, parent) => make(b, new Gtk.Box({orientation: Gtk.Orientation.VERTICAL}), parent),
    'label': (x, parent) => make(x, new Gtk.Label({label: x}), parent),
    'template': (t, parent) => make(t, makeView(), parent),
    'widget-scope': (s, x) => things.set(s, LifecycleGtk4.scope_of(thing(x))),
    'app-scope': (s, a) => things.set(s, LifecycleGtk4.scope_of_application(thing(a))),
    'action-group': m => things.set(m, new Gio.SimpleActionGroup()),
    // Its dispose is the end of a widget.
    'watch-widget': (w, x) => {
        watches.set(w, new Lifecycle.Scope({name: w}));
        watches.get(w).follow_object(thing(x));
    },

    // Steps that add to a scope.
    'phase': (s, x, name, label, step) => LifecycleGtk4.add_phase(thing(s), thing(x),
        LifecycleGtk4.Phase[name.toUpperCase()], run => {
            run.defer((scope, reason) => trace(`${label}-over`, nick(reason)));
            act(label, step);
        }),
    'tick': (s, x, label, n, step) => LifecycleGtk4.add_tick(thing(s), thing(x), () => {
        n--;
        act(label, step);
        return n > 0;
    }),
    'tick-on': (s, x, label) => LifecycleGtk4.add_tick(thing(s), thing(x), () => {
        count(label);
        return true;
    }),
    'controller': (c, s, x) => {
        things.set(c, new Gtk.EventControllerKey());
        LifecycleGtk4.add_controller(thing(s), thing(x), thing(c));
    },
    'list': (b, s, n, label, parent, step) => {
        const factory = LifecycleGtk4.new_factory(thing(s), (row, item) => {
            item.set_child(new Gtk.Label());
            row.defer(() => count(`${label}-torn-down`));
        }, (row, item) => {
            item.get_child().set_label(item.get_item().get_string());
            row.defer(() => count(`${label}-unbound`));
            count(`${label}-bound`);
            if (step !== undefined)
                throw new Error(step.slice(6));
        });
        const model = new Gtk.NoSelection({model: makeModel(b, n)});
        make(b, new Gtk.ListView({model, factory}), parent);
    },
    'list-box': (b, s, n, label, parent) => {
        make(b, new Gtk.ListBox(), parent);
        LifecycleGtk4.bind_list_box(thing(s), thing(b), makeModel(b, n), (row, item) => {
            row.defer(() => count(`${label}-over`));
            return new Gtk.Label({label: item.get_string()});
        });
    },
    'popover': (p, s, x) => {
        // GTK 4.8 wants a widget to focus on, otherwise.
        things.set(p, new Gtk.Popover({autohide: false}));
        LifecycleGtk4.add_popover(thing(s), thing(p), thing(x));
    },
    'action': (a, s, m, name, label, step) => things.set(a,
        LifecycleGtk4.add_simple_action(thing(s), thing(m), name, null, () => act(label, step))),
    'accels': (s, a, name, accel) => LifecycleGtk4.set_accels(thing(s), thing(a), name, [accel]),
    'insert-group': (s, x, prefix, m) => LifecycleGtk4.insert_action_group(thing(s), thing(x), prefix,
        thing(m)),
    'watch-label': (s, x, label, step) => LifecycleGtk4.watch_expression(thing(s), labelOf(), thing(x),
        () => act(label, step)),
    'bind-label': (s, x, target) => LifecycleGtk4.bind_expression(thing(s), labelOf(), thing(target),
        'label', thing(x)),
    'add-window': (s, w) => LifecycleGtk4.add_window(thing(s), thing(w)),

    // Steps that make something happen.
    'show': w => {
        thing(w).present();
        untilMapped(w);
    },
    'until-mapped': untilMapped,
    'visible': (x, value) => thing(x).set_visible(value === 'yes'),
    'insert': (x, parent) => insert(thing(x), thing(parent)),
    'take': x => take(thing(x)),
    'take-last': b => take(thing(b).get_last_child()),
    'destroy': w => thing(w).destroy(),
    'pop-up': p => thing(p).popup(),
    'remove-item': b => models.get(b).remove(models.get(b).get_n_items() - 1),
    'set-label': (x, text) => thing(x).set_label(text),
    'activate': a => thing(a).activate(null),
    'replace-action': (m, name) => thing(m).add_action(Gio.SimpleAction.new(name, null)),
    'run-app': a => {
        const app = thing(a);
        GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
            app.quit();
            return GLib.SOURCE_REMOVE;
        });
        app.run([]);
    },
    'refuse': w => thing(w).connect('close-request', () => true),
    'close-windows': (a, label, ms) => LifecycleGtk4.close_windows_async(thing(a), Number(ms), null,
        (app, result) => {
            try {
                LifecycleGtk4.close_windows_finish(app, result);
                act(`${label} ok`);
            } catch (error) {
                act(`${label} ${error.message.includes('refused') ? 'refused' : error.message}`);
            }
        }),
    'watch-widgets': ms => LifecycleGtk4.watch_widgets(Number(ms)),
    'leak': (e, w) => {
        const window = thing(w);
        last.leak = thing(e).connect('activate', () => window.get_title());
    },
    'end-leak': e => {
        thing(e).disconnect(last.leak);
    },

    // Steps that say what is.
    'parent': x => trace('parent', x, yesOrNo(thing(x).get_parent())),
    'attached': c => trace('attached', c, yesOrNo(thing(c).get_widget())),
    'counted': label => trace('counted', label, counts.get(label) ?? 0),
    'quiet': label => {
        counts.delete(label);
        const end = GLib.get_monotonic_time() + 100000;
        while (GLib.get_monotonic_time() < end) {
            if (!GLib.MainContext.default().iteration(false))
                GLib.usleep(500);
        }
        trace('quiet', label, yesOrNo(!counts.has(label)));
    },
    'rows': b => {
        let n = 0;
        for (let row = thing(b).get_first_child(); row !== null; row = row.get_next_sibling())
            n++;
        trace('rows', b, n);
    },
    'has-action': (m, name) => trace('has-action', m, name, yesOrNo(thing(m).has_action(name))),
    'activate-on': (x, name) => {
        const done = thing(x).activate_action(name, null);
        trace('activate-on', x, yesOrNo(done));
    },
    'accels-of': (a, name) => trace('accels-of', a, thing(a).get_accels_for_action(name)[0] ?? 'none'),
    'text': x => trace('text', x, thing(x).get_label()),
    'complete': t => trace('complete', t, yesOrNo(thing(t).label?.get_parent() === thing(t))),
    'leaked': title => {
        if (iterateUntil(() => findLeak(title) !== null, 'the report of a leak'))
            trace('leaked', findLeak(title).get_type_name());
    },
    'not-leaked': title => {
        const isGone = () => {
            collect();
            return findLeak(title) === null;
        };
        if (iterateUntil(isGone, 'the end of a leak'))
            trace('not-leaked', title);
    },
});

forgetters.push(() => {
    for (const window of Gtk.Window.list_toplevels())
        window.destroy();
    models = new Map();
});

if (!Gtk.init_check()) {
    put('@there is no display');
    System.exit(1);
}
main();
