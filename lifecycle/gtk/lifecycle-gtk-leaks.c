/* lifecycle-gtk-leaks.c: widgets that should be gone
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>

#include "lifecycle-gtk-describe-private.h"
#include "lifecycle-gtk-leaks.h"
#include "lifecycle-gtk-roots-private.h"
#include "lifecycle-gtk-toplevels-private.h"
#include "lifecycle-ledger-private.h"
#include "lifecycle-leaks-private.h"
#include "lifecycle-referrers-private.h"

/* Each widget that has been in a window, from then until it is finalized. */
typedef struct
{
  LifecycleNode          node;          /* in `removed`, while it is not in a window */
  GtkWidget             *widget;
  LifecycleGtkPath      *path;          /* where it was, or NULL */
  GtkExpander           *expander;      /* weak: shows it when it is expanded, or NULL */
  gint64                 since;         /* µs: when it was removed, or 0 */
  gboolean               destroyed;     /* a window */
  const LifecycleStack  *stack;         /* of its creation */
  LifecycleLeakFacts    *facts;         /* once it has been found to be overdue; under the lock */
} WatchedWidget;

static struct
{
  gboolean       watching;
  gboolean       print;
  guint          grace;         /* ms, or 0 for that of all leaks */
  LifecycleNode  removed;       /* those that were removed last come last */
  GThread       *thread;        /* on which widgets live */
  GSource       *timer;
  GMutex         lock;          /* no other lock is taken while it is held */
  GPtrArray     *overdue;       /* of WatchedWidget with facts, for other threads; under the lock */
} leaks;

LIFECYCLE_DEFINE_STATIC_QUARK (watched_widget_quark, "lifecycle-gtk-watched-widget")

/* Tells other threads of a widget that is overdue, or no longer. Takes ownership of the facts. */
static void
watched_widget_publish (WatchedWidget      *self,
                        LifecycleLeakFacts *facts)
{
  LifecycleLeakFacts *before;

  g_mutex_lock (&leaks.lock);
  before = self->facts;
  self->facts = facts;
  if (before != NULL)
    g_ptr_array_remove (leaks.overdue, self);
  if (facts != NULL)
    g_ptr_array_add (leaks.overdue, self);
  g_mutex_unlock (&leaks.lock);

  g_clear_pointer (&before, lifecycle_leak_facts_free);
}

static void
watched_widget_link (WatchedWidget *self)
{
  if (self->since != 0)
    return;

  self->since = g_get_monotonic_time ();
  lifecycle_node_insert_after (&self->node, leaks.removed.prev);
}

static void
watched_widget_unlink (WatchedWidget *self)
{
  if (self->since == 0)
    return;

  watched_widget_publish (self, NULL);
  self->since = 0;
  lifecycle_node_remove (&self->node);
}

static void
watched_widget_free (gpointer data)
{
  WatchedWidget *self = data;

  watched_widget_unlink (self);
  g_clear_pointer (&self->path, lifecycle_gtk_path_unref);
  g_clear_weak_pointer (&self->expander);
  g_free (self);
}

static WatchedWidget *
watched_widget_peek (GtkWidget *widget)
{
  return g_object_get_qdata (G_OBJECT (widget), watched_widget_quark ());
}

static WatchedWidget *
watched_widget_ensure (GtkWidget *widget)
{
  WatchedWidget *self = watched_widget_peek (widget);

  if (self == NULL)
    {
      self = g_new0 (WatchedWidget, 1);
      self->widget = widget;
      g_object_set_qdata_full (G_OBJECT (widget), watched_widget_quark (), self,
                               watched_widget_free);
    }

  return self;
}

static void
created_cb (GtkWidget *widget)
{
  watched_widget_ensure (widget)->stack = lifecycle_stacks_capture ();
}

static void
rooted_cb (GtkWidget *widget)
{
  WatchedWidget *self = watched_widget_peek (widget);

  if (self != NULL && !self->destroyed)
    watched_widget_unlink (self);
}

/* Remembers where the widget is. The path of its parent has just been remembered, too, unless the
 * parent stays.
 */
