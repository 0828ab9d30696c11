/* lifecycle-objects.c: objects, adopted data, cleanups
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-facts-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-objects.h"
#include "lifecycle-operation-private.h"
#include "lifecycle-scope-private.h"

typedef struct
{
  LifecycleEntry  entry;
  GObject        *object;
} ObjectEntry;

typedef struct
{
  LifecycleEntry  entry;
  gpointer        data;
  GDestroyNotify  free_func;
} DataEntry;

typedef struct
{
  LifecycleEntry        entry;
  LifecycleCleanupFunc  func;
  gpointer              data;
  GDestroyNotify        destroy;
} CleanupEntry;

static void
object_release (LifecycleLedger *ledger,
                LifecycleEntry  *entry,
                guint            flags)
{
  ObjectEntry *self = LIFECYCLE_ENTRY_CONTAINER (entry, ObjectEntry, entry);
  GObject *object = g_steal_pointer (&self->object);

  g_free (self);
  g_object_unref (object);
}

static void
object_describe (LifecycleEntry *entry,
                 LifecycleFacts *facts)
{
  facts->type = G_OBJECT_TYPE (LIFECYCLE_ENTRY_CONTAINER (entry, ObjectEntry, entry)->object);
}

const LifecycleEntryClass lifecycle_object_class = {
  .release = object_release,
  .describe = object_describe,
};

static void
data_release (LifecycleLedger *ledger,
              LifecycleEntry  *entry,
              guint            flags)
{
  DataEntry *self = LIFECYCLE_ENTRY_CONTAINER (entry, DataEntry, entry);
  gpointer data = self->data;
  GDestroyNotify free_func = self->free_func;

  if (lifecycle_debug_has (LIFECYCLE_DEBUG_OPERATIONS))
    lifecycle_operation_check_freed (data, free_func, lifecycle_entry_get_place (entry));
  g_free (self);
  free_func (data);
}

static void
data_describe (LifecycleEntry *entry,
               LifecycleFacts *facts)
{
  facts->callback = (gpointer) LIFECYCLE_ENTRY_CONTAINER (entry, DataEntry, entry)->free_func;
}

const LifecycleEntryClass lifecycle_data_class = {
  .release = data_release,
  .describe = data_describe,
};

static void
cleanup_run (LifecycleScope       *scope,
             LifecycleReason       reason,
             LifecycleCleanupFunc  func,
             gpointer              data,
             GDestroyNotify        destroy,
             LifecycleEntry       *entry)
{
  GError *error = NULL;

  func (scope, reason, data, &error);
  if (error != NULL)
    lifecycle_scope_take_failure (scope, error, lifecycle_entry_get_place (entry));
  if (destroy != NULL)
    destroy (data);
}

static void
cleanup_release (LifecycleLedger *ledger,
                 LifecycleEntry  *entry,
                 guint            flags)
{
  CleanupEntry *self = LIFECYCLE_ENTRY_CONTAINER (entry, CleanupEntry, entry);
  CleanupEntry cleanup = *self;
  g_autoptr (LifecycleScope) scope = lifecycle_ledger_dup_scope (ledger);
  LifecycleReason reason = lifecycle_scope_get_reason (scope);

  g_free (self);
  cleanup_run (scope,
               reason != LIFECYCLE_REASON_NONE ? reason : LIFECYCLE_REASON_COMPLETED,
               cleanup.func, cleanup.data, cleanup.destroy,
               &cleanup.entry);
}

static void
cleanup_describe (LifecycleEntry *entry,
                  LifecycleFacts *facts)
{
  facts->callback = (gpointer) LIFECYCLE_ENTRY_CONTAINER (entry, CleanupEntry, entry)->func;
}

const LifecycleEntryClass lifecycle_cleanup_class = {
  .release = cleanup_release,
  .describe = cleanup_describe,
};

/**
 * lifecycle_scope_add_object:
 * @self: a scope
 * @object: (transfer none): an object
 *
 * Holds a reference on @object until the scope releases it.
 *
 * On a closed scope no reference is taken. May be called on any thread; the reference is dropped at
 * home.
 *
 * Returns: whether the scope holds a reference
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_object (LifecycleScope *self,
                            GObject        *object)
{
  return lifecycle_scope_add_object_at (NULL, self, object);
}

gboolean
lifecycle_scope_add_object_at (const char     *place,
                               LifecycleScope *self,
                               GObject        *object)
{
  LifecycleLedger *ledger;
  ObjectEntry *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (object), FALSE);

  ledger = lifecycle_scope_get_ledger (self);
  if (!lifecycle_ledger_begin_add (ledger))
    return FALSE;

  entry = g_new0 (ObjectEntry, 1);
  entry->object = g_object_ref (object);
  lifecycle_ledger_append (ledger, &entry->entry, LIFECYCLE_ENTRY_OBJECT, place);

  return lifecycle_ledger_end_add_of (ledger, &entry->entry);
}

/**
 * lifecycle_scope_steal_object:
 * @self: a scope
 * @object: (transfer none): an object
 *
 * Undoes [method@Scope.add_object], the last one of that object: the scope drops its reference now.
 * Keep one of your own to have the object live on.
 *
 * The cost grows with the number of entries that were added after the object. To be called at home.
 *
 * Returns: whether the scope had a reference
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_steal_object (LifecycleScope *self,
                              GObject        *object)
{
  LifecycleLedger *ledger;
  LifecycleEntry *found = NULL;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (G_IS_OBJECT (object), FALSE);

  ledger = lifecycle_scope_get_ledger (self);
  lifecycle_ledger_lock (ledger);
  LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
    {
      if (entry->type == LIFECYCLE_ENTRY_OBJECT &&
          LIFECYCLE_ENTRY_CONTAINER (entry, ObjectEntry, entry)->object == object)
        {
          found = entry;
          lifecycle_ledger_remove (ledger, found);
          break;
        }
    }
  lifecycle_ledger_unlock (ledger);

  if (found != NULL)
    object_release (ledger, found, 0);

  return found != NULL;
}

/**
 * lifecycle_scope_adopt: (skip)
 * @self: a scope
 * @data: (transfer full) (nullable): anything
 * @free_func: how to free it
 *
 * Frees @data when the scope releases it.
 *
 * On a closed scope that is at once. May be called on any thread; @free_func is called at home.
 *
 * Returns: (transfer none) (nullable): @data, or %NULL if it has been freed
 *
 * Since: 1.0
 */
