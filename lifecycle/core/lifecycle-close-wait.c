/* lifecycle-close-wait.c: the wait of a scope for pending work
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-close-wait-private.h"
#include "lifecycle-error.h"
#include "lifecycle-home-private.h"
#include "lifecycle-teardown-private.h"

typedef struct
{
  LifecycleCloseWait *close_wait;
  GTask              *task;     /* NULL if nobody wants the result */
  GSource            *cancel;
} Waiter;

void
lifecycle_close_wait_unref (gpointer data)
{
  LifecycleCloseWait *self = data;

  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  g_clear_pointer (&self->context, g_main_context_unref);
  g_ptr_array_unref (self->scopes);
  g_ptr_array_unref (self->waiters);
  g_clear_error (&self->overdue);
  g_free (self);
}

LifecycleCloseWait *
lifecycle_close_wait_ref (LifecycleCloseWait *self)
{
  g_atomic_int_inc (&self->refs);

  return self;
}

static void
waiter_stop_listening (Waiter *waiter)
{
  if (waiter->cancel != NULL)
    {
      g_source_destroy (waiter->cancel);
      g_clear_pointer (&waiter->cancel, g_source_unref);
    }
}

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  waiter_stop_listening (waiter);
  g_clear_object (&waiter->task);
  g_free (waiter);
}

/* Stops watching the scopes, so that their ledgers no longer wake this close wait. Holdings that
 * have moved to another scope have already dropped it.
 */
static void
close_wait_forget_scopes (LifecycleCloseWait *self)
{
  g_autoptr (GPtrArray) scopes = g_steal_pointer (&self->scopes);

  self->scopes = g_ptr_array_new_with_free_func (g_object_unref);
  g_clear_pointer (&self->away, g_ptr_array_unref);
  for (guint i = 0; i < scopes->len; i++)
    {
      LifecycleHoldings *holdings = lifecycle_scope_get_holdings (g_ptr_array_index (scopes, i));
      GSList *link;

      lifecycle_ledger_lock (&holdings->ledger);
      link = g_slist_find (lifecycle_holdings_peek_extra (holdings)->close_waits, self);
      if (link != NULL)
        holdings->extra->close_waits = g_slist_delete_link (holdings->extra->close_waits, link);
      lifecycle_ledger_unlock (&holdings->ledger);

      if (link != NULL)
        lifecycle_close_wait_unref (self);
    }
}

static void
close_wait_let_go (LifecycleCloseWait *self)
{
  close_wait_forget_scopes (self);

  if (self->timeout != NULL)
    {
      g_source_destroy (self->timeout);
      g_clear_pointer (&self->timeout, g_source_unref);
    }
}

/* Sets `gave_up` if the wait for something that is still running has been given up. */
gboolean
lifecycle_close_wait_has_pending (LifecycleCloseWait *self,
                                  gboolean           *gave_up)
{
  *gave_up = FALSE;

  for (guint i = 0; i < self->scopes->len; i++)
    {
      LifecycleScope *scope = g_ptr_array_index (self->scopes, i);
      LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
      gboolean pending;

      lifecycle_ledger_lock (&holdings->ledger);
      pending = holdings->n_pending > 0 && !holdings->home_gone && !lifecycle_scope_is_closed (scope);
      *gave_up |= holdings->gave_up;
      lifecycle_ledger_unlock (&holdings->ledger);
      if (pending)
        return TRUE;
    }

  return FALSE;
}

/* Called at home. Keeps the scopes alive until the release is over: in a circle of followers, the
 * root may close, and the close wait end, before the others do.
 */
static guint
close_wait_release (LifecycleCloseWait *self,
                    LifecycleScope     *scope)
{
  GPtrArray *scopes = g_ptr_array_ref (self->scopes);
  guint n_released = lifecycle_teardown_finish (scope, self->began);

  g_ptr_array_unref (scopes);

  return n_released;
}

/* The ledger is locked. */
static void
ledger_list_pending (LifecycleNode *list,
                     GPtrArray     *found)
{
  LIFECYCLE_LIST_FOREACH_REVERSE (entry, list)
    {
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);
      char *what = class->describe_pending != NULL ? class->describe_pending (entry) : NULL;

      if (what != NULL)
        g_ptr_array_add (found, what);
    }
}

