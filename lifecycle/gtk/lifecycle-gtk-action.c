/* lifecycle-gtk-action.c: actions and action groups
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-action.h"
#include "lifecycle-gtk-entry-private.h"

typedef void (* ActionCall) (GSimpleAction *action,
                             GVariant      *value,
                             gpointer       user_data);

typedef struct
{
  LifecycleResource  resource;  /* its function is called at an activation */
  GAction           *action;    /* a reference */
  ActionCall         change_state;
} Action;

static void
action_end (LifecycleResource  *resource,
            GError            **error)
{
  Action *self = (Action *) resource;
  GActionMap *map = lifecycle_resource_peek_watched (resource, 0);
  const char *name = g_action_get_name (self->action);

  /* Somebody may have put another one in its place. */
  if (map != NULL && g_action_map_lookup_action (map, name) == self->action)
    g_action_map_remove_action (map, name);
}

static void
action_finished (LifecycleResource *resource)
{
  g_clear_object (&((Action *) resource)->action);
}

static const LifecycleResourceKind action_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = action_end,
  .finished = action_finished,
};

/* Adds an action, whose reference the entry takes over, to the map. */
static gboolean
action_add (const char     *place,
            LifecycleScope *scope,
            Action         *entry,
            GActionMap     *map,
            GAction        *action)
{
  entry->action = action;
  g_action_map_add_action (map, action);
  lifecycle_resource_watch_object (entry, 0, map);
  if (G_IS_ACTION_GROUP (map))
    {
      g_autofree char *signal = g_strconcat ("action-removed::", g_action_get_name (action), NULL);

      lifecycle_resource_connect (entry, 0, signal,
                                  (LifecycleResourceFunc) lifecycle_resource_retire);
    }

  return lifecycle_resource_add (entry, scope, place);
}

/**
 * lifecycle_gtk_add_action:
 * @scope: a scope
 * @map: an application, a window, or another map of actions; no reference is held
 * @action: an action
 *
 * Adds an action to a map, until the scope closes.
 *
 * The entry also ends when the action is removed from @map or replaced there, and when @map is
 * disposed. Whoever holds @action can still activate it after the end; handlers of `activate` that are
 * connected through the scope, and [func@add_simple_action], do not run any more. On a closed scope
 * nothing is added.
 *
 * Returns: whether the action was added
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_add_action_at (const char     *place,
                             LifecycleScope *scope,
                             GActionMap     *map,
                             GAction        *action)
{
  Action *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (G_IS_ACTION_MAP (map), FALSE);
  g_return_val_if_fail (G_IS_ACTION (action), FALSE);

  entry = lifecycle_gtk_entry_new (sizeof (Action), &action_kind, scope, g_action_get_name (action),
                                   NULL, NULL, NULL);
  if (entry == NULL)
    return FALSE;

  return action_add (place, scope, entry, map, g_object_ref (action));
}

static void
action_activate_cb (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       data)
{
  LifecycleResource *entry = data;

  if (!lifecycle_resource_begin_call (entry))
    return;

  ((ActionCall) entry->func) (action, parameter, entry->data);
  lifecycle_resource_end_call (entry);
}

static void
action_change_state_cb (GSimpleAction *action,
                        GVariant      *value,
                        gpointer       data)
{
  Action *entry = data;

  if (!lifecycle_resource_begin_call (entry))
    return;

  entry->change_state (action, value, entry->resource.data);
  lifecycle_resource_end_call (entry);
}

static void
action_connect (GSimpleAction *action,
                const char    *signal,
                GCallback      callback,
                gpointer       entry)
{
  g_signal_connect_data (action, signal, callback, lifecycle_resource_ref (entry),
                         (GClosureNotify) (GCallback) lifecycle_resource_unref,
                         G_CONNECT_DEFAULT);
}

/**
 * lifecycle_gtk_add_simple_action:
 * @scope: a scope
 * @map: an application, a window, or another map of actions; no reference is held
 * @name: the name of the action, without a prefix
 * @parameter_type: (nullable): the type of its parameter
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call when the action
 *   is activated
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Creates an action and adds it to a map, until the scope closes.
 *
 * Once the scope is closing, @func is not called any more, whoever holds the action. Otherwise this is
 * [func@add_action].
 *
 * Returns: (transfer none) (nullable): the action, which is valid as long as it is in @map, or %NULL
 *   if the scope is closed
 *
 * Since: 1.0
 */
GSimpleAction *
lifecycle_gtk_add_simple_action_at (const char             *place,
                                    LifecycleScope         *scope,
                                    GActionMap             *map,
                                    const char             *name,
                                    const GVariantType     *parameter_type,
                                    LifecycleGtkActionFunc  func,
                                    gpointer                user_data,
                                    GDestroyNotify          destroy)
{
  GSimpleAction *action;
  Action *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), NULL);
  g_return_val_if_fail (G_IS_ACTION_MAP (map), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (func != NULL, NULL);

  entry = lifecycle_gtk_entry_new (sizeof (Action), &action_kind, scope, name, G_CALLBACK (func),
                                   user_data, destroy);
  if (entry == NULL)
    return NULL;

  action = g_simple_action_new (name, parameter_type);
  action_connect (action, "activate", G_CALLBACK (action_activate_cb), entry);

  return action_add (place, scope, entry, map, G_ACTION (action)) ? action : NULL;
}

