/* lifecycle-scope.c: the type: construction, properties, signals
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-names-private.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-teardown-private.h"

/**
 * LifecycleScope:
 *
 * Owns what a part of a program sets up, and takes it down.
 *
 * Signal handlers, sources, timers, asynchronous calls, objects, data, cleanups, what GIO registers,
 * and other scopes are *entries* of a scope. When the scope ends, all of them end: completely, in
 * order, exactly once. A scope ends when it is
 * closed, when its parent ends, when something that it follows ends, or when its last reference
 * goes. Services, players, tags, windows, rows, requests and plugins are all just scopes.
 *
 * ## The order of a close
 *
 * [signal@Scope::closing] is emitted first, on the scope and on all that end with it, while
 * everything still works. Then everything is muted: all handlers are disconnected and all sources
 * that were made through the scopes are destroyed, and no user code of any kind runs meanwhile.
 * Then cancellables are cancelled, and sources and handlers that were handed over are ended. Then
 * everything is released, the last added first, a child at its own place among the entries of its
 * parent. [signal@Scope::closed] is emitted when all is done.
 *
 * An entry that ends by itself, because its emitter is disposed, somebody else disconnects it, or a
 * source is removed, leaves the scope at that moment.
 *
 * ## Too late
 *
 * Adding to a scope that is closing or closed is safe: nothing is connected, and what was handed
 * over is released at once.
 *
 * ## Threads
 *
 * A scope is at home in the thread-default [struct@GLib.MainContext] of its creation, that is, in
 * the thread that runs it, or in the thread that created the scope while nobody does. Its own
 * sources run there. It may be closed, and its last reference may be dropped, on any thread: elsewhere
 * than at home this marks it as closing at once, and hands the rest to the home context. Things may
 * be added on any thread; where more has to be said, the function says it.
 *
 * Since: 1.0
 */

enum
{
  PROP_0,
  PROP_NAME,
  PROP_PARENT,
  PROP_STATE,
  PROP_REASON,
  PROP_N_ENTRIES,
  PROP_LIMIT,
  PROP_PERMANENT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_CLOSING,
  SIGNAL_CLOSED,
  SIGNAL_LIMIT_REACHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LifecycleScope, lifecycle_scope, G_TYPE_OBJECT)

/* Set while a scope is made of which the caller says what it is to become. */
static _Thread_local gboolean creating;

/* A scope that is about to become a child, or a root. */
LifecycleScope *
lifecycle_scope_create (const char *name,
                        const char *place)
{
  LifecycleScope *self;

  creating = TRUE;
  self = g_object_new (LIFECYCLE_TYPE_SCOPE, NULL);
  creating = FALSE;

  self->key.name = lifecycle_name_dup (name);
  self->as_child.name = place;

  return self;
}

/* For a scope without a parent: here it is found. */
void
lifecycle_scope_become_root (LifecycleScope *self)
{
  /* One that takes over from another keeps the time that goes with the place. */
  if (self->as_child.added == 0)
    self->as_child.added = lifecycle_entry_clock ();
  lifecycle_roots_add (self);
  if (lifecycle_is_watched (LIFECYCLE_WATCH_SCOPES))
    lifecycle_watch_scope_opened (self);
}

static void
lifecycle_scope_constructed (GObject *object)
{
  LifecycleScope *self = LIFECYCLE_SCOPE (object);

  G_OBJECT_CLASS (lifecycle_scope_parent_class)->constructed (object);

  if (self->owner == NULL && !creating)
    {
      lifecycle_scope_become_root (self);
      if (lifecycle_debug_has (LIFECYCLE_DEBUG_THREADS))
        lifecycle_debug_new_root (self);
    }
}

void
lifecycle_scope_emit_closing (LifecycleScope *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REASON]);
  g_signal_emit (self, signals[SIGNAL_CLOSING], 0, self->reason);
}

void
lifecycle_scope_emit_closed (LifecycleScope *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0, self->reason);
}

