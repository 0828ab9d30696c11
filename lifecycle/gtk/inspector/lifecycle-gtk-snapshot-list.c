/* lifecycle-gtk-snapshot-list.c: a list model of the latest snapshot
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-snapshot-list-private.h"

/* Snapshots never change, and each look is another one. This list keeps the rows that two snapshots
 * have in common, at the beginning and at the end, so that a view keeps its place and its selection.
 */

/* Longer snapshots are not compared, because that would create all of their items: each row keeps its
 * place, and shows what is there now.
 */
#define MAX_COMPARED 4000

struct _LifecycleGtkSnapshotItem
{
  GObject                   parent_instance;

  LifecycleGtkSnapshotList *list;       /* not a reference; NULL if it is no longer in there */
  guint                     position;
  GObject                  *object;     /* what the snapshot has; created on demand */
};

struct _LifecycleGtkSnapshotList
{
  GObject                      parent_instance;

  LifecycleGtkFingerprintFunc  func;
  GListModel                  *snapshot;
  GPtrArray                   *items;   /* not references; NULL where nobody has asked yet */
  GArray                      *fingerprints; /* of guint; empty if the snapshot is too long */
};

G_DEFINE_FINAL_TYPE (LifecycleGtkSnapshotItem, lifecycle_gtk_snapshot_item, G_TYPE_OBJECT)

static void snapshot_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LifecycleGtkSnapshotList, lifecycle_gtk_snapshot_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, snapshot_list_model_init))

static void
lifecycle_gtk_snapshot_item_finalize (GObject *object)
{
  LifecycleGtkSnapshotItem *self = LIFECYCLE_GTK_SNAPSHOT_ITEM (object);

  if (self->list != NULL)
    g_ptr_array_index (self->list->items, self->position) = NULL;
  g_clear_object (&self->object);

  G_OBJECT_CLASS (lifecycle_gtk_snapshot_item_parent_class)->finalize (object);
}

static void
lifecycle_gtk_snapshot_item_class_init (LifecycleGtkSnapshotItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = lifecycle_gtk_snapshot_item_finalize;
}

static void
lifecycle_gtk_snapshot_item_init (LifecycleGtkSnapshotItem *self)
{
}

/* Returns what the latest snapshot has in this row. */
gpointer
lifecycle_gtk_snapshot_item_get (LifecycleGtkSnapshotItem *self)
{
  if (self->object == NULL && self->list != NULL)
    self->object = g_list_model_get_item (self->list->snapshot, self->position);

  return self->object;
}

/* The item keeps what it has been shown as. */
static void
item_leave (LifecycleGtkSnapshotItem *self)
{
  lifecycle_gtk_snapshot_item_get (self);
  self->list = NULL;
}

static GType
snapshot_list_get_item_type (GListModel *model)
{
  return LIFECYCLE_GTK_TYPE_SNAPSHOT_ITEM;
}

static guint
snapshot_list_get_n_items (GListModel *model)
{
  return LIFECYCLE_GTK_SNAPSHOT_LIST (model)->items->len;
}

static gpointer
snapshot_list_get_item (GListModel *model,
                        guint       position)
{
  LifecycleGtkSnapshotList *self = LIFECYCLE_GTK_SNAPSHOT_LIST (model);
  LifecycleGtkSnapshotItem *item;

  if (position >= self->items->len)
    return NULL;

  item = g_ptr_array_index (self->items, position);
  if (item != NULL)
    return g_object_ref (item);

  item = g_object_new (LIFECYCLE_GTK_TYPE_SNAPSHOT_ITEM, NULL);
  item->list = self;
  item->position = position;
  g_ptr_array_index (self->items, position) = item;

  return item;
}

static void
snapshot_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = snapshot_list_get_item_type;
  iface->get_n_items = snapshot_list_get_n_items;
  iface->get_item = snapshot_list_get_item;
}