/* Creates the action of a GActionEntry, as g_action_map_add_action_entries() does. */
static GSimpleAction *
action_from_entry (const GActionEntry *entry)
{
  const GVariantType *parameter_type = NULL;

  if (entry->parameter_type != NULL)
    {
      g_return_val_if_fail (g_variant_type_string_is_valid (entry->parameter_type), NULL);
      parameter_type = G_VARIANT_TYPE (entry->parameter_type);
    }

  if (entry->state != NULL)
    {
      g_autoptr (GError) error = NULL;
      GVariant *state = g_variant_parse (NULL, entry->state, NULL, NULL, &error);

      if (state == NULL)
        {
          g_critical ("The state '%s' of the action '%s' cannot be parsed: %s", entry->state,
                      entry->name, error->message);
          return NULL;
        }
      return g_simple_action_new_stateful (entry->name, parameter_type,
                                           g_variant_ref_sink (state));
    }

  return g_simple_action_new (entry->name, parameter_type);
}

/**
 * lifecycle_gtk_add_action_entries: (skip)
 * @scope: a scope
 * @map: an application, a window, or another map of actions; no reference is held
 * @entries: (array length=n_entries): what to add
 * @n_entries: how many, or -1 if the last has no name
 * @user_data: data to pass to the functions of all entries
 *
 * Creates actions and adds them to a map, until the scope closes, as
 * g_action_map_add_action_entries() does.
 *
 * Each action is an entry of the scope, see [func@add_simple_action].
 *
 * Since: 1.0
 */
void
lifecycle_gtk_add_action_entries_at (const char         *place,
                                     LifecycleScope     *scope,
                                     GActionMap         *map,
                                     const GActionEntry *entries,
                                     int                 n_entries,
                                     gpointer            user_data)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (scope));
  g_return_if_fail (G_IS_ACTION_MAP (map));
  g_return_if_fail (entries != NULL || n_entries == 0);

  for (int i = 0; n_entries == -1 ? entries[i].name != NULL : i < n_entries; i++)
    {
      GSimpleAction *action = action_from_entry (&entries[i]);
      Action *entry;

      if (action == NULL)
        continue;

      entry = lifecycle_gtk_entry_new (sizeof (Action), &action_kind, scope, entries[i].name,
                                       G_CALLBACK (entries[i].activate), user_data, NULL);
      if (entry == NULL)
        {
          g_object_unref (action);
          continue;
        }

      entry->change_state = entries[i].change_state;
      if (entries[i].activate != NULL)
        action_connect (action, "activate", G_CALLBACK (action_activate_cb), entry);
      if (entries[i].change_state != NULL)
        action_connect (action, "change-state", G_CALLBACK (action_change_state_cb), entry);
      action_add (place, scope, entry, map, G_ACTION (action));
    }
}

/* Action groups of widgets. */

typedef struct
{
  LifecycleResource  resource;
  char              *name;
  char              *key;       /* of the data of the widget: the entry that inserted its group last */
} InsertedGroup;

static void
inserted_group_end (LifecycleResource  *resource,
                    GError            **error)
{
  InsertedGroup *self = (InsertedGroup *) resource;
  GObject *widget = lifecycle_resource_peek_watched (resource, 0);

  if (widget != NULL && g_object_get_data (widget, self->key) == self)
    {
      g_object_set_data (widget, self->key, NULL);
      gtk_widget_insert_action_group (GTK_WIDGET (widget), self->name, NULL);
    }
}

static void
inserted_group_clear (LifecycleResource *resource)
{
  g_free (((InsertedGroup *) resource)->name);
  g_free (((InsertedGroup *) resource)->key);
}

static const LifecycleResourceKind inserted_group_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = inserted_group_end,
  .clear = inserted_group_clear,
};

/**
 * lifecycle_gtk_insert_action_group:
 * @scope: a scope
 * @widget: a widget; no reference is held
 * @name: the prefix of the actions
 * @group: a group of actions
 *
 * Inserts a group of actions into a widget, until the scope closes.
 *
 * If another group has been inserted with this function under the same name since, that one stays.
 * The entry also ends when @widget is disposed. On a closed scope nothing is inserted.
 *
 * Returns: whether the group was inserted
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_insert_action_group_at (const char     *place,
                                      LifecycleScope *scope,
                                      GtkWidget      *widget,
                                      const char     *name,
                                      GActionGroup   *group)
{
  InsertedGroup *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_WIDGET (widget), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (G_IS_ACTION_GROUP (group), FALSE);

  entry = lifecycle_gtk_entry_new (sizeof (InsertedGroup), &inserted_group_kind, scope, name, NULL,
                                   NULL, NULL);
  if (entry == NULL)
    return FALSE;

  entry->name = g_strdup (name);
  entry->key = g_strconcat ("lifecycle-gtk-group-", name, NULL);
  lifecycle_resource_watch_object (entry, 0, widget);
  g_object_set_data (G_OBJECT (widget), entry->key, entry);
  gtk_widget_insert_action_group (widget, name, group);

  return lifecycle_resource_add (entry, scope, place);
}
