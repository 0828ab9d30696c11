/* lifecycle-inspect-stuck.c: entries that can never fire
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-inspect-private.h"

/* What is younger is still being set up, or answered. */
#define GRACE_MS 3000

/* The kinds that need a main context to run. */
#define SOURCE_KINDS (1u << LIFECYCLE_KIND_SOURCE |    \
                      1u << LIFECYCLE_KIND_TIMER |     \
                      1u << LIFECYCLE_KIND_OPERATION | \
                      1u << LIFECYCLE_KIND_MONITOR |   \
                      1u << LIFECYCLE_KIND_BUS |       \
                      1u << LIFECYCLE_KIND_PROCESS |   \
                      1u << LIFECYCLE_KIND_SERVICE)

/* Objects of these types emit by themselves, because something that GLib owns knows them. */
static const char *const active_types[] = {
  "GDBusProxy", "GDBusConnection", "GDBusObjectManager", "GDBusInterfaceSkeleton", "GFileMonitor",
  "GSettings", "GNetworkMonitor", "GApplication", "GSocketListener", "GSubprocess", "GVolumeMonitor",
  "GAppInfoMonitor", "GMemoryMonitor", "GPowerProfileMonitor", "GCancellable", "GMenuModel",
  "GActionGroup", "GResolver", "GPermission",
};

static gboolean
type_is_active (GType type)
{
  for (guint i = 0; i < G_N_ELEMENTS (active_types); i++)
    {
      /* 0 if the program does not know the type. */
      GType active = g_type_from_name (active_types[i]);

      if (active != 0 && g_type_is_a (type, active))
        return TRUE;
    }

  return FALSE;
}

typedef struct
{
  GHashTable *states;           /* the address of a context → 1 + LifecycleContextState */
  GHashTable *holds;            /* the address of an object → how many references scopes hold */
  GHashTable *active;           /* a set of addresses of what something calls back into */
  GHashTable *types;            /* GType → 1 + whether it is active */
} Stuck;

/* Learns who holds what, and what may call back into which object. */
static void
stuck_learn (Stuck             *self,
             LifecycleSnapshot *snapshot)
{
  for (guint i = 0; i < lifecycle_snapshot_get_n_items (snapshot); i++)
    {
      const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (snapshot, i);
      const LifecycleFacts *facts = &item->facts;

      if (facts->holds)
        {
          guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->holds, facts->object));

          g_hash_table_insert (self->holds, facts->object, GUINT_TO_POINTER (n + 1));
        }
      else if (facts->object != NULL && item->kind != LIFECYCLE_KIND_HANDLER)
        {
          g_hash_table_add (self->active, facts->object);
        }

      if (facts->data != NULL &&
          item->kind != LIFECYCLE_KIND_DATA && item->kind != LIFECYCLE_KIND_CLEANUP)
        g_hash_table_add (self->active, facts->data);
    }
}

static gboolean
stuck_is_active (Stuck                *self,
                 const LifecycleFacts *facts)
{
  gpointer known;

  if (g_hash_table_contains (self->active, facts->object))
    return TRUE;

  known = g_hash_table_lookup (self->types, GSIZE_TO_POINTER (facts->type));
  if (known == NULL)
    {
      known = GUINT_TO_POINTER (1 + (type_is_active (facts->type) ? 1 : 0));
      g_hash_table_insert (self->types, GSIZE_TO_POINTER (facts->type), known);
    }

  return GPOINTER_TO_UINT (known) > 1;
}

/* Returns why an entry cannot fire, or NULL if it can, as far as anybody knows: most entries that do
 * nothing are merely idle.
 */
static const char *
stuck_find_cause (Stuck             *self,
                  LifecycleSnapshot *snapshot,
                  guint              index,
                  gboolean          *certain)
{
  const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (snapshot, index);
  const LifecycleSnapshotScope *scope = lifecycle_snapshot_get_scope (snapshot, item->scope);
  const LifecycleFacts *facts = &item->facts;
  gboolean is_new = lifecycle_snapshot_get_age (snapshot, index) < GRACE_MS;
  guint state, n_holds;

  *certain = FALSE;

  if ((1u << item->kind & SOURCE_KINDS) != 0)
    {
      state = GPOINTER_TO_UINT (g_hash_table_lookup (self->states, scope->context));
      if (state == 1 + LIFECYCLE_CONTEXT_ABANDONED)
        {
          *certain = TRUE;
          return "abandoned-context";
        }
      if (state == 1 + LIFECYCLE_CONTEXT_WAITS && !is_new)
        return "waiting-context";
      if (state == 1 + LIFECYCLE_CONTEXT_BUSY)
        return "busy-context";
    }

  if (is_new)
    return NULL;

  if (facts->unused)
    return "lost-operation";

  if (item->kind == LIFECYCLE_KIND_HANDLER && facts->n_refs > 0)
    {
      n_holds = GPOINTER_TO_UINT (g_hash_table_lookup (self->holds, facts->object));
      if (facts->n_refs <= n_holds && !stuck_is_active (self, facts))
        return "lone-emitter";
    }

  return NULL;
}

/* Lists, by place, the entries that cannot fire. */
GVariant *
lifecycle_stuck_list (LifecycleSnapshot *snapshot,
                      GPtrArray         *reports)
{
  g_autoptr (GHashTable) sites = lifecycle_sites_new ();
  g_autoptr (GHashTable) states = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) holds = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) active = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) types = g_hash_table_new (NULL, NULL);
  Stuck self = { states, holds, active, types };

  for (guint i = 0; i < reports->len; i++)
    {
      LifecycleContextReport *report = g_ptr_array_index (reports, i);

      g_hash_table_insert (states, report->context, GUINT_TO_POINTER (1 + report->state));
    }
  stuck_learn (&self, snapshot);

  for (guint i = 0; i < lifecycle_snapshot_get_n_items (snapshot); i++)
    {
      gboolean certain;
      const char *cause = stuck_find_cause (&self, snapshot, i, &certain);

      if (cause != NULL)
        lifecycle_sites_add (sites, snapshot, i, cause, certain);
    }

  return lifecycle_sites_list (sites, snapshot);
}
