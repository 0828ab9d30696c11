/* lifecycle-resource-watch.c: the objects that a resource needs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-handler-private.h"
#include "lifecycle-object-watch-private.h"
#include "lifecycle-resource-private.h"

/* Must be called before add(), by a caller that holds a reference on the object. */
void
lifecycle_resource_watch_object (gpointer resource,
                                 guint    which,
                                 gpointer object)
{
  LifecycleResource *self = resource;
  LifecycleResourceWatch *watch = &self->watches[which];
  LifecycleObjectWatch *object_watch = lifecycle_object_watch_get (object);

  if (which == 0)
    self->type = G_OBJECT_TYPE (object);
  watch->resource = self;
  watch->object = object;
  watch->ledger = lifecycle_ledger_ref (lifecycle_object_watch_get_ledger (object_watch));
}

/* For mute() and end(): gets the watched object, or NULL if it has been disposed. */
gpointer
lifecycle_resource_peek_watched (gpointer resource,
                                 guint    which)
{
  LifecycleResource *self = resource;

  return self->watches[which].held;
}

/* Checks whether the watched object is notifying its watch of its dispose right now. If so, GLib
 * has already ended its handlers.
 */
gboolean
lifecycle_resource_watched_is_dying (gpointer resource,
                                     guint    which)
{
  LifecycleResource *self = resource;
  LifecycleLedger *ledger = self->watches[which].ledger;
  gboolean dying;

  lifecycle_ledger_lock (ledger);
  dying = lifecycle_ledger_get_object_ledger (ledger)->dying;
  lifecycle_ledger_unlock (ledger);

  return dying;
}

/* Connects a handler that is disconnected in the muted phase. The object must have been passed to
 * watch_object() before.
 */
void
lifecycle_resource_connect (gpointer               resource,
                            guint                  which,
                            const char            *detailed_signal,
                            LifecycleResourceFunc  func)
{
  LifecycleResource *self = resource;
  LifecycleResourceWatch *watch = &self->watches[which];
  guint i = 0;

  while (watch->handlers[i] != 0)
    i++;
  g_assert (i < LIFECYCLE_RESOURCE_MAX_HANDLERS);

  watch->handlers[i] = g_signal_connect_closure (watch->object, detailed_signal,
                                                   lifecycle_resource_new_closure (self, func),
                                                   FALSE);
}

/* Takes a reference on a watched object, if that is still possible. The object may be in its
 * dispose already: while the entry is in the locked list, the object either has not reported its
 * dispose or is waiting for the lock to do so.
 */
static void
resource_watch_hold (LifecycleResourceWatch *watch)
{
  if (watch->ledger == NULL)
    return;

  lifecycle_ledger_lock (watch->ledger);
  if ((watch->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
    watch->held = g_object_ref (watch->object);
  lifecycle_ledger_unlock (watch->ledger);
}

/* For end(): takes a reference on a watched object that is in `unheld`, and returns the object, or
 * NULL if it has been disposed.
 */
gpointer
lifecycle_resource_hold_watched (gpointer resource,
                                 guint    which)
{
  LifecycleResourceWatch *watch = &((LifecycleResource *) resource)->watches[which];

  resource_watch_hold (watch);

  return watch->held;
}

static void
resource_watch_link (LifecycleResourceWatch *watch)
{
  if (watch->ledger == NULL || !lifecycle_ledger_begin_add (watch->ledger))
    return;

  lifecycle_resource_ref (watch->resource);
  lifecycle_ledger_append (watch->ledger, &watch->entry, LIFECYCLE_ENTRY_RESOURCE_WATCH, NULL);
  lifecycle_ledger_end_add (watch->ledger);
}

void
lifecycle_resource_link_watches (LifecycleResource *self)
{
  for (guint i = 0; i < LIFECYCLE_RESOURCE_MAX_WATCHES; i++)
    resource_watch_link (&self->watches[i]);
}

/* Takes references on the watched objects, except for those in `unheld`, and disconnects the
 * handlers. No user code runs.
 */
void
lifecycle_resource_mute_watches (LifecycleResource *self)
{
  for (guint i = 0; i < LIFECYCLE_RESOURCE_MAX_WATCHES; i++)
    {
      LifecycleResourceWatch *watch = &self->watches[i];

      if ((self->kind->unheld & (1u << i)) == 0)
        resource_watch_hold (watch);
      for (guint j = 0; watch->held != NULL && j < LIFECYCLE_RESOURCE_MAX_HANDLERS; j++)
        {
          if (watch->handlers[j] != 0 &&
              lifecycle_handler_is_connected (watch->held, watch->handlers[j], 0))
            g_signal_handler_disconnect (watch->held, watch->handlers[j]);
        }
    }
}

static void
resource_watch_cut (LifecycleResourceWatch *watch)
{
  gboolean linked;

  if (watch->ledger == NULL)
    return;

  lifecycle_ledger_lock (watch->ledger);
  linked = (watch->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0;
  if (linked)
    lifecycle_ledger_remove (watch->ledger, &watch->entry);
  lifecycle_ledger_unlock (watch->ledger);

  if (linked)
    lifecycle_resource_unref (watch->resource);
}

/* Drops the references on the watched objects, so user code may run. */
void
lifecycle_resource_cut_watches (LifecycleResource *self)
{
  for (guint i = 0; i < LIFECYCLE_RESOURCE_MAX_WATCHES; i++)
    resource_watch_cut (&self->watches[i]);
  for (guint i = 0; i < LIFECYCLE_RESOURCE_MAX_WATCHES; i++)
    g_clear_object (&self->watches[i].held);
}

void
lifecycle_resource_free_watches (LifecycleResource *self)
{
  for (guint i = 0; i < LIFECYCLE_RESOURCE_MAX_WATCHES; i++)
    g_clear_pointer (&self->watches[i].ledger, lifecycle_ledger_unref);
}

/* Checks whether a watched object has been disposed since it was linked. */
gboolean
lifecycle_resource_has_lost_watch (LifecycleResource *self)
{
  for (guint i = 0; i < LIFECYCLE_RESOURCE_MAX_WATCHES; i++)
    {
      LifecycleResourceWatch *watch = &self->watches[i];
      gboolean linked;

      if (watch->ledger == NULL)
        continue;

      lifecycle_ledger_lock (watch->ledger);
      linked = (watch->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0;
      lifecycle_ledger_unlock (watch->ledger);
      if (!linked)
        return TRUE;
    }

  return FALSE;
}

/* Called on any thread when a watched object is disposed. */
static void
resource_watch_release (LifecycleLedger *ledger,
                        LifecycleEntry  *entry,
                        guint            flags)
{
  LifecycleResourceWatch *watch = LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleResourceWatch, entry);
  LifecycleResource *resource = watch->resource;

  lifecycle_resource_retire (resource);
  lifecycle_resource_unref (resource);
}

const LifecycleEntryClass lifecycle_resource_watch_class = {
  .release = resource_watch_release,
};
