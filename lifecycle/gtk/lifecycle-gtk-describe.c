/* lifecycle-gtk-describe.c: what widgets are called in reports
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-describe-private.h"

struct _LifecycleGtkPath
{
  gint              refs;
  LifecycleGtkPath *above;      /* a reference, or NULL */
  char             *name;
};

/* The type, then the id and the classes as CSS writes them. */
static char *
name_widget (GtkWidget *widget)
{
  GString *string = g_string_new (G_OBJECT_TYPE_NAME (widget));
  const char *id = gtk_widget_get_name (widget);
  g_auto (GStrv) classes = gtk_widget_get_css_classes (widget);

  /* Without an id, GTK says the name of the type. */
  if (id != NULL && !g_str_equal (id, G_OBJECT_TYPE_NAME (widget)))
    g_string_append_printf (string, "#%s", id);
  for (guint i = 0; classes != NULL && classes[i] != NULL; i++)
    g_string_append_printf (string, ".%s", classes[i]);

  return g_string_free (string, FALSE);
}

LifecycleGtkPath *
lifecycle_gtk_path_append (LifecycleGtkPath *above,
                           GtkWidget        *widget)
{
  LifecycleGtkPath *self = g_new0 (LifecycleGtkPath, 1);

  self->refs = 1;
  self->above = above;
  if (above != NULL)
    above->refs++;
  self->name = name_widget (widget);

  return self;
}

LifecycleGtkPath *
lifecycle_gtk_path_new (GtkWidget *widget)
{
  GtkWidget *parent = gtk_widget_get_parent (widget);
  LifecycleGtkPath *above = parent != NULL ? lifecycle_gtk_path_new (parent) : NULL;
  LifecycleGtkPath *self = lifecycle_gtk_path_append (above, widget);

  if (above != NULL)
    lifecycle_gtk_path_unref (above);

  return self;
}

void
lifecycle_gtk_path_unref (LifecycleGtkPath *self)
{
  while (self != NULL && --self->refs == 0)
    {
      LifecycleGtkPath *above = self->above;

      g_free (self->name);
      g_free (self);
      self = above;
    }
}

char *
lifecycle_gtk_path_to_string (LifecycleGtkPath *self)
{
  GString *string = g_string_new (NULL);

  for (; self != NULL; self = self->above)
    {
      if (string->len > 0)
        g_string_prepend (string, " > ");
      g_string_prepend (string, self->name);
    }

  return g_string_free (string, FALSE);
}

/* GLib lists no handlers. It finds the first one that is not blocked, so each that has been found is
 * blocked for a moment. No code runs meanwhile.
 */
static guint
count_handlers (gpointer object,
                guint    signal_id)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gulong));
  gulong id;

  while ((id = g_signal_handler_find (object, G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_UNBLOCKED,
                                      signal_id, 0, NULL, NULL, NULL)) != 0)
    {
      g_signal_handler_block (object, id);
      g_array_append_val (ids, id);
    }
  for (guint i = 0; i < ids->len; i++)
    g_signal_handler_unblock (object, g_array_index (ids, gulong, i));

  return ids->len;
}

static void
append_handlers_of (GString *string,
                    gpointer object,
                    GType    type)
{
  guint n_ids;
  g_autofree guint *ids = g_signal_list_ids (type, &n_ids);

  for (guint i = 0; i < n_ids; i++)
    {
      guint n = count_handlers (object, ids[i]);

      if (n > 0)
        g_string_append_printf (string, "%s%u of %s", string->len > 0 ? ", " : "", n,
                                g_signal_name (ids[i]));
    }
}

static char *
list_handlers (gpointer object)
{
  GString *string = g_string_new (NULL);
  guint n_interfaces;
  g_autofree GType *interfaces = g_type_interfaces (G_OBJECT_TYPE (object), &n_interfaces);

  for (GType type = G_OBJECT_TYPE (object); type != 0; type = g_type_parent (type))
    append_handlers_of (string, object, type);
  for (guint i = 0; i < n_interfaces; i++)
    append_handlers_of (string, object, interfaces[i]);

  return g_string_free (string, FALSE);
}

static char *
list_controllers (GtkWidget *widget)
{
  GString *string = g_string_new (NULL);
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GObject) controller = g_list_model_get_item (controllers, i);
      g_autofree char *handlers = list_handlers (controller);
      const char *name = gtk_event_controller_get_name (GTK_EVENT_CONTROLLER (controller));

      /* Those that GTK has made for itself have names. */
      if (*handlers != '\0' && (name == NULL || !g_str_has_prefix (name, "gtk-")))
        g_string_append_printf (string, "%s%s with %s", string->len > 0 ? "; " : "",
                                G_OBJECT_TYPE_NAME (controller), handlers);
    }

  return g_string_free (string, FALSE);
}

static void
append_line (GString    *string,
             const char *what,
             const char *text)
{
  if (*text != '\0')
    g_string_append_printf (string, "  %s: %s\n", what, text);
}

/* Returns some lines about a widget, for its leak. */
char *
lifecycle_gtk_describe_widget (GtkWidget *widget)
{
  GString *string = g_string_new (NULL);
  g_autofree char *handlers = list_handlers (widget);
  g_autofree char *controllers = list_controllers (widget);

  append_line (string, "CSS name", gtk_widget_get_css_name (widget));
  if (GTK_IS_WINDOW (widget) && gtk_window_get_title (GTK_WINDOW (widget)) != NULL)
    append_line (string, "title", gtk_window_get_title (GTK_WINDOW (widget)));
  append_line (string, "handlers", handlers);
  append_line (string, "controllers", controllers);

  return g_string_free (string, FALSE);
}
