// test-gjs.js: the library as GJS sees it
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Lifecycle from 'gi://Lifecycle?version=1';
import System from 'system';

const {ConnectFlags, Kind, Reason, Scope, State} = Lifecycle;

const Emitter = GObject.registerClass({
    GTypeName: 'LifecycleTestEmitter',
    Properties: {
        'label': GObject.ParamSpec.string('label', '', '', GObject.ParamFlags.READWRITE, ''),
    },
    Signals: {
        'ping': {
            flags: GObject.SignalFlags.RUN_LAST | GObject.SignalFlags.DETAILED,
            param_types: [GObject.TYPE_INT, GObject.TYPE_STRING],
        },
        'ask': {
            flags: GObject.SignalFlags.RUN_LAST,
            param_types: [GObject.TYPE_INT],
            return_type: GObject.TYPE_INT,
        },
    },
}, class Emitter extends GObject.Object {
    trace = [];

    on_ping() {
        this.trace.push('default');
    }
});

// -- what little of a test framework is needed ------------------------------------------------

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

// Runs the main context until DONE(), which must happen soon.
function iterate(done) {
    const context = GLib.MainContext.default();
    let expired = false;
    const guard = GLib.timeout_add(GLib.PRIORITY_DEFAULT, 20000, () => {
        expired = true;
        return GLib.SOURCE_CONTINUE;
    });
    while (!done() && !expired)
        context.iteration(true);
    GLib.source_remove(guard);
    assert(!expired, 'waited 20 s in vain');
}

function drain() {
    const context = GLib.MainContext.default();
    for (let i = 0; i < 100 && context.iteration(false); i++)
        ;
}

// Later than everything that is ready now, and after a collection.
async function collect() {
    for (let i = 0; i < 3; i++) {
        await new Promise(resolve => {
            GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, () => {
                resolve();
                return GLib.SOURCE_REMOVE;
            });
        });
        System.gc();
    }
}

// -- scopes -----------------------------------------------------------------------------------

test('scope/new', () => {
    const scope = Scope.new('root');
    assertEqual(scope.get_name(), 'root');
    assertEqual(scope.name, 'root');
    assertEqual(scope.get_state(), State.OPEN);
    assertEqual(scope.get_reason(), Reason.NONE);
    assertEqual(scope.get_reason_detail(), null);
    assertEqual(scope.get_parent(), null);
    assertEqual(scope.get_error(), null);
    assertEqual(scope.nEntries, 0);
    assertEqual(scope.close(), 0);
    assert(scope.is_closed());
});

test('scope/constructor-properties', () => {
    const parent = new Scope({name: 'root'});
    const child = new Scope({name: 'child', parent});
    assertEqual(child.get_parent(), parent);
    assertEqual(child.get_path(), 'root/child');
    assertEqual(parent.get_child('child'), child);
    assertEqual(parent.close(), 1);
    assertEqual(child.reason, Reason.PARENT_CLOSED);
});

test('scope/new-child', () => {
    const parent = Scope.new('root');
    const child = parent.new_child('child');
    assertEqual(parent.get_n_entries(), 1);
    child.close();
    assertEqual(parent.get_n_entries(), 0);
    parent.close();
});

test('scope/get-child', () => {
    const parent = Scope.new('root');
    const child = parent.get_child('tag');
    assertEqual(parent.get_child('tag'), child);
    const renewed = parent.renew_child('tag');
    assertEqual(child.get_reason(), Reason.REPLACED);
    assertEqual(parent.get_child('tag'), renewed);
    parent.close();
});

test('scope/renew-child-for', () => {
    const parent = Scope.new('root');
    const row = new Emitter();
    const child = parent.get_child_for(row);
    const renewed = parent.renew_child_for(row);
    assertEqual(child.get_reason(), Reason.REPLACED);
    assertEqual(parent.get_child_for(row), renewed);
    parent.close();
});

test('scope/get-child-for', () => {
    const parent = Scope.new('root');
    const player = new Emitter();
    const child = parent.get_child_for(player);
    assertEqual(parent.get_child_for(player), child);
    player.run_dispose();
    assertEqual(child.get_reason(), Reason.OWNER_GONE);
    assertEqual(parent.get_n_entries(), 0);
    parent.close();
});

