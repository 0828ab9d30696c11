// test-gjs.js: the library for GTK in JavaScript
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Gtk from 'gi://Gtk?version=4.0';
import Lifecycle from 'gi://Lifecycle?version=1';
import LifecycleGtk4 from 'gi://LifecycleGtk4?version=1';
import System from 'system';

let failures = 0;

function check(condition, what) {
    if (condition)
        return;
    printerr(`not ok: ${what}`);
    failures++;
}

const View = GObject.registerClass(class View extends Gtk.Box {
    _init(log) {
        super._init();
        this.label = new Gtk.Label({label: 'a label'});
        this.append(this.label);
        // The closure captures its owner: a cycle that only an explicit end can break.
        LifecycleGtk4.scope_of(this).defer(
            () => log.push(this.label.get_parent() === this));
    }
});

Gtk.init();

{
    const log = [];
    const window = new Gtk.Window();
    const view = new View(log);
    window.set_child(view);
    window.present();
    const scope = LifecycleGtk4.scope_of(view);

    window.destroy();
    check(log.length === 1 && log[0], 'the scope closed while the children were there');
    check(scope.is_closed(), 'the scope is closed');
    check(scope.get_reason() === Lifecycle.Reason.OWNER_GONE, 'the reason');
    check(LifecycleGtk4.scope_of(view).is_closed(), 'it stays closed');
}

function waitFor(condition) {
    const context = GLib.MainContext.default();
    const end = GLib.get_monotonic_time() + 60e6;
    while (!condition() && GLib.get_monotonic_time() < end) {
        if (!context.iteration(false))
            GLib.usleep(1000);
    }
    return condition();
}

// A window that a closure has captured.
{
    LifecycleGtk4.watch_widgets(20);
    const settings = Gtk.Settings.get_default();
    const handler = (() => {
        const window = new Gtk.Window({title: 'captured'});
        window.present();
        window.destroy();
        return settings.connect('notify', () => window.get_title());
    })();
    const captured = () => {
        const leaks = Lifecycle.list_leaks();
        let n = 0;
        for (let i = 0; i < leaks.get_n_items(); i++)
            n += leaks.get_item(i).get_details().includes('title: captured') ? 1 : 0;
        return n;
    };
    check(waitFor(() => captured() === 1), 'the captured window is reported');
    settings.disconnect(handler);
    check(waitFor(() => {
        System.gc();
        return captured() === 0;
    }), 'it is gone in the end');
}

// What belongs to a row ends with its scope.
{
    const log = [];
    const window = new Gtk.Window();
    const factory = LifecycleGtk4.new_factory(LifecycleGtk4.scope_of(window), (row, item) => {
        item.set_child(new Gtk.Label());
        row.defer(() => log.push('torn down'));
    }, row => {
        row.defer(() => log.push('unbound'));
    });
    const model = new Gtk.NoSelection({model: Gtk.StringList.new(['a', 'b', 'c'])});
    window.set_child(new Gtk.ListView({model, factory}));
    window.present();
    check(waitFor(() => window.get_mapped()), 'the window is mapped');
    window.destroy();
    check(log.filter(word => word === 'unbound').length === 3, 'all rows are unbound');
    check(log.filter(word => word === 'torn down').length === 3, 'all rows are torn down');
}

System.exit(failures === 0 ? 0 : 1);
