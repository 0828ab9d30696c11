/* lifecycle-inspect-summary.c: what there is to say about a program as a whole
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-alive-private.h"
#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-home-private.h"
#include "lifecycle-inspect-private.h"
#include "lifecycle-leak.h"
#include "lifecycle-leaks.h"
#include "lifecycle-statistics.h"
#include "lifecycle-version.h"

#include <unistd.h>

/* Not every program tells GLib its name: Python does not. */
static char *
dup_program_name (void)
{
  const char *name = g_get_prgname ();
  char *known = NULL;

  if (name != NULL && *name != '\0')
    return g_strdup (name);

  if (g_file_get_contents ("/proc/self/comm", &known, NULL, NULL))
    return g_strchomp (known);

  return NULL;
}

/* Describes the process. */
GVariant *
lifecycle_describe_program (LifecycleInspectFlags flags)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();
  g_autofree char *name = dup_program_name ();
  GVariantBuilder dict;

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&dict, "{sv}", "pid", g_variant_new_uint32 ((guint) getpid ()));
  lifecycle_dict_add_string (&dict, "program", name);
  g_variant_builder_add (&dict, "{sv}", "version",
                         g_variant_new_printf ("%d.%d.%d", LIFECYCLE_MAJOR_VERSION,
                                               LIFECYCLE_MINOR_VERSION, LIFECYCLE_MICRO_VERSION));
  g_variant_builder_add (&dict, "{sv}", "uptime", g_variant_new_uint64 (lifecycle_inspect_get_uptime ()));
  g_variant_builder_add (&dict, "{sv}", "scopes",
                         g_variant_new_uint32 (lifecycle_statistics_get_n_scopes (statistics)));
  g_variant_builder_add (&dict, "{sv}", "entries",
                         g_variant_new_uint32 (lifecycle_statistics_get_total_live (statistics)));
  g_variant_builder_add (&dict, "{sv}", "leaks", g_variant_new_uint32 (lifecycle_get_n_overdue ()));
  g_variant_builder_add (&dict, "{sv}", "closable",
                         g_variant_new_boolean ((flags & LIFECYCLE_INSPECT_ALLOW_CLOSE) != 0));
  g_variant_builder_add (&dict, "{sv}", "stacks",
                         g_variant_new_boolean (lifecycle_debug_has (LIFECYCLE_DEBUG_STACKS)));

  return g_variant_builder_end (&dict);
}

GVariant *
lifecycle_describe_statistics (LifecycleStatistics *statistics)
{
  GVariantBuilder dict, kinds, closed;

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&dict, "{sv}", "scopes",
                         g_variant_new_uint32 (lifecycle_statistics_get_n_scopes (statistics)));
  g_variant_builder_add (&dict, "{sv}", "entries",
                         g_variant_new_uint32 (lifecycle_statistics_get_total_live (statistics)));
  g_variant_builder_add (&dict, "{sv}", "peak",
                         g_variant_new_uint32 (lifecycle_statistics_get_peak (statistics)));
  g_variant_builder_add (&dict, "{sv}", "late",
                         g_variant_new_uint64 (lifecycle_statistics_get_n_late (statistics)));
  g_variant_builder_add (&dict, "{sv}", "failed",
                         g_variant_new_uint64 (lifecycle_statistics_get_n_failed (statistics)));
  g_variant_builder_add (&dict, "{sv}", "closing-time",
                         g_variant_new_uint64 (lifecycle_statistics_get_closing_time (statistics)));
  g_variant_builder_add (&dict, "{sv}", "longest-closing-time",
                         g_variant_new_uint64 (
                           lifecycle_statistics_get_longest_closing_time (statistics)));

  g_variant_builder_init (&kinds, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < LIFECYCLE_N_KINDS; i++)
    {
      LifecycleKind kind = (LifecycleKind) i;
      guint64 added = lifecycle_statistics_get_added (statistics, kind);
      GVariantBuilder counts;

      if (added == 0)
        continue;

      g_variant_builder_init (&counts, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&counts, "{sv}", "live",
                             g_variant_new_uint32 (lifecycle_statistics_get_live (statistics, kind)));
      g_variant_builder_add (&counts, "{sv}", "added", g_variant_new_uint64 (added));
      g_variant_builder_add (&counts, "{sv}", "released",
                             g_variant_new_uint64 (lifecycle_statistics_get_released (statistics, kind)));
      g_variant_builder_add (&counts, "{sv}", "retired",
                             g_variant_new_uint64 (lifecycle_statistics_get_retired (statistics, kind)));
      g_variant_builder_add (&kinds, "{sv}", lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, (int) i),
                             g_variant_builder_end (&counts));
    }
  g_variant_builder_add (&dict, "{sv}", "kinds", g_variant_builder_end (&kinds));

  g_variant_builder_init (&closed, G_VARIANT_TYPE ("a{st}"));
  for (guint i = LIFECYCLE_REASON_NONE + 1; i < LIFECYCLE_N_REASONS; i++)
    {
      guint64 n = lifecycle_statistics_get_n_closed (statistics, (LifecycleReason) i);

      if (n > 0)
        g_variant_builder_add (&closed, "{st}",
                               lifecycle_enum_get_nick (LIFECYCLE_TYPE_REASON, (int) i), n);
    }
  g_variant_builder_add (&dict, "{sv}", "closed", g_variant_builder_end (&closed));

  return g_variant_builder_end (&dict);
}

