/* conformance.c: runs the table of cases in C
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static GHashTable *things;      /* name → GObject, with a reference */
static GHashTable *watches;     /* name → GWeakRef */
static GHashTable *timers;      /* name → LifecycleTimer */
static GHashTable *operations;  /* name → LifecycleOperation */
static GHashTable *counts;      /* what was traced → how often */
static GObject *last_instance;
static gulong last_id;
static LifecycleTimer *last_timer;
static gboolean expecting_criticals;
static gboolean at_end;
static guint n_criticals;

static gboolean skipping;

static void run_step (const char *step);

/* The case cannot be run to its end. */
void
give_up (const char *format,
         ...)
{
  va_list args;

  va_start (args, format);
  printf ("@");
  vprintf (format, args);
  printf ("\n");
  va_end (args);
  fflush (stdout);
  skipping = TRUE;
}

void
trace (const char *format,
       ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  printf ("> %s\n", text);
  fflush (stdout);
}

static const char *
nick (GType type,
      int   value)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (type);

  return g_enum_get_value (class, value)->value_nick;
}

#define REASON(value) nick (LIFECYCLE_TYPE_REASON, (value))

gpointer
thing (const char *name)
{
  gpointer found = g_hash_table_lookup (things, name);

  if (found == NULL)
    give_up ("there is no %s", name);

  return found;
}

Job *
job_new (const char *label,
         const char *then)
{
  Job *job = g_new0 (Job, 1);

  job->label = g_strdup (label);
  job->then = g_strdup (then);

  return job;
}

/* For what cannot return an error. */
Job *
job_new_in (const char *scope,
            const char *label,
            const char *then)
{
  Job *job = job_new (label, then);

  job->scope = g_strdup (scope);

  return job;
}

void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_object (&job->captured);
  g_free (job->label);
  g_free (job->then);
  g_free (job->scope);
  g_free (job);
}

void
job_closure_free (gpointer  data,
                  GClosure *closure)
{
  job_free (data);
}

void
count (const char *label)
{
  g_hash_table_insert (counts, g_strdup (label), GUINT_TO_POINTER (get_count (label) + 1));
}

static void
job_then (Job     *job,
          GError **error)
{
  if (job->then == NULL)
    return;

  if (g_str_has_prefix (job->then, "throw ") && error == NULL)
    lifecycle_scope_add_failure (thing (job->scope), LIFECYCLE_PLACE, job->then + 6);
  else if (g_str_has_prefix (job->then, "throw "))
    g_set_error_literal (error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP, job->then + 6);
  else
    run_step (job->then);
}

guint
get_count (const char *label)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (counts, label));
}

void
reset_count (const char *label)
{
  g_hash_table_remove (counts, label);
}

void
job_run (Job *job)
{
  trace ("%s", job->label);
  count (job->label);
  job_then (job, NULL);
}

static void
handler_cb (GSimpleAction *action,
            GVariant      *parameter,
            gpointer       job)
{
  job_run (job);
}

static gboolean
source_cb (gpointer data)
{
  Job *job = data;
  guint left = job->left;

  if (left > 0)
    job->left--;
  job_run (job);

  return left > 1;
}

static void
debounce_cb (gpointer job)
{
  job_run (job);
}

static void
cleanup_cb (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          data,
            GError          **error)
{
  Job *job = data;

  if (job->captured != NULL)
    trace ("%s", job->label);
  else
    trace ("%s %s", job->label, REASON (reason));
  count (job->label);
  job_then (job, error);
}

static void
scope_signal_cb (LifecycleScope  *scope,
                 LifecycleReason  reason,
                 gpointer         data)
{
  Job *job = data;

  trace ("%s %s", job->label, REASON (reason));
  count (job->label);
  job_then (job, NULL);
}

static void
closed_cb (GObject      *scope,
           GAsyncResult *result,
           gpointer      data)
{
  Job *job = data;
  gboolean ok;

  if (g_str_equal (job->then, "drain"))
    ok = lifecycle_scope_drain_finish (LIFECYCLE_SCOPE (scope), result, NULL);
  else
    ok = lifecycle_scope_close_finish (LIFECYCLE_SCOPE (scope), result, NULL);
  trace ("%s %s", job->label, ok ? "ok" : "failed");
  count (job->label);
  job_free (job);
}

