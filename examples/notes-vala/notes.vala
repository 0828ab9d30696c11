// notes.vala: a note-taking application, in Vala
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// The window of examples/notes, with the same files for its looks. What Vala connects belongs to the
// scope of a widget, so that no destructor has to undo anything.

namespace Notes {
  const uint AUTOSAVE_MS = 800;
  const uint SETTLE_MS = 150;
  const uint SEARCH_MS = 150;
  const uint UNDO_MS = 6000;

  delegate void TextFunc (string text);

  // Calls the function with the text of a file, unless the scope closes first.
  void load (Lifecycle.Scope scope, File file, owned TextFunc func) {
    unowned Lifecycle.Operation operation = scope.begin_async ("load", (source, result) => {
      try {
        uint8[] contents;
        ((File) source).load_contents_async.end (result, out contents, null);
        func ((string) contents);
      } catch (Error error) {
        if (error is IOError.NOT_FOUND)
          func ("");
      }
    });
    file.load_contents_async.begin (operation.get_cancellable (), (source, result) => {
      operation.complete (source, result);
    });
  }

  string get_title (string text) {
    var lines = text.strip ().split ("\n", 2);
    var line = lines.length > 0 ? lines[0] : "";
    return line == "" ? "New Note" : line.substring (0, line.index_of_nth_char (int.min (line.char_count (), 60)));
  }

  class Note : Object {
    public File file;
    public int64 modified;
    public string title { get; set; default = "New Note"; }
    public string preview { get; set; default = ""; }
    public string date { get; set; default = ""; }

    public Note (File file) {
      this.file = file;
    }

    public void set_text (string text) {
      var lines = text.strip ().split ("\n", 2);
      title = get_title (text);
      preview = lines.length > 1 ? string.joinv (" ", lines[1].strip ().split_set ("\n\t")) : "";
    }

    public void set_modified (DateTime time) {
      modified = time.to_unix ();
      var local = time.to_local ();
      var now = new DateTime.now_local ();
      var today = local.get_day_of_year () == now.get_day_of_year () && local.get_year () == now.get_year ();
      date = local.format (today ? "%H:%M" : "%e %b %Y");
    }
  }

  class Folder : Object {
    public ListStore notes = new ListStore (typeof (Note));
    public HashTable<string, string> saves = new HashTable<string, string> (str_hash, str_equal);
    HashTable<string, Note> listed = new HashTable<string, Note> (str_hash, str_equal);
    GenericSet<string> hidden = new GenericSet<string> (str_hash, str_equal);
    File directory;
    unowned GLib.Application application;
    Lifecycle.Scope scope;

    public signal void changed (File file);

    public Folder (Lifecycle.Scope parent, GLib.Application application, File directory) throws Error {
      this.application = application;
      this.directory = directory;
      scope = parent.get_child ("folder");
      DirUtils.create_with_parents (directory.get_path (), 0700);

      var settle = scope.add_debounce (SETTLE_MS, () => list ());
      var monitor = directory.monitor_directory (FileMonitorFlags.WATCH_MOVES);
      scope.add_handler (monitor, monitor.changed.connect ((file, other, event) => {
        settle.restart ();
        if (event == FileMonitorEvent.CHANGES_DONE_HINT || event == FileMonitorEvent.RENAMED)
          changed (other ?? file);
      }));
      scope.add_file_monitor (monitor);
      list ();
    }

    // A newer listing replaces this one.
    void list () {
      unowned Lifecycle.Operation operation = scope.renew_child ("listing").begin_async ("list", (source, result) => {
        try {
          var files = directory.enumerate_children_async.end (result);
          var seen = new GenericSet<string> (str_hash, str_equal);
          FileInfo? info;
          while ((info = files.next_file ()) != null) {
            if (!info.get_name ().has_suffix (".txt"))
              continue;
            seen.add (info.get_name ());
            var note = ensure (info.get_name ());
            var time = info.get_modification_date_time ();
            if (note.modified != time.to_unix ()) {
              note.set_modified (time);
              load (scope.get_child ("reading"), note.file, (text) => note.set_text (text));
            }
          }
          listed.foreach_remove ((name) => !(name in seen) && !(name in saves));
          show ();
        } catch (Error error) {
          warning ("The folder cannot be listed: %s", error.message);
        }
      });
      directory.enumerate_children_async.begin ("standard::name,time::modified", FileQueryInfoFlags.NONE, Priority.DEFAULT,
                                                operation.get_cancellable (), (source, result) => {
        operation.complete (source, result);
      });
    }

