/* lifecycle-inspect-contexts.c: whether anybody runs the main contexts of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-inspect-private.h"
#include "lifecycle-leaks-private.h"

/* GLib cannot be asked whether a main context is run. So each one gets a source of the highest
 * priority, and those whose source is not dispatched in time are looked at more closely.
 */
typedef struct
{
  GMainContext          *asker;
  gboolean               search;
  LifecycleContextsFunc  func;
  gpointer               data;
  LifecycleSnapshot     *snapshot;
  GPtrArray             *reports;
  GPtrArray             *probes;        /* of GSource, in the order of the reports */
  GSource               *deadline;
  gint64                 asked;
  gint                  *answers;       /* atomic: 1 + the delay in µs, or 0 */
  gint                   n_missing;     /* atomic */
  gint                   refs;          /* atomic: one for the asker, one for each source */
} Check;

typedef struct
{
  Check *check;
  guint  index;
} Probe;

static void
report_free (gpointer data)
{
  LifecycleContextReport *report = data;

  g_main_context_unref (report->context);
  g_free (report);
}

static void
check_unref (Check *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  g_main_context_unref (self->asker);
  g_free (self->answers);
  g_free (self);
}

static void
probe_free (gpointer data)
{
  Probe *probe = data;

  check_unref (probe->check);
  g_free (probe);
}

static gboolean check_finish_cb (gpointer data);

/* Called on the thread of a context. */
static gboolean
probe_cb (gpointer data)
{
  Probe *probe = data;
  Check *check = probe->check;
  gint64 delay = CLAMP (g_get_monotonic_time () - check->asked, 0, G_MAXINT - 1);

  g_atomic_int_set (&check->answers[probe->index], (gint) delay + 1);
  if (check->search)
    lifecycle_leaks_search (NULL, TRUE);
  if (g_atomic_int_dec_and_test (&check->n_missing))
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      g_atomic_int_inc (&check->refs);
      g_source_set_static_name (source, "Lifecycle inspect");
      g_source_set_callback (source, check_finish_cb, check, (GDestroyNotify) check_unref);
      g_source_attach (source, check->asker);
    }

  return G_SOURCE_REMOVE;
}

static LifecycleContextState
find_state (LifecycleContextReport *report)
{
  if (report->delay >= 0)
    return LIFECYCLE_CONTEXT_RUNS;

  /* A thread that runs the context owns it, even while a callback does not return. Trying to become
   * the owner is harmless at this point: who does not run the context does not miss it for that long.
   */
  if (!g_main_context_acquire (report->context))
    return LIFECYCLE_CONTEXT_BUSY;
  g_main_context_release (report->context);

  /* The default context can be run by any thread, at any time. */
  if (!report->thread_ended || report->context == g_main_context_default ())
    return LIFECYCLE_CONTEXT_WAITS;

  return LIFECYCLE_CONTEXT_ABANDONED;
}

/* Called when all contexts have answered, or when the time is over; perhaps both. */
static gboolean
check_finish_cb (gpointer data)
{
  Check *self = data;
  g_autoptr (GPtrArray) probes = g_steal_pointer (&self->probes);

  if (probes == NULL)
    return G_SOURCE_REMOVE;

  for (guint i = 0; i < self->reports->len; i++)
    {
      LifecycleContextReport *report = g_ptr_array_index (self->reports, i);

      g_source_destroy (g_ptr_array_index (probes, i));
      report->delay = (gint64) g_atomic_int_get (&self->answers[i]) - 1;
      report->state = find_state (report);
    }

  g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);

  self->func (self->reports, self->snapshot, self->data);
  g_clear_pointer (&self->reports, g_ptr_array_unref);
  g_clear_pointer (&self->snapshot, lifecycle_snapshot_unref);
  check_unref (self);

  return G_SOURCE_REMOVE;
}

