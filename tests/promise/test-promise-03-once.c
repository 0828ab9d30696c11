/* test-promise-03-once.c: every end happens once, whoever does what while it happens
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every place where a scope runs somebody's code, times everything that such code may do to any
 * scope around, times every way in which the tree comes down. Whatever the combination: each
 * destroy notify and each cleanup runs exactly once, nothing runs after its notify, nothing stays
 * connected, and every scope is finalized.
 */

#include "test-util.h"

typedef struct _World World;

typedef void (*WorldFunc) (World *world);

struct _World
{
  const char     *place_name;
  const char     *action_name;
  const char     *trigger_name;
  WorldFunc       action;
  int             armed;       /* how often the action may still run */
  int             acted;

  TestEmitter    *emitter;
  LifecycleScope *root;
  LifecycleScope *scope;
  LifecycleScope *child;
  LifecycleScope *sibling;
  LifecycleScope *followed;
  LifecycleScope *follower;

  /* All that was made: counters that have to be 1 in the end, and things to ask or to give back. */
  GPtrArray      *tokens;
  GPtrArray      *sources;
  GArray         *ids;
  GPtrArray      *objects;     /* for stealing: each followed by its counter, as it may be gone */
  GPtrArray      *moved;
  int             finalized;
  int             n_scopes;
  gboolean        stolen;
};

static World *current;

static int *
new_token (World *world)
{
  int *token = g_new0 (int, 1);

  g_ptr_array_add (world->tokens, token);
  return token;
}

static void
token_notify (gpointer token)
{
  ++*(int *) token;
}

static void
token_closure_notify (gpointer  token,
                      GClosure *closure)
{
  ++*(int *) token;
}

static void
token_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          tokens,
               GError          **error)
{
  g_assert_cmpint (reason, !=, LIFECYCLE_REASON_NONE);
  ++*((int **) tokens)[0];
}

static void
token_cleanup_notify (gpointer tokens)
{
  ++*((int **) tokens)[1];
  g_free (tokens);
}

static void
token_handler_cb (TestEmitter *emitter,
                  gpointer     token)
{
  g_assert_cmpint (*(int *) token, ==, 0);
}

