// Lifecycle.js: what makes the library at home in JavaScript
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// GJS loads this by itself when a program imports Lifecycle. What it adds is described in javascript.md
// of the documentation.

const {Gio, GLib, GObject} = imports.gi;

// To look at the stack takes longer than to connect a handler. So this many handlers in a row get a place,
// and one more for every so many milliseconds that pass: a loop that connects without a pause is hardly
// slowed down, and nothing else notices.
const N_PLACED = 1000;
const MS_PER_PLACE = 4;

var Lifecycle;

let _setPlace;
let _placeAll = false;

// -- places and exceptions --------------------------------------------------------------------

// The second is what _compile() makes.
const _OWN_FRAME = new RegExp([
    /\/overrides\/Lifecycle(?:Gtk4)?\.js:/,
    /\/overrides\/Lifecycle\.js line \d+ > Function:/,
    /@resource:\/\/\/org\/gnome\/gjs\//,
    /^$/,
].map(each => each.source).join('|'));

// The place in the source that called this file, of the form "file:line", or null.
function _place() {
    const frame = new Error().stack.split('\n').find(line => !_OWN_FRAME.test(line));
    const match = frame?.match(/@(?:file:\/\/)?(.*?):(\d+)(?::\d+)?$/);
    return match ? `${match[1]}:${match[2]}` : null;
}

function _checkFunction(func) {
    if (typeof func !== 'function')
        throw new TypeError(`a function is needed, not ${func === null ? 'null' : typeof func}`);
}

function _checkReason(reason) {
    const {NONE, DROPPED} = Lifecycle.Reason;
    if (!(typeof reason === 'number' && reason > NONE && reason < DROPPED))
        throw new TypeError(`nobody can close a scope with the reason ${reason}`);
}

function _checkObject(object) {
    if (!(object instanceof GObject.Object))
        throw new TypeError(`an object is needed, not ${object === null ? 'null' : typeof object}`);
}

function _describe(error) {
    const stack = `${error?.stack ?? ''}`.split('\n').filter(line => !_OWN_FRAME.test(line));
    return [`${error}`, ...stack.map(line => `    ${line}`)].join('\n');
}

// What a scope owns must not keep it alive, and GJS has no weak references that work. The address finds it
// among the open scopes, as long as it has a callback that runs.
const _address = Symbol('address');

function _addressOf(scope) {
    return scope[_address] ??= `${scope}`.match(/native@(\w+)/)?.[1] ?? '';
}

function _report(scope, place, error) {
    scope.add_failure(place, _describe(error));
}

function _reportTo(address, place, error) {
    const scopes = Lifecycle.list_scopes();
    for (let i = 0; i < scopes.get_n_items(); i++) {
        const scope = scopes.get_item(i);
        if (_addressOf(scope) === address) {
            _report(scope, place, error);
            return;
        }
    }
    logError(error, `A callback of a scope that is closed failed at ${place}`);
}

// A function that calls another one, and does not throw. After an exception, it returns `result`.
function _guard(scope, func, place, result = undefined) {
    _checkFunction(func);
    const address = _addressOf(scope);
    return (...args) => {
        try {
            return func(...args);
        } catch (error) {
            _reportTo(address, place, error);
            return result;
        }
    };
}

function _guardCleanup(func, args, place) {
    _checkFunction(func);
    return (scope, reason) => {
        try {
            func(scope, reason, ...args);
        } catch (error) {
            _report(scope, place, error);
        }
    };
}

// Scopes that the collector must not take, because GJS would then drop their callbacks.
const _kept = new Set();

function _keep(scope) {
    if (_kept.has(scope) || scope.is_closed())
        return;
    _kept.add(scope);
    scope.connect('closed', () => _kept.delete(scope));
}

// -- scopes -----------------------------------------------------------------------------------

// The collector may drop the last reference to a scope that JavaScript has created, or dispose the object
// that it belongs to, while no function can be called: the main loop then does the rest.
function _adoptNew(scope, place) {
    if (place !== null && scope.get_place() === place)
        scope.set_collected(true);
    return scope;
}

