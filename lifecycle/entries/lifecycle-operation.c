/* lifecycle-operation.c: asynchronous calls
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-facts-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-operation-private.h"
#include "lifecycle-scope-private.h"

/**
 * LifecycleOperation:
 *
 * An asynchronous call that belongs to a scope, or any other work that a close may have to wait
 * for.
 *
 * For a call in the style of GIO, [method@Scope.begin_async] creates the operation, which provides
 * the cancellable and the callback:
 *
 * ```c
 * LifecycleOperation *op =
 *   lifecycle_scope_begin_async (self->scope, "load", loaded_cb, self, NULL);
 *
 * g_file_load_contents_async (file, lifecycle_operation_get_cancellable (op),
 *                             lifecycle_operation_ready, op);
 * ```
 *
 * If the scope closes first, the call is cancelled, and `loaded_cb()` is not called, even if the
 * call has succeeded and its result is already on its way. The result is dropped without calling
 * the `_finish()` function, and frees whatever it holds.
 *
 * An operation lives until it has ended, even if that is later than its scope. It ends when
 * [func@Operation.ready] or [method@Operation.complete] has been called, or, if it was created by
 * [method@Scope.begin], when [method@Operation.end] has been called.
 *
 * Cancelling is only a request: a thread may continue to read into the caller's buffer long after
 * the scope has closed. Pass such memory to [method@Operation.keep], which frees it when the call
 * is over rather than when the scope closes.
 *
 * A call that a close must not cancel, such as saving a file, can be *shielded*; see
 * [method@Operation.set_shielded].
 *
 * All functions of an operation may be called on any thread.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (LifecycleOperation, lifecycle_operation,
                     lifecycle_operation_ref, lifecycle_operation_unref)

static void
operation_destroy_data (LifecycleOperation *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->destroy);

  if (destroy != NULL)
    destroy (self->user_data);
}

/* Removes the time limit of a shielded operation that has ended or been released: nothing waits for
 * it any more.
 */
static void
operation_drop_bound (LifecycleOperation *self)
{
  if (self->bound != NULL)
    {
      g_source_destroy (self->bound);
      g_clear_pointer (&self->bound, g_source_unref);
    }
}

/* Called at home when a close has waited for the shielded operation for as long as it should. */
static gboolean
operation_bound_cb (gpointer data)
{
  LifecycleOperation *self = data;

  lifecycle_ledger_lock (self->ledger);
  if (self->pending)
    {
      self->pending = FALSE;
      lifecycle_holdings_give_up_pending (lifecycle_ledger_get_holdings (self->ledger));
    }
  lifecycle_ledger_unlock (self->ledger);

  return G_SOURCE_REMOVE;
}

static void
operation_start_bound (LifecycleOperation *self)
{
  self->bound = g_timeout_source_new (self->shield_ms);
  g_source_set_static_name (self->bound, "Lifecycle operation");
  g_source_set_callback (self->bound, operation_bound_cb, lifecycle_operation_ref (self),
                         (GDestroyNotify) lifecycle_operation_unref);
  g_source_attach (self->bound, self->context);
}

/* Cancelling runs user code, so the muted phase only puts the cancellation in a list. */
static void
operation_mute (LifecycleLedger *ledger,
                LifecycleEntry  *entry)
{
  LifecycleOperation *self = lifecycle_operation_from_entry (entry);

  if (self->shielded)
    {
      /* If the result is on its way home, it is there before any time is up. */
      if (self->shield_ms > 0 && self->pending && self->context != NULL)
        operation_start_bound (self);
      return;
    }

  lifecycle_operation_ref (self);
  self->cancellation.type = LIFECYCLE_ENTRY_CANCELLATION;
  self->cancellation.flags = LIFECYCLE_ENTRY_LINKED | LIFECYCLE_ENTRY_MUTED;
  lifecycle_node_insert_after (&self->cancellation.node,
                               &lifecycle_ledger_ensure_muted (ledger)->foreign);
}