test('scope/of', () => {
    const thing = new Emitter();
    const scope = Scope.of(thing);
    assertEqual(Scope.of(thing), scope);
    thing.run_dispose();
    assertEqual(scope.get_reason(), Reason.OWNER_GONE);
});

test('scope/nest', () => {
    const emitter = new Emitter();
    const order = [];
    const root = Scope.new('root');
    root.defer(() => order.push('first'));
    const child = root.new_child('child');
    root.defer(() => order.push('last'));
    for (let i = 0; i < 2; i++)
        child.connect_signal(emitter, 'ping', () => {}, ConnectFlags.DEFAULT);
    child.defer(() => order.push('child'));
    assertEqual(root.close(), 6);
    assertEqual(order, ['last', 'child', 'first']);
    assert(child.is_closed());
});

test('scope/reasons', () => {
    const scope = Scope.new('root');
    const seen = [];
    scope.defer(() => seen.push('cleanup'));
    scope.connect('closing', (self, reason) => seen.push(['closing', reason, self.state]));
    scope.connect('closed', (self, reason) => seen.push(['closed', reason, self.state]));
    scope.close_with_reason(Reason.SHUTDOWN, 'the end');
    assertEqual(seen, [['closing', Reason.SHUTDOWN, State.CLOSING], 'cleanup',
        ['closed', Reason.SHUTDOWN, State.CLOSED]]);
    assertEqual(scope.get_reason_detail(), 'the end');
});

test('scope/clear', () => {
    const emitter = new Emitter();
    const scope = Scope.new('root');
    const cancellable = scope.get_cancellable();
    let calls = 0;
    scope.connect_signal(emitter, 'ping', () => calls++, ConnectFlags.DEFAULT);
    const child = scope.new_child('child');
    assertEqual(scope.clear(), 2);
    assertEqual(scope.get_state(), State.OPEN);
    assertEqual(child.get_reason(), Reason.PARENT_CLOSED);
    assertEqual(child.get_reason_detail(), 'cleared');
    assert(cancellable.is_cancelled());
    assert(!scope.get_cancellable().is_cancelled());
    emitter.emit('ping', 1, 'one');
    assertEqual(calls, 0);
    scope.close();
});

test('scope/move', () => {
    const emitter = new Emitter();
    const old = Scope.new('root');
    let calls = 0;
    old.connect_signal(emitter, 'ping', () => calls++, ConnectFlags.DEFAULT);
    const moved = old.move();
    assertEqual(old.get_reason(), Reason.REPLACED);
    assertEqual(old.get_reason_detail(), 'moved');
    emitter.emit('ping', 1, 'one');
    assertEqual(calls, 1);
    assertEqual(moved.close(), 1);
    emitter.emit('ping', 2, 'two');
    assertEqual(calls, 1);
});

test('scope/cancellable', () => {
    const scope = Scope.new('root');
    const cancellable = scope.get_cancellable();
    assert(cancellable instanceof Gio.Cancellable);
    scope.close();
    assert(cancellable.is_cancelled());
});

test('scope/limit', () => {
    const scope = new Scope({name: 'root', limit: 2});
    const reached = [];
    scope.connect('limit-reached', (self, n) => reached.push(n));
    for (let i = 0; i < 3; i++)
        scope.add_object(new Emitter());
    assertEqual(reached, [3]);
    scope.limit = 0;
    assertEqual(scope.get_limit(), 0);
    assertEqual(scope.close(), 3);
});

// -- still a GObject --------------------------------------------------------------------------

test('object/nothing-hides-gobject', () => {
    for (const name of ['connect', 'connect_after', 'disconnect', 'emit', 'notify', 'ref', 'unref',
        'bind_property', 'bind_property_full', 'get_property', 'set_property', 'get_data',
        'set_data', 'steal_data', 'freeze_notify', 'thaw_notify', 'run_dispose', 'set', 'init',
        'toString', 'block_signal_handler', 'unblock_signal_handler', 'is_floating',
        'ref_sink', 'force_floating', 'watch_closure', 'getv', 'stop_emission_by_name']) {
        assert(Scope.prototype[name] === GObject.Object.prototype[name],
            `${name}() is not that of GObject.Object`);
    }
});

test('object/properties', () => {
    const names = Scope.list_properties().map(pspec => pspec.name).sort();
    assertEqual(names, ['limit', 'n-entries', 'name', 'parent', 'permanent', 'reason', 'state']);
});

