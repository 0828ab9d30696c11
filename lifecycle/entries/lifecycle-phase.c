/* lifecycle-phase.c: scopes that are opened again and again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-phase.h"
#include "lifecycle-resource-private.h"
#include "lifecycle-scope.h"

typedef enum
{
  PHASE_NOTHING,
  PHASE_ENTER,
  PHASE_LEAVE
} PhaseEvent;

typedef struct
{
  LifecycleResource  resource;
  char              *enter_signal;
  char              *leave_signal;
  LifecycleLedger   *run;       /* the handle of the run, which its parent holds until it closes */
  gint               event;     /* the last unhandled event, a PhaseEvent */
  gint               value;     /* of the property, when it was last read */
  gboolean           busy;
} Phase;

static void
phase_close_run (Phase           *self,
                 LifecycleReason  reason,
                 const char      *detail)
{
  g_autoptr (LifecycleLedger) handle = g_steal_pointer (&self->run);
  g_autoptr (LifecycleScope) run = handle != NULL ? lifecycle_ledger_dup_scope (handle) : NULL;

  if (run != NULL)
    lifecycle_scope_close_with_reason (run, reason, detail);
}

static void
phase_open_run (Phase *self)
{
  g_autoptr (LifecycleScope) scope = lifecycle_ledger_dup_scope (self->resource.ledger);
  g_autoptr (LifecycleScope) run = NULL;

  if (scope == NULL || !lifecycle_resource_begin_call (self))
    return;

  if (lifecycle_resource_go_home (scope))
    {
      run = lifecycle_scope_new_child_at (self->resource.entry.name, scope,
                                          self->enter_signal);
      lifecycle_resource_leave_home (scope);
    }

  /* While `closing` is emitted, the signals still arrive, but it is too late for another run. */
  if (run != NULL && lifecycle_scope_get_state (run) == LIFECYCLE_STATE_OPEN)
    {
      g_clear_pointer (&self->run, lifecycle_ledger_unref);
      self->run = lifecycle_scope_ref_handle (run);
      ((LifecyclePhaseFunc) self->resource.func) (run, self->resource.data);
    }

  lifecycle_resource_end_call (self);
}

/* Handles the last event. Events that user code causes meanwhile are handled by the outermost call
 * of this function, once that code has returned.
 */
static void
phase_go_on (LifecycleResource *resource)
{
  Phase *self = (Phase *) resource;
  gint event;

  if (self->busy)
    return;

  lifecycle_resource_ref (self);
  self->busy = TRUE;

  while (!lifecycle_resource_is_shut (self) &&
         (event = g_atomic_int_exchange (&self->event, PHASE_NOTHING)) != PHASE_NOTHING)
    {
      if (event == PHASE_ENTER)
        phase_close_run (self, LIFECYCLE_REASON_REPLACED, self->enter_signal);
      else
        phase_close_run (self, LIFECYCLE_REASON_COMPLETED, self->leave_signal);

      /* The close may have caused another event, which then takes precedence. */
      if (event == PHASE_ENTER && g_atomic_int_get (&self->event) == PHASE_NOTHING)
        phase_open_run (self);
    }

  self->busy = FALSE;
  lifecycle_resource_unref (self);
}

static void
phase_enter_cb (LifecycleResource *resource)
{
  g_atomic_int_set (&((Phase *) resource)->event, PHASE_ENTER);
  lifecycle_resource_run_at_home (resource, phase_go_on);
}

static void
phase_leave_cb (LifecycleResource *resource)
{
  g_atomic_int_set (&((Phase *) resource)->event, PHASE_LEAVE);
  lifecycle_resource_run_at_home (resource, phase_go_on);
}

static gboolean
phase_read_property (Phase   *self,
                     GObject *instance)
{
  gboolean value = FALSE;

  g_object_get (instance, self->enter_signal, &value, NULL);

  return value;
}