static void
operation_release (LifecycleLedger *ledger,
                   LifecycleEntry  *entry,
                   guint            flags)
{
  LifecycleOperation *self = lifecycle_operation_from_entry (entry);

  operation_drop_bound (self);
  /* The callback of a shielded operation has not been called yet, and needs its data. */
  if (!self->shielded)
    operation_destroy_data (self);
  lifecycle_operation_unref (self);
}

static char *
operation_describe_pending (LifecycleEntry *entry)
{
  LifecycleOperation *self = lifecycle_operation_from_entry (entry);
  const char *place;
  GString *what;

  if ((entry->flags & LIFECYCLE_ENTRY_ENDED) != 0)
    return NULL;

  what = g_string_new ("operation '");
  lifecycle_name_append (what, self->name != NULL ? self->name : "unnamed", LIFECYCLE_QUOTE_TEXT);
  g_string_append_printf (what, "', %.3f s old%s",
                          (double) lifecycle_operation_get_age (self) / 1000.0,
                          self->shielded ? ", shielded" : "");
  place = lifecycle_entry_get_place (entry);
  if (place != NULL)
    g_string_append_printf (what, ", begun %s %s", lifecycle_place_get_preposition (place), place);

  return g_string_free (what, FALSE);
}

static void
operation_describe (LifecycleEntry *entry,
                    LifecycleFacts *facts)
{
  LifecycleOperation *self = lifecycle_operation_from_entry (entry);

  facts->name = g_strdup (self->name);
  facts->callback = (gpointer) self->callback;
  facts->data = self->user_data;
  /* A call that is under way holds a reference on its cancellable. */
  facts->unused = self->callback != NULL &&
                  g_atomic_int_get ((gint *) &G_OBJECT (self->cancellable)->ref_count) == 1;
}

const LifecycleEntryClass lifecycle_operation_class = {
  .mute = operation_mute,
  .release = operation_release,
  .describe_pending = operation_describe_pending,
  .describe = operation_describe,
};

static void
cancellation_release (LifecycleLedger *ledger,
                      LifecycleEntry  *entry,
                      guint            flags)
{
  LifecycleOperation *self = LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleOperation, cancellation);

  g_cancellable_cancel (self->cancellable);
  lifecycle_operation_unref (self);
}

const LifecycleEntryClass lifecycle_cancellation_class = {
  .silent = TRUE,
  .release = cancellation_release,
};

/* The ledger is locked. The entry may still be waiting to be muted, if the scope is closing. */
static void
operation_end_locked (LifecycleOperation *self)
{
  self->entry.flags |= LIFECYCLE_ENTRY_ENDED;
  if (self->pending)
    {
      self->pending = FALSE;
      lifecycle_holdings_drop_pending (lifecycle_ledger_get_holdings (self->ledger));
    }
}

/* Finishes an operation whose call is over. Called at home, unless there is no callback to call and
 * nothing to free. Once the scope has ended or muted the operation, its callback is not called,
 * unless the operation is shielded.
 */
static void
operation_finish (LifecycleOperation *self,
                  GObject            *source_object,
                  GAsyncResult       *result)
{
  LifecycleLedger *ledger = self->ledger;
  gboolean live;
  gboolean shielded;

  lifecycle_ledger_lock (ledger);
  live = lifecycle_entry_is_live (&self->entry) &&
         (ledger->open || lifecycle_ledger_get_holdings (ledger)->moving ||
          self->callback == NULL || self->shielded);
  shielded = !live && self->shielded;
  if (live)
    lifecycle_ledger_remove (ledger, &self->entry);
  /* A close that waits for a shielded operation also waits for its callback. */
  if (!shielded)
    operation_end_locked (self);
  lifecycle_ledger_unlock (ledger);

  if ((live || shielded) && self->callback != NULL)
    self->callback (source_object, result, self->user_data);
  if (live || shielded)
    operation_destroy_data (self);

  if (shielded)
    {
      operation_drop_bound (self);
      lifecycle_ledger_lock (ledger);
      operation_end_locked (self);
      lifecycle_ledger_unlock (ledger);
    }

  lifecycle_operation_free_kept (self);
  if (live)
    lifecycle_operation_unref (self);
  lifecycle_operation_unref (self);
}

