/* lifecycle-gtk-record-view.c: the entries of a scope, and the leaks, as tables
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-record-view-private.h"

#include "lifecycle-gtk-cells-private.h"
#include "lifecycle-gtk-snapshot-list-private.h"

struct _LifecycleGtkRecordView
{
  GtkWidget                 parent_instance;

  GtkWidget                *stack;
  GtkWidget                *empty;      /* a label */
  GtkColumnView            *view;
  GtkSingleSelection       *selection;
  LifecycleGtkSnapshotList *list;
};

enum
{
  SIGNAL_SELECTED,
  SIGNAL_ACTIVATED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LifecycleGtkRecordView, lifecycle_gtk_record_view, GTK_TYPE_WIDGET)

static const char *
get_nick (GType type,
          int   value)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (type);
  GEnumValue *enum_value = g_enum_get_value (class, value);

  return enum_value != NULL ? enum_value->value_nick : "unknown";
}

/* Records */

static char *
get_kind (gpointer item)
{
  LifecycleRecord *record = lifecycle_gtk_snapshot_item_get (item);

  return g_strdup (get_nick (LIFECYCLE_TYPE_KIND, lifecycle_record_get_kind (record)));
}

/* "GtkButton::clicked" for a handler; otherwise the name, with the type of the object. */
static char *
get_what (gpointer item)
{
  LifecycleRecord *record = lifecycle_gtk_snapshot_item_get (item);
  GType type = lifecycle_record_get_instance_type (record);
  const char *name = lifecycle_record_get_name (record);
  const char *signal = lifecycle_record_get_signal (record);
  const char *type_name = type != G_TYPE_INVALID && type != LIFECYCLE_TYPE_SCOPE ? g_type_name (type)
                                                                                 : NULL;

  if (signal != NULL)
    return g_strconcat (type_name != NULL ? type_name : "", "::", signal, NULL);
  if (name != NULL && type_name != NULL)
    return g_strconcat (name, " (", type_name, ")", NULL);

  return g_strdup (name != NULL ? name : type_name);
}

static char *
get_callback (gpointer item)
{
  return g_strdup (lifecycle_record_get_callback (lifecycle_gtk_snapshot_item_get (item)));
}

static char *
get_place (gpointer item)
{
  return lifecycle_gtk_format_place (lifecycle_record_get_place (lifecycle_gtk_snapshot_item_get (item)));
}

static char *
get_age (gpointer item)
{
  return lifecycle_gtk_format_age (lifecycle_record_get_age (lifecycle_gtk_snapshot_item_get (item)));
}

static guint
record_get_fingerprint (gpointer item)
{
  LifecycleRecord *record = item;
  const char *name = lifecycle_record_get_name (record);
  guint hash = (guint) lifecycle_record_get_kind (record);

  hash = hash * 31 + (guint) lifecycle_record_get_id (record);
  hash = hash * 31 + g_direct_hash (lifecycle_record_get_place (record));
  hash = hash * 31 + (guint) lifecycle_record_get_instance_type (record);

  return name != NULL ? hash * 31 + g_str_hash (name) : hash;
}

/* Leaks */

static char *
get_leak_kind (gpointer item)
{
  LifecycleLeak *leak = lifecycle_gtk_snapshot_item_get (item);

  return g_strdup (get_nick (LIFECYCLE_TYPE_LEAK_KIND, lifecycle_leak_get_kind (leak)));
}

static char *
get_leak_type (gpointer item)
{
  LifecycleLeak *leak = lifecycle_gtk_snapshot_item_get (item);
  guint count = lifecycle_leak_get_count (leak);
  const char *type_name = lifecycle_leak_get_type_name (leak);

  return count > 1 ? g_strdup_printf ("%s × %u", type_name, count) : g_strdup (type_name);
}

static char *
get_leak_refs (gpointer item)
{
  guint n_refs = lifecycle_leak_get_n_refs (lifecycle_gtk_snapshot_item_get (item));

  return n_refs > 0 ? g_strdup_printf ("%u", n_refs) : NULL;
}

static char *
get_leak_age (gpointer item)
{
  guint64 age = lifecycle_leak_get_age (lifecycle_gtk_snapshot_item_get (item));

  return age > 0 ? lifecycle_gtk_format_age ((gint64) age) : NULL;
}

