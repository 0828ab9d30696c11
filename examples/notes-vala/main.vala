// main.vala: starts the application
//
// SPDX-License-Identifier: LGPL-2.1-or-later

int main (string[] args) {
  LifecycleGtk.add_inspector_page ();
  return new Notes.Application (args.length > 1 ? args[1] : null).run (args[0:1]);
}
