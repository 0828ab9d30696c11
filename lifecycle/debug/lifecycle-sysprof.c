/* lifecycle-sysprof.c: marks and counters for the Sysprof profiler
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-debug-private.h"
#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-names-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-statistics.h"

#include <sysprof-capture.h>
#include <sysprof-collector.h>

/* Emits a mark for each scope that has closed, which spans its life, and counters of the scopes and
 * entries that exist.
 */

/* The counters are updated for each scope, but for entries only this often, because there may be
 * very many of these.
 */
#define TELL_EVERY (1000 * 1000) /* ns */

enum
{
  COUNTER_SCOPES,
  COUNTER_ENTRIES,
  N_COUNTERS
};

static struct
{
  GMutex                     lock;      /* last in the lock order */
  GHashTable                *opened;    /* scope → when it was opened, in ns */
  unsigned int               ids[N_COUNTERS];
  SysprofCaptureCounterValue values[N_COUNTERS];
  gint64                     told;      /* when the counters were last set, in ns */
} sysprof;

/* Sets the counters. The lock is held. */
static void
sysprof_tell (gint64 now)
{
  sysprof.told = now;
  sysprof_collector_set_counters (sysprof.ids, sysprof.values, N_COUNTERS);
}

static void
sysprof_scope_opened (LifecycleScope *scope)
{
  gint64 now = SYSPROF_CAPTURE_CURRENT_TIME;

  g_mutex_lock (&sysprof.lock);
  g_hash_table_replace (sysprof.opened, scope, g_memdup2 (&now, sizeof now));
  sysprof.values[COUNTER_SCOPES].v64++;
  sysprof_tell (now);
  g_mutex_unlock (&sysprof.lock);
}

static char *
sysprof_describe (LifecycleScope *scope,
                  guint64         duration)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (scope, FALSE);
  g_autofree char *detail = lifecycle_name_quote (lifecycle_scope_get_reason_detail (scope),
                                                  LIFECYCLE_QUOTE_TEXT);
  const char *reason = lifecycle_enum_get_nick (LIFECYCLE_TYPE_REASON, (int) scope->reason);
  GString *message = g_string_new (reason);
  guint64 added = 0, released = 0, retired = 0;

  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      added += lifecycle_statistics_get_added (statistics, (LifecycleKind) kind);
      released += lifecycle_statistics_get_released (statistics, (LifecycleKind) kind);
      retired += lifecycle_statistics_get_retired (statistics, (LifecycleKind) kind);
    }

  if (detail != NULL)
    g_string_append_printf (message, " (%s)", detail);
  g_string_append_printf (message,
                          "; added %" G_GUINT64_FORMAT ", released %" G_GUINT64_FORMAT
                          ", retired %" G_GUINT64_FORMAT ", late %" G_GUINT64_FORMAT
                          ", failed %" G_GUINT64_FORMAT ", abandoned %" G_GUINT64_FORMAT
                          "; closed in %.3f ms",
                          added, released, retired,
                          lifecycle_statistics_get_n_late (statistics),
                          lifecycle_statistics_get_n_failed (statistics),
                          lifecycle_statistics_get_n_abandoned (statistics),
                          (double) duration / 1000);

  return g_string_free (message, FALSE);
}

static void
sysprof_scope_closed (LifecycleScope *scope,
                      guint64         duration)
{
  g_autofree char *path = lifecycle_scope_get_path (scope);
  g_autofree char *message = sysprof_describe (scope, duration);
  gint64 now = SYSPROF_CAPTURE_CURRENT_TIME, opened = now;
  gint64 *known;

  g_mutex_lock (&sysprof.lock);
  known = g_hash_table_lookup (sysprof.opened, scope);
  if (known != NULL)
    {
      opened = *known;
      g_hash_table_remove (sysprof.opened, scope);
      sysprof.values[COUNTER_SCOPES].v64--;
    }
  sysprof_tell (now);
  g_mutex_unlock (&sysprof.lock);

  sysprof_collector_mark (opened, now - opened, G_LOG_DOMAIN, path, message);
}

static void
sysprof_count_entries (gint64 by)
{
  gint64 now = SYSPROF_CAPTURE_CURRENT_TIME;

  g_mutex_lock (&sysprof.lock);
  sysprof.values[COUNTER_ENTRIES].v64 += by;
  if (now - sysprof.told >= TELL_EVERY)
    sysprof_tell (now);
  g_mutex_unlock (&sysprof.lock);
}

static void
sysprof_entry_added (LifecycleLedger *ledger,
                     LifecycleEntry  *entry)
{
  sysprof_count_entries (1);
}

static void
sysprof_entry_removed (LifecycleLedger *ledger,
                       LifecycleEntry  *entry)
{
  sysprof_count_entries (-1);
}

static const LifecycleObserver sysprof_observer = {
  .scope_opened = sysprof_scope_opened,
  .scope_closed = sysprof_scope_closed,
  .entry_added = sysprof_entry_added,
  .entry_removed = sysprof_entry_removed,
};

static void
sysprof_define_counters (void)
{
  SysprofCaptureCounter counters[N_COUNTERS] = {
    [COUNTER_SCOPES] = { .name = "Scopes", .description = "Scopes that are not closed" },
    [COUNTER_ENTRIES] = { .name = "Entries", .description = "Entries that scopes own" },
  };
  unsigned int first = sysprof_collector_request_counters (N_COUNTERS);

  for (guint i = 0; i < N_COUNTERS; i++)
    {
      g_strlcpy (counters[i].category, G_LOG_DOMAIN, sizeof counters[i].category);
      counters[i].id = sysprof.ids[i] = first + i;
      counters[i].type = SYSPROF_CAPTURE_COUNTER_INT64;
    }
  sysprof_collector_define_counters (counters, N_COUNTERS);
}

/* Whether the program is profiled is decided before it starts, so without a profiler nothing is
 * observed.
 */
void
lifecycle_sysprof_init (void)
{
  if (!sysprof_collector_is_active ())
    return;

  sysprof.opened = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  sysprof_define_counters ();
  lifecycle_add_observer (&sysprof_observer);
}
