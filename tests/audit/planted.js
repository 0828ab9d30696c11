// planted.js: a GJS program with faults that the audit finds, and its twin without them
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Usage: gjs -m planted.js CASE [clean]

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

const ROUNDS = 6;
const [name, twin] = System.programArgs;
const clean = twin === 'clean';
const emitter = Gio.SimpleAction.new('planted', null);
const loop = GLib.MainLoop.new(null, false);
const pid = new Gio.Credentials().get_unix_pid();
const report = `${GLib.getenv('LIFECYCLE_AUDIT_DIRECTORY')}/${pid}.json`;

const Player = GObject.registerClass({GTypeName: 'PlantedPlayer'}, class extends GObject.Object {});

function countSnapshots() {
    try {
        const [, text] = GLib.file_get_contents(report);
        return JSON.parse(new TextDecoder().decode(text)).snapshots;
    } catch {
        return 0;
    }
}

// A script asks for a snapshot with the signal, and waits in its main loop.
function takeSnapshot() {
    const before = countSnapshots();
    const context = GLib.MainContext.default();

    for (let i = 0; i < 3; i++)
        System.gc();
    GLib.spawn_command_line_sync(`kill -USR1 ${pid}`);
    const ticks = GLib.timeout_add(GLib.PRIORITY_DEFAULT, 10, () => GLib.SOURCE_CONTINUE);
    while (countSnapshots() <= before)
        context.iteration(true);
    GLib.source_remove(ticks);
}

const cases = {
    'piling-up-handlers'() {
        for (let i = 0; i < ROUNDS; i++) {
            const id = emitter.connect('activate', () => {});  // the fault
            if (clean)
                emitter.disconnect(id);
            takeSnapshot();
        }
    },

    'piling-up-sources'() {
        for (let i = 0; i < ROUNDS; i++) {
            const id = GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, 1000, () => true);  // the fault
            if (clean)
                GLib.source_remove(id);
            takeSnapshot();
        }
    },

    'piling-up-objects'() {
        const store = Gio.ListStore.new(Player);
        for (let i = 0; i < ROUNDS; i++) {
            store.append(new Player());  // the fault
            if (clean)
                store.remove_all();
            takeSnapshot();
        }
    },

    // GIO makes these objects.
    'piling-up-monitors'() {
        const kept = [];
        const folder = Gio.File.new_for_path('/');
        for (let i = 0; i < ROUNDS * 2; i++) {
            const monitor = folder.monitor_directory(Gio.FileMonitorFlags.NONE, null);  // the fault
            if (clean)
                monitor.cancel();
            else
                kept.push(monitor);
            takeSnapshot();
        }
    },

    'held'() {
        const store = Gio.ListStore.new(Player);
        let player = new Player();  // the fault
        store.append(player);
        player.run_dispose();
        player = null;
        if (clean)
            store.remove_all();
        GLib.usleep(750000);
        for (let i = 0; i < 3; i++)
            takeSnapshot();
    },

    'misuse'() {
        const id = GLib.idle_add(GLib.PRIORITY_DEFAULT, () => GLib.SOURCE_REMOVE);
        GLib.source_remove(id);
        if (!clean)
            GLib.source_remove(id);  // the fault
    },
};

GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
    cases[name]();
    loop.quit();
    return GLib.SOURCE_REMOVE;
});
loop.run();
