/* lifecycle-gtk-roots.c: widgets that come into a window and leave it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-roots-private.h"

/* There is no signal for all widgets of a program, so the functions of GtkWidget's class are replaced,
 * in that class and in those that have inherited them. Classes that override one call it in the end.
 */
static LifecycleGtkRootsObserver roots_observer;

static void (* real_constructed) (GObject   *object);
static void (* real_root)        (GtkWidget *widget);
static void (* real_unroot)      (GtkWidget *widget);

static void
watched_constructed (GObject *object)
{
  real_constructed (object);
  roots_observer.created (GTK_WIDGET (object));
}

static void
watched_root (GtkWidget *widget)
{
  real_root (widget);
  roots_observer.rooted (widget);
}

static void
watched_unroot (GtkWidget *widget)
{
  roots_observer.leaving (widget);
  real_unroot (widget);
}

/* A class that does not exist yet will inherit from its parent. */
static void
watch_class (GType type)
{
  GtkWidgetClass *klass = g_type_class_peek (type);
  g_autofree GType *children = NULL;

  if (klass == NULL)
    return;

  if (klass->root == real_root)
    klass->root = watched_root;
  if (klass->unroot == real_unroot)
    klass->unroot = watched_unroot;
  if (roots_observer.created != NULL && G_OBJECT_CLASS (klass)->constructed == real_constructed)
    G_OBJECT_CLASS (klass)->constructed = watched_constructed;

  children = g_type_children (type, NULL);
  for (guint i = 0; children[i] != 0; i++)
    watch_class (children[i]);
}

/* To be called once. */
void
lifecycle_gtk_watch_roots (const LifecycleGtkRootsObserver *observer)
{
  /* The reference is never dropped. */
  GtkWidgetClass *klass = g_type_class_ref (GTK_TYPE_WIDGET);

  g_assert (real_root == NULL);

  roots_observer = *observer;
  real_constructed = G_OBJECT_CLASS (klass)->constructed;
  real_root = klass->root;
  real_unroot = klass->unroot;
  watch_class (GTK_TYPE_WIDGET);
}
