// SPDX-License-Identifier: LGPL-2.1-or-later
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Lifecycle from 'gi://Lifecycle?version=1';
import System from 'system';

const Settings = GObject.registerClass({
    Signals: {'changed': {param_types: [GObject.TYPE_STRING]}},
}, class Settings extends GObject.Object {});

const settings = new Settings();
const [program] = GLib.filename_from_uri(import.meta.url);
const file = Gio.File.new_for_path(program);
const printed = [];
const print = (...words) => printed.push(words.join(' '));
let heard = 0;
const onChanged = () => heard++;

async function main() {
    // block 1
    return contents;
}

const loop = new GLib.MainLoop(null, false);
let status = 1;
main().then(contents => {
    settings.emit('changed', 'late');
    if (new TextDecoder().decode(contents).includes('SPDX') && heard === 0 &&
        printed.join() === `closed: ${Lifecycle.Reason.COMPLETED}`)
        status = 0;
}).catch(logError).finally(() => loop.quit());
settings.emit('changed', 'early');
heard--;
loop.run();
System.exit(status);
