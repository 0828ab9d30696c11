/* lifecycle-noted-leaks.c: leaks that are over, and the list of all
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-leaks-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-scope-private.h"

/* How many different leaks are remembered. Beyond that, the oldest are forgotten. */
#define MAX_NOTED 256

static struct
{
  GMutex     lock;              /* no other lock is taken while it is held */
  GPtrArray *list;              /* of LifecycleLeakFacts, the newest at the end; or NULL */
  guint      epoch;
  guint      n_tracking;        /* atomic */
} noted;

/* Remembers a leak that is over, once for each place. Called on any thread. */
void
lifecycle_leaks_note (const LifecycleLeakFacts *facts)
{
  LifecycleLeakFacts *copy = lifecycle_leak_facts_copy (facts);

  g_mutex_lock (&noted.lock);
  if (noted.list == NULL)
    noted.list = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_leak_facts_free);

  for (guint i = noted.list->len; i-- > 0;)
    {
      LifecycleLeakFacts *other = g_ptr_array_index (noted.list, i);

      if (other->epoch == noted.epoch &&
          other->kind == facts->kind &&
          other->type == facts->type &&
          g_strcmp0 (other->place, facts->place) == 0 &&
          g_strcmp0 (other->why, facts->why) == 0 &&
          (facts->place != NULL || g_strcmp0 (other->scope_path, facts->scope_path) == 0))
        {
          copy->count += other->count;
          g_ptr_array_remove_index (noted.list, i);
          break;
        }
    }

  if (noted.list->len == MAX_NOTED)
    g_ptr_array_remove_index (noted.list, 0);
  copy->epoch = noted.epoch;
  g_ptr_array_add (noted.list, copy);
  g_mutex_unlock (&noted.lock);
}

/* Lists the leaks that have been noted. `since` may be NULL. */
GPtrArray *
lifecycle_leaks_list_noted (const LifecycleLeakMark *since)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_leak_facts_free);

  g_mutex_lock (&noted.lock);
  for (guint i = 0; noted.list != NULL && i < noted.list->len; i++)
    {
      LifecycleLeakFacts *facts = g_ptr_array_index (noted.list, i);

      if (since == NULL || facts->epoch > since->epoch)
        g_ptr_array_add (list, lifecycle_leak_facts_copy (facts));
    }
  g_mutex_unlock (&noted.lock);

  return list;
}

/* Returns the number of the epoch that is over: what is noted from now on belongs to a later one. */
guint
lifecycle_leaks_begin_epoch (void)
{
  guint epoch;

  g_mutex_lock (&noted.lock);
  epoch = noted.epoch++;
  g_mutex_unlock (&noted.lock);

  return epoch;
}

void
lifecycle_noted_leaks_before_fork (void)
{
  g_mutex_lock (&noted.lock);
}

void
lifecycle_noted_leaks_after_fork (void)
{
  g_mutex_unlock (&noted.lock);
}

/**
 * lifecycle_list_leaks:
 *
 * Lists the objects and scopes that did not end as they should have.
 *
 * The list begins with the objects that are overdue now, those that have been overdue the longest
 * first, and after them the widgets, if the library for GTK watches them. Then come the leaks noted
 * since the last call of [func@clear_leaks]: objects that were finalized late, and scopes that were
 * dropped while they were open. Of these, only the last at each place is listed, with a count, and
 * if there are very many, the oldest are forgotten. Dropped scopes are noted if
 * `LIFECYCLE_DEBUG=leaks` is set, and between [func@test_begin] and [func@test_end].
 *
 * This function may be called on any thread. What refers to an object is looked for the first time that
 * this is called while the object is overdue, on the thread on which [method@Scope.expect_finalize] was
 * called; see [method@Leak.get_referrers]. The memory of the process is searched then, which takes some
 * 50 milliseconds for 100 MB.
 *
 * Returns: (transfer full): a list of [class@Leak], which never changes
 *
 * Since: 1.0
 */
GListModel *
lifecycle_list_leaks (void)
{
  GListStore *store = g_list_store_new (LIFECYCLE_TYPE_LEAK);
  g_autoptr (GPtrArray) alive = NULL;

  lifecycle_leaks_search (NULL, TRUE);
  alive = lifecycle_leaks_list_alive (NULL, TRUE);
  g_ptr_array_extend_and_steal (alive, lifecycle_leaks_list_noted (NULL));
  for (guint i = 0; i < alive->len; i++)
    {
      g_autoptr (LifecycleLeak) leak = lifecycle_leak_new (g_ptr_array_index (alive, i));

      g_list_store_append (store, leak);
    }

  return G_LIST_MODEL (store);
}

/**
 * lifecycle_clear_leaks:
 *
 * Forgets the leaks that are over: objects that were finalized late, and scopes that were dropped
 * while they were open.
 *
 * Objects that are overdue and alive stay in the list. This function may be called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_clear_leaks (void)
{
  GPtrArray *list;

  g_mutex_lock (&noted.lock);
  list = g_steal_pointer (&noted.list);
  g_mutex_unlock (&noted.lock);

  g_clear_pointer (&list, g_ptr_array_unref);
}

static void
leaks_scope_closed (LifecycleScope *scope,
                    guint64         duration)
{
  g_autofree char *path = NULL;
  const char *place;

  if (scope->reason != LIFECYCLE_REASON_DROPPED ||
      scope->n_released == 0 ||
      g_atomic_int_get (&noted.n_tracking) == 0)
    return;

  path = lifecycle_scope_get_path (scope);
  place = lifecycle_entry_get_place (&scope->as_child);
  lifecycle_leaks_note (&(LifecycleLeakFacts) {
    .kind = LIFECYCLE_LEAK_KIND_DROPPED_OPEN,
    .type = LIFECYCLE_TYPE_SCOPE,
    .address = scope,
    .count = 1,
    .n_entries = scope->n_released,
    .scope_path = path,
    .place = place,
    .stack = lifecycle_stacks_get (&scope->as_child),
  });
}

/* Turns the noting of dropped scopes on or off. Calls are counted: noting stays on until each TRUE
 * has been matched by a FALSE.
 */
void
lifecycle_leaks_set_tracking (gboolean tracking)
{
  static const LifecycleObserver observer = {
    .scope_closed = leaks_scope_closed,
  };
  static gsize added;

  if (g_once_init_enter (&added))
    {
      lifecycle_add_observer (&observer);
      g_once_init_leave (&added, 1);
    }

  g_atomic_int_add ((gint *) &noted.n_tracking, tracking ? 1 : -1);
}
