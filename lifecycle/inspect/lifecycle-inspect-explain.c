/* lifecycle-inspect-explain.c: why an object or a scope is there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-inspect-private.h"
#include "lifecycle-leaks-private.h"

#define MAX_CHAINS 200

typedef struct
{
  LifecycleSnapshot *snapshot;
  GVariantBuilder    chains;    /* aaa{sv} */
  guint              n_chains;
} Explanation;

/* Adds a link to a chain. What is NULL is left out. */
static void
add_link (GVariantBuilder *chain,
          const char      *link,
          const char      *text,
          const char      *place,
          const char      *path,
          gconstpointer    address)
{
  GVariantBuilder dict;

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  lifecycle_dict_add_string (&dict, "link", link);
  lifecycle_dict_add_string (&dict, "text", text);
  lifecycle_dict_add_string (&dict, "place", place);
  lifecycle_dict_add_string (&dict, "path", path);
  lifecycle_dict_add_address (&dict, "address", address);
  g_variant_builder_add_value (chain, g_variant_builder_end (&dict));
}

/* Adds a scope and all scopes above it. */
static void
add_scopes (Explanation     *self,
            GVariantBuilder *chain,
            guint            index)
{
  for (;;)
    {
      const LifecycleSnapshotScope *scope = lifecycle_snapshot_get_scope (self->snapshot, index);
      g_autofree char *path = lifecycle_snapshot_dup_path (self->snapshot, index);
      g_autofree char *text = g_strdup_printf ("%s, %u %s",
                                               lifecycle_enum_get_nick (LIFECYCLE_TYPE_STATE,
                                                                        scope->state),
                                               scope->n_entries,
                                               scope->n_entries == 1 ? "entry" : "entries");

      add_link (chain, "scope", text, scope->place, path, scope->address);
      if (scope->above == index)
        {
          if (scope->object != NULL)
            add_link (chain, "object", "ends when this object is disposed", NULL, NULL, scope->object);
          return;
        }
      index = scope->above;
    }
}

static gboolean
begin_chain (Explanation     *self,
             GVariantBuilder *chain)
{
  if (self->n_chains++ >= MAX_CHAINS)
    return FALSE;

  g_variant_builder_init (chain, G_VARIANT_TYPE ("aa{sv}"));

  return TRUE;
}

static void
end_chain (Explanation     *self,
           GVariantBuilder *chain)
{
  g_variant_builder_add_value (&self->chains, g_variant_builder_end (chain));
}

static void
add_object (GVariantBuilder *chain,
            gpointer         address,
            GType            type,
            guint            n_refs)
{
  g_autofree char *text = NULL;

  if (type != G_TYPE_INVALID && n_refs > 0)
    text = g_strdup_printf ("%s, %u %s", g_type_name (type), n_refs,
                            n_refs == 1 ? "reference" : "references");
  else if (type != G_TYPE_INVALID)
    text = g_strdup (g_type_name (type));
  add_link (chain, "object", text, NULL, NULL, address);
}