/* Returns an error that lists what is still pending, each with the path of its scope; NULL if all
 * of it has just ended.
 */
static GError *
close_wait_describe (LifecycleCloseWait *self)
{
  g_autoptr (GString) message = g_string_new (NULL);
  LifecycleScopeList scopes;
  guint n = 0;

  lifecycle_scope_list_init (&scopes);
  lifecycle_scope_list_take (&scopes, g_object_ref (self->root));
  for (guint i = 1; i < self->scopes->len; i++)
    lifecycle_scope_list_take (&scopes, g_object_ref (g_ptr_array_index (self->scopes, i)));

  for (guint i = 0; i < scopes.n_items; i++)
    {
      LifecycleScope *scope = scopes.items[i];
      LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
      LifecycleLedger *ledger = &holdings->ledger;
      g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);

      lifecycle_ledger_lock (ledger);
      if (ledger->muted != NULL)
        ledger_list_pending (&ledger->muted->others, found);
      ledger_list_pending (&ledger->live, found);
      /* A clear() has released these entries, but what they stood for is still running. */
      if (holdings->n_pending > found->len && !lifecycle_scope_is_closed (scope))
        g_ptr_array_add (found, g_strdup_printf ("%u more, already released",
                                                 holdings->n_pending - found->len));
      lifecycle_ledger_unlock (ledger);

      if (found->len > 0)
        {
          g_autofree char *path = lifecycle_scope_get_path (scope);

          for (guint j = 0; j < found->len; j++)
            g_string_append_printf (message, "%s%s: %s", n++ > 0 ? "; " : "", path,
                                    (const char *) g_ptr_array_index (found, j));
        }

      /* A close wait that has joined that of a scope above has no list of its own. */
      if (self->scopes->len == 0)
        lifecycle_scope_list_children (&scopes, scope, NULL);
    }
  lifecycle_scope_list_clear (&scopes);

  if (n == 0)
    return NULL;

  return g_error_new (LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT,
                      "Closed without waiting any longer for %s", message->str);
}

/* Remembers what is still pending, and will not be waited for. */
static void
close_wait_note_overdue (LifecycleCloseWait *self)
{
  GError *overdue = close_wait_describe (self);

  if (overdue != NULL)
    {
      g_clear_error (&self->overdue);
      self->overdue = overdue;
    }
}

/* Returns whether something is pending in a scope whose home is gone. */
static gboolean
close_wait_is_cut_off (LifecycleCloseWait *self)
{
  gboolean cut_off = FALSE;

  for (guint i = 0; i < self->scopes->len && !cut_off; i++)
    {
      LifecycleHoldings *holdings = lifecycle_scope_get_holdings (g_ptr_array_index (self->scopes, i));

      lifecycle_ledger_lock (&holdings->ledger);
      cut_off = holdings->n_pending > 0 && holdings->home_gone;
      lifecycle_ledger_unlock (&holdings->ledger);
    }

  return cut_off;
}

/* Called at home, in a drain. Closes the scope if nothing is pending any more. */
void
lifecycle_close_wait_end_drain (LifecycleCloseWait *self)
{
  gboolean gave_up;

  if (!self->draining || lifecycle_close_wait_has_pending (self, &gave_up))
    return;

  if (close_wait_is_cut_off (self))
    close_wait_note_overdue (self);
  lifecycle_close_wait_start (self, TRUE);
}

static gboolean
close_wait_woken_cb (gpointer data)
{
  LifecycleCloseWait *self = data;
  gboolean gave_up;

  g_atomic_int_set (&self->woken, FALSE);

  if (self->draining)
    {
      lifecycle_close_wait_end_drain (self);
      return G_SOURCE_REMOVE;
    }

  /* Once the release has begun, nothing is left to do. */
  if (self->scopes->len > 0 && self->root->awaiting_release &&
      !self->root->releasing && !lifecycle_close_wait_has_pending (self, &gave_up))
    {
      if (gave_up)
        close_wait_note_overdue (self);
      close_wait_release (self, self->root);
    }

  return G_SOURCE_REMOVE;
}

