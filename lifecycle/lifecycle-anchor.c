/* lifecycle-anchor.c: what hangs on the life of an object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-anchor-private.h"
#include "lifecycle-scope-private.h"

/* One weak reference for each object, however many scopes care: GLib keeps them in a list that it
 * searches. The ledger has what is to be told when the object is disposed: the scope of the
 * object's life, and the handlers that were adopted on it.
 */
struct _LifecycleAnchor
{
  LifecycleLedger *ledger;
  GWeakRef         object;
  gboolean         armed;
};

static GQuark
lifecycle_anchor_quark (void)
{
  static GQuark quark;

  if (G_UNLIKELY (quark == 0))
    quark = g_quark_from_static_string ("lifecycle-anchor");

  return quark;
}

static void
anchor_release_all (LifecycleAnchor *anchor,
                    const char      *detail)
{
  LifecycleLedger *ledger = lifecycle_ledger_ref (anchor->ledger);
  LifecycleEntry *entry;
  guint flags;

  while ((entry = lifecycle_ledger_pop (ledger, &ledger->live, &flags)) != NULL)
    {
      if (entry->type == LIFECYCLE_ENTRY_SCOPE)
        {
          LifecycleScope *scope = lifecycle_scope_from_child_entry (entry);

          /* It leaves before it closes: the object may live on, with another scope. */
          lifecycle_scope_leave (scope);
          lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_OWNER_GONE, detail);
          g_object_unref (scope);
        }
      else
        {
          lifecycle_entry_get_class (entry)->release (ledger, entry, flags);
        }
    }

  lifecycle_ledger_unref (ledger);
}

static void
anchor_object_disposed_cb (gpointer  data,
                           GObject  *object)
{
  LifecycleAnchor *anchor = data;
  LifecycleLedger *ledger = lifecycle_ledger_ref (anchor->ledger);

  lifecycle_ledger_lock (ledger);
  anchor->armed = FALSE;
  ledger->dying = TRUE;
  lifecycle_ledger_unlock (ledger);

  anchor_release_all (anchor, G_OBJECT_TYPE_NAME (object));

  /* The object may live on. */
  lifecycle_ledger_lock (ledger);
  ledger->dying = FALSE;
  lifecycle_ledger_unlock (ledger);
  lifecycle_ledger_unref (ledger);
}

static void
lifecycle_anchor_free (gpointer data)
{
  LifecycleAnchor *anchor = data;

  anchor_release_all (anchor, NULL);
  lifecycle_ledger_unref (anchor->ledger);
  g_weak_ref_clear (&anchor->object);
  g_free (anchor);
}

/* The anchor of an object, made on demand. It lives as long as the object's memory. */
LifecycleAnchor *
lifecycle_anchor_get (GObject *object)
{
  LifecycleAnchor *anchor = g_object_get_qdata (object, lifecycle_anchor_quark ());

  if (anchor == NULL)
    {
      anchor = g_new0 (LifecycleAnchor, 1);
      anchor->ledger = lifecycle_ledger_new (NULL);
      g_weak_ref_init (&anchor->object, NULL);

      if (!g_object_replace_qdata (object, lifecycle_anchor_quark (), NULL, anchor,
                                   lifecycle_anchor_free, NULL))
        {
          /* Another thread was faster. */
          lifecycle_anchor_free (anchor);
          anchor = g_object_get_qdata (object, lifecycle_anchor_quark ());
        }
    }

  /* A weak reference is spent when the object is disposed, but the object may live on. */
  lifecycle_ledger_lock (anchor->ledger);
  if (!anchor->armed)
    {
      g_weak_ref_set (&anchor->object, object);
      g_object_weak_ref (object, anchor_object_disposed_cb, anchor);
      anchor->armed = TRUE;
    }
  lifecycle_ledger_unlock (anchor->ledger);

  return anchor;
}

/* Likewise, and dup_object() will find the object. g_object_run_dispose() ends with clearing the weak
 * references, and also one that was set while the others were told.
 */
LifecycleAnchor *
lifecycle_anchor_get_for_dup (GObject *object)
{
  LifecycleAnchor *anchor = lifecycle_anchor_get (object);
  GObject *found = g_weak_ref_get (&anchor->object);

  if (found == NULL)
    g_weak_ref_set (&anchor->object, object);
  g_clear_object (&found);

  return anchor;
}

LifecycleLedger *
lifecycle_anchor_get_ledger (LifecycleAnchor *anchor)
{
  return anchor->ledger;
}

/* A reference on the object, or NULL once its last reference is going, maybe on another thread, and
 * GLib has begun to end its handlers.
 */
GObject *
lifecycle_anchor_dup_object (LifecycleAnchor *anchor)
{
  return g_weak_ref_get (&anchor->object);
}
