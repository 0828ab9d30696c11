/* lifecycle-home.c: where a scope is at home, and how work gets there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"

/* Whether the calling thread is at home: it runs the home context, or it created the scope and
 * nobody else runs that. Until lifecycle_scope_leave_home() nobody else can.
 */
gboolean
lifecycle_scope_enter_home (LifecycleScope *self)
{
  if (self->thread != g_thread_self () && !g_main_context_is_owner (self->context))
    return FALSE;

  return g_main_context_acquire (self->context);
}

void
lifecycle_scope_leave_home (LifecycleScope *self)
{
  g_main_context_release (self->context);
}

/* Whether who holds the home of one scope may touch another, too. */
gboolean
lifecycle_scope_shares_home (LifecycleScope *self,
                             LifecycleScope *other)
{
  if (other->context == self->context)
    return TRUE;

  if (!lifecycle_scope_enter_home (other))
    return FALSE;

  lifecycle_scope_leave_home (other);
  return TRUE;
}

/* Has a function called in a context, soon. A ledger may be locked. `name` lives for ever. */
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

/* Written once, before the first scope is made. */
guint lifecycle_debug_flags;

/* Complains if the calling thread is not at home. The entry may be NULL. */
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
