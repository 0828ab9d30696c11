/* lifecycle-audit-sources.c: sources, and main loops that run
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>
#include <time.h>

#include "lifecycle-audit-private.h"

#define real audit_real

/* An application ends soon after its last window has gone. */
#define ENDING_MICROSECONDS G_USEC_PER_SEC

/* A source lets go of its callback when it is destroyed, whoever does that. GLib asks for function
 * and data through a table of functions, so a callback of ours can give the program's own ones:
 * g_source_remove_by_user_data() and the like go on finding it.
 */
typedef struct
{
  AuditRecord    record;
  gint           ref_count;
  GSourceFunc    function;
  gpointer       data;
  GDestroyNotify notify;
} Callback;

static void
callback_ref (gpointer data)
{
  Callback *self = data;

  /* GLib holds the lock of a context here. */
  __atomic_add_fetch (&self->ref_count, 1, __ATOMIC_RELAXED);
}

static void
callback_unref (gpointer data)
{
  Callback *self = data;

  if (__atomic_sub_fetch (&self->ref_count, 1, __ATOMIC_ACQ_REL) > 0)
    return;

  audit_lock ();
  audit_record_end_locked (&self->record);
  audit_unlock ();
  if (self->notify != NULL)
    self->notify (self->data);
  free (self);
}

static void
callback_get (gpointer     data,
              GSource     *source,
              GSourceFunc *function,
              gpointer    *function_data)
{
  const Callback *self = data;

  *function = self->function;
  *function_data = self->data;
}

static GSourceCallbackFuncs callback_funcs = { callback_ref, callback_unref, callback_get };

/* Whether a source has a record already. */
gboolean
audit_source_is_known (const GSource *source)
{
  return source->callback_funcs == &callback_funcs;
}

static void
set_callback (GSource        *source,
              GSourceFunc     function,
              gpointer        data,
              GDestroyNotify  notify,
              const char     *what,
              gconstpointer   caller)
{
  Callback *self = calloc (1, sizeof *self);
  AuditStack *stack;
  AuditSite *site;

  self->ref_count = 1;
  self->function = function;
  self->data = data;
  self->notify = notify;
  self->record.thing = source;
  if (audit_real.found[AUDIT_LIBRARY_GOBJECT] && notify == (GDestroyNotify) real.g_object_unref)
    self->record.flags |= AUDIT_RECORD_OWNS_DATA;

  site = audit_site_enter (AUDIT_SOURCE, caller, 0, &stack);
  audit_record_start_locked (&self->record, site, stack, NULL, 0, data);
  if (site->what == NULL)
    site->what = what;
  audit_unlock ();

  real.g_source_set_callback_indirect (source, self, &callback_funcs);
}

static guint
add (GSource        *source,
     gint            priority,
     GSourceFunc     function,
     gpointer        data,
     GDestroyNotify  notify,
     const char     *what,
     gconstpointer   caller)
{
  guint number;

  if (priority != G_PRIORITY_DEFAULT)
    real.g_source_set_priority (source, priority);
  set_callback (source, function, data, notify, what, caller);
  number = real.g_source_attach (source, NULL);
  real.g_source_unref (source);

  return number;
}

/* For functions of GLib that are passed through when nothing is recorded. */
#define PASS(function, ...) \
  ((__typeof__ (&function)) audit_real_find_symbol ("libglib-2.0.so.0", #function)) (__VA_ARGS__)

AUDIT_EXPORT void
g_source_set_callback (GSource        *source,
                       GSourceFunc     func,
                       gpointer        data,
                       GDestroyNotify  notify)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || source == NULL)
    real.g_source_set_callback (source, func, data, notify);
  else
    set_callback (source, func, data, notify, "g_source_set_callback", AUDIT_CALLER ());
}

/* Sources of other kinds have no callback, or one of their own. */
AUDIT_EXPORT guint
g_source_attach (GSource      *source,
                 GMainContext *context)
{
  gboolean is_known = !audit_ready (AUDIT_LIBRARY_GLIB) || source == NULL ||
                      audit_source_is_known (source);
  guint number = real.g_source_attach (source, context);

  if (!is_known && (context == NULL || context == real.g_main_context_default ()))
    audit_sweep_attached (source, number, AUDIT_CALLER ());

  return number;
}