/* Called on any thread, with a ledger locked. */
static void
close_wait_wake (LifecycleWait *wait)
{
  LifecycleCloseWait *self = (LifecycleCloseWait *) wait;

  if (g_atomic_int_compare_and_exchange (&self->woken, FALSE, TRUE))
    lifecycle_post (self->context, G_PRIORITY_HIGH, "Lifecycle close_async",
                    close_wait_woken_cb, lifecycle_close_wait_ref (self), lifecycle_close_wait_unref);
}

/* Called at home. Returns the close wait that delays the release of the scope: its own, or that of
 * a scope above it, which is at home here, too. There may be drains of scopes that are not.
 */
static LifecycleCloseWait *
scope_peek_close_wait (LifecycleScope *scope)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
  LifecycleCloseWait *found = NULL;

  if (lifecycle_scope_is_closed (scope) || scope->releasing ||
      !lifecycle_holdings_has_waits (holdings))
    return NULL;

  lifecycle_ledger_lock (&holdings->ledger);
  for (GSList *link = holdings->extra->close_waits; link != NULL && found == NULL; link = link->next)
    {
      LifecycleCloseWait *close_wait = link->data;

      if (close_wait->home == scope->context && close_wait->root->awaiting_release)
        found = close_wait;
    }
  lifecycle_ledger_unlock (&holdings->ledger);

  return found;
}

/* Called at home. Releases the scope if its release is being delayed; returns whether it was. */
gboolean
lifecycle_close_wait_cut_short (LifecycleScope *scope,
                                guint          *n_released)
{
  LifecycleCloseWait *close_wait = scope_peek_close_wait (scope);

  if (close_wait == NULL)
    return FALSE;

  *n_released = close_wait_release (close_wait, scope);

  return TRUE;
}

gboolean
lifecycle_close_wait_is_waiting (LifecycleCloseWait *self)
{
  return lifecycle_scope_peek_extra (self->root)->close_wait == &self->base &&
         scope_peek_close_wait (self->root) != NULL;
}

/* Called at home. Releases everything without waiting any longer. A scope that is being drained may
 * have been closed with one above it, and then its release waits with that one. If it has only been
 * marked, by another thread, what follows may never come: the home may be gone.
 */
void
lifecycle_close_wait_give_up (LifecycleCloseWait *self)
{
  if (self->draining && !self->root->in_teardown)
    {
      close_wait_note_overdue (self);
      lifecycle_close_wait_start (self, FALSE);
    }
  else if (lifecycle_close_wait_is_waiting (self))
    {
      close_wait_note_overdue (self);
      close_wait_release (self, self->root);
    }
  else
    {
      self->expired = TRUE;
    }
}

static gboolean
close_wait_timed_out_cb (gpointer data)
{
  lifecycle_close_wait_give_up (data);

  return G_SOURCE_REMOVE;
}

static void
close_wait_abandoned_cb (LifecycleScope *scope,
                         gpointer        data)
{
  lifecycle_close_wait_give_up (data);
}

/* Callers that join a close wait can shorten it, but not extend it. */
void
lifecycle_close_wait_set_timeout (LifecycleCloseWait *self,
                                  guint               timeout_ms)
{
  gint64 ready_time = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  LifecycleLedger *ledger;

  if (timeout_ms == 0 ||
      (self->timeout != NULL && g_source_get_ready_time (self->timeout) <= ready_time))
    return;

  if (self->timeout == NULL)
    {
      self->timeout = g_timeout_source_new (timeout_ms);
      g_source_set_static_name (self->timeout, "Lifecycle close_async");
      g_source_set_callback (self->timeout, close_wait_timed_out_cb,
                             lifecycle_close_wait_ref (self), lifecycle_close_wait_unref);
      g_source_attach (self->timeout, self->context);
    }
  g_source_set_ready_time (self->timeout, ready_time);

  ledger = lifecycle_scope_lock_ledger (self->root);
  lifecycle_scope_ensure_extra (self->root)->waits_until = ready_time;
  lifecycle_ledger_unlock (ledger);
}

