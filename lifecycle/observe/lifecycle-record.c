/* lifecycle-record.c: what scopes own, one by one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-names-private.h"
#include "lifecycle-record.h"
#include "lifecycle-snapshot-private.h"

/**
 * LifecycleRecord:
 *
 * What there is to know about one entry of a scope, as it was when the list of records was made.
 *
 * Lists of records are snapshots: they do not follow what happens later, hold no references on what
 * they describe, and keep nothing alive. Each record of a list is made when it is asked for.
 *
 * ```c
 * g_autoptr (GListModel) records = lifecycle_scope_list_records (scope, TRUE);
 *
 * for (guint i = 0; i < g_list_model_get_n_items (records); i++)
 *   {
 *     g_autoptr (LifecycleRecord) record = g_list_model_get_item (records, i);
 *     g_autofree char *line = lifecycle_record_to_string (record);
 *
 *     g_print ("%s\n", line);
 *   }
 * ```
 *
 * A record is to be used by one thread at a time.
 *
 * Since: 1.0
 */
struct _LifecycleRecord
{
  GObject            parent_instance;

  LifecycleSnapshot *snapshot;
  guint              index;
  char              *scope_path;        /* these are made when they are asked for */
  char              *signal;
  char              *callback;
  char              *stack;
};

enum
{
  PROP_0,
  PROP_KIND,
  PROP_NAME,
  PROP_PLACE,
  PROP_SCOPE_PATH,
  PROP_INSTANCE_TYPE,
  PROP_SIGNAL,
  PROP_ID,
  PROP_AGE,
  PROP_VALID,
  PROP_CALLBACK,
  PROP_STACK,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (LifecycleRecord, lifecycle_record, G_TYPE_OBJECT)

LifecycleRecord *
lifecycle_record_new (LifecycleSnapshot *snapshot,
                      guint              index)
{
  LifecycleRecord *self = g_object_new (LIFECYCLE_TYPE_RECORD, NULL);

  self->snapshot = lifecycle_snapshot_ref (snapshot);
  self->index = index;

  return self;
}

static inline const LifecycleSnapshotItem *
record_get_item (LifecycleRecord *self)
{
  static const LifecycleSnapshotItem nothing;

  /* A language may make an object of any type. */
  if (self->snapshot == NULL)
    return &nothing;

  return lifecycle_snapshot_get_item (self->snapshot, self->index);
}

static void
lifecycle_record_finalize (GObject *object)
{
  LifecycleRecord *self = LIFECYCLE_RECORD (object);

  g_clear_pointer (&self->snapshot, lifecycle_snapshot_unref);
  g_free (self->scope_path);
  g_free (self->signal);
  g_free (self->callback);
  g_free (self->stack);

  G_OBJECT_CLASS (lifecycle_record_parent_class)->finalize (object);
}

static void
lifecycle_record_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  LifecycleRecord *self = LIFECYCLE_RECORD (object);

