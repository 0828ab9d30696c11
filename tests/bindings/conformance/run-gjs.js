// run-gjs.js: runs the table of cases in JavaScript
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Lifecycle from 'gi://Lifecycle?version=1';
import System from 'system';

const Scope = Lifecycle.Scope;
const Reason = Lifecycle.Reason;
const context = GLib.MainContext.default();

export let things, watches, counts, last;
let skipping = false;

function forget() {
    for (const more of forgetters)
        more();
    things = new Map();
    watches = new Map();
    counts = new Map();
    last = {};
}

// What else is to be forgotten at the end of a case.
export const forgetters = [];

const stdout = new Gio.UnixOutputStream({fd: 1, close_fd: false});

// What begins with "@" ends the case.
export function put(text) {
    skipping ||= text.startsWith('@');
    stdout.write_all(`${text}\n`, null);
}

export const trace = (...words) => put(`> ${words.join(' ')}`);
export const nickOf = (type, value) => Object.keys(type)
    .find(key => type[key] === value).toLowerCase().replaceAll('_', '-');
export const nick = reason => nickOf(Reason, reason);
const toReason = name => Reason[name.toUpperCase().replaceAll('-', '_')];

export function thing(name) {
    if (!things.has(name))
        put(`@there is no ${name}`);
    return things.get(name);
}

export function count(label) {
    counts.set(label, (counts.get(label) ?? 0) + 1);
}

// What a callback does: it traces its label, and then does a step.
export function act(label, step, reason) {
    trace(...(reason === undefined ? [label] : [label, nick(reason)]));
    count(label.split(' ')[0]);
    if (step?.startsWith('throw '))
        throw new Error(step.slice(6));
    if (step)
        runStep(step);
}

// Iterates until something is so, or gives up.
export function iterateUntil(done, what) {
    const deadline = GLib.get_monotonic_time() + 10000000;
    while (!done()) {
        if (GLib.get_monotonic_time() > deadline) {
            put(`@waited 10 seconds for ${what}`);
            return false;
        }
        if (!context.iteration(false))
            GLib.usleep(500);
    }
    return true;
}

function waitFor(label, n) {
    if (iterateUntil(() => (counts.get(label) ?? 0) >= n, label))
        counts.delete(label);
}

function settle() {
    while (context.iteration(false))
        ;
}

export function collect() {
    for (let i = 0; i < 3; i++)
        System.gc();
    settle();
}

function query(scope, path, label) {
    const file = Gio.File.new_for_path(path);
    const operation = scope.begin_async('query', (source, result) => {
        let ok = true;
        try {
            file.query_info_finish(result);
        } catch {
            ok = false;
        }
        act(`${label} ${ok ? 'ok' : 'failed'}`);
    });
    file.query_info_async('standard::size', 0, 0, operation.get_cancellable(),
        (source, result) => operation.complete(source, result));
}

function finish(method, label) {
    return (scope, result) => {
        let ok = true;
        try {
            scope[method](result);
        } catch {
            ok = false;
        }
        act(`${label} ${ok ? 'ok' : 'failed'}`);
    };
}

const bad = {
    signal: (s, e) => s.connect_signal(e, 'nonsense', () => {}),
    handler: (s, e) => s.connect_signal(e, 'activate', 17),
    emitter: s => s.connect_signal(null, 'activate', () => {}),
    cleanup: s => s.defer(17),
    callback: s => s.add_timeout(1, null),
    negative: s => s.add_timeout(-1, () => {}),
    huge: s => s.add_timeout(2 ** 40, () => {}),
    object: s => s.add_object({}),
    reason: s => s.close_with_reason('nonsense', null),
};

