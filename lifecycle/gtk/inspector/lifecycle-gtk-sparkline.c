/* lifecycle-gtk-sparkline.c: a small line of recent values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-sparkline-private.h"

/* The title and the latest value, over a line that shows how the value has come about. */

#define N_VALUES     60
#define CURVE_WIDTH  96
#define CURVE_HEIGHT 28

struct _LifecycleGtkSparkline
{
  GtkWidget  parent_instance;

  GtkWidget *text;
  GtkWidget *curve;

  char      *title;
  double     values[N_VALUES];
  guint      n_values;
};

G_DEFINE_FINAL_TYPE (LifecycleGtkSparkline, lifecycle_gtk_sparkline, GTK_TYPE_WIDGET)

/* The range is never smaller than a tenth of the value, so that noise does not look like a storm. */
static void
get_range (LifecycleGtkSparkline *self,
           double                *low,
           double                *high)
{
  double margin;

  *low = *high = self->values[0];
  for (guint i = 1; i < self->n_values; i++)
    {
      *low = MIN (*low, self->values[i]);
      *high = MAX (*high, self->values[i]);
    }

  margin = MAX ((*high - *low) * 0.1, MAX (*high * 0.05, 0.5));
  *low = MAX (*low - margin, 0);
  *high += margin;
}

/* The colour of what is selected. It is made lighter where text is light, to be seen there, too. */
static void
get_color (GtkWidget *widget,
           GdkRGBA   *color)
{
  GtkStyleContext *context = gtk_widget_get_style_context (widget);
  GdkRGBA text;

  gtk_style_context_get_color (context, &text);
  if (!gtk_style_context_lookup_color (context, "theme_selected_bg_color", color))
    *color = text;
  if (text.green > 0.5f)
    {
      color->red = (color->red + text.red) / 2;
      color->green = (color->green + text.green) / 2;
      color->blue = (color->blue + text.blue) / 2;
    }
}

static void
draw_cb (GtkDrawingArea *area,
         cairo_t        *cr,
         int             width,
         int             height,
         gpointer        data)
{
  LifecycleGtkSparkline *self = data;
  GdkRGBA color;
  double low, high, x = 0, y = 0;

  if (self->n_values < 2)
    return;

  get_color (GTK_WIDGET (area), &color);
  get_range (self, &low, &high);

  for (guint i = 0; i < self->n_values; i++)
    {
      x = width - 1.5 - (self->n_values - 1 - i) * (width - 3.0) / (N_VALUES - 1);
      y = height - 1.5 - (self->values[i] - low) / (high - low) * (height - 3.0);
      cairo_line_to (cr, x, y);
    }
  cairo_set_line_width (cr, 1.5);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  gdk_cairo_set_source_rgba (cr, &color);
  cairo_stroke_preserve (cr);

  cairo_line_to (cr, x, height);
  cairo_line_to (cr, width - 1.5 - (self->n_values - 1) * (width - 3.0) / (N_VALUES - 1), height);
  cairo_close_path (cr);
  color.alpha *= 0.18f;
  gdk_cairo_set_source_rgba (cr, &color);
  cairo_fill (cr);
}

static void
lifecycle_gtk_sparkline_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (lifecycle_gtk_sparkline_parent_class)->dispose (object);
}

static void
lifecycle_gtk_sparkline_finalize (GObject *object)
{
  g_free (LIFECYCLE_GTK_SPARKLINE (object)->title);

  G_OBJECT_CLASS (lifecycle_gtk_sparkline_parent_class)->finalize (object);
}

static void
lifecycle_gtk_sparkline_class_init (LifecycleGtkSparklineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = lifecycle_gtk_sparkline_dispose;
  object_class->finalize = lifecycle_gtk_sparkline_finalize;

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "sparkline");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
lifecycle_gtk_sparkline_init (LifecycleGtkSparkline *self)
{
  GtkWidget *title = gtk_label_new (NULL);
  GtkWidget *labels = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  self->text = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->text), 1);
  gtk_label_set_width_chars (GTK_LABEL (self->text), 9);
  gtk_widget_add_css_class (self->text, "numeric");
  gtk_label_set_xalign (GTK_LABEL (title), 1);
  gtk_widget_add_css_class (title, "dim-label");
  gtk_widget_add_css_class (title, "caption");
  gtk_box_append (GTK_BOX (labels), title);
  gtk_box_append (GTK_BOX (labels), self->text);
  gtk_widget_set_valign (labels, GTK_ALIGN_CENTER);
  gtk_widget_set_margin_end (labels, 8);
  gtk_widget_set_parent (labels, GTK_WIDGET (self));

  self->curve = gtk_drawing_area_new ();
  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (self->curve), CURVE_WIDTH);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (self->curve), CURVE_HEIGHT);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->curve), draw_cb, self, NULL);
  gtk_widget_set_valign (self->curve, GTK_ALIGN_CENTER);
  gtk_widget_set_parent (self->curve, GTK_WIDGET (self));
}

GtkWidget *
lifecycle_gtk_sparkline_new (const char *title)
{
  LifecycleGtkSparkline *self = g_object_new (LIFECYCLE_GTK_TYPE_SPARKLINE, NULL);
  GtkWidget *labels = gtk_widget_get_first_child (GTK_WIDGET (self));

  self->title = g_strdup (title);
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_first_child (labels)), title);

  return GTK_WIDGET (self);
}

/* Adds the latest value; `text` is how it is written. */
void
lifecycle_gtk_sparkline_add (LifecycleGtkSparkline *self,
                             double                 value,
                             const char            *text)
{
  g_autofree char *name = g_strdup_printf ("%s: %s", self->title, text);

  if (self->n_values == N_VALUES)
    memmove (self->values, self->values + 1, sizeof (double) * --self->n_values);
  self->values[self->n_values++] = value;

  gtk_label_set_text (GTK_LABEL (self->text), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_widget_queue_draw (self->curve);
}