test('object/connect-emit-disconnect', () => {
    const scope = Scope.new('root');
    const numbers = [];
    const id = scope.connect('limit-reached', (self, n) => numbers.push(n));
    scope.emit('limit-reached', 7);
    scope.disconnect(id);
    scope.emit('limit-reached', 8);
    assertEqual(numbers, [7]);
    scope.close();
});

test('object/notify', () => {
    const scope = Scope.new('root');
    const states = [];
    scope.connect('notify::state', self => states.push(self.state));
    scope.notify('state');
    assertEqual(states, [State.OPEN]);
    scope.close();
    assertEqual(states.at(-1), State.CLOSED);
});

test('object/bind-property', () => {
    const scope = Scope.new('root');
    const emitter = new Emitter();
    scope.bind_property('name', emitter, 'label', GObject.BindingFlags.SYNC_CREATE);
    assertEqual(emitter.label, 'root');
    scope.close();
});

test('bindings/full', () => {
    const scope = Scope.new('root');
    const source = new Emitter();
    const target = new Emitter();
    scope.bind_full(source, 'label', target, 'label', GObject.BindingFlags.BIDIRECTIONAL,
        (binding, value) => value.toUpperCase(), (binding, value) => value.toLowerCase());
    source.label = 'one';
    assertEqual(target.label, 'ONE');
    target.label = 'TWO';
    assertEqual(source.label, 'two');
    assertEqual(scope.close(), 1);
    source.label = 'three';
    assertEqual(target.label, 'TWO');
    assertEqual(scope.bind_full(source, 'label', target, 'label', 0, null, null), null);
});

test('bus/skeleton', () => {
    if (GLib.find_program_in_path('dbus-daemon') === null) {
        print('# dbus-daemon is not installed');
        return;
    }
    // Gio.TestDBus forks the interpreter, which does not stand it.
    const bus = Gio.Subprocess.new(['dbus-daemon', '--session', '--nofork', '--print-address'],
        Gio.SubprocessFlags.STDOUT_PIPE | Gio.SubprocessFlags.STDERR_SILENCE);
    const [address] = Gio.DataInputStream.new(bus.get_stdout_pipe()).read_line_utf8(null);
    const flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
        Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION;
    const [service, client] = [0, 1].map(() => Gio.DBusConnection.new_for_address_sync(
        address, flags, null, null));
    const invocations = [];
    const skeleton = Gio.DBusExportedObject.wrapJSObject(
        `<node><interface name="org.example.Test">
           <method name="Ping"><arg type="s" direction="out"/></method>
           <method name="Wait"><arg type="s" direction="out"/></method>
         </interface></node>`, {
            Ping: () => 'pong',
            WaitAsync: (parameters, invocation) => invocations.push(invocation),
        });
    const scope = Scope.new('root');
    scope.export_bus_skeleton(service, '/test', skeleton);
    const call = method => {
        const answer = {};
        client.call(service.get_unique_name(), '/test', 'org.example.Test', method, null, null,
            Gio.DBusCallFlags.NONE, -1, null, (source, result) => {
                try {
                    [answer.value] = source.call_finish(result).recursiveUnpack();
                } catch (error) {
                    answer.error = error;
                }
            });
        return answer;
    };
    const ping = call('Ping');
    iterate(() => ping.value !== undefined);
    assertEqual(ping.value, 'pong');
    const wait = call('Wait');
    iterate(() => invocations.length > 0);
    assertEqual(scope.close(), 1);
    iterate(() => wait.error !== undefined);
    assert(wait.error.matches(Gio.DBusError, Gio.DBusError.NO_REPLY), `${wait.error}`);
    invocations[0].return_value(new GLib.Variant('(s)', ['too late']));
    for (const connection of [client, service])
        connection.close_sync(null);
    bus.force_exit();
    bus.wait(null);
});

// -- handlers ---------------------------------------------------------------------------------

test('handlers/arguments-arrive', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    const calls = [];
    const id = scope.connect_signal(emitter, 'ping', (...args) => calls.push(args),
        ConnectFlags.DEFAULT);
    assert(id > 0);
    emitter.emit('ping', 7, 'seven');
    assertEqual(calls, [[emitter, 7, 'seven']]);
    assertEqual(scope.close(), 1);
    emitter.emit('ping', 8, 'eight');
    assertEqual(calls.length, 1);
});

