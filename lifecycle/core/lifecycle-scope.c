/* lifecycle-scope.c: the type: construction, properties, signals
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-names-private.h"
#include "lifecycle-place-private.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-teardown-private.h"

/**
 * LifecycleScope:
 *
 * Owns what a part of a program sets up, and takes it down.
 *
 * ```c
 * LifecycleScope *scope = lifecycle_scope_new ("player");
 *
 * lifecycle_scope_connect_signal (scope, settings, "changed", G_CALLBACK (changed_cb), player);
 * lifecycle_scope_add_idle (scope, warm_up_cb, player, NULL);
 * ...
 * lifecycle_scope_close (scope);   // disconnects the handler, and removes the idle source
 * g_object_unref (scope);
 * ```
 *
 * The *entries* of a scope are signal handlers, sources, timers, asynchronous calls, objects, data,
 * cleanups, registrations with GIO, and other scopes. When the scope ends, all of them end:
 * completely, in order, and exactly once. A scope ends when it is closed, when its parent ends,
 * when something that it follows ends, or when its last reference is dropped. Services, players,
 * tags, windows, rows, requests and plugins can all be modelled as scopes.
 *
 * ## The order of a close
 *
 * 1. [signal@Scope::closing] is emitted on the scope, and on all scopes that end with it, while
 *    everything still works.
 * 2. Everything is muted: all handlers are disconnected, and all sources that the scopes created
 *    are destroyed. No user code runs during this step.
 * 3. Cancellables are cancelled, and handlers and sources that were created elsewhere and added to
 *    the scopes are ended.
 * 4. Everything is released in reverse order of addition; a child takes its turn among the entries
 *    of its parent.
 * 5. [signal@Scope::closed] is emitted on each scope as soon as everything it owns is released.
 *
 * An entry that ends by itself leaves the scope at that moment: a handler whose emitter is disposed
 * or that other code disconnects, or a source that is removed.
 *
 * ## Closed scopes
 *
 * Adding to a scope that is closing or closed is safe: nothing is connected, and anything passed to
 * the scope is released at once.
 *
 * ## Threads
 *
 * The home of a scope is the [struct@GLib.MainContext] that was the thread-default one when the
 * scope was created. The thread that runs this context is at home; while no thread runs it, the
 * thread that created the scope is. The scope's own sources run there. A scope may be closed, and
 * its last reference may be dropped, on any thread: away from home, this marks the scope, and
 * everything that ends with it, as closing at once, and leaves the rest to the home context.
 * Entries may be added, and properties may be read, on any thread unless the documentation of a
 * function says otherwise.
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

GType lifecycle_scope_type;

/* Set while lifecycle_scope_create() runs: its caller makes the scope a child or a root. */
static _Thread_local gboolean creating;

/* Creates a scope that the caller must make a child or a root. */
LifecycleScope *
lifecycle_scope_create (const char *name,
                        const char *place)
{
  LifecycleScope *self;

  creating = TRUE;
  self = (LifecycleScope *) g_object_new_with_properties (LIFECYCLE_TYPE_SCOPE, 0, NULL, NULL);
  creating = FALSE;

  self->key.name = lifecycle_name_dup (name);
  self->as_child.name = place;

  return self;
}

/* The same for a scope that is found by an object, and named after its type. */
LifecycleScope *
lifecycle_scope_create_for (GObject    *object,
                            const char *place)
{
  LifecycleScope *self = lifecycle_scope_create (NULL, place);

  self->key.name = G_OBJECT_TYPE_NAME (object);
  self->key.object = object;
  g_atomic_int_or (&self->marks, LIFECYCLE_SCOPE_NAME_IS_STATIC);

  return self;
}

/* Adds a scope without a parent to the list of roots, where observers find it. */
void
lifecycle_scope_become_root (LifecycleScope *self)
{
  /* A scope that takes over from another keeps that one's place and time. */
  if (self->as_child.added == 0)
    self->as_child.added = lifecycle_entry_clock ();
  lifecycle_roots_add (self);
  if (lifecycle_is_watched (LIFECYCLE_WATCH_SCOPES))
    lifecycle_watch_scope_opened (self);
}

/* A scope that is made with g_object_new() is a root until its parent is set, which is a moment later.
 *
 * "parent" is not a construct-only property, although it behaves like one: GObject would set it to its
 * default in each scope, and that costs a fifth of the life of a plain object.
 */
static void
lifecycle_scope_constructed (GObject *object)
{
  LifecycleScope *self = LIFECYCLE_SCOPE (object);

  if (creating)
    return;

  lifecycle_scope_become_root (self);
  if (lifecycle_debug_has (LIFECYCLE_DEBUG_THREADS))
    lifecycle_debug_new_root (self);
}

