// test-gjs-override.js: the library as a JavaScript program sees it, with its override
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Lifecycle from 'gi://Lifecycle?version=1';
import System from 'system';

const {ConnectFlags, Kind, Reason, Scope, State} = Lifecycle;
const FILE = GLib.filename_from_uri(import.meta.url)[0];

const Emitter = GObject.registerClass({
    GTypeName: 'LifecycleTestEmitter',
    Properties: {
        'label': GObject.ParamSpec.string('label', '', '', GObject.ParamFlags.READWRITE, ''),
    },
    Signals: {
        'ping': {param_types: [GObject.TYPE_INT], flags: GObject.SignalFlags.DETAILED},
        'ask': {
            flags: GObject.SignalFlags.RUN_LAST,
            param_types: [GObject.TYPE_INT],
            return_type: GObject.TYPE_INT,
        },
    },
}, class Emitter extends GObject.Object {
});

const tests = [];

function test(name, func) {
    tests.push({name, func});
}

function show(value) {
    return Array.isArray(value) ? `[${value.map(show).join(', ')}]` : String(value);
}

function same(a, b) {
    if (Array.isArray(a) && Array.isArray(b))
        return a.length === b.length && a.every((value, i) => same(value, b[i]));
    return Object.is(a, b);
}

function assertEqual(actual, expected) {
    if (!same(actual, expected))
        throw new Error(`${show(actual)} is not ${show(expected)}`);
}

function assert(value, message = 'not true') {
    if (!value)
        throw new Error(message);
}

function assertIncludes(text, part) {
    assert(text.includes(part), `no ${part} in: ${text}`);
}

function assertThrows(func) {
    let error = null;
    try {
        func();
    } catch (e) {
        error = e;
    }
    assert(error !== null, `this did not throw: ${func}`);
    return error;
}

// The place of the line above the caller, or of as many lines below it.
function here(offset = -1) {
    const [, file, line] = new Error().stack.split('\n')[1].match(/@file:\/\/(.*):(\d+):\d+$/);
    return `${file}:${Number(line) + offset}`;
}

async function until(done) {
    const end = GLib.get_monotonic_time() + 60e6;
    while (!done()) {
        assert(GLib.get_monotonic_time() < end, 'waited 60 s in vain');
        await new Promise(resolve => {
            GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, () => {
                resolve();
                return GLib.SOURCE_REMOVE;
            });
        });
    }
}

async function collect() {
    for (let i = 0; i < 3; i++) {
        let ready = false;
        GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, () => {
            ready = true;
            return GLib.SOURCE_REMOVE;
        });
        await until(() => ready);
        System.gc();
    }
}

// Warnings of the library, while a function runs.
const warnings = [];
const logHandler = GLib.log_set_handler('Lifecycle', GLib.LogLevelFlags.LEVEL_WARNING,
    (domain, level, message) => warnings.push(message));

function assertWarnings(...starts) {
    const seen = warnings.splice(0);
    assertEqual(seen.length, starts.length);
    for (const [i, start] of starts.entries())
        assert(seen[i].startsWith(start), `${seen[i]} does not begin with ${start}`);
}

// -- scopes -----------------------------------------------------------------------------------

test('scope/new', () => {
    const parent = new Scope({name: 'root', limit: 7});
    assertEqual(parent.limit, 7);
    assertEqual(new Scope({name: 'child', parent}).get_path(), 'root/child');
    assertEqual(new Scope('text').name, 'text');
    assertEqual(new Scope().name, null);
    assertEqual(Scope.new().name, null);
    assertEqual(Scope.new('n').name, 'n');
    assertEqual(parent.new_child().get_parent(), parent);
    parent.close_with_reason(Reason.ABORTED);
    assertEqual(parent.get_reason_detail(), null);
});

test('scope/legacy-imports', () => {
    assert(imports.gi.Lifecycle.Scope === Scope);
    assertEqual(new imports.gi.Lifecycle.Scope({name: 'n'}).name, 'n');
});

test('scope/nothing-hides-gobject', () => {
    for (const name of ['connect', 'connect_after', 'disconnect', 'emit', 'notify', 'ref', 'unref',
        'bind_property', 'bind_property_full', 'get_property', 'set_property', 'get_data', 'set_data',
        'steal_data', 'freeze_notify', 'thaw_notify', 'run_dispose', 'set', 'toString',
        'block_signal_handler', 'unblock_signal_handler', 'is_floating', 'ref_sink', 'force_floating',
        'watch_closure', 'getv', 'stop_emission_by_name']) {
        assert(Scope.prototype[name] === GObject.Object.prototype[name],
            `${name}() is not that of GObject.Object`);
    }
});

