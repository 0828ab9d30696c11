/* lifecycle-record-list.c: lists of records and of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-record.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-snapshot-private.h"

/* The list model with the records of a snapshot. */
#define LIFECYCLE_TYPE_RECORD_LIST (lifecycle_record_list_get_type ())
G_DECLARE_FINAL_TYPE (LifecycleRecordList, lifecycle_record_list, LIFECYCLE, RECORD_LIST, GObject)

struct _LifecycleRecordList
{
  GObject            parent_instance;

  LifecycleSnapshot *snapshot;
  LifecycleRecord  **records;   /* NULL where not requested yet */
};

static void lifecycle_record_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LifecycleRecordList, lifecycle_record_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      lifecycle_record_list_model_init))

static GType
lifecycle_record_list_get_item_type (GListModel *model)
{
  return LIFECYCLE_TYPE_RECORD;
}

static guint
lifecycle_record_list_get_n_items (GListModel *model)
{
  LifecycleSnapshot *snapshot = LIFECYCLE_RECORD_LIST (model)->snapshot;

  /* A language may make an object of any type. */
  return snapshot != NULL ? lifecycle_snapshot_get_n_items (snapshot) : 0;
}

static gpointer
lifecycle_record_list_get_item (GListModel *model,
                                guint       position)
{
  LifecycleRecordList *self = LIFECYCLE_RECORD_LIST (model);
  guint n_items = lifecycle_record_list_get_n_items (model);

  if (position >= n_items)
    return NULL;

  if (self->records == NULL)
    self->records = g_new0 (LifecycleRecord *, n_items);
  if (self->records[position] == NULL)
    self->records[position] = lifecycle_record_new (self->snapshot, position);

  return g_object_ref (self->records[position]);
}

static void
lifecycle_record_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = lifecycle_record_list_get_item_type;
  iface->get_n_items = lifecycle_record_list_get_n_items;
  iface->get_item = lifecycle_record_list_get_item;
}

static void
lifecycle_record_list_finalize (GObject *object)
{
  LifecycleRecordList *self = LIFECYCLE_RECORD_LIST (object);

  for (guint i = 0; self->records != NULL && i < lifecycle_snapshot_get_n_items (self->snapshot); i++)
    g_clear_object (&self->records[i]);
  g_free (self->records);
  g_clear_pointer (&self->snapshot, lifecycle_snapshot_unref);

  G_OBJECT_CLASS (lifecycle_record_list_parent_class)->finalize (object);
}

static void
lifecycle_record_list_class_init (LifecycleRecordListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = lifecycle_record_list_finalize;
}

static void
lifecycle_record_list_init (LifecycleRecordList *self)
{
}

/* Takes ownership of the snapshot. */
GListModel *
lifecycle_record_list_new (LifecycleSnapshot *snapshot)
{
  LifecycleRecordList *self = g_object_new (LIFECYCLE_TYPE_RECORD_LIST, NULL);

  self->snapshot = snapshot;

  return G_LIST_MODEL (self);
}

/**
 * lifecycle_scope_list_records:
 * @self: a scope
 * @recursive: whether to list everything that would end with the scope
 *
 * Lists the entries of the scope, the oldest first.
 *
 * If @recursive is %TRUE, these are followed by the entries of the scopes below it, and of the
 * scopes that follow one of these. Entries that a close has already muted are not listed; a closed
 * scope has none.
 *
 * This function may be called on any thread. While other threads add entries and close scopes, each
 * scope is listed as it was at one moment.
 *
 * Returns: (transfer full): a list of [class@Record], which never changes
 *
 * Since: 1.0
 */
GListModel *
lifecycle_scope_list_records (LifecycleScope *self,
                              gboolean        recursive)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  return lifecycle_record_list_new (lifecycle_snapshot_new (self, recursive));
}

/**
 * lifecycle_list_records:
 *
 * Lists the entries of all scopes in the process.
 *
 * This function may be called on any thread.
 *
 * Returns: (transfer full): a list of [class@Record], which never changes
 *
 * Since: 1.0
 */
GListModel *
lifecycle_list_records (void)
{
  return lifecycle_record_list_new (lifecycle_snapshot_new_all ());
}

/**
 * lifecycle_list_scopes:
 *
 * Lists all scopes in the process that are open or closing, parents before their children.
 *
 * This function may be called on any thread. The list holds a reference to each scope, so a scope
 * whose owner drops the last other reference is closed only when the list is freed.
 *
 * Returns: (transfer full): a list of [class@Scope], which never changes
 *
 * Since: 1.0
 */
GListModel *
lifecycle_list_scopes (void)
{
  GListStore *store = g_list_store_new (LIFECYCLE_TYPE_SCOPE);
  LifecycleScopeList list;

  lifecycle_scope_list_init (&list);
  lifecycle_roots_list_roots (&list);
  for (guint i = 0; i < list.n_items; i++)
    lifecycle_scope_list_children (&list, list.items[i], NULL);
  g_list_store_splice (store, 0, 0, (gpointer *) list.items, list.n_items);
  lifecycle_scope_list_clear (&list);

  return G_LIST_MODEL (store);
}