test('handlers/return-value', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    scope.connect_signal(emitter, 'ask', (self, n) => n * 2, ConnectFlags.DEFAULT);
    assertEqual(emitter.emit('ask', 21), 42);
    scope.close();
});

test('handlers/detail', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    const calls = [];
    scope.connect_signal(emitter, 'ping::this', (self, n) => calls.push(n), ConnectFlags.DEFAULT);
    emitter.emit('ping::that', 1, 'one');
    emitter.emit('ping::this', 2, 'two');
    assertEqual(calls, [2]);
    scope.close();
});

test('handlers/after', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    scope.connect_signal(emitter, 'ping', () => emitter.trace.push('after'), ConnectFlags.AFTER);
    scope.connect_signal(emitter, 'ping', () => emitter.trace.push('before'),
        ConnectFlags.DEFAULT);
    emitter.emit('ping', 1, 'one');
    assertEqual(emitter.trace, ['before', 'default', 'after']);
    scope.close();
});

test('handlers/once', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    const calls = [];
    scope.connect_signal(emitter, 'ping', (self, n) => calls.push(n),
        ConnectFlags.ONCE | ConnectFlags.AFTER);
    emitter.emit('ping', 1, 'one');
    emitter.emit('ping', 2, 'two');
    assertEqual(calls, [1]);
    assertEqual(scope.get_n_entries(), 0);
    scope.close();
});

test('handlers/the-id-is-one-of-glib', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    let calls = 0;
    const id = scope.connect_signal(emitter, 'ping', () => calls++, ConnectFlags.DEFAULT);
    GObject.signal_handler_block(emitter, id);
    emitter.emit('ping', 1, 'one');
    GObject.signal_handler_unblock(emitter, id);
    GObject.signal_handler_disconnect(emitter, id);
    emitter.emit('ping', 2, 'two');
    assertEqual(calls, 0);
    assertEqual(scope.get_n_entries(), 0);
    scope.close();
});

test('handlers/add', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    let calls = 0;
    const id = emitter.connect('ping', () => calls++);
    assert(scope.add_handler(emitter, id));
    emitter.emit('ping', 1, 'one');
    scope.close();
    assert(!GObject.signal_handler_is_connected(emitter, id));
    assert(!scope.add_handler(emitter, id));
    emitter.emit('ping', 2, 'two');
    assertEqual(calls, 1);
});

test('handlers/steal', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    let calls = 0;
    const id = scope.connect_signal(emitter, 'ping', () => calls++, ConnectFlags.DEFAULT);
    assert(scope.steal_handler(emitter, id));
    assert(!scope.steal_handler(emitter, id));
    scope.close();
    emitter.emit('ping', 1, 'one');
    assertEqual(calls, 1);
    GObject.signal_handler_disconnect(emitter, id);
});

test('handlers/block', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    const child = scope.new_child('child');
    const calls = [];
    child.connect_signal(emitter, 'ping', () => calls.push('early'), ConnectFlags.DEFAULT);
    scope.block();
    scope.connect_signal(emitter, 'ping', () => calls.push('late'), ConnectFlags.DEFAULT);
    emitter.emit('ping', 1, 'one');
    assertEqual(calls, []);
    scope.unblock();
    emitter.emit('ping', 2, 'two');
    assertEqual(calls, ['early', 'late']);
    scope.close();
});

test('handlers/close-from-one', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    const calls = [];
    scope.connect_signal(emitter, 'ping', () => calls.push(scope.close()), ConnectFlags.DEFAULT);
    scope.connect_signal(emitter, 'ping', () => calls.push('never'), ConnectFlags.DEFAULT);
    emitter.emit('ping', 1, 'one');
    assertEqual(calls, [2]);
});

// -- sources ----------------------------------------------------------------------------------

test('sources/idle', () => {
    const scope = Scope.new('test');
    let calls = 0;
    const source = scope.add_idle(() => {
        calls++;
        return GLib.SOURCE_REMOVE;
    });
    assertEqual(scope.get_n_entries(), 1);
    iterate(() => calls > 0);
    assert(source.is_destroyed());
    assertEqual(scope.get_n_entries(), 0);

    const other = scope.add_idle(() => calls++);
    assertEqual(scope.close(), 1);
    assert(other.is_destroyed());
    drain();
    assertEqual(calls, 1);
});

