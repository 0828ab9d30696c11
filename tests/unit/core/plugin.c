/* plugin.c: a module that adds to a scope, and is unloaded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "plugin.h"

static void
never_called (void)
{
  g_assert_not_reached ();
}

/* The places are those of a file that is named after the plug-in. */
#line 16 PLUGIN_FILE

LifecycleOperation *
plugin_add (LifecycleScope       *scope,
            GObject              *emitter,
            LifecycleCleanupFunc  cleanup)
{
  g_autoptr (LifecycleScope) child = lifecycle_scope_new_child (scope, "child");
  g_autoptr (GSource) source = g_timeout_source_new_seconds (1000);

  lifecycle_scope_connect_signal (scope, emitter, "notify", G_CALLBACK (never_called), NULL);
  g_source_set_static_name (source, "source of plugin-" PLUGIN_NAME);
  lifecycle_scope_add_timeout (child, 1000000, (GSourceFunc) never_called, NULL, NULL);
  lifecycle_scope_add_source (child, source);
  lifecycle_scope_defer (child, cleanup, NULL, NULL);

  return lifecycle_scope_begin (child, "operation");
}

LifecycleScope *
plugin_new_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("from the plug-in");

  /* So that this is a call, with a frame on the stack. */
  g_assert_true (LIFECYCLE_IS_SCOPE (scope));

  return scope;
}

void
plugin_expect_finalize (LifecycleScope *scope,
                        GObject        *object)
{
  lifecycle_scope_expect_finalize (scope, object, "it was for the plug-in");
}
