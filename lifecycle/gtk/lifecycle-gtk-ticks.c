/* lifecycle-gtk-ticks.c: tick callbacks, frame clocks, animations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-entry-private.h"
#include "lifecycle-gtk-events.h"
#include "lifecycle-gtk-phase.h"

typedef struct
{
  LifecycleResource  resource;
  guint              id;        /* 0 once GTK has dropped the callback */
} Tick;

static gboolean
tick_cb (GtkWidget     *widget,
         GdkFrameClock *clock,
         gpointer       data)
{
  LifecycleResource *entry = data;
  gboolean more;

  if (!lifecycle_resource_begin_call (entry))
    return G_SOURCE_REMOVE;

  more = ((GtkTickCallback) entry->func) (widget, clock, entry->data);
  lifecycle_resource_end_call (entry);

  return more;
}

/* The callback has returned G_SOURCE_REMOVE, somebody has removed it, or the widget is disposed. */
static void
tick_dropped (gpointer data)
{
  Tick *self = data;

  self->id = 0;
  lifecycle_resource_retire (self);
  lifecycle_resource_unref (self);
}

static void
tick_end (LifecycleResource  *resource,
          GError            **error)
{
  Tick *self = (Tick *) resource;
  GtkWidget *widget = lifecycle_resource_peek_watched (resource, 0);

  if (widget != NULL && self->id != 0)
    gtk_widget_remove_tick_callback (widget, self->id);
}

static const LifecycleResourceKind tick_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = tick_end,
};

/**
 * lifecycle_gtk_add_tick:
 * @scope: a scope
 * @widget: a widget; no reference is held
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call before each
 *   frame
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Adds a tick callback to a widget, until the scope closes.
 *
 * The entry also ends when @func returns %G_SOURCE_REMOVE, when the callback is removed with
 * gtk_widget_remove_tick_callback(), and when @widget is disposed. On a closed scope nothing is
 * added, and @destroy is called.
 *
 * Returns: the id of the callback, or 0 if the scope is closed
 *
 * Since: 1.0
 */
guint
lifecycle_gtk_add_tick_at (const char      *place,
                           LifecycleScope  *scope,
                           GtkWidget       *widget,
                           GtkTickCallback  func,
                           gpointer         user_data,
                           GDestroyNotify   destroy)
{
  Tick *entry;
  guint id;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), 0);
  g_return_val_if_fail (GTK_IS_WIDGET (widget), 0);
  g_return_val_if_fail (func != NULL, 0);

  entry = lifecycle_gtk_entry_new (sizeof (Tick), &tick_kind, scope, "tick", G_CALLBACK (func),
                                   user_data, destroy);
  if (entry == NULL)
    return 0;

  lifecycle_resource_watch_object (entry, 0, widget);
  id = gtk_widget_add_tick_callback (widget, tick_cb, lifecycle_resource_ref (entry), tick_dropped);
  entry->id = id;

  return lifecycle_resource_add (entry, scope, place) ? id : 0;
}

/* Frame clocks: a widget has another one each time that it is realized. */

typedef struct
{
  char                  *signal_name;
  LifecycleGtkFrameFunc  func;
  gpointer               user_data;
  GDestroyNotify         destroy;
  GtkWidget             *widget;        /* valid in a run */
} FrameHandler;

static void
frame_handler_free (gpointer data)
{
  FrameHandler *self = data;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_free (self->signal_name);
  g_free (self);
}

static void
frame_cb (GdkFrameClock *clock,
          FrameHandler  *self)
{
  self->func (clock, self->user_data);
}

static void
frame_handler_begin (LifecycleScope *run,
                     gpointer        data)
{
  FrameHandler *self = data;

  lifecycle_scope_connect_signal_at (NULL, run, gtk_widget_get_frame_clock (self->widget),
                                     self->signal_name, G_CALLBACK (frame_cb), self);
}

/**
 * lifecycle_gtk_add_frame_handler:
 * @scope: a scope
 * @widget: a widget; no reference is held
 * @signal_name: a signal of `GdkFrameClock`, such as `update` or `after-paint`
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Connects a handler to the frame clock of a widget while the widget is realized, until the scope
 * closes.
 *
 * The handler does not make the clock run: use gtk_widget_queue_draw() or [func@add_tick] for that.
 * The entry is a phase, see [func@add_phase].
 *
 * Returns: whether the handler was added; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_add_frame_handler_at (const char            *place,
                                    LifecycleScope        *scope,
                                    GtkWidget             *widget,
                                    const char            *signal_name,
                                    LifecycleGtkFrameFunc  func,
                                    gpointer               user_data,
                                    GDestroyNotify         destroy)
{
  FrameHandler *self;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_WIDGET (widget), FALSE);
  g_return_val_if_fail (signal_name != NULL, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  self = g_new0 (FrameHandler, 1);
  self->signal_name = g_strdup (signal_name);
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  self->widget = widget;

  return lifecycle_gtk_add_phase_at (place, scope, widget, LIFECYCLE_GTK_PHASE_REALIZED,
                                     frame_handler_begin, self, frame_handler_free);
}

/* Animations. */