function _overrideScopes(Scope, native) {
    const proto = Scope.prototype;

    proto._init = function (properties = {}) {
        if (typeof properties !== 'object' || properties === null)
            properties = {name: properties};
        if (properties.name !== undefined && properties.name !== null &&
            typeof properties.name !== 'string')
            throw new TypeError(`a name is text, not ${typeof properties.name}`);
        _setPlace(_place());
        try {
            GObject.Object.prototype._init.call(this, properties);
        } catch (error) {
            _setPlace(null);
            throw error;
        }
        this.set_collected(true);
    };

    Scope.new = function (name = null) {
        return new Scope(name === null ? {} : {name});
    };

    const {of} = native;
    Scope.of = function (object) {
        _checkObject(object);
        const place = _place();
        _setPlace(place);
        return _adoptNew(of(object), place);
    };

    for (const name of ['new_child', 'get_child', 'get_child_for', 'renew_child', 'renew_child_for']) {
        const method = native[name];
        proto[name] = function (key = null) {
            const place = _place();
            _setPlace(place);
            return _adoptNew(method.call(this, key), place);
        };
    }

    proto.close_with_reason = function (reason, detail = null) {
        _checkReason(reason);
        return native.close_with_reason.call(this, reason, detail);
    };
    proto.sweep_handlers = function (recursive = false) {
        return native.sweep_handlers.call(this, recursive);
    };

    // GLib says nothing when a handler that GJS has connected is disconnected, so the scope has to look before
    // it can say how many there are.
    for (const name of ['get_n_entries', 'get_statistics', 'list_records']) {
        proto[name] = function (recursive = false) {
            native.sweep_handlers.call(this, recursive);
            return name === 'get_n_entries' ? native[name].call(this) : native[name].call(this, recursive);
        };
    }
    for (const name of ['n-entries', 'n_entries', 'nEntries']) {
        Object.defineProperty(proto, name, {
            get() {
                return this.get_n_entries();
            },
        });
    }
    proto.clear_kind = function (kind, recursive = false) {
        return native.clear_kind.call(this, kind, recursive);
    };

    proto[Symbol.iterator] = function* () {
        const records = this.list_records();
        for (let i = 0; i < records.get_n_items(); i++)
            yield records.get_item(i);
    };

    if (Symbol.dispose) {
        proto[Symbol.dispose] = function () {
            this.close();
        };
    }
    if (Symbol.asyncDispose) {
        proto[Symbol.asyncDispose] = function () {
            return this.close_async();
        };
    }
}

// -- what scopes own --------------------------------------------------------------------------

// GJS loads overrides in a way in which the engine looks names up one by one, and does not optimize. So this
// compiles a function anew, which must take all that it uses as arguments.
function _compile(func) {
    return new Function(`return ${func}`)();
}

// GJS's collector knows the closures that its own connect() makes; others it would keep. The plain case of
// connect_signal() is written out, because it should cost little more than that connect().
function _makeConnectSignal(connect, addHandlerFrom, connectWithFlags, address, addressOf, reportTo,
    internPlace, findPlace, nPlaced, pause, placeAll) {
    const {now} = Date;
    // How many handlers may still get a place, and since when that has been so.
    let credit = nPlaced;
    let refilled = now();

    const spendPlace = function () {
        if (credit === 0) {
            const time = now();
            credit = Math.min(nPlaced, Math.floor((time - refilled) / pause));
            refilled = time;
        }
        if (!placeAll)
            credit--;
        return findPlace();
    };

    return function (instance, detailedSignal, func, flags = 0) {
        const place = credit > 0 || now() - refilled >= pause ? spendPlace() : null;
        if (flags !== 0 || typeof func !== 'function')
            return connectWithFlags(this, instance, detailedSignal, func, flags, place);

        const owner = this[address] ?? addressOf(this);
        const id = connect.call(instance, detailedSignal, function () {
            try {
                return func.apply(this, arguments);
            } catch (error) {
                return reportTo(owner, place, error);
            }
        });
        return addHandlerFrom.call(this, instance, id, place === null ? 0 : internPlace(place)) ? id : 0;
    };
}