gpointer
lifecycle_scope_adopt (LifecycleScope *self,
                       gpointer        data,
                       GDestroyNotify  free_func)
{
  return lifecycle_scope_adopt_at (NULL, self, data, free_func);
}

gpointer
lifecycle_scope_adopt_at (const char     *place,
                          LifecycleScope *self,
                          gpointer        data,
                          GDestroyNotify  free_func)
{
  LifecycleLedger *ledger;
  DataEntry *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (free_func != NULL, NULL);

  ledger = lifecycle_scope_get_ledger (self);
  if (!lifecycle_ledger_begin_add (ledger))
    {
      free_func (data);
      return NULL;
    }

  entry = g_new0 (DataEntry, 1);
  entry->data = data;
  entry->free_func = free_func;
  lifecycle_ledger_append (ledger, &entry->entry, LIFECYCLE_ENTRY_DATA, place);

  return lifecycle_ledger_end_add_of (ledger, &entry->entry) ? data : NULL;
}

/**
 * lifecycle_scope_defer:
 * @self: a scope
 * @func: (scope notified) (closure user_data) (destroy destroy): what to do when the scope ends
 * @user_data: data for @func
 * @destroy: (nullable): how to free @user_data, after @func has run
 *
 * Calls @func when the scope releases it, with the reason of the close.
 *
 * All cleanups run, whether others fail or not; see [method@Scope.get_error]. On a closed scope
 * @func is called at once, with the stored reason. May be called on any thread; @func is called at
 * home, or where it was added too late.
 *
 * Since: 1.0
 */
void
lifecycle_scope_defer (LifecycleScope       *self,
                       LifecycleCleanupFunc  func,
                       gpointer              user_data,
                       GDestroyNotify        destroy)
{
  lifecycle_scope_defer_at (NULL, self, func, user_data, destroy);
}

void
lifecycle_scope_defer_at (const char           *place,
                          LifecycleScope       *self,
                          LifecycleCleanupFunc  func,
                          gpointer              user_data,
                          GDestroyNotify        destroy)
{
  LifecycleLedger *ledger;
  CleanupEntry *entry;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (func != NULL);

  ledger = lifecycle_scope_get_ledger (self);
  if (!lifecycle_ledger_begin_add (ledger))
    {
      LifecycleEntry late = { .name = place, .added = lifecycle_entry_clock () };

      g_object_ref (self);
      cleanup_run (self, lifecycle_scope_get_reason (self), func, user_data, destroy, &late);
      if (lifecycle_scope_is_closed (self) && lifecycle_scope_peek_extra (self)->error == NULL)
        lifecycle_scope_settle_error (self);
      g_object_unref (self);
      return;
    }

  entry = g_new0 (CleanupEntry, 1);
  entry->func = func;
  entry->data = user_data;
  entry->destroy = destroy;
  lifecycle_ledger_append (ledger, &entry->entry, LIFECYCLE_ENTRY_CLEANUP, place);
  lifecycle_ledger_end_add (ledger);
}
