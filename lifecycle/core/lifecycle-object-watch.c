/* lifecycle-object-watch.c: what hangs on the life of an object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-object-watch-private.h"

/* One weak reference for each object, however many scopes care: GLib keeps them in a list that it
 * searches. The ledger has what is to be told when the object is disposed: the scope of the
 * object's life, and the handlers that were adopted on it.
 */
struct _LifecycleObjectWatch
{
  LifecycleObjectLedger *ledger;
  GWeakRef               object;
  gboolean               armed;
};

LIFECYCLE_DEFINE_STATIC_QUARK (lifecycle_object_watch_quark, "lifecycle-object-watch")

static void
object_watch_release_all (LifecycleObjectWatch *watch)
{
  LifecycleLedger *ledger = lifecycle_ledger_ref (&watch->ledger->ledger);
  LifecycleEntry *entry;
  guint flags;

  while ((entry = lifecycle_ledger_pop (ledger, &ledger->live, &flags)) != NULL)
    lifecycle_entry_get_class (entry)->release (ledger, entry, flags);

  lifecycle_ledger_unref (ledger);
}

static void
object_watch_object_disposed_cb (gpointer  data,
                                 GObject  *object)
{
  LifecycleObjectWatch *watch = data;
  LifecycleObjectLedger *object_ledger = watch->ledger;
  LifecycleLedger *ledger = lifecycle_ledger_ref (&object_ledger->ledger);

  lifecycle_ledger_lock (ledger);
  watch->armed = FALSE;
  object_ledger->dying = TRUE;
  lifecycle_ledger_unlock (ledger);

  object_watch_release_all (watch);

  /* The object may live on. */
  lifecycle_ledger_lock (ledger);
  object_ledger->dying = FALSE;
  lifecycle_ledger_unlock (ledger);
  lifecycle_ledger_unref (ledger);
}

static void
lifecycle_object_watch_free (gpointer data)
{
  LifecycleObjectWatch *watch = data;

  object_watch_release_all (watch);
  lifecycle_ledger_unref (&watch->ledger->ledger);
  g_weak_ref_clear (&watch->object);
  g_free (watch);
}

/* The watch of an object, made on demand. It lives as long as the object's memory. */
LifecycleObjectWatch *
lifecycle_object_watch_get (GObject *object)
{
  LifecycleObjectWatch *watch = g_object_get_qdata (object, lifecycle_object_watch_quark ());

  if (watch == NULL)
    {
      watch = g_new0 (LifecycleObjectWatch, 1);
      watch->ledger = lifecycle_object_ledger_new ();
      g_weak_ref_init (&watch->object, NULL);

      if (!g_object_replace_qdata (object, lifecycle_object_watch_quark (), NULL, watch,
                                   lifecycle_object_watch_free, NULL))
        {
          /* Another thread was faster. */
          lifecycle_object_watch_free (watch);
          watch = g_object_get_qdata (object, lifecycle_object_watch_quark ());
        }
    }

  /* A weak reference is spent when the object is disposed, but the object may live on. */
  lifecycle_ledger_lock (&watch->ledger->ledger);
  if (!watch->armed)
    {
      g_weak_ref_set (&watch->object, object);
      g_object_weak_ref (object, object_watch_object_disposed_cb, watch);
      watch->armed = TRUE;
    }
  lifecycle_ledger_unlock (&watch->ledger->ledger);

  return watch;
}

/* Likewise, and dup_object() will find the object. g_object_run_dispose() ends with clearing the weak
 * references, and also one that was set while the others were told.
 */
LifecycleObjectWatch *
lifecycle_object_watch_get_for_dup (GObject *object)
{
  LifecycleObjectWatch *watch = lifecycle_object_watch_get (object);
  GObject *found = g_weak_ref_get (&watch->object);

  if (found == NULL)
    g_weak_ref_set (&watch->object, object);
  g_clear_object (&found);

  return watch;
}

LifecycleLedger *
lifecycle_object_watch_get_ledger (LifecycleObjectWatch *watch)
{
  return &watch->ledger->ledger;
}

/* A reference on the object, or NULL once its last reference is going, maybe on another thread, and
 * GLib has begun to end its handlers.
 */
GObject *
lifecycle_object_watch_dup_object (LifecycleObjectWatch *watch)
{
  return g_weak_ref_get (&watch->object);
}