export const steps = {
    // Steps that make something.
    'scope': s => things.set(s, new Scope({name: s})),
    'child': (c, s) => things.set(c, thing(s).new_child(c)),
    'get-child': (c, s, name) => things.set(c, thing(s).get_child(name)),
    'renew-child': (c, s, name) => things.set(c, thing(s).renew_child(name)),
    'scope-of': (s, e) => things.set(s, Scope.of(thing(e))),
    'move': (t, s) => things.set(t, thing(s).move()),
    'emitter': e => things.set(e, Gio.SimpleAction.new(e, null)),
    'cancellable': c => things.set(c, new Gio.Cancellable()),
    'drop': x => things.delete(x),
    'drop-scope': x => things.delete(x),
    'watch': (w, x) => watches.set(w, Scope.of(thing(x))),

    // Steps that add to a scope.
    'connect': (s, e, label, step) => {
        last.instance = thing(e);
        last.id = thing(s).connect_signal(thing(e), 'activate', () => act(label, step));
    },
    'connect-once': (s, e, label) => thing(s).connect_signal(thing(e), 'activate',
        () => act(label), Lifecycle.ConnectFlags.ONCE),
    'connect-capturing': (s, e, owner, label) => {
        const captured = thing(owner);
        thing(s).connect_signal(thing(e), 'activate', () => act(label, undefined, captured && undefined));
    },
    'adopt': (s, e, label) => {
        last.instance = thing(e);
        last.id = thing(e).connect('activate', () => act(label));
        thing(s).add_handler(thing(e), last.id);
    },
    'on-closing': (s, label, step) => thing(s).connect('closing',
        (scope, reason) => act(label, step, reason)),
    'on-closed': (s, label, step) => thing(s).connect('closed',
        (scope, reason) => act(label, step, reason)),
    'defer': (s, label, step) => thing(s).defer((scope, reason) => act(label, step, reason)),
    'defer-for': (s, e, label) => thing(s).defer_for(thing(e),
        (scope, reason) => act(label, undefined, reason)),
    'defer-capturing': (s, x, label) => {
        const captured = thing(x);
        thing(s).defer(() => act(label, undefined, captured && undefined));
    },
    'idle': (s, label, step) => thing(s).add_idle(() => {
        act(label, step);
        return false;
    }),
    'timeout': (s, ms, label, step) => {
        last.timer = thing(s).add_timeout(Number(ms), () => {
            act(label, step);
            return false;
        });
    },
    'every': (s, ms, label, n) => thing(s).add_timeout(Number(ms), () => {
        n -= 1;
        act(label);
        return n > 0;
    }),
    'timeout-capturing': (s, ms, owner, label) => {
        const captured = thing(owner);
        thing(s).add_timeout(Number(ms), () => {
            act(label);
            return captured !== null;
        });
    },
    'debounce': (d, s, ms, label) => things.set(d,
        thing(s).add_debounce(Number(ms), () => act(label))),
    'add-object': (s, e) => thing(s).add_object(thing(e)),
    'begin': (o, s) => things.set(o, thing(s).begin(o)),
    'call': (s, label) => query(thing(s), '/', label),
    'call-failing': (s, label) => query(thing(s), '/nonexistent/file', label),
    'follow-object': (s, e) => thing(s).follow_object(thing(e)),
    'follow-cancellable': (s, c) => thing(s).follow_cancellable(thing(c)),
    'deadline': (s, ms) => thing(s).set_deadline(Number(ms)),

    // Steps that make something happen.
    'emit': e => thing(e).activate(null),
    'disconnect': () => last.instance.disconnect(last.id),
    // The override does it.
    'sweep': () => {},
    'dispose': e => thing(e).run_dispose(),
    'cancel': c => thing(c).cancel(),
    'cancel-timer': () => last.timer.cancel(),
    'restart': d => thing(d).restart(),
    'end': o => thing(o).end(),
    'block': s => thing(s).block(),
    'unblock': s => thing(s).unblock(),
    'close': (s, reason = 'completed', detail = null) => trace('close', s,
        thing(s).close_with_reason(toReason(reason), detail)),
    'clear': s => trace('clear', s, thing(s).clear()),
    'close-async': (s, label, ms) => thing(s).close_async(Reason.COMPLETED, Number(ms), null,
        finish('close_finish', label)),
    'drain': (s, label, ms) => thing(s).drain_async(Reason.COMPLETED, Number(ms), null,
        finish('drain_finish', label)),
    'wait': (label, n = 1) => waitFor(label, Number(n)),
    'settle': settle,
    'sleep': ms => GLib.usleep(Number(ms) * 1000),
    'collect': collect,
    'on-thread': () => put('@there are no threads'),
    'exit': status => System.exit(Number(status)),

    // Steps that say what is.
    'entries': s => trace('entries', s, thing(s).get_n_entries()),
    'state': s => trace('state', s, nickOf(Lifecycle.State, thing(s).get_state()),
        nick(thing(s).get_reason())),
    'detail': s => trace('detail', s, thing(s).get_reason_detail()),
    'error': (s, text) => {
        const error = thing(s).get_error();
        trace('error', s, error === null ? 'none' : `${error}`.includes(text) ? 'yes' : `${error}`);
    },
    'late': s => trace('late', s, thing(s).get_statistics(false).get_n_late()),
    'same': (a, b) => trace('same', a, b, thing(a) === thing(b) ? 'yes' : 'no'),
    'path': s => {
        const path = thing(s).get_path();
        trace('path', s, path.includes('\\x2f') ? 'valid' : path);
    },
    'place': s => {
        const records = thing(s).list_records(false);
        const places = [];
        for (let i = 0; i < records.get_n_items(); i++)
            places.push(records.get_item(i).get_place());
        const found = places.length > 0 && places.every(each => /run-gjs(-gtk)?\.js:\d+$/.test(each));
        trace('place', s, found ? 'yes' : places.join(' '));
    },
    'alive': w => trace('alive', w,
        watches.get(w).get_state() === Lifecycle.State.OPEN ? 'yes' : 'no'),
    'bad': (kind, s, e) => {
        if (kind === 'name') {
            things.set(s, Scope.new('\ud800/'));
            return;
        }
        const [scope, emitter] = [thing(s), e ? thing(e) : null];
        let accepted = true;
        try {
            bad[kind](scope, emitter);
        } catch {
            accepted = false;
        }
        trace('bad', kind, accepted ? 'accepted' : 'raises');
    },
};

function runStep(line) {
    const at = line.indexOf(' : ');
    const [verb, ...words] = (at < 0 ? line : line.slice(0, at)).split(' ');
    if (at >= 0)
        words.push(line.slice(at + 3));
    if (verb in steps)
        steps[verb](...words);
    else
        put(`@unknown step ${verb}`);
}

export function main() {
    const stdin = new Gio.DataInputStream({
        base_stream: new Gio.UnixInputStream({fd: 0, close_fd: false}),
    });

    forget();
    for (;;) {
        const [line] = stdin.read_line_utf8(null);
        if (line === null)
            break;
        if (line.startsWith('case ')) {
            put(`@case ${line.slice(5)}`);
            skipping = false;
        } else if (line === 'end') {
            put('@end');
            forget();
            System.gc();
            settle();
        } else if (!skipping) {
            try {
                runStep(line);
            } catch (error) {
                put(`@${error}`);
            }
        }
    }
}

// Another runner may have more steps.
if (System.programPath?.endsWith('/run-gjs.js'))
    main();