/* Explains an entry that has to do with the object at `address`. */
static void
explain_item (Explanation *self,
              guint        index,
              gpointer     address,
              GType        type,
              guint        n_refs)
{
  const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (self->snapshot, index);
  const LifecycleFacts *facts = &item->facts;
  const char *kind = lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, item->kind);
  g_autofree char *signal = lifecycle_dup_signal (facts);
  g_autofree char *callback = NULL;
  GVariantBuilder chain;

  if (!begin_chain (self, &chain))
    return;

  if (facts->callback != NULL)
    callback = lifecycle_describe_address (facts->callback, item->look);

  add_object (&chain, address, type, n_refs);
  if (facts->data == address)
    {
      g_autofree char *text = g_strdup_printf ("data of %s", callback != NULL ? callback
                                                                              : "a closure");

      add_link (&chain, "closure", text, item->place, NULL, NULL);
      if (facts->object != NULL && facts->object != address)
        {
          g_autofree char *emitter = g_strdup_printf ("%s%s%s",
                                                      facts->type != G_TYPE_INVALID
                                                        ? g_type_name (facts->type) : "object",
                                                      signal != NULL ? "::" : "",
                                                      signal != NULL ? signal : "");

          add_link (&chain, "emitter", emitter, NULL, NULL, facts->object);
        }
      else if (item->kind != LIFECYCLE_KIND_HANDLER)
        {
          add_link (&chain, kind, facts->name, item->place, NULL, NULL);
        }
    }
  else if (facts->holds)
    {
      add_link (&chain, "reference", "held by a scope", item->place, NULL, NULL);
    }
  else
    {
      g_autofree char *text = g_strdup_printf ("%s%s%s",
                                               signal != NULL ? signal
                                               : facts->name != NULL ? facts->name : kind,
                                               callback != NULL ? " calls " : "",
                                               callback != NULL ? callback : "");

      add_link (&chain, kind, text, item->place, NULL, NULL);
    }
  add_scopes (self, &chain, item->scope);
  end_chain (self, &chain);
}

/* Explains the object at an address. */
static gboolean
explain_object (Explanation *self,
                gpointer     address,
                GPtrArray   *leaks)
{
  GType type = G_TYPE_INVALID;
  guint n_refs = 0, n_held = 0;
  guint before = self->n_chains;

  for (guint i = 0; i < lifecycle_snapshot_get_n_items (self->snapshot); i++)
    {
      const LifecycleFacts *facts = &lifecycle_snapshot_get_item (self->snapshot, i)->facts;

      if (facts->object == address)
        {
          if (facts->type != G_TYPE_INVALID)
            type = facts->type;
          n_refs = MAX (n_refs, facts->n_refs);
          if (facts->holds)
            n_held++;
        }
    }

  for (guint i = 0; i < leaks->len; i++)
    {
      LifecycleLeakFacts *leak = g_ptr_array_index (leaks, i);
      GVariantBuilder chain;

      if (leak->address != address || !begin_chain (self, &chain))
        continue;

      type = leak->type;
      n_refs = MAX (n_refs, leak->n_refs);
      add_object (&chain, address, type, n_refs);
      add_link (&chain, "leak", leak->why != NULL ? leak->why : "should be gone", leak->place,
                leak->scope_path, NULL);
      end_chain (self, &chain);
    }

  for (guint i = 0; i < lifecycle_snapshot_get_n_items (self->snapshot); i++)
    {
      const LifecycleFacts *facts = &lifecycle_snapshot_get_item (self->snapshot, i)->facts;

      if (facts->object == address || facts->data == address)
        explain_item (self, i, address, type, n_refs);
    }

  for (guint i = 0; i < lifecycle_snapshot_get_n_scopes (self->snapshot); i++)
    {
      const LifecycleSnapshotScope *scope = lifecycle_snapshot_get_scope (self->snapshot, i);
      GVariantBuilder chain;

      if (scope->address == NULL || scope->object != address || !begin_chain (self, &chain))
        continue;

      add_object (&chain, address, type, n_refs);
      add_link (&chain, "owner", "the next scope ends with this object", NULL, NULL, NULL);
      add_scopes (self, &chain, i);
      end_chain (self, &chain);
    }

  if (self->n_chains > before && n_refs > n_held)
    {
      g_autofree char *text = g_strdup_printf ("%u of %u %s not held by scopes", n_refs - n_held,
                                               n_refs, n_refs == 1 ? "reference is"
                                                                   : "references are");
      GVariantBuilder chain;

      if (begin_chain (self, &chain))
        {
          add_object (&chain, address, type, n_refs);
          add_link (&chain, "reference", text, NULL, NULL, NULL);
          end_chain (self, &chain);
        }
    }

  return self->n_chains > before;
}

