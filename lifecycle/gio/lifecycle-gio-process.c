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

/* The child is watched on a thread that outlives the home thread of any scope. Only the removal of
 * the entry, after the process has exited, is done at home: users expect it to happen there, as
 * with everything else that GIO reports.
 */
typedef struct
{
  LifecycleResource  resource;
  LifecycleChild    *child;
  GSource           *retirement;        /* runs process_retire_cb(); under retirement_lock */
  int                wait_status;

  /* Protected by the lock of the ledger. */
  gint64             asked;             /* when it was told to exit, monotonic time in µs */
  gboolean           pending;           /* whether the ledger counts it as pending */
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

  /* The context may never be run again, and the source would keep the entry alive for ever. */
  if (retirement != NULL)
    {
      lifecycle_holdings_note_if_abandoned (lifecycle_ledger_get_holdings (resource->ledger), 1);
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

  /* Do this first, because the process may exit at once. */
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

/* Does nothing after stop(). Without it, as on a closed scope, this terminates the process. */
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

/* Takes over the reference on the child. */
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
 * @grace_ms: how long to wait between asking the process to exit and killing it, in milliseconds; 0
 *   to kill it without asking
 *
 * Adds a process, to be terminated when the scope closes, and killed if it does not exit in time.
 *
 * When the scope closes, at the step in which its operations are cancelled, the process is sent
 * `SIGTERM`, and, unless it exits within @grace_ms, `SIGKILL`. A thread of the library does that,
 * so no main context needs to be run meanwhile. If @grace_ms is 0, the process is sent `SIGKILL` at
 * once; on Linux that has happened when [method@Scope.close] returns. On systems without signals
 * the process is always killed at once.
 *
 * [method@Scope.close] does not wait until the process has exited; [method@Scope.close_async] does.
 * If the program exits, processes in their grace period are killed by an `atexit()` handler: to
 * give them their time, wait for [method@Scope.close_async] first. If the program is killed or
 * calls `_exit()`, they are not. A process whose scope has not been closed is left running.
 *
 * When the process exits by itself, the entry leaves the scope, at home. A reference on @subprocess
 * is held until the process has exited; the last one may be dropped on any thread.
 *
 * On a closed scope the process is terminated at once, in the same way. It belongs to the process
 * that added it: if a forked child closes its copy of the scope, nothing happens to it. May be
 * called on any thread.
 *
 * Returns: whether the scope owns the process now; %FALSE if the scope is closed, or if the process
 *   is known to have exited
 *
 * Since: 1.0
 */
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
 * @grace_ms: how long to wait between asking the process to exit and killing it, in milliseconds; 0
 *   to kill it without asking
 * @flags: flags that specify which processes to terminate
 *
 * Adds a process, to be terminated when the scope closes, with flags.
 *
 * With [flags@ProcessFlags.group], the signals are sent to the whole process group that @subprocess
 * leads. It must lead one: use [func@process_launch_group] to launch it. The grace period is over
 * when the whole group has exited. If @subprocess exits by itself and leaves other processes
 * behind, they are terminated in the same way. Processes that have moved to another group, as
 * daemons do, are not found. The flag has no effect on systems without process groups.
 *
 * In all other respects this function is like [method@Scope.add_subprocess]. May be called on any
 * thread.
 *
 * Returns: whether the scope owns the process now; %FALSE if the scope is closed, or if the process
 *   is known to have exited
 *
 * Since: 1.0
 */
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
 * @grace_ms: how long to wait between asking the process to exit and killing it, in milliseconds; 0
 *   to kill it without asking
 * @flags: flags that specify which processes to terminate
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): the function to call
 *   when the process has exited
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Adds a process that is identified by its process ID, to be terminated when the scope closes.
 *
 * This is [method@Scope.add_subprocess_full] for a process without a [class@Gio.Subprocess]. The
 * library reaps the process, both before and after the scope closes: the program must not wait for
 * it itself, neither with `waitpid()` nor with a child watch. When the process exits while the
 * scope is open, the entry leaves the scope, and @func is called at home with the wait status, as
 * `waitpid()` returns it, or with -1 if other code has reaped the process nevertheless. It is not
 * called after the scope has closed.
 *
 * @destroy is called exactly once, after @func or when the scope releases the entry; if there is no
 * such child process, it is called at once. On a closed scope the process is terminated at once, in
 * the same way. May be called on any thread. Only available on Unix.
 *
 * Returns: whether the scope owns the process now; %FALSE if the scope is closed, or if there is no
 *   such child process
 *
 * Since: 1.0
 */
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
 * @unused: not used; it makes this function a [callback@GLib.SpawnChildSetupFunc]
 *
 * Makes the calling process the leader of a new process group.
 *
 * Pass this function to `g_spawn_async()` or a similar function as the child setup, for use with
 * [flags@ProcessFlags.group]. It is safe to call between `fork()` and `exec()`. Only available on
 * Unix.
 *
 * A process in a group of its own does not receive the signals of the terminal, such as that of
 * Ctrl+C, and is stopped if it reads from the terminal.
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
 * @launcher: a subprocess launcher
 *
 * Makes each process that @launcher spawns the leader of a new process group, for use with
 * [flags@ProcessFlags.group].
 *
 * This sets the child setup function of @launcher. If you need a child setup function of your own,
 * in C, call [func@process_lead_group] from it. Processes in a group of their own do not receive
 * the signals of the terminal, such as that of Ctrl+C, and are stopped if they read from the
 * terminal. May be called on any thread, but @launcher must not be used on another one meanwhile.
 * Only available on Unix.
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
