/* lifecycle-inspect-survey.c: descriptions of scopes and entries for the inspection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-inspect-private.h"
#include "lifecycle-link-private.h"
#include "lifecycle-walk-private.h"

void
lifecycle_dict_add_string (GVariantBuilder *dict,
                           const char      *key,
                           const char      *value)
{
  g_autofree char *valid = NULL;

  if (value == NULL)
    return;

  /* Names are valid, but the paths of source files and names of modules need not be. */
  if (!g_utf8_validate (value, -1, NULL))
    value = valid = g_utf8_make_valid (value, -1);
  g_variant_builder_add (dict, "{sv}", key, g_variant_new_string (value));
}

void
lifecycle_dict_add_address (GVariantBuilder *dict,
                            const char      *key,
                            gconstpointer    value)
{
  if (value != NULL)
    g_variant_builder_add (dict, "{sv}", key, g_variant_new_printf ("%p", value));
}

/* Returns the detailed signal, or NULL. */
char *
lifecycle_dup_signal (const LifecycleFacts *facts)
{
  if (facts->signal_id == 0)
    return NULL;

  return g_strconcat (g_signal_name (facts->signal_id),
                      facts->detail != 0 ? "::" : NULL,
                      g_quark_to_string (facts->detail),
                      NULL);
}

/* Adds what is known of an entry by itself, without its scope and age. */
void
lifecycle_dict_add_item (GVariantBuilder   *dict,
                         LifecycleSnapshot *snapshot,
                         guint              index)
{
  const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (snapshot, index);
  const LifecycleFacts *facts = &item->facts;
  g_autofree char *signal = lifecycle_dup_signal (facts);
  g_autofree char *callback = NULL;
  g_autofree char *stack = NULL;

  lifecycle_dict_add_string (dict, "kind", lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, item->kind));
  lifecycle_dict_add_string (dict, "name", facts->name);
  lifecycle_dict_add_string (dict, "place", item->place);
  if (facts->type != G_TYPE_INVALID)
    lifecycle_dict_add_string (dict, "type", g_type_name (facts->type));
  lifecycle_dict_add_string (dict, "signal", signal);
  if (facts->callback != NULL)
    callback = lifecycle_describe_address (facts->callback, item->look);
  lifecycle_dict_add_string (dict, "callback", callback);
  if (item->stack != NULL)
    stack = lifecycle_stack_describe (item->stack);
  lifecycle_dict_add_string (dict, "stack", stack);
}

static GVariant *
describe_record (LifecycleSnapshot *snapshot,
                 guint              index,
                 char             **paths)
{
  const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (snapshot, index);
  GVariantBuilder dict;

  if (paths[item->scope] == NULL)
    paths[item->scope] = lifecycle_snapshot_dup_path (snapshot, item->scope);

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  lifecycle_dict_add_item (&dict, snapshot, index);
  lifecycle_dict_add_string (&dict, "scope", paths[item->scope]);
  lifecycle_dict_add_address (&dict, "scope-id",
                              lifecycle_snapshot_get_scope (snapshot, item->scope)->address);
  lifecycle_dict_add_address (&dict, "object", item->facts.object);
  lifecycle_dict_add_address (&dict, "data", item->facts.data);
  if (item->facts.id != 0)
    g_variant_builder_add (&dict, "{sv}", "id", g_variant_new_uint64 (item->facts.id));
  g_variant_builder_add (&dict, "{sv}", "age",
                         g_variant_new_int64 (lifecycle_snapshot_get_age (snapshot, index)));
  g_variant_builder_add (&dict, "{sv}", "valid", g_variant_new_boolean (item->facts.valid));

  return g_variant_builder_end (&dict);
}

/* Lists the entries of the scopes, or only of the first if not `recursive`; of all scopes if `scopes`
 * is NULL. If `kind` is not negative, only those of that kind are listed and counted.
 */
GVariant *
lifecycle_survey_list_records (LifecycleSnapshot *snapshot,
                               GArray            *scopes,
                               gboolean           recursive,
                               int                kind,
                               guint              maximum,
                               guint             *total)
{
  guint n_scopes = lifecycle_snapshot_get_n_scopes (snapshot);
  g_autofree guint8 *wanted = g_new0 (guint8, n_scopes);
  g_autofree char **paths = g_new0 (char *, n_scopes);
  GVariantBuilder records;

  for (guint i = 0; scopes != NULL && i < (recursive ? scopes->len : 1); i++)
    wanted[g_array_index (scopes, guint, i)] = TRUE;

  *total = 0;
  g_variant_builder_init (&records, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < lifecycle_snapshot_get_n_items (snapshot); i++)
    {
      const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (snapshot, i);

      if ((scopes != NULL && !wanted[item->scope]) || (kind >= 0 && item->kind != kind))
        continue;
      if ((*total)++ < maximum)
        g_variant_builder_add_value (&records, describe_record (snapshot, i, paths));
    }

  for (guint i = 0; i < n_scopes; i++)
    g_free (paths[i]);

  return g_variant_builder_end (&records);
}