/* Returns the result of a close: what was overdue, if anything, and the failures of cleanups. */
void
lifecycle_close_wait_return (GTask          *task,
                             LifecycleScope *scope,
                             const GError   *overdue)
{
  g_autoptr (GError) error = lifecycle_scope_dup_error (scope);

  if (overdue != NULL && error != NULL)
    g_task_return_new_error (task, overdue->domain, overdue->code, "%s; %s",
                             overdue->message, error->message);
  else if (overdue != NULL)
    g_task_return_error (task, g_error_copy (overdue));
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
close_wait_base_unref (LifecycleWait *wait)
{
  lifecycle_close_wait_unref (wait);
}

static void
close_wait_scope_closed (LifecycleWait  *wait,
                         LifecycleScope *scope)
{
  LifecycleCloseWait *self = (LifecycleCloseWait *) wait;
  g_autoptr (GPtrArray) waiters = NULL;

  lifecycle_scope_peek_extra (scope)->close_wait = NULL;
  self->draining = FALSE;
  close_wait_let_go (self);
  lifecycle_home_call_cancel (g_steal_pointer (&self->abandoned));
  /* No ledger can wake this any more. A wake-up that is still in the context must not keep it. */
  g_clear_pointer (&self->context, g_main_context_unref);

  waiters = g_steal_pointer (&self->waiters);
  self->waiters = g_ptr_array_new_with_free_func (waiter_free);

  /* The callback of one waiter may run the main loop: make sure that no other is cancelled then. */
  for (guint i = 0; i < waiters->len; i++)
    waiter_stop_listening (g_ptr_array_index (waiters, i));
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = g_ptr_array_index (waiters, i);

      if (waiter->task != NULL)
        lifecycle_close_wait_return (waiter->task, scope, self->overdue);
    }

  lifecycle_close_wait_unref (self);
}

static gboolean
wait_cancelled_cb (GCancellable *cancellable,
                   gpointer      data)
{
  Waiter *waiter = data;
  g_autoptr (GTask) task = g_object_ref (waiter->task);

  /* This cancels the wait only: the close goes on. */
  g_ptr_array_remove (waiter->close_wait->waiters, waiter);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

/* The task may be NULL. */
void
lifecycle_close_wait_add_waiter (LifecycleCloseWait *self,
                                 GTask              *task)
{
  GCancellable *cancellable = task != NULL ? g_task_get_cancellable (task) : NULL;
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->close_wait = self;
  g_set_object (&waiter->task, task);
  g_ptr_array_add (self->waiters, waiter);

  if (cancellable != NULL)
    {
      waiter->cancel = g_cancellable_source_new (cancellable);
      g_source_set_static_name (waiter->cancel, "Lifecycle close_async");
      g_source_set_callback (waiter->cancel, G_SOURCE_FUNC (wait_cancelled_cb), waiter, NULL);
      g_source_attach (waiter->cancel, self->context);
    }
}

/* Called at home. Returns the close wait of a scope that is not closed, created on demand. */
LifecycleCloseWait *
lifecycle_close_wait_ensure (LifecycleScope *scope)
{
  LifecycleExtra *extra = lifecycle_scope_ensure_extra (scope);
  LifecycleCloseWait *self = (LifecycleCloseWait *) extra->close_wait;

  if (self == NULL)
    {
      self = g_new0 (LifecycleCloseWait, 1);
      self->base.wake = close_wait_wake;
      self->base.scope_closed = close_wait_scope_closed;
      self->base.unref = close_wait_base_unref;
      self->refs = 1;
      self->root = scope;
      self->began = g_get_monotonic_time ();
      self->home = scope->context;
      self->context = g_main_context_ref (scope->context);
      self->waiters = g_ptr_array_new_with_free_func (waiter_free);
      self->scopes = g_ptr_array_new_with_free_func (g_object_unref);
      extra->close_wait = &self->base;
      self->abandoned = lifecycle_home_call_new (scope, close_wait_abandoned_cb,
                                                 lifecycle_close_wait_ref (self),
                                                 lifecycle_close_wait_unref);
    }

  return self;
}

/* The home of a scope that is being drained with one elsewhere is gone. Its operations may end, but that
 * is never seen there.
 */
static void
close_wait_away_abandoned_cb (LifecycleScope *scope,
                              gpointer        data)
{
  LifecycleHoldings *holdings = lifecycle_scope_lock_holdings (scope);

  holdings->home_gone = TRUE;
  lifecycle_holdings_wake_waits (holdings);
  lifecycle_ledger_unlock (&holdings->ledger);
}

static void
close_wait_watch_home (LifecycleCloseWait *self,
                       LifecycleScope     *scope)
{
  if (self->away == NULL)
    self->away = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_home_call_cancel);
  g_ptr_array_add (self->away, lifecycle_home_call_new (scope, close_wait_away_abandoned_cb, NULL, NULL));
}