/* Returns whether nothing has ever been done with the scope. It may have been born closed. */
static gboolean
scope_is_unused (LifecycleScope *self)
{
  LifecycleHoldings *holdings = lifecycle_scope_lock_holdings (self);
  gboolean unused;

  unused = self->extra == NULL &&
           holdings->generation == 0 &&
           lifecycle_tally_is_empty (&holdings->tally) &&
           lifecycle_holdings_peek_extra (holdings)->followers == NULL;
  lifecycle_ledger_unlock (&holdings->ledger);

  return unused;
}

static void
scope_set_parent (LifecycleScope *self,
                  LifecycleScope *parent)
{
  if (parent == NULL)
    return;

  g_return_if_fail (self->owner == NULL && self != parent && scope_is_unused (self));

  lifecycle_roots_remove (self);
  lifecycle_scope_join (self, parent);
}

/* Returns whether a signal of the scope has any handler. To ask once costs a fifth of what it costs to
 * emit all signals, and nobody listens to most scopes. None of the signals calls emission hooks.
 */
gboolean
lifecycle_scope_has_handlers (LifecycleScope *self)
{
  return g_signal_handler_find (self, G_SIGNAL_MATCH_UNBLOCKED, 0, 0, NULL, NULL, NULL) != 0;
}

void
lifecycle_scope_emit_closing (LifecycleScope *self)
{
  if (!lifecycle_scope_has_handlers (self))
    return;

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REASON]);
  g_signal_emit (self, signals[SIGNAL_CLOSING], 0, self->reason);
}

