/* lifecycle-gtk-widget-state.c: the states of a widget, as properties
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-entry-private.h"
#include "lifecycle-gtk-toplevels-private.h"
#include "lifecycle-gtk-widget-state-private.h"

/* There is one for each widget that has phases, however many. It belongs to the widget, and is
 * disposed with it, which ends the phases.
 *
 * GTK says in different ways what happens to a widget, to the window it is in, and to the surface of
 * that window. The window changes when the widget is moved, the surface whenever the window is
 * realized.
 */
typedef enum
{
  PROP_ROOTED = 1,
  PROP_REALIZED,
  PROP_MAPPED,
  PROP_SHOWN,
  PROP_ACTIVE,
  PROP_FOCUSED
} WidgetStateProperty;

#define N_PROPS (PROP_FOCUSED + 1)

static GParamSpec *properties[N_PROPS];

struct _LifecycleGtkWidgetState
{
  GObject    parent_instance;

  GtkWidget *widget;            /* NULL once it is disposed */
  GtkRoot   *root;              /* a reference */
  gulong     root_handler;
  GdkSurface *surface;          /* a reference */
  gulong     surface_handler;

  gboolean   values[N_PROPS];
};

G_DEFINE_FINAL_TYPE (LifecycleGtkWidgetState, lifecycle_gtk_widget_state, G_TYPE_OBJECT)

LIFECYCLE_DEFINE_STATIC_QUARK (widget_state_quark, "lifecycle-gtk-widget-state")