static void
watched_widget_remember_path (WatchedWidget *self)
{
  GtkWidget *parent = gtk_widget_get_parent (self->widget);
  WatchedWidget *above = parent != NULL ? watched_widget_peek (parent) : NULL;
  LifecycleGtkPath *path;

  if (above != NULL && above->since != 0 && above->path != NULL)
    path = lifecycle_gtk_path_append (above->path, self->widget);
  else
    path = lifecycle_gtk_path_new (self->widget);
  g_clear_pointer (&self->path, lifecycle_gtk_path_unref);
  self->path = path;
}

static gboolean timer_cb (gpointer data);

static guint
get_grace (void)
{
  return leaks.grace != 0 ? leaks.grace : lifecycle_get_leak_grace ();
}

/* The time (µs) before which a widget has to have been removed to be overdue. */
static gint64
get_limit (void)
{
  return g_get_monotonic_time () - get_grace () * G_GINT64_CONSTANT (1000);
}

static void
ensure_timer (void)
{
  if (leaks.timer != NULL)
    return;

  leaks.timer = g_timeout_source_new (get_grace () + 100);
  g_source_set_static_name (leaks.timer, "LifecycleGtk leaked widgets");
  g_source_set_callback (leaks.timer, timer_cb, NULL, NULL);
  g_source_attach (leaks.timer, NULL);
}

/* Widgets that GTK keeps, to put them elsewhere the next time, or because the template of a dialog
 * that does not use its header bar holds it.
 */
static gboolean
is_kept (GtkWidget *widget)
{
  static const char *const types[] = { "GtkTooltipWindow" };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      if (g_str_equal (G_OBJECT_TYPE_NAME (widget), types[i]))
        return TRUE;
    }

  return GTK_IS_HEADER_BAR (widget) && GTK_IS_DIALOG (gtk_widget_get_parent (widget));
}

/* An expander takes its child out when it is collapsed, and keeps it. */
static GtkExpander *
find_expander (GtkWidget *widget)
{
  GtkWidget *expander = gtk_widget_get_ancestor (widget, GTK_TYPE_EXPANDER);

  return expander != NULL && gtk_expander_get_child (GTK_EXPANDER (expander)) == widget
         ? GTK_EXPANDER (expander) : NULL;
}

static void
leaving_cb (GtkWidget *widget)
{
  WatchedWidget *self;

  /* A window tells of it when it is disposed. */
  if (GTK_IS_ROOT (widget) || is_kept (widget))
    return;

  self = watched_widget_ensure (widget);
  watched_widget_remember_path (self);
  g_set_weak_pointer (&self->expander, find_expander (widget));
  watched_widget_link (self);
  ensure_timer ();
}

static void
window_destroyed (GtkWindow *window)
{
  WatchedWidget *self = watched_widget_ensure (GTK_WIDGET (window));

  self->destroyed = TRUE;
  watched_widget_remember_path (self);
  watched_widget_link (self);
  ensure_timer ();
}

/* What is in another widget goes when that does. */
static gboolean
watched_widget_is_culprit (WatchedWidget *self)
{
  if (self->destroyed)
    return TRUE;

  return gtk_widget_get_parent (self->widget) == NULL &&
         (self->expander == NULL || gtk_expander_get_child (self->expander) != self->widget);
}

static LifecycleLeakFacts *
watched_widget_get_facts (WatchedWidget *self)
{
  LifecycleLeakFacts *facts = g_new0 (LifecycleLeakFacts, 1);

  facts->kind = LIFECYCLE_LEAK_KIND_REMOVED_BUT_ALIVE;
  facts->type = G_OBJECT_TYPE (self->widget);
  facts->address = self->widget;
  facts->n_refs = G_OBJECT (self->widget)->ref_count;
  facts->count = 1;
  facts->age = (guint64) (g_get_monotonic_time () - self->since) / 1000;
  facts->why = g_strdup (self->destroyed ? "it was destroyed" : "it was taken out of its window");
  facts->scope_path = lifecycle_gtk_path_to_string (self->path);
  facts->details = lifecycle_gtk_describe_widget (self->widget);
  facts->stack = self->stack;

  return facts;
}

