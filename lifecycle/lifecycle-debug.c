/* lifecycle-debug.c: what LIFECYCLE_DEBUG turns on
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-debug-private.h"

/* Written once, when the first scope is about to be made. */
guint lifecycle_debug_flags;

void
lifecycle_debug_init (void)
{
  static const GDebugKey keys[] = {
    { "threads", LIFECYCLE_DEBUG_THREADS },
  };

  lifecycle_debug_flags = g_parse_debug_string (g_getenv ("LIFECYCLE_DEBUG"),
                                                keys, G_N_ELEMENTS (keys));
  lifecycle_log_init ();
#ifdef HAVE_SYSPROF
  lifecycle_sysprof_init ();
#endif
}

/* Complains if the calling thread is not at home. */
void
lifecycle_debug_off_home (LifecycleScope *scope,
                          const char     *what,
                          const char     *place)
{
  g_autofree char *path = NULL;

  if (lifecycle_scope_enter_home (scope))
    {
      lifecycle_scope_leave_home (scope);
      return;
    }

  path = lifecycle_scope_get_path (scope);
  g_warning ("%s is called on a thread where scope %s is not at home%s%s",
             what, path, place != NULL ? "; connected at " : "", place != NULL ? place : "");
}