test('sources/debounce', () => {
    const scope = Scope.new('test');
    let calls = 0;
    const save = scope.add_debounce(1, () => {
        calls++;
    });
    assertEqual(save.get_remaining(), -1);
    assert(save.restart());
    assert(save.restart());
    iterate(() => calls > 0);
    assertEqual(calls, 1);
    assert(save.is_active());
    assert(save.restart());
    iterate(() => calls > 1);
    save.restart();
    assert(save.stop());
    assert(!save.stop());
    assertEqual(scope.close(), 1);
    assert(!save.restart());
    assert(!save.is_active());
});

test('sources/fd', () => {
    // GJS cannot make a pipe; the output of a child is one as well.
    const [, pid, stdin, stdout, stderr] = GLib.spawn_async_with_pipes(null, ['echo', 'ping'],
        null, GLib.SpawnFlags.SEARCH_PATH, null);
    const scope = Scope.new('test');
    const calls = [];
    const source = scope.add_fd(stdout, GLib.IOCondition.IN | GLib.IOCondition.HUP,
        (fd, condition) => {
            calls.push([fd, (condition & (GLib.IOCondition.IN | GLib.IOCondition.HUP)) !== 0]);
            return GLib.SOURCE_REMOVE;
        });
    assert(!source.is_destroyed());
    iterate(() => calls.length > 0);
    assertEqual(calls, [[stdout, true]]);
    assertEqual(scope.get_n_entries(), 0);
    scope.close();
    for (const fd of [stdin, stdout, stderr])
        GLib.close(fd);
    GLib.spawn_close_pid(pid);
});

test('sources/unix-signal', () => {
    // One of the few numbers that are the same everywhere.
    const SIGHUP = 1;
    const scope = Scope.new('test');
    let calls = 0;
    const source = scope.add_unix_signal(SIGHUP, () => {
        calls++;
        return GLib.SOURCE_CONTINUE;
    });
    const pid = new Gio.Credentials().get_unix_pid();
    GLib.spawn_command_line_sync(`kill -HUP ${pid}`);
    iterate(() => calls > 0);
    scope.close();
    assert(source.is_destroyed());
});

test('sources/add', () => {
    const scope = Scope.new('test');
    let calls = 0;
    const source = GLib.timeout_source_new(1);
    source.set_callback(() => {
        calls++;
        return GLib.SOURCE_CONTINUE;
    });
    assert(scope.add_source(source));
    iterate(() => calls > 0);
    scope.close();
    assert(source.is_destroyed());
});

test('sources/add-attached', () => {
    const scope = Scope.new('test');
    let calls = 0;
    const source = GLib.idle_source_new();
    source.set_callback(() => {
        calls++;
        return GLib.SOURCE_REMOVE;
    });
    source.attach(null);
    assert(scope.add_source(source));
    iterate(() => calls > 0);
    assertEqual(scope.get_n_entries(), 0);
    assert(!scope.add_source(source));
    scope.close();
});

test('sources/steal', () => {
    const scope = Scope.new('test');
    let calls = 0;
    const source = scope.add_idle(() => {
        calls++;
        return GLib.SOURCE_REMOVE;
    });
    assert(scope.steal_source(source));
    assert(!scope.steal_source(source));
    scope.close();
    assert(!source.is_destroyed());
    iterate(() => calls > 0);
});

// -- objects and cleanups ---------------------------------------------------------------------

test('objects/add-and-steal', () => {
    const scope = Scope.new('test');
    const emitter = new Emitter();
    assert(scope.add_object(emitter));
    assertEqual(scope.get_n_entries(), 1);
    assert(scope.steal_object(emitter));
    assert(!scope.steal_object(emitter));
    assertEqual(scope.close(), 0);
});

test('objects/adopt-is-for-c', () => {
    assert(!('adopt' in Scope.prototype));
});

test('cleanups/defer', () => {
    const scope = Scope.new('test');
    const calls = [];
    scope.defer((...args) => calls.push(args));
    scope.close_with_reason(Reason.TIMED_OUT, null);
    assertEqual(calls, [[scope, Reason.TIMED_OUT]]);
    assertEqual(scope.get_error(), null);
});

