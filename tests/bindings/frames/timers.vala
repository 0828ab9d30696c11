// SPDX-License-Identifier: LGPL-2.1-or-later
using Lifecycle;

class Buffer : Object {
  public signal void changed ();
}

class Window : Object {
  public Scope scope = new Scope ("window");
  public Lifecycle.Timer timer;
  public MainLoop loop = new MainLoop ();
  public int n_saved = 0;

  public Window (Buffer buffer) {
    // block 1
    timer = save;
  }

  public void save () {
    n_saved++;
    loop.quit ();
  }
}

int main () {
  var buffer = new Buffer ();
  var window = new Window (buffer);

  for (int i = 0; i < 3; i++)
    buffer.changed ();
  assert (window.timer.get_remaining () > 0);
  window.timer.set_interval (1);
  buffer.changed ();
  window.loop.run ();
  window.scope.close ();
  return window.n_saved == 1 ? 0 : 1;
}
