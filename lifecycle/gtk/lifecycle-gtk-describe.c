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

  append_line (string, "CSS name", gtk_widget_get_css_name (widget));
  if (GTK_IS_WINDOW (widget) && gtk_window_get_title (GTK_WINDOW (widget)) != NULL)
    append_line (string, "title", gtk_window_get_title (GTK_WINDOW (widget)));

  return g_string_free (string, FALSE);
}

/* The controllers of a widget that GTK has not made for itself. Those have names. */
GPtrArray *
lifecycle_gtk_list_controllers (GtkWidget *widget)
{
  GPtrArray *list = g_ptr_array_new ();
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
      const char *name = gtk_event_controller_get_name (controller);

      if (name == NULL || !g_str_has_prefix (name, "gtk-"))
        g_ptr_array_add (list, controller);
    }

  return list;
}

static gboolean
is_inside (GtkWidget *widget,
           gpointer   other)
{
  return other == widget || (GTK_IS_WIDGET (other) && gtk_widget_is_ancestor (other, widget));
}

static gboolean
is_part (GtkWidget *widget,
         gpointer   instance)
{
  if (GTK_IS_EVENT_CONTROLLER (instance))
    return is_inside (widget, gtk_event_controller_get_widget (instance));
  if (GTK_IS_LAYOUT_MANAGER (instance))
    return is_inside (widget, gtk_layout_manager_get_widget (instance));
  if (GTK_IS_AT_CONTEXT (instance))
    return is_inside (widget, gtk_at_context_get_accessible (instance));

  return is_inside (widget, instance);
}

/* The nodes of the tree of styles refer to their widgets, which own them; their type is private. The
 * scope of a widget ends with it.
 */
static LifecycleReferrerRank
rank_referrer (GObject       *object,
               GTypeInstance *instance)
{
  static const char *const parts[] = { "GtkCss", "Lifecycle" };
  static const char *const toolkit[] = { "Gtk", "Gdk", "Gsk", "Adw", "Pango" };
  const char *name = g_type_name_from_instance (instance);

  if (GTK_IS_WIDGET (object) && is_part (GTK_WIDGET (object), instance))
    return LIFECYCLE_REFERRER_PART;
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      if (g_str_has_prefix (name, parts[i]))
        return LIFECYCLE_REFERRER_PART;
    }
  if (GTK_IS_EXPRESSION (instance))
    return LIFECYCLE_REFERRER_USER;
  for (guint i = 0; i < G_N_ELEMENTS (toolkit); i++)
    {
      if (g_str_has_prefix (name, toolkit[i]))
        return LIFECYCLE_REFERRER_TOOLKIT;
    }

  return LIFECYCLE_REFERRER_USER;
}

const LifecycleToolkit *
lifecycle_gtk_get_toolkit (void)
{
  static const LifecycleToolkit toolkit = { (gpointer) gtk_init, rank_referrer };

  return &toolkit;
}

/* Prints lines of text, if there are any, below a title. */
void
lifecycle_gtk_print_lines (const char *title,
                           const char *text,
                           gboolean    numbered)
{
  g_auto (GStrv) lines = NULL;

  if (text == NULL)
    return;

  lines = g_strsplit (text, "\n", -1);
  g_printerr ("  %s\n", title);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (numbered)
        g_printerr ("    #%u %s\n", i, lines[i]);
      else
        g_printerr ("    %s\n", lines[i]);
    }
}
