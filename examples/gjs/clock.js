#!/usr/bin/env -S gjs -m
// clock.js: a service on the session bus that counts
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// Usage: clock.js
//
// Owns the name org.example.Clock. Its object /org/example/Clock has a method Wait (milliseconds), which
// answers with the number of calls so far, and a signal Tick. Ends on SIGTERM: a call that is under way
// then is answered with an error, because its object goes.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Lifecycle from 'gi://Lifecycle?version=1';

const SIGINT = 2;
const SIGTERM = 15;

const INTERFACE = `
<node>
  <interface name="org.example.Clock">
    <method name="Wait">
      <arg name="milliseconds" type="u" direction="in"/>
      <arg name="calls" type="u" direction="out"/>
    </method>
    <signal name="Tick">
      <arg name="seconds" type="u"/>
    </signal>
  </interface>
</node>`;

class Clock {
    #scope;
    #calls = 0;

    // Everything that it sets up belongs to the scope, so there is nothing to take down.
    constructor(scope, connection) {
        this.#scope = scope;
        const [info] = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces;
        scope.export_bus_object(connection, '/org/example/Clock', info,
            (bus, sender, path, name, method, parameters, invocation) =>
                this.#wait(parameters, invocation));
        scope.own_bus_name(connection, 'org.example.Clock', Gio.BusNameOwnerFlags.NONE,
            (bus, name, owned) => print(owned ? `owns ${name}` : `lost ${name}`));

        let seconds = 0;
        scope.every(1000, () => {
            connection.emit_signal(null, '/org/example/Clock', 'org.example.Clock', 'Tick',
                new GLib.Variant('(u)', [++seconds]));
        });
    }

    #wait(parameters, invocation) {
        const [milliseconds] = parameters.deepUnpack();
        this.#scope.add_timeout(milliseconds, () => {
            invocation.return_value(new GLib.Variant('(u)', [++this.#calls]));
            return GLib.SOURCE_REMOVE;
        });
    }
}

async function main(scope) {
    const connection = await scope.call(Gio, 'bus_get', Gio.BusType.SESSION);
    const service = new Clock(scope, connection);

    for (const signal of [SIGINT, SIGTERM]) {
        scope.add_unix_signal(signal, () => {
            scope.close_with_reason(Lifecycle.Reason.SHUTDOWN, 'a signal');
            return GLib.SOURCE_REMOVE;
        });
    }
    scope.defer(() => print('stopped'));
    await scope.closed();
    // What is still to be sent, such as the answers to calls.
    connection.flush_sync(null);
    return service;
}

const loop = new GLib.MainLoop(null, false);
Lifecycle.using(new Lifecycle.Scope({name: 'clock'}), main).catch(logError).finally(() => loop.quit());
loop.run();