/* The home context was destroyed before the result got there, so the callback cannot be called. */
static void
operation_abandon (LifecycleOperation *self)
{
  LifecycleLedger *ledger = self->ledger;
  gboolean live;

  lifecycle_ledger_lock (ledger);
  live = lifecycle_entry_is_live (&self->entry);
  if (live)
    lifecycle_ledger_remove (ledger, &self->entry);
  operation_end_locked (self);
  lifecycle_ledger_unlock (ledger);

  lifecycle_holdings_note_abandoned (lifecycle_ledger_get_holdings (ledger), 1);
  if (live || self->shielded)
    operation_destroy_data (self);
  lifecycle_operation_free_kept (self);
  if (live)
    lifecycle_operation_unref (self);
  lifecycle_operation_unref (self);
}

/* A result on its way to the home context. */
typedef struct
{
  LifecycleOperation *operation;
  GObject            *source_object;
  GAsyncResult       *result;
} OperationResult;

static gboolean
operation_result_cb (gpointer data)
{
  OperationResult *result = data;

  operation_finish (g_steal_pointer (&result->operation), result->source_object, result->result);

  return G_SOURCE_REMOVE;
}

static void
operation_result_free (gpointer data)
{
  OperationResult *result = data;

  if (result->operation != NULL)
    operation_abandon (result->operation);

  g_clear_object (&result->source_object);
  g_clear_object (&result->result);
  g_free (result);
}

static void
operation_send_home (LifecycleOperation *self,
                     GObject            *source_object,
                     GAsyncResult       *async_result)
{
  OperationResult *result = g_new0 (OperationResult, 1);
  GMainContext *context;

  /* The home thread may be muting the operation, which needs the context, too. */
  lifecycle_ledger_lock (self->ledger);
  context = g_steal_pointer (&self->context);
  lifecycle_ledger_unlock (self->ledger);

  result->operation = self;
  g_set_object (&result->source_object, source_object);
  g_set_object (&result->result, async_result);

  lifecycle_post (context, G_PRIORITY_DEFAULT, "Lifecycle operation",
                  operation_result_cb, result, operation_result_free);
  /* A source in a context must not keep the context alive. This may be the last reference on the
   * context, and then the source and the result are freed here.
   */
  g_main_context_unref (context);
}

/* A scope that is being drained is still open, but takes no more operations. */
static gboolean
ledger_begin_operation (LifecycleLedger *ledger)
{
  LifecycleHoldings *holdings = lifecycle_ledger_get_holdings (ledger);

  if (!lifecycle_ledger_begin_add (ledger))
    return FALSE;
  if (!holdings->draining)
    return TRUE;

  lifecycle_ledger_unlock (ledger);
  lifecycle_holdings_note_late (holdings);
  return FALSE;
}

static LifecycleOperation *
scope_begin (LifecycleScope      *self,
             const char          *name,
             GAsyncReadyCallback  callback,
             gpointer             user_data,
             GDestroyNotify       destroy,
             const char          *place)
{
  LifecycleLedger *ledger = lifecycle_scope_get_ledger (self);
  LifecycleOperation *operation = g_new0 (LifecycleOperation, 1);

  operation->refs = 1;
  operation->ledger = lifecycle_ledger_ref (ledger);
  operation->context = g_main_context_ref (self->context);
  operation->home_thread = lifecycle_thread_ref (self->thread);
  operation->cancellable = g_cancellable_new ();
  operation->name = lifecycle_name_dup (name);
  operation->began = g_get_monotonic_time ();
  operation->callback = callback;
  operation->user_data = user_data;
  operation->destroy = destroy;

  if (callback != NULL && lifecycle_debug_has (LIFECYCLE_DEBUG_OPERATIONS))
    lifecycle_operation_watch (operation, TRUE);

  if (ledger_begin_operation (ledger))
    {
      lifecycle_operation_ref (operation);
      lifecycle_ledger_append (ledger, &operation->entry, LIFECYCLE_ENTRY_OPERATION, place);
      operation->pending = TRUE;
      lifecycle_holdings_add_pending (lifecycle_ledger_get_holdings (ledger));
      lifecycle_ledger_end_add (ledger);
    }
  else
    {
      /* Nothing is connected to the cancellable yet, so this runs no user code. */
      g_cancellable_cancel (operation->cancellable);
      operation_destroy_data (operation);
    }

  return operation;
}