    Note ensure (string name) {
      if (!(name in listed))
        listed[name] = new Note (directory.get_child (name));
      return listed[name];
    }

    void show () {
      var shown = new GenericArray<Note> ();
      listed.foreach ((name, note) => {
        if (!(name in hidden))
          shown.add (note);
      });
      shown.sort ((a, b) => a.modified == b.modified ? strcmp (a.title, b.title) : a.modified < b.modified ? 1 : -1);
      uint same = 0;
      while (same < uint.min (shown.length, notes.get_n_items ()) && notes.get_item (same) == shown[same])
        same++;
      if (same < uint.max (shown.length, notes.get_n_items ()))
        notes.splice (same, notes.get_n_items () - same, (Object[]) shown.data[same:shown.length]);
    }

    public File new_file () {
      var stem = new DateTime.now_local ().format ("%Y-%m-%d %H.%M.%S");
      var name = stem + ".txt";
      for (var i = 2; name in listed; i++)
        name = "%s (%d).txt".printf (stem, i);
      ensure (name).set_modified (new DateTime.now_utc ());
      show ();
      return directory.get_child (name);
    }

    // Nothing stops a save any more, and the application does not end before.
    public void save (File file, string text) {
      var name = file.get_basename ();
      var busy = name in saves;
      var note = ensure (name);
      note.set_text (text);
      note.set_modified (new DateTime.now_utc ());
      show ();
      saves[name] = text;
      if (!busy)
        write (file, text);
    }

    void write (File file, string text) {
      var scope = new Lifecycle.Scope ("save");
      scope.hold_application (application);
      unowned Lifecycle.Operation operation = scope.begin_async ("write", (source, result) => {
        try {
          file.replace_contents_async.end (result, null);
        } catch (Error error) {
          warning ("A note could not be saved: %s", error.message);
        }
        var newest = saves.take (file.get_basename ());
        if (newest != text) {
          saves[file.get_basename ()] = newest;
          write (file, newest);
        } else {
          if (file.get_basename () in hidden && !(file.get_basename () in listed))
            this.delete (file);
          changed (file);
        }
        scope.close ();
      });
      operation.set_shielded (0);
      file.replace_contents_bytes_async.begin (new Bytes (text.data), null, false, FileCreateFlags.NONE,
                                               operation.get_cancellable (), (source, result) => {
        operation.complete (source, result);
      });
    }

    public void flush () {
      while (saves.length > 0)
        MainContext.default ().iteration (true);
    }

    public void set_hidden (File file, bool hide) {
      if (hide)
        hidden.add (file.get_basename ());
      else
        hidden.remove (file.get_basename ());
      show ();
    }

    // A note that is being saved goes when that is done.
    public void delete (File file) {
      listed.remove (file.get_basename ());
      if (!(file.get_basename () in saves)) {
        hidden.remove (file.get_basename ());
        FileUtils.unlink (file.get_path ());
      }
      show ();
    }
  }

  // A tab. What has not been saved is handed to the folder when it closes, whatever closes it.
  class Page : Gtk.Widget {
    public File file;
    public string title { get; set; default = "New Note"; }
    public bool unsaved { get; set; }
    public Gtk.TextBuffer buffer;
    Folder folder;
    Gtk.ScrolledWindow scroller;
    bool showing;

    static construct {
      set_layout_manager_type (typeof (Gtk.BinLayout));
    }

