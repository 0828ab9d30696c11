// SPDX-License-Identifier: LGPL-2.1-or-later
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Lifecycle from 'gi://Lifecycle?version=1';
import System from 'system';

const Buffer = GObject.registerClass({
    Signals: {'changed': {}},
}, class Buffer extends GObject.Object {});

class Window {
    constructor(scope, buffer) {
        this.nSaved = 0;
        // block 1
        this.timer = save;
    }

    save() {
        this.nSaved++;
        loop.quit();
    }
}

const loop = new GLib.MainLoop(null, false);
const buffer = new Buffer();
const scope = new Lifecycle.Scope({name: 'window'});
const window = new Window(scope, buffer);
for (let i = 0; i < 3; i++)
    buffer.emit('changed');
const remaining = window.timer.get_remaining();
window.timer.set_interval(1);
buffer.emit('changed');
loop.run();
scope.close();
System.exit(window.nSaved === 1 && remaining > 0 && remaining <= 500 ? 0 : 1);