static void
called_cb (GObject      *file,
           GAsyncResult *result,
           gpointer      data)
{
  Job *job = data;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (file), result, NULL);

  trace ("%s %s", job->label, info != NULL ? "ok" : "failed");
  count (job->label);
}

static void
call (LifecycleScope *scope,
      const char     *path,
      const char     *label)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  LifecycleOperation *op = lifecycle_scope_begin_async (scope, "query", called_cb,
                                                        job_new (label, NULL), job_free);

  g_file_query_info_async (file, "standard::size", 0, 0, lifecycle_operation_get_cancellable (op),
                           lifecycle_operation_ready, op);
}

static LifecycleReason
parse_reason (const char *name)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (LIFECYCLE_TYPE_REASON);

  return g_enum_get_value_by_nick (class, name)->value;
}

static GLogWriterOutput
log_writer (GLogLevelFlags   level,
            const GLogField *fields,
            gsize            n_fields,
            gpointer         data)
{
  if (!expecting_criticals || (level & G_LOG_LEVEL_CRITICAL) == 0)
    return g_log_writer_default (level, fields, n_fields, NULL);

  n_criticals++;

  return G_LOG_WRITER_HANDLED;
}

/* In C, a critical is what an exception is elsewhere. */
static void
try_bad (const char     *kind,
         LifecycleScope *scope,
         GObject        *emitter)
{
  if (g_str_equal (kind, "signal"))
    lifecycle_scope_connect_signal (scope, emitter, "nonsense", G_CALLBACK (handler_cb), NULL);
  else if (g_str_equal (kind, "handler"))
    lifecycle_scope_connect_signal (scope, emitter, "activate", NULL, NULL);
  else if (g_str_equal (kind, "emitter"))
    lifecycle_scope_connect_signal (scope, NULL, "activate", G_CALLBACK (handler_cb), NULL);
  else if (g_str_equal (kind, "cleanup"))
    lifecycle_scope_defer (scope, NULL, NULL, NULL);
  else if (g_str_equal (kind, "callback"))
    lifecycle_scope_add_timeout (scope, 1, NULL, NULL, NULL);
  else if (g_str_equal (kind, "object"))
    lifecycle_scope_add_object (scope, NULL);
  else if (g_str_equal (kind, "reason"))
    lifecycle_scope_close_with_reason (scope, (LifecycleReason) 999, NULL);
  else
    give_up ("the type of the parameter does not allow it");
}

static gpointer
thread_func (gpointer step)
{
  run_step (step);

  return NULL;
}

/* Iterates until something is so, or gives up. */
gboolean
iterate_until (gboolean  (* done) (gpointer data),
               gpointer     data,
               const char  *what)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (!done (data))
    {
      if (g_get_monotonic_time () > end)
        {
          give_up ("waited 10 seconds for %s", what);
          return FALSE;
        }
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (500);
    }

  return TRUE;
}

typedef struct
{
  const char *label;
  guint       n;
} Wanted;

static gboolean
is_counted (gpointer data)
{
  Wanted *wanted = data;

  return get_count (wanted->label) >= wanted->n;
}

/* Iterates until something has been traced often enough. */
static void
wait_for (const char *label,
          guint       n)
{
  Wanted wanted = { label, n };

  if (iterate_until (is_counted, &wanted, label))
    reset_count (label);
}

static gboolean
last_place_is_here (LifecycleScope *scope)
{
  g_autoptr (GListModel) records = lifecycle_scope_list_records (scope, FALSE);

  for (guint i = 0; i < g_list_model_get_n_items (records); i++)
    {
      g_autoptr (LifecycleRecord) record = g_list_model_get_item (records, i);
      const char *place = lifecycle_record_get_place (record);

      if (place == NULL || (strstr (place, "conformance.c:") == NULL &&
                             strstr (place, "conformance-gtk.c:") == NULL))
        return FALSE;
    }

  return TRUE;
}

void
keep (const char *name,
      gpointer    object)
{
  g_hash_table_replace (things, g_strdup (name), object);
}