    public Page (Folder folder, File file) {
      var view = new Gtk.TextView () {
        wrap_mode = Gtk.WrapMode.WORD_CHAR, left_margin = 24, right_margin = 24, top_margin = 18, bottom_margin = 18
      };
      this.folder = folder;
      this.file = file;
      buffer = view.buffer;
      view.add_css_class ("note");
      scroller = new Gtk.ScrolledWindow () { child = view, hexpand = true, vexpand = true };
      scroller.set_parent (this);

      unowned var scope = LifecycleGtk.scope_of (this);
      var autosave = scope.add_debounce (AUTOSAVE_MS, () => save ());
      scope.add_handler (buffer, buffer.changed.connect (() => {
        if (showing)
          return;
        title = get_title (buffer.text);
        unsaved = true;
        autosave.restart ();
      }));
      scope.add_handler (folder, folder.changed.connect ((changed) => {
        if (changed.equal (file) && !unsaved)
          load_text ();
      }));
      scope.add_handler (scope, scope.closing.connect (() => save ()));
      load_text ();
    }

    void load_text () {
      var text = folder.saves[file.get_basename ()];
      if (text != null)
        show_text (text);
      else
        load (LifecycleGtk.scope_of (this).renew_child ("load"), file, (text) => show_text (text));
    }

    void show_text (string text) {
      if (unsaved || text == buffer.text)
        return;
      showing = true;
      buffer.text = text;
      title = get_title (text);
      showing = false;
    }

    void save () {
      if (!unsaved)
        return;
      unsaved = false;
      folder.save (file, buffer.text);
    }

    public override bool grab_focus () {
      return scroller.child.grab_focus ();
    }

    public override void dispose () {
      if (scroller != null)
        scroller.unparent ();
      scroller = null;
      base.dispose ();
    }
  }

  [GtkTemplate (ui = "/org/example/Notes/notes-window.ui")]
  class Window : Gtk.ApplicationWindow {
    [GtkChild] public unowned Gtk.SearchEntry search_entry;
    [GtkChild] unowned Gtk.Stack list_stack;
    [GtkChild] unowned Gtk.Widget list_page;
    [GtkChild] unowned Gtk.Label list_empty;
    [GtkChild] unowned Gtk.ListView list;
    [GtkChild] unowned Gtk.Stack stack;
    [GtkChild] unowned Gtk.Widget empty;
    [GtkChild] unowned Gtk.Notebook notebook;
    [GtkChild] unowned Gtk.Revealer toast;
    [GtkChild] unowned Gtk.Label toast_label;
    [GtkChild] public unowned Gtk.Button undo;

    Folder folder;
    ListStore results = new ListStore (typeof (Note));
    public Gtk.SingleSelection selection;

    public Window (Application application) {
      Object (application: application);
      folder = application.folder;
      selection = new Gtk.SingleSelection (folder.notes) { autoselect = false, can_unselect = true };
      list.model = selection;
      list.factory = new Gtk.BuilderListItemFactory.from_resource (null, "/org/example/Notes/notes-row.ui");

      unowned var scope = LifecycleGtk.scope_of (this);
      var search = scope.add_debounce (SEARCH_MS, () => this.search ());
      scope.add_handler (search_entry, search_entry.changed.connect (() => { search.restart (); }));
      scope.add_handler (search_entry, search_entry.stop_search.connect (() => search_entry.text = ""));
      scope.add_handler (list, list.activate.connect ((i) => open (((Note) selection.get_item (i)).file)));
      scope.add_handler (selection, selection.items_changed.connect (() => update_list ()));
      scope.add_handler (notebook, notebook.notify["page"].connect (() => follow_current ()));
      scope.add_handler (notebook, notebook.page_removed.connect (() => follow_current ()));
      foreach (var key in new string[] { "width", "height" })
        scope.bind_setting (application.settings, key, this, "default-" + key, SettingsBindFlags.DEFAULT);
      LifecycleGtk.add_simple_action (scope, this, "close-page", null, () => close_page ());
      LifecycleGtk.add_simple_action (scope, this, "delete-note", null, () => delete_note ());
      LifecycleGtk.add_simple_action (scope, this, "find", null, () => search_entry.grab_focus ());
      follow_current ();
    }

    public Page? page {
      get { return notebook.page >= 0 ? (Page) notebook.get_nth_page (notebook.page) : null; }
    }