#define WATCHED_WIDGET(n) LIFECYCLE_ENTRY_CONTAINER (n, WatchedWidget, node)

static void
print_leak (WatchedWidget *self)
{
  g_autoptr (LifecycleLeak) leak = lifecycle_leak_new (self->facts);
  g_autofree char *text = lifecycle_leak_to_string (leak);

  g_printerr ("LifecycleGtk: %s\n%s", text, lifecycle_leak_get_details (leak));
  lifecycle_gtk_print_lines ("handlers:", lifecycle_leak_get_handlers (leak), FALSE);
  lifecycle_gtk_print_lines ("referred to by:", lifecycle_leak_get_referrers (leak), FALSE);
  lifecycle_gtk_print_lines ("created by:", lifecycle_leak_get_stack (leak), TRUE);
}

/* Finds out about the widgets in a list, all at once because memory is searched for them. */
static void
describe_widgets (GPtrArray *list)
{
  g_autofree LifecycleReferrers *referrers = g_new0 (LifecycleReferrers, list->len);

  for (guint i = 0; i < list->len; i++)
    {
      WatchedWidget *self = g_ptr_array_index (list, i);

      referrers[i].object = G_OBJECT (self->widget);
      referrers[i].parts = lifecycle_gtk_list_controllers (self->widget);
    }
  lifecycle_referrers_find (referrers, list->len, lifecycle_gtk_get_toolkit ());

  for (guint i = 0; i < list->len; i++)
    {
      WatchedWidget *self = g_ptr_array_index (list, i);
      LifecycleLeakFacts *facts = watched_widget_get_facts (self);

      facts->handlers = referrers[i].handlers;
      facts->referrers = referrers[i].referrers;
      g_ptr_array_unref (referrers[i].parts);
      watched_widget_publish (self, facts);
    }
}

/* Looks at what has become overdue. Returns whether more may follow. On GTK's thread. */
static gboolean
update_leaks (void)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  gint64 limit = get_limit ();
  gboolean more = FALSE;

  for (LifecycleNode *node = leaks.removed.next; node != &leaks.removed; node = node->next)
    {
      WatchedWidget *self = WATCHED_WIDGET (node);

      if (self->since > limit)
        more = TRUE;
      else if (self->facts != NULL && !watched_widget_is_culprit (self))
        watched_widget_publish (self, NULL);
      else if (self->facts == NULL && watched_widget_is_culprit (self))
        g_ptr_array_add (list, self);
    }

  if (list->len > 0)
    describe_widgets (list);
  for (guint i = 0; leaks.print && i < list->len; i++)
    print_leak (g_ptr_array_index (list, i));

  return more;
}

/* Appends the facts of a widget that is known to be overdue. It is not finalized before the lock is
 * released.
 */
static void
append_overdue (GPtrArray     *list,
                WatchedWidget *self)
{
  guint n_refs = (guint) g_atomic_int_get ((gint *) &G_OBJECT (self->widget)->ref_count);
  LifecycleLeakFacts *facts;

  if (n_refs == 0)
    return;

  facts = lifecycle_leak_facts_copy (self->facts);
  facts->n_refs = n_refs;
  facts->age = (guint64) (g_get_monotonic_time () - self->since) / 1000;
  g_ptr_array_add (list, facts);
}

/* Appends the facts of all that was removed after `since` (µs). Other threads are told of what was
 * overdue the last time that GTK's thread looked.
 */
static void
find_leaks (GPtrArray *list,
            gint64     since,
            gboolean   overdue_only)
{
  gboolean at_home = g_thread_self () == leaks.thread;
  gint64 limit;

  if (at_home)
    update_leaks ();

  limit = get_limit ();
  g_mutex_lock (&leaks.lock);
  for (guint i = 0; i < leaks.overdue->len; i++)
    {
      WatchedWidget *self = g_ptr_array_index (leaks.overdue, i);

      if (self->since > since && self->since <= limit)
        append_overdue (list, self);
    }
  g_mutex_unlock (&leaks.lock);

  if (!at_home || overdue_only)
    return;

  for (LifecycleNode *node = leaks.removed.next; node != &leaks.removed; node = node->next)
    {
      WatchedWidget *self = WATCHED_WIDGET (node);

      if (self->facts == NULL && self->since > since && watched_widget_is_culprit (self))
        g_ptr_array_add (list, watched_widget_get_facts (self));
    }
}

