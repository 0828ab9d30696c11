// test-notes.vala: the application in Vala, used as its users do
//
// SPDX-License-Identifier: LGPL-2.1-or-later

const int N_TABS = 200;
const int N_WINDOWS = 40;

string directory;

delegate bool Condition ();

void iterate_until (Condition condition) {
  var deadline = get_monotonic_time () + 120 * 1000000;
  while (!condition ()) {
    assert (get_monotonic_time () < deadline);
    if (!MainContext.default ().iteration (false))
      Thread.usleep (1000);
  }
}

File get_file (string name) {
  return File.new_build_filename (directory, name);
}

string? get_text (string name) {
  string text;
  try {
    FileUtils.get_contents (get_file (name).get_path (), out text);
  } catch (Error error) {
    return null;
  }
  return text;
}

void set_text (string name, string text) {
  try {
    FileUtils.set_contents (get_file (name).get_path (), text);
  } catch (Error error) {
    assert_not_reached ();
  }
}

void use (Notes.Application application) {
  var window = (Notes.Window) application.active_window;
  iterate_until (() => window.get_mapped ());

  // A note is shown, changed, and saved: a moment later, or when its tab is closed.
  set_text ("a.txt", "A title\nand more");
  iterate_until (() => window.selection.get_n_items () == 1);
  var page = window.open (get_file ("a.txt"));
  iterate_until (() => page.buffer.text == "A title\nand more");
  assert (window.title == "A title");
  page.buffer.text = "Another title";
  iterate_until (() => get_text ("a.txt") == "Another title");
  page.buffer.text = "closed at once";
  window.close_page ();
  assert (window.open (get_file ("a.txt")).buffer.text == "closed at once");
  iterate_until (() => get_text ("a.txt") == "closed at once");

  // It is found, deleted, brought back, and deleted for good.
  window.search_entry.text = "CLOSED";
  iterate_until (() => window.selection.model != application.folder.notes && window.selection.get_n_items () == 1);
  window.search_entry.text = "";
  iterate_until (() => window.selection.model == application.folder.notes);
  window.delete_note ();
  assert (window.selection.get_n_items () == 0);
  window.undo.clicked ();
  assert (window.selection.get_n_items () == 1);
  window.delete_note ();
  window.open (get_file ("b.txt"));
  window.delete_note ();
  assert (get_text ("a.txt") == null);

  for (var i = 0; i < N_TABS; i++) {
    page = window.open (get_file ("%d.txt".printf (i % 10)));
    if (i % 5 == 0)
      page.buffer.text = "changed";
    if (i % 7 == 0)
      window.delete_note ();
    else if (i % 2 == 0)
      window.close_page ();
    MainContext.default ().iteration (false);
  }
  for (var i = 0; i < N_WINDOWS; i++) {
    var other = new Notes.Window (application);
    other.open (get_file ("%d.txt".printf (i % 10))).buffer.text = "in another window";
    other.search_entry.text = "window";
    other.destroy ();
  }
  window.open (get_file ("last.txt")).buffer.text = "the application ends";
}

int main (string[] args) {
  if (!Gtk.init_check ())
    return 77;

  try {
    directory = DirUtils.make_tmp ("notes-XXXXXX");
  } catch (Error error) {
    assert_not_reached ();
  }

  LifecycleGtk.watch_widgets (0);
  Lifecycle.test_begin ();
  {
    var application = new Notes.Application (directory, ApplicationFlags.NON_UNIQUE);
    application.activate.connect_after (() => {
      Idle.add (() => {
        use (application);
        application.activate_action ("quit", null);
        return Source.REMOVE;
      });
    });
    assert (application.run (args[0:1]) == 0);
  }

  // Exactly nothing is left.
  var records = Lifecycle.list_records ();
  for (uint i = 0; i < records.get_n_items (); i++)
    printerr ("left: %s\n", ((Lifecycle.Record) records.get_item (i)).to_string ());
  assert (records.get_n_items () == 0);
  assert (Lifecycle.get_statistics ().get_n_scopes () == 0);
  // No widget is, either.
  string report;
  if (!Lifecycle.test_end_with_report (out report))
    error ("%s", report);
  assert (get_text ("last.txt") == "the application ends");
  Posix.system ("rm -r '%s'".printf (directory));
  return 0;
}
