/* lifecycle-gio-process.c: child processes as entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-child-private.h"
#include "lifecycle-process.h"
#include "lifecycle-resource-private.h"

#ifdef G_OS_UNIX
#include <unistd.h>
#endif

/* The child is watched elsewhere, on a thread that outlives the home of any scope. What is left for
 * home is that the entry leaves the scope when the process has exited: users count on that
 * happening there, as for all else that GIO reports.
 */
typedef struct
{
  LifecycleResource  resource;
  LifecycleChild    *child;
  GSource           *retirement;        /* on its way home; under the lock below */
  int                wait_status;

  /* Under the lock of the ledger. */
  gint64             asked;             /* when it was told to exit, µs of monotonic time */
  gboolean           pending;           /* counted by the ledger */
} Process;

static GMutex retirement_lock;

static void
process_mute (LifecycleResource *resource)
{
  Process *self = (Process *) resource;
  GSource *retirement;

  g_mutex_lock (&retirement_lock);
  retirement = g_steal_pointer (&self->retirement);
  g_mutex_unlock (&retirement_lock);

  /* Nobody may ever run that context again, which would keep the process object for good. */
  if (retirement != NULL)
    {
      g_source_destroy (retirement);
      g_source_unref (retirement);
    }
}

static void
process_drop_pending (Process *self)
{
  LifecycleLedger *ledger = self->resource.ledger;

  lifecycle_ledger_lock (ledger);
  if (self->pending)
    {
      self->pending = FALSE;
      lifecycle_holdings_drop_pending (lifecycle_ledger_get_holdings (ledger));
    }
  lifecycle_ledger_unlock (ledger);
}

static void
process_stop (LifecycleResource *resource)
{
  Process *self = (Process *) resource;
  LifecycleLedger *ledger = resource->ledger;

  /* First this, because it may exit at once. */
  lifecycle_ledger_lock (ledger);
  self->asked = g_get_monotonic_time ();
  self->pending = TRUE;
  lifecycle_holdings_add_pending (lifecycle_ledger_get_holdings (ledger));
  lifecycle_ledger_unlock (ledger);

  if (!lifecycle_child_end (self->child))
    process_drop_pending (self);
}

static char *
process_describe_pending (LifecycleResource *resource)
{
  Process *self = (Process *) resource;
  const char *place = resource->entry.name;

  if (!self->pending)
    return NULL;

  return g_strdup_printf ("process %s, told to exit %.3f s ago%s%s", resource->label,
                          (double) (g_get_monotonic_time () - self->asked) / G_USEC_PER_SEC,
                          place != NULL ? ", added at " : "", place != NULL ? place : "");
}

/* Where it was too late for the two steps of a teardown. */
static void
process_end (LifecycleResource  *resource,
             GError            **error)
{
  lifecycle_child_end (((Process *) resource)->child);
}

static void
process_clear (LifecycleResource *resource)
{
  lifecycle_child_unref (((Process *) resource)->child);
}

static const LifecycleResourceKind process_kind = {
  .type = LIFECYCLE_ENTRY_PROCESS,
  .outside = TRUE,
  .mute = process_mute,
  .stop = process_stop,
  .describe_pending = process_describe_pending,
  .end = process_end,
  .clear = process_clear,
};

static gboolean
process_retire_cb (gpointer data)
{
  Process *self = data;
  GChildWatchFunc func = (GChildWatchFunc) self->resource.func;
  gboolean call = func != NULL && lifecycle_resource_begin_call (self);

  lifecycle_resource_retire (self);
  if (call)
    {
      func (lifecycle_child_get_pid (self->child), self->wait_status, self->resource.data);
      lifecycle_resource_end_call (self);
    }

  return G_SOURCE_REMOVE;
}

static void
process_exited (gpointer data,
                int      wait_status)
{
  Process *self = data;
  GSource *source = NULL;

  g_mutex_lock (&retirement_lock);
  if (!lifecycle_resource_is_shut (self))
    {
      self->wait_status = wait_status;
      source = g_idle_source_new ();
      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_static_name (source, "Lifecycle subprocess");
      g_source_set_callback (source, process_retire_cb,
                             lifecycle_resource_ref (self), lifecycle_resource_unref);
      self->retirement = source;
      g_source_attach (source, self->resource.context);
    }
  g_mutex_unlock (&retirement_lock);
}

