/* lifecycle-limit.c: the warning about scopes with too many entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-debug-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-snapshot-private.h"

#define N_TOP_PLACES 5

typedef struct
{
  const char *place;
  guint       n;
} PlaceCount;

static int
compare_counts (gconstpointer a,
                gconstpointer b)
{
  guint one = ((const PlaceCount *) a)->n;
  guint other = ((const PlaceCount *) b)->n;

  return one < other ? 1 : one > other ? -1 : 0;
}

/* Describes where most of the entries were added, and how many: "arena.c:17 800, arena.c:33 190". */
static char *
describe_top_places (LifecycleScope *scope)
{
  g_autoptr (LifecycleSnapshot) snapshot = lifecycle_snapshot_new (scope, FALSE);
  g_autoptr (GHashTable) by_place = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GArray) counts = g_array_new (FALSE, FALSE, sizeof (PlaceCount));
  GString *top = g_string_new (NULL);

  for (guint i = 0; i < lifecycle_snapshot_get_n_items (snapshot); i++)
    {
      const char *place = lifecycle_snapshot_get_item (snapshot, i)->place;
      guint index;

      if (place == NULL)
        place = "unknown";
      index = GPOINTER_TO_UINT (g_hash_table_lookup (by_place, place));
      if (index == 0)
        {
          PlaceCount count = { place, 0 };

          g_array_append_val (counts, count);
          index = counts->len;
          g_hash_table_insert (by_place, (gpointer) place, GUINT_TO_POINTER (index));
        }
      g_array_index (counts, PlaceCount, index - 1).n++;
    }

  g_array_sort (counts, compare_counts);
  for (guint i = 0; i < MIN (counts->len, N_TOP_PLACES); i++)
    {
      PlaceCount *count = &g_array_index (counts, PlaceCount, i);

      g_string_append_printf (top, "%s%s %u", i > 0 ? ", " : "", count->place, count->n);
    }

  return g_string_free (top, FALSE);
}

/* Warns each time that the limit is passed, and again for each growth by half. Called without
 * locks.
 */
static void
limit_warn (LifecycleScope *self,
            guint           limit,
            guint           n_entries)
{
  g_autofree char *path = lifecycle_scope_get_path (self);
  g_autofree char *top = describe_top_places (self);
  g_autofree char *limit_text = g_strdup_printf ("%u", limit);
  g_autofree char *n_text = g_strdup_printf ("%u", n_entries);

  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING,
                    "LIFECYCLE_SCOPE", path,
                    "LIFECYCLE_LIMIT", limit_text,
                    "LIFECYCLE_ENTRIES", n_text,
                    "LIFECYCLE_TOP_PLACES", top,
                    "MESSAGE", "Scope %s has %u %s, over its limit of %u; most come from %s",
                    path, n_entries, n_entries == 1 ? "entry" : "entries", limit, top);
}

void
lifecycle_limit_start (void)
{
  static const LifecycleObserver observer = {
    .limit_reached = limit_warn,
  };

  lifecycle_add_observer (&observer);
}