GVariant *
lifecycle_describe_leaks (void)
{
  g_autoptr (GListModel) leaks = lifecycle_list_leaks ();
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < g_list_model_get_n_items (leaks); i++)
    {
      g_autoptr (LifecycleLeak) leak = g_list_model_get_item (leaks, i);
      g_autofree char *text = lifecycle_leak_to_string (leak);
      GVariantBuilder dict;

      g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
      lifecycle_dict_add_string (&dict, "kind",
                                 lifecycle_enum_get_nick (LIFECYCLE_TYPE_LEAK_KIND,
                                                          (int) lifecycle_leak_get_kind (leak)));
      lifecycle_dict_add_string (&dict, "type", lifecycle_leak_get_type_name (leak));
      lifecycle_dict_add_string (&dict, "address", lifecycle_leak_get_address (leak));
      g_variant_builder_add (&dict, "{sv}", "references",
                             g_variant_new_uint32 (lifecycle_leak_get_n_refs (leak)));
      g_variant_builder_add (&dict, "{sv}", "count",
                             g_variant_new_uint32 (lifecycle_leak_get_count (leak)));
      g_variant_builder_add (&dict, "{sv}", "age", g_variant_new_uint64 (lifecycle_leak_get_age (leak)));
      lifecycle_dict_add_string (&dict, "why", lifecycle_leak_get_why (leak));
      lifecycle_dict_add_string (&dict, "scope", lifecycle_leak_get_scope_path (leak));
      lifecycle_dict_add_string (&dict, "place", lifecycle_leak_get_place (leak));
      lifecycle_dict_add_string (&dict, "stack", lifecycle_leak_get_stack (leak));
      lifecycle_dict_add_string (&dict, "details", lifecycle_leak_get_details (leak));
      lifecycle_dict_add_string (&dict, "handlers", lifecycle_leak_get_handlers (leak));
      lifecycle_dict_add_string (&dict, "referrers", lifecycle_leak_get_referrers (leak));
      lifecycle_dict_add_string (&dict, "text", text);
      g_variant_builder_add_value (&list, g_variant_builder_end (&dict));
    }

  return g_variant_builder_end (&list);
}

/* The address of a context is only compared; NULL stands for the default one. */
GVariant *
lifecycle_describe_alive (gpointer context)
{
  g_autoptr (LifecycleSnapshot) snapshot =
    lifecycle_snapshot_new_at (context != NULL ? context : g_main_context_default (),
                               LIFECYCLE_ALIVE_KINDS);

  return lifecycle_sites_list_all (snapshot, NULL);
}