/* A property may be notified without having changed. */
static void
phase_notify_cb (LifecycleResource *resource)
{
  Phase *self = (Phase *) resource;
  gboolean value = phase_read_property (self, resource->watches[0].object);

  if (g_atomic_int_exchange (&self->value, value) == value)
    return;

  if (value)
    phase_enter_cb (resource);
  else
    phase_leave_cb (resource);
}

/* The run is a child of the scope, and newer than the phase, so it has usually been closed by now.
 * Clearing is the exception: runs are entries of another kind, and a run that began while `closing`
 * was emitted for a clear() is not among the entries to clear.
 */
static void
phase_end (LifecycleResource  *resource,
           GError            **error)
{
  phase_close_run ((Phase *) resource, LIFECYCLE_REASON_PARENT_CLOSED, "cleared");
}

static void
phase_gone (LifecycleResource *resource)
{
  phase_close_run ((Phase *) resource, LIFECYCLE_REASON_OWNER_GONE, NULL);
}

static void
phase_clear (LifecycleResource *resource)
{
  Phase *self = (Phase *) resource;

  g_clear_pointer (&self->run, lifecycle_ledger_unref);
  g_free (self->enter_signal);
  g_free (self->leave_signal);
}

static const LifecycleResourceKind phase_kind = {
  .type = LIFECYCLE_ENTRY_PHASE,
  .end = phase_end,
  .gone = phase_gone,
  .clear = phase_clear,
};

static gboolean
check_signal (GObject    *instance,
              const char *detailed_signal)
{
  guint signal_id;
  GQuark detail;

  if (g_signal_parse_name (detailed_signal, G_OBJECT_TYPE (instance), &signal_id, &detail, TRUE))
    return TRUE;

  g_critical ("Signal '%s' is invalid for instance %p of type '%s'",
              detailed_signal, instance, G_OBJECT_TYPE_NAME (instance));

  return FALSE;
}

