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
 * Something under way that belongs to a scope: an asynchronous call, or any other work that a close
 * may have to wait for.
 *
 * For a call in the style of GIO, [method@Scope.begin_async] gives the operation, which provides the
 * cancellable and the callback:
 *
 * ```c
 * LifecycleOperation *op =
 *   lifecycle_scope_begin_async (self->scope, "load", loaded_cb, self, NULL);
 *
 * g_file_load_contents_async (file, lifecycle_operation_get_cancellable (op),
 *                             lifecycle_operation_ready, op);
 * ```
 *
 * If the scope closes first, the call is cancelled, and `loaded_cb()` is not called, even if the call
 * has succeeded and its result is on the way. The result is dropped, unfinished, and frees what it
 * holds.
 *
 * An operation lives until it has ended, even past its scope. It ends when
 * [func@Operation.ready] has been called, or, if it was made by [method@Scope.begin],
 * [method@Operation.end].
 *
 * Cancelling is only a request: a thread may go on reading into the caller's buffer long after the
 * scope has closed. Give such memory to [method@Operation.keep], which frees it when the call is
 * over, not when the scope closes.
 *
 * A call that must not be cancelled by a close, such as a save, is *shielded*:
 * [method@Operation.set_shielded].
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

/* A shielded operation that ends, or is let go of, has nobody to wait for it any more. */
static void
operation_drop_bound (LifecycleOperation *self)
{
  if (self->bound != NULL)
    {
      g_source_destroy (self->bound);
      g_clear_pointer (&self->bound, g_source_unref);
    }
}

/* At home: a close has waited for the shielded operation for as long as it was told to. */
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

/* Cancelling runs user code, so phase one only makes a note of it. */
static void
operation_mute (LifecycleLedger *ledger,
                LifecycleEntry  *entry)
{
  LifecycleOperation *self = lifecycle_operation_from_entry (entry);

  if (self->shielded)
    {
      if (self->shield_ms > 0 && self->pending)
        operation_start_bound (self);
      return;
    }

  lifecycle_operation_ref (self);
  self->cancellation.type = LIFECYCLE_ENTRY_CANCELLATION;
  self->cancellation.flags = LIFECYCLE_ENTRY_LINKED | LIFECYCLE_ENTRY_MUTED;
  lifecycle_node_insert_after (&self->cancellation.node, &ledger->foreign);
}

static void
operation_release (LifecycleLedger *ledger,
                   LifecycleEntry  *entry,
                   guint            flags)
{
  LifecycleOperation *self = lifecycle_operation_from_entry (entry);

  operation_drop_bound (self);
  /* The callback of a shielded operation is still to come, and needs its data. */
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

/* The call is over. This is at home, unless there is nothing to call and nothing to free. Once the
 * scope has ended or muted the operation, its callback is not called, unless it is shielded.
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
  /* Who waits for a shielded operation waits for its callback, too. */
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

/* The home context has ended before the result got there. Nobody is left to be called. */
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

  if (live || self->shielded)
    operation_destroy_data (self);
  lifecycle_operation_free_kept (self);
  if (live)
    lifecycle_operation_unref (self);
  lifecycle_operation_unref (self);
}

/* A result on its way home. */
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
  GMainContext *context = g_steal_pointer (&self->context);

  result->operation = self;
  g_set_object (&result->source_object, source_object);
  g_set_object (&result->result, async_result);

  lifecycle_post (context, G_PRIORITY_DEFAULT, "Lifecycle operation",
                  operation_result_cb, result, operation_result_free);
  /* What waits in a context must not keep it: this may be its end, and then that of the result. */
  g_main_context_unref (context);
}

/* A scope that is being drained is open, and yet too late for this. */
static gboolean
ledger_begin_operation (LifecycleLedger *ledger)
{
  LifecycleHoldings *holdings = lifecycle_ledger_get_holdings (ledger);

  if (!lifecycle_ledger_begin_add (ledger))
    return FALSE;
  if (!holdings->draining)
    return TRUE;

  lifecycle_ledger_unlock (ledger);
  lifecycle_holdings_note (holdings, 1, 0);
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
      /* Nobody listens to it yet. */
      g_cancellable_cancel (operation->cancellable);
      operation_destroy_data (operation);
    }

  return operation;
}

/* On any thread: whether the calling one is at home, which it is until operation_leave_home(). */
static gboolean
operation_enter_home (LifecycleOperation *self)
{
  if (!lifecycle_thread_is_self (self->home_thread) && !g_main_context_is_owner (self->context))
    return FALSE;

  return g_main_context_acquire (self->context);
}

/* The call is over, on whatever thread. */
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

  /* What the scope has let go of has nobody to tell, and only frees what was kept for the call. */
  lifecycle_ledger_lock (self->ledger);
  wants_home = self->shielded || self->kept != NULL;
  if ((self->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
    wants_home |= self->callback != NULL || self->destroy != NULL;
  lifecycle_ledger_unlock (self->ledger);

  if (!wants_home)
    {
      operation_finish (self, source_object, result);
    }
  else if (operation_enter_home (self))
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
 * @name: (nullable): what to call it in reports
 * @callback: (nullable) (scope notified) (closure user_data) (destroy destroy): what to call with the
 *   result
 * @user_data: data for @callback
 * @destroy: (nullable): how to free @user_data
 *
 * Begins an asynchronous call that belongs to the scope.
 *
 * Give the function the cancellable of the operation, [func@Operation.ready] as the callback, and
 * the operation as its data. @callback is called at home, on whatever thread the call completes;
 * if the scope closes before, it is not called. @destroy is called exactly once: after @callback, or
 * when the scope releases the operation.
 *
 * On a closed scope the operation is cancelled already, @destroy is called at once, and @callback
 * will not be. May be called on any thread.
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
 * @name: (nullable): what to call it in reports
 *
 * Begins work that [method@Scope.close_async] has to wait for, until [method@Operation.end].
 *
 * The cancellable of the operation tells when the scope closes. On a closed scope it is cancelled
 * already, and nobody waits. May be called on any thread.
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
 * Takes a reference, which does not keep the operation from ending.
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
 * Drops a reference.
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
 * The cancellable for the call. It is cancelled when the scope is taken down; cancelling it cancels
 * this operation only. May be called on any thread.
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
 * What the operation is called. May be called on any thread.
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
 * How long ago the operation began. May be called on any thread.
 *
 * Returns: milliseconds
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
 * @source_object: (nullable): the object of the call
 * @result: its result
 * @operation: (type gpointer) (not nullable): the operation
 *
 * The callback to give to an asynchronous function, with the operation as its data: it ends the
 * operation.
 *
 * It has to be called exactly once, whether the scope is open or not, on any thread. While the scope
 * is open, it calls the operation's own callback; on another thread than home, the result travels
 * home first.
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
 * @source_object: (nullable): the object of the call
 * @result: its result
 *
 * Ends the operation, for a callback of one's own that has the operation at hand: what
 * [func@Operation.ready] does for C.
 *
 * It has to be called exactly once, whether the scope is open or not, on any thread. The operation
 * must not be used afterwards, unless there is another reference.
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
 * @self: an operation that [method@Scope.begin] gave
 *
 * Ends the operation. It has to be called exactly once, whether the scope is open or not, on any
 * thread.
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
