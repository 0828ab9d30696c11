// conformance-gtk.vala: the steps of the table that are about GTK, in Vala
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// Vala's own bindings of GTK lack this.
[CCode (cname = "gtk_widget_dispose_template")]
extern void widget_dispose_template (Gtk.Widget widget, Type type);

const string TEMPLATE = """
<interface>
  <template class="ConformanceView" parent="GtkBox">
    <child><object class="GtkLabel" id="label"/></child>
  </template>
</interface>""";

class ConformanceView : Gtk.Box {
  public unowned Gtk.Label label;

  class construct {
    set_template (new Bytes (TEMPLATE.data));
    bind_template_child_full ("label", false, 0);
  }

  construct {
    init_template ();
    label = (Gtk.Label) get_template_child (typeof (ConformanceView), "label");
  }

  public override void dispose () {
    widget_dispose_template (this, typeof (ConformanceView));
    base.dispose ();
  }
}

class GtkRunner : Runner {
  private HashTable<string, Gtk.StringList> models;
  private ulong leaking_id;
  private int n_apps;

  public GtkRunner () {
    if (!Gtk.init_check ())
      put ("@there is no display");
  }

  protected override void forget () {
    if (models != null) {
      foreach (unowned var window in Gtk.Window.list_toplevels ())
        ((Gtk.Window) window).destroy ();
    }
    models = new HashTable<string, Gtk.StringList> (str_hash, str_equal);
    base.forget ();
  }

  private Gtk.Widget widget (string name) {
    return (Gtk.Widget) things[name];
  }

  private void insert (Gtk.Widget x, Gtk.Widget parent) {
    if (parent is Gtk.Window)
      ((Gtk.Window) parent).set_child (x);
    else
      ((Gtk.Box) parent).append (x);
  }

  private void take (Gtk.Widget x) {
    var parent = x.get_parent ();
    if (parent is Gtk.Window)
      ((Gtk.Window) parent).set_child (null);
    else
      ((Gtk.Box) parent).remove (x);
  }

  // Keeps a new widget, and puts it into another one if that has a name.
  private void make (string name, Gtk.Widget x, string? parent) {
    things[name] = x;
    if (parent != null)
      insert (x, widget (parent));
  }

  private Gtk.StringList make_model (string name, int n) {
    models[name] = new Gtk.StringList (null);
    for (var i = 0; i < n; i++)
      models[name].append ("row");
    return models[name];
  }

  private void count_part (string label, string part) {
    count (@"$label-$part");
  }

  private Lifecycle.Leak? find_leak (string title) {
    var leaks = Lifecycle.list_leaks ();
    for (var i = 0; i < leaks.get_n_items (); i++) {
      var leak = (Lifecycle.Leak) leaks.get_item (i);
      if (@"  title: $title\n" in leak.get_details ())
        return leak;
    }
    return null;
  }

  private bool run_making_step (string verb, string[] a) {
    string? parent = a.length > 2 ? a[2] : null;

    switch (verb) {
    case "window":
      things[a[1]] = new Gtk.Window () { title = a[1] };
      break;
    case "app":
      // Another application may not have let go of its path yet.
      var app = new Gtk.Application (@"org.example.Conformance$(n_apps++)", NON_UNIQUE);
      things[a[1]] = app;
      try {
        app.register ();
      } catch (Error error) {
        put (@"@$(error.message)");
      }
      break;
    case "app-window":
      things[a[1]] = new Gtk.ApplicationWindow ((Gtk.Application) things[a[2]]);
      break;
    case "box":
      make (a[1], new Gtk.Box (VERTICAL, 0), parent);
      break;
    case "label":
      make (a[1], new Gtk.Label (a[1]), parent);
      break;
    case "template":
      make (a[1], new ConformanceView (), parent);
      break;
    case "widget-scope":
      things[a[1]] = LifecycleGtk.scope_of (widget (a[2]));
      break;
    case "app-scope":
      things[a[1]] = LifecycleGtk.scope_of_application ((Gtk.Application) things[a[2]]);
      break;
    case "action-group":
      things[a[1]] = new SimpleActionGroup ();
      break;
    case "watch-widget":
      // Its dispose is the end of a widget.
      watches[a[1]] = new Lifecycle.Scope (a[1]);
      watches[a[1]].follow_object (things[a[2]]);
      break;
    default:
      return false;
    }
    return true;
  }