static guint
count_leaks (void)
{
  gint64 limit;
  guint n = 0;

  if (g_thread_self () == leaks.thread)
    update_leaks ();

  limit = get_limit ();
  g_mutex_lock (&leaks.lock);
  for (guint i = 0; i < leaks.overdue->len; i++)
    n += ((WatchedWidget *) g_ptr_array_index (leaks.overdue, i))->since <= limit;
  g_mutex_unlock (&leaks.lock);

  return n;
}

static gboolean
timer_cb (gpointer data)
{
  g_clear_pointer (&leaks.timer, g_source_unref);
  if (update_leaks ())
    ensure_timer ();

  return G_SOURCE_REMOVE;
}

static void
at_exit (void)
{
  if (g_thread_self () == leaks.thread)
    update_leaks ();
}

static void
begin_watching (void)
{
  static LifecycleLeakFinder finder = { find_leaks, count_leaks, NULL };
  LifecycleGtkRootsObserver observer = {
    .rooted = rooted_cb,
    .leaving = leaving_cb,
  };

  /* This reads LIFECYCLE_DEBUG. */
  g_type_class_unref (g_type_class_ref (LIFECYCLE_TYPE_SCOPE));
  if (lifecycle_stacks_capture () != NULL)
    observer.created = created_cb;

  finder.toolkit = lifecycle_gtk_get_toolkit ();
  leaks.watching = TRUE;
  leaks.thread = g_thread_self ();
  leaks.overdue = g_ptr_array_new ();
  lifecycle_node_init (&leaks.removed);
  lifecycle_gtk_watch_roots (&observer);
  lifecycle_gtk_watch_toplevels (window_destroyed);
  lifecycle_leaks_set_finder (&finder);
}

/**
 * lifecycle_gtk_watch_widgets:
 * @grace_ms: how long a widget may stay alive, in milliseconds, or 0 for
 *   [func@Lifecycle.get_leak_grace]
 *
 * Looks for widgets that should be gone, from now on and for the whole program.
 *
 * These are windows that have been destroyed, and widgets that have been taken out of their window and
 * not been put into one again. If one is still alive after @grace_ms, [func@Lifecycle.list_leaks]
 * reports it as [enum@Lifecycle.LeakKind.removed_but_alive], with its type, CSS name, id and classes,
 * where it was, its reference count, who has connected handlers to it, and what refers to it: see
 * [method@Lifecycle.Leak.get_referrers]. What is inside of such a widget is not reported. With
 * `LIFECYCLE_DEBUG=stacks` the report says where the widget was created.
 *
 * No code is needed at all: with `LIFECYCLE_DEBUG=widgets`, this is called when the library is loaded,
 * and what is found is also printed to the standard error. A program that does not use the library can
 * be made to load it:
 *
 * ```
 * LD_PRELOAD=liblifecycle-gtk4-1.so.0 LIFECYCLE_DEBUG=widgets gtk4-demo
 * ```
 *
 * To be called on GTK's thread, once; a later call only changes the time. Other threads are told of
 * what was overdue when that thread last looked, which it does by itself if it runs its main context.
 * Every widget costs about 100 bytes more; a report searches the memory of the process, which takes
 * some 50 milliseconds for 100 MB.
 *
 * Since: 1.0
 */
void
lifecycle_gtk_watch_widgets (guint grace_ms)
{
  leaks.grace = grace_ms;
  if (!leaks.watching)
    begin_watching ();
}

/* When the library is loaded, before main() if it is linked or preloaded. The thread that does it is
 * taken for GTK's.
 */
__attribute__ ((constructor)) static void
start (void)
{
  static const GDebugKey keys[] = { { "widgets", 1 } };
  const char *value = g_getenv ("LIFECYCLE_DEBUG");

  if (value != NULL && g_parse_debug_string (value, keys, G_N_ELEMENTS (keys)) != 0)
    {
      leaks.print = TRUE;
      begin_watching ();
      atexit (at_exit);
    }
}