/* Called on any thread when the call is over. */
static void
operation_complete (LifecycleOperation *self,
                    GObject            *source_object,
                    GAsyncResult       *result)
{
  gboolean wants_home;
  gboolean first;

  first = g_atomic_int_compare_and_exchange (&self->has_ended, FALSE, TRUE);
  g_return_if_fail (first);

  if (lifecycle_debug_has (LIFECYCLE_DEBUG_OPERATIONS))
    lifecycle_operation_watch (self, FALSE);

  /* An operation that the scope has already released has no callback to call. It only frees the
   * data that was kept for the call.
   */
  lifecycle_ledger_lock (self->ledger);
  wants_home = self->shielded || self->kept != NULL;
  if ((self->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
    wants_home |= self->callback != NULL || self->destroy != NULL;
  lifecycle_ledger_unlock (self->ledger);

  if (!wants_home)
    {
      operation_finish (self, source_object, result);
    }
  else if (lifecycle_home_enter (self->context, self->home_thread))
    {
      GMainContext *context = g_main_context_ref (self->context);

      operation_finish (self, source_object, result);
      g_main_context_release (context);
      g_main_context_unref (context);
    }
  else
    {
      operation_send_home (self, source_object, result);
    }
}

/**
 * lifecycle_scope_begin_async:
 * @self: a scope
 * @name: (nullable): a name for reports
 * @callback: (nullable) (scope notified) (closure user_data) (destroy destroy): the function to
 *   call with the result
 * @user_data: data to pass to @callback
 * @destroy: (nullable): a function to free @user_data
 *
 * Begins an asynchronous call that belongs to the scope.
 *
 * Pass the cancellable of the operation to the asynchronous function, together with
 * [func@Operation.ready] as the callback and the operation as its data. @callback is called at
 * home, on whatever thread the call completes; if the scope closes first, it is not called.
 * @destroy is called exactly once: after @callback, or when the scope releases the operation.
 *
 * On a closed scope the returned operation is already cancelled, @destroy is called at once, and
 * @callback will not be called. May be called on any thread.
 *
 * Returns: (transfer none): the operation, which lives until the call has completed
 *
 * Since: 1.0
 */
LifecycleOperation *
lifecycle_scope_begin_async_at (const char          *place,
                                LifecycleScope      *self,
                                const char          *name,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data,
                                GDestroyNotify       destroy)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  return scope_begin (self, name, callback, user_data, destroy, place);
}

/**
 * lifecycle_scope_begin:
 * @self: a scope
 * @name: (nullable): a name for reports
 *
 * Begins work that [method@Scope.close_async] has to wait for, until [method@Operation.end] is
 * called.
 *
 * The cancellable of the operation is cancelled when the scope closes. On a closed scope it is
 * already cancelled, and no close waits for the operation. May be called on any thread.
 *
 * Returns: (transfer none): the operation, which lives until it is ended
 *
 * Since: 1.0
 */
LifecycleOperation *
lifecycle_scope_begin_at (const char     *place,
                          LifecycleScope *self,
                          const char     *name)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  return scope_begin (self, name, NULL, NULL, NULL, place);
}

