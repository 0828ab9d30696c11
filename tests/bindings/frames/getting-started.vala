// SPDX-License-Identifier: LGPL-2.1-or-later
using Lifecycle;

int main () {
  // block 1
  emitter.cancel ();
  return 0;
}
