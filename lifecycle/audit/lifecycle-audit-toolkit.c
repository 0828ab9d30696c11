/* lifecycle-audit-toolkit.c: what only GTK knows about its objects
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>

#include "lifecycle-audit-private.h"

/* GTK 3 and GTK 4 have all of these. A window that has been destroyed is no longer among the
 * toplevels, although it lives for as long as somebody holds it; GTK has no signal for that.
 */
static struct
{
  gboolean  at_home;            /* on the thread of the default context: GTK may be asked */
  gpointer (*get_parent)     (gpointer widget);
  gboolean (*get_visible)    (gpointer widget);
  gpointer (*get_widget)     (gpointer controller);
  GList   *(*list_toplevels) (void);
  gpointer *toplevels;
  gsize     n_toplevels;
} gtk;

static int
compare_pointers (const void *a,
                  const void *b)
{
  gsize first = (gsize) *(const gpointer *) a;
  gsize second = (gsize) *(const gpointer *) b;

  return first < second ? -1 : first > second;
}

/* Called without the lock. */
void
audit_toolkit_start (gboolean at_home)
{
  static const char *const sonames[] = { "libgtk-4.so.1", "libgtk-3.so.0" };
  GList *toplevels;

  gtk.at_home = at_home;
  for (guint i = 0; i < G_N_ELEMENTS (sonames) && gtk.get_parent == NULL; i++)
    {
#define FIND(member, name) *(gpointer *) &gtk.member = audit_real_find_symbol (sonames[i], name)
      FIND (get_parent, "gtk_widget_get_parent");
      FIND (get_visible, "gtk_widget_get_visible");
      FIND (get_widget, "gtk_event_controller_get_widget");
      FIND (list_toplevels, "gtk_window_list_toplevels");
#undef FIND
    }

  gtk.n_toplevels = 0;
  if (!at_home || gtk.list_toplevels == NULL ||
      audit_real.g_type_from_name ("GtkWindow") == 0)
    return;

  toplevels = gtk.list_toplevels ();
  for (GList *item = toplevels; item != NULL; item = item->next)
    gtk.n_toplevels++;
  gtk.toplevels = calloc (gtk.n_toplevels + 1, sizeof *gtk.toplevels);
  gtk.n_toplevels = 0;
  for (GList *item = toplevels; item != NULL; item = item->next)
    gtk.toplevels[gtk.n_toplevels++] = item->data;
  qsort (gtk.toplevels, gtk.n_toplevels, sizeof *gtk.toplevels, compare_pointers);
  audit_real.g_list_free (toplevels);
}

void
audit_toolkit_end (void)
{
  free (g_steal_pointer (&gtk.toplevels));
}

static gboolean
is_a (AuditType  *type,
      const char *name)
{
  GType wanted = audit_real.g_type_from_name (name);

  return wanted != 0 && (audit_real.g_type_is_a) (type->type, wanted);
}

void
audit_toolkit_classify (AuditType *type)
{
  type->is_widget = is_a (type, "GtkWidget");
  type->is_window = type->is_widget && is_a (type, "GtkWindow");
  type->is_controller = is_a (type, "GtkEventController");
}

/* Finds what an object is a part of, as far as that is certain. */
gpointer
audit_toolkit_get_parent (gpointer   object,
                          AuditType *type)
{
  if (type->is_widget && gtk.get_parent != NULL)
    return gtk.get_parent (object);
  if (type->is_controller && gtk.get_widget != NULL)
    return gtk.get_widget (object);

  return NULL;
}

static gboolean
is_toplevel (gpointer object)
{
  return bsearch (&object, gtk.toplevels, gtk.n_toplevels, sizeof object, compare_pointers) != NULL;
}

gboolean
audit_toolkit_is_destroyed (gpointer   object,
                            AuditType *type)
{
  return type->is_window && gtk.toplevels != NULL && !is_toplevel (object);
}

/* A window that the user can see is there because the program wants it. */
gboolean
audit_toolkit_is_open (gpointer   object,
                       AuditType *type)
{
  return type->is_window && gtk.toplevels != NULL && is_toplevel (object) &&
         gtk.get_visible (object);
}