void
lifecycle_scope_emit_closed (LifecycleScope *self)
{
  if (!lifecycle_scope_has_handlers (self))
    return;

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
extra_free (LifecycleExtra *extra)
{
  g_clear_pointer (&extra->failures, g_ptr_array_unref);
  g_clear_error (&extra->error);
  g_clear_pointer (&extra->stillborn, lifecycle_scope_forget_stillborn);
  if (extra->moved != NULL)
    lifecycle_ledger_unref (&extra->moved->ledger);
  /* Only what was left before its end, by code that unwound the stack, is still there. */
  while (extra->clear != NULL)
    {
      LifecycleClear *clear = extra->clear;

      extra->clear = clear->outer;
      g_free (clear);
    }
  g_clear_pointer (&extra->handle, lifecycle_ledger_unref);
  g_clear_pointer (&extra->following, lifecycle_ledger_unref);
  g_free (extra->detail);
  g_free (extra);
}

static void
lifecycle_scope_dispose (GObject *object)
{
  LifecycleScope *self = LIFECYCLE_SCOPE (object);

  /* GObject counts the reference that is being dropped, unless this is g_object_run_dispose(). */
  if (G_UNLIKELY (lifecycle_scope_has_mark (self, LIFECYCLE_SCOPE_OUTLIVED)) &&
      g_atomic_int_get (&object->ref_count) == 1)
    lifecycle_scope_await_unref (self);

  /* Chaining up would disconnect the handlers of a scope that still has signals to emit. */
  if (!lifecycle_scope_has_mark (self, LIFECYCLE_SCOPE_FINISHED) &&
      !lifecycle_teardown_dispose (self) &&
      (g_atomic_int_or (&self->marks, LIFECYCLE_SCOPE_OUTLIVED) & LIFECYCLE_SCOPE_FINISHED) == 0)
    return;

  lifecycle_scope_make_unreachable (self);

  G_OBJECT_CLASS (lifecycle_scope_parent_class)->dispose (object);

  if (G_UNLIKELY (g_atomic_int_get (&object->ref_count) > 1))
    g_atomic_int_or (&self->marks, LIFECYCLE_SCOPE_OUTLIVED);
}

static void
lifecycle_scope_finalize (GObject *object)
{
  LifecycleScope *self = LIFECYCLE_SCOPE (object);

  /* It can only be reached through the scope, to which no references are left. */
  if (G_UNLIKELY (lifecycle_holdings_peek_extra (self->holdings)->cancellable != NULL))
    lifecycle_scope_drop_cancellable (self);
  lifecycle_ledger_unref (&g_steal_pointer (&self->holdings)->ledger);
  g_clear_pointer (&self->owner, lifecycle_ledger_unref);
  g_clear_pointer (&self->extra, extra_free);
  g_clear_pointer (&self->context, lifecycle_home_unref);
  g_clear_pointer (&self->thread, lifecycle_thread_unref);
  if (self->key.name != NULL && !lifecycle_scope_has_mark (self, LIFECYCLE_SCOPE_NAME_IS_STATIC))
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

  switch (prop_id)
    {
    case PROP_NAME:
      self->key.name = lifecycle_name_dup (g_value_get_string (value));
      break;

    case PROP_PARENT:
      scope_set_parent (self, g_value_get_object (value));
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

  lifecycle_scope_type = G_TYPE_FROM_CLASS (klass);

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
   * The name of the scope in paths and reports, by which it can also be looked up among its
   * siblings.
   *
   * Any text is allowed, including text from untrusted sources. A name that is not valid UTF-8 is
   * converted, as by [func@GLib.utf8_make_valid]; looking up the original name finds it, too. In
   * paths, reports, logs and traces the name is quoted: a backslash becomes `\\`, control
   * characters and characters that change the direction of text become, for example, `\n`, `\x1b`
   * or `\u202e`, and a slash in a path becomes `\x2f`.
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
   * The parent: the scope closes when its parent does. It can be set only when the scope is created.
   *
   * Since: 1.0
   */
  properties[PROP_PARENT] =
    g_param_spec_object ("parent", NULL, NULL,
                         LIFECYCLE_TYPE_SCOPE,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

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
   * The number of entries that the scope owns. Changes are not notified.
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
   * The entry count above which a warning is logged, or 0 for no limit.
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
   * Whether the scope is meant to live as long as the program.
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
   * works. Anything added from now on is released at once. There are no emission hooks for this signal.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CLOSING] =
    g_signal_new ("closing",
                  LIFECYCLE_TYPE_SCOPE,
                  G_SIGNAL_RUN_LAST | G_SIGNAL_NO_HOOKS,
                  0,
                  NULL, NULL,
                  NULL,
                  G_TYPE_NONE, 1, LIFECYCLE_TYPE_REASON);

  /**
   * LifecycleScope::closed:
   * @self: the scope
   * @reason: why it closed
   *
   * Emitted at home when the scope no longer owns anything and has left its parent. There are no
   * emission hooks for this signal.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CLOSED] =
    g_signal_new ("closed",
                  LIFECYCLE_TYPE_SCOPE,
                  G_SIGNAL_RUN_LAST | G_SIGNAL_NO_HOOKS,
                  0,
                  NULL, NULL,
                  NULL,
                  G_TYPE_NONE, 1, LIFECYCLE_TYPE_REASON);

  /**
   * LifecycleScope::limit-reached:
   * @self: the scope
   * @n_entries: the number of entries
   *
   * Emitted when the number of entries exceeds [property@Scope:limit], on the thread that adds the
   * entry, and again each time the number has grown by another half. Once the number has fallen to
   * three quarters of the limit, this starts anew.
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
  self->context = lifecycle_home_ref_current ();
  self->thread = lifecycle_thread_dup_self ();
  if (!creating)
    self->as_child.name = lifecycle_take_place ();
}

/**
 * lifecycle_scope_new:
 * @name: (nullable): a name for reports; see [property@Scope:name]
 *
 * Creates a scope without a parent.
 *
 * Its home is the thread-default main context of the calling thread, which may be any thread.
 *
 * Returns: (transfer full): an open scope; when its last reference is dropped, it closes as
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
 * lifecycle_scope_get_name: (attributes org.gtk.Method.get_property=name)
 * @self: a scope
 *
 * Gets the name of the scope. May be called on any thread.
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
 * Gets the number of entries that the scope owns: handlers, sources, timers, operations, objects,
 * data, cleanups, phases, registrations with GIO, and children, but not the entries of its
 * children.
 *
 * Entries that have ended by themselves do not count, with one exception: GObject does not report
 * that other code has disconnected a handler that was added with [method@Scope.add_handler]. Such
 * an entry is noticed only when more handlers of the same instance are added. May be called on any
 * thread.
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
 * lifecycle_scope_get_limit: (attributes org.gtk.Method.get_property=limit)
 * @self: a scope
 *
 * Gets the entry count above which a warning is logged. May be called on any thread.
 *
 * Returns: the limit, or 0 for none
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
  limit = lifecycle_holdings_peek_extra (holdings)->limit;
  lifecycle_ledger_unlock (&holdings->ledger);

  return limit;
}

/**
 * lifecycle_scope_set_limit: (attributes org.gtk.Method.set_property=limit)
 * @self: a scope
 * @limit: a number of entries, or 0 for none
 *
 * Sets the entry count above which a warning is logged.
 *
 * No entry is ever refused: when there are more, a warning is logged that says where most of them
 * were added, and [signal@Scope::limit-reached] is emitted. A closed scope never reaches its limit.
 * May be called on any thread.
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
  changed = lifecycle_holdings_peek_extra (holdings)->limit != limit;
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
 * Gets whether the scope is meant to live as long as the program. May be called on any thread.
 *
 * Returns: %TRUE if the scope is permanent
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
 * @permanent: whether the scope is meant to live as long as the program
 *
 * Sets whether the scope is deliberately never closed.
 *
 * A permanent scope and the scopes below it are not reported as still open at the end of the
 * program or of a test. Nothing else changes; on a closed scope this has no effect on reports. May
 * be called on any thread.
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