AUDIT_EXPORT guint
g_timeout_add_full (gint            priority,
                    guint           interval,
                    GSourceFunc     function,
                    gpointer        data,
                    GDestroyNotify  notify)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return PASS (g_timeout_add_full, priority, interval, function, data, notify);

  return add (real.g_timeout_source_new (interval), priority, function, data, notify,
              "g_timeout_add", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_timeout_add (guint       interval,
               GSourceFunc function,
               gpointer    data)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return PASS (g_timeout_add, interval, function, data);

  return add (real.g_timeout_source_new (interval), G_PRIORITY_DEFAULT, function, data, NULL,
              "g_timeout_add", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_timeout_add_seconds_full (gint            priority,
                            guint           interval,
                            GSourceFunc     function,
                            gpointer        data,
                            GDestroyNotify  notify)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return PASS (g_timeout_add_seconds_full, priority, interval, function, data, notify);

  return add (real.g_timeout_source_new_seconds (interval), priority, function, data, notify,
              "g_timeout_add_seconds", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_timeout_add_seconds (guint       interval,
                       GSourceFunc function,
                       gpointer    data)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return PASS (g_timeout_add_seconds, interval, function, data);

  return add (real.g_timeout_source_new_seconds (interval), G_PRIORITY_DEFAULT, function, data,
              NULL, "g_timeout_add_seconds", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_idle_add_full (gint            priority,
                 GSourceFunc     function,
                 gpointer        data,
                 GDestroyNotify  notify)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return real.g_idle_add_full (priority, function, data, notify);

  return add (real.g_idle_source_new (), priority, function, data, notify, "g_idle_add",
              AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_idle_add (GSourceFunc function,
            gpointer    data)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return PASS (g_idle_add, function, data);

  return add (real.g_idle_source_new (), G_PRIORITY_DEFAULT_IDLE, function, data, NULL,
              "g_idle_add", AUDIT_CALLER ());
}

/* What is called once has a mark that only GLib can set, so GLib makes the source, and then it gets
 * our callback in place of its own, with the same function and data. It may have run already, if
 * another thread runs the default context.
 */
static guint
added_once (guint           number,
            GSourceOnceFunc function,
            gpointer        data,
            const char     *what,
            gconstpointer   caller)
{
  GSource *source = real.g_main_context_find_source_by_id (NULL, number);

  if (source != NULL)
    set_callback (source, (GSourceFunc) function, data, NULL, what, caller);

  return number;
}

/* Only the owner of the default context can rely on a source that it has just added. */
static gboolean
is_at_home (void)
{
  __typeof__ (&g_main_context_is_owner) function = (__typeof__ (&g_main_context_is_owner))
    audit_real_find_symbol ("libglib-2.0.so.0", "g_main_context_is_owner");

  return function != NULL && function (NULL);
}

AUDIT_EXPORT guint
g_timeout_add_once (guint           interval,
                    GSourceOnceFunc function,
                    gpointer        data)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL || !is_at_home ())
    return real.g_timeout_add_once (interval, function, data);

  return added_once (real.g_timeout_add_once (interval, function, data), function, data,
                     "g_timeout_add_once", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_idle_add_once (GSourceOnceFunc function,
                 gpointer        data)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL || !is_at_home ())
    return real.g_idle_add_once (function, data);

  return added_once (real.g_idle_add_once (function, data), function, data, "g_idle_add_once",
                     AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_unix_fd_add_full (gint               priority,
                    gint               fd,
                    GIOCondition       condition,
                    GUnixFDSourceFunc  function,
                    gpointer           user_data,
                    GDestroyNotify     notify)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return PASS (g_unix_fd_add_full, priority, fd, condition, function, user_data, notify);

  return add (real.g_unix_fd_source_new (fd, condition), priority, (GSourceFunc) function,
              user_data, notify, "g_unix_fd_add", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_unix_fd_add (gint               fd,
               GIOCondition       condition,
               GUnixFDSourceFunc  function,
               gpointer           user_data)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return PASS (g_unix_fd_add, fd, condition, function, user_data);

  return add (real.g_unix_fd_source_new (fd, condition), G_PRIORITY_DEFAULT,
              (GSourceFunc) function, user_data, NULL, "g_unix_fd_add", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_unix_signal_add_full (gint            priority,
                        gint            signum,
                        GSourceFunc     handler,
                        gpointer        user_data,
                        GDestroyNotify  notify)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || handler == NULL)
    return PASS (g_unix_signal_add_full, priority, signum, handler, user_data, notify);

  return add (real.g_unix_signal_source_new (signum), priority, handler, user_data, notify,
              "g_unix_signal_add", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_unix_signal_add (gint        signum,
                   GSourceFunc handler,
                   gpointer    user_data)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || handler == NULL)
    return PASS (g_unix_signal_add, signum, handler, user_data);

  return add (real.g_unix_signal_source_new (signum), G_PRIORITY_DEFAULT, handler, user_data, NULL,
              "g_unix_signal_add", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_child_watch_add_full (gint            priority,
                        GPid            pid,
                        GChildWatchFunc function,
                        gpointer        data,
                        GDestroyNotify  notify)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return PASS (g_child_watch_add_full, priority, pid, function, data, notify);

  return add (real.g_child_watch_source_new (pid), priority, (GSourceFunc) function, data, notify,
              "g_child_watch_add", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_child_watch_add (GPid            pid,
                   GChildWatchFunc function,
                   gpointer        data)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || function == NULL)
    return PASS (g_child_watch_add, pid, function, data);

  return add (real.g_child_watch_source_new (pid), G_PRIORITY_DEFAULT, (GSourceFunc) function,
              data, NULL, "g_child_watch_add", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_io_add_watch_full (GIOChannel     *channel,
                     gint            priority,
                     GIOCondition    condition,
                     GIOFunc         func,
                     gpointer        user_data,
                     GDestroyNotify  notify)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || channel == NULL)
    return PASS (g_io_add_watch_full, channel, priority, condition, func, user_data, notify);

  return add (real.g_io_create_watch (channel, condition), priority, (GSourceFunc) func, user_data,
              notify, "g_io_add_watch", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_io_add_watch (GIOChannel   *channel,
                GIOCondition  condition,
                GIOFunc       func,
                gpointer      user_data)
{
  if (!audit_ready (AUDIT_LIBRARY_GLIB) || channel == NULL)
    return PASS (g_io_add_watch, channel, condition, func, user_data);

  return add (real.g_io_create_watch (channel, condition), G_PRIORITY_DEFAULT, (GSourceFunc) func,
              user_data, NULL, "g_io_add_watch", AUDIT_CALLER ());
}

/* An id that is gone: it has removed itself, or it belongs to another context. */
AUDIT_EXPORT gboolean
g_source_remove (guint tag)
{
  if (audit_ready (AUDIT_LIBRARY_GLIB))
    {
      gconstpointer caller = AUDIT_CALLER ();

      if (tag == 0)
        audit_misuse ("g_source_remove", AUDIT_MISUSE_ZERO, tag, 0, caller);
      else if (real.g_main_context_find_source_by_id (NULL, tag) == NULL)
        audit_misuse ("g_source_remove", AUDIT_MISUSE_GONE, tag, 0, caller);
    }

  return real.g_source_remove (tag);
}

/* When the outermost main loop of the main thread has ended, the program is on its way out, and what
 * it does not take down any more does no harm. Loops of other threads end at other times.
 */
static gboolean
loop_start (AuditLibrary library)
{
  if (!audit_ready (library) || !audit_is_main_thread ())
    return FALSE;

  audit.loop_depth++;
  audit.end_began = 0;
  __atomic_store_n (&audit.loop_ended, 0, __ATOMIC_RELAXED);

  return TRUE;
}

static void
loop_end (gint64 ending)
{
  struct timespec time;

  if (--audit.loop_depth > 0)
    return;

  if (ending > 0)
    {
      clock_gettime (CLOCK_MONOTONIC, &time);
      audit.end_began = (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000 - ending;
    }

  audit_control_loop_ended ();
  __atomic_store_n (&audit.loop_ended, audit_next_id (), __ATOMIC_RELAXED);
}

AUDIT_EXPORT void
g_main_loop_run (GMainLoop *loop)
{
  gboolean started = loop_start (AUDIT_LIBRARY_GLIB);

  real.g_main_loop_run (loop);
  if (started)
    loop_end (0);
}

AUDIT_EXPORT int
g_application_run (GApplication  *application,
                   int            argc,
                   char         **argv)
{
  gboolean started = loop_start (AUDIT_LIBRARY_GIO);
  int status = real.g_application_run (application, argc, argv);

  if (started)
    loop_end (ENDING_MICROSECONDS);

  return status;
}