    void update_list () {
      list_empty.label = selection.model == results ? "Nothing found" : "No notes yet";
      list_stack.visible_child = selection.get_n_items () > 0 ? list_page : list_empty;
      selection.selected = Gtk.INVALID_LIST_POSITION;
      for (uint i = 0; page != null && i < selection.get_n_items (); i++)
        if (((Note) selection.get_item (i)).file.equal (page.file))
          selection.selected = i;
    }

    // What depends on the note in front: one scope for each of them.
    void follow_current () {
      var current = LifecycleGtk.scope_of (this).renew_child ("current");
      stack.visible_child = page != null ? notebook : empty;
      ((SimpleAction) lookup_action ("delete-note")).set_enabled (page != null);
      if (page != null)
        current.bind (page, "title", this, "title", BindingFlags.SYNC_CREATE);
      else
        title = "Notes";
      update_list ();
    }

    public Page open (File file) {
      Page? page = null;
      for (var i = 0; i < notebook.get_n_pages (); i++)
        if (((Page) notebook.get_nth_page (i)).file.equal (file))
          page = (Page) notebook.get_nth_page (i);
      if (page == null) {
        page = new Page (folder, file);
        // GTK 4.8 loses the widget of a tab that comes with the page, or that it makes itself.
        notebook.show_tabs = false;
        notebook.append_page (page, null);
        notebook.set_tab_label (page, create_tab (page));
        notebook.show_tabs = true;
      }
      notebook.page = notebook.page_num (page);
      page.grab_focus ();
      return page;
    }

    Gtk.Widget create_tab (Page page) {
      var tab = new Gtk.Box (Gtk.Orientation.HORIZONTAL, 6);
      var dot = new Gtk.Label ("●");
      var label = new Gtk.Label (null) { ellipsize = Pango.EllipsizeMode.END, width_chars = 10, max_width_chars = 18 };
      var close = new Gtk.Button.from_icon_name ("window-close-symbolic") { has_frame = false, tooltip_text = "Close Tab" };
      dot.add_css_class ("tab-dot");
      tab.append (dot);
      tab.append (label);
      tab.append (close);

      unowned var scope = LifecycleGtk.scope_of (page);
      unowned Page held = page;
      scope.bind (page, "title", label, "label", BindingFlags.SYNC_CREATE);
      scope.bind (page, "unsaved", dot, "visible", BindingFlags.SYNC_CREATE);
      scope.add_handler (close, close.clicked.connect (() => close_tab (held)));
      return tab;
    }

    void close_tab (Page page) {
      LifecycleGtk.scope_of (page).close ();
      notebook.detach_tab (page);
    }

    public void close_page () {
      if (page != null)
        close_tab (page);
      else
        close ();
    }

    // A newer search replaces the one that runs: its scope closes, and nothing of it arrives.
    void search () {
      var scope = LifecycleGtk.scope_of (this).renew_child ("search");
      var text = search_entry.text.casefold ();
      results.remove_all ();
      selection.model = text == "" ? (ListModel) folder.notes : results;
      for (uint i = 0; text != "" && i < folder.notes.get_n_items (); i++) {
        var file = ((Note) folder.notes.get_item (i)).file;
        load (scope, file, (contents) => {
          foreach (unowned var line in contents.split ("\n")) {
            if (!line.casefold ().contains (text))
              continue;
            var note = new Note (file);
            note.set_text (contents);
            note.preview = line.strip ();
            results.append (note);
            break;
          }
        });
      }
      update_list ();
    }

    // An undo is a scope with a deadline, and one function that is told why it has ended.
    public void delete_note () {
      var file = page.file;
      var scope = LifecycleGtk.scope_of (this).renew_child ("toast");
      unowned Lifecycle.Scope held = scope;
      toast_label.label = "Deleted “%s”".printf (page.title);
      close_page ();
      folder.set_hidden (file, true);

      scope.defer ((scope, reason) => {
        if (reason == Lifecycle.Reason.ABORTED) {
          folder.set_hidden (file, false);
          open (file);
        } else {
          folder.delete (file);
        }
        if (reason != Lifecycle.Reason.PARENT_CLOSED)
          toast.reveal_child = false;
      });
      scope.add_handler (undo, undo.clicked.connect (() => {
        held.close_with_reason (Lifecycle.Reason.ABORTED, "undone");
      }));
      scope.set_deadline (UNDO_MS);
      toast.reveal_child = true;
    }
  }