static gboolean
token_source_cb (gpointer token)
{
  g_assert_cmpint (*(int *) token, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
fill (World          *world,
      LifecycleScope *scope)
{
  TestEmitter *object;
  GSource *source;
  int **pair;
  gulong id;

  if (scope == NULL)
    return;

  if (world->emitter != NULL)
    {
      id = lifecycle_scope_connect_full (scope, world->emitter, "plain",
                                         G_CALLBACK (token_handler_cb), new_token (world),
                                         token_closure_notify, 0);
      if (id != 0)
        g_array_append_val (world->ids, id);
      id = lifecycle_scope_connect_closure (scope, G_OBJECT (world->emitter), "plain",
                                            g_cclosure_new (G_CALLBACK (token_handler_cb),
                                                            new_token (world),
                                                            token_closure_notify), 0);
      if (id != 0)
        g_array_append_val (world->ids, id);
      id = g_signal_connect_data (world->emitter, "plain", G_CALLBACK (token_handler_cb),
                                  new_token (world), token_closure_notify, 0);
      if (lifecycle_scope_add_handler (scope, G_OBJECT (world->emitter), id))
        g_array_append_val (world->ids, id);
      lifecycle_scope_connect_full (scope, world->emitter, "late", G_CALLBACK (token_handler_cb),
                                    new_token (world), token_closure_notify,
                                    LIFECYCLE_CONNECT_ONCE);
    }

  source = lifecycle_scope_add_idle (scope, token_source_cb, new_token (world), token_notify);
  if (source != NULL)
    g_ptr_array_add (world->sources, g_source_ref (source));
  source = g_idle_source_new ();
  g_source_set_callback (source, token_source_cb, new_token (world), token_notify);
  lifecycle_scope_add_source (scope, source);
  g_ptr_array_add (world->sources, source);

  lifecycle_scope_adopt (scope, new_token (world), token_notify);
  pair = g_new0 (int *, 2);
  pair[0] = new_token (world);
  pair[1] = new_token (world);
  lifecycle_scope_defer (scope, token_cleanup, pair, token_cleanup_notify);

  object = test_emitter_new ();
  object->on_finalize = token_notify;
  object->hook_data = new_token (world);
  if (lifecycle_scope_add_object (scope, G_OBJECT (object)))
    {
      g_ptr_array_add (world->objects, object);
      g_ptr_array_add (world->objects, object->hook_data);
    }
  g_object_unref (object);

  lifecycle_scope_get_cancellable (scope);
}

static LifecycleScope *
watch (World          *world,
       LifecycleScope *scope)
{
  test_count_finalize (scope, &world->finalized);
  world->n_scopes++;
  return scope;
}

static void
act (void)
{
  World *world = current;

  if (world->armed == 0)
    return;
  world->armed--;
  world->acted++;
  world->action (world);
}

/* ---- the places: each arms the action somewhere around `scope` ---- */

static void
act_notify (gpointer token)
{
  ++*(int *) token;
  act ();
}

static void
act_closure_notify (gpointer  token,
                    GClosure *closure)
{
  act_notify (token);
}

static void
act_cleanup (LifecycleScope   *scope,
             LifecycleReason   reason,
             gpointer          token,
             GError          **error)
{
  act ();
}

static void
act_handler_cb (TestEmitter *emitter,
                gpointer     token)
{
  g_assert_cmpint (*(int *) token, ==, 0);
  act ();
  g_assert_cmpint (*(int *) token, ==, 0);
}

static gboolean
act_source_cb (gpointer token)
{
  g_assert_cmpint (*(int *) token, ==, 0);
  act ();
  g_assert_cmpint (*(int *) token, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
act_cb (gpointer instance)
{
  act ();
}

static void
place_handler (World *world)
{
  lifecycle_scope_connect_full (world->scope, world->emitter, "plain", G_CALLBACK (act_handler_cb),
                                new_token (world), token_closure_notify, 0);
}

static void
place_handler_once (World *world)
{
  lifecycle_scope_connect_full (world->scope, world->emitter, "plain", G_CALLBACK (act_handler_cb),
                                new_token (world), token_closure_notify, LIFECYCLE_CONNECT_ONCE);
}

static void
place_closure (World *world)
{
  lifecycle_scope_connect_closure (world->scope, G_OBJECT (world->emitter), "plain",
                                   g_cclosure_new (G_CALLBACK (act_handler_cb), new_token (world),
                                                   token_closure_notify), 0);
}

static void
place_idle (World *world)
{
  lifecycle_scope_add_idle (world->scope, act_source_cb, new_token (world), token_notify);
}

static void
place_closing (World *world)
{
  g_signal_connect (world->scope, "closing", G_CALLBACK (act_cb), NULL);
}

static void
place_closed (World *world)
{
  g_signal_connect (world->scope, "closed", G_CALLBACK (act_cb), NULL);
}

static void
place_notify_state (World *world)
{
  g_signal_connect (world->scope, "notify::state", G_CALLBACK (act_cb), NULL);
}

static void
place_child_closing (World *world)
{
  g_signal_connect (world->child, "closing", G_CALLBACK (act_cb), NULL);
}

static void
place_child_closed (World *world)
{
  g_signal_connect (world->child, "closed", G_CALLBACK (act_cb), NULL);
}

static void
place_follower_closed (World *world)
{
  g_signal_connect (world->follower, "closed", G_CALLBACK (act_cb), NULL);
}

static void
place_cleanup (World *world)
{
  lifecycle_scope_defer (world->scope, act_cleanup, new_token (world), token_notify);
}

static void
place_cleanup_notify (World *world)
{
  lifecycle_scope_defer (world->scope, act_cleanup, new_token (world), act_notify);
}

static void
place_data_notify (World *world)
{
  lifecycle_scope_adopt (world->scope, new_token (world), act_notify);
}

static void
place_handler_notify (World *world)
{
  lifecycle_scope_connect_full (world->scope, world->emitter, "plain",
                                G_CALLBACK (token_handler_cb), new_token (world),
                                act_closure_notify, 0);
}

static void
place_closure_notify (World *world)
{
  lifecycle_scope_connect_closure (world->scope, G_OBJECT (world->emitter), "plain",
                                   g_cclosure_new (G_CALLBACK (token_handler_cb), new_token (world),
                                                   act_closure_notify), 0);
}

static void
place_idle_notify (World *world)
{
  lifecycle_scope_add_idle (world->scope, token_source_cb, new_token (world), act_notify);
}

static void
place_object_dispose (World *world)
{
  TestEmitter *object = test_emitter_new ();

  object->on_dispose = act_notify;
  object->hook_data = new_token (world);
  lifecycle_scope_add_object (world->scope, G_OBJECT (object));
  g_object_unref (object);
}

static void
place_object_finalize (World *world)
{
  TestEmitter *object = test_emitter_new ();

  object->on_finalize = act_notify;
  object->hook_data = new_token (world);
  lifecycle_scope_add_object (world->scope, G_OBJECT (object));
  g_object_unref (object);
}

static void
place_foreign_source_notify (World *world)
{
  GSource *source = g_idle_source_new ();

  g_source_set_callback (source, token_source_cb, new_token (world), act_notify);
  lifecycle_scope_add_source (world->scope, source);
  g_source_unref (source);
}

static void
place_foreign_handler_notify (World *world)
{
  gulong id = g_signal_connect_data (world->emitter, "plain", G_CALLBACK (token_handler_cb),
                                     new_token (world), act_closure_notify, 0);

  lifecycle_scope_add_handler (world->scope, G_OBJECT (world->emitter), id);
}

static void
place_cancelled (World *world)
{
  g_signal_connect (lifecycle_scope_get_cancellable (world->scope), "cancelled",
                    G_CALLBACK (act_cb), NULL);
}

static void
place_child_cleanup (World *world)
{
  lifecycle_scope_defer (world->child, act_cleanup, new_token (world), act_notify);
}

static void
place_root_cleanup (World *world)
{
  lifecycle_scope_defer (world->root, act_cleanup, new_token (world), act_notify);
}

static void
place_sibling_cleanup (World *world)
{
  lifecycle_scope_defer (world->sibling, act_cleanup, new_token (world), act_notify);
}

static void
place_follower_cleanup (World *world)
{
  lifecycle_scope_defer (world->follower, act_cleanup, new_token (world), act_notify);
}

static void
place_followed_cleanup (World *world)
{
  lifecycle_scope_defer (world->followed, act_cleanup, new_token (world), act_notify);
}

/* All of the places on one scope at once, in the order of their declaration. */
static void
place_everywhere (World *world)
{
  place_handler (world);
  place_idle (world);
  place_closing (world);
  place_closed (world);
  place_cleanup_notify (world);
  place_data_notify (world);
  place_handler_notify (world);
  place_idle_notify (world);
  place_object_finalize (world);
  place_foreign_source_notify (world);
  place_foreign_handler_notify (world);
  place_cancelled (world);
  place_child_cleanup (world);
  place_root_cleanup (world);
}

/* ---- the actions ---- */

static void
close_scope (LifecycleScope *scope)
{
  if (scope == NULL)
    return;
  g_object_ref (scope);
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, "action");
  g_assert_cmpint (lifecycle_scope_get_state (scope), !=, LIFECYCLE_STATE_OPEN);
  g_object_unref (scope);
}

static void
action_nothing (World *world)
{
}

static void
action_close_self (World *world)
{
  close_scope (world->scope);
}

static void
action_close_root (World *world)
{
  close_scope (world->root);
}

static void
action_close_child (World *world)
{
  close_scope (world->child);
}

static void
action_close_sibling (World *world)
{
  close_scope (world->sibling);
}

static void
action_close_followed (World *world)
{
  close_scope (world->followed);
}

static void
action_close_follower (World *world)
{
  close_scope (world->follower);
}

static void
action_close_all (World *world)
{
  close_scope (world->child);
  close_scope (world->follower);
  close_scope (world->scope);
  close_scope (world->sibling);
  close_scope (world->root);
  close_scope (world->followed);
}

static void
clear_scope (LifecycleScope *scope)
{
  if (scope != NULL)
    lifecycle_scope_clear (scope);
}

static void
action_clear_self (World *world)
{
  clear_scope (world->scope);
}

static void
action_clear_root (World *world)
{
  clear_scope (world->root);
}

static void
action_clear_child (World *world)
{
  clear_scope (world->child);
}

static void
move_scope (World          *world,
            LifecycleScope *scope)
{
  if (scope != NULL)
    g_ptr_array_add (world->moved, watch (world, lifecycle_scope_move (scope)));
}

static void
action_move_self (World *world)
{
  move_scope (world, world->scope);
}

static void
action_move_root (World *world)
{
  move_scope (world, world->root);
}

static void
action_move_child (World *world)
{
  move_scope (world, world->child);
}

static void
action_move_follower (World *world)
{
  move_scope (world, world->follower);
}

static void
action_move_followed (World *world)
{
  move_scope (world, world->followed);
}

static void
action_add_self (World *world)
{
  fill (world, world->scope);
}

static void
action_add_child (World *world)
{
  fill (world, world->child);
}

static void
action_add_root (World *world)
{
  fill (world, world->root);
}

static void
action_add_others (World *world)
{
  fill (world, world->sibling);
  fill (world, world->follower);
  fill (world, world->followed);
}

static void
action_new_child (World *world)
{
  LifecycleScope *child;

  if (world->scope == NULL)
    return;
  child = watch (world, lifecycle_scope_new_child (world->scope, "new"));
  fill (world, child);
  g_object_unref (child);
}

static void
action_get_child (World *world)
{
  if (world->scope != NULL)
    {
      fill (world, lifecycle_scope_get_child (world->scope, "child"));
      fill (world, lifecycle_scope_get_child (world->scope, "other"));
    }
  if (world->root != NULL)
    fill (world, lifecycle_scope_get_child (world->root, "scope"));
}

static void
action_get_child_for (World *world)
{
  if (world->scope != NULL && world->emitter != NULL)
    fill (world, lifecycle_scope_get_child_for (world->scope, G_OBJECT (world->emitter)));
  if (world->root != NULL && world->child != NULL)
    fill (world, lifecycle_scope_get_child_for (world->root, G_OBJECT (world->child)));
}

static void
action_renew_child (World *world)
{
  if (world->scope != NULL)
    fill (world, lifecycle_scope_renew_child (world->scope, "child"));
  if (world->root != NULL)
    fill (world, lifecycle_scope_renew_child (world->root, "scope"));
}

static void
action_scope_of (World *world)
{
  if (world->emitter != NULL)
    fill (world, lifecycle_scope_of (G_OBJECT (world->emitter)));
  if (world->scope != NULL)
    fill (world, lifecycle_scope_of (G_OBJECT (world->scope)));
}

static void
action_unref_self (World *world)
{
  g_clear_object (&world->scope);
}

static void
action_unref_root (World *world)
{
  g_clear_object (&world->root);
}

static void
action_unref_all (World *world)
{
  g_clear_object (&world->root);
  g_clear_object (&world->child);
  g_clear_object (&world->scope);
  g_clear_object (&world->follower);
  g_clear_object (&world->sibling);
  g_clear_object (&world->followed);
}

static void
action_ref_unref (World *world)
{
  if (world->scope != NULL)
    g_object_unref (g_object_ref (world->scope));
  if (world->root != NULL)
    g_object_unref (g_object_ref (world->root));
}

static void
action_run_dispose (World *world)
{
  if (world->scope != NULL)
    g_object_run_dispose (G_OBJECT (world->scope));
}

static void
action_run_dispose_emitter (World *world)
{
  if (world->emitter != NULL)
    g_object_run_dispose (G_OBJECT (world->emitter));
}

static void
action_unref_emitter (World *world)
{
  g_clear_object (&world->emitter);
}

static void
action_emit (World *world)
{
  TestEmitter *emitter = world->emitter;

  if (emitter == NULL)
    return;
  g_object_ref (emitter);
  test_emit (emitter, "plain");
  test_emit (emitter, "late");
  g_object_unref (emitter);
}

static void
action_iterate (World *world)
{
  g_main_context_iteration (NULL, FALSE);
}

static void
action_block (World *world)
{
  if (world->scope != NULL)
    lifecycle_scope_block (world->scope);
  if (world->root != NULL)
    lifecycle_scope_block (world->root);
}

static void
action_block_unblock (World *world)
{
  LifecycleScope *scope = world->scope;

  if (scope == NULL || lifecycle_scope_get_state (scope) != LIFECYCLE_STATE_OPEN)
    return;
  lifecycle_scope_block (scope);
  lifecycle_scope_block (scope);
  lifecycle_scope_unblock (scope);
  lifecycle_scope_unblock (scope);
}

static void
action_disconnect_others (World *world)
{
  guint i;

  if (world->emitter == NULL)
    return;
  for (i = 0; i < world->ids->len; i++)
    if (test_is_connected (world->emitter, g_array_index (world->ids, gulong, i)))
      g_signal_handler_disconnect (world->emitter, g_array_index (world->ids, gulong, i));
}

static void
action_destroy_sources (World *world)
{
  guint i;

  for (i = 0; i < world->sources->len; i++)
    g_source_destroy (g_ptr_array_index (world->sources, i));
}

static void
action_steal (World *world)
{
  guint i;

  world->stolen = TRUE;
  if (world->scope == NULL)
    return;
  if (world->emitter != NULL)
    for (i = 0; i < world->ids->len; i++)
      lifecycle_scope_steal_handler (world->scope, G_OBJECT (world->emitter),
                                     g_array_index (world->ids, gulong, i));
  for (i = 0; i < world->sources->len; i++)
    lifecycle_scope_steal_source (world->scope, g_ptr_array_index (world->sources, i));
  for (i = 0; i < world->objects->len; i += 2)
    if (*(int *) g_ptr_array_index (world->objects, i + 1) == 0)
      lifecycle_scope_steal_object (world->scope, g_ptr_array_index (world->objects, i));
}

static void
action_follow (World *world)
{
  if (world->child != NULL && world->sibling != NULL)
    {
      lifecycle_scope_follow (world->child, world->sibling);
      lifecycle_scope_follow (world->sibling, world->child);
    }
  if (world->scope != NULL && world->child != NULL)
    {
      lifecycle_scope_follow (world->scope, world->child);
      lifecycle_scope_follow (world->child, world->scope);
    }
  if (world->followed != NULL && world->follower != NULL)
    lifecycle_scope_follow (world->followed, world->follower);
  if (world->scope != NULL && world->emitter != NULL)
    {
      lifecycle_scope_follow_object (world->scope, G_OBJECT (world->emitter));
      lifecycle_scope_follow_signal (world->scope, G_OBJECT (world->emitter), "plain",
                                     LIFECYCLE_REASON_CONFLICTED);
      lifecycle_scope_follow_cancellable (world->scope,
                                          lifecycle_scope_get_cancellable (world->scope));
    }
}

static void
action_cancel (World *world)
{
  if (world->scope != NULL)
    g_cancellable_cancel (lifecycle_scope_get_cancellable (world->scope));
}

static void
action_ask (World *world)
{
  LifecycleScope *scope = world->scope;
  g_autofree char *path = NULL;

  if (scope == NULL)
    return;
  path = lifecycle_scope_get_path (scope);
  g_assert_nonnull (path);
  lifecycle_scope_get_name (scope);
  lifecycle_scope_get_parent (scope);
  lifecycle_scope_get_reason (scope);
  lifecycle_scope_get_reason_detail (scope);
  lifecycle_scope_get_error (scope);
  lifecycle_scope_get_n_entries (scope);
  lifecycle_scope_get_cancellable (scope);
  lifecycle_scope_set_limit (scope, 1000);
  lifecycle_scope_adopt (scope, new_token (world), token_notify);
  lifecycle_scope_set_limit (scope, 0);
}

/* ---- the triggers ---- */

static void
trigger_none (World *world)
{
}

static void
trigger_close (World *world)
{
  close_scope (world->scope);
}

static void
trigger_close_root (World *world)
{
  close_scope (world->root);
}

static void
trigger_close_followed (World *world)
{
  close_scope (world->followed);
}

static void
trigger_drop (World *world)
{
  g_clear_object (&world->sibling);
  g_clear_object (&world->child);
  g_clear_object (&world->scope);
  g_clear_object (&world->root);
}

static void
trigger_clear (World *world)
{
  clear_scope (world->scope);
}

static void
trigger_clear_root (World *world)
{
  clear_scope (world->root);
}

static void
trigger_move (World *world)
{
  move_scope (world, world->scope);
}

static void
trigger_emitter_dies (World *world)
{
  g_clear_object (&world->emitter);
}

typedef struct
{
  const char *name;
  WorldFunc   func;
} Named;

static const Named places[] = {
  { "handler", place_handler },
  { "handler-once", place_handler_once },
  { "closure", place_closure },
  { "idle", place_idle },
  { "closing", place_closing },
  { "closed", place_closed },
  { "notify-state", place_notify_state },
  { "child-closing", place_child_closing },
  { "child-closed", place_child_closed },
  { "follower-closed", place_follower_closed },
  { "cleanup", place_cleanup },
  { "cleanup-notify", place_cleanup_notify },
  { "data-notify", place_data_notify },
  { "handler-notify", place_handler_notify },
  { "closure-notify", place_closure_notify },
  { "idle-notify", place_idle_notify },
  { "object-dispose", place_object_dispose },
  { "object-finalize", place_object_finalize },
  { "foreign-source-notify", place_foreign_source_notify },
  { "foreign-handler-notify", place_foreign_handler_notify },
  { "cancelled", place_cancelled },
  { "child-cleanup", place_child_cleanup },
  { "root-cleanup", place_root_cleanup },
  { "sibling-cleanup", place_sibling_cleanup },
  { "follower-cleanup", place_follower_cleanup },
  { "followed-cleanup", place_followed_cleanup },
  { "everywhere", place_everywhere },
};

static const Named actions[] = {
  { "nothing", action_nothing },
  { "close-self", action_close_self },
  { "close-root", action_close_root },
  { "close-child", action_close_child },
  { "close-sibling", action_close_sibling },
  { "close-followed", action_close_followed },
  { "close-follower", action_close_follower },
  { "close-all", action_close_all },
  { "clear-self", action_clear_self },
  { "clear-root", action_clear_root },
  { "clear-child", action_clear_child },
  { "move-self", action_move_self },
  { "move-root", action_move_root },
  { "move-child", action_move_child },
  { "move-follower", action_move_follower },
  { "move-followed", action_move_followed },
  { "add-self", action_add_self },
  { "add-child", action_add_child },
  { "add-root", action_add_root },
  { "add-others", action_add_others },
  { "new-child", action_new_child },
  { "get-child", action_get_child },
  { "get-child-for", action_get_child_for },
  { "renew-child", action_renew_child },
  { "scope-of", action_scope_of },
  { "unref-self", action_unref_self },
  { "unref-root", action_unref_root },
  { "unref-all", action_unref_all },
  { "ref-unref", action_ref_unref },
  { "run-dispose", action_run_dispose },
  { "run-dispose-emitter", action_run_dispose_emitter },
  { "unref-emitter", action_unref_emitter },
  { "emit", action_emit },
  { "iterate", action_iterate },
  { "block", action_block },
  { "block-unblock", action_block_unblock },
  { "disconnect-others", action_disconnect_others },
  { "destroy-sources", action_destroy_sources },
  { "steal", action_steal },
  { "follow", action_follow },
  { "cancel", action_cancel },
  { "ask", action_ask },
};

static const Named triggers[] = {
  { "none", trigger_none },
  { "close", trigger_close },
  { "close-root", trigger_close_root },
  { "close-followed", trigger_close_followed },
  { "drop", trigger_drop },
  { "clear", trigger_clear },
  { "clear-root", trigger_clear_root },
  { "move", trigger_move },
  { "emitter-dies", trigger_emitter_dies },
};

#define expect(condition) \
  G_STMT_START \
    { \
      if (!(condition)) \
        g_error ("%s: not so in place '%s', action '%s', trigger '%s'", #condition, \
                 world->place_name, world->action_name, world->trigger_name); \
    } \
  G_STMT_END

static void
end_scope (LifecycleScope **scope)
{
  if (*scope != NULL)
    lifecycle_scope_close (*scope);
  g_clear_object (scope);
}

static void
run (const Named *place,
     const Named *action,
     const Named *trigger,
     int          times)
{
  World here = { 0 };
  World *world = &here;
  guint i;

  if (g_test_verbose ())
    g_test_message ("%s %s %s %d", place->name, action->name, trigger->name, times);
  current = world;
  world->place_name = place->name;
  world->action_name = action->name;
  world->trigger_name = trigger->name;
  world->action = action->func;
  world->tokens = g_ptr_array_new_with_free_func (g_free);
  world->sources = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);
  world->ids = g_array_new (FALSE, FALSE, sizeof (gulong));
  world->objects = g_ptr_array_new ();
  world->moved = g_ptr_array_new ();

  world->emitter = test_emitter_new ();
  world->followed = watch (world, lifecycle_scope_new ("followed"));
  world->root = watch (world, lifecycle_scope_new ("root"));
  world->sibling = watch (world, lifecycle_scope_new_child (world->root, "sibling"));
  world->scope = watch (world, lifecycle_scope_new_child (world->root, "scope"));
  world->follower = watch (world, lifecycle_scope_new ("follower"));
  fill (world, world->scope);
  world->child = watch (world, lifecycle_scope_new_child (world->scope, "child"));
  lifecycle_scope_follow (world->scope, world->followed);
  lifecycle_scope_follow (world->follower, world->scope);

  /* The place is in the middle: there are entries on either side of it. */
  place->func (world);
  fill (world, world->root);
  fill (world, world->child);
  fill (world, world->follower);
  fill (world, world->followed);
  fill (world, world->sibling);
  fill (world, world->scope);

  world->armed = times;
  if (place->func == place_handler || place->func == place_handler_once
      || place->func == place_closure || place->func == place_everywhere)
    action_emit (world);
  if (place->func == place_idle)
    test_drain ();
  trigger->func (world);

  /* Whatever has survived that goes now. */
  end_scope (&world->scope);
  end_scope (&world->child);
  end_scope (&world->sibling);
  end_scope (&world->root);
  end_scope (&world->follower);
  end_scope (&world->followed);
  /* The array may grow meanwhile. */
  for (i = 0; i < world->moved->len; i++)
    {
      lifecycle_scope_close (g_ptr_array_index (world->moved, i));
      g_object_unref (g_ptr_array_index (world->moved, i));
    }
  world->armed = 0;

  expect (world->acted > 0);
  if (!world->stolen && world->emitter != NULL)
    {
      LifecycleScope *own = lifecycle_scope_of (G_OBJECT (world->emitter));

      lifecycle_scope_close (own);
      expect (!test_has_handlers (world->emitter, "plain"));
      expect (!test_has_handlers (world->emitter, "late"));
    }
  if (world->stolen)
    action_destroy_sources (world);
  for (i = 0; i < world->sources->len; i++)
    expect (g_source_is_destroyed (g_ptr_array_index (world->sources, i)));
  if (world->emitter != NULL)
    g_assert_finalize_object (world->emitter);
  g_ptr_array_unref (world->sources);
  test_drain ();

  for (i = 0; i < world->tokens->len; i++)
    expect (*(int *) g_ptr_array_index (world->tokens, i) == 1);
  expect (world->finalized == world->n_scopes);

  if (test_log_buffer != NULL)
    g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
  g_ptr_array_unref (world->tokens);
  g_array_unref (world->ids);
  g_ptr_array_unref (world->objects);
  g_ptr_array_unref (world->moved);
}

static void
test_place (gconstpointer data)
{
  const Named *place = data;
  guint action, trigger;

  for (action = 0; action < G_N_ELEMENTS (actions); action++)
    for (trigger = 0; trigger < G_N_ELEMENTS (triggers); trigger++)
      {
        run (place, &actions[action], &triggers[trigger], 1);
        run (place, &actions[action], &triggers[trigger], 4);
      }
}

/* Closing again from each of the places says 0 and changes nothing of the order. */

static void
close_again (gpointer scope)
{
  test_log ("%u", lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, "again"));
}

static void
close_again_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         data)
{
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_TIMED_OUT);
  close_again (scope);
}