test('cleanups/defer-for', () => {
    const scope = Scope.new('test');
    const calls = [];
    const stays = new Emitter();
    const goes = new Emitter();
    scope.defer_for(stays, (...args) => calls.push(args));
    scope.defer_for(goes, () => calls.push('never'));
    goes.run_dispose();
    assertEqual(scope.get_n_entries(), 1);
    scope.close();
    assertEqual(calls, [[scope, Reason.COMPLETED]]);
});

test('cleanups/one-fails', () => {
    const scope = Scope.new('test');
    const done = [];
    scope.defer(() => done.push('first'));
    scope.defer(() => {
        throw new Gio.IOErrorEnum({code: Gio.IOErrorEnum.NOT_FOUND, message: 'no such thing'});
    });
    scope.defer(() => done.push('last'));
    assertEqual(scope.close(), 3);
    assertEqual(done, ['last', 'first']);
    const error = scope.get_error();
    assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND), `${error}`);
    assertEqual(error.message, 'no such thing');
});

// GJS makes an error of its own domain of whatever is thrown, and the same exception of that again.
test('cleanups/one-throws-something-else', () => {
    const scope = Scope.new('test');
    scope.defer(() => {
        throw new TypeError('not a GLib.Error');
    });
    assertEqual(scope.close(), 1);
    const error = scope.get_error();
    assert(error instanceof TypeError, `${error}`);
    assertEqual(error.message, 'not a GLib.Error');
});

test('cleanups/several-fail', () => {
    const scope = Scope.new('test');
    const fail = message => () => {
        throw new GLib.Error(Gio.io_error_quark(), Gio.IOErrorEnum.FAILED, message);
    };
    scope.defer(fail('one'));
    scope.new_child('child').defer(fail('two'));
    scope.close();
    const error = scope.get_error();
    assert(error.matches(Lifecycle.error_quark(), Lifecycle.Error.CLEANUP), `${error}`);
    for (const part of ['one', 'two', 'test/child'])
        assert(error.message.includes(part), `no ${part} in: ${error.message}`);
});

// -- following --------------------------------------------------------------------------------

test('follow/scope', () => {
    const leader = Scope.new('leader');
    const follower = Scope.new('follower');
    follower.follow(leader);
    leader.close();
    assertEqual(follower.get_reason(), Reason.OWNER_GONE);
});

test('follow/object', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    scope.follow_object(emitter);
    emitter.run_dispose();
    assertEqual(scope.get_reason(), Reason.OWNER_GONE);
});

test('follow/signal', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    scope.follow_signal(emitter, 'ping', Reason.CONFLICTED);
    emitter.emit('ping', 1, 'one');
    assertEqual(scope.get_reason(), Reason.CONFLICTED);
});

test('follow/cancellable', () => {
    const cancellable = new Gio.Cancellable();
    const scope = Scope.new('test');
    scope.follow_cancellable(cancellable);
    cancellable.cancel();
    assertEqual(scope.get_reason(), Reason.ABORTED);

    const late = Scope.new('late');
    late.follow_cancellable(cancellable);
    assertEqual(late.get_reason(), Reason.ABORTED);
});

// -- operations -------------------------------------------------------------------------------

function load(scope, results, shielded = false) {
    const file = Gio.File.new_for_path('/proc/self/status');
    const op = scope.begin_async('load', (source, result) => results.push(result));
    if (shielded)
        op.set_shielded(0);
    file.load_contents_async(op.get_cancellable(), (source, result) => op.complete(source, result));
    return file;
}

test('operation/complete', () => {
    const scope = Scope.new('test');
    const results = [];
    const file = load(scope, results);
    assertEqual(scope.get_n_entries(), 1);
    iterate(() => results.length > 0);
    const [ok] = file.load_contents_finish(results[0]);
    assert(ok);
    assertEqual(scope.close(), 0);
});

for (const shielded of [false, true]) {
    test(`operation/closed-first${shielded ? '-shielded' : ''}`, () => {
        const scope = Scope.new('test');
        const results = [];
        const closed = [];
        load(scope, results, shielded);
        scope.close_async(Reason.COMPLETED, 10000, null,
            (source, result) => closed.push(source.close_finish(result)));
        iterate(() => closed.length > 0);
        assertEqual(closed, [true]);
        assertEqual(results.length, shielded ? 1 : 0);
    });
}

