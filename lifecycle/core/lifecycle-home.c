/* lifecycle-home.c: the home of a scope, and how to run code there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-call-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"

/* The default context is never freed, and nearly all scopes are at home there: they hold no reference
 * on it.
 */
GMainContext *
lifecycle_home_ref (GMainContext *context)
{
  return context != g_main_context_default () ? g_main_context_ref (context) : context;
}

void
lifecycle_home_unref (GMainContext *context)
{
  if (context != g_main_context_default ())
    g_main_context_unref (context);
}

/* Returns the thread-default context of the calling thread. */
GMainContext *
lifecycle_home_ref_current (void)
{
  GMainContext *context = g_main_context_get_thread_default ();

  return context != NULL ? lifecycle_home_ref (context) : g_main_context_default ();
}

/* Returns whether the calling thread is at home: whether it runs the home context, or it is the given
 * thread, which created the scope, and no other thread runs the context. If so, no other thread can run
 * the context until the caller releases it.
 */
static inline gboolean
home_enter (GMainContext    *context,
            LifecycleThread *thread)
{
  if (!lifecycle_thread_is_self (thread) && !g_main_context_is_owner (context))
    return FALSE;

  return g_main_context_acquire (context);
}

gboolean
lifecycle_home_enter (GMainContext    *context,
                      LifecycleThread *thread)
{
  return home_enter (context, thread);
}

/* The same for the home of a scope, until lifecycle_scope_leave_home(). */
gboolean
lifecycle_scope_enter_home (LifecycleScope *self)
{
  return home_enter (self->context, self->thread);
}

void
lifecycle_scope_leave_home (LifecycleScope *self)
{
  g_main_context_release (self->context);
}

/* Acquires the context if the thread has ended and no thread runs the context. A thread that is
 * about to run the context then has to wait, so use this only if there may be no other chance. The
 * default context is always expected to be run.
 */
gboolean
lifecycle_home_inherit (GMainContext    *context,
                        LifecycleThread *thread)
{
  return lifecycle_thread_has_ended (thread) &&
         context != g_main_context_default () &&
         g_main_context_acquire (context);
}

/* The same for the home of a scope, until lifecycle_scope_leave_inherited_home(). The context becomes
 * the thread-default one: GIO would otherwise leave destroy notifies to it, and these would keep it.
 */
gboolean
lifecycle_scope_inherit_home (LifecycleScope *self)
{
  if (!lifecycle_home_inherit (self->context, self->thread))
    return FALSE;

  g_main_context_push_thread_default (self->context);
  g_main_context_release (self->context);
  self->home_gone = TRUE;

  return TRUE;
}

void
lifecycle_scope_leave_inherited_home (LifecycleScope *self)
{
  g_main_context_pop_thread_default (self->context);
  lifecycle_home_calls_retry ();
}

/* Schedules a call of a function in a context. A ledger may be locked. `name` must be static. */
void
lifecycle_post (GMainContext   *context,
                gint            priority,
                const char     *name,
                GSourceFunc     func,
                gpointer        data,
                GDestroyNotify  destroy)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, priority);
  g_source_set_static_name (source, name);
  g_source_set_callback (source, func, data, destroy);
  g_source_attach (source, context);
  g_source_unref (source);
}

/* Written once, before the first scope is created. */
guint lifecycle_debug_flags;

/* Logs a warning if the calling thread is not at home. The entry may be NULL. */
void
lifecycle_debug_off_home (LifecycleScope *scope,
                          const char     *what,
                          LifecycleEntry *entry)
{
  g_autofree char *path = NULL;
  const char *place;

  if (lifecycle_scope_enter_home (scope))
    {
      lifecycle_scope_leave_home (scope);
      return;
    }

  path = lifecycle_scope_get_path (scope);
  place = entry != NULL ? lifecycle_entry_get_place (entry) : NULL;
  if (place != NULL)
    g_warning ("%s is called on a thread where scope %s is not at home; connected %s %s",
               what, path, lifecycle_place_get_preposition (place), place);
  else
    g_warning ("%s is called on a thread where scope %s is not at home", what, path);
}

/* Logs a warning if the home of a new scope is a context that another thread runs. For a child that
 * is often right, if its parent has the same home.
 */
void
lifecycle_debug_new_root (LifecycleScope *scope)
{
  const char *place = scope->as_child.name;

  if (lifecycle_scope_enter_home (scope))
    {
      lifecycle_scope_leave_home (scope);
      return;
    }

  g_warning ("Scope %s is at home in a main context that another thread runs, because this thread "
             "has not pushed one of its own%s%s",
             scope->key.name != NULL ? scope->key.name : "unnamed",
             place != NULL ? "; created at " : "", place != NULL ? place : "");
}