static guint
scope_get_depth (LifecycleSnapshot *snapshot,
                 guint              index)
{
  guint depth = 0;

  for (guint above; (above = lifecycle_snapshot_get_scope (snapshot, index)->above) != index; depth++)
    index = above;

  return depth;
}

static GVariant *
describe_scope (LifecycleSnapshot *snapshot,
                guint              index,
                const guint       *live,
                GHashTable        *follows)
{
  const LifecycleSnapshotScope *scope = lifecycle_snapshot_get_scope (snapshot, index);
  g_autofree char *path = lifecycle_snapshot_dup_path (snapshot, index);
  const char *name = strrchr (path, '/');
  GPtrArray *followed = g_hash_table_lookup (follows, scope->address);
  GVariantBuilder dict, kinds, ids;

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  lifecycle_dict_add_address (&dict, "id", scope->address);
  lifecycle_dict_add_string (&dict, "path", path);
  lifecycle_dict_add_string (&dict, "name", name != NULL ? name + 1 : path);
  if (scope->above != index)
    lifecycle_dict_add_address (&dict, "parent",
                                lifecycle_snapshot_get_scope (snapshot, scope->above)->address);
  g_variant_builder_add (&dict, "{sv}", "depth",
                         g_variant_new_uint32 (scope_get_depth (snapshot, index)));
  lifecycle_dict_add_string (&dict, "state",
                             lifecycle_enum_get_nick (LIFECYCLE_TYPE_STATE, scope->state));
  if (scope->state != LIFECYCLE_STATE_OPEN)
    lifecycle_dict_add_string (&dict, "reason",
                               lifecycle_enum_get_nick (LIFECYCLE_TYPE_REASON, scope->reason));
  lifecycle_dict_add_string (&dict, "place", scope->place);
  g_variant_builder_add (&dict, "{sv}", "age",
                         g_variant_new_int64 (lifecycle_snapshot_get_scope_age (snapshot, index)));
  g_variant_builder_add (&dict, "{sv}", "entries", g_variant_new_uint32 (scope->n_entries));
  lifecycle_dict_add_address (&dict, "context", scope->context);
  lifecycle_dict_add_address (&dict, "object", scope->object);
  if (scope->permanent)
    g_variant_builder_add (&dict, "{sv}", "permanent", g_variant_new_boolean (TRUE));

  g_variant_builder_init (&kinds, G_VARIANT_TYPE ("a{su}"));
  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      if (live[kind] > 0)
        g_variant_builder_add (&kinds, "{su}",
                               lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, (int) kind), live[kind]);
    }
  g_variant_builder_add (&dict, "{sv}", "live", g_variant_builder_end (&kinds));

  if (followed != NULL)
    {
      g_variant_builder_init (&ids, G_VARIANT_TYPE ("as"));
      for (guint i = 0; i < followed->len; i++)
        g_variant_builder_add_value (&ids, g_variant_new_printf ("%p", g_ptr_array_index (followed, i)));
      g_variant_builder_add (&dict, "{sv}", "follows", g_variant_builder_end (&ids));
    }

  return g_variant_builder_end (&dict);
}

/* The children of each scope, so that a list can go from each scope to what is below it. */
typedef struct
{
  guint first_child;            /* an index, or G_MAXUINT */
  guint next;                   /* the next child of the same scope, likewise */
} Branch;

/* Appends a scope and all that is below it, each parent before its children. */
static void
append_tree (GArray       *scopes,
             const Branch *branches,
             guint         root)
{
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (guint));

  g_array_append_val (stack, root);
  while (stack->len > 0)
    {
      guint index = g_array_index (stack, guint, stack->len - 1);

      g_array_set_size (stack, stack->len - 1);
      g_array_append_val (scopes, index);
      for (guint child = branches[index].first_child; child != G_MAXUINT; child = branches[child].next)
        g_array_append_val (stack, child);
    }
}

static Branch *
list_branches (LifecycleSnapshot *snapshot)
{
  guint n_scopes = lifecycle_snapshot_get_n_scopes (snapshot);
  Branch *branches = g_new (Branch, n_scopes);

  for (guint i = 0; i < n_scopes; i++)
    branches[i] = (Branch) { G_MAXUINT, G_MAXUINT };

  /* A walk comes to the newest child first, so the stack above makes the oldest come first. */
  for (guint i = n_scopes; i-- > 0;)
    {
      const LifecycleSnapshotScope *scope = lifecycle_snapshot_get_scope (snapshot, i);

      if (scope->address != NULL && scope->above != i)
        {
          branches[i].next = branches[scope->above].first_child;
          branches[scope->above].first_child = i;
        }
    }

  return branches;
}