static void
process_over (gpointer data)
{
  process_drop_pending (data);
}

static const LifecycleChildEvents process_events = {
  .exited = process_exited,
  .over = process_over,
};

/* Takes the child. */
static gboolean
process_add (LifecycleScope *scope,
             LifecycleChild *child,
             const char     *label,
             guint           grace_ms,
             GCallback       func,
             gpointer        user_data,
             GDestroyNotify  destroy,
             GType           type,
             const char     *place)
{
  Process *entry;

  entry = lifecycle_resource_new (sizeof (Process), &process_kind, scope,
                                  func, user_data, destroy);
  entry->child = child;
  entry->resource.type = type;
  lifecycle_resource_set_label (entry, label);
  lifecycle_child_watch (child, grace_ms, &process_events,
                         lifecycle_resource_ref (entry), lifecycle_resource_unref);

  return lifecycle_resource_add (entry, scope, place);
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
 * When the scope is taken down, together with the cancelling of its operations, the process gets
 * `SIGTERM`, and, unless it exits within @grace_ms, `SIGKILL`. The library has a thread for that, so
 * nobody needs to run a main context meanwhile. If @grace_ms is 0, the process gets `SIGKILL` at
 * once; on Linux it has been sent when [method@Scope.close] returns. Where there are no signals the
 * process is always killed at once.
 *
 * [method@Scope.close] does not wait until the process has exited; [method@Scope.close_async] does.
 * A program that ends kills what is in its time of grace then, from a function given to `atexit()`:
 * to let a process exit in its own time, wait for [method@Scope.close_async] first. A program that
 * is killed, or calls `_exit()`, has no such chance. A process whose scope has not been closed is
 * left alone.
 *
 * When the process exits by itself, the entry leaves the scope, at home. Until the process has
 * exited, a reference on @subprocess is held; the last one may be dropped on any thread.
 *
 * On a closed scope the process is terminated at once in the same way. A process belongs to the
 * process that added it: when a forked child closes its copy of the scope, nothing happens to it.
 * May be called on any thread.
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
  return lifecycle_scope_add_subprocess_full_at (place, self, subprocess, grace_ms,
                                                 LIFECYCLE_PROCESS_DEFAULT);
}

