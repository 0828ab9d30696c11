/* arena-store.c: players' scores on disk
 *
 * Like the network, this is wired with Lifecycle in both modes. It all belongs to the scope of the
 * player:
 *
 *   - loading is an operation: a player may be gone, and the whole server stopped, before a slow
 *     disk answers;
 *   - saving is a cleanup that can fail. What it reports disturbs no other cleanup, and is found in
 *     lifecycle_scope_get_error () when the scope has closed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-store.h"

#define GROUP "score"

typedef struct
{
  ArenaPlayer *player;      /* the scope of a player closes before the player ends */
  GFile       *file;
  gboolean     known;       /* what was on disk; before that there is nothing to save */
} Kept;

static const struct
{
  const char *name;
  gsize       offset;
} fields[] = {
  { "wins", G_STRUCT_OFFSET (ArenaScore, wins) },
  { "losses", G_STRUCT_OFFSET (ArenaScore, losses) },
  { "streak", G_STRUCT_OFFSET (ArenaScore, streak) },
  { "coins", G_STRUCT_OFFSET (ArenaScore, coins) },
  { "badges", G_STRUCT_OFFSET (ArenaScore, badges) },
};

#define FIELD(score, i) G_STRUCT_MEMBER (guint, score, fields[i].offset)

static void
kept_free (gpointer data)
{
  Kept *self = data;

  g_object_unref (self->file);
  g_free (self);
}

static gboolean
parse (ArenaScore  *score,
       const char  *text,
       gsize        length,
       GError     **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  guint i;

  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, error))
    return FALSE;

  for (i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      GError *field_error = NULL;
      guint64 value = g_key_file_get_uint64 (file, GROUP, fields[i].name, &field_error);

      if (field_error != NULL)
        {
          g_propagate_error (error, field_error);
          return FALSE;
        }
      FIELD (score, i) = MIN (value, G_MAXUINT);
    }

  return TRUE;
}

/* The player may have won something since it connected, so add the scores. */
static void
add_score (ArenaScore       *score,
           const ArenaScore *loaded)
{
  if (score->losses == 0)
    score->streak += loaded->streak;
  score->wins += loaded->wins;
  score->losses += loaded->losses;
  score->coins += loaded->coins;
  score->badges |= loaded->badges;
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  Kept *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length;
  ArenaScore loaded = { 0, };

  if (g_file_load_contents_finish (self->file, result, &text, &length, NULL, &error) &&
      parse (&loaded, text, length, &error))
    {
      add_score (arena_player_get_score (self->player), &loaded);
      self->known = TRUE;
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    self->known = TRUE;
  else
    g_warning ("The score of %s could not be loaded and will not be saved: %s",
               arena_player_get_nick (self->player), error->message);
}

static void
save_cb (LifecycleScope   *scope,
         LifecycleReason   reason,
         gpointer          user_data,
         GError          **error)
{
  Kept *self = user_data;
  g_autoptr (GKeyFile) file = NULL;
  g_autofree char *text = NULL;
  gsize length;
  guint i;

  if (!self->known)
    return;

  file = g_key_file_new ();
  for (i = 0; i < G_N_ELEMENTS (fields); i++)
    g_key_file_set_uint64 (file, GROUP, fields[i].name,
                           FIELD (arena_player_get_score (self->player), i));
  text = g_key_file_to_data (file, &length, NULL);

  g_file_replace_contents (self->file, text, length, NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL,
                           error);
}

static void
closed_cb (LifecycleScope  *scope,
           LifecycleReason  reason,
           gpointer         unused)
{
  const GError *error = lifecycle_scope_get_error (scope);

  if (error != NULL)
    g_warning ("A score could not be saved: %s", error->message);
}

void
arena_store_keep (ArenaPlayer *player,
                  const char  *name)
{
  LifecycleScope *scope = lifecycle_scope_of (G_OBJECT (player));
  g_autofree char *path = NULL;
  g_autofree char *file_name = NULL;
  LifecycleOperation *load;
  Kept *self;

  file_name = g_strconcat (name, ".score", NULL);
  path = g_build_filename (arena_config_get ()->data, file_name, NULL);
  self = g_new0 (Kept, 1);
  self->player = player;
  self->file = g_file_new_for_path (path);

  /* A handler of its own would be gone by the time it closes. This one ends with the scope as well:
   * with the object. */
  g_signal_connect (scope, "closed", G_CALLBACK (closed_cb), NULL);
  lifecycle_scope_defer (scope, save_cb, self, kept_free);

  load = lifecycle_scope_begin_async (scope, file_name, loaded_cb, self, NULL);
  g_file_load_contents_async (self->file, lifecycle_operation_get_cancellable (load),
                              lifecycle_operation_ready, load);
}