void
lifecycle_scope_limit_reached (LifecycleScope *self,
                               guint           limit,
                               guint           n_entries)
{
  lifecycle_watch_limit_reached (self, limit, n_entries);
  g_signal_emit (self, signals[SIGNAL_LIMIT_REACHED], 0, n_entries);
}

static void
lifecycle_scope_dispose (GObject *object)
{
  LifecycleScope *self = LIFECYCLE_SCOPE (object);

  /* Chaining up would disconnect the handlers of a scope that has yet to emit its signals. */
  if (!lifecycle_teardown_dispose (self))
    return;

  lifecycle_ledger_set_scope (&self->holdings->ledger, NULL);
  if (self->following != NULL)
    lifecycle_ledger_set_scope (self->following, NULL);

  G_OBJECT_CLASS (lifecycle_scope_parent_class)->dispose (object);
}

static void
extra_free (LifecycleExtra *extra)
{
  g_clear_pointer (&extra->failures, g_ptr_array_unref);
  g_clear_error (&extra->error);
  g_clear_pointer (&extra->stillborn, lifecycle_scope_forget_stillborn);
  if (extra->moved != NULL)
    lifecycle_ledger_unref (&extra->moved->ledger);
  g_free (extra->detail);
  g_free (extra);
}

/* The ledger may live on, for the sake of others, but the cancellable does not. */
static void
scope_drop_cancellable (LifecycleScope *self)
{
  LifecycleHoldings *holdings = self->holdings;
  GCancellable *cancellable;

  /* It is reached through the scope only, and nobody has that any more. */
  if (holdings->cancellable == NULL)
    return;

  lifecycle_ledger_lock (&holdings->ledger);
  cancellable = g_steal_pointer (&holdings->cancellable);
  lifecycle_ledger_unlock (&holdings->ledger);

  g_clear_object (&cancellable);
}

static void
lifecycle_scope_finalize (GObject *object)
{
  LifecycleScope *self = LIFECYCLE_SCOPE (object);

  scope_drop_cancellable (self);
  lifecycle_ledger_unref (&g_steal_pointer (&self->holdings)->ledger);
  g_clear_pointer (&self->following, lifecycle_ledger_unref);
  g_clear_pointer (&self->owner, lifecycle_ledger_unref);
  g_clear_pointer (&self->extra, extra_free);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->thread, lifecycle_thread_unref);
  g_free ((char *) self->key.name);

  G_OBJECT_CLASS (lifecycle_scope_parent_class)->finalize (object);
}