void
drop (const char *name)
{
  g_hash_table_remove (things, name);
}

static Job *
capture (const char *label,
         const char *name)
{
  Job *job = job_new (label, NULL);

  job->captured = g_object_ref (thing (name));

  return job;
}

#define IS(word) (g_str_equal (verb, word))

/* Steps that make something. */
static gboolean
run_making_step (const char  *verb,
                 char       **a)
{
  if (IS ("scope"))
    keep (a[1], lifecycle_scope_new (a[1]));
  else if (IS ("child"))
    keep (a[1], lifecycle_scope_new_child (thing (a[2]), a[1]));
  else if (IS ("get-child"))
    keep (a[1], lifecycle_scope_ref_child (thing (a[2]), a[3]));
  else if (IS ("renew-child"))
    keep (a[1], lifecycle_scope_ref_renewed_child (thing (a[2]), a[3]));
  else if (IS ("scope-of"))
    keep (a[1], lifecycle_scope_ref_of (thing (a[2])));
  else if (IS ("move"))
    keep (a[1], lifecycle_scope_move (thing (a[2])));
  else if (IS ("emitter"))
    keep (a[1], g_simple_action_new (a[1], NULL));
  else if (IS ("cancellable"))
    keep (a[1], g_cancellable_new ());
  else if (IS ("drop") || IS ("drop-scope"))
    drop (a[1]);
  else if (IS ("watch") || IS ("watch-widget"))
    {
      GWeakRef *weak = g_new0 (GWeakRef, 1);

      g_weak_ref_init (weak, thing (a[2]));
      g_hash_table_replace (watches, g_strdup (a[1]), weak);
    }
  else
    return FALSE;

  return TRUE;
}

/* Steps that add to a scope. */
static gboolean
run_adding_step (const char  *verb,
                 char       **a,
                 const char  *then)
{
  if (IS ("connect"))
    {
      last_instance = thing (a[2]);
      last_id = lifecycle_scope_connect_full (thing (a[1]), last_instance, "activate",
                                              G_CALLBACK (handler_cb), job_new_in (a[1], a[3], then),
                                              job_closure_free, LIFECYCLE_CONNECT_DEFAULT);
    }
  else if (IS ("connect-once"))
    lifecycle_scope_connect_full (thing (a[1]), thing (a[2]), "activate", G_CALLBACK (handler_cb),
                                  job_new (a[3], then), job_closure_free, LIFECYCLE_CONNECT_ONCE);
  else if (IS ("connect-capturing"))
    lifecycle_scope_connect_full (thing (a[1]), thing (a[2]), "activate", G_CALLBACK (handler_cb),
                                  capture (a[4], a[3]), job_closure_free, LIFECYCLE_CONNECT_DEFAULT);
  else if (IS ("adopt"))
    {
      last_instance = thing (a[2]);
      last_id = g_signal_connect_data (last_instance, "activate", G_CALLBACK (handler_cb),
                                       job_new (a[3], then), job_closure_free, 0);
      lifecycle_scope_add_handler (thing (a[1]), last_instance, last_id);
    }
  else if (IS ("on-closing") || IS ("on-closed"))
    g_signal_connect_data (thing (a[1]), verb + 3, G_CALLBACK (scope_signal_cb),
                           job_new (a[2], then), job_closure_free, 0);
  else if (IS ("defer"))
    lifecycle_scope_defer (thing (a[1]), cleanup_cb, job_new (a[2], then), job_free);
  else if (IS ("defer-for"))
    lifecycle_scope_defer_for (thing (a[1]), thing (a[2]), cleanup_cb, job_new (a[3], then),
                               job_free);
  else if (IS ("defer-capturing"))
    lifecycle_scope_defer (thing (a[1]), cleanup_cb, capture (a[3], a[2]), job_free);
  else if (IS ("idle"))
    lifecycle_scope_add_idle (thing (a[1]), source_cb, job_new_in (a[1], a[2], then), job_free);
  else if (IS ("timeout") || IS ("every"))
    {
      Job *job = job_new_in (a[1], a[3], then);

      job->left = IS ("every") ? (guint) atoi (a[4]) : 0;
      last_timer = lifecycle_scope_add_timeout (thing (a[1]), (guint) atoi (a[2]), source_cb, job,
                                                job_free);
    }
  else if (IS ("timeout-capturing"))
    lifecycle_scope_add_timeout (thing (a[1]), (guint) atoi (a[2]), source_cb, capture (a[4], a[3]),
                                 job_free);
  else if (IS ("debounce"))
    g_hash_table_replace (timers, g_strdup (a[1]),
                          lifecycle_scope_new_debounce (thing (a[2]), (guint) atoi (a[3]),
                                                        debounce_cb, job_new (a[4], then),
                                                        job_free));
  else if (IS ("add-object"))
    lifecycle_scope_add_object (thing (a[1]), thing (a[2]));
  else if (IS ("begin"))
    g_hash_table_replace (operations, g_strdup (a[1]), lifecycle_scope_begin (thing (a[2]), a[1]));
  else if (IS ("call"))
    call (thing (a[1]), "/", a[2]);
  else if (IS ("call-failing"))
    call (thing (a[1]), "/nonexistent/file", a[2]);
  else if (IS ("follow-object"))
    lifecycle_scope_follow_object (thing (a[1]), thing (a[2]));
  else if (IS ("follow-cancellable"))
    lifecycle_scope_follow_cancellable (thing (a[1]), thing (a[2]));
  else if (IS ("deadline"))
    lifecycle_scope_set_deadline (thing (a[1]), (guint) atoi (a[2]));
  else
    return FALSE;

  return TRUE;
}