/**
 * lifecycle_scope_add_subprocess_full:
 * @self: a scope
 * @subprocess: (transfer none): a process
 * @grace_ms: how long to wait between asking it to exit and killing it, in milliseconds; 0 to kill
 *   it without asking
 * @flags: what ends with it
 *
 * Like [method@Scope.add_subprocess], with flags.
 *
 * With [flags@ProcessFlags.group], the signals go to the whole process group that @subprocess
 * leads, and it has to lead one: have it launched with [func@process_launch_group]. The time of
 * grace is over when the whole group has exited. If @subprocess exits by itself and leaves others
 * behind, they are terminated in the same way. Processes that have moved to another group, as
 * daemons do, are not found. The flag has no effect where there are no process groups.
 *
 * May be called on any thread.
 *
 * Returns: whether the scope owns it now; %FALSE if the scope is closed, or if the process is known
 *   to have exited
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_subprocess_full (LifecycleScope        *self,
                                     GSubprocess           *subprocess,
                                     guint                  grace_ms,
                                     LifecycleProcessFlags  flags)
{
  return lifecycle_scope_add_subprocess_full_at (NULL, self, subprocess, grace_ms, flags);
}

gboolean
lifecycle_scope_add_subprocess_full_at (const char            *place,
                                        LifecycleScope        *self,
                                        GSubprocess           *subprocess,
                                        guint                  grace_ms,
                                        LifecycleProcessFlags  flags)
{
  gboolean group = (flags & LIFECYCLE_PROCESS_GROUP) != 0;
  g_autofree char *label = NULL;
  LifecycleChild *child;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_SUBPROCESS (subprocess), FALSE);

  label = g_strdup (g_subprocess_get_identifier (subprocess));
  child = lifecycle_child_new_for_subprocess (subprocess, group);
  if (child == NULL)
    return FALSE;

  if (group && !lifecycle_child_leads_group (child))
    {
      lifecycle_child_unref (child);
      g_critical ("Process %s does not lead a process group: see lifecycle_process_launch_group()",
                  label);
      return FALSE;
    }

  return process_add (self, child, label, grace_ms, NULL, NULL, NULL,
                      G_OBJECT_TYPE (subprocess), place);
}

#ifdef G_OS_UNIX

/**
 * lifecycle_scope_add_process:
 * @self: a scope
 * @pid: a child process, as `g_spawn_async()` returns it with
 *   [flags@GLib.SpawnFlags.do_not_reap_child]
 * @grace_ms: how long to wait between asking it to exit and killing it, in milliseconds; 0 to kill
 *   it without asking
 * @flags: what ends with it
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): what to call when it
 *   has exited
 * @user_data: data for @func
 * @destroy: (nullable): how to free @user_data
 *
 * Terminates a process that is known only by its number when the scope closes, kills it if it has
 * not exited in time, and reaps it.
 *
 * This is [method@Scope.add_subprocess_full] for a process without a [class@Gio.Subprocess]. The
 * library reaps the process, before and after the close: nothing else may wait for it, neither
 * `waitpid()` nor a child watch. When the process exits while the scope is open, the entry leaves
 * the scope, and @func is called at home with the status, as `waitpid()` gives it; -1 if somebody
 * else has reaped the process nevertheless. After a close it is not called.
 *
 * @destroy is called exactly once, after @func, or when the scope releases the entry. On a closed
 * scope the process is terminated at once in the same way. May be called on any thread. Only on
 * Unix.
 *
 * Returns: whether the scope owns it now; %FALSE if the scope is closed, or if there is no such
 *   child process
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_process (LifecycleScope        *self,
                             GPid                   pid,
                             guint                  grace_ms,
                             LifecycleProcessFlags  flags,
                             GChildWatchFunc        func,
                             gpointer               user_data,
                             GDestroyNotify         destroy)
{
  return lifecycle_scope_add_process_at (NULL, self, pid, grace_ms, flags, func, user_data,
                                         destroy);
}

gboolean
lifecycle_scope_add_process_at (const char            *place,
                                LifecycleScope        *self,
                                GPid                   pid,
                                guint                  grace_ms,
                                LifecycleProcessFlags  flags,
                                GChildWatchFunc        func,
                                gpointer               user_data,
                                GDestroyNotify         destroy)
{
  gboolean group = (flags & LIFECYCLE_PROCESS_GROUP) != 0;
  g_autofree char *label = NULL;
  LifecycleChild *child;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (pid > 0, FALSE);

  label = g_strdup_printf ("%d", pid);
  child = lifecycle_child_new_for_pid (pid, group);
  if (child != NULL && group && !lifecycle_child_leads_group (child))
    {
      g_clear_pointer (&child, lifecycle_child_unref);
      g_critical ("Process %s does not lead a process group: see lifecycle_process_lead_group()",
                  label);
    }
  if (child == NULL)
    {
      if (destroy != NULL)
        destroy (user_data);
      return FALSE;
    }

  return process_add (self, child, label, grace_ms, G_CALLBACK (func), user_data, destroy,
                      G_TYPE_INVALID, place);
}

/**
 * lifecycle_process_lead_group: (skip)
 * @unused: nothing
 *
 * Makes the calling process lead a new process group.
 *
 * To be given as the child setup to `g_spawn_async()` and its like, for
 * [flags@ProcessFlags.group]. It is safe between `fork()` and `exec()`. Only on Unix.
 *
 * A process group of its own does not get what is typed at the terminal, such as Ctrl+C, and is
 * stopped when it reads from it.
 *
 * Since: 1.0
 */
void
lifecycle_process_lead_group (gpointer unused)
{
  setpgid (0, 0);
}

/**
 * lifecycle_process_launch_group:
 * @launcher: a launcher
 *
 * Makes each process that @launcher spawns lead a process group of its own, for
 * [flags@ProcessFlags.group].
 *
 * This sets the child setup of @launcher; from C, a child setup of your own can call
 * [func@process_lead_group]. Processes in a group of their own do not get what is typed at the
 * terminal, such as Ctrl+C, and are stopped when they read from it. Only on Unix.
 *
 * Since: 1.0
 */
void
lifecycle_process_launch_group (GSubprocessLauncher *launcher)
{
  g_return_if_fail (G_IS_SUBPROCESS_LAUNCHER (launcher));

  g_subprocess_launcher_set_child_setup (launcher, lifecycle_process_lead_group, NULL, NULL);
}

#endif