test('scope/iterate', () => {
    const scope = new Scope('root');
    scope.add_object(new Emitter());
    assertEqual([...scope].map(record => record.kind), [Kind.OBJECT]);
    assertEqual(scope.get_statistics().get_live(Kind.OBJECT), 1);
    assertEqual(scope.clear_kind(Kind.OBJECT), 1);
    scope.close();
});

// GJS connects the handlers, and GLib does not say when it disconnects one.
test('scope/what-was-disconnected-is-not-counted', () => {
    const scope = new Scope();
    const child = scope.new_child('child');
    const emitter = new Emitter();

    for (const owner of [scope, child])
        emitter.disconnect(owner.connect_signal(emitter, 'ping', () => {}));
    const statistics = scope.get_statistics(true);
    assertEqual(statistics.get_live(Lifecycle.Kind.HANDLER), 0);
    assertEqual(statistics.get_retired(Lifecycle.Kind.HANDLER), 2);

    for (const look of [
        () => scope.get_n_entries(), () => scope.n_entries, () => scope.nEntries,
        () => scope['n-entries'], () => [...scope].length, () => scope.list_records().get_n_items(),
        () => scope.get_statistics().get_total_live(), () => scope.sweep_handlers(),
    ]) {
        emitter.disconnect(scope.connect_signal(emitter, 'ping', () => {}));
        assertEqual(look(), 1);
        assertEqual(scope.sweep_handlers(), 0);
    }

    emitter.disconnect(child.connect_signal(emitter, 'ping', () => {}));
    assertEqual(scope.list_records(true).get_n_items(), 1);
    emitter.disconnect(child.connect_signal(emitter, 'ping', () => {}));
    assertEqual(scope.sweep_handlers(), 0);
    assertEqual(scope.sweep_handlers(true), 1);
    assertEqual(scope.close(), 1);
});

test('scope/bad-input', () => {
    const scope = new Scope('root');
    const emitter = new Emitter();
    for (const func of [
        () => new Scope(5),
        () => new Scope({name: 5}),
        () => new Scope({parent: 'root'}),
        () => new Scope({nonsense: 1}),
        () => Scope.of(null),
        () => Scope.of({}),
        () => scope.get_child(null),
        () => scope.follow(null),
        () => scope.connect_signal(null, 'ping', () => {}),
        () => scope.connect_signal({}, 'ping', () => {}),
        () => scope.connect_signal(emitter, 'nonsense', () => {}),
        () => scope.connect_signal(emitter, 'nonsense', () => {}, ConnectFlags.ONCE),
        () => scope.connect_signal(emitter, 'ping', null),
        () => scope.defer(null),
        () => scope.defer_for(null, () => {}),
        () => scope.add_timeout(1, null),
        () => scope.add_timeout(-1, () => {}),
        () => scope.add_timeout(2 ** 40, () => {}),
        () => scope.add_idle({}),
        () => scope.add_object(null),
        () => scope.add_object('text'),
        () => scope.set_deadline(-1),
        () => scope.close_with_reason('text'),
        () => scope.close_with_reason(Reason.NONE),
        () => scope.close_with_reason(Reason.DROPPED),
        () => scope.close_async(99),
    ])
        assertThrows(func);
    assertEqual(scope.get_n_entries(), 0);
    scope.close();
});

// -- handlers ---------------------------------------------------------------------------------

test('handlers/connect', () => {
    const scope = new Scope('test');
    const emitter = new Emitter();
    const calls = [];
    const id = scope.connect_signal(emitter, 'ping', (...args) => calls.push(args));
    emitter.emit('ping', 7);
    assertEqual(calls, [[emitter, 7]]);
    assertEqual(scope.get_n_entries(), 1);
    scope.connect_signal(emitter, 'ask', (self, n) => n * 2);
    assertEqual(emitter.emit('ask', 21), 42);
    scope.close();
    assert(!GObject.signal_handler_is_connected(emitter, id));
    assertEqual(scope.connect_signal(emitter, 'ping', () => {}), 0);
});