static void
close_again_cleanup (LifecycleScope   *scope,
                     LifecycleReason   reason,
                     gpointer          user_data,
                     GError          **error)
{
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_TIMED_OUT);
  close_again (scope);
}

static void
close_again_closure_notify (gpointer  scope,
                            GClosure *closure)
{
  close_again (scope);
}

static void
test_idempotent (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  g_signal_connect (scope, "closing", G_CALLBACK (close_again_cb), NULL);
  g_signal_connect (scope, "closed", G_CALLBACK (close_again_cb), NULL);
  lifecycle_scope_adopt (scope, (gpointer) "first", test_log_notify);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb), scope,
                                close_again_closure_notify, 0);
  lifecycle_scope_add_idle (scope, test_never_source_cb, scope, close_again);
  lifecycle_scope_adopt (scope, (gpointer) "middle", test_log_notify);
  lifecycle_scope_defer (scope, close_again_cleanup, scope, close_again);
  lifecycle_scope_adopt (scope, scope, close_again);
  lifecycle_scope_adopt (scope, (gpointer) "last", test_log_notify);
  g_assert_cmpuint (lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_TIMED_OUT, "first"),
                    ==, 7);
  test_assert_log ("0 ~last 0 0 0 ~middle 0 0 ~first 0");
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_TIMED_OUT);
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (scope), ==, "first");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* The parent is closed while the child is, from each end, and the signals come once. */