/**
 * lifecycle_scope_add_phase:
 * @self: a scope
 * @instance: an object; no reference is held
 * @enter_signal: the name of the signal that begins a run, with an optional detail
 * @leave_signal: the name of the signal that ends a run, with an optional detail
 * @active_now: whether to begin a run at once
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call when a run
 *   begins
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Opens a child scope whenever an object enters a state, and closes it when the object leaves that
 * state: for example, while a widget is mapped or a service is online.
 *
 * Each time @instance emits @enter_signal, a child scope is opened and passed to @func, which adds
 * entries to it. The child is named after the signal. When @instance emits @leave_signal, the child
 * is closed with the reason [enum@Reason.completed]. If @enter_signal is emitted again first, the
 * previous run is closed with the reason [enum@Reason.replaced].
 *
 * Runs never overlap. A signal that is emitted while a run is being set up or closed is handled
 * afterwards; if there are several, only the last one counts.
 *
 * The phase is one entry of @self, and so is each run. When @self closes, or the phase is cleared,
 * the run closes too, with the reason [enum@Reason.parent_closed]. When @instance is disposed, the
 * run closes with the reason [enum@Reason.owner_gone], and the phase leaves the scope. A run may be
 * closed earlier by any code. [method@Scope.block] does not block a phase, but it blocks the
 * handlers of a run.
 *
 * @destroy is called exactly once, but not before a call of @func in progress has returned; on a
 * closed scope it is called at once. The signal handlers ignore the arguments of the signals and
 * return nothing. Must be called at home by a caller that holds a reference on @instance; @func is
 * called at home too, even if a signal is emitted on another thread.
 *
 * Returns: whether the phase was added; %FALSE if the scope is closed, or if @instance does not
 *   have both signals
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_phase_at (const char         *place,
                              LifecycleScope     *self,
                              GObject            *instance,
                              const char         *enter_signal,
                              const char         *leave_signal,
                              gboolean            active_now,
                              LifecyclePhaseFunc  func,
                              gpointer            user_data,
                              GDestroyNotify      destroy)
{
  Phase *phase;
  gboolean added;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (G_IS_OBJECT (instance), FALSE);
  g_return_val_if_fail (enter_signal != NULL, FALSE);
  g_return_val_if_fail (leave_signal != NULL, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  if (!lifecycle_resource_check_open (self, NULL) ||
      !check_signal (instance, enter_signal) ||
      !check_signal (instance, leave_signal))
    {
      if (destroy != NULL)
        destroy (user_data);
      return FALSE;
    }

  phase = lifecycle_resource_new (sizeof (Phase), &phase_kind, self, G_CALLBACK (func), user_data,
                                  destroy);
  lifecycle_resource_set_label (phase, enter_signal);
  phase->enter_signal = g_strdup (enter_signal);
  phase->leave_signal = g_strdup (leave_signal);
  lifecycle_resource_watch_object (phase, 0, instance);
  lifecycle_resource_connect (phase, 0, enter_signal, phase_enter_cb);
  lifecycle_resource_connect (phase, 0, leave_signal, phase_leave_cb);

  lifecycle_resource_ref (phase);
  added = lifecycle_resource_add (phase, self, place);
  if (added && active_now)
    phase_enter_cb (&phase->resource);
  lifecycle_resource_unref (phase);

  return added;
}

static gboolean
check_property (GObject    *instance,
                const char *property_name)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (instance), property_name);

  if (pspec != NULL && (pspec->flags & G_PARAM_READABLE) != 0 && G_IS_PARAM_SPEC_BOOLEAN (pspec))
    return TRUE;

  g_critical ("Instance %p of type '%s' has no readable boolean property '%s'",
              instance, G_OBJECT_TYPE_NAME (instance), property_name);

  return FALSE;
}

/**
 * lifecycle_scope_add_property_phase:
 * @self: a scope
 * @instance: an object; no reference is held
 * @property_name: the name of a readable property whose type is boolean
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call when a run
 *   begins
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Opens a child scope whenever a property becomes %TRUE, and closes it when the property becomes
 * %FALSE: for example, while a network is available or a window is active.
 *
 * If the property is %TRUE now, a run begins at once. A run is named after the property. The property
 * is read when `notify` is emitted for it; a notification without a change has no effect.
 *
 * In all other respects this is [method@Scope.add_phase].
 *
 * Returns: whether the phase was added; %FALSE if the scope is closed, or if @instance does not have
 *   such a property
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_property_phase_at (const char         *place,
                                       LifecycleScope     *self,
                                       GObject            *instance,
                                       const char         *property_name,
                                       LifecyclePhaseFunc  func,
                                       gpointer            user_data,
                                       GDestroyNotify      destroy)
{
  g_autofree char *signal = NULL;
  Phase *phase;
  gboolean added;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (G_IS_OBJECT (instance), FALSE);
  g_return_val_if_fail (property_name != NULL, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  if (!lifecycle_resource_check_open (self, NULL) || !check_property (instance, property_name))
    {
      if (destroy != NULL)
        destroy (user_data);
      return FALSE;
    }

  phase = lifecycle_resource_new (sizeof (Phase), &phase_kind, self, G_CALLBACK (func), user_data,
                                  destroy);
  lifecycle_resource_set_label (phase, property_name);
  phase->enter_signal = g_strdup (property_name);
  phase->leave_signal = g_strdup (property_name);
  lifecycle_resource_watch_object (phase, 0, instance);
  signal = g_strconcat ("notify::", property_name, NULL);
  lifecycle_resource_connect (phase, 0, signal, phase_notify_cb);

  lifecycle_resource_ref (phase);
  added = lifecycle_resource_add (phase, self, place);
  if (added && g_atomic_int_compare_and_exchange (&phase->value, FALSE,
                                                  phase_read_property (phase, instance)) &&
      g_atomic_int_get (&phase->value))
    phase_enter_cb (&phase->resource);
  lifecycle_resource_unref (phase);

  return added;
}