test('handlers/flags', () => {
    const scope = new Scope('test');
    const emitter = new Emitter();
    const calls = [];
    scope.connect_signal(emitter, 'ping', () => calls.push('after'), ConnectFlags.AFTER);
    scope.connect_signal(emitter, 'ping', () => calls.push('once'), ConnectFlags.ONCE);
    scope.connect_signal(emitter, 'notify::label', () => calls.push('detail'));
    emitter.emit('ping', 1);
    emitter.emit('ping', 2);
    emitter.label = 'x';
    assertEqual(calls, ['once', 'after', 'after', 'detail']);
    assertEqual(scope.close(), 2);
});

test('handlers/a-method-that-hides-connect', () => {
    const scope = new Scope('test');
    const client = new Gio.SocketClient();
    let calls = 0;
    scope.connect_signal(client, 'notify::timeout', () => calls++);
    client.timeout = 5;
    assertEqual(calls, 1);
    scope.close();
});

test('handlers/exception', () => {
    const scope = new Scope('test');
    const emitter = new Emitter();
    scope.connect_signal(emitter, 'ping', () => {
        throw new RangeError('too far');
    });
    const place = here(-3);
    emitter.emit('ping', 1);
    assertWarnings(`A callback of scope test failed at ${place}: RangeError: too far\n`);
    scope.close();
    assertIncludes(scope.get_error().message, 'RangeError: too far');
    assertIncludes(scope.get_error().message, 'test-gjs-override.js:');
});

// -- timers -----------------------------------------------------------------------------------

test('timers/every', async () => {
    const scope = new Scope('test');
    let calls = 0;
    scope.every(1, () => {
        if (++calls === 1)
            throw new Error('first');
        return calls < 3 ? undefined : GLib.SOURCE_REMOVE;
    });
    await until(() => scope.get_n_entries() === 0);
    assertEqual(calls, 3);
    assertWarnings('A callback of scope test failed at ');
    scope.close();
    scope.get_error();
});

test('timers/exceptions', async () => {
    const scope = new Scope('test');
    const fail = () => {
        throw new Error('no');
    };
    scope.add_timeout(1, fail);
    scope.add_idle(fail);
    const debounce = scope.add_debounce(1, fail);
    debounce.restart();
    await until(() => warnings.length === 3);
    assertWarnings(...Array(3).fill('A callback of scope test failed at '));
    assertEqual(scope.get_n_entries(), 1);
    assertEqual(scope.close(), 1);
});

// -- cleanups ---------------------------------------------------------------------------------

test('cleanups/arguments', () => {
    const scope = new Scope('test');
    const calls = [];
    scope.defer((...args) => calls.push(args), 'x', 1);
    scope.defer((...args) => calls.push(args));
    scope.close_with_reason(Reason.ABORTED);
    assertEqual(calls, [[scope, Reason.ABORTED], [scope, Reason.ABORTED, 'x', 1]]);
});

test('cleanups/exceptions', () => {
    const scope = new Scope('test');
    const done = [];
    scope.defer(() => done.push('first'));
    scope.defer(() => {
        throw new TypeError('one');
    });
    const place = here(-3);
    scope.new_child('child').defer(() => {
        throw new Gio.IOErrorEnum({code: Gio.IOErrorEnum.NOT_FOUND, message: 'two'});
    });
    scope.defer(() => done.push('last'));
    assertEqual(scope.close(), 5);
    assertEqual(done, ['last', 'first']);
    assertEqual(scope.get_state(), State.CLOSED);
    assertWarnings('A callback of scope test/child failed at ',
        `A callback of scope test failed at ${place}: TypeError: one\n`);
    for (const part of ['2 cleanups failed', 'TypeError: one', 'two', 'test/child', place])
        assertIncludes(scope.get_error().message, part);
});

test('cleanups/late', () => {
    const scope = new Scope('test');
    scope.close();
    const calls = [];
    scope.defer((self, reason) => calls.push(reason));
    assertEqual(calls, [Reason.COMPLETED]);
});

// -- using ------------------------------------------------------------------------------------

test('using/sync', () => {
    const scope = new Scope('test');
    assertEqual(Lifecycle.using(scope, self => self === scope), true);
    assertEqual(scope.get_reason(), Reason.COMPLETED);

    const aborted = new Scope('test');
    const error = assertThrows(() => Lifecycle.using(aborted, () => {
        throw new RangeError('no');
    }));
    assert(error instanceof RangeError);
    assertEqual(aborted.get_reason(), Reason.ABORTED);
    assertEqual(aborted.get_reason_detail(), 'RangeError: no');
});