static void
lifecycle_gtk_snapshot_list_finalize (GObject *object)
{
  LifecycleGtkSnapshotList *self = LIFECYCLE_GTK_SNAPSHOT_LIST (object);

  for (guint i = 0; i < self->items->len; i++)
    {
      if (g_ptr_array_index (self->items, i) != NULL)
        item_leave (g_ptr_array_index (self->items, i));
    }
  g_ptr_array_unref (self->items);
  g_array_unref (self->fingerprints);
  g_clear_object (&self->snapshot);

  G_OBJECT_CLASS (lifecycle_gtk_snapshot_list_parent_class)->finalize (object);
}

static void
lifecycle_gtk_snapshot_list_class_init (LifecycleGtkSnapshotListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = lifecycle_gtk_snapshot_list_finalize;
}

static void
lifecycle_gtk_snapshot_list_init (LifecycleGtkSnapshotList *self)
{
  self->items = g_ptr_array_new ();
  self->fingerprints = g_array_new (FALSE, FALSE, sizeof (guint));
}

LifecycleGtkSnapshotList *
lifecycle_gtk_snapshot_list_new (LifecycleGtkFingerprintFunc func)
{
  LifecycleGtkSnapshotList *self = g_object_new (LIFECYCLE_GTK_TYPE_SNAPSHOT_LIST, NULL);

  self->func = func;

  return self;
}

static GArray *
take_fingerprints (LifecycleGtkSnapshotList *self,
                   GListModel               *snapshot,
                   guint                     n)
{
  GArray *fingerprints = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; n <= MAX_COMPARED && i < n; i++)
    {
      g_autoptr (GObject) object = g_list_model_get_item (snapshot, i);
      guint fingerprint = self->func (object);

      g_array_append_val (fingerprints, fingerprint);
    }

  return fingerprints;
}

/* Replaces the snapshot. NULL stands for an empty one. */
void
lifecycle_gtk_snapshot_list_set (LifecycleGtkSnapshotList *self,
                                 GListModel               *snapshot)
{
  guint old_n = self->items->len;
  guint new_n = snapshot != NULL ? g_list_model_get_n_items (snapshot) : 0;
  g_autoptr (GArray) new_prints = take_fingerprints (self, snapshot, new_n);
  GArray *old_prints = self->fingerprints;
  guint limit = MIN (old_prints->len, new_prints->len);
  guint first = new_n > MAX_COMPARED ? MIN (old_n, new_n) : 0, last = 0;

#define PRINT(array, position) g_array_index ((array), guint, (position))
  while (first < limit && PRINT (old_prints, first) == PRINT (new_prints, first))
    first++;
  while (last < limit - first &&
         PRINT (old_prints, old_n - 1 - last) == PRINT (new_prints, new_n - 1 - last))
    last++;
#undef PRINT

  for (guint i = first; i < old_n - last; i++)
    {
      if (g_ptr_array_index (self->items, i) != NULL)
        item_leave (g_ptr_array_index (self->items, i));
    }
  if (old_n - first - last > 0)
    g_ptr_array_remove_range (self->items, first, old_n - first - last);
  if (new_n > self->items->len)
    {
      guint n_kept = self->items->len;

      g_ptr_array_set_size (self->items, (int) new_n);
      memmove (self->items->pdata + new_n - last, self->items->pdata + n_kept - last,
               sizeof (gpointer) * last);
      for (guint i = first; i < new_n - last; i++)
        g_ptr_array_index (self->items, i) = NULL;
    }

  g_set_object (&self->snapshot, snapshot);
  for (guint i = 0; i < new_n; i++)
    {
      LifecycleGtkSnapshotItem *item = g_ptr_array_index (self->items, i);

      if (item != NULL)
        {
          item->position = i;
          g_clear_object (&item->object);
        }
    }
  g_array_unref (self->fingerprints);
  self->fingerprints = g_steal_pointer (&new_prints);

  if (first + last < MAX (old_n, new_n))
    g_list_model_items_changed (G_LIST_MODEL (self), first, old_n - first - last,
                                new_n - first - last);
}