/* Steps that make something happen. */
static gboolean
run_acting_step (const char  *verb,
                 char       **a,
                 const char  *then)
{
  if (IS ("emit"))
    g_action_activate (thing (a[1]), NULL);
  else if (IS ("disconnect"))
    g_signal_handler_disconnect (last_instance, last_id);
  else if (IS ("sweep"))
    lifecycle_scope_sweep_handlers (thing (a[1]), FALSE);
  else if (IS ("dispose"))
    g_object_run_dispose (thing (a[1]));
  else if (IS ("cancel"))
    g_cancellable_cancel (thing (a[1]));
  else if (IS ("cancel-timer"))
    lifecycle_timer_cancel (last_timer);
  else if (IS ("restart"))
    lifecycle_timer_restart (g_hash_table_lookup (timers, a[1]));
  else if (IS ("end"))
    lifecycle_operation_end (g_hash_table_lookup (operations, a[1]));
  else if (IS ("block"))
    lifecycle_scope_block (thing (a[1]));
  else if (IS ("unblock"))
    lifecycle_scope_unblock (thing (a[1]));
  else if (IS ("close"))
    trace ("close %s %u", a[1],
           a[2] != NULL ? lifecycle_scope_close_with_reason (thing (a[1]), parse_reason (a[2]), a[3])
                        : lifecycle_scope_close (thing (a[1])));
  else if (IS ("clear"))
    trace ("clear %s %u", a[1], lifecycle_scope_clear (thing (a[1])));
  else if (IS ("close-async"))
    lifecycle_scope_close_async (thing (a[1]), LIFECYCLE_REASON_COMPLETED, (guint) atoi (a[3]), NULL,
                                 closed_cb, job_new (a[2], "close"));
  else if (IS ("drain"))
    lifecycle_scope_drain_async (thing (a[1]), LIFECYCLE_REASON_COMPLETED, (guint) atoi (a[3]), NULL,
                                 closed_cb, job_new (a[2], "drain"));
  else if (IS ("wait"))
    wait_for (a[1], a[2] != NULL ? (guint) atoi (a[2]) : 1);
  else if (IS ("settle"))
    while (g_main_context_iteration (NULL, FALSE))
      ;
  else if (IS ("sleep"))
    g_usleep ((gulong) atoi (a[1]) * 1000);
  else if (IS ("collect"))
    ;
  else if (IS ("on-thread"))
    g_thread_join (g_thread_new ("step", thread_func, (gpointer) then));
  else if (IS ("exit") && g_str_equal (a[1], "0"))
    at_end = TRUE;
  else if (IS ("exit"))
    exit (atoi (a[1]));
  else
    return FALSE;

  return TRUE;
}

