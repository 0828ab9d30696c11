/* lifecycle-operation-data.c: what a call may access until it is over
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-operation-private.h"

#ifdef HAVE_MALLOC_USABLE_SIZE
#include <malloc.h>
#endif

/* The running operations, if LIFECYCLE_DEBUG asks for the check. */
static GMutex watch_lock;
static GHashTable *watched;

void
lifecycle_operation_watch (LifecycleOperation *self,
                           gboolean            under_way)
{
  g_mutex_lock (&watch_lock);
  if (watched == NULL)
    watched = g_hash_table_new (NULL, NULL);
  if (under_way)
    g_hash_table_add (watched, self);
  else
    g_hash_table_remove (watched, self);
  g_mutex_unlock (&watch_lock);
}

/* Gets the size of a block of memory, or 1 if it is not known. */
static gsize
memory_get_size (gpointer       data,
                 GDestroyNotify free_func)
{
#ifdef HAVE_MALLOC_USABLE_SIZE
  if (free_func == g_free || free_func == free)
    return MAX (malloc_usable_size (data), 1);
#endif

  return 1;
}

/* Called when the scope is about to free adopted data. The user data of a call often is, or
 * contains, the buffer that the call reads into.
 */
void
lifecycle_operation_check_freed (gpointer        data,
                                 GDestroyNotify  free_func,
                                 const char     *place)
{
  gsize size = memory_get_size (data, free_func);
  g_autofree char *operation = NULL;
  GHashTableIter iter;
  gpointer key;

  g_mutex_lock (&watch_lock);
  if (watched != NULL)
    {
      g_hash_table_iter_init (&iter, watched);
      while (operation == NULL && g_hash_table_iter_next (&iter, &key, NULL))
        {
          LifecycleOperation *self = key;

          if ((guintptr) self->user_data - (guintptr) data < size)
            {
              g_autofree char *name = lifecycle_name_quote (self->name, LIFECYCLE_QUOTE_TEXT);
              const char *begun = lifecycle_entry_get_place (&self->entry);

              operation = g_strdup_printf ("'%s'%s%s%s%s",
                                           name != NULL ? name : "unnamed",
                                           begun != NULL ? ", begun " : "",
                                           begun != NULL ? lifecycle_place_get_preposition (begun) : "",
                                           begun != NULL ? " " : "",
                                           begun != NULL ? begun : "");
            }
        }
    }
  g_mutex_unlock (&watch_lock);

  if (operation != NULL)
    g_warning ("Memory adopted%s%s is freed before the end of operation %s. "
               "If the operation uses this memory, pass it to lifecycle_operation_keep() instead.",
               place != NULL ? " at " : "", place != NULL ? place : "", operation);
}

/* Called at home when the call is over. Frees the newest first. */
void
lifecycle_operation_free_kept (LifecycleOperation *self)
{
  LifecycleKept *kept;

  lifecycle_ledger_lock (self->ledger);
  kept = g_steal_pointer (&self->kept);
  self->progress = NULL;
  lifecycle_ledger_unlock (self->ledger);

  while (kept != NULL)
    {
      LifecycleKept *older = kept->older;

      kept->free_func (kept->data);
      g_free (kept);
      kept = older;
    }
}

static void
operation_keep (LifecycleOperation *self,
                gpointer            data,
                GDestroyNotify      free_func)
{
  LifecycleKept *kept = g_new (LifecycleKept, 1);

  kept->data = data;
  kept->free_func = free_func;

  lifecycle_ledger_lock (self->ledger);
  kept->older = self->kept;
  self->kept = kept;
  lifecycle_ledger_unlock (self->ledger);
}

