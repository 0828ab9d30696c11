/* lifecycle-gtk-toplevels.c: windows that are destroyed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-entry-private.h"
#include "lifecycle-gtk-toplevels-private.h"

/* gtk_window_destroy() does not dispose a window that somebody holds. The one thing that it always
 * does is to take the window out of the list of toplevels. That list says at which position something
 * was removed, but not what, hence the copy.
 */
static GPtrArray *toplevels;
static GArray *observers;       /* of LifecycleGtkWindowFunc */

LIFECYCLE_DEFINE_STATIC_QUARK (destroyed_quark, "lifecycle-gtk-destroyed")

static void
toplevels_changed_cb (GListModel *model,
                      guint       position,
                      guint       n_removed,
                      guint       n_added,
                      gpointer    user_data)
{
  g_autoptr (GPtrArray) removed = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n_removed; i++)
    g_ptr_array_add (removed, g_object_ref (g_ptr_array_index (toplevels, position + i)));
  if (n_removed > 0)
    g_ptr_array_remove_range (toplevels, position, n_removed);
  for (guint i = 0; i < n_added; i++)
    {
      g_autoptr (GObject) window = g_list_model_get_item (model, position + i);

      g_ptr_array_insert (toplevels, position + i, window);
    }

  /* The copy is complete, so that observers may open and destroy windows. */
  for (guint i = 0; i < removed->len; i++)
    {
      GtkWindow *window = g_ptr_array_index (removed, i);

      g_object_set_qdata (G_OBJECT (window), destroyed_quark (), window);
      for (guint j = 0; j < observers->len; j++)
        g_array_index (observers, LifecycleGtkWindowFunc, j) (window);
    }
}

/* Calls a function at each gtk_window_destroy(), when the window has been hidden and is otherwise
 * complete.
 */
void
lifecycle_gtk_watch_toplevels (LifecycleGtkWindowFunc destroyed)
{
  if (toplevels == NULL)
    {
      GListModel *model = gtk_window_get_toplevels ();

      toplevels = g_ptr_array_new ();
      observers = g_array_new (FALSE, FALSE, sizeof (LifecycleGtkWindowFunc));
      toplevels_changed_cb (model, 0, 0, g_list_model_get_n_items (model), NULL);
      /* Whoever else listens to the list must not learn of a window that an observer destroys before
       * it has learnt of this one.
       */
      g_signal_connect_after (model, "items-changed", G_CALLBACK (toplevels_changed_cb), NULL);
    }

  g_array_append_val (observers, destroyed);
}

/* Returns whether a widget is a window that has been destroyed since the list is watched. */
gboolean
lifecycle_gtk_window_is_destroyed (gpointer window)
{
  return g_object_get_qdata (window, destroyed_quark ()) != NULL;
}