function _overrideEntries(proto, native) {
    const {connect, connect_after: connectAfter} = GObject.Object.prototype;
    const {add_handler: addHandler, add_handler_from: addHandlerFrom, connect_signal: connectClosure} =
        native;

    const connectWithFlags = function (scope, instance, detailedSignal, func, flags, place) {
        _checkObject(instance);
        const guarded = _guard(scope, func, place);
        if ((flags & ~Lifecycle.ConnectFlags.AFTER) !== 0) {
            if (GObject.signal_lookup(`${detailedSignal}`.split('::')[0],
                instance.constructor.$gtype) === 0)
                throw new Error(`No signal '${detailedSignal}' on ${instance}`);
            _setPlace(place);
            return connectClosure.call(scope, instance, detailedSignal, guarded, flags);
        }

        const id = (flags ? connectAfter : connect).call(instance, detailedSignal, guarded);
        _setPlace(place);
        return addHandler.call(scope, instance, id) ? id : 0;
    };

    proto.connect_signal = _compile(_makeConnectSignal)(connect, addHandlerFrom, connectWithFlags,
        _address, _addressOf, _reportTo, Lifecycle.intern_place, _place, N_PLACED, MS_PER_PLACE, _placeAll);

    proto.every = function (intervalMs, func) {
        const place = _place();
        const guarded = _guard(this, func, place);
        _setPlace(place);
        return native.add_timeout.call(this, intervalMs, () => guarded() !== GLib.SOURCE_REMOVE);
    };

    // GJS drops a callback with the object whose method it was passed to, but a closure not: it can still
    // run after the collector has taken the scope.
    proto.defer = function (func, ...args) {
        const place = _place();
        const cleanup = _guardCleanup(func, args, place);
        _setPlace(place);
        native.defer_closure.call(this, cleanup);
    };

    proto.defer_for = function (object, func, ...args) {
        const place = _place();
        const cleanup = _guardCleanup(func, args, place);
        _checkObject(object);
        _keep(this);
        _setPlace(place);
        native.defer_for.call(this, object, cleanup);
    };

    // The functions that take callbacks: which of their arguments these are, and what they return after
    // an exception.
    for (const [name, indices, result] of [
        ['add_debounce', [1]],
        ['add_fd', [2], GLib.SOURCE_REMOVE],
        ['add_idle', [0], GLib.SOURCE_REMOVE],
        ['add_phase', [4]],
        ['add_process', [3]],
        ['add_timeout', [1], GLib.SOURCE_REMOVE],
        ['add_timeout_full', [2], GLib.SOURCE_REMOVE],
        ['add_unix_signal', [1], GLib.SOURCE_CONTINUE],
        ['begin_async', [1]],
        ['bind_full', []],
        ['bind_setting_with_mapping', []],
        ['connect_cancellable', [1]],
        ['export_bus_object', [3, 4, 5]],
        ['own_bus_name', [3]],
        ['subscribe_bus_signal', [7]],
        ['watch_bus_name', [3]],
        ...['add_binding', 'add_file_monitor', 'add_handler', 'add_object', 'add_socket_service',
            'add_source', 'add_subprocess', 'add_subprocess_full', 'add_temporary_file', 'begin', 'bind',
            'bind_setting', 'expect_finalize', 'export_action_group', 'export_bus_object_manager',
            'export_bus_skeleton', 'export_menu_model', 'hold_application'].map(name => [name, []]),
    ]) {
        const method = native[name];
        // What only some systems have.
        if (method === undefined)
            continue;
        const optional = ['add_process', 'export_bus_object', 'own_bus_name'].includes(name);
        proto[name] = function (...args) {
            const place = _place();
            for (const i of indices) {
                if (!optional || (args[i] ?? null) !== null)
                    args[i] = _guard(this, args[i], place, result);
            }
            while (args.length < method.length)
                args.push(null);
            _setPlace(place);
            return method.apply(this, args);
        };
    }
}

// -- promises ---------------------------------------------------------------------------------

// The function that finishes an asynchronous call.
function _finish(object, name) {
    const finish = `${name.replace(/_async$/, '')}_finish`;
    if (typeof object[finish] !== 'function')
        throw new TypeError(`${name}() has no ${finish}()`);
    return result => object[finish](result);
}

