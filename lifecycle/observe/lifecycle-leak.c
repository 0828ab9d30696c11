/* lifecycle-leak.c: a scope or an object that did not end as it should have
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-enums.h"
#include "lifecycle-leak-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"

/**
 * LifecycleLeak:
 *
 * Describes a scope or an object that did not end as it should have.
 *
 * There are four kinds of leaks. [enum@LeakKind.closed_but_alive] is a leak in the strict sense:
 * an object passed to [method@Scope.expect_finalize] is still alive although the grace time has
 * passed since the scope closed. [enum@LeakKind.finalized_late] is such an object that was
 * finalized after all. [enum@LeakKind.dropped_open] is a scope whose last reference was dropped
 * while it was open. That is legal, but in a garbage-collected language nobody can tell when it
 * happens. [enum@LeakKind.removed_but_alive] is reported by the library for GTK, without a scope.
 *
 * Leaks are returned by [func@list_leaks]. A leak is a snapshot: it never changes, and it holds no
 * reference to the object that it describes. All its methods may be called on any thread.
 *
 * Since: 1.0
 */
struct _LifecycleLeak
{
  GObject             parent_instance;

  LifecycleLeakFacts *facts;
  char               *address;
  char               *stack;
};

enum
{
  PROP_0,
  PROP_KIND,
  PROP_OBJECT_TYPE,
  PROP_TYPE_NAME,
  PROP_ADDRESS,
  PROP_N_REFS,
  PROP_AGE,
  PROP_WHY,
  PROP_SCOPE_PATH,
  PROP_PLACE,
  PROP_STACK,
  PROP_DETAILS,
  PROP_HANDLERS,
  PROP_REFERRERS,
  PROP_COUNT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (LifecycleLeak, lifecycle_leak, G_TYPE_OBJECT)

LifecycleLeakFacts *
lifecycle_leak_facts_copy (const LifecycleLeakFacts *facts)
{
  LifecycleLeakFacts *copy = g_memdup2 (facts, sizeof *facts);

  copy->why = g_strdup (facts->why);
  copy->scope_path = g_strdup (facts->scope_path);
  copy->details = g_strdup (facts->details);
  copy->handlers = g_strdup (facts->handlers);
  copy->referrers = g_strdup (facts->referrers);

  return copy;
}

void
lifecycle_leak_facts_free (LifecycleLeakFacts *facts)
{
  g_free (facts->why);
  g_free (facts->scope_path);
  g_free (facts->details);
  g_free (facts->handlers);
  g_free (facts->referrers);
  g_free (facts);
}

LifecycleLeak *
lifecycle_leak_new (const LifecycleLeakFacts *facts)
{
  LifecycleLeak *self = g_object_new (LIFECYCLE_TYPE_LEAK, NULL);

  self->facts = lifecycle_leak_facts_copy (facts);
  g_free (self->address);
  self->address = g_strdup_printf ("%p", facts->address);
  self->stack = lifecycle_stack_describe (facts->stack);

  return self;
}

static inline const LifecycleLeakFacts *
leak_get_facts (LifecycleLeak *self)
{
  static const LifecycleLeakFacts nothing = { .type = G_TYPE_NONE, .scope_path = (char *) "" };

  /* A language may make an object of any type. */
  return self->facts != NULL ? self->facts : &nothing;
}

static void
lifecycle_leak_finalize (GObject *object)
{
  LifecycleLeak *self = LIFECYCLE_LEAK (object);

  g_clear_pointer (&self->facts, lifecycle_leak_facts_free);
  g_free (self->address);
  g_free (self->stack);

  G_OBJECT_CLASS (lifecycle_leak_parent_class)->finalize (object);
}

static void
lifecycle_leak_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  LifecycleLeak *self = LIFECYCLE_LEAK (object);