static void
widget_state_set (LifecycleGtkWidgetState *self,
                  WidgetStateProperty      property,
                  gboolean                 value)
{
  if (self->values[property] == value)
    return;

  self->values[property] = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static gboolean
surface_is_shown (GdkSurface *surface)
{
  GdkToplevelState hidden = GDK_TOPLEVEL_STATE_MINIMIZED;

  /* GDK_TOPLEVEL_STATE_SUSPENDED of GTK 4.12. */
  hidden |= 1 << 16;

  return !GDK_IS_TOPLEVEL (surface) ||
         (gdk_toplevel_get_state (GDK_TOPLEVEL (surface)) & hidden) == 0;
}

static void
widget_state_update_shown (LifecycleGtkWidgetState *self)
{
  widget_state_set (self, PROP_SHOWN,
                    self->values[PROP_MAPPED] && self->surface != NULL &&
                    surface_is_shown (self->surface));
}

static void
widget_state_set_surface (LifecycleGtkWidgetState *self,
                          GdkSurface              *surface)
{
  if (self->surface == surface)
    return;

  if (self->surface != NULL)
    g_clear_signal_handler (&self->surface_handler, self->surface);
  g_set_object (&self->surface, surface);
  if (GDK_IS_TOPLEVEL (surface))
    self->surface_handler = g_signal_connect_swapped (surface, "notify::state",
                                                      G_CALLBACK (widget_state_update_shown),
                                                      self);
}

static void
widget_state_update_active (LifecycleGtkWidgetState *self)
{
  widget_state_set (self, PROP_ACTIVE,
                    GTK_IS_WINDOW (self->root) && gtk_window_is_active (GTK_WINDOW (self->root)));
}

/* For GTK, what is in a window that somebody holds stays rooted when it is destroyed. */
static void
widget_state_update_root (LifecycleGtkWidgetState *self)
{
  GtkRoot *root = gtk_widget_get_root (self->widget);

  if (root != NULL && lifecycle_gtk_window_is_destroyed (root))
    root = NULL;

  if (self->root != root)
    {
      if (self->root != NULL)
        g_clear_signal_handler (&self->root_handler, self->root);
      g_set_object (&self->root, root);
      if (GTK_IS_WINDOW (root))
        self->root_handler = g_signal_connect_swapped (root, "notify::is-active",
                                                       G_CALLBACK (widget_state_update_active),
                                                       self);
    }

  widget_state_set (self, PROP_ROOTED, root != NULL);
  widget_state_update_active (self);
}

static void
widget_state_map_cb (LifecycleGtkWidgetState *self)
{
  GtkRoot *root = gtk_widget_get_root (self->widget);

  widget_state_set_surface (self, root != NULL ? gtk_native_get_surface (GTK_NATIVE (root)) : NULL);
  widget_state_set (self, PROP_MAPPED, TRUE);
  widget_state_update_shown (self);
}

static void
widget_state_unmap_cb (LifecycleGtkWidgetState *self)
{
  widget_state_set_surface (self, NULL);
  widget_state_update_shown (self);
  widget_state_set (self, PROP_MAPPED, FALSE);
}

/* `unrealize` is emitted while the widget still is realized, so the state does not ask it. */
static void
widget_state_realize_cb (LifecycleGtkWidgetState *self)
{
  widget_state_set (self, PROP_REALIZED, TRUE);
}

static void
widget_state_unrealize_cb (LifecycleGtkWidgetState *self)
{
  widget_state_set (self, PROP_REALIZED, FALSE);
}

static void
widget_state_update_focused (LifecycleGtkWidgetState *self)
{
  widget_state_set (self, PROP_FOCUSED,
                    (gtk_widget_get_state_flags (self->widget) & GTK_STATE_FLAG_FOCUS_WITHIN) != 0);
}

static void
widget_state_update_below (GtkWidget *widget)
{
  LifecycleGtkWidgetState *self = g_object_get_qdata (G_OBJECT (widget), widget_state_quark ());

  if (self != NULL)
    widget_state_update_root (self);

  for (GtkWidget *child = gtk_widget_get_first_child (widget);
       child != NULL;
       child = gtk_widget_get_next_sibling (child))
    widget_state_update_below (child);
}

static void
widget_state_window_destroyed (GtkWindow *window)
{
  widget_state_update_below (GTK_WIDGET (window));
}

static void
widget_state_widget_disposed (gpointer  data,
                              GObject  *widget)
{
  g_object_set_qdata (widget, widget_state_quark (), NULL);
}

static void
widget_state_unref (gpointer data)
{
  g_object_run_dispose (data);
  g_object_unref (data);
}

/* Returns the states of a widget, which are kept up to date from now on. They are valid until the
 * widget is disposed.
 */
LifecycleGtkWidgetState *
lifecycle_gtk_widget_state_get (GtkWidget *widget)
{
  LifecycleGtkWidgetState *self = g_object_get_qdata (G_OBJECT (widget), widget_state_quark ());
  static gboolean watching;

  if (self != NULL)
    return self;

  if (!watching)
    {
      watching = TRUE;
      lifecycle_gtk_watch_toplevels (widget_state_window_destroyed);
    }

  self = g_object_new (LIFECYCLE_GTK_TYPE_WIDGET_STATE, NULL);
  self->widget = widget;
  g_object_set_qdata_full (G_OBJECT (widget), widget_state_quark (), self, widget_state_unref);
  g_object_weak_ref (G_OBJECT (widget), widget_state_widget_disposed, NULL);

  /* GTK ends these when the widget is disposed. */
  g_signal_connect_swapped (widget, "notify::root", G_CALLBACK (widget_state_update_root), self);
  g_signal_connect_swapped (widget, "realize", G_CALLBACK (widget_state_realize_cb), self);
  g_signal_connect_swapped (widget, "unrealize", G_CALLBACK (widget_state_unrealize_cb), self);
  g_signal_connect_swapped (widget, "map", G_CALLBACK (widget_state_map_cb), self);
  g_signal_connect_swapped (widget, "unmap", G_CALLBACK (widget_state_unmap_cb), self);
  g_signal_connect_swapped (widget, "state-flags-changed",
                            G_CALLBACK (widget_state_update_focused), self);

  widget_state_update_root (self);
  if (gtk_widget_get_realized (widget))
    widget_state_realize_cb (self);
  if (gtk_widget_get_mapped (widget))
    widget_state_map_cb (self);
  widget_state_update_focused (self);

  return self;
}

static void
lifecycle_gtk_widget_state_dispose (GObject *object)
{
  LifecycleGtkWidgetState *self = LIFECYCLE_GTK_WIDGET_STATE (object);

  widget_state_set_surface (self, NULL);
  if (self->root != NULL)
    g_clear_signal_handler (&self->root_handler, self->root);
  g_clear_object (&self->root);
  if (self->widget != NULL)
    g_signal_handlers_disconnect_by_data (self->widget, self);
  self->widget = NULL;

  G_OBJECT_CLASS (lifecycle_gtk_widget_state_parent_class)->dispose (object);
}

static void
lifecycle_gtk_widget_state_get_property (GObject    *object,
                                         guint       prop_id,
                                         GValue     *value,
                                         GParamSpec *pspec)
{
  g_value_set_boolean (value, LIFECYCLE_GTK_WIDGET_STATE (object)->values[prop_id]);
}

static void
lifecycle_gtk_widget_state_class_init (LifecycleGtkWidgetStateClass *klass)
{
  static const char *const names[N_PROPS] = {
    NULL, "rooted", "realized", "mapped", "shown", "active", "focused"
  };
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = lifecycle_gtk_widget_state_dispose;
  object_class->get_property = lifecycle_gtk_widget_state_get_property;

  for (guint i = PROP_ROOTED; i < N_PROPS; i++)
    properties[i] = g_param_spec_boolean (names[i], NULL, NULL, FALSE,
                                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
lifecycle_gtk_widget_state_init (LifecycleGtkWidgetState *self)
{
}