/* Steps that say what is. */
static void
run_telling_step (const char  *verb,
                  char       **a)
{
  g_autofree char *text = NULL;

  if (IS ("entries"))
    trace ("entries %s %u", a[1], lifecycle_scope_get_n_entries (thing (a[1])));
  else if (IS ("state"))
    trace ("state %s %s %s", a[1],
           nick (LIFECYCLE_TYPE_STATE, lifecycle_scope_get_state (thing (a[1]))),
           REASON (lifecycle_scope_get_reason (thing (a[1]))));
  else if (IS ("detail"))
    trace ("detail %s %s", a[1], lifecycle_scope_get_reason_detail (thing (a[1])));
  else if (IS ("error"))
    {
      const GError *error = lifecycle_scope_get_error (thing (a[1]));

      trace ("error %s %s", a[1],
             error == NULL ? "none" : strstr (error->message, a[2]) != NULL ? "yes" : error->message);
    }
  else if (IS ("late"))
    {
      g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (thing (a[1]),
                                                                                   FALSE);

      trace ("late %s %u", a[1], (guint) lifecycle_statistics_get_n_late (statistics));
    }
  else if (IS ("same"))
    trace ("same %s %s %s", a[1], a[2], thing (a[1]) == thing (a[2]) ? "yes" : "no");
  else if (IS ("path"))
    {
      text = lifecycle_scope_get_path (thing (a[1]));
      if (strstr (text, "\\x2f") != NULL && g_utf8_validate (text, -1, NULL))
        trace ("path %s valid", a[1]);
      else
        trace ("path %s %s", a[1], text);
    }
  else if (IS ("place"))
    trace ("place %s %s", a[1], last_place_is_here (thing (a[1])) ? "yes" : "no");
  else if (IS ("alive"))
    {
      g_autoptr (GObject) object = g_weak_ref_get (g_hash_table_lookup (watches, a[1]));

      trace ("alive %s %s", a[1], object != NULL ? "yes" : "no");
    }
  else if (IS ("bad") && g_str_equal (a[1], "name"))
    keep (a[2], lifecycle_scope_new ("\xff/\xfe"));
  else if (IS ("bad"))
    {
      guint before = n_criticals;

      expecting_criticals = TRUE;
      try_bad (a[1], thing (a[2]), a[3] != NULL ? thing (a[3]) : NULL);
      expecting_criticals = FALSE;
      trace ("bad %s %s", a[1], n_criticals > before ? "raises" : "accepted");
    }
  else
    give_up ("unknown step %s", verb);
}

static void
run_step (const char *step)
{
  g_auto (GStrv) parts = g_strsplit (step, " : ", 2);
  g_auto (GStrv) words = g_strsplit (parts[0], " ", -1);

  if (!run_more_step (words[0], words, parts[1]) &&
      !run_making_step (words[0], words) &&
      !run_adding_step (words[0], words, parts[1]) &&
      !run_acting_step (words[0], words, parts[1]))
    run_telling_step (words[0], words);
}

static void
forget_all (void)
{
  forget_more ();
  g_hash_table_remove_all (things);
  g_hash_table_remove_all (watches);
  g_hash_table_remove_all (timers);
  g_hash_table_remove_all (operations);
  g_hash_table_remove_all (counts);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
weak_free (gpointer weak)
{
  g_weak_ref_clear (weak);
  g_free (weak);
}

int
main (void)
{
  char line[512];

  g_log_set_writer_func (log_writer, NULL, NULL);
  things = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  watches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, weak_free);
  timers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                  (GDestroyNotify) lifecycle_timer_unref);
  operations = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  begin_more ();
  while (!at_end && fgets (line, sizeof line, stdin) != NULL)
    {
      g_strchomp (line);
      if (g_str_has_prefix (line, "case "))
        {
          printf ("@case %s\n", line + 5);
          skipping = FALSE;
        }
      else if (g_str_equal (line, "end"))
        {
          printf ("@end\n");
          forget_all ();
        }
      else if (!skipping)
        run_step (line);
      fflush (stdout);
    }

  /* What g_autoptr() does with the variables of main(). */
  g_hash_table_unref (things);

  return 0;
}