typedef struct
{
  LifecycleGtkAnimateFunc  func;
  gpointer                 user_data;
  GDestroyNotify           destroy;
  gint64                   begin;       /* µs of the frame clock, or 0 before the first frame */
  gint64                   duration;    /* µs */
} Animation;

static void
animation_free (gpointer data)
{
  Animation *self = data;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_free (self);
}

static gboolean
animation_tick_cb (GtkWidget     *widget,
                   GdkFrameClock *clock,
                   gpointer       data)
{
  Animation *self = data;
  gint64 now = gdk_frame_clock_get_frame_time (clock);
  double progress = 1;

  if (self->begin == 0)
    self->begin = now;
  if (now - self->begin < self->duration)
    progress = (double) (now - self->begin) / self->duration;
  self->func (widget, progress, self->user_data);

  return progress < 1 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/**
 * lifecycle_gtk_animate:
 * @scope: a scope
 * @widget: a widget; no reference is held
 * @duration_ms: how long the animation takes, in milliseconds
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call for each frame
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Calls a function for each frame, with the progress from 0 to 1.
 *
 * The last call is made with a progress of 1; then the entry leaves the scope. If animations are
 * turned off in the settings of GTK, that is the only call. When the scope closes or @widget is
 * disposed before, the animation stops where it is. See [func@add_tick].
 *
 * Returns: whether the animation began; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_animate_at (const char              *place,
                          LifecycleScope          *scope,
                          GtkWidget               *widget,
                          guint                    duration_ms,
                          LifecycleGtkAnimateFunc  func,
                          gpointer                 user_data,
                          GDestroyNotify           destroy)
{
  Animation *self;
  gboolean enabled;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_WIDGET (widget), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  g_object_get (gtk_widget_get_settings (widget), "gtk-enable-animations", &enabled, NULL);
  self = g_new0 (Animation, 1);
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  self->duration = enabled ? duration_ms * G_GINT64_CONSTANT (1000) : 0;

  return lifecycle_gtk_add_tick_at (place, scope, widget, animation_tick_cb, self,
                                    animation_free) != 0;
}

/* Animations of libadwaita, which this library does not link. */

typedef void (* AnimationCall) (gpointer animation);

typedef struct
{
  LifecycleResource  resource;
  AnimationCall      pause;
} AdwAnimationEntry;

static void
adw_animation_end (LifecycleResource  *resource,
                   GError            **error)
{
  AdwAnimationEntry *self = (AdwAnimationEntry *) resource;
  gpointer animation = lifecycle_resource_peek_watched (resource, 0);

  if (animation != NULL)
    self->pause (animation);
}

static const LifecycleResourceKind adw_animation_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = adw_animation_end,
};

/* Looks for a function in the library that is loaded, if there is one. */
static AnimationCall
find_adw_function (const char *name)
{
  static GModule *module;
  gpointer function = NULL;

  if (module == NULL)
    module = g_module_open ("libadwaita-1.so.0", G_MODULE_BIND_LAZY);
  if (module != NULL && g_module_symbol (module, name, &function))
    return (AnimationCall) function;

  return NULL;
}

/**
 * lifecycle_gtk_add_animation:
 * @scope: a scope
 * @animation: an `AdwAnimation` of libadwaita
 *
 * Pauses an animation when the scope closes.
 *
 * A reference on @animation is held until then; one that plays holds itself. The entry also ends when
 * the animation emits `done`. On a closed scope the animation is paused at once.
 *
 * This library does not depend on libadwaita. It uses the one that the program has loaded.
 *
 * Returns: whether the scope owns the animation; %FALSE also if it is none
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_add_animation_at (const char     *place,
                                LifecycleScope *scope,
                                GObject        *animation)
{
  GType type = g_type_from_name ("AdwAnimation");
  AdwAnimationEntry *entry;
  AnimationCall pause;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (animation), FALSE);
  g_return_val_if_fail (type != G_TYPE_INVALID && g_type_is_a (G_OBJECT_TYPE (animation), type),
                        FALSE);

  pause = find_adw_function ("adw_animation_pause");
  g_return_val_if_fail (pause != NULL, FALSE);

  entry = lifecycle_resource_new (sizeof (AdwAnimationEntry), &adw_animation_kind, scope, NULL,
                                  g_object_ref (animation), g_object_unref);
  lifecycle_resource_set_label (entry, G_OBJECT_TYPE_NAME (animation));
  entry->pause = pause;
  lifecycle_resource_watch_object (entry, 0, animation);
  lifecycle_resource_connect (entry, 0, "done", (LifecycleResourceFunc) lifecycle_resource_retire);

  return lifecycle_resource_add (entry, scope, place);
}
