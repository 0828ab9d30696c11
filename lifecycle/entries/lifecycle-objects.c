/* lifecycle-objects.c: objects and data that a scope owns
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
  lifecycle_facts_set_object (facts, LIFECYCLE_ENTRY_CONTAINER (entry, ObjectEntry, entry)->object);
  facts->holds = TRUE;
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
  DataEntry *self = LIFECYCLE_ENTRY_CONTAINER (entry, DataEntry, entry);

  facts->callback = (gpointer) self->free_func;
  facts->data = self->data;
}

const LifecycleEntryClass lifecycle_data_class = {
  .release = data_release,
  .describe = data_describe,
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
 * Undoes the last call of [method@Scope.add_object] for @object: the scope drops its reference now.
 * To keep the object alive, hold a reference of your own.
 *
 * The cost grows with the number of entries that were added after the object. A closed scope holds
 * no objects, so there this returns %FALSE. Must be called at home.
 *
 * Returns: whether the scope held a reference
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
 * @data: (transfer full) (nullable): the data to take over
 * @free_func: a function to free @data
 *
 * Takes over @data, and frees it when the scope releases it.
 *
 * On a closed scope @data is freed at once, on the calling thread. May be called on any thread;
 * except on a closed scope, @free_func is called at home.
 *
 * Returns: (transfer none) (nullable): @data, or %NULL if it has been freed
 *
 * Since: 1.0
 */
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