  switch (prop_id)
    {
    case PROP_KIND:
      g_value_set_enum (value, (int) lifecycle_record_get_kind (self));
      break;

    case PROP_NAME:
      g_value_set_string (value, lifecycle_record_get_name (self));
      break;

    case PROP_PLACE:
      g_value_set_string (value, lifecycle_record_get_place (self));
      break;

    case PROP_SCOPE_PATH:
      g_value_set_string (value, lifecycle_record_get_scope_path (self));
      break;

    case PROP_INSTANCE_TYPE:
      g_value_set_gtype (value, lifecycle_record_get_instance_type (self));
      break;

    case PROP_SIGNAL:
      g_value_set_string (value, lifecycle_record_get_signal (self));
      break;

    case PROP_ID:
      g_value_set_ulong (value, lifecycle_record_get_id (self));
      break;

    case PROP_AGE:
      g_value_set_int64 (value, lifecycle_record_get_age (self));
      break;

    case PROP_VALID:
      g_value_set_boolean (value, lifecycle_record_is_valid (self));
      break;

    case PROP_CALLBACK:
      g_value_set_string (value, lifecycle_record_get_callback (self));
      break;

    case PROP_STACK:
      g_value_set_string (value, lifecycle_record_get_stack (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
lifecycle_record_class_init (LifecycleRecordClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = lifecycle_record_finalize;
  object_class->get_property = lifecycle_record_get_property;

  /**
   * LifecycleRecord:kind: (attributes org.gtk.Property.get=lifecycle_record_get_kind)
   *
   * What it is.
   *
   * Since: 1.0
   */
  properties[PROP_KIND] =
    g_param_spec_enum ("kind", NULL, NULL, LIFECYCLE_TYPE_KIND, LIFECYCLE_KIND_HANDLER, flags);

  /**
   * LifecycleRecord:name: (attributes org.gtk.Property.get=lifecycle_record_get_name)
   *
   * What it is called.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:place: (attributes org.gtk.Property.get=lifecycle_record_get_place)
   *
   * Where it was added.
   *
   * Since: 1.0
   */
  properties[PROP_PLACE] =
    g_param_spec_string ("place", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:scope-path: (attributes org.gtk.Property.get=lifecycle_record_get_scope_path)
   *
   * Whose it is.
   *
   * Since: 1.0
   */
  properties[PROP_SCOPE_PATH] =
    g_param_spec_string ("scope-path", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:instance-type: (attributes org.gtk.Property.get=lifecycle_record_get_instance_type)
   *
   * The type of the object that it is about.
   *
   * Since: 1.0
   */
  properties[PROP_INSTANCE_TYPE] =
    g_param_spec_gtype ("instance-type", NULL, NULL, G_TYPE_NONE, flags);

  /**
   * LifecycleRecord:signal: (attributes org.gtk.Property.get=lifecycle_record_get_signal)
   *
   * What a handler is connected to.
   *
   * Since: 1.0
   */
  properties[PROP_SIGNAL] =
    g_param_spec_string ("signal", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:id: (attributes org.gtk.Property.get=lifecycle_record_get_id)
   *
   * The id of a handler or a source.
   *
   * Since: 1.0
   */
  properties[PROP_ID] =
    g_param_spec_ulong ("id", NULL, NULL, 0, G_MAXULONG, 0, flags);

  /**
   * LifecycleRecord:age: (attributes org.gtk.Property.get=lifecycle_record_get_age)
   *
   * How long it had been there, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_AGE] =
    g_param_spec_int64 ("age", NULL, NULL, 0, G_MAXINT64, 0, flags);

  /**
   * LifecycleRecord:valid: (attributes org.gtk.Property.get=lifecycle_record_is_valid)
   *
   * Whether what it stands for was still there.
   *
   * Since: 1.0
   */
  properties[PROP_VALID] =
    g_param_spec_boolean ("valid", NULL, NULL, TRUE, flags);

  /**
   * LifecycleRecord:callback: (attributes org.gtk.Property.get=lifecycle_record_get_callback)
   *
   * Which function it calls.
   *
   * Since: 1.0
   */
  properties[PROP_CALLBACK] =
    g_param_spec_string ("callback", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:stack: (attributes org.gtk.Property.get=lifecycle_record_get_stack)
   *
   * The stack when it was added.
   *
   * Since: 1.0
   */
  properties[PROP_STACK] =
    g_param_spec_string ("stack", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
lifecycle_record_init (LifecycleRecord *self)
{
}

/**
 * lifecycle_record_get_kind: (attributes org.gtk.Method.get_property=kind)
 * @self: a record
 *
 * What it is.
 *
 * Returns: the kind
 *
 * Since: 1.0
 */
LifecycleKind
lifecycle_record_get_kind (LifecycleRecord *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), LIFECYCLE_KIND_HANDLER);

  return (LifecycleKind) record_get_item (self)->kind;
}

/**
 * lifecycle_record_get_name: (attributes org.gtk.Method.get_property=name)
 * @self: a record
 *
 * What it is called: the name of an operation, a child or a source, the bus name, the path of an
 * exported object, the key of a setting.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL if it has none
 *
 * Since: 1.0
 */
const char *
lifecycle_record_get_name (LifecycleRecord *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), NULL);

  return record_get_item (self)->facts.name;
}

/**
 * lifecycle_record_get_place: (attributes org.gtk.Method.get_property=place)
 * @self: a record
 *
 * Where it was added, `file:line`; the macros of the C interface put that down.
 *
 * If that was in a plug-in which has been unloaded, this says `a module that is gone`.
 *
 * Returns: (transfer none) (nullable): the place, or %NULL if it is not known
 *
 * Since: 1.0
 */
const char *
lifecycle_record_get_place (LifecycleRecord *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), NULL);

  return record_get_item (self)->place;
}

/**
 * lifecycle_record_get_scope_path: (attributes org.gtk.Method.get_property=scope-path)
 * @self: a record
 *
 * Whose it is; see [method@Scope.get_path].
 *
 * Returns: (transfer none): the path of the scope
 *
 * Since: 1.0
 */
const char *
lifecycle_record_get_scope_path (LifecycleRecord *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), NULL);

  if (self->snapshot == NULL)
    return "";

  if (self->scope_path == NULL)
    self->scope_path = lifecycle_snapshot_dup_path (self->snapshot, record_get_item (self)->scope);

  return self->scope_path;
}

/**
 * lifecycle_record_get_instance_type: (attributes org.gtk.Method.get_property=instance-type)
 * @self: a record
 *
 * The type of the object that it is about: the instance of a handler, an owned object, a watched object in
 * GIO.
 *
 * Returns: the type, or %G_TYPE_INVALID if there is none
 *
 * Since: 1.0
 */
GType
lifecycle_record_get_instance_type (LifecycleRecord *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), G_TYPE_INVALID);

  return record_get_item (self)->facts.type;
}

/**
 * lifecycle_record_get_signal: (attributes org.gtk.Method.get_property=signal)
 * @self: a record
 *
 * What a handler is connected to, with the detail if there is one.
 *
 * Of handlers that were added with [method@Scope.add_handler], GLib does not tell.
 *
 * Returns: (transfer none) (nullable): the detailed signal, or %NULL if it is not known
 *
 * Since: 1.0
 */
