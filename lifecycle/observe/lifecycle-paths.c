/* lifecycle-paths.c: the paths of scopes, for those who may take no lock
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-observer-private.h"
#include "lifecycle-paths-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-scope.h"
#include "lifecycle-walk-private.h"

/* Observers of entries are called with a ledger locked, and the path of a scope takes the locks of the
 * ledgers above it. So while somebody wants paths, they are kept in a table: a scope has the same
 * path all its life.
 */
static struct
{
  GMutex      lock;             /* last in the lock order */
  GHashTable *by_scope;         /* address of a LifecycleScope → path, or NULL if nobody wants any */
  guint       n_users;
  gboolean    observing;
} paths;

/* Takes ownership of the path. */
static void
remember (gconstpointer  scope,
          char          *path)
{
  g_mutex_lock (&paths.lock);
  if (paths.by_scope != NULL)
    g_hash_table_insert (paths.by_scope, (gpointer) scope, g_steal_pointer (&path));
  g_mutex_unlock (&paths.lock);

  g_free (path);
}

static gboolean
is_wanted (void)
{
  gboolean wanted;

  g_mutex_lock (&paths.lock);
  wanted = paths.by_scope != NULL;
  g_mutex_unlock (&paths.lock);

  return wanted;
}

static void
paths_scope_opened (LifecycleScope *scope)
{
  if (is_wanted ())
    remember (scope, lifecycle_scope_get_path (scope));
}

static void
paths_scope_closed (LifecycleScope *scope,
                    guint64         duration)
{
  g_mutex_lock (&paths.lock);
  if (paths.by_scope != NULL)
    g_hash_table_remove (paths.by_scope, scope);
  g_mutex_unlock (&paths.lock);
}

static const LifecycleObserver paths_observer = {
  .scope_opened = paths_scope_opened,
  .scope_closed = paths_scope_closed,
};

/* A scope that is opened meanwhile is known twice, and one that is closed meanwhile may stay known until
 * another one has its address. Neither does harm.
 */
static void
remember_all (void)
{
  LifecycleWalk walk;
  LifecycleLedger *ledger;

  lifecycle_walk_init_all (&walk, NULL);
  while ((ledger = lifecycle_walk_next (&walk)) != NULL)
    {
      gconstpointer scope = ledger->scope;

      /* This unlocks the ledger, whose memory the walk keeps. */
      lifecycle_walk_go_on (&walk);
      if (scope != NULL)
        remember (scope, lifecycle_ledger_dup_path (ledger, NULL));
    }
  lifecycle_walk_clear (&walk);
}

/* From now on, paths are wanted. Called with no lock held. */
void
lifecycle_paths_start (void)
{
  gboolean is_first, observe;

  g_mutex_lock (&paths.lock);
  is_first = paths.n_users++ == 0;
  if (is_first)
    paths.by_scope = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  observe = !paths.observing;
  paths.observing = TRUE;
  g_mutex_unlock (&paths.lock);

  if (observe)
    lifecycle_add_observer (&paths_observer);
  if (is_first)
    remember_all ();
}

void
lifecycle_paths_stop (void)
{
  g_mutex_lock (&paths.lock);
  if (--paths.n_users == 0)
    g_clear_pointer (&paths.by_scope, g_hash_table_unref);
  g_mutex_unlock (&paths.lock);
}

/* Returns the path of a scope whose ledger is locked; or its name, for a scope that has closed. */
char *
lifecycle_paths_dup (const LifecycleLedger *ledger)
{
  char *path = NULL;

  if (ledger->scope == NULL)
    return g_strdup ("unnamed");

  g_mutex_lock (&paths.lock);
  if (paths.by_scope != NULL)
    path = g_strdup (g_hash_table_lookup (paths.by_scope, ledger->scope));
  g_mutex_unlock (&paths.lock);
  if (path != NULL)
    return path;

  return lifecycle_scope_dup_quoted_name (ledger->scope);
}