test('operation/drain', () => {
    const scope = Scope.new('test');
    const results = [];
    const drained = [];
    load(scope, results);
    scope.drain_async(Reason.SHUTDOWN, 10000, null,
        (source, result) => drained.push(source.drain_finish(result)));
    assert(scope.is_draining());
    const late = scope.begin('late');
    assert(late.get_cancellable().is_cancelled());
    late.end();
    iterate(() => drained.length > 0);
    assertEqual(drained, [true]);
    assertEqual(results.length, 1);
});

// -- late -------------------------------------------------------------------------------------

test('late/everything', () => {
    const emitter = new Emitter();
    const scope = Scope.new('test');
    scope.close_with_reason(Reason.ABORTED, null);

    assertEqual(scope.connect_signal(emitter, 'ping', () => {}, ConnectFlags.DEFAULT), 0);
    const id = emitter.connect('ping', () => {});
    assert(!scope.add_handler(emitter, id));
    assert(!GObject.signal_handler_is_connected(emitter, id));
    assertEqual(scope.add_idle(() => {}), null);
    assertEqual(scope.add_fd(0, GLib.IOCondition.IN, () => {}), null);
    const source = GLib.idle_source_new();
    assert(!scope.add_source(source));
    assert(source.is_destroyed());
    assert(!scope.add_object(emitter));
    const reasons = [];
    scope.defer((self, reason) => reasons.push(reason));
    assertEqual(reasons, [Reason.ABORTED]);
    assertEqual(scope.new_child('child').get_reason(), Reason.PARENT_CLOSED);
    assert(scope.get_child('child').is_closed());
});

// -- garbage ----------------------------------------------------------------------------------

// A callback that captured the scope is freed by the close, although its emitter lives on.
//
// GJS 1.74 never clears a WeakRef or calls a FinalizationRegistry. But the scope of an object
// closes when the object is disposed, and holds no reference on it: that tells when the collector
// has let go of it, and asks for no callback, which GJS would refuse during a collection.
function testFreed(name, fill) {
    test(`freed/${name}`, async () => {
        const emitter = new Emitter();
        const keep = [];
        let scopeOfScope, scopeOfMarker;

        // In a function of its own, so that nothing stays on the frame of this one.
        const holder = (() => {
            const scope = Scope.new('collected');
            const marker = new Emitter();
            scopeOfScope = Scope.of(scope);
            scopeOfMarker = Scope.of(marker);
            keep.push(fill(emitter, {scope, marker}, scope));
            return {scope};
        })();

        await collect();
        assert(!scopeOfMarker.is_closed(), 'it went too early');

        // The close alone lets go of what the callback captured...
        (() => holder.scope.close())();
        await collect();
        assertEqual(scopeOfMarker.get_reason(), Reason.OWNER_GONE);

        // ...and so nothing holds the scope but we.
        assert(!scopeOfScope.is_closed(), 'the scope went too early');
        holder.scope = null;
        await collect();
        assertEqual(scopeOfScope.get_reason(), Reason.OWNER_GONE);
    });
}

testFreed('connect-signal', (emitter, thing, scope) => {
    scope.connect_signal(emitter, 'ping', () => thing.scope, ConnectFlags.DEFAULT);
});

testFreed('connect-signal-that-ran', (emitter, thing, scope) => {
    scope.connect_signal(emitter, 'ping', () => thing.scope, ConnectFlags.DEFAULT);
    emitter.emit('ping', 1, 'one');
});

testFreed('add-handler', (emitter, thing, scope) => {
    scope.add_handler(emitter, emitter.connect('ping', () => thing.scope));
});

// One that runs, and goes on.
testFreed('add-idle', (emitter, thing, scope) => {
    scope.add_idle(() => thing.scope !== null);
});

testFreed('add-fd', (emitter, thing, scope) => {
    scope.add_fd(2, GLib.IOCondition.PRI, () => thing.scope !== null);
});

testFreed('add-source', (emitter, thing, scope) => {
    const source = GLib.timeout_source_new(100000);
    source.set_callback(() => thing.scope !== null);
    scope.add_source(source);
    return source;
});

testFreed('defer', (emitter, thing, scope) => {
    scope.defer(() => thing.scope);
});

// -- observing --------------------------------------------------------------------------------