  switch (prop_id)
    {
    case PROP_KIND:
      g_value_set_enum (value, lifecycle_leak_get_kind (self));
      break;

    case PROP_OBJECT_TYPE:
      g_value_set_gtype (value, lifecycle_leak_get_object_type (self));
      break;

    case PROP_TYPE_NAME:
      g_value_set_string (value, lifecycle_leak_get_type_name (self));
      break;

    case PROP_ADDRESS:
      g_value_set_string (value, lifecycle_leak_get_address (self));
      break;

    case PROP_N_REFS:
      g_value_set_uint (value, lifecycle_leak_get_n_refs (self));
      break;

    case PROP_AGE:
      g_value_set_uint64 (value, lifecycle_leak_get_age (self));
      break;

    case PROP_WHY:
      g_value_set_string (value, lifecycle_leak_get_why (self));
      break;

    case PROP_SCOPE_PATH:
      g_value_set_string (value, lifecycle_leak_get_scope_path (self));
      break;

    case PROP_PLACE:
      g_value_set_string (value, lifecycle_leak_get_place (self));
      break;

    case PROP_STACK:
      g_value_set_string (value, lifecycle_leak_get_stack (self));
      break;

    case PROP_DETAILS:
      g_value_set_string (value, lifecycle_leak_get_details (self));
      break;

    case PROP_HANDLERS:
      g_value_set_string (value, lifecycle_leak_get_handlers (self));
      break;

    case PROP_REFERRERS:
      g_value_set_string (value, lifecycle_leak_get_referrers (self));
      break;

    case PROP_COUNT:
      g_value_set_uint (value, lifecycle_leak_get_count (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static GParamSpec *
leak_string_property (const char *name)
{
  return g_param_spec_string (name, NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
lifecycle_leak_class_init (LifecycleLeakClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = lifecycle_leak_finalize;
  object_class->get_property = lifecycle_leak_get_property;

  /**
   * LifecycleLeak:kind: (attributes org.gtk.Property.get=lifecycle_leak_get_kind)
   *
   * What went wrong.
   *
   * Since: 1.0
   */
  properties[PROP_KIND] =
    g_param_spec_enum ("kind", NULL, NULL,
                       LIFECYCLE_TYPE_LEAK_KIND,
                       LIFECYCLE_LEAK_KIND_DROPPED_OPEN,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleLeak:object-type: (attributes org.gtk.Property.get=lifecycle_leak_get_object_type)
   *
   * The type of the object or scope.
   *
   * Since: 1.0
   */
  properties[PROP_OBJECT_TYPE] =
    g_param_spec_gtype ("object-type", NULL, NULL,
                        G_TYPE_NONE,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleLeak:type-name: (attributes org.gtk.Property.get=lifecycle_leak_get_type_name)
   *
   * The name of the type of the object or scope.
   *
   * Since: 1.0
   */
  properties[PROP_TYPE_NAME] = leak_string_property ("type-name");

  /**
   * LifecycleLeak:address: (attributes org.gtk.Property.get=lifecycle_leak_get_address)
   *
   * The address of the object or scope, as printed by `%p`, for use in a debugger.
   *
   * Since: 1.0
   */
  properties[PROP_ADDRESS] = leak_string_property ("address");

  /**
   * LifecycleLeak:n-refs: (attributes org.gtk.Property.get=lifecycle_leak_get_n_refs)
   *
   * The reference count of the object when the leak was listed, or 0 if the object is gone.
   *
   * Since: 1.0
   */
  properties[PROP_N_REFS] =
    g_param_spec_uint ("n-refs", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleLeak:age: (attributes org.gtk.Property.get=lifecycle_leak_get_age)
   *
   * How long the object was still alive after the scope had closed, in milliseconds; 0 for a scope
   * that was dropped.
   *
   * Since: 1.0
   */
  properties[PROP_AGE] =
    g_param_spec_uint64 ("age", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleLeak:why: (attributes org.gtk.Property.get=lifecycle_leak_get_why)
   *
   * The reason that was passed to [method@Scope.expect_finalize].
   *
   * Since: 1.0
   */
  properties[PROP_WHY] = leak_string_property ("why");

  /**
   * LifecycleLeak:scope-path: (attributes org.gtk.Property.get=lifecycle_leak_get_scope_path)
   *
   * The path of the scope that was dropped, or whose close the object should not have survived; for a
   * widget, where it was.
   *
   * Since: 1.0
   */
  properties[PROP_SCOPE_PATH] = leak_string_property ("scope-path");

  /**
   * LifecycleLeak:place: (attributes org.gtk.Property.get=lifecycle_leak_get_place)
   *
   * Where the scope was created or [method@Scope.expect_finalize] was called, as `file:line`.
   *
   * Since: 1.0
   */
  properties[PROP_PLACE] = leak_string_property ("place");

  /**
   * LifecycleLeak:stack: (attributes org.gtk.Property.get=lifecycle_leak_get_stack)
   *
   * The stack of the call at [property@Leak:place], one frame per line, if `LIFECYCLE_DEBUG=stacks`
   * was set.
   *
   * Since: 1.0
   */
  properties[PROP_STACK] = leak_string_property ("stack");

  /**
   * LifecycleLeak:details: (attributes org.gtk.Property.get=lifecycle_leak_get_details)
   *
   * What else is known about the object, some lines of text.
   *
   * Since: 1.0
   */
  properties[PROP_DETAILS] = leak_string_property ("details");

  /**
   * LifecycleLeak:handlers: (attributes org.gtk.Property.get=lifecycle_leak_get_handlers)
   *
   * The signal handlers that are connected to the object, one a line, or %NULL if there are none or
   * they are not known.
   *
   * Since: 1.0
   */
  properties[PROP_HANDLERS] = leak_string_property ("handlers");

  /**
   * LifecycleLeak:referrers: (attributes org.gtk.Property.get=lifecycle_leak_get_referrers)
   *
   * What refers to the object, one a line, or %NULL if nothing does or it is not known.
   *
   * Since: 1.0
   */
  properties[PROP_REFERRERS] = leak_string_property ("referrers");

  /**
   * LifecycleLeak:count: (attributes org.gtk.Property.get=lifecycle_leak_get_count)
   *
   * How often the same leak happened at the same place. The other properties describe the last
   * time.
   *
   * Since: 1.0
   */
  properties[PROP_COUNT] =
    g_param_spec_uint ("count", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
lifecycle_leak_init (LifecycleLeak *self)
{
  self->address = g_strdup ("0x0");
}

/**
 * lifecycle_leak_get_kind: (attributes org.gtk.Method.get_property=kind)
 * @self: a leak
 *
 * Gets what went wrong.
 *
 * Returns: the kind
 *
 * Since: 1.0
 */
LifecycleLeakKind
lifecycle_leak_get_kind (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), LIFECYCLE_LEAK_KIND_DROPPED_OPEN);

  return leak_get_facts (self)->kind;
}

/**
 * lifecycle_leak_get_object_type: (attributes org.gtk.Method.get_property=object-type)
 * @self: a leak
 *
 * Gets the type of the object or scope.
 *
 * Returns: the type
 *
 * Since: 1.0
 */
GType
lifecycle_leak_get_object_type (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), G_TYPE_INVALID);

  return leak_get_facts (self)->type;
}

/**
 * lifecycle_leak_get_type_name: (attributes org.gtk.Method.get_property=type-name)
 * @self: a leak
 *
 * Gets the name of the type of the object or scope.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
lifecycle_leak_get_type_name (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  return g_type_name (leak_get_facts (self)->type);
}

/**
 * lifecycle_leak_get_address: (attributes org.gtk.Method.get_property=address)
 * @self: a leak
 *
 * Gets the address of the object or scope, as printed by `%p`, for use in a debugger. It may be
 * gone by now.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
const char *
lifecycle_leak_get_address (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  return self->address;
}

/**
 * lifecycle_leak_get_n_refs: (attributes org.gtk.Method.get_property=n-refs)
 * @self: a leak
 *
 * Gets the reference count of the object when the leak was listed, or 0 if the object is gone.
 *
 * Returns: the reference count
 *
 * Since: 1.0
 */
guint
lifecycle_leak_get_n_refs (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), 0);

  return leak_get_facts (self)->n_refs;
}

/**
 * lifecycle_leak_get_age: (attributes org.gtk.Method.get_property=age)
 * @self: a leak
 *
 * Gets how long the object was still alive after the scope had closed; 0 for a scope that was
 * dropped.
 *
 * Returns: the time, in milliseconds
 *
 * Since: 1.0
 */
guint64
lifecycle_leak_get_age (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), 0);

  return leak_get_facts (self)->age;
}

/**
 * lifecycle_leak_get_why: (attributes org.gtk.Method.get_property=why)
 * @self: a leak
 *
 * Gets the reason that was passed to [method@Scope.expect_finalize].
 *
 * Returns: (transfer none) (nullable): the reason, or %NULL if there is none
 *
 * Since: 1.0
 */
const char *
lifecycle_leak_get_why (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  return leak_get_facts (self)->why;
}

/**
 * lifecycle_leak_get_scope_path: (attributes org.gtk.Method.get_property=scope-path)
 * @self: a leak
 *
 * Gets the path of the scope that was dropped, or whose close the object should not have survived.
 * For a widget, this is where it was: the widgets from the root down to it.
 *
 * Returns: (transfer none): the path
 *
 * Since: 1.0
 */
const char *
lifecycle_leak_get_scope_path (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  return leak_get_facts (self)->scope_path;
}

/**
 * lifecycle_leak_get_place: (attributes org.gtk.Method.get_property=place)
 * @self: a leak
 *
 * Gets where the scope was created or [method@Scope.expect_finalize] was called, as `file:line`.
 *
 * Returns: (transfer none) (nullable): the place, or %NULL if it is not known
 *
 * Since: 1.0
 */
const char *
lifecycle_leak_get_place (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  return leak_get_facts (self)->place;
}

/**
 * lifecycle_leak_get_stack: (attributes org.gtk.Method.get_property=stack)
 * @self: a leak
 *
 * Gets the stack of the call at [property@Leak:place], one frame per line. Stacks are recorded if
 * `LIFECYCLE_DEBUG=stacks` is set.
 *
 * Returns: (transfer none) (nullable): the stack, or %NULL if it was not recorded
 *
 * Since: 1.0
 */
const char *
lifecycle_leak_get_stack (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  return self->stack;
}

/**
 * lifecycle_leak_get_details: (attributes org.gtk.Method.get_property=details)
 * @self: a leak
 *
 * Gets what else is known about the object. For a widget, these are its CSS name and, for a window,
 * its title.
 *
 * Returns: (transfer none) (nullable): some lines of text, or %NULL
 *
 * Since: 1.0
 */
const char *
lifecycle_leak_get_details (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  return leak_get_facts (self)->details;
}

/**
 * lifecycle_leak_get_handlers: (attributes org.gtk.Method.get_property=handlers)
 * @self: a leak
 *
 * Gets the signal handlers that are connected to the object, one a line: the signal, and the function
 * that is called.
 *
 * They are looked for at the same time as [method@Leak.get_referrers]. For a widget, those of its
 * controllers are listed, too, and those that GTK has connected are not.
 *
 * Returns: (transfer none) (nullable): some lines of text, or %NULL
 *
 * Since: 1.0
 */
const char *
lifecycle_leak_get_handlers (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  return leak_get_facts (self)->handlers;
}

/**
 * lifecycle_leak_get_referrers: (attributes org.gtk.Method.get_property=referrers)
 * @self: a leak
 *
 * Gets what refers to the object, one a line. Some of these may hold a reference, others only have its
 * address.
 *
 * This is looked for once: when a widget becomes overdue, and for other objects when leaks are listed while
 * they are overdue, on the thread on which [method@Scope.expect_finalize] was called. It is not known of
 * objects that have been disposed of and live on, unless they are widgets.
 *
 * Found are handlers and sources that have the object as their data, whoever has set them up, what scopes
 * own, variables of the program, objects that have it in one of their fields, and, in Python, what the
 * garbage collector knows. Private data of objects, containers and blocks of memory that are not objects are
 * not found. What belongs to GTK is listed only if there is nothing else. The memory is searched on Linux;
 * on other systems only what scopes own is known.
 *
 * Returns: (transfer none) (nullable): some lines of text, or %NULL
 *
 * Since: 1.0
 */
const char *
lifecycle_leak_get_referrers (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  return leak_get_facts (self)->referrers;
}

/**
 * lifecycle_leak_get_count: (attributes org.gtk.Method.get_property=count)
 * @self: a leak
 *
 * Gets how often the same leak happened at the same place. The other properties describe the last
 * time.
 *
 * Returns: the number of times, at least 1
 *
 * Since: 1.0
 */
guint
lifecycle_leak_get_count (LifecycleLeak *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), 0);

  return leak_get_facts (self)->count;
}

static void
leak_append_seconds (GString *string,
                     guint64  ms)
{
  g_string_append_printf (string, "%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT " s",
                          ms / 1000, ms % 1000 / 100);
}

/**
 * lifecycle_leak_to_string:
 * @self: a leak
 *
 * Describes the leak in one line, for a log or a terminal. The text is not meant to be parsed.
 *
 * Returns: (transfer full): the description, without the stack
 *
 * Since: 1.0
 */
char *
lifecycle_leak_to_string (LifecycleLeak *self)
{
  const LifecycleLeakFacts *facts;
  GString *string;

  g_return_val_if_fail (LIFECYCLE_IS_LEAK (self), NULL);

  facts = leak_get_facts (self);
  string = g_string_new (NULL);
  switch (facts->kind)
    {
    case LIFECYCLE_LEAK_KIND_DROPPED_OPEN:
      g_string_append_printf (string, "scope %s was dropped open, owning %u %s",
                              facts->scope_path, facts->n_entries,
                              facts->n_entries == 1 ? "entry" : "entries");
      break;

    case LIFECYCLE_LEAK_KIND_CLOSED_BUT_ALIVE:
      g_string_append_printf (string, "%s %s is still alive, with %u %s, ",
                              g_type_name (facts->type), self->address, facts->n_refs,
                              facts->n_refs == 1 ? "reference" : "references");
      leak_append_seconds (string, facts->age);
      g_string_append_printf (string, " after scope %s closed", facts->scope_path);
      break;

    case LIFECYCLE_LEAK_KIND_FINALIZED_LATE:
      g_string_append_printf (string, "%s %s was finalized late, ",
                              g_type_name (facts->type), self->address);
      leak_append_seconds (string, facts->age);
      g_string_append_printf (string, " after scope %s closed", facts->scope_path);
      break;

    case LIFECYCLE_LEAK_KIND_REMOVED_BUT_ALIVE:
      g_string_append_printf (string, "%s %s is still alive, with %u %s, ",
                              g_type_name (facts->type), self->address, facts->n_refs,
                              facts->n_refs == 1 ? "reference" : "references");
      leak_append_seconds (string, facts->age);
      g_string_append_printf (string, " after %s: ", facts->why);
      lifecycle_name_append (string, facts->scope_path, LIFECYCLE_QUOTE_TEXT);
      break;

    default:
      g_assert_not_reached ();
    }

  if (facts->why != NULL && facts->kind != LIFECYCLE_LEAK_KIND_REMOVED_BUT_ALIVE)
    {
      g_string_append (string, ": ");
      lifecycle_name_append (string, facts->why, LIFECYCLE_QUOTE_TEXT);
    }
  if (facts->place != NULL)
    g_string_append_printf (string, " (%s %s %s)",
                            facts->kind == LIFECYCLE_LEAK_KIND_DROPPED_OPEN ? "made" : "expected",
                            lifecycle_place_get_preposition (facts->place), facts->place);
  if (facts->count > 1)
    g_string_append_printf (string, ", %u times; this was the last", facts->count);

  return g_string_free (string, FALSE);
}
