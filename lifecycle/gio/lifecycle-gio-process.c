/* lifecycle-gio-process.c: subprocesses
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gio.h"
#include "lifecycle-home-private.h"
#include "lifecycle-resource-private.h"

#ifdef G_OS_UNIX
#include <signal.h>
#endif

/* GIO reaps the process on a thread of its own, whatever happens here, so it never stays a zombie.
 * The entry waits for that, also past the end of the scope.
 */
typedef struct
{
  LifecycleResource  resource;
  GSubprocess       *subprocess;
  GSource           *grace;     /* from the end of the entry on */
  guint              grace_ms;
} Process;

#ifdef G_OS_UNIX

static gboolean
process_grace_over_cb (gpointer data)
{
  g_subprocess_force_exit (((Process *) data)->subprocess);

  return G_SOURCE_REMOVE;
}

#endif

static void
process_end (LifecycleResource  *resource,
             GError            **error)
{
  Process *self = (Process *) resource;

#ifdef G_OS_UNIX
  if (self->grace_ms > 0)
    {
      /* Both are done on GIO's thread, which knows whether the id is still that of this process. */
      g_subprocess_send_signal (self->subprocess, SIGTERM);

      self->grace = g_timeout_source_new (self->grace_ms);
      g_source_set_static_name (self->grace, "Lifecycle subprocess");
      g_source_set_callback (self->grace, process_grace_over_cb,
                             lifecycle_resource_ref (self), lifecycle_resource_unref);
      g_source_attach (self->grace, resource->context);
      return;
    }
#endif

  g_subprocess_force_exit (self->subprocess);
}

static void
process_clear (LifecycleResource *resource)
{
  g_object_unref (((Process *) resource)->subprocess);
}

static const LifecycleResourceKind process_kind = {
  .type = LIFECYCLE_ENTRY_PROCESS,
  .end = process_end,
  .clear = process_clear,
};

static void
process_exited_cb (GObject      *source,
                   GAsyncResult *result,
                   gpointer      data)
{
  Process *self = data;

  if (self->grace != NULL)
    {
      g_source_destroy (self->grace);
      g_clear_pointer (&self->grace, g_source_unref);
    }
  lifecycle_resource_retire (self);
  lifecycle_resource_unref (self);
}

/**
 * lifecycle_scope_add_subprocess:
 * @self: a scope
 * @subprocess: (transfer none): a process
 * @grace_ms: how long to wait between asking it to exit and killing it, in milliseconds; 0 to kill
 *   it without asking
 *
 * Terminates a process when the scope closes, and kills it if it has not exited in time.
 *
 * The close does not wait. The process gets `SIGTERM`, and after @grace_ms, for which somebody has
 * to run the home context, `SIGKILL`. Where there are no signals it is killed at once. Until it has
 * exited, a reference on @subprocess is held.
 *
 * When the process exits by itself, the entry leaves the scope. On a closed scope the process is
 * terminated at once in the same way. Must be called at home.
 *
 * Returns: whether the scope owns it now; %FALSE if the scope is closed, or if the process is known
 *   to have exited
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_subprocess (LifecycleScope *self,
                                GSubprocess    *subprocess,
                                guint           grace_ms)
{
  return lifecycle_scope_add_subprocess_at (NULL, self, subprocess, grace_ms);
}

gboolean
lifecycle_scope_add_subprocess_at (const char     *place,
                                   LifecycleScope *self,
                                   GSubprocess    *subprocess,
                                   guint           grace_ms)
{
  Process *entry;
  gboolean at_home, added;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_SUBPROCESS (subprocess), FALSE);

  if (g_subprocess_get_identifier (subprocess) == NULL)
    return FALSE;

  at_home = lifecycle_resource_go_home (self);
  g_return_val_if_fail (at_home, FALSE);

  entry = lifecycle_resource_new (sizeof (Process), &process_kind, self, NULL, NULL, NULL);
  entry->subprocess = g_object_ref (subprocess);
  entry->resource.type = G_OBJECT_TYPE (subprocess);
  entry->grace_ms = grace_ms;
  lifecycle_resource_set_label (entry, g_subprocess_get_identifier (subprocess));
  g_subprocess_wait_async (subprocess, NULL, process_exited_cb, lifecycle_resource_ref (entry));
  added = lifecycle_resource_add (entry, self, place);

  lifecycle_resource_leave_home (self);

  return added;
}