static void
lifecycle_scope_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  LifecycleScope *self = LIFECYCLE_SCOPE (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->key.name);
      break;

    case PROP_PARENT:
      g_value_set_object (value, lifecycle_scope_get_parent (self));
      break;

    case PROP_STATE:
      g_value_set_enum (value, lifecycle_scope_get_state (self));
      break;

    case PROP_REASON:
      g_value_set_enum (value, lifecycle_scope_get_reason (self));
      break;

    case PROP_N_ENTRIES:
      g_value_set_uint (value, lifecycle_scope_get_n_entries (self));
      break;

    case PROP_LIMIT:
      g_value_set_uint (value, lifecycle_scope_get_limit (self));
      break;

    case PROP_PERMANENT:
      g_value_set_boolean (value, lifecycle_scope_get_permanent (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
lifecycle_scope_set_property (GObject      *object,
                              guint         prop_id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  LifecycleScope *self = LIFECYCLE_SCOPE (object);
  LifecycleScope *parent;

  switch (prop_id)
    {
    case PROP_NAME:
      self->key.name = lifecycle_name_dup (g_value_get_string (value));
      break;

    case PROP_PARENT:
      /* Comes after the name, in the order of installation. */
      parent = g_value_get_object (value);
      if (parent != NULL)
        lifecycle_scope_join (self, parent);
      break;

    case PROP_LIMIT:
      lifecycle_scope_set_limit (self, g_value_get_uint (value));
      break;

    case PROP_PERMANENT:
      lifecycle_scope_set_permanent (self, g_value_get_boolean (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
lifecycle_scope_class_init (LifecycleScopeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  for (guint i = 0; lifecycle_starters[i] != NULL; i++)
    lifecycle_starters[i] ();

  object_class->constructed = lifecycle_scope_constructed;
  object_class->dispose = lifecycle_scope_dispose;
  object_class->finalize = lifecycle_scope_finalize;
  object_class->get_property = lifecycle_scope_get_property;
  object_class->set_property = lifecycle_scope_set_property;

  /**
   * LifecycleScope:name: (attributes org.gtk.Property.get=lifecycle_scope_get_name)
   *
   * What the scope is called, in paths and reports; among siblings, what it is found by.
   *
   * Any text will do, also one that comes from elsewhere. A name that is not valid UTF-8 is made so,
   * as by [func@GLib.utf8_make_valid], and is found by what was given, too. In paths, reports, logs
   * and traces it is quoted: a backslash becomes `\\`, control characters and those that change the
   * direction of text become `\n`, `\x1b` or `\u202e`, and a slash in a path becomes `\x2f`.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleScope:parent: (attributes org.gtk.Property.get=lifecycle_scope_get_parent)
   *
   * The scope that this one ends with.
   *
   * Since: 1.0
   */
  properties[PROP_PARENT] =
    g_param_spec_object ("parent", NULL, NULL,
                         LIFECYCLE_TYPE_SCOPE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleScope:state: (attributes org.gtk.Property.get=lifecycle_scope_get_state)
   *
   * Whether the scope is open, closing or closed.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL,
                       LIFECYCLE_TYPE_STATE,
                       LIFECYCLE_STATE_OPEN,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleScope:reason: (attributes org.gtk.Property.get=lifecycle_scope_get_reason)
   *
   * Why the scope closed.
   *
   * Since: 1.0
   */
  properties[PROP_REASON] =
    g_param_spec_enum ("reason", NULL, NULL,
                       LIFECYCLE_TYPE_REASON,
                       LIFECYCLE_REASON_NONE,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleScope:n-entries: (attributes org.gtk.Property.get=lifecycle_scope_get_n_entries)
   *
   * How many entries the scope has. No notification is emitted when it changes.
   *
   * Since: 1.0
   */
  properties[PROP_N_ENTRIES] =
    g_param_spec_uint ("n-entries", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleScope:limit: (attributes org.gtk.Property.get=lifecycle_scope_get_limit org.gtk.Property.set=lifecycle_scope_set_limit)
   *
   * How many entries are suspicious; 0 for any number.
   *
   * Since: 1.0
   */
  properties[PROP_LIMIT] =
    g_param_spec_uint ("limit", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleScope:permanent: (attributes org.gtk.Property.get=lifecycle_scope_get_permanent org.gtk.Property.set=lifecycle_scope_set_permanent)
   *
   * Whether the scope is meant to live for as long as the program.
   *
   * Since: 1.0
   */
  properties[PROP_PERMANENT] =
    g_param_spec_boolean ("permanent", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * LifecycleScope::closing:
   * @self: the scope
   * @reason: why it closes
   *
   * Emitted at home when the scope is about to be taken down, while everything that it owns still
   * works. What is added from now on is released at once.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CLOSING] =
    g_signal_new ("closing",
                  LIFECYCLE_TYPE_SCOPE,
                  G_SIGNAL_RUN_LAST,
                  0,
                  NULL, NULL,
                  NULL,
                  G_TYPE_NONE, 1, LIFECYCLE_TYPE_REASON);

  /**
   * LifecycleScope::closed:
   * @self: the scope
   * @reason: why it closed
   *
   * Emitted at home when the scope owns nothing any more and has left its parent.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CLOSED] =
    g_signal_new ("closed",
                  LIFECYCLE_TYPE_SCOPE,
                  G_SIGNAL_RUN_LAST,
                  0,
                  NULL, NULL,
                  NULL,
                  G_TYPE_NONE, 1, LIFECYCLE_TYPE_REASON);

  /**
   * LifecycleScope::limit-reached:
   * @self: the scope
   * @n_entries: how many entries it has
   *
   * Emitted by the thread that adds the entry with which the number exceeds
   * [property@Scope:limit], and again each time it has grown by half of that. When the number has
   * fallen to three quarters of the limit it starts anew.
   *
   * Since: 1.0
   */
  signals[SIGNAL_LIMIT_REACHED] =
    g_signal_new ("limit-reached",
                  LIFECYCLE_TYPE_SCOPE,
                  G_SIGNAL_RUN_LAST,
                  0,
                  NULL, NULL,
                  NULL,
                  G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
lifecycle_scope_init (LifecycleScope *self)
{
  self->holdings = lifecycle_holdings_new (self);
  self->context = g_main_context_ref_thread_default ();
  self->thread = lifecycle_thread_dup_self ();
}

/**
 * lifecycle_scope_new:
 * @name: (nullable): what to call it in reports; see [property@Scope:name]
 *
 * Makes a scope without a parent, at home in the thread-default main context.
 *
 * Returns: (transfer full): an open scope; when its last reference goes, it closes as
 *   [enum@Reason.dropped]
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_new_at (const char *place,
                        const char *name)
{
  LifecycleScope *self = lifecycle_scope_create (name, place);

  lifecycle_scope_become_root (self);
  if (lifecycle_debug_has (LIFECYCLE_DEBUG_THREADS))
    lifecycle_debug_new_root (self);

  return self;
}

/**
 * lifecycle_scope_get_cancellable: (skip)
 * @self: a scope
 *
 * The cancellable to give to operations that end with the scope.
 *
 * It is made by the first call, and cancelled when the scope is taken down, after all handlers and
 * sources have been silenced. On a closed scope it is cancelled already. May be called on any
 * thread, but the result is borrowed: on another thread than home use
 * [method@Scope.ref_cancellable].
 *
 * Returns: (transfer none): a cancellable that lives as long as the scope, or until a
 *   [method@Scope.clear]
 *
 * Since: 1.0
 */
GCancellable *
lifecycle_scope_get_cancellable (LifecycleScope *self)
{
  GCancellable *cancellable;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  cancellable = lifecycle_scope_ref_cancellable (self);
  /* The scope has another reference. */
  g_object_unref (cancellable);

  return cancellable;
}

/**
 * lifecycle_scope_ref_cancellable: (rename-to lifecycle_scope_get_cancellable)
 * @self: a scope
 *
 * The cancellable to give to operations that end with the scope, with a reference.
 *
 * It is made by the first call, and cancelled when the scope is taken down, after all handlers and
 * sources have been silenced. On a closed scope it is cancelled already. May be called on any
 * thread.
 *
 * Returns: (transfer full): a cancellable
 *
 * Since: 1.0
 */
GCancellable *
lifecycle_scope_ref_cancellable (LifecycleScope *self)
{
  LifecycleHoldings *holdings;
  GCancellable *cancellable;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  holdings = lifecycle_scope_lock_holdings (self);
  if (holdings->cancellable == NULL)
    {
      holdings->cancellable = g_cancellable_new ();
      /* Nobody listens yet. While the scope moves, the cancellable is that of the next one. */
      if (!lifecycle_scope_is_open (self) && !holdings->moving)
        g_cancellable_cancel (holdings->cancellable);
    }
  cancellable = g_object_ref (holdings->cancellable);
  lifecycle_ledger_unlock (&holdings->ledger);

  return cancellable;
}

/**
 * lifecycle_scope_get_name: (attributes org.gtk.Method.get_property=name)
 * @self: a scope
 *
 * What the scope is called.
 *
 * Returns: (transfer none) (nullable): the name
 *
 * Since: 1.0
 */
const char *
lifecycle_scope_get_name (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  return self->key.name;
}

/**
 * lifecycle_scope_get_n_entries: (attributes org.gtk.Method.get_property=n-entries)
 * @self: a scope
 *
 * How many entries the scope owns: handlers, sources, timers, operations, objects, data, cleanups,
 * phases, what was added of GIO, and children, not counting what its children own.
 *
 * What ended by itself does not count, with one exception: when somebody else disconnects a handler
 * that was handed over with [method@Scope.add_handler], nobody is told, and the entry is found out
 * only when more handlers of the same instance are added. May be called on any thread.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint
lifecycle_scope_get_n_entries (LifecycleScope *self)
{
  LifecycleLedger *ledger;
  guint n_entries;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);

  ledger = lifecycle_scope_lock_ledger (self);
  n_entries = ledger->n_entries;
  lifecycle_ledger_unlock (ledger);

  return n_entries;
}

/**
 * lifecycle_scope_get_error:
 * @self: a scope
 *
 * What went wrong in the cleanups of the scope, and of those that were closed with it.
 *
 * A single failure is returned as it was reported. Several become one
 * [error@Error.cleanup], whose message names each.
 *
 * A failure that nobody collects is not silent. It is collected by this function, by
 * [method@Scope.close_finish], and by the scope above when it is the one that was closed. If none of
 * them has come by when the scope is finalized, a warning is logged, with the place where the cleanup
 * was added. With `LIFECYCLE_DEBUG=leaks` the others are reported when the program ends.
 *
 * To be called at home.
 *
 * Returns: (transfer none) (nullable): the error, once the scope has been closed or cleared; it is
 *   replaced when more cleanups fail in a later clear()
 *
 * Since: 1.0
 */
const GError *
lifecycle_scope_get_error (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  LIFECYCLE_DEBUG_HOME (self);

  lifecycle_scope_collect_error (self);

  return lifecycle_scope_peek_extra (self)->error;
}

/**
 * lifecycle_scope_get_limit: (attributes org.gtk.Method.get_property=limit)
 * @self: a scope
 *
 * How many entries are suspicious.
 *
 * Returns: the limit, or 0
 *
 * Since: 1.0
 */
guint
lifecycle_scope_get_limit (LifecycleScope *self)
{
  LifecycleHoldings *holdings;
  guint limit;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);

  holdings = lifecycle_scope_lock_holdings (self);
  limit = holdings->limit;
  lifecycle_ledger_unlock (&holdings->ledger);

  return limit;
}

/**
 * lifecycle_scope_set_limit: (attributes org.gtk.Method.set_property=limit)
 * @self: a scope
 * @limit: a number of entries, or 0 for none
 *
 * Sets how many entries are suspicious.
 *
 * Nothing is ever refused: when there are more, a warning is logged that says where most of them
 * come from, and [signal@Scope::limit-reached] is emitted.
 *
 * Since: 1.0
 */
void
lifecycle_scope_set_limit (LifecycleScope *self,
                           guint           limit)
{
  LifecycleHoldings *holdings;
  gboolean changed;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));

  holdings = lifecycle_scope_lock_holdings (self);
  changed = holdings->limit != limit;
  if (changed)
    lifecycle_holdings_set_limit (holdings, limit);
  lifecycle_ledger_unlock (&holdings->ledger);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LIMIT]);
}

/**
 * lifecycle_scope_get_permanent: (attributes org.gtk.Method.get_property=permanent)
 * @self: a scope
 *
 * Whether the scope is meant to live for as long as the program. May be called on any thread.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_get_permanent (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);

  return lifecycle_scope_has_mark (self, LIFECYCLE_SCOPE_PERMANENT);
}

/**
 * lifecycle_scope_set_permanent: (attributes org.gtk.Method.set_property=permanent)
 * @self: a scope
 * @permanent: whether it is meant to live for as long as the program
 *
 * Says that nobody is going to close the scope, and that this is right.
 *
 * Neither it nor what is below it is then reported as still open, at the end of the program or of a
 * test. Nothing else changes. May be called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_scope_set_permanent (LifecycleScope *self,
                               gboolean        permanent)
{
  guint old;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));

  if (permanent)
    old = g_atomic_int_or (&self->marks, LIFECYCLE_SCOPE_PERMANENT);
  else
    old = g_atomic_int_and (&self->marks, ~(guint) LIFECYCLE_SCOPE_PERMANENT);

  if (((old & LIFECYCLE_SCOPE_PERMANENT) != 0) != (permanent != FALSE))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PERMANENT]);
}
