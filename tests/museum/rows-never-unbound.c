/* rows-never-unbound.c: a list row connects at each bind and never disconnects at unbind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of a list are used again for other items. Each bind adds a handler to an item, and handlers
 * of the items before are still there, with a row that shows something else.
 *
 * Reported as: gintro #139, planify #1772
 */

#include "museum.h"

typedef struct
{
  GListStore *item;
} Row;

static guint n_wrong;

static void
item_changed_cb (GListModel *item,
                 guint       position,
                 guint       removed,
                 guint       added,
                 gpointer    user_data)
{
  Row *row = user_data;

  if (row->item != G_LIST_STORE (item))
    n_wrong++;
}

static void
fill (GListStore *items[3])
{
  for (int i = 0; i < 3; i++)
    items[i] = g_list_store_new (G_TYPE_OBJECT);
  n_wrong = 0;
}

static void
change (GListStore *items[3])
{
  for (int i = 0; i < 3; i++)
    {
      g_list_store_append (items[i], items[i]);
      g_list_store_remove_all (items[i]);
      g_object_unref (items[i]);
    }
}

static void
raw (void)
{
  GListStore *items[3];
  Row row = { NULL };

  fill (items);
  for (int i = 0; i < 3; i++)
    {
      row.item = items[i];
      g_signal_connect (items[i], "items-changed", G_CALLBACK (item_changed_cb), &row);
    }

  change (items);
  if (n_wrong > 0)
    museum_fault ("%u changes of items that the row does not show", n_wrong);
}

static void
scope (void)
{
  g_autoptr (LifecycleScope) list = lifecycle_scope_new ("list");
  GListStore *items[3];
  Row row = { NULL };

  fill (items);
  for (int i = 0; i < 3; i++)
    {
      row.item = items[i];
      lifecycle_scope_connect_signal (lifecycle_scope_renew_child (list, "bound"), items[i],
                                      "items-changed", G_CALLBACK (item_changed_cb), &row);
    }

  change (items);
  g_assert_cmpuint (n_wrong, ==, 0);
  lifecycle_scope_close (list);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "rows-never-unbound", "4 changes *", raw, scope);
}