/**
 * lifecycle_operation_keep: (skip)
 * @self: an operation that has not ended
 * @data: (not nullable) (transfer full): memory that the call may access, such as the buffer that
 *   it reads into
 * @free_func: a function to free @data
 *
 * Keeps memory alive for as long as the call may access it.
 *
 * Closing a scope cancels its calls, but cancelling is only a request: work that GIO does in a
 * thread, such as reading from a file, continues until the system call returns. By then the data
 * that the scope itself owns has been freed. Data that the operation keeps is freed when the call
 * has completed, that is, when [func@Operation.ready], [method@Operation.complete] or
 * [method@Operation.end] has been called, and after the operation's own callback. It is never freed
 * earlier, and is freed exactly once, newest first.
 *
 * @free_func is called at home. If no thread runs the home context any more, it is called on the
 * thread that destroys that context.
 *
 * May be called on any thread, even after the scope has closed.
 *
 * Returns: (transfer none): @data, which is valid until the operation has ended
 *
 * Since: 1.0
 */
gpointer
lifecycle_operation_keep (LifecycleOperation *self,
                          gpointer            data,
                          GDestroyNotify      free_func)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (data != NULL, NULL);
  g_return_val_if_fail (free_func != NULL, NULL);

  operation_keep (self, data, free_func);

  return data;
}

/**
 * lifecycle_operation_keep_object:
 * @self: an operation that has not ended
 * @object: an object that the call uses; a reference is taken
 *
 * Holds a reference on an object for as long as the call may use it.
 *
 * The reference is dropped when, and on the thread where, [method@Operation.keep] would free data.
 * May be called on any thread, even after the scope has closed.
 *
 * Since: 1.0
 */
void
lifecycle_operation_keep_object (LifecycleOperation *self,
                                 GObject            *object)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (G_IS_OBJECT (object));

  operation_keep (self, g_object_ref (object), g_object_unref);
}

/**
 * lifecycle_operation_set_progress:
 * @self: an operation whose call has not started yet
 * @func: (nullable) (scope notified) (closure data) (destroy destroy): the function to call with
 *   the progress
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Sets the function that [func@Operation.progress] calls.
 *
 * ```c
 * lifecycle_operation_set_progress (op, copied_cb, self, NULL);
 * g_file_copy_async (source, destination, G_FILE_COPY_NONE, G_PRIORITY_DEFAULT,
 *                    lifecycle_operation_get_cancellable (op),
 *                    lifecycle_operation_progress, op,
 *                    lifecycle_operation_ready, op);
 * ```
 *
 * @func is called on the thread on which the call reports its progress. It is not called any more
 * once the scope is muted, nor on a closed scope. @data is kept until the call is over: @destroy is
 * called when, and on the thread where, [method@Operation.keep] would free data. May be called on
 * any thread.
 *
 * Since: 1.0
 */
void
lifecycle_operation_set_progress (LifecycleOperation    *self,
                                  GFileProgressCallback  func,
                                  gpointer               data,
                                  GDestroyNotify         destroy)
{
  g_return_if_fail (self != NULL);

  lifecycle_ledger_lock (self->ledger);
  self->progress = func;
  self->progress_data = data;
  lifecycle_ledger_unlock (self->ledger);

  if (destroy != NULL)
    operation_keep (self, data, destroy);
}

/**
 * lifecycle_operation_progress: (skip)
 * @current_num_bytes: the number of bytes processed so far
 * @total_num_bytes: the total number of bytes
 * @operation: (type gpointer): the operation
 *
 * The progress callback to pass to an asynchronous function, with the operation as its data.
 *
 * Calls the function set by [method@Operation.set_progress], if the scope is still open, on the
 * calling thread. May be called on any thread, but must not be called after [func@Operation.ready].
 *
 * Since: 1.0
 */
void
lifecycle_operation_progress (goffset  current_num_bytes,
                              goffset  total_num_bytes,
                              gpointer operation)
{
  LifecycleOperation *self = operation;
  LifecycleLedger *ledger;
  GFileProgressCallback func = NULL;
  gpointer data = NULL;

  g_return_if_fail (self != NULL);

  ledger = self->ledger;
  lifecycle_ledger_lock (ledger);
  if (lifecycle_entry_is_live (&self->entry) && 
      (ledger->open || lifecycle_ledger_get_holdings (ledger)->moving))
    {
      func = self->progress;
      data = self->progress_data;
    }
  lifecycle_ledger_unlock (ledger);

  if (func != NULL)
    func (current_num_bytes, total_num_bytes, data);
}

