// leaking-program.js: a program in JavaScript that has never heard of scopes
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// A closure, which GTK's settings hold, has captured a window that is destroyed.

import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=4.0';

Gtk.init();

function openWindow() {
    const window = new Gtk.Window({title: 'the title', name: 'preferences'});

    window.connect('notify::title', () => {});
    Gtk.Settings.get_default().connect('notify', () => window.set_title('new'));
    window.present();
    GLib.timeout_add(GLib.PRIORITY_DEFAULT, 200, () => {
        window.destroy();
        return GLib.SOURCE_REMOVE;
    });
}

openWindow();
for (;;)
    GLib.MainContext.default().iteration(true);
