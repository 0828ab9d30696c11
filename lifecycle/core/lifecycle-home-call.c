/* lifecycle-home-call.c: calls that wait for the home of a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-call-private.h"
#include "lifecycle-home-private.h"

/* A call is made by a source in the home context. If the thread that created the scope ends first,
 * and no thread runs the context, that thread makes the call as it ends: nobody would ever make it
 * afterwards. What the call holds would then keep the scope, the scope keeps the context, and the
 * context keeps the source.
 *
 * If another thread runs the context at that moment, that thread is expected to make the call. If the
 * call is *pressing*, because nobody else could ever see to it, it becomes a stray: if that thread stops
 * running the context, the next thread that ends makes the call. If it is this library that has the
 * context for a moment, it does so by itself.
 *
 * A pressing call with a source keeps the scope. Any other holds only a handle, and is dropped when the
 * scope is gone.
 */
struct _LifecycleHomeCall
{
  LifecycleNode          node;  /* in the list of the thread, or in that of the strays */
  gint                   refs;  /* atomic; one for the list, one for the source or the creator */
  gboolean               pressing;
  LifecycleLedger       *handle;
  LifecycleScope        *kept;  /* or NULL */
  LifecycleHomeCallFunc  func;
  gpointer               data;
  GDestroyNotify         destroy;
};

/* Guards all lists of calls. The lock of a ledger, or one of GLib, may be taken with it held. */
static GMutex calls_lock;
static LifecycleNode strays = { &strays, &strays };

/* Calls that are not pressing, and whose thread has ended. Only their sources make them. */
static LifecycleNode others = { &others, &others };

static inline LifecycleHomeCall *
call_from_node (LifecycleNode *node)
{
  return LIFECYCLE_ENTRY_CONTAINER (node, LifecycleHomeCall, node);
}

static void
call_unref (LifecycleHomeCall *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  lifecycle_ledger_unref (self->handle);
  g_free (self);
}

/* The call has been claimed. */
static void
call_drop_data (LifecycleHomeCall *self)
{
  if (self->destroy != NULL)
    self->destroy (self->data);
  g_clear_object (&self->kept);
}

/* Returns a reference on the scope, or NULL. */
static LifecycleScope *
call_dup_scope (LifecycleHomeCall *self)
{
  return self->kept != NULL ? g_object_ref (self->kept) : lifecycle_ledger_dup_scope (self->handle);
}

/* The lock is held. Takes the call out of its list, so that the caller is the one who makes it. */
static gboolean
call_claim_locked (LifecycleHomeCall *self)
{
  if (lifecycle_node_is_alone (&self->node))
    return FALSE;

  lifecycle_node_remove (&self->node);
  lifecycle_node_init (&self->node);

  return TRUE;
}

static gboolean
call_claim (LifecycleHomeCall *self)
{
  gboolean claimed;

  g_mutex_lock (&calls_lock);
  claimed = call_claim_locked (self);
  g_mutex_unlock (&calls_lock);

  return claimed;
}

static LifecycleHomeCall *
call_new (LifecycleScope        *scope,
          gboolean               pressing,
          gboolean               keep,
          LifecycleHomeCallFunc  func,
          gpointer               data,
          GDestroyNotify         destroy)
{
  LifecycleHomeCall *self = g_new0 (LifecycleHomeCall, 1);
  LifecycleNode *calls = lifecycle_thread_get_calls (scope->thread);

  self->refs = 2;
  self->pressing = pressing;
  self->handle = lifecycle_scope_ref_handle (scope);
  self->kept = keep ? g_object_ref (scope) : NULL;
  self->func = func;
  self->data = data;
  self->destroy = destroy;

  g_mutex_lock (&calls_lock);
  if (lifecycle_thread_has_ended (scope->thread))
    calls = pressing ? &strays : &others;
  lifecycle_node_insert_after (&self->node, calls->prev);
  g_mutex_unlock (&calls_lock);

  return self;
}

/* Registers a pressing call without a source, for something that waits at home in its own way. The
 * function is called only if the home is abandoned; cancel() must be called otherwise.
 */
LifecycleHomeCall *
lifecycle_home_call_new (LifecycleScope        *scope,
                         LifecycleHomeCallFunc  func,
                         gpointer               data,
                         GDestroyNotify         destroy)
{
  return call_new (scope, TRUE, FALSE, func, data, destroy);
}

/* Drops a call, unless it is being made, or has been made. */
void
lifecycle_home_call_cancel (LifecycleHomeCall *self)
{
  if (call_claim (self))
    {
      call_drop_data (self);
      call_unref (self);
    }
  call_unref (self);
}

static gboolean
call_cb (gpointer data)
{
  LifecycleHomeCall *self = data;
  LifecycleScope *scope;

  if (!call_claim (self))
    return G_SOURCE_REMOVE;

  scope = call_dup_scope (self);
  if (scope != NULL)
    {
      self->func (scope, self->data);
      g_object_unref (scope);
    }
  call_drop_data (self);
  call_unref (self);

  return G_SOURCE_REMOVE;
}

typedef struct
{
  LifecycleHomeCall *call;
  LifecycleScope    *scope;
} AbandonedCall;