  private bool run_adding_step (string verb, string[] a, string? step) {
    // What a lambda captures must not change under it.
    string? next = step;
    string s = a.length > 1 ? a[1] : "";
    string third = a.length > 3 ? a[3] : "";
    string fourth = a.length > 4 ? a[4] : "";

    switch (verb) {
    case "phase":
      LifecycleGtk.add_phase (scope (s), widget (a[2]), third == "mapped" ? LifecycleGtk.Phase.MAPPED
                                                                         : LifecycleGtk.Phase.ROOTED, run => {
        run.defer ((closing, reason) => trace (@"$fourth-over $(reason_nick (reason))"));
        act_in (s, fourth, next);
      });
      break;
    case "tick":
      var left = int.parse (fourth);
      LifecycleGtk.add_tick (scope (s), widget (a[2]), () => {
        left--;
        act_in (s, third, next);
        return left > 0 && next == null;
      });
      break;
    case "tick-on":
      LifecycleGtk.add_tick (scope (s), widget (a[2]), () => {
        count (third);
        return Source.CONTINUE;
      });
      break;
    case "controller":
      var controller = new Gtk.EventControllerKey ();
      things[s] = controller;
      LifecycleGtk.add_controller (scope (a[2]), widget (third), controller);
      break;
    case "list":
      var factory = LifecycleGtk.new_factory_full (scope (a[2]), (row, item) => {
        item.child = new Gtk.Label (null);
        row.defer (() => count_part (fourth, "torn-down"));
      }, (row, item) => {
        ((Gtk.Label) item.child).label = ((Gtk.StringObject) item.item).string;
        row.defer (() => count_part (fourth, "unbound"));
        count_part (fourth, "bound");
        if (next != null)
          scope (a[2]).add_failure (@"$(Log.FILE):$(Log.LINE)", next.substring (6));
      });
      make (s, new Gtk.ListView (new Gtk.NoSelection (make_model (s, int.parse (third))), factory), a[5]);
      break;
    case "list-box":
      var list = new Gtk.ListBox ();
      make (s, list, a[5]);
      LifecycleGtk.bind_list_box (scope (a[2]), list, make_model (s, int.parse (third)), (row, item) => {
        row.defer (() => count_part (fourth, "over"));
        return new Gtk.Label (((Gtk.StringObject) item).string);
      });
      break;
    case "popover":
      // GTK 4.8 wants a widget to focus on, otherwise.
      things[s] = new Gtk.Popover () { autohide = false };
      LifecycleGtk.add_popover (scope (a[2]), widget (s), widget (third));
      break;
    case "action":
      var owner = a[2];
      var label = a[5];
      things[s] = LifecycleGtk.add_simple_action (scope (owner), (ActionMap) things[third], fourth, null,
                                                  () => act_in (owner, label, next));
      break;
    case "accels":
      LifecycleGtk.set_accels (scope (s), (Gtk.Application) things[a[2]], third, { fourth });
      break;
    case "insert-group":
      LifecycleGtk.insert_action_group (scope (s), widget (a[2]), third, (ActionGroup) things[fourth]);
      break;
    case "watch-label":
      var expression = new Gtk.PropertyExpression (typeof (Gtk.Label), null, "label");
      LifecycleGtk.watch_expression (scope (s), expression, things[a[2]], () => act_in (s, third, next));
      break;
    case "bind-label":
      var expression = new Gtk.PropertyExpression (typeof (Gtk.Label), null, "label");
      LifecycleGtk.bind_expression (scope (s), expression, things[third], "label", things[a[2]]);
      break;
    case "add-window":
      LifecycleGtk.add_window (scope (s), (Gtk.Window) things[a[2]]);
      break;
    default:
      return false;
    }
    return true;
  }

  private void close_windows (Gtk.Application app, string label, uint timeout) {
    LifecycleGtk.close_windows_async (app, timeout, null, (source, result) => {
      try {
        LifecycleGtk.close_windows_finish (app, result);
        act (label, null, "ok");
      } catch (Error error) {
        act (label, null, "refused" in error.message ? "refused" : error.message);
      }
    });
  }

  private void until_mapped (string name) {
    iterate_until (() => widget (name).get_mapped (), name);
  }

