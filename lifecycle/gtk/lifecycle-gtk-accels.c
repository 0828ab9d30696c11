/* lifecycle-gtk-accels.c: accelerators of an application
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-entry-private.h"
#include "lifecycle-gtk-action.h"
#include "lifecycle-gtk-entry-private.h"

/* An action of an application has one list of accelerators, and scopes that set it may close in any
 * order. So the application has, for each action, the list from before, and the entries that have set
 * it, of which the last one counts.
 */
typedef struct
{
  char      **before;
  GPtrArray  *entries;          /* of Accels, not held */
} AccelsOfAction;

typedef struct
{
  LifecycleResource  resource;
  char              *action;
  char             **accels;
} Accels;

LIFECYCLE_DEFINE_STATIC_QUARK (accels_quark, "lifecycle-gtk-accels")

static void
accels_of_action_free (gpointer data)
{
  AccelsOfAction *self = data;

  g_strfreev (self->before);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

static GHashTable *
accels_get_table (GObject *application)
{
  GHashTable *table = g_object_get_qdata (application, accels_quark ());

  if (table == NULL)
    {
      table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, accels_of_action_free);
      g_object_set_qdata_full (application, accels_quark (), table,
                               (GDestroyNotify) g_hash_table_unref);
    }

  return table;
}

static void
accels_end (LifecycleResource  *resource,
            GError            **error)
{
  Accels *self = (Accels *) resource;
  gpointer application = lifecycle_resource_peek_watched (resource, 0);
  AccelsOfAction *known;

  if (application == NULL)
    return;

  known = g_hash_table_lookup (accels_get_table (application), self->action);
  if (known == NULL || !g_ptr_array_remove (known->entries, self))
    return;

  if (known->entries->len > 0)
    {
      Accels *last = g_ptr_array_index (known->entries, known->entries->len - 1);

      gtk_application_set_accels_for_action (application, self->action,
                                             (const char *const *) last->accels);
    }
  else
    {
      gtk_application_set_accels_for_action (application, self->action,
                                             (const char *const *) known->before);
      g_hash_table_remove (accels_get_table (application), self->action);
    }
}

static void
accels_clear (LifecycleResource *resource)
{
  g_free (((Accels *) resource)->action);
  g_strfreev (((Accels *) resource)->accels);
}

static const LifecycleResourceKind accels_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = accels_end,
  .clear = accels_clear,
};

/**
 * lifecycle_gtk_set_accels:
 * @scope: a scope
 * @application: an application; no reference is held
 * @detailed_action: the name of an action with its prefix, and perhaps with a target, such as
 *   `win.close` or `app.open::recent`
 * @accels: (array zero-terminated=1): the accelerators, in the form of gtk_accelerator_parse()
 *
 * Sets the accelerators of an action, until the scope closes.
 *
 * Several scopes may set accelerators of the same action. Those that were set last count; when that
 * scope closes, the ones before come back, and in the end those that the action had at first. The
 * entry also ends when @application is disposed. On a closed scope nothing is set.
 *
 * Returns: whether the accelerators were set
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_set_accels_at (const char         *place,
                             LifecycleScope     *scope,
                             GtkApplication     *application,
                             const char         *detailed_action,
                             const char *const  *accels)
{
  AccelsOfAction *known;
  GHashTable *table;
  Accels *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_APPLICATION (application), FALSE);
  g_return_val_if_fail (detailed_action != NULL, FALSE);
  g_return_val_if_fail (accels != NULL, FALSE);

  entry = lifecycle_gtk_entry_new (sizeof (Accels), &accels_kind, scope, detailed_action, NULL,
                                   NULL, NULL);
  if (entry == NULL)
    return FALSE;

  entry->action = g_strdup (detailed_action);
  entry->accels = g_strdupv ((char **) accels);
  lifecycle_resource_watch_object (entry, 0, application);

  table = accels_get_table (G_OBJECT (application));
  known = g_hash_table_lookup (table, detailed_action);
  if (known == NULL)
    {
      known = g_new0 (AccelsOfAction, 1);
      known->before = gtk_application_get_accels_for_action (application, detailed_action);
      known->entries = g_ptr_array_new ();
      g_hash_table_insert (table, g_strdup (detailed_action), known);
    }
  g_ptr_array_add (known->entries, entry);
  gtk_application_set_accels_for_action (application, detailed_action, accels);

  return lifecycle_resource_add (entry, scope, place);
}