static char *
get_leak_why (gpointer item)
{
  LifecycleLeak *leak = lifecycle_gtk_snapshot_item_get (item);
  const char *why = lifecycle_leak_get_why (leak);
  const char *path = lifecycle_leak_get_scope_path (leak);

  return why != NULL && *why != '\0' ? g_strconcat (why, " — ", path, NULL) : g_strdup (path);
}

static char *
get_leak_place (gpointer item)
{
  return lifecycle_gtk_format_place (lifecycle_leak_get_place (lifecycle_gtk_snapshot_item_get (item)));
}

static char *
get_leak_referrers (gpointer item)
{
  const char *text = lifecycle_leak_get_referrers (lifecycle_gtk_snapshot_item_get (item));
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;

  return lines != NULL ? g_strjoinv ("; ", lines) : NULL;
}

static guint
leak_get_fingerprint (gpointer item)
{
  LifecycleLeak *leak = item;

  return g_str_hash (lifecycle_leak_get_address (leak)) * 31 +
         g_direct_hash (lifecycle_leak_get_place (leak)) + (guint) lifecycle_leak_get_kind (leak);
}

/* Sorting: `data` is the LifecycleGtkCellFunc, or how an age or a number is read. */

static int
compare_texts (gconstpointer a,
               gconstpointer b,
               gpointer      data)
{
  LifecycleGtkCellFunc func = (LifecycleGtkCellFunc) data;
  g_autofree char *first = func ((gpointer) a);
  g_autofree char *second = func ((gpointer) b);

  return g_strcmp0 (first, second);
}

static int
compare_ages (gconstpointer a,
              gconstpointer b,
              gpointer      data)
{
  gint64 first, second;

  if (data != NULL)
    {
      first = (gint64) lifecycle_leak_get_age (lifecycle_gtk_snapshot_item_get ((gpointer) a));
      second = (gint64) lifecycle_leak_get_age (lifecycle_gtk_snapshot_item_get ((gpointer) b));
    }
  else
    {
      first = lifecycle_record_get_age (lifecycle_gtk_snapshot_item_get ((gpointer) a));
      second = lifecycle_record_get_age (lifecycle_gtk_snapshot_item_get ((gpointer) b));
    }

  return (first > second) - (first < second);
}

static void
view_append_column (LifecycleGtkRecordView *self,
                    const char             *title,
                    guint                   n_chars,
                    LifecycleGtkCellFlags   flags,
                    LifecycleGtkCellFunc    func)
{
  GtkColumnViewColumn *column = lifecycle_gtk_cells_append_column (self->view, title, n_chars, flags,
                                                                   func);
  g_autoptr (GtkSorter) sorter = NULL;

  if (func == get_age || func == get_leak_age)
    sorter = GTK_SORTER (gtk_custom_sorter_new (compare_ages,
                                                GINT_TO_POINTER (func == get_leak_age), NULL));
  else
    sorter = GTK_SORTER (gtk_custom_sorter_new (compare_texts, (gpointer) func, NULL));
  gtk_column_view_column_set_sorter (column, sorter);
}

static void
selected_cb (LifecycleGtkRecordView *self)
{
  g_signal_emit (self, signals[SIGNAL_SELECTED], 0);
}

static void
activate_cb (LifecycleGtkRecordView *self)
{
  g_signal_emit (self, signals[SIGNAL_ACTIVATED], 0);
}

static void
lifecycle_gtk_record_view_dispose (GObject *object)
{
  LifecycleGtkRecordView *self = LIFECYCLE_GTK_RECORD_VIEW (object);

  g_clear_pointer (&self->stack, gtk_widget_unparent);
  g_clear_object (&self->selection);
  g_clear_object (&self->list);

  G_OBJECT_CLASS (lifecycle_gtk_record_view_parent_class)->dispose (object);
}

