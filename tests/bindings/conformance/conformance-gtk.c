/* conformance-gtk.c: the steps of the table that are about GTK, in C
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "conformance.h"

#include <lifecycle-gtk.h>
#include <stdlib.h>
#include <string.h>

#define IS(word) (g_str_equal (verb, word))

static gulong leaking_id;
static GHashTable *models;      /* name of the list → GtkStringList */

/* A class with a template. */

#define CONFORMANCE_TYPE_VIEW (conformance_view_get_type ())
G_DECLARE_FINAL_TYPE (ConformanceView, conformance_view, CONFORMANCE, VIEW, GtkWidget)

struct _ConformanceView
{
  GtkWidget  parent_instance;

  GtkWidget *label;
};

G_DEFINE_FINAL_TYPE (ConformanceView, conformance_view, GTK_TYPE_WIDGET)

static const char view_template[] =
  "<interface>"
  "  <template class='ConformanceView' parent='GtkWidget'>"
  "    <property name='layout-manager'><object class='GtkBinLayout'/></property>"
  "    <child><object class='GtkLabel' id='label'/></child>"
  "  </template>"
  "</interface>";

static void
conformance_view_class_init (ConformanceViewClass *class)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (view_template, strlen (view_template));
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  gtk_widget_class_set_template (widget_class, bytes);
  gtk_widget_class_bind_template_child (widget_class, ConformanceView, label);
  lifecycle_gtk_widget_class_dispose_template (widget_class);
}

static void
conformance_view_init (ConformanceView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* What is called back. */

static const char *
reason_nick (LifecycleReason reason)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (LIFECYCLE_TYPE_REASON);

  return g_enum_get_value (class, (int) reason)->value_nick;
}

static void
over_cb (LifecycleScope   *run,
         LifecycleReason   reason,
         gpointer          label,
         GError          **error)
{
  trace ("%s-over %s", (const char *) label, reason_nick (reason));
}

static void
phase_cb (LifecycleScope *run,
          gpointer        data)
{
  Job *job = data;

  lifecycle_scope_defer (run, over_cb, g_strdup (job->label), g_free);
  job_run (job);
}

static gboolean
tick_cb (GtkWidget     *widget,
         GdkFrameClock *clock,
         gpointer       data)
{
  Job *job = data;

  if (job->left == 0)
    {
      count (job->label);
      return G_SOURCE_CONTINUE;
    }

  job_run (job);

  return --job->left > 0 && job->then == NULL;
}

static void
action_cb (GSimpleAction *action,
           GVariant      *parameter,
           gpointer       job)
{
  job_run (job);
}

static void
expression_cb (gpointer job)
{
  job_run (job);
}

static void
count_part (const char *label,
            const char *part)
{
  g_autofree char *name = g_strconcat (label, part, NULL);

  count (name);
}

static void
unbound_cb (LifecycleScope   *row,
            LifecycleReason   reason,
            gpointer          label,
            GError          **error)
{
  count_part (label, "-unbound");
}

static void
torn_down_cb (LifecycleScope   *row,
              LifecycleReason   reason,
              gpointer          label,
              GError          **error)
{
  count_part (label, "-torn-down");
}

static void
set_up_cb (LifecycleScope *row,
           GtkListItem    *item,
           gpointer        data)
{
  Job *job = data;

  gtk_list_item_set_child (item, gtk_label_new (NULL));
  lifecycle_scope_defer (row, torn_down_cb, g_strdup (job->label), g_free);
}

static void
bind_cb (LifecycleScope *row,
         GtkListItem    *item,
         gpointer        data)
{
  Job *job = data;
  GtkStringObject *string = gtk_list_item_get_item (item);

  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)), gtk_string_object_get_string (string));
  lifecycle_scope_defer (row, unbound_cb, g_strdup (job->label), g_free);
  count_part (job->label, "-bound");
  if (job->then != NULL)
    lifecycle_scope_add_failure (thing (job->scope), LIFECYCLE_PLACE, job->then + strlen ("throw "));
}

static void
row_over_cb (LifecycleScope   *row,
             LifecycleReason   reason,
             gpointer          label,
             GError          **error)
{
  count_part (label, "-over");
}

static GtkWidget *
create_row_cb (LifecycleScope *row,
               GObject        *item,
               gpointer        data)
{
  Job *job = data;

  lifecycle_scope_defer (row, row_over_cb, g_strdup (job->label), g_free);

  return gtk_label_new (gtk_string_object_get_string (GTK_STRING_OBJECT (item)));
}