static GArray *
list_all_scopes (LifecycleSnapshot *snapshot)
{
  g_autofree Branch *branches = list_branches (snapshot);
  GArray *scopes = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < lifecycle_snapshot_get_n_scopes (snapshot); i++)
    {
      const LifecycleSnapshotScope *scope = lifecycle_snapshot_get_scope (snapshot, i);

      if (scope->address != NULL && scope->above == i)
        append_tree (scopes, branches, i);
    }

  return scopes;
}

/* Lists scopes, or all of them if `scopes` is NULL. */
GVariant *
lifecycle_survey_list_scopes (LifecycleSnapshot *snapshot,
                              GArray            *scopes)
{
  guint n_scopes = lifecycle_snapshot_get_n_scopes (snapshot);
  g_autofree guint *live = g_new0 (guint, n_scopes * LIFECYCLE_N_KINDS);
  g_autoptr (GArray) all = scopes == NULL ? list_all_scopes (snapshot) : g_array_ref (scopes);
  g_autoptr (GHashTable) follows = lifecycle_survey_list_follows ();
  GVariantBuilder list;

  for (guint i = 0; i < lifecycle_snapshot_get_n_items (snapshot); i++)
    {
      const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (snapshot, i);

      live[item->scope * LIFECYCLE_N_KINDS + item->kind]++;
    }

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < all->len; i++)
    {
      guint index = g_array_index (all, guint, i);

      g_variant_builder_add_value (&list,
                                   describe_scope (snapshot, index,
                                                   live + index * LIFECYCLE_N_KINDS, follows));
    }

  return g_variant_builder_end (&list);
}

gboolean
lifecycle_survey_find_scope (LifecycleSnapshot  *snapshot,
                             const char         *what,
                             GArray            **scopes,
                             GError            **error)
{
  g_autofree Branch *branches = NULL;
  gpointer address = NULL;
  guint found = G_MAXUINT;

  *scopes = NULL;
  if (*what == '\0')
    return TRUE;

  if (g_str_has_prefix (what, "0x"))
    address = GSIZE_TO_POINTER (g_ascii_strtoull (what, NULL, 16));

  for (guint i = 0; i < lifecycle_snapshot_get_n_scopes (snapshot); i++)
    {
      const LifecycleSnapshotScope *scope = lifecycle_snapshot_get_scope (snapshot, i);
      gboolean matches;

      if (scope->address == NULL)
        continue;

      if (address != NULL)
        {
          matches = scope->address == address;
        }
      else
        {
          g_autofree char *path = lifecycle_snapshot_dup_path (snapshot, i);

          matches = strcmp (path, what) == 0;
        }

      if (matches && found != G_MAXUINT)
        {
          g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                       "There is more than one scope %s: use the id of one of them", what);
          return FALSE;
        }
      if (matches)
        found = i;
    }

  if (found == G_MAXUINT)
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "There is no scope %s", what);
      return FALSE;
    }

  branches = list_branches (snapshot);
  *scopes = g_array_new (FALSE, FALSE, sizeof (guint));
  append_tree (*scopes, branches, found);

  return TRUE;
}

GHashTable *
lifecycle_survey_list_follows (void)
{
  GHashTable *follows = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
  LifecycleWalk walk;
  LifecycleLedger *ledger;

  lifecycle_walk_init_all (&walk, NULL);
  while ((ledger = lifecycle_walk_next (&walk)) != NULL)
    {
      gpointer followed = ledger->scope;
      g_autoptr (GPtrArray) links = NULL;

      /* The memory of the ledger is held by the walk. */
      lifecycle_walk_go_on (&walk);
      if (followed != NULL && lifecycle_ledger_is_owned (ledger))
        links = lifecycle_holdings_dup_followers (lifecycle_ledger_get_holdings (ledger));

      for (guint i = 0; links != NULL && i < links->len; i++)
        {
          LifecycleLedger *following = ((LifecycleLink *) g_ptr_array_index (links, i))->own_ledger;
          gpointer follower;
          GPtrArray *list;

          lifecycle_ledger_lock (following);
          follower = following->scope;
          lifecycle_ledger_unlock (following);
          if (follower == NULL)
            continue;

          list = g_hash_table_lookup (follows, follower);
          if (list == NULL)
            {
              list = g_ptr_array_new ();
              g_hash_table_insert (follows, follower, list);
            }
          g_ptr_array_add (list, followed);
        }
    }
  lifecycle_walk_clear (&walk);

  return follows;
}
