// bench-gjs.js: what a handler of a scope costs in JavaScript, beside GJS's own connect()
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// Usage: meson devenv -C build gjs -m bench-gjs.js [ROUNDS]
//
// Prints nanoseconds of processor time per handler: connect() and disconnect() of GJS, a scope that is cleared, and one that
// is made and closed each time, with 1, 5 and 20 handlers on different objects. The first handlers of a
// program, all of which have a place, are not counted.

import Gio from 'gi://Gio';
import Lifecycle from 'gi://Lifecycle?version=1';
import System from 'system';

const actions = Array.from({length: 20}, () => Gio.SimpleAction.new('action', null));
const kept = new Lifecycle.Scope({name: 'kept'});
const callback = () => {};

const functions = {
    own(n) {
        const ids = [];
        for (let i = 0; i < n; i++)
            ids.push(actions[i].connect('activate', callback));
        for (let i = 0; i < n; i++)
            actions[i].disconnect(ids[i]);
    },
    clear(n) {
        for (let i = 0; i < n; i++)
            kept.connect_signal(actions[i], 'activate', callback);
        kept.clear();
    },
    close(n) {
        const scope = new Lifecycle.Scope({name: 'scope'});
        for (let i = 0; i < n; i++)
            scope.connect_signal(actions[i], 'activate', callback);
        scope.close();
    },
};

const monitor = new Lifecycle.Monitor();
const now = () => monitor.take_sample().get_cpu_time();

const rounds = Number(ARGV[0] ?? 15);
for (let i = 0; i < 100; i++)
    functions.clear(20);
print('handlers      own    clear    close   ratios');
for (const n of [1, 5, 20]) {
    const times = {own: [], clear: [], close: []};
    for (let round = 0; round < rounds; round++) {
        for (const [name, func] of Object.entries(functions)) {
            const begin = now();
            for (let i = 0; i < 2000 / n; i++)
                func(n);
            times[name].push((now() - begin) * 1000 / 2000);
            System.gc();
        }
    }
    const [own, clear, close] = Object.values(times)
        .map(taken => taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)]);
    print([n, own, clear, close].map(value => value.toFixed(0).padStart(8)).join(' '),
        ` ${(clear / own).toFixed(2)} ${(close / own).toFixed(2)}`);
}
