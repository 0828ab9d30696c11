/* lifecycle-gtk-expression.c: watches and binds of expressions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-entry-private.h"
#include "lifecycle-gtk-expression.h"

enum
{
  WATCH_TARGET,
  WATCH_THIS
};

typedef struct
{
  LifecycleResource   resource;
  GtkExpressionWatch *watch;    /* a reference */
  GWeakRef            this_;
  gboolean            has_this;
} Expression;

static void
expression_end (LifecycleResource  *resource,
                GError            **error)
{
  /* This does nothing if the watch has ended. */
  gtk_expression_watch_unwatch (((Expression *) resource)->watch);
}

static void
expression_clear (LifecycleResource *resource)
{
  Expression *self = (Expression *) resource;

  g_clear_pointer (&self->watch, gtk_expression_watch_unref);
  g_weak_ref_clear (&self->this_);
}

static const LifecycleResourceKind expression_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = expression_end,
  .clear = expression_clear,
};

/* GTK also calls the watch when `this` is disposed, and it depends on who else has a weak reference whether
 * that comes before the entry has ended. It is no change, and a collector of garbage may be at work.
 */
static gboolean
expression_has_lost_this (Expression *self)
{
  g_autoptr (GObject) this_ = self->has_this ? g_weak_ref_get (&self->this_) : NULL;

  return self->has_this && this_ == NULL;
}

static void
expression_notify_cb (gpointer data)
{
  LifecycleResource *entry = data;

  if (expression_has_lost_this (data) || !lifecycle_resource_begin_call (entry))
    return;

  ((GtkExpressionNotify) entry->func) (entry->data);
  lifecycle_resource_end_call (entry);
}

/* GTK has dropped the watch, because `this` is disposed or somebody has unwatched it. */
static void
expression_dropped (gpointer data)
{
  lifecycle_resource_retire (data);
  lifecycle_resource_unref (data);
}

/**
 * lifecycle_gtk_watch_expression:
 * @scope: a scope
 * @expression: an expression
 * @this_: (transfer none) (type GObject) (nullable): the `this` argument of the expression; no
 *   reference is held
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call when the value
 *   may have changed
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Watches an expression, until the scope closes.
 *
 * Use gtk_expression_watch_evaluate() on the result to get the value. The entry also ends when @this_
 * is disposed, and when somebody calls gtk_expression_watch_unwatch(). On a closed scope nothing is
 * watched, and @destroy is called.
 *
 * Returns: (transfer none) (nullable): the watch, which is valid until it ends, or %NULL if the scope
 *   is closed
 *
 * Since: 1.0
 */
GtkExpressionWatch *
lifecycle_gtk_watch_expression_at (const char          *place,
                                   LifecycleScope      *scope,
                                   GtkExpression       *expression,
                                   gpointer             this_,
                                   GtkExpressionNotify  func,
                                   gpointer             user_data,
                                   GDestroyNotify       destroy)
{
  Expression *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), NULL);
  g_return_val_if_fail (GTK_IS_EXPRESSION (expression), NULL);
  g_return_val_if_fail (this_ == NULL || G_IS_OBJECT (this_), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  entry = lifecycle_gtk_entry_new (sizeof (Expression), &expression_kind, scope, "expression",
                                   G_CALLBACK (func), user_data, destroy);
  if (entry == NULL)
    return NULL;

  g_weak_ref_init (&entry->this_, this_);
  entry->has_this = this_ != NULL;
  if (this_ != NULL)
    lifecycle_resource_watch_object (entry, WATCH_THIS, this_);
  entry->watch = gtk_expression_watch_ref (
    gtk_expression_watch (expression, this_, expression_notify_cb, lifecycle_resource_ref (entry),
                          expression_dropped));

  return lifecycle_resource_add (entry, scope, place) ? entry->watch : NULL;
}

/**
 * lifecycle_gtk_bind_expression:
 * @scope: a scope
 * @expression: (transfer full): an expression
 * @target: the object whose property is set; no reference is held
 * @property_name: the name of the property
 * @this_: (transfer none) (type GObject) (nullable): the `this` argument of the expression; no
 *   reference is held
 *
 * Binds a property to an expression, until the scope closes.
 *
 * The property is set at once, and whenever the value of the expression changes. The entry also ends
 * when @target or @this_ is disposed. On a closed scope nothing is bound.
 *
 * Returns: whether the property is bound
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_bind_expression_at (const char     *place,
                                  LifecycleScope *scope,
                                  GtkExpression  *expression,
                                  GObject        *target,
                                  const char     *property_name,
                                  gpointer        this_)
{
  GtkExpressionWatch *watch;
  Expression *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_EXPRESSION (expression), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (target), FALSE);
  g_return_val_if_fail (property_name != NULL, FALSE);
  g_return_val_if_fail (this_ == NULL || G_IS_OBJECT (this_), FALSE);

  entry = lifecycle_gtk_entry_new (sizeof (Expression), &expression_kind, scope, property_name, NULL,
                                   NULL, NULL);
  if (entry == NULL)
    {
      gtk_expression_unref (expression);
      return FALSE;
    }

  watch = gtk_expression_bind (expression, target, property_name, this_);
  if (watch == NULL)
    {
      lifecycle_resource_discard (entry);
      return FALSE;
    }

  entry->watch = gtk_expression_watch_ref (watch);
  lifecycle_resource_watch_object (entry, WATCH_TARGET, target);
  if (this_ != NULL && this_ != (gpointer) target)
    lifecycle_resource_watch_object (entry, WATCH_THIS, this_);

  return lifecycle_resource_add (entry, scope, place);
}