function _overrideAsync(proto, native) {
    for (const name of ['close', 'drain']) {
        proto[`${name}_async`] = function (reason = Lifecycle.Reason.COMPLETED, timeoutMs = 0,
            cancellable = null, callback = null) {
            _checkReason(reason);
            const start = ready => native[`${name}_async`].call(this, reason, timeoutMs, cancellable, ready);
            if (callback !== null) {
                start(_guard(this, callback, _place()));
                return undefined;
            }
            return new Promise((resolve, reject) => {
                start((scope, result) => {
                    try {
                        resolve(scope[`${name}_finish`](result));
                    } catch (error) {
                        reject(error);
                    }
                });
            });
        };
    }

    // A promise for the reason, once somebody has closed the scope.
    proto.closed = function () {
        return new Promise(resolve => {
            if (this.is_closed())
                resolve(this.get_reason());
            else
                this.connect('closed', (scope, reason) => resolve(reason));
        });
    };

    // A promise for the result of an asynchronous function, whose cancellable and callback are left out
    // of the arguments: scope.call(file, 'load_contents_async'). If the scope ends first, the call is
    // cancelled, and so is the promise. Instead of a name, it takes a function that is given the
    // cancellable and the callback, and then the function that finishes the call.
    proto.call = function (object, method, ...args) {
        const place = _place();
        const name = typeof method === 'string' ? method : 'call';
        const finish = typeof method === 'string' ? _finish(object, method) : args[0];
        _checkFunction(typeof method === 'string' ? object[method] : method);
        _checkFunction(finish);

        return new Promise((resolve, reject) => {
            _setPlace(place);
            let failed = false;
            const operation = native.begin_async.call(this, name, (source, result) => {
                if (failed)
                    return;
                try {
                    resolve(finish(result));
                } catch (error) {
                    reject(error);
                }
            });
            const cancellable = operation.get_cancellable();
            const cancelled = () => reject(new Gio.IOErrorEnum({
                code: Gio.IOErrorEnum.CANCELLED,
                message: 'The scope has closed',
            }));
            const ready = (source, result) => operation.complete(source, result);

            try {
                if (typeof method === 'string')
                    object[method](...args, cancellable, ready);
                else
                    method(cancellable, ready);
            } catch (error) {
                failed = true;
                reject(error);
                operation.complete(null, Gio.Task.new(null, null, null));
                return;
            }
            if (cancellable.is_cancelled())
                cancelled();
            else
                GObject.Object.prototype.connect.call(cancellable, 'cancelled', cancelled);
        });
    };
}

// Calls a function with a scope, and closes the scope when it has returned, or when its promise is settled:
// as ABORTED after an exception.
function _using(scope, func) {
    const abort = error => scope.close_with_reason(Lifecycle.Reason.ABORTED, `${error}`);

    let result;
    try {
        result = func(scope);
    } catch (error) {
        abort(error);
        throw error;
    }
    if (typeof result?.then !== 'function') {
        scope.close();
        return result;
    }
    return result.then(async value => {
        if (!scope.is_closed()) {
            scope.close_async(Lifecycle.Reason.COMPLETED, 0, null, () => {});
            await scope.closed();
        }
        return value;
    }, async error => {
        if (!scope.is_closed()) {
            scope.set_reason_detail(`${error}`);
            scope.close_async(Lifecycle.Reason.ABORTED, 0, null, () => {});
            await scope.closed();
        }
        throw error;
    });
}

function _init() {
    Lifecycle = this;
    _setPlace = Lifecycle.set_place;
    _placeAll = (GLib.getenv('LIFECYCLE_DEBUG') ?? '') !== '';

    const {Scope} = Lifecycle;
    const native = {of: Scope.of};
    for (const name of Object.getOwnPropertyNames(Scope.prototype))
        native[name] = Scope.prototype[name];
    // They are made when they are asked for.
    const methods = new Proxy(native, {
        get: (known, name) => known[name] ??= Scope.prototype[name],
    });

    _overrideScopes(Scope, methods);
    _overrideEntries(Scope.prototype, methods);
    _overrideAsync(Scope.prototype, methods);
    Lifecycle.using = _using;
}
