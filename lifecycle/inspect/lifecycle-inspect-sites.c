/* lifecycle-inspect-sites.c: entries by the place where they were added
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-inspect-private.h"

/* The entries of one kind that were added at one place; or, without a place, those that have the
 * same name, type and signal.
 */
typedef struct
{
  char       *key;
  const char *cause;            /* a constant, or NULL */
  gboolean    certain;
  guint       example;          /* the index of the newest entry in the snapshot */
  guint       n;
  gint64      age;              /* the sum; ms */
  gint64      youngest;
  gint64      oldest;
} Site;

static void
site_free (gpointer data)
{
  Site *site = data;

  g_free (site->key);
  g_free (site);
}

LifecycleSites *
lifecycle_sites_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, site_free);
}

/* The key is also what the tool compares two snapshots by, so it has no address in it. */
static char *
dup_key (const LifecycleSnapshotItem *item,
         const char                  *cause)
{
  const LifecycleFacts *facts = &item->facts;

  if (item->place != NULL)
    return g_strdup_printf ("%u %s %s", item->kind, cause != NULL ? cause : "", item->place);

  return g_strdup_printf ("%u %s  %s %s %u %s",
                          item->kind, cause != NULL ? cause : "",
                          facts->name != NULL ? facts->name : "",
                          facts->type != G_TYPE_INVALID ? g_type_name (facts->type) : "",
                          facts->signal_id, facts->detail != 0 ? g_quark_to_string (facts->detail) : "");
}

void
lifecycle_sites_add (LifecycleSites    *self,
                     LifecycleSnapshot *snapshot,
                     guint              index,
                     const char        *cause,
                     gboolean           certain)
{
  const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (snapshot, index);
  g_autofree char *key = dup_key (item, cause);
  gint64 age = lifecycle_snapshot_get_age (snapshot, index);
  Site *site = g_hash_table_lookup (self, key);

  if (site == NULL)
    {
      site = g_new0 (Site, 1);
      site->key = g_steal_pointer (&key);
      site->cause = cause;
      site->certain = certain;
      site->youngest = age;
      site->example = index;
      g_hash_table_insert (self, site->key, site);
    }

  if (age <= site->youngest)
    {
      site->youngest = age;
      site->example = index;
    }
  site->n++;
  site->age += age;
  site->oldest = MAX (site->oldest, age);
}

static int
compare_sites (gconstpointer a,
               gconstpointer b)
{
  const Site *one = *(Site *const *) a;
  const Site *other = *(Site *const *) b;

  if (one->certain != other->certain)
    return one->certain ? -1 : 1;
  if (one->n != other->n)
    return one->n < other->n ? 1 : -1;

  return strcmp (one->key, other->key);
}

/* Describes the sites, the largest first. */
GVariant *
lifecycle_sites_list (LifecycleSites    *self,
                      LifecycleSnapshot *snapshot)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GVariantBuilder list;
  GHashTableIter iter;
  gpointer data;

  g_hash_table_iter_init (&iter, self);
  while (g_hash_table_iter_next (&iter, NULL, &data))
    g_ptr_array_add (sorted, data);
  g_ptr_array_sort (sorted, compare_sites);

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < sorted->len; i++)
    {
      Site *site = g_ptr_array_index (sorted, i);
      const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (snapshot, site->example);
      g_autofree char *path = lifecycle_snapshot_dup_path (snapshot, item->scope);
      GVariantBuilder dict;

      g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&dict, "{sv}", "count", g_variant_new_uint32 (site->n));
      if (site->cause != NULL)
        {
          lifecycle_dict_add_string (&dict, "cause", site->cause);
          g_variant_builder_add (&dict, "{sv}", "certain", g_variant_new_boolean (site->certain));
        }
      lifecycle_dict_add_item (&dict, snapshot, site->example);
      lifecycle_dict_add_string (&dict, "scope", path);
      g_variant_builder_add (&dict, "{sv}", "age", g_variant_new_int64 (site->age));
      g_variant_builder_add (&dict, "{sv}", "youngest", g_variant_new_int64 (site->youngest));
      g_variant_builder_add (&dict, "{sv}", "oldest", g_variant_new_int64 (site->oldest));
      g_variant_builder_add_value (&list, g_variant_builder_end (&dict));
    }

  return g_variant_builder_end (&list);
}

/* Lists the sites of all entries of some scopes, or of all of them if `scopes` is NULL. */
GVariant *
lifecycle_sites_list_all (LifecycleSnapshot *snapshot,
                          GArray            *scopes)
{
  g_autofree guint8 *wanted = g_new0 (guint8, lifecycle_snapshot_get_n_scopes (snapshot));
  g_autoptr (GHashTable) sites = lifecycle_sites_new ();

  for (guint i = 0; scopes != NULL && i < scopes->len; i++)
    wanted[g_array_index (scopes, guint, i)] = TRUE;

  for (guint i = 0; i < lifecycle_snapshot_get_n_items (snapshot); i++)
    {
      if (scopes == NULL || wanted[lifecycle_snapshot_get_item (snapshot, i)->scope])
        lifecycle_sites_add (sites, snapshot, i, NULL, FALSE);
    }

  return lifecycle_sites_list (sites, snapshot);
}
