/* SPDX-License-Identifier: LGPL-2.1-or-later */

baseURLs = [
  ["GLib", "https://docs.gtk.org/glib/"],
  ["GObject", "https://docs.gtk.org/gobject/"],
  ["Gio", "https://docs.gtk.org/gio/"],
  ["Gdk", "https://docs.gtk.org/gdk4/"],
  ["Gtk", "https://docs.gtk.org/gtk4/"],
  ["Lifecycle", "../lifecycle-1/"],
];