  class Application : Gtk.Application {
    public Folder folder;
    public Settings settings;
    string? path;
    Gtk.CssProvider text_style = new Gtk.CssProvider ();

    public Application (string? path, ApplicationFlags flags = ApplicationFlags.FLAGS_NONE) {
      Object (application_id: "org.example.Notes", flags: flags);
      this.path = path;
    }

    protected override void startup () {
      base.startup ();
      unowned var scope = LifecycleGtk.scope_of_application (this);

      try {
        var source = new SettingsSchemaSource.from_directory (SCHEMA_DIR, SettingsSchemaSource.get_default (), true);
        settings = new Settings.full (source.lookup ("org.example.Notes", true), null, null);
        folder = new Folder (scope, this, path != null ? File.new_for_path (path)
                                                       : File.new_build_filename (Environment.get_home_dir (), "Notes"));
      } catch (Error error) {
        GLib.error ("The notes cannot be shown: %s", error.message);
      }

      LifecycleGtk.add_simple_action (scope, this, "new-note", null, () => ensure_window ().open (folder.new_file ()));
      LifecycleGtk.add_simple_action (scope, this, "add-note", new VariantType ("s"), (action, text) => folder.save (folder.new_file (), text.get_string ()));
      LifecycleGtk.add_simple_action (scope, this, "new-window", null, () => new Window (this).present ());
      LifecycleGtk.add_simple_action (scope, this, "text-size", new VariantType ("i"), (action, by) => {
        settings.set_int ("text-size", (settings.get_int ("text-size") + by.get_int32 ()).clamp (8, 32));
      });
      LifecycleGtk.add_simple_action (scope, this, "quit", null, () => close_windows ());
      LifecycleGtk.set_accels (scope, this, "app.new-note", { "<Control>n" });
      LifecycleGtk.set_accels (scope, this, "app.new-window", { "<Control><Shift>n" });
      LifecycleGtk.set_accels (scope, this, "app.text-size(1)", { "<Control>plus" });
      LifecycleGtk.set_accels (scope, this, "app.text-size(-1)", { "<Control>minus" });
      LifecycleGtk.set_accels (scope, this, "app.quit", { "<Control>q" });
      LifecycleGtk.set_accels (scope, this, "win.close-page", { "<Control>w" });
      LifecycleGtk.set_accels (scope, this, "win.delete-note", { "<Control>Delete" });
      LifecycleGtk.set_accels (scope, this, "win.find", { "<Control>f" });

      var style = new Gtk.CssProvider ();
      style.load_from_resource ("/org/example/Notes/notes.css");
      foreach (var provider in new Gtk.CssProvider[] { style, text_style })
        LifecycleGtk.add_css_provider (scope, Gdk.Display.get_default (), provider,
                                       Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION);
      scope.add_handler (settings, settings.changed["text-size"].connect (() => set_text_size ()));
      set_text_size ();
      LifecycleGtk.add_action (scope, this, settings.create_action ("dark"));
      scope.bind_setting (settings, "dark", Gtk.Settings.get_default (), "gtk-application-prefer-dark-theme",
                          SettingsBindFlags.GET);
    }

    protected override void activate () {
      ensure_window ().present ();
    }

    protected override void shutdown () {
      close_windows ();
      folder.flush ();
      base.shutdown ();
    }

    public Window ensure_window () {
      return (active_window as Window) ?? new Window (this);
    }

    public void close_windows () {
      unowned List<Gtk.Window> windows;
      while ((windows = get_windows ()) != null)
        windows.data.destroy ();
    }

    void set_text_size () {
      text_style.load_from_data (".note { font-size: %dpt; }".printf (settings.get_int ("text-size")).data);
    }
  }
}