test('using/async', async () => {
    const scope = new Scope('test');
    const steps = [];
    const value = await Lifecycle.using(scope, async () => {
        const operation = scope.begin('work');
        operation.get_cancellable().connect(() => {
            steps.push('cancelled');
            GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
                steps.push('finished');
                operation.end();
                return GLib.SOURCE_REMOVE;
            });
        });
        scope.defer(() => steps.push('cleanup'));
        await null;
        return 42;
    });
    assertEqual(value, 42);
    assertEqual(steps, ['cancelled', 'finished', 'cleanup']);

    const aborted = new Scope('test');
    let error;
    try {
        await Lifecycle.using(aborted, async () => {
            await null;
            throw new RangeError('no');
        });
    } catch (e) {
        error = e;
    }
    assert(error instanceof RangeError);
    assertEqual(aborted.get_reason(), Reason.ABORTED);
    assertEqual(aborted.get_reason_detail(), 'RangeError: no');
});

// An engine may not have these symbols yet, so they are made before the library is imported.
test('using/symbols', () => {
    const {stdout, stderr, status} = runProgram(`
        for (const name of ['dispose', 'asyncDispose']) {
            if (!Symbol[name])
                Object.defineProperty(Symbol, name, {value: Symbol(name)});
        }
        const {Lifecycle} = imports.gi;
        const loop = new GLib.MainLoop(null, false);
        const scope = new Lifecycle.Scope({name: 'one'});
        scope.defer((self, reason) => print('first', reason === Lifecycle.Reason.COMPLETED));
        scope[Symbol.dispose]();
        scope[Symbol.dispose]();
        const other = new Lifecycle.Scope({name: 'two'});
        const work = other.begin('work');
        other.defer(() => print('second'));
        other[Symbol.asyncDispose]().then(() => print('waited', other.is_closed()))
            .catch(logError).finally(() => loop.quit());
        print('pending', other.is_closed());
        GLib.timeout_add(0, 1, () => {
            work.end();
            return GLib.SOURCE_REMOVE;
        });
        loop.run();`, {}, '');
    assertEqual(stderr, '');
    assertEqual(stdout, 'first true\npending false\nsecond\nwaited true\n');
    assertEqual(status, 0);
});

// -- promises ---------------------------------------------------------------------------------

const file = Gio.File.new_for_path('/proc/self/status');

async function rejection(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new Error('it was not rejected');
}

test('promises/call', async () => {
    const scope = new Scope('test');
    const [ok, contents] = await scope.call(file, 'load_contents_async');
    assert(ok && contents.length > 10);
    const info = await scope.call(file, 'query_info_async', 'standard::type', 0, 0);
    assertEqual(info.get_file_type(), Gio.FileType.REGULAR);
    const [, copy] = await scope.call(file, (cancellable, ready) =>
        file.load_contents_async(cancellable, ready), result => file.load_contents_finish(result));
    assert(copy.length > 10);
    assertEqual(scope.get_n_entries(), 0);

    const missing = Gio.File.new_for_path('/nonexistent');
    const error = await rejection(scope.call(missing, 'load_contents_async'));
    assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
    assertThrows(() => scope.call(file, 'nonsense_async'));
    assertThrows(() => scope.call(file, 'get_path'));
    await rejection(scope.call(file, 'query_info_async', {}, 'wrong', 'types'));
    await collect();
    assertEqual(scope.get_n_entries(), 0);
    scope.close();
});

test('promises/closed-during-a-call', async () => {
    const scope = new Scope('test');
    const promise = scope.call(file, 'load_contents_async');
    scope.close();
    const error = await rejection(promise);
    assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED));
    const late = await rejection(scope.call(file, 'load_contents_async'));
    assert(late.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED));
});

