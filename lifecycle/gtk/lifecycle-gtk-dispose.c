/* lifecycle-gtk-dispose.c: the moment before a widget is disposed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-entry-private.h"
#include "lifecycle-gtk-dispose-private.h"

/* GObject tells nobody that a dispose begins: weak references are notified when it ends, and the
 * `destroy` signal of a widget is emitted when its class has already unparented the children. So the
 * class of a widget gets another dispose function, which calls the one that it had.
 *
 * A class that is derived from such a class later inherits the function, or calls it when it chains
 * up, so several levels of one object can lead here. The frames on the stack of a thread say which
 * of them has been reached.
 */
typedef struct
{
  void                      (* dispose) (GObject *object);
  gboolean                     dispose_template;
  LifecycleGtkBeforeDispose    before;
} DisposeHook;

typedef struct _DisposeFrame DisposeFrame;
struct _DisposeFrame
{
  DisposeFrame *below;
  GObject      *object;
  GType         type;
};

static GPrivate dispose_frames;

LIFECYCLE_DEFINE_STATIC_QUARK (dispose_hook_quark, "lifecycle-gtk-dispose-hook")

/* GTK 4.8 looks for the template in the class of the instance, whichever type it is asked for. For a
 * derived class the children are unparented here, and GTK drops what it knows of them at the end of
 * the dispose.
 */
static void
dispose_template (GtkWidget *widget,
                  GType      type)
{
  GtkWidget *child;

  if (type == G_OBJECT_TYPE (widget))
    {
      gtk_widget_dispose_template (widget, type);
      return;
    }

  while ((child = gtk_widget_get_first_child (widget)) != NULL)
    gtk_widget_unparent (child);
}

static void
dispose_hooked (GObject *object)
{
  DisposeFrame *below = g_private_get (&dispose_frames);
  DisposeFrame frame = { .below = below, .object = object };
  gboolean first = below == NULL || below->object != object;
  DisposeHook *hook = NULL;

  for (frame.type = first ? G_OBJECT_TYPE (object) : g_type_parent (below->type);
       hook == NULL;
       frame.type = g_type_parent (frame.type))
    {
      g_assert (frame.type != G_TYPE_INVALID);
      hook = g_type_get_qdata (frame.type, dispose_hook_quark ());
      if (hook != NULL)
        break;
    }

  g_private_set (&dispose_frames, &frame);
  if (first)
    hook->before (GTK_WIDGET (object));
  if (hook->dispose_template)
    dispose_template (GTK_WIDGET (object), frame.type);
  hook->dispose (object);
  g_private_set (&dispose_frames, below);
}

/* Makes instances of a class call `before` when their dispose begins, once in each dispose. With
 * `dispose_template`, the children of the template of that class are released next.
 */
void
lifecycle_gtk_hook_dispose (GObjectClass             *klass,
                            gboolean                  dispose_template,
                            LifecycleGtkBeforeDispose before)
{
  GType type = G_TYPE_FROM_CLASS (klass);
  DisposeHook *hook = g_type_get_qdata (type, dispose_hook_quark ());

  if (hook == NULL)
    {
      hook = g_new0 (DisposeHook, 1);
      hook->before = before;
      hook->dispose = klass->dispose;
      g_type_set_qdata (type, dispose_hook_quark (), hook);
      klass->dispose = dispose_hooked;
    }

  hook->dispose_template |= dispose_template;
}