/**
 * lifecycle_operation_set_shielded:
 * @self: an operation that has not ended
 * @timeout_ms: how long a close waits for the operation at most, in milliseconds, or 0 for no limit
 *   of its own
 *
 * Lets the operation finish even if the scope closes.
 *
 * For example, saving a file must not be cancelled because its tab is closed. When the scope
 * closes, a shielded operation is not cancelled, and its callback is called once, at home, when the
 * call completes:
 *
 * - [method@Scope.close_async] waits for it, for at most @timeout_ms or its own time-out, whichever
 *   is shorter. The callback is called while the scope is muted and nothing has been released, so
 *   it may use what the scope owns. An operation that takes longer is named in the error, and
 *   continues.
 * - [method@Scope.close] does not wait. Everything else is released at once. The callback is called
 *   later, and must not use anything that the scope owned, only its own data and data that the
 *   operation keeps with [method@Operation.keep].
 *
 * The callback reports errors with [method@Operation.fail]. Its data is freed after it returns.
 *
 * If no thread runs the home context any more when the call completes, the callback is not called,
 * and its data is freed.
 *
 * On a closed scope this has no effect, because the operation is already cancelled. May be called
 * on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_operation_set_shielded (LifecycleOperation *self,
                                  guint               timeout_ms)
{
  g_return_if_fail (self != NULL);

  lifecycle_ledger_lock (self->ledger);
  if (lifecycle_entry_is_live (&self->entry))
    {
      self->shielded = TRUE;
      self->shield_ms = timeout_ms;
    }
  lifecycle_ledger_unlock (self->ledger);
}

/**
 * lifecycle_operation_get_shielded:
 * @self: an operation
 *
 * Checks whether a close lets the operation finish. May be called on any thread.
 *
 * Returns: whether the operation is shielded
 *
 * Since: 1.0
 */
gboolean
lifecycle_operation_get_shielded (LifecycleOperation *self)
{
  gboolean shielded;

  g_return_val_if_fail (self != NULL, FALSE);

  lifecycle_ledger_lock (self->ledger);
  shielded = self->shielded;
  lifecycle_ledger_unlock (self->ledger);

  return shielded;
}

/**
 * lifecycle_operation_fail:
 * @self: an operation
 * @error: (transfer full): the error
 *
 * Reports an error as a failure of the scope, like the error of a cleanup.
 *
 * This is for the callback of a shielded operation, whose scope may be closing:
 * [method@Scope.close_async] reports the error to its caller. If the scope has already closed,
 * nothing can receive the error any more, so it is logged as a warning.
 *
 * May be called on any thread until the operation has ended.
 *
 * Since: 1.0
 */
void
lifecycle_operation_fail (LifecycleOperation *self,
                          GError             *error)
{
  g_autofree char *name = NULL;
  g_autofree char *what = NULL;
  LifecycleScope *scope;

  g_return_if_fail (self != NULL);
  g_return_if_fail (error != NULL);

  name = lifecycle_name_quote (self->name, LIFECYCLE_QUOTE_TEXT);
  what = g_strdup_printf ("operation '%s'", name != NULL ? name : "unnamed");
  scope = lifecycle_ledger_dup_scope (self->ledger);
  if (scope != NULL && !lifecycle_scope_is_closed (scope))
    {
      lifecycle_scope_take_failure_of (scope, error, what,
                                       lifecycle_entry_get_place (&self->entry));
    }
  else
    {
      g_warning ("The %s failed after its scope had closed: %s", what, error->message);
      g_error_free (error);
    }
  g_clear_object (&scope);
}
