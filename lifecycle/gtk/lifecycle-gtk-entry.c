/* lifecycle-gtk-entry.c: what a scope owns of GTK
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-entry-private.h"
#include "lifecycle-gtk-widget-private.h"

LIFECYCLE_DEFINE_STATIC_QUARK (entries_quark, "lifecycle-gtk-entries")

/* Returns NULL, and drops the data, if the scope is closed. */
gpointer
lifecycle_gtk_entry_new (gsize                        size,
                         const LifecycleResourceKind *kind,
                         LifecycleScope              *scope,
                         const char                  *label,
                         GCallback                    func,
                         gpointer                     data,
                         GDestroyNotify               destroy)
{
  gpointer entry;

  if (!lifecycle_resource_check_open (scope, NULL))
    {
      if (destroy != NULL)
        destroy (data);
      return NULL;
    }

  entry = lifecycle_resource_new (size, kind, scope, func, data, destroy);
  lifecycle_resource_set_label (entry, label);

  return entry;
}

/* An entry ends when an object that it watches has been disposed. For some, that is too late: these
 * are undone when the dispose of a watched widget begins, or when it is a window and is destroyed. To
 * be called once the entry has been added.
 */
void
lifecycle_gtk_entry_end_with (gpointer entry,
                              guint    which)
{
  GObject *widget = ((LifecycleResource *) entry)->watches[which].object;
  GHashTable *entries = g_object_get_qdata (widget, entries_quark ());

  if (entries == NULL)
    {
      entries = g_hash_table_new_full (NULL, NULL, lifecycle_resource_unref, NULL);
      g_object_set_qdata_full (widget, entries_quark (), entries,
                               (GDestroyNotify) g_hash_table_unref);
      lifecycle_gtk_hook_widget (GTK_WIDGET (widget));
    }

  g_hash_table_add (entries, lifecycle_resource_ref (entry));
}

/* To be called by end() and gone(). */
void
lifecycle_gtk_entry_cut (gpointer entry,
                         guint    which)
{
  GObject *widget = lifecycle_resource_peek_watched (entry, which);
  GHashTable *entries = widget != NULL ? g_object_get_qdata (widget, entries_quark ()) : NULL;

  if (entries != NULL)
    g_hash_table_remove (entries, entry);
}

/* Undoes all entries that end with a widget. */
void
lifecycle_gtk_end_entries (GtkWidget *widget)
{
  GHashTable *entries = g_object_get_qdata (G_OBJECT (widget), entries_quark ());
  GHashTableIter iter;
  gpointer entry;

  if (entries == NULL)
    return;

  for (;;)
    {
      g_hash_table_iter_init (&iter, entries);
      if (!g_hash_table_iter_next (&iter, &entry, NULL))
        break;
      g_hash_table_iter_steal (&iter);
      lifecycle_resource_undo (entry);
      lifecycle_resource_unref (entry);
    }
}
