// test-vala.vala: the library for GTK in Vala
//
// SPDX-License-Identifier: LGPL-2.1-or-later

class View : Gtk.Box
{
  public int clicks;

  public View (Gtk.Button button)
  {
    LifecycleGtk.scope_of (this).add_handler (button, button.clicked.connect (() => { clicks++; }));
  }
}

int main (string[] args)
{
  Gtk.init ();

  var window = new Gtk.Window ();
  var button = new Gtk.Button ();
  var view = new View (button);
  var scope = LifecycleGtk.scope_of (view);

  window.set_child (view);
  window.present ();
  button.clicked ();
  assert (view.clicks == 1);

  window.destroy ();
  assert (scope.is_closed ());
  assert (scope.get_reason () == Lifecycle.Reason.OWNER_GONE);
  button.clicked ();
  assert (view.clicks == 1);

  var rows = new Lifecycle.Scope ("rows");
  var model = new Gtk.StringList ({ "a", "b" });
  var box = new Gtk.ListBox ();
  int n_ended = 0;

  LifecycleGtk.bind_list_box (rows, box, model, (row, item) => {
    row.defer ((closing, reason) => { n_ended++; });
    return new Gtk.Label (((Gtk.StringObject) item).string);
  });
  model.remove (0);
  assert (n_ended == 1);
  rows.close ();
  assert (n_ended == 2);
  assert (box.get_first_child () == null);

  return 0;
}