static gboolean
abandoned_call_cb (gpointer data)
{
  AbandonedCall *abandoned = data;

  abandoned->call->func (abandoned->scope, abandoned->call->data);

  return G_SOURCE_REMOVE;
}

/* Makes a call in the home context, which has been acquired. A source with a higher priority than
 * all others makes it, so that a GTask that returns, or GDBus, sees that it is at home. Such a source
 * is dispatched alone.
 */
static void
call_make_abandoned (LifecycleHomeCall *self,
                     LifecycleScope    *scope)
{
  AbandonedCall abandoned = { self, scope };
  GMainContext *context = scope->context;

  if (!lifecycle_scope_is_closed (scope))
    {
      scope->home_gone = TRUE;
      lifecycle_holdings_note_abandoned (lifecycle_scope_get_holdings (scope), 1);
    }

  g_main_context_push_thread_default (context);
  lifecycle_post (context, G_MININT, "Lifecycle abandoned home", abandoned_call_cb, &abandoned, NULL);
  g_main_context_iteration (context, FALSE);
  g_main_context_pop_thread_default (context);
  g_main_context_release (context);
}

/* The lock is held, and is released for a while. Makes the call if no thread runs the home context.
 * Otherwise it goes on waiting for the thread that does.
 */
static void
call_try (LifecycleHomeCall *self)
{
  LifecycleScope *scope = call_dup_scope (self);
  gboolean entered;

  entered = scope != NULL &&
            scope->context != g_main_context_default () &&
            g_main_context_acquire (scope->context);
  call_claim_locked (self);
  if (scope != NULL && !entered)
    lifecycle_node_insert_after (&self->node, self->pressing ? strays.prev : others.prev);
  g_mutex_unlock (&calls_lock);

  if (entered)
    call_make_abandoned (self, scope);
  if (scope == NULL || entered)
    {
      call_drop_data (self);
      call_unref (self);
    }
  /* This may be the last reference, and lead to another call. */
  g_clear_object (&scope);

  g_mutex_lock (&calls_lock);
}

/* The lock is held, and is released for a while. Tries each stray once. */
static void
calls_try_strays_locked (void)
{
  LifecycleNode tried;

  if (lifecycle_node_is_alone (&strays))
    return;

  lifecycle_node_init (&tried);
  lifecycle_node_append_all (&tried, &strays);
  while (!lifecycle_node_is_alone (&tried))
    call_try (call_from_node (tried.next));
}

/* Called on a thread that ends, with the list of its calls. Sets `ended` when the list has become
 * empty and stays so.
 */
void
lifecycle_home_calls_end_thread (LifecycleNode *calls,
                                 gint          *ended)
{
  g_mutex_lock (&calls_lock);
  while (!lifecycle_node_is_alone (calls))
    call_try (call_from_node (calls->next));
  g_atomic_int_set (ended, TRUE);

  calls_try_strays_locked ();
  g_mutex_unlock (&calls_lock);
}

/* Called with no lock held, by a thread that has just owned the context of a thread that had ended: while
 * it did, calls may have become strays.
 */
void
lifecycle_home_calls_retry (void)
{
  g_mutex_lock (&calls_lock);
  calls_try_strays_locked ();
  g_mutex_unlock (&calls_lock);
}

static void
call_home (LifecycleScope        *scope,
           gboolean               pressing,
           gint                   priority,
           const char            *name,
           LifecycleHomeCallFunc  func,
           gpointer               data,
           GDestroyNotify         destroy)
{
  /* The call may be made, and its data dropped, before lifecycle_post() has returned. */
  g_autoptr (GMainContext) context = g_main_context_ref (scope->context);
  LifecycleThread *thread = lifecycle_thread_ref (scope->thread);
  LifecycleHomeCall *self = call_new (scope, pressing, pressing, func, data, destroy);

  /* Cancelling after the call has been made only drops the reference; before, it means that the
   * context has been destroyed.
   */
  g_atomic_int_inc (&self->refs);
  lifecycle_post (context, priority, name, call_cb, self,
                  (GDestroyNotify) lifecycle_home_call_cancel);

  /* The thread may have ended since the caller has found that it cannot inherit the home. */
  if (pressing && lifecycle_thread_has_ended (thread))
    {
      g_mutex_lock (&calls_lock);
      if (!lifecycle_node_is_alone (&self->node))
        call_try (self);
      g_mutex_unlock (&calls_lock);
    }

  call_unref (self);
  lifecycle_thread_unref (thread);
}

/* Schedules a call in the home context. `name` must be static. */
void
lifecycle_scope_call_home (LifecycleScope        *scope,
                           gint                   priority,
                           const char            *name,
                           LifecycleHomeCallFunc  func,
                           gpointer               data,
                           GDestroyNotify         destroy)
{
  call_home (scope, FALSE, priority, name, func, data, destroy);
}

/* Schedules a pressing call. The caller could not inherit the home. */
void
lifecycle_scope_press_home (LifecycleScope        *scope,
                            const char            *name,
                            LifecycleHomeCallFunc  func,
                            gpointer               data,
                            GDestroyNotify         destroy)
{
  call_home (scope, TRUE, G_PRIORITY_HIGH, name, func, data, destroy);
}
