/* lifecycle-inventory.c: counts of entries by kind and place
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-enums.h"
#include "lifecycle-describe-private.h"
#include "lifecycle-inventory-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"

static guint
row_hash (gconstpointer data)
{
  const LifecycleInventoryRow *row = data;

  return (row->place != NULL ? g_str_hash (row->place) : 0) * 31 + (guint) row->kind;
}

static gboolean
row_equal (gconstpointer a,
           gconstpointer b)
{
  const LifecycleInventoryRow *one = a;
  const LifecycleInventoryRow *other = b;

  return one->kind == other->kind && g_strcmp0 (one->place, other->place) == 0;
}

static void
row_free (gpointer data)
{
  LifecycleInventoryRow *row = data;

  g_free (row->name);
  g_free (row->path);
  g_free (row);
}

/* Creates an empty inventory. The places in it are strings that are never freed. */
LifecycleInventory *
lifecycle_inventory_new (void)
{
  return g_hash_table_new_full (row_hash, row_equal, row_free, NULL);
}

void
lifecycle_inventory_add (LifecycleInventory *self,
                         LifecycleSnapshot  *snapshot)
{
  GHashTableIter iter;
  gpointer data;

  for (guint i = 0; i < lifecycle_snapshot_get_n_items (snapshot); i++)
    {
      const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (snapshot, i);
      LifecycleInventoryRow key = { .kind = (LifecycleKind) item->kind, .place = item->place };
      LifecycleInventoryRow *row = g_hash_table_lookup (self, &key);

      if (row == NULL)
        {
          row = g_memdup2 (&key, sizeof key);
          g_hash_table_add (self, row);
        }
      row->n++;
      row->scope = item->scope;
      g_clear_pointer (&row->path, g_free);
      if (item->facts.name != NULL && g_strcmp0 (row->name, item->facts.name) != 0)
        {
          g_free (row->name);
          row->name = g_strdup (item->facts.name);
        }
    }

  /* Each row names the last of its entries: where something grows, that is one of the new ones. */
  g_hash_table_iter_init (&iter, self);
  while (g_hash_table_iter_next (&iter, &data, NULL))
    {
      LifecycleInventoryRow *row = data;

      if (row->path == NULL)
        row->path = lifecycle_snapshot_dup_path (snapshot, row->scope);
    }
}

/* Returns the rows that have grown by `at_least` or more, each with the number of entries it has
 * grown by.
 */
LifecycleInventory *
lifecycle_inventory_new_difference (LifecycleInventory *before,
                                    LifecycleInventory *after,
                                    guint               at_least)
{
  LifecycleInventory *self = lifecycle_inventory_new ();
  GHashTableIter iter;
  gpointer data;

  g_hash_table_iter_init (&iter, after);
  while (g_hash_table_iter_next (&iter, &data, NULL))
    {
      LifecycleInventoryRow *row = data;
      LifecycleInventoryRow *old = g_hash_table_lookup (before, row);
      guint n_before = old != NULL ? old->n : 0;

      if (row->n >= n_before + at_least)
        {
          LifecycleInventoryRow *more = g_memdup2 (row, sizeof *row);

          more->n = row->n - n_before;
          more->name = g_strdup (row->name);
          more->path = g_strdup (row->path);
          g_hash_table_add (self, more);
        }
    }

  return self;
}

static int
compare_rows (gconstpointer a,
              gconstpointer b)
{
  const LifecycleInventoryRow *one = *(LifecycleInventoryRow *const *) a;
  const LifecycleInventoryRow *other = *(LifecycleInventoryRow *const *) b;

  if (one->n != other->n)
    return one->n < other->n ? 1 : -1;
  if (one->kind != other->kind)
    return one->kind < other->kind ? -1 : 1;
  return g_strcmp0 (one->place, other->place);
}

/* Appends a line for each row, the largest number first. */
void
lifecycle_inventory_append (LifecycleInventory *self,
                            GString            *string,
                            const char         *indent,
                            guint               max_rows)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer data;

  g_hash_table_iter_init (&iter, self);
  while (g_hash_table_iter_next (&iter, &data, NULL))
    g_ptr_array_add (rows, data);
  g_ptr_array_sort (rows, compare_rows);
  for (guint i = 0; i < MIN (rows->len, max_rows); i++)
    {
      LifecycleInventoryRow *row = g_ptr_array_index (rows, i);

      g_string_append_printf (string, "%s%u x %s", indent, row->n,
                              lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, (int) row->kind));
      if (row->name != NULL)
        {
          g_string_append (string, " '");
          lifecycle_name_append (string, row->name, LIFECYCLE_QUOTE_TEXT);
          g_string_append_c (string, '\'');
        }
      if (row->place != NULL)
        g_string_append_printf (string, ", added %s %s",
                                lifecycle_place_get_preposition (row->place), row->place);
      g_string_append_printf (string, ", in %s\n", row->path);
    }
  if (rows->len > max_rows)
    g_string_append_printf (string, "%sand %u more\n", indent, rows->len - max_rows);
}