static void
close_parent_cleanup (LifecycleScope   *scope,
                      LifecycleReason   reason,
                      gpointer          parent,
                      GError          **error)
{
  test_log ("begin:%d", reason);
  test_log ("parent:%u", lifecycle_scope_close (parent));
  test_log ("end");
}

static void
test_parent_from_child (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  int n_child = 0, n_parent = 0;

  g_signal_connect (child, "closing", G_CALLBACK (test_count_scope_cb), &n_child);
  g_signal_connect (child, "closed", G_CALLBACK (test_count_scope_cb), &n_child);
  g_signal_connect (parent, "closing", G_CALLBACK (test_count_scope_cb), &n_parent);
  g_signal_connect (parent, "closed", G_CALLBACK (test_count_scope_cb), &n_parent);
  lifecycle_scope_adopt (parent, (gpointer) "parent", test_log_notify);
  lifecycle_scope_adopt (child, (gpointer) "child", test_log_notify);
  lifecycle_scope_defer (child, close_parent_cleanup, parent, NULL);
  lifecycle_scope_close (child);

  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_true (lifecycle_scope_is_closed (parent));
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_COMPLETED);
  g_assert_cmpint (n_child, ==, 2);
  g_assert_cmpint (n_parent, ==, 2);
  g_assert_nonnull (strstr (test_log_buffer->str, "begin:1"));
  g_assert_nonnull (strstr (test_log_buffer->str, "~child"));
  g_assert_nonnull (strstr (test_log_buffer->str, "~parent"));
  g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