/**
 * lifecycle_operation_ref:
 * @self: an operation
 *
 * Takes a reference, which does not keep the operation from ending. May be called on any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
LifecycleOperation *
lifecycle_operation_ref (LifecycleOperation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->refs);

  return self;
}

/**
 * lifecycle_operation_unref:
 * @self: (transfer full): an operation
 *
 * Drops a reference. May be called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_operation_unref (LifecycleOperation *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_int_dec_and_test (&self->refs))
    {
      lifecycle_operation_free_kept (self);
      lifecycle_ledger_unref (self->ledger);
      g_clear_pointer (&self->context, g_main_context_unref);
      lifecycle_thread_unref (self->home_thread);
      g_object_unref (self->cancellable);
      g_free (self->name);
      g_free (self);
    }
}

/**
 * lifecycle_operation_get_cancellable:
 * @self: an operation
 *
 * Gets the cancellable for the call. It is cancelled when the scope closes; cancelling it cancels
 * only this operation. May be called on any thread.
 *
 * Returns: (transfer none): the cancellable, which lives as long as the operation
 *
 * Since: 1.0
 */
GCancellable *
lifecycle_operation_get_cancellable (LifecycleOperation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->cancellable;
}

/**
 * lifecycle_operation_get_name:
 * @self: an operation
 *
 * Gets the name of the operation. May be called on any thread.
 *
 * Returns: (transfer none) (nullable): the name
 *
 * Since: 1.0
 */
const char *
lifecycle_operation_get_name (LifecycleOperation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

/**
 * lifecycle_operation_get_age:
 * @self: an operation
 *
 * Gets the time since the operation began. May be called on any thread.
 *
 * Returns: the age, in milliseconds
 *
 * Since: 1.0
 */
gint64
lifecycle_operation_get_age (LifecycleOperation *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return (g_get_monotonic_time () - self->began) / 1000;
}

/**
 * lifecycle_operation_ready: (skip)
 * @source_object: (nullable): the object that the call was started on
 * @result: the result of the call
 * @operation: (type gpointer) (not nullable): the operation
 *
 * The callback to pass to an asynchronous function, with the operation as its data: it ends the
 * operation.
 *
 * It must be called exactly once, whether the scope is open or not, and may be called on any
 * thread. While the scope is open, it calls the operation's own callback. If the calling thread is
 * not at home, it sends the result to the home context first.
 *
 * Since: 1.0
 */
void
lifecycle_operation_ready (GObject      *source_object,
                           GAsyncResult *result,
                           gpointer      operation)
{
  LifecycleOperation *self = operation;

  g_return_if_fail (self != NULL);
  g_return_if_fail (G_IS_ASYNC_RESULT (result));

  operation_complete (self, source_object, result);
}

/**
 * lifecycle_operation_complete:
 * @self: (transfer none): an operation
 * @source_object: (nullable): the object that the call was started on
 * @result: the result of the call
 *
 * Ends the operation from your own callback. This does what [func@Operation.ready] does when it is
 * the callback itself.
 *
 * It must be called exactly once, whether the scope is open or not, and may be called on any
 * thread. The operation must not be used afterwards, unless you hold a reference of your own.
 *
 * Since: 1.0
 */
void
lifecycle_operation_complete (LifecycleOperation *self,
                              GObject            *source_object,
                              GAsyncResult       *result)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (source_object == NULL || G_IS_OBJECT (source_object));
  g_return_if_fail (G_IS_ASYNC_RESULT (result));

  operation_complete (self, source_object, result);
}

/**
 * lifecycle_operation_end:
 * @self: an operation that was created by [method@Scope.begin]
 *
 * Ends the operation. It must be called exactly once, whether the scope is open or not, and may be
 * called on any thread. The operation must not be used afterwards, unless you hold a reference of
 * your own.
 *
 * Since: 1.0
 */
void
lifecycle_operation_end (LifecycleOperation *self)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (self->callback == NULL);

  operation_complete (self, NULL, NULL);
}