static void
closed_cb (GObject      *application,
           GAsyncResult *result,
           gpointer      data)
{
  Job *job = data;
  g_autoptr (GError) error = NULL;

  if (lifecycle_gtk_close_windows_finish (GTK_APPLICATION (application), result, &error))
    trace ("%s ok", job->label);
  else
    trace ("%s %s", job->label, strstr (error->message, "refused") != NULL ? "refused" : error->message);
  count (job->label);
  job_free (job);
}

static gboolean
refuse_cb (GtkWindow *window)
{
  return TRUE;
}

static void
captured_cb (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       window)
{
}

static gboolean
quit_cb (gpointer application)
{
  g_application_quit (application);

  return G_SOURCE_REMOVE;
}

/* Helpers. */

static void
put (GtkWidget *widget,
     gpointer   parent)
{
  if (GTK_IS_WINDOW (parent))
    gtk_window_set_child (parent, widget);
  else
    gtk_box_append (parent, widget);
}

static void
take (GtkWidget *widget)
{
  GtkWidget *parent = gtk_widget_get_parent (widget);

  if (GTK_IS_WINDOW (parent))
    gtk_window_set_child (GTK_WINDOW (parent), NULL);
  else
    gtk_box_remove (GTK_BOX (parent), widget);
}

/* Keeps a new widget, and puts it into another one if that has a name. */
static void
keep_widget (const char *name,
             GtkWidget  *widget,
             const char *parent)
{
  keep (name, g_object_ref_sink (widget));
  if (parent != NULL)
    put (widget, thing (parent));
}

static gboolean
is_mapped (gpointer widget)
{
  return gtk_widget_get_mapped (widget);
}

static GtkStringList *
make_model (const char *name,
            int         n)
{
  GtkStringList *model = gtk_string_list_new (NULL);

  for (int i = 0; i < n; i++)
    gtk_string_list_append (model, "row");
  g_hash_table_replace (models, g_strdup (name), g_object_ref (model));

  return model;
}

static LifecycleLeak *
find_leak (const char *title)
{
  g_autofree char *wanted = g_strdup_printf ("  title: %s\n", title);
  g_autoptr (GListModel) leaks = lifecycle_list_leaks ();

  for (guint i = 0; i < g_list_model_get_n_items (leaks); i++)
    {
      g_autoptr (LifecycleLeak) leak = g_list_model_get_item (leaks, i);

      if (strstr (lifecycle_leak_get_details (leak), wanted) != NULL)
        return g_steal_pointer (&leak);
    }

  return NULL;
}

static gboolean
is_leaked (gpointer title)
{
  g_autoptr (LifecycleLeak) leak = find_leak (title);

  return leak != NULL;
}

static gboolean
is_not_leaked (gpointer title)
{
  return !is_leaked (title);
}

static const char *
yes_or_no (gboolean value)
{
  return value ? "yes" : "no";
}

/* Steps that make something. */
static gboolean
run_making_step (const char  *verb,
                 char       **a)
{
  if (IS ("window"))
    {
      keep_widget (a[1], gtk_window_new (), NULL);
      gtk_window_set_title (thing (a[1]), a[1]);
    }
  else if (IS ("app-window"))
    keep_widget (a[1], gtk_application_window_new (thing (a[2])), NULL);
  else if (IS ("app"))
    {
      static guint n;
      g_autofree char *id = g_strdup_printf ("org.example.Conformance%u", n++);

      keep (a[1], gtk_application_new (id, G_APPLICATION_NON_UNIQUE));
      g_application_register (thing (a[1]), NULL, NULL);
    }
  else if (IS ("box"))
    keep_widget (a[1], gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), a[2]);
  else if (IS ("label"))
    keep_widget (a[1], gtk_label_new (a[1]), a[2]);
  else if (IS ("template"))
    keep_widget (a[1], g_object_new (CONFORMANCE_TYPE_VIEW, NULL), a[2]);
  else if (IS ("widget-scope"))
    keep (a[1], g_object_ref (lifecycle_gtk_scope_of (thing (a[2]))));
  else if (IS ("app-scope"))
    keep (a[1], g_object_ref (lifecycle_gtk_scope_of_application (thing (a[2]))));
  else if (IS ("action-group"))
    keep (a[1], g_simple_action_group_new ());
  else
    return FALSE;

  return TRUE;
}

