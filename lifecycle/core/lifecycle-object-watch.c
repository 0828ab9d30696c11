/* lifecycle-object-watch.c: notification of the end of an object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-object-watch-private.h"

/* There is one weak reference for each object, regardless of the number of scopes, because GLib
 * searches its weak references linearly. The ledger holds what must end when the object is
 * disposed: the scope of the object, and the handlers that were adopted on it. The object holds the
 * first reference on it.
 */
struct _LifecycleObjectWatch
{
  LifecycleObjectLedger base;
  GWeakRef              object; /* set for those who need it */
  gint                  has_object; /* atomic; whether it has ever been set */
  gboolean              armed;
};

LIFECYCLE_DEFINE_STATIC_QUARK (lifecycle_object_watch_quark, "lifecycle-object-watch")

static void
object_watch_release_all (LifecycleObjectWatch *watch)
{
  LifecycleLedger *ledger = lifecycle_ledger_ref (&watch->base.ledger);
  LifecycleEntry *entry;
  guint flags;

  while ((entry = lifecycle_ledger_pop (ledger, LIFECYCLE_LIST_LIVE, &flags)) != NULL)
    lifecycle_entry_get_class (entry)->release (ledger, entry, flags);

  lifecycle_ledger_unref (ledger);
}

static void
object_watch_object_disposed_cb (gpointer  data,
                                 GObject  *object)
{
  LifecycleObjectWatch *watch = data;
  LifecycleLedger *ledger = lifecycle_ledger_ref (&watch->base.ledger);

  lifecycle_ledger_lock (ledger);
  watch->armed = FALSE;
  watch->base.dying = TRUE;
  lifecycle_ledger_unlock (ledger);

  object_watch_release_all (watch);

  /* The object may live on. */
  lifecycle_ledger_lock (ledger);
  watch->base.dying = FALSE;
  lifecycle_ledger_unref_locked (ledger);
}

static void
lifecycle_object_watch_free (gpointer data)
{
  LifecycleObjectWatch *watch = data;

  object_watch_release_all (watch);
  if (g_atomic_int_get (&watch->has_object))
    g_weak_ref_clear (&watch->object);
  lifecycle_ledger_unref (&watch->base.ledger);
}

/* Returns the watch of an object, created on demand, with its ledger locked. The watch is valid as
 * long as the object's memory.
 */
LifecycleObjectWatch *
lifecycle_object_watch_get_locked (GObject *object)
{
  LifecycleObjectWatch *watch = g_object_get_qdata (object, lifecycle_object_watch_quark ());

  if (watch == NULL)
    {
      watch = (LifecycleObjectWatch *) lifecycle_object_ledger_new (sizeof *watch);
      g_weak_ref_init (&watch->object, NULL);

      if (!g_object_replace_qdata (object, lifecycle_object_watch_quark (), NULL, watch,
                                   lifecycle_object_watch_free, NULL))
        {
          /* Another thread was faster. */
          lifecycle_object_watch_free (watch);
          watch = g_object_get_qdata (object, lifecycle_object_watch_quark ());
        }
    }

  /* A weak reference is used up when the object is disposed, but the object may live on. */
  lifecycle_ledger_lock (&watch->base.ledger);
  if (!watch->armed)
    {
      g_object_weak_ref (object, object_watch_object_disposed_cb, watch);
      watch->armed = TRUE;
    }

  return watch;
}

LifecycleObjectWatch *
lifecycle_object_watch_get (GObject *object)
{
  LifecycleObjectWatch *watch = lifecycle_object_watch_get_locked (object);

  lifecycle_ledger_unlock (&watch->base.ledger);

  return watch;
}

/* Like lifecycle_object_watch_get(), but makes sure that dup_object() finds the object: at its end,
 * g_object_run_dispose() clears all weak references, even one that was set while it notified
 * others. To set a GWeakRef is expensive, so this is left to those who need it.
 */
LifecycleObjectWatch *
lifecycle_object_watch_get_for_dup (GObject *object)
{
  LifecycleObjectWatch *watch = lifecycle_object_watch_get (object);
  GObject *found = g_weak_ref_get (&watch->object);

  if (found == NULL)
    {
      g_atomic_int_set (&watch->has_object, TRUE);
      g_weak_ref_set (&watch->object, object);
    }
  g_clear_object (&found);

  return watch;
}

LifecycleLedger *
lifecycle_object_watch_get_ledger (LifecycleObjectWatch *watch)
{
  return &watch->base.ledger;
}

/* Returns a reference on the object, or NULL if its last reference is being dropped, perhaps on
 * another thread, and GLib has begun to end its handlers.
 */
GObject *
lifecycle_object_watch_dup_object (LifecycleObjectWatch *watch)
{
  return g_weak_ref_get (&watch->object);
}