function items(model) {
    return Array.from({length: model.get_n_items()}, (_, i) => model.get_item(i));
}

// A handler, a timer that has ended, and a child with an idle.
function fill(scope, emitter) {
    const id = scope.connect_signal(emitter, 'notify::label', () => {}, ConnectFlags.DEFAULT);
    scope.add_timeout(100000, () => true).cancel();
    scope.get_child('child').add_idle(() => false);
    return id;
}

test('observing/statistics', () => {
    const scope = Scope.new('root');
    const before = Lifecycle.get_statistics();
    fill(scope, new Emitter());
    const alone = scope.get_statistics(false);
    assertEqual(alone.get_live(Kind.HANDLER), 1);
    assertEqual(alone.get_live(Kind.SOURCE), 0);
    assertEqual(alone.get_added(Kind.TIMER), 1);
    assertEqual(alone.get_retired(Kind.TIMER), 1);
    assertEqual(alone.get_total_live(), 2);
    assertEqual(scope.get_n_live(Kind.HANDLER), 1);
    const below = scope.get_statistics(true);
    assertEqual(below.get_live(Kind.SOURCE), 1);
    assertEqual(below.get_n_scopes(), 2);

    scope.close_with_reason(Reason.CONFLICTED, null);
    const closed = scope.get_statistics(true);
    assertEqual(closed.get_total_live(), 0);
    assertEqual(closed.get_released(Kind.SOURCE), 1);
    assertEqual(closed.get_n_closed(Reason.PARENT_CLOSED), 1);
    scope.add_timeout(1, () => false);
    assertEqual(scope.get_statistics(false).get_n_late(), 1);
    assertEqual(below.get_live(Kind.SOURCE), 1);
    assert(below.to_string().includes('handler'));

    const after = Lifecycle.get_statistics();
    assertEqual(after.get_released(Kind.SOURCE) - before.get_released(Kind.SOURCE), 1);
    assertEqual(after.get_n_closed(Reason.CONFLICTED) - before.get_n_closed(Reason.CONFLICTED), 1);
});

test('observing/records', () => {
    const scope = Scope.new('root');
    const emitter = new Emitter();
    const id = fill(scope, emitter);
    const records = scope.list_records(false);
    assert(records instanceof Gio.ListModel);
    assertEqual(records.get_n_items(), 2);
    assertEqual(records.get_item(2), null);
    const [handler, child] = items(records);
    assertEqual(handler.get_kind(), Kind.HANDLER);
    assertEqual(handler.kind, Kind.HANDLER);
    assertEqual(handler.signal, 'notify::label');
    assertEqual(handler.id, id);
    assertEqual(handler.scopePath, 'root');
    assertEqual(handler.valid, true);
    assertEqual(handler.name, null);
    assert(handler.to_string().includes('notify::label'));
    assertEqual(child.get_kind(), Kind.SCOPE);
    assertEqual(child.name, 'child');
    assertEqual(items(scope.list_records(true)).map(record => record.scopePath),
        ['root', 'root', 'root/child']);
    scope.close();
    assertEqual(scope.list_records(true).get_n_items(), 0);
    assertEqual(child.name, 'child');
    assertEqual(new Lifecycle.Record().name, null);
});

test('observing/list-scopes', () => {
    const scope = Scope.new('root');
    const child = scope.get_child('child');
    const scopes = items(Lifecycle.list_scopes());
    assert(scopes.includes(scope));
    assert(scopes.indexOf(scope) < scopes.indexOf(child));
    scope.close();
    assert(!items(Lifecycle.list_scopes()).includes(scope));
    assert(!items(Lifecycle.list_records()).some(record => record.scopePath === 'root/child'));
});

// -- run --------------------------------------------------------------------------------------

const loop = new GLib.MainLoop(null, false);
let failed = 0;

async function run() {
    print(`1..${tests.length}`);
    for (const [i, {name, func}] of tests.entries()) {
        try {
            await func();
            print(`ok ${i + 1} ${name}`);
        } catch (error) {
            failed++;
            print(`not ok ${i + 1} ${name}`);
            print(`# ${error.message}`);
            print(`# ${(error.stack ?? '').trim().replaceAll('\n', '\n# ')}`);
        }
    }
    loop.quit();
}

run();
loop.run();
System.exit(failed > 0 ? 1 : 0);