/* Steps that add to a scope. */
static gboolean
run_adding_step (const char  *verb,
                 char       **a,
                 const char  *then)
{
  if (IS ("phase"))
    {
      LifecycleGtkPhase phase = g_str_equal (a[3], "mapped") ? LIFECYCLE_GTK_PHASE_MAPPED
                                                             : LIFECYCLE_GTK_PHASE_ROOTED;

      lifecycle_gtk_add_phase (thing (a[1]), thing (a[2]), phase, phase_cb,
                               job_new_in (a[1], a[4], then), job_free);
    }
  else if (IS ("tick") || IS ("tick-on"))
    {
      Job *job = job_new_in (a[1], a[3], then);

      job->left = IS ("tick") ? (guint) atoi (a[4]) : 0;
      lifecycle_gtk_add_tick (thing (a[1]), thing (a[2]), tick_cb, job, job_free);
    }
  else if (IS ("controller"))
    {
      keep (a[1], gtk_event_controller_key_new ());
      lifecycle_gtk_add_controller (thing (a[2]), thing (a[3]), g_object_ref (thing (a[1])));
    }
  else if (IS ("list"))
    {
      GtkStringList *model = make_model (a[1], atoi (a[3]));
      GtkListItemFactory *factory =
        lifecycle_gtk_new_factory_full (thing (a[2]),
                                        set_up_cb, job_new (a[4], NULL), job_free,
                                        bind_cb, job_new_in (a[2], a[4], then), job_free);

      keep_widget (a[1],
                   gtk_list_view_new (GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (model))),
                                      factory),
                   a[5]);
    }
  else if (IS ("list-box"))
    {
      g_autoptr (GtkStringList) model = make_model (a[1], atoi (a[3]));

      keep_widget (a[1], gtk_list_box_new (), a[5]);
      lifecycle_gtk_bind_list_box (thing (a[2]), thing (a[1]), G_LIST_MODEL (model), create_row_cb,
                                   job_new (a[4], NULL), job_free);
    }
  else if (IS ("popover"))
    {
      /* GTK 4.8 wants a widget to focus on, otherwise. */
      keep_widget (a[1], g_object_new (GTK_TYPE_POPOVER, "autohide", FALSE, NULL), NULL);
      lifecycle_gtk_add_popover (thing (a[2]), thing (a[1]), thing (a[3]));
    }
  else if (IS ("action"))
    keep (a[1], g_object_ref (lifecycle_gtk_add_simple_action (thing (a[2]), thing (a[3]), a[4], NULL,
                                                               action_cb, job_new_in (a[2], a[5], then),
                                                               job_free)));
  else if (IS ("accels"))
    {
      const char *const accels[] = { a[4], NULL };

      lifecycle_gtk_set_accels (thing (a[1]), thing (a[2]), a[3], accels);
    }
  else if (IS ("insert-group"))
    lifecycle_gtk_insert_action_group (thing (a[1]), thing (a[2]), a[3], thing (a[4]));
  else if (IS ("watch-label"))
    {
      g_autoptr (GtkExpression) label = gtk_property_expression_new (GTK_TYPE_LABEL, NULL, "label");

      lifecycle_gtk_watch_expression (thing (a[1]), label, thing (a[2]), expression_cb,
                                      job_new_in (a[1], a[3], then), job_free);
    }
  else if (IS ("bind-label"))
    {
      GtkExpression *label = gtk_property_expression_new (GTK_TYPE_LABEL, NULL, "label");

      lifecycle_gtk_bind_expression (thing (a[1]), label, thing (a[3]), "label", thing (a[2]));
    }
  else if (IS ("add-window"))
    lifecycle_gtk_add_window (thing (a[1]), thing (a[2]));
  else
    return FALSE;

  return TRUE;
}