test('promises/close-and-drain', async () => {
    const scope = new Scope('test');
    const operation = scope.begin('work');
    const closed = scope.closed();
    const closing = scope.close_async(Reason.SHUTDOWN);
    operation.end();
    assertEqual(await closing, true);
    assertEqual(await closed, Reason.SHUTDOWN);
    assertEqual(await scope.closed(), Reason.SHUTDOWN);

    const drained = new Scope('test');
    drained.defer(() => {
        throw new Error('no');
    });
    assertIncludes((await rejection(drained.drain_async())).message, 'Error: no');
    warnings.splice(0);

    const late = new Scope('test');
    const straggler = late.begin('straggler');
    const error = await rejection(late.close_async(Reason.COMPLETED, 5));
    assert(error.matches(Lifecycle.error_quark(), Lifecycle.Error.TIMED_OUT), `${error}`);
    assertIncludes(error.message, 'straggler');
    assertIncludes(error.message, FILE);
    straggler.end();

    const called = [];
    const withCallback = new Scope('test');
    assertEqual(withCallback.close_async(Reason.COMPLETED, 0, null,
        (self, result) => called.push(self.close_finish(result))), undefined);
    await until(() => called.length > 0);
    assertEqual(called, [true]);
});

// -- places -----------------------------------------------------------------------------------

test('places/scopes', () => {
    const root = new Scope('root');
    assertEqual(root.get_place(), here());
    const emitter = new Emitter();
    const other = new Emitter();
    const scopes = [
        new Scope({parent: root}),
        Scope.new('x'),
        root.new_child('a'),
        root.get_child('b'),
        root.renew_child('c'),
        root.get_child_for(emitter),
        Scope.of(other),
    ];
    const line = Number(here(-8).split(':').at(-1));
    assertEqual(scopes.map(scope => scope.get_place()),
        scopes.map((scope, i) => `${FILE}:${line + i}`));
    for (const scope of scopes)
        assert(scope.get_collected());
    root.close();
});

test('places/entries', () => {
    const scope = new Scope('root');
    const emitter = new Emitter();
    const other = new Emitter();
    const nothing = () => {};
    const first = here(1);
    scope.connect_signal(emitter, 'ping', nothing);
    scope.connect_signal(emitter, 'ping', nothing, ConnectFlags.ONCE);
    scope.add_timeout(100000, nothing);
    scope.every(100000, nothing);
    scope.add_debounce(100000, nothing);
    scope.add_idle(nothing);
    scope.add_unix_signal(10, nothing);
    scope.add_object(emitter);
    scope.defer(nothing);
    scope.defer_for(emitter, nothing);
    scope.begin('work');
    scope.begin_async('work', nothing);
    scope.bind(emitter, 'label', other, 'label', 0);
    const line = Number(first.split(':').at(-1));
    const places = [...scope].map(record => record.get_place());
    assertEqual(places.length, 13);
    assertEqual(places, places.map((place, i) => `${FILE}:${line + i}`));
    scope.close();
});

test('places/many', () => {
    const scope = new Scope('root');
    const emitter = new Emitter();
    const lastPlace = () => scope.list_records().get_item(scope.get_n_entries() - 1).get_place();

    // A loop that does not pause runs out of them, and goes on at once after a pause.
    for (let i = 0; i < 100 && (i === 0 || lastPlace() !== null); i++) {
        for (let j = 0; j < 1000; j++)
            scope.connect_signal(emitter, 'ping', () => {});
    }
    assertEqual(lastPlace(), null);
    for (let i = 0; i < 3; i++) {
        GLib.usleep(20000);
        scope.connect_signal(emitter, 'ping', () => {});
        assertEqual(lastPlace(), here(-1));
    }
    scope.close();
});

// -- garbage ----------------------------------------------------------------------------------

// Callbacks while garbage is collected would be criticals, which end this program.
test('garbage/dropped', async () => {
    const reasons = [];
    (() => {
        const scope = new Scope('dropped');
        scope.defer((self, reason) => reasons.push(reason));
        scope.new_child('child').defer((self, reason) => reasons.push(reason));
        scope.connect('closed', () => {});
        scope.connect_signal(new Emitter(), 'ping', () => {});
    })();
    await collect();
    await until(() => reasons.length === 2);
    assertEqual(reasons, [Reason.PARENT_CLOSED, Reason.DROPPED]);
});

test('garbage/of-an-object', async () => {
    const reasons = [];
    const follower = new Scope('follower');
    follower.connect('closing', (self, reason) => reasons.push(`closing ${reason}`));
    follower.defer((self, reason) => reasons.push(`cleanup ${reason}`));
    (() => {
        const emitter = new Emitter();
        Scope.of(emitter).defer((self, reason) => reasons.push(`of ${reason}`));
        follower.follow_object(emitter);
    })();
    await collect();
    await until(() => reasons.length === 3);
    assertEqual(reasons.sort(), [`cleanup ${Reason.OWNER_GONE}`, `closing ${Reason.OWNER_GONE}`,
        `of ${Reason.OWNER_GONE}`]);
    assert(follower.is_closed());
});