static void
count_scopes (LifecycleSnapshot *snapshot,
              GHashTable        *reports)
{
  for (guint i = 0; i < lifecycle_snapshot_get_n_scopes (snapshot); i++)
    {
      const LifecycleSnapshotScope *scope = lifecycle_snapshot_get_scope (snapshot, i);
      LifecycleContextReport *report;

      if (scope->address == NULL)
        continue;

      report = g_hash_table_lookup (reports, scope->context);
      report->n_scopes++;
      report->n_entries += scope->n_entries;
      if (!scope->thread_ended)
        report->thread_ended = FALSE;
    }
}

static GSource *
ask (Check        *check,
     GMainContext *context,
     guint         index)
{
  GSource *source = g_idle_source_new ();
  Probe *probe = g_new (Probe, 1);

  *probe = (Probe) { check, index };
  g_atomic_int_inc (&check->refs);
  g_source_set_priority (source, G_MININT);
  g_source_set_static_name (source, "Lifecycle inspect");
  g_source_set_callback (source, probe_cb, probe, probe_free);
  g_source_attach (source, context);

  /* cppcheck-suppress memleak; the source owns the probe */
  return source;
}

/* Asks all contexts in which a scope is at home, and calls `func` on this thread when all have
 * answered, or after `timeout` milliseconds. With `search`, their threads find out who refers to what
 * they should have finalized, before they answer.
 */
void
lifecycle_contexts_check (guint                  timeout,
                          gboolean               search,
                          LifecycleContextsFunc  func,
                          gpointer               data)
{
  Check *self = g_new0 (Check, 1);
  g_autoptr (GPtrArray) contexts = NULL;
  g_autoptr (GHashTable) by_context = g_hash_table_new (NULL, NULL);

  self->asker = g_main_context_ref_thread_default ();
  self->search = search;
  self->func = func;
  self->data = data;
  self->refs = 1;
  self->snapshot = lifecycle_snapshot_new_with_contexts (&contexts);
  self->answers = g_new0 (gint, contexts->len);
  self->reports = g_ptr_array_new_with_free_func (report_free);
  self->probes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);

  for (guint i = 0; i < contexts->len; i++)
    {
      LifecycleContextReport *report = g_new0 (LifecycleContextReport, 1);

      report->context = g_main_context_ref (g_ptr_array_index (contexts, i));
      report->thread_ended = TRUE;
      g_ptr_array_add (self->reports, report);
      g_hash_table_insert (by_context, report->context, report);
    }
  count_scopes (self->snapshot, by_context);

  self->deadline = g_timeout_source_new (contexts->len > 0 ? timeout : 0);
  g_atomic_int_inc (&self->refs);
  g_source_set_callback (self->deadline, check_finish_cb, self, (GDestroyNotify) check_unref);
  g_source_attach (self->deadline, self->asker);

  /* All of this comes first, because an answer may come at once. */
  self->n_missing = (gint) contexts->len;
  self->asked = g_get_monotonic_time ();
  for (guint i = 0; i < contexts->len; i++)
    g_ptr_array_add (self->probes, ask (self, g_ptr_array_index (contexts, i), i));
}

GVariant *
lifecycle_contexts_list (GPtrArray *reports)
{
  static const char *const states[] = { "runs", "busy", "waits", "abandoned" };
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < reports->len; i++)
    {
      LifecycleContextReport *report = g_ptr_array_index (reports, i);
      GVariantBuilder dict;

      g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
      lifecycle_dict_add_address (&dict, "id", report->context);
      g_variant_builder_add (&dict, "{sv}", "default",
                             g_variant_new_boolean (report->context == g_main_context_default ()));
      lifecycle_dict_add_string (&dict, "state", states[report->state]);
      if (report->delay >= 0)
        g_variant_builder_add (&dict, "{sv}", "delay",
                               g_variant_new_double ((double) report->delay / 1000));
      g_variant_builder_add (&dict, "{sv}", "scopes", g_variant_new_uint32 (report->n_scopes));
      g_variant_builder_add (&dict, "{sv}", "entries", g_variant_new_uint32 (report->n_entries));
      g_variant_builder_add_value (&list, g_variant_builder_end (&dict));
    }

  return g_variant_builder_end (&list);
}