/* Called at home. Adds a scope whose ledger wakes the close wait when nothing is pending. */
void
lifecycle_close_wait_watch (LifecycleCloseWait *self,
                            LifecycleScope     *scope)
{
  LifecycleHoldings *holdings = lifecycle_scope_lock_holdings (scope);
  LifecycleHoldingsExtra *extra;

  g_ptr_array_add (self->scopes, g_object_ref (scope));
  extra = lifecycle_holdings_ensure_extra (holdings);
  extra->close_waits = g_slist_prepend (extra->close_waits, lifecycle_close_wait_ref (self));
  if (self->draining)
    holdings->draining = TRUE;
  lifecycle_ledger_unlock (&holdings->ledger);

  if (scope->context != self->home)
    close_wait_watch_home (self, scope);
}

typedef struct
{
  LifecycleCloseWait *close_wait;
  LifecycleScope     *scope;
} Forgotten;

static gboolean
forgotten_cb (gpointer data)
{
  Forgotten *self = data;

  if (g_ptr_array_remove (self->close_wait->scopes, self->scope))
    close_wait_woken_cb (self->close_wait);

  return G_SOURCE_REMOVE;
}

static void
forgotten_free (gpointer data)
{
  Forgotten *self = data;

  g_object_unref (self->scope);
  lifecycle_close_wait_unref (self->close_wait);
  g_free (self);
}

/* Called on any thread, with the ledger of the scope locked, whose link to the close wait the caller
 * removes. Goes on without that scope, in a moment: the close wait may be at home elsewhere.
 */
void
lifecycle_close_wait_forget_later (LifecycleCloseWait *self,
                                   LifecycleScope     *scope)
{
  Forgotten *forgotten = g_new (Forgotten, 1);

  forgotten->close_wait = lifecycle_close_wait_ref (self);
  forgotten->scope = g_object_ref (scope);
  lifecycle_post (self->context, G_PRIORITY_HIGH, "Lifecycle close_async",
                  forgotten_cb, forgotten, forgotten_free);
  /* cppcheck-suppress memleak ; the source has it */
}

/* Called at home. Ends a drain. Performs the close except for the release, and the release as well
 * unless `waits` is set and something is pending.
 */
void
lifecycle_close_wait_start (LifecycleCloseWait *self,
                            gboolean            waits)
{
  LifecycleScope *scope = self->root;
  LifecycleScopeList scopes;
  gboolean gave_up;

  lifecycle_close_wait_ref (self);
  g_object_ref (scope);

  if (self->draining)
    {
      self->draining = FALSE;
      close_wait_forget_scopes (self);
      lifecycle_scope_mark (scope, self->reason, NULL);
    }

  /* If a teardown is already in progress, the waiters wait for it to end. */
  if (!scope->in_teardown && !lifecycle_scope_is_closed (scope))
    {
      /* User code that runs during the teardown may close the scope in another way, which ends the
       * close wait. So collect the scopes in a separate list, and watch them only afterwards.
       */
      lifecycle_scope_list_init (&scopes);
      lifecycle_teardown_start (&scopes, scope);
      for (guint i = 0; i < scopes.n_items && !lifecycle_scope_is_closed (scope); i++)
        lifecycle_close_wait_watch (self, scopes.items[i]);
      lifecycle_scope_list_clear (&scopes);

      if (lifecycle_scope_is_closed (scope))
        close_wait_let_go (self);
      else if (waits && lifecycle_close_wait_has_pending (self, &gave_up))
        scope->awaiting_release = TRUE;
      else
        close_wait_release (self, scope);

      /* The limit of a drain may have passed in a handler of `closing`. */
      if (scope->awaiting_release && self->expired)
        lifecycle_close_wait_give_up (self);
    }

  g_object_unref (scope);
  lifecycle_close_wait_unref (self);
}