test('garbage/a-cycle-with-a-handler', async () => {
    const gone = [];
    const note = () => gone.push(true);
    (() => {
        const emitter = new Emitter();
        const scope = new Scope('cycle');
        const owner = {scope, emitter};
        scope.connect_signal(emitter, 'ping', () => owner);
        Scope.of(emitter).defer(note);
    })();
    await collect();
    await until(() => gone.length === 1);
});

// -- exit -------------------------------------------------------------------------------------

const LIBRARY = "import Lifecycle from 'gi://Lifecycle?version=1';";

function runProgram(text, environment = {}, library = LIBRARY) {
    const launcher = new Gio.SubprocessLauncher({
        flags: Gio.SubprocessFlags.STDOUT_PIPE | Gio.SubprocessFlags.STDERR_PIPE,
    });
    for (const [name, value] of Object.entries(environment))
        launcher.setenv(name, value, true);
    const [path, stream] = Gio.File.new_tmp('lifecycle-XXXXXX.js');
    stream.close(null);
    path.replace_contents(`
        import GLib from 'gi://GLib'; import GObject from 'gi://GObject';
        ${library} import System from 'system';
        ${text}`, null, false, 0, null);
    const process = launcher.spawnv(['gjs', '-m', path.get_path()]);
    const [, stdout, stderr] = process.communicate_utf8(null, null);
    path.delete(null);
    return {stdout, stderr, signaled: process.get_if_signaled(), path: path.get_path(),
        status: process.get_if_exited() ? process.get_exit_status() : -1};
}

const OPEN = `
    const object = new GObject.Object();
    const scope = new Lifecycle.Scope({name: 'open'});
    const child = scope.new_child('child');
    const of = Lifecycle.Scope.of(object);
    for (const s of [scope, child, of]) {
        s.defer(() => print('cleanup'));
        s.add_timeout(100000, () => {});
        s.add_idle(() => {});
        s.begin_async('work', () => {});
        s.connect('closing', () => {});
        s.connect('closed', () => {});
        s.connect_signal(object, 'notify', () => {});
        s.connect_signal(object, 'notify', () => {}, Lifecycle.ConnectFlags.ONCE);
    }
    child.follow_object(object);`;

for (const [name, end] of [
    ['end', ''],
    ['exit', 'System.exit(0);'],
    ['exit-in-a-loop', `GLib.timeout_add(0, 1, () => System.exit(0));
        new GLib.MainLoop(null, false).run();`],
    ['exit-in-a-cleanup', `scope.defer(() => System.exit(0)); scope.close();`],
]) {
    test(`exit/${name}`, () => {
        const {stdout, stderr, status, signaled} = runProgram(`${OPEN}\n${end}`);
        assertEqual([signaled, status], [false, 0]);
        assertEqual(stderr, '');
        assertEqual(stdout, '');
    });
}

test('exit/leaks-are-named', () => {
    const {stderr, path} = runProgram(`const scope = new Lifecycle.Scope({name: 'forgotten'});
        scope.add_timeout(1000, () => {});
        System.exit(0);`, {LIFECYCLE_DEBUG: 'leaks'});
    assertIncludes(stderr, 'scope forgotten');
    assertIncludes(stderr, `made at ${path}:4`);
    assertIncludes(stderr, `${path}:5`);
});

// -- run --------------------------------------------------------------------------------------

const loop = new GLib.MainLoop(null, false);
let failed = 0;

async function run() {
    print(`1..${tests.length}`);
    for (const [i, {name, func}] of tests.entries()) {
        try {
            await func();
            assertWarnings();
            print(`ok ${i + 1} ${name}`);
        } catch (error) {
            failed++;
            warnings.splice(0);
            print(`not ok ${i + 1} ${name}`);
            print(`# ${error.message}`);
            print(`# ${(error.stack ?? '').trim().replaceAll('\n', '\n# ')}`);
        }
    }
    loop.quit();
}

run();
loop.run();
// It is a function of JavaScript, which nothing may call any more from here on.
GLib.log_remove_handler('Lifecycle', logHandler);
System.exit(failed > 0 ? 1 : 0);