static void
lifecycle_gtk_record_view_class_init (LifecycleGtkRecordViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = lifecycle_gtk_record_view_dispose;

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);

  /* (): another row has been selected, or none */
  signals[SIGNAL_SELECTED] = g_signal_new ("selected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                           0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /* (): the selected row has been activated */
  signals[SIGNAL_ACTIVATED] = g_signal_new ("activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                            0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
lifecycle_gtk_record_view_init (LifecycleGtkRecordView *self)
{
}

static LifecycleGtkRecordView *
record_view_new (const char                  *label,
                 LifecycleGtkFingerprintFunc  func)
{
  LifecycleGtkRecordView *self = g_object_new (LIFECYCLE_GTK_TYPE_RECORD_VIEW, NULL);
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkSortListModel *sorted;

  self->view = GTK_COLUMN_VIEW (lifecycle_gtk_cells_new_view (label));
  self->list = lifecycle_gtk_snapshot_list_new (func);
  sorted = gtk_sort_list_model_new (g_object_ref (G_LIST_MODEL (self->list)),
                                    g_object_ref (gtk_column_view_get_sorter (self->view)));
  gtk_sort_list_model_set_incremental (sorted, TRUE);
  self->selection = gtk_single_selection_new (G_LIST_MODEL (sorted));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));

  self->empty = gtk_label_new (NULL);
  gtk_label_set_wrap (GTK_LABEL (self->empty), TRUE);
  gtk_label_set_justify (GTK_LABEL (self->empty), GTK_JUSTIFY_CENTER);
  gtk_widget_add_css_class (self->empty, "dim-label");
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (self->view));
  self->stack = gtk_stack_new ();
  gtk_stack_add_child (GTK_STACK (self->stack), self->empty);
  gtk_stack_add_child (GTK_STACK (self->stack), scroller);
  gtk_widget_set_parent (self->stack, GTK_WIDGET (self));

  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (selected_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->view, "activate", G_CALLBACK (activate_cb), self, G_CONNECT_SWAPPED);

  return self;
}

GtkWidget *
lifecycle_gtk_record_view_new_for_records (void)
{
  LifecycleGtkRecordView *self = record_view_new ("Entries of the scope", record_get_fingerprint);

  view_append_column (self, "Kind", 9, LIFECYCLE_GTK_CELL_PLAIN, get_kind);
  view_append_column (self, "What", 18, LIFECYCLE_GTK_CELL_EXPAND, get_what);
  view_append_column (self, "Callback", 14, LIFECYCLE_GTK_CELL_EXPAND, get_callback);
  view_append_column (self, "Age", 10, LIFECYCLE_GTK_CELL_NUMERIC, get_age);
  view_append_column (self, "Added at", 18, LIFECYCLE_GTK_CELL_PLACE | LIFECYCLE_GTK_CELL_EXPAND,
                      get_place);

  return GTK_WIDGET (self);
}

GtkWidget *
lifecycle_gtk_record_view_new_for_leaks (void)
{
  LifecycleGtkRecordView *self = record_view_new ("Leaks", leak_get_fingerprint);

  view_append_column (self, "Leak", 14, LIFECYCLE_GTK_CELL_PLAIN, get_leak_kind);
  view_append_column (self, "Object", 16, LIFECYCLE_GTK_CELL_EXPAND, get_leak_type);
  view_append_column (self, "References", 10, LIFECYCLE_GTK_CELL_NUMERIC, get_leak_refs);
  view_append_column (self, "Age", 10, LIFECYCLE_GTK_CELL_NUMERIC, get_leak_age);
  view_append_column (self, "Why", 20, LIFECYCLE_GTK_CELL_EXPAND, get_leak_why);
  view_append_column (self, "Referred To By", 20, LIFECYCLE_GTK_CELL_EXPAND, get_leak_referrers);
  view_append_column (self, "Expected at", 18, LIFECYCLE_GTK_CELL_PLACE | LIFECYCLE_GTK_CELL_EXPAND,
                      get_leak_place);

  return GTK_WIDGET (self);
}

/* Shows a snapshot of records or leaks or, if that is NULL or empty, a text. */
void
lifecycle_gtk_record_view_set (LifecycleGtkRecordView *self,
                               GListModel             *snapshot,
                               const char             *when_empty)
{
  GtkWidget *scroller = gtk_widget_get_last_child (self->stack);

  lifecycle_gtk_snapshot_list_set (self->list, snapshot);
  lifecycle_gtk_cells_refresh (self->view);

  gtk_label_set_text (GTK_LABEL (self->empty), when_empty);
  gtk_stack_set_visible_child (GTK_STACK (self->stack),
                               lifecycle_gtk_record_view_get_n_items (self) > 0 ? scroller : self->empty);
}

guint
lifecycle_gtk_record_view_get_n_items (LifecycleGtkRecordView *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->list));
}

/* Returns the selected record or leak (not a new reference), or NULL. */
gpointer
lifecycle_gtk_record_view_get_selected (LifecycleGtkRecordView *self)
{
  gpointer item = gtk_single_selection_get_selected_item (self->selection);

  return item != NULL ? lifecycle_gtk_snapshot_item_get (item) : NULL;
}
