// test-gjs.js: the library for GTK in JavaScript
//
// SPDX-License-Identifier: LGPL-2.1-or-later

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

System.exit(failures === 0 ? 0 : 1);