  private bool run_acting_step (string verb, string[] a) {
    switch (verb) {
    case "show":
      ((Gtk.Window) things[a[1]]).present ();
      until_mapped (a[1]);
      break;
    case "until-mapped":
      until_mapped (a[1]);
      break;
    case "visible":
      widget (a[1]).visible = a[2] == "yes";
      break;
    case "insert":
      insert (widget (a[1]), widget (a[2]));
      break;
    case "take":
      take (widget (a[1]));
      break;
    case "take-last":
      take (widget (a[1]).get_last_child ());
      break;
    case "destroy":
      ((Gtk.Window) things[a[1]]).destroy ();
      break;
    case "pop-up":
      ((Gtk.Popover) things[a[1]]).popup ();
      break;
    case "remove-item":
      models[a[1]].remove (models[a[1]].get_n_items () - 1);
      break;
    case "set-label":
      ((Gtk.Label) things[a[1]]).label = a[2];
      break;
    case "activate":
      ((Action) things[a[1]]).activate (null);
      break;
    case "replace-action":
      ((ActionMap) things[a[1]]).add_action (new SimpleAction (a[2], null));
      break;
    case "run-app":
      var app = (Gtk.Application) things[a[1]];
      Idle.add (() => {
        app.quit ();
        return Source.REMOVE;
      });
      app.run (null);
      break;
    case "refuse":
      ((Gtk.Window) things[a[1]]).close_request.connect (() => true);
      break;
    case "close-windows":
      close_windows ((Gtk.Application) things[a[1]], a[2], int.parse (a[3]));
      break;
    case "watch-widgets":
      LifecycleGtk.watch_widgets (int.parse (a[1]));
      break;
    case "leak":
      var window = (Gtk.Window) things[a[2]];
      leaking_id = ((SimpleAction) things[a[1]]).activate.connect (() => { window.title = "leaked"; });
      break;
    case "end-leak":
      SignalHandler.disconnect (things[a[1]], leaking_id);
      break;
    default:
      return false;
    }
    return true;
  }

  private string yes_or_no (bool value) {
    return value ? "yes" : "no";
  }

  private bool run_telling_step (string verb, string[] a) {
    switch (verb) {
    case "parent":
      trace (@"parent $(a[1]) $(yes_or_no (widget (a[1]).get_parent () != null))");
      break;
    case "attached":
      trace (@"attached $(a[1]) $(yes_or_no (((Gtk.EventController) things[a[1]]).get_widget () != null))");
      break;
    case "counted":
      trace (@"counted $(a[1]) $(counts[a[1]])");
      break;
    case "quiet":
      counts.remove (a[1]);
      var end = get_monotonic_time () + 100 * TimeSpan.MILLISECOND;
      while (get_monotonic_time () < end) {
        if (!context.iteration (false))
          Thread.usleep (500);
      }
      trace (@"quiet $(a[1]) $(yes_or_no (counts[a[1]] == 0))");
      break;
    case "rows":
      var n = 0;
      for (var row = widget (a[1]).get_first_child (); row != null; row = row.get_next_sibling ())
        n++;
      trace (@"rows $(a[1]) $n");
      break;
    case "has-action":
      trace (@"has-action $(a[1]) $(a[2]) $(yes_or_no (((ActionGroup) things[a[1]]).has_action (a[2])))");
      break;
    case "activate-on":
      var done = widget (a[1]).activate_action_variant (a[2], null);
      trace (@"activate-on $(a[1]) $(yes_or_no (done))");
      break;
    case "accels-of":
      var accels = ((Gtk.Application) things[a[1]]).get_accels_for_action (a[2]);
      trace (@"accels-of $(a[1]) $(accels.length > 0 ? accels[0] : "none")");
      break;
    case "text":
      trace (@"text $(a[1]) $(((Gtk.Label) things[a[1]]).label)");
      break;
    case "complete":
      var view = (ConformanceView) things[a[1]];
      trace (@"complete $(a[1]) $(yes_or_no (view.label.get_parent () == view))");
      break;
    case "leaked":
      if (iterate_until (() => find_leak (a[1]) != null, "the report of a leak"))
        trace (@"leaked $(find_leak (a[1]).get_type_name ())");
      break;
    case "not-leaked":
      if (iterate_until (() => find_leak (a[1]) == null, "the end of a leak"))
        trace (@"not-leaked $(a[1])");
      break;
    default:
      return false;
    }
    return true;
  }

  protected override bool run_more_step (string verb, string[] a, string? step) {
    return run_making_step (verb, a) || run_adding_step (verb, a, step) || run_acting_step (verb, a) ||
      run_telling_step (verb, a);
  }
}