static void
close_other_cleanup (LifecycleScope   *scope,
                     LifecycleReason   reason,
                     gpointer          other,
                     GError          **error)
{
  lifecycle_scope_close (other);
}

/* Two scopes each of which closes the other. */
static void
test_each_other (void)
{
  LifecycleScope *a = lifecycle_scope_new ("a");
  LifecycleScope *b = lifecycle_scope_new ("b");
  int n = 0;

  lifecycle_scope_adopt (a, &n, test_count_notify);
  lifecycle_scope_adopt (b, &n, test_count_notify);
  lifecycle_scope_defer (a, close_other_cleanup, b, NULL);
  lifecycle_scope_defer (b, close_other_cleanup, a, NULL);
  lifecycle_scope_close (a);
  g_assert_cmpint (n, ==, 2);
  g_assert_true (lifecycle_scope_is_closed (a));
  g_assert_true (lifecycle_scope_is_closed (b));
  g_assert_finalize_object (a);
  g_assert_finalize_object (b);
}

int
main (int   argc,
      char *argv[])
{
  guint i;

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-3-once/idempotent", test_idempotent);
  g_test_add_func ("/lifecycle/promise-3-once/parent-from-child", test_parent_from_child);
  g_test_add_func ("/lifecycle/promise-3-once/each-other", test_each_other);
  for (i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = g_strdup_printf ("/lifecycle/promise-3-once/from/%s", places[i].name);

      g_test_add_data_func (path, &places[i], test_place);
    }

  return g_test_run ();
}