/* Explains all objects of a type, by the name of that. */
static gboolean
explain_type (Explanation *self,
              const char  *name,
              GPtrArray   *leaks)
{
  GType type = g_type_from_name (name);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  if (type == 0)
    return FALSE;

  for (guint i = 0; i < leaks->len; i++)
    {
      LifecycleLeakFacts *leak = g_ptr_array_index (leaks, i);

      if (g_type_is_a (leak->type, type) && g_hash_table_add (seen, leak->address))
        g_ptr_array_add (addresses, leak->address);
    }
  for (guint i = 0; i < lifecycle_snapshot_get_n_items (self->snapshot); i++)
    {
      const LifecycleFacts *facts = &lifecycle_snapshot_get_item (self->snapshot, i)->facts;

      if (facts->object != NULL && facts->type != G_TYPE_INVALID && g_type_is_a (facts->type, type) &&
          g_hash_table_add (seen, facts->object))
        g_ptr_array_add (addresses, facts->object);
    }

  for (guint i = 0; i < addresses->len && self->n_chains < MAX_CHAINS; i++)
    explain_object (self, g_ptr_array_index (addresses, i), leaks);

  return addresses->len > 0;
}

static guint
find_scope_at (LifecycleSnapshot *snapshot,
               gpointer           address)
{
  for (guint i = 0; i < lifecycle_snapshot_get_n_scopes (snapshot); i++)
    {
      if (lifecycle_snapshot_get_scope (snapshot, i)->address == address)
        return i;
    }

  return G_MAXUINT;
}

static void
explain_scope (Explanation *self,
               guint        index)
{
  g_autoptr (GHashTable) follows = lifecycle_survey_list_follows ();
  gpointer address = lifecycle_snapshot_get_scope (self->snapshot, index)->address;
  GPtrArray *followed = g_hash_table_lookup (follows, address);
  GVariantBuilder chain;

  if (begin_chain (self, &chain))
    {
      add_scopes (self, &chain, index);
      end_chain (self, &chain);
    }

  for (guint i = 0; followed != NULL && i < followed->len; i++)
    {
      const LifecycleSnapshotScope *scope = lifecycle_snapshot_get_scope (self->snapshot, index);
      guint other = find_scope_at (self->snapshot, g_ptr_array_index (followed, i));
      g_autofree char *path = lifecycle_snapshot_dup_path (self->snapshot, index);

      if (other == G_MAXUINT || !begin_chain (self, &chain))
        continue;

      add_link (&chain, "scope", "follows the next scope", scope->place, path, address);
      add_scopes (self, &chain, other);
      end_chain (self, &chain);
    }
}

/* Returns the chains, of the type aaa{sv}. */
GVariant *
lifecycle_explain (LifecycleSnapshot  *snapshot,
                   const char         *what,
                   guint              *n_chains,
                   GError            **error)
{
  g_autoptr (GPtrArray) leaks = lifecycle_leaks_list_alive (NULL, TRUE);
  g_autoptr (GArray) scopes = NULL;
  Explanation self = { .snapshot = snapshot };
  gboolean found;

  g_variant_builder_init (&self.chains, G_VARIANT_TYPE ("aaa{sv}"));

  if (*what == '\0')
    {
      found = FALSE;
    }
  else if (lifecycle_survey_find_scope (snapshot, what, &scopes, NULL))
    {
      explain_scope (&self, g_array_index (scopes, guint, 0));
      found = TRUE;
    }
  else if (g_str_has_prefix (what, "0x"))
    {
      found = explain_object (&self, GSIZE_TO_POINTER (g_ascii_strtoull (what, NULL, 16)), leaks);
    }
  else
    {
      found = explain_type (&self, what, leaks);
    }

  if (!found)
    {
      g_variant_builder_clear (&self.chains);
      /* This knows whether several scopes have that path. */
      if (g_str_has_prefix (what, "0x") ||
          lifecycle_survey_find_scope (snapshot, what, &scopes, error))
        g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                     "No scope has to do with %s", *what != '\0' ? what : "nothing");
      else
        g_prefix_error (error, "No object of that type is known. ");
      return NULL;
    }

  *n_chains = self.n_chains;

  return g_variant_builder_end (&self.chains);
}
