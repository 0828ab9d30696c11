// test-gjs-testing.js: lifecycleTesting finds what is left behind, and nothing else
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Lifecycle from 'gi://Lifecycle?version=1';
import System from 'system';

import {LeakError, grows, noLeaks, noLeaksAsync} from '../../lifecycle/bindings/gjs/lifecycleTesting.js';

const {Scope} = Lifecycle;

const tests = [];

function test(name, func) {
    tests.push({name, func});
}

function assert(value, message = 'not true') {
    if (!value)
        throw new Error(message);
}

function assertHas(text, part) {
    assert(text.includes(part), `${part} is not in:\n${text}`);
}

async function caught(func) {
    try {
        await func();
    } catch (error) {
        return error;
    }
    throw new Error('nothing was thrown');
}

test('clean', () => {
    const answer = noLeaks(number => {
        const scope = Scope.new('scope');
        const action = new Gio.SimpleAction({name: 'action'});

        action.me = action;
        scope.expect_finalize(action, 'it was only a view');
        scope.close();
        return number + 1;
    })(1);
    assert(answer === 2);
});

test('about to end', () => {
    Lifecycle.set_leak_grace(60000);
    noLeaks(() => {
        const scope = Scope.new('scope');
        GLib.timeout_add(GLib.PRIORITY_DEFAULT, 20, () => {
            scope.close();
            return GLib.SOURCE_REMOVE;
        });
    })();
});

test('open', async () => {
    const scopes = [];

    Lifecycle.set_leak_grace(10);
    const error = await caught(noLeaks(() => {
        for (let i = 0; i < 2; i++) {
            const scope = Scope.new('player');
            scope.add_object(new Gio.SimpleAction({name: 'action'}));
            scopes.push(scope);
        }
    }));
    assert(error instanceof LeakError);
    assertHas(error.message, '2 open scopes, 0 objects');
    assertHas(error.message, '2 x scope player 0x');
    assert(/2 x object,( added at \S+:\d+,)? in player/.test(error.message), error.message);
    scopes.forEach(scope => scope.close());
});

test('alive', async () => {
    const action = new Gio.SimpleAction({name: 'action'});

    Lifecycle.set_leak_grace(10);
    const error = await caught(noLeaks(() => {
        const scope = Scope.new('view');
        scope.expect_finalize(action, 'it was only a view');
        scope.close();
    }));
    assert(error instanceof LeakError);
    assertHas(error.message, 'GSimpleAction');
    assertHas(error.message, 'after scope view closed: it was only a view');
    assert(action.name === 'action');
});

test('async', async () => {
    let scope;

    Lifecycle.set_leak_grace(10);
    await noLeaksAsync(async () => {
        const closed = Scope.new('closed');
        await null;
        closed.close();
    })();
    const error = await caught(noLeaksAsync(async () => {
        await null;
        scope = Scope.new('planted');
    }));
    assert(error instanceof LeakError);
    assertHas(error.message, '1 x scope planted 0x');
    scope.close();
});

test('other errors first', async () => {
    let scope;

    Lifecycle.set_leak_grace(10);
    const error = await caught(noLeaks(() => {
        scope = Scope.new('planted');
        throw new RangeError('first');
    }));
    assert(error instanceof RangeError);
    scope.close();
    noLeaks(() => {})();
});

test('growth', () => {
    const scope = Scope.new('service');

    const clean = grows(() => {
        const child = scope.new_child('round');
        child.add_object(new Gio.SimpleAction({name: 'action'}));
        child.close();
    });
    assert(clean === null, clean);
    Lifecycle.set_leak_grace(10);
    assertHas(grows(() => scope.add_object(new Gio.SimpleAction({name: 'action'}))),
        'object: 5 more after 5 rounds');
    scope.close();
});

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
            print(`# ${error.message.replaceAll('\n', '\n# ')}`);
            print(`# ${(error.stack ?? '').trim().replaceAll('\n', '\n# ')}`);
        }
    }
    loop.quit();
}

run();
loop.run();
System.exit(failed > 0 ? 1 : 0);