/* Steps that make something happen. */
static gboolean
run_acting_step (const char  *verb,
                 char       **a)
{
  if (IS ("show"))
    {
      gtk_window_present (thing (a[1]));
      iterate_until (is_mapped, thing (a[1]), "a window");
    }
  else if (IS ("until-mapped"))
    iterate_until (is_mapped, thing (a[1]), "a widget");
  else if (IS ("visible"))
    gtk_widget_set_visible (thing (a[1]), g_str_equal (a[2], "yes"));
  else if (IS ("insert"))
    put (thing (a[1]), thing (a[2]));
  else if (IS ("take"))
    take (thing (a[1]));
  else if (IS ("take-last"))
    take (gtk_widget_get_last_child (thing (a[1])));
  else if (IS ("destroy"))
    gtk_window_destroy (thing (a[1]));
  else if (IS ("pop-up"))
    gtk_popover_popup (thing (a[1]));
  else if (IS ("remove-item"))
    {
      GtkStringList *model = g_hash_table_lookup (models, a[1]);

      gtk_string_list_remove (model, g_list_model_get_n_items (G_LIST_MODEL (model)) - 1);
    }
  else if (IS ("set-label"))
    gtk_label_set_label (thing (a[1]), a[2]);
  else if (IS ("activate"))
    g_action_activate (thing (a[1]), NULL);
  else if (IS ("replace-action"))
    {
      g_autoptr (GSimpleAction) action = g_simple_action_new (a[2], NULL);

      g_action_map_add_action (thing (a[1]), G_ACTION (action));
    }
  else if (IS ("run-app"))
    {
      g_idle_add (quit_cb, thing (a[1]));
      g_application_run (thing (a[1]), 0, NULL);
    }
  else if (IS ("refuse"))
    g_signal_connect (thing (a[1]), "close-request", G_CALLBACK (refuse_cb), NULL);
  else if (IS ("close-windows"))
    lifecycle_gtk_close_windows_async (thing (a[1]), (guint) atoi (a[3]), NULL, closed_cb,
                                       job_new (a[2], NULL));
  else if (IS ("watch-widgets"))
    lifecycle_gtk_watch_widgets ((guint) atoi (a[1]));
  else if (IS ("leak"))
    leaking_id = g_signal_connect_data (thing (a[1]), "activate", G_CALLBACK (captured_cb),
                                        g_object_ref (thing (a[2])), (GClosureNotify) g_object_unref, 0);
  else if (IS ("end-leak"))
    g_signal_handler_disconnect (thing (a[1]), leaking_id);
  else
    return FALSE;

  return TRUE;
}

/* Steps that say what is. */
static gboolean
run_telling_step (const char  *verb,
                  char       **a)
{
  if (IS ("parent"))
    trace ("parent %s %s", a[1], yes_or_no (gtk_widget_get_parent (thing (a[1])) != NULL));
  else if (IS ("attached"))
    trace ("attached %s %s", a[1], yes_or_no (gtk_event_controller_get_widget (thing (a[1])) != NULL));
  else if (IS ("counted"))
    trace ("counted %s %u", a[1], get_count (a[1]));
  else if (IS ("quiet"))
    {
      gint64 end = g_get_monotonic_time () + 100 * 1000;

      reset_count (a[1]);
      while (g_get_monotonic_time () < end)
        {
          if (!g_main_context_iteration (NULL, FALSE))
            g_usleep (500);
        }
      trace ("quiet %s %s", a[1], yes_or_no (get_count (a[1]) == 0));
    }
  else if (IS ("rows"))
    {
      guint n = 0;

      for (GtkWidget *row = gtk_widget_get_first_child (thing (a[1])); row != NULL;
           row = gtk_widget_get_next_sibling (row))
        n++;
      trace ("rows %s %u", a[1], n);
    }
  else if (IS ("has-action"))
    trace ("has-action %s %s %s", a[1], a[2],
           yes_or_no (g_action_group_has_action (thing (a[1]), a[2])));
  else if (IS ("activate-on"))
    {
      gboolean done = gtk_widget_activate_action (thing (a[1]), a[2], NULL);

      trace ("activate-on %s %s", a[1], yes_or_no (done));
    }
  else if (IS ("accels-of"))
    {
      g_auto (GStrv) accels = gtk_application_get_accels_for_action (thing (a[1]), a[2]);

      trace ("accels-of %s %s", a[1], accels[0] != NULL ? accels[0] : "none");
    }
  else if (IS ("text"))
    trace ("text %s %s", a[1], gtk_label_get_label (thing (a[1])));
  else if (IS ("complete"))
    {
      ConformanceView *view = thing (a[1]);

      trace ("complete %s %s", a[1],
             yes_or_no (view->label != NULL && gtk_widget_get_parent (view->label) == GTK_WIDGET (view)));
    }
  else if (IS ("leaked"))
    {
      if (iterate_until (is_leaked, a[1], "the report of a leak"))
        {
          g_autoptr (LifecycleLeak) leak = find_leak (a[1]);

          trace ("leaked %s", lifecycle_leak_get_type_name (leak));
        }
    }
  else if (IS ("not-leaked"))
    {
      if (iterate_until (is_not_leaked, a[1], "the end of a leak"))
        trace ("not-leaked %s", a[1]);
    }
  else
    return FALSE;

  return TRUE;
}

void
begin_more (void)
{
  if (!gtk_init_check ())
    give_up ("there is no display");
  models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

gboolean
run_more_step (const char  *verb,
               char       **a,
               const char  *then)
{
  return run_making_step (verb, a) || run_adding_step (verb, a, then) || run_acting_step (verb, a) ||
         run_telling_step (verb, a);
}

void
forget_more (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *each = windows; each != NULL; each = each->next)
    gtk_window_destroy (each->data);
  g_hash_table_remove_all (models);
}
