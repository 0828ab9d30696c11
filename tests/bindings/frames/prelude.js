// The imports that the examples on the page about JavaScript leave out.
//
// SPDX-License-Identifier: LGPL-2.1-or-later
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Lifecycle from 'gi://Lifecycle?version=1';