const char *
lifecycle_record_get_signal (LifecycleRecord *self)
{
  const LifecycleFacts *facts;

  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), NULL);

  facts = &record_get_item (self)->facts;
  if (self->signal == NULL && facts->signal_id != 0)
    self->signal = g_strconcat (g_signal_name (facts->signal_id),
                                facts->detail != 0 ? "::" : NULL,
                                g_quark_to_string (facts->detail),
                                NULL);

  return self->signal;
}

/**
 * lifecycle_record_get_id: (attributes org.gtk.Method.get_property=id)
 * @self: a record
 *
 * The id of a handler or a source.
 *
 * Returns: the id, or 0 for other kinds
 *
 * Since: 1.0
 */
gulong
lifecycle_record_get_id (LifecycleRecord *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), 0);

  return record_get_item (self)->facts.id;
}

/**
 * lifecycle_record_get_age: (attributes org.gtk.Method.get_property=age)
 * @self: a record
 *
 * How long it had been there, to a tenth of a second.
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
gint64
lifecycle_record_get_age (LifecycleRecord *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), 0);

  return self->snapshot != NULL ? lifecycle_snapshot_get_age (self->snapshot, self->index) : 0;
}

/**
 * lifecycle_record_is_valid: (attributes org.gtk.Method.get_property=valid)
 * @self: a record
 *
 * Whether what it stands for was still there.
 *
 * Entries leave at the moment their thing ends, so this is %FALSE only in between, or for a handler
 * that was handed over and that somebody else has disconnected.
 *
 * Returns: whether it was valid
 *
 * Since: 1.0
 */
gboolean
lifecycle_record_is_valid (LifecycleRecord *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), FALSE);

  return record_get_item (self)->facts.valid;
}

/**
 * lifecycle_record_get_callback: (attributes org.gtk.Method.get_property=callback)
 * @self: a record
 *
 * Which function of C it calls: by its name, or, if its program or library has been stripped of that,
 * as `module+0xoffset`, which addr2line understands. A function of a plug-in that has been unloaded has
 * no name; this says that its module is gone.
 *
 * Returns: (transfer none) (nullable): the function, or %NULL if it is not known
 *
 * Since: 1.0
 */
const char *
lifecycle_record_get_callback (LifecycleRecord *self)
{
  const LifecycleFacts *facts;

  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), NULL);

  facts = &record_get_item (self)->facts;
  if (self->callback == NULL && facts->callback != NULL)
    self->callback = lifecycle_describe_address (facts->callback,
                                                 record_get_item (self)->look);

  return self->callback;
}

/**
 * lifecycle_record_get_stack: (attributes org.gtk.Method.get_property=stack)
 * @self: a record
 *
 * The stack when it was added, a line for each call, the innermost first.
 *
 * There are stacks with `LIFECYCLE_DEBUG=stacks` in the environment, where the system can tell them.
 *
 * Returns: (transfer none) (nullable): the stack, or %NULL if it is not known
 *
 * Since: 1.0
 */
const char *
lifecycle_record_get_stack (LifecycleRecord *self)
{
  const LifecycleStack *stack;

  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), NULL);

  stack = record_get_item (self)->stack;
  if (self->stack == NULL && stack != NULL)
    self->stack = lifecycle_stack_describe (stack);

  return self->stack;
}

/**
 * lifecycle_record_to_string:
 * @self: a record
 *
 * The record in words, for a log or a terminal. Not meant to be parsed.
 *
 * Returns: (transfer full): one line
 *
 * Since: 1.0
 */
char *
lifecycle_record_to_string (LifecycleRecord *self)
{
  const LifecycleSnapshotItem *item;
  GString *string;

  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), NULL);

  item = record_get_item (self);

  string = g_string_new (lifecycle_record_get_scope_path (self));
  g_string_append_printf (string, ": %s",
                          lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, item->kind));
  if (item->facts.name != NULL)
    {
      g_string_append (string, " '");
      lifecycle_name_append (string, item->facts.name, LIFECYCLE_QUOTE_TEXT);
      g_string_append_c (string, '\'');
    }
  if (item->facts.type != G_TYPE_INVALID && item->kind != LIFECYCLE_KIND_SCOPE)
    g_string_append_printf (string, " %s", g_type_name (item->facts.type));
  if (lifecycle_record_get_signal (self) != NULL)
    g_string_append_printf (string, "::%s", self->signal);
  if (item->facts.id != 0)
    g_string_append_printf (string, " #%lu", item->facts.id);
  if (lifecycle_record_get_callback (self) != NULL)
    g_string_append_printf (string, " calls %s", self->callback);
  g_string_append_printf (string, ", %.1f s old", (double) lifecycle_record_get_age (self) / 1000);
  if (item->place != NULL)
    g_string_append_printf (string, ", from %s", item->place);
  if (!item->facts.valid)
    g_string_append (string, ", gone");

  return g_string_free (string, FALSE);
}
