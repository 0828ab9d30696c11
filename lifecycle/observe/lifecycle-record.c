/* lifecycle-record.c: descriptions of entries
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
 * Describes one entry of a scope, as it was when the list of records was made.
 *
 * Lists of records are snapshots: they do not change later, hold no references to what they
 * describe, and keep nothing alive. The records of a list are created on demand.
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
 * A record may be used on any thread, but by only one thread at a time.
 *
 * Since: 1.0
 */
struct _LifecycleRecord
{
  GObject            parent_instance;

  LifecycleSnapshot *snapshot;
  guint              index;
  char              *scope_path;        /* these strings are created on demand */
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

  /* Bindings can create an object of any type, even one without a constructor. */
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
   * The kind of the entry.
   *
   * Since: 1.0
   */
  properties[PROP_KIND] =
    g_param_spec_enum ("kind", NULL, NULL, LIFECYCLE_TYPE_KIND, LIFECYCLE_KIND_HANDLER, flags);

  /**
   * LifecycleRecord:name: (attributes org.gtk.Property.get=lifecycle_record_get_name)
   *
   * The name of the entry.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:place: (attributes org.gtk.Property.get=lifecycle_record_get_place)
   *
   * Where the entry was added, as `file:line`.
   *
   * Since: 1.0
   */
  properties[PROP_PLACE] =
    g_param_spec_string ("place", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:scope-path: (attributes org.gtk.Property.get=lifecycle_record_get_scope_path)
   *
   * The path of the scope that owned the entry.
   *
   * Since: 1.0
   */
  properties[PROP_SCOPE_PATH] =
    g_param_spec_string ("scope-path", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:instance-type: (attributes org.gtk.Property.get=lifecycle_record_get_instance_type)
   *
   * The type of the object that the entry is about.
   *
   * Since: 1.0
   */
  properties[PROP_INSTANCE_TYPE] =
    g_param_spec_gtype ("instance-type", NULL, NULL, G_TYPE_NONE, flags);

  /**
   * LifecycleRecord:signal: (attributes org.gtk.Property.get=lifecycle_record_get_signal)
   *
   * The signal that a handler is connected to.
   *
   * Since: 1.0
   */
  properties[PROP_SIGNAL] =
    g_param_spec_string ("signal", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:id: (attributes org.gtk.Property.get=lifecycle_record_get_id)
   *
   * The ID of a handler or a source.
   *
   * Since: 1.0
   */
  properties[PROP_ID] =
    g_param_spec_ulong ("id", NULL, NULL, 0, G_MAXULONG, 0, flags);

  /**
   * LifecycleRecord:age: (attributes org.gtk.Property.get=lifecycle_record_get_age)
   *
   * How long ago the entry was added, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_AGE] =
    g_param_spec_int64 ("age", NULL, NULL, 0, G_MAXINT64, 0, flags);

  /**
   * LifecycleRecord:valid: (attributes org.gtk.Property.get=lifecycle_record_is_valid)
   *
   * Whether the thing that the entry stands for still existed.
   *
   * Since: 1.0
   */
  properties[PROP_VALID] =
    g_param_spec_boolean ("valid", NULL, NULL, TRUE, flags);

  /**
   * LifecycleRecord:callback: (attributes org.gtk.Property.get=lifecycle_record_get_callback)
   *
   * The function that the entry calls.
   *
   * Since: 1.0
   */
  properties[PROP_CALLBACK] =
    g_param_spec_string ("callback", NULL, NULL, NULL, flags);

  /**
   * LifecycleRecord:stack: (attributes org.gtk.Property.get=lifecycle_record_get_stack)
   *
   * The stack of the call that added the entry.
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
 * Gets the kind of the entry.
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
 * Gets the name of the entry: that of an operation, a child or a source, a bus name, the path of an
 * exported object, or the key of a setting.
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
 * Gets where the entry was added, as `file:line`. The macros of the C interface record that.
 *
 * If the entry was added by a plug-in that has been unloaded, the place is `a module that is gone`.
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
 * Gets the path of the scope that owned the entry; see [method@Scope.get_path].
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
 * Gets the type of the object that the entry is about: the instance of a handler, an owned object,
 * or the GIO object of an entry.
 *
 * Returns: the type, or %G_TYPE_INVALID if there is no such object
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
 * Gets the signal that a handler is connected to, with its detail if it has one.
 *
 * The signal of handlers that were added with [method@Scope.add_handler] is not known, because GLib
 * has no way to look it up.
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
 * Gets the ID of a handler or a source.
 *
 * Returns: the ID, or 0 for entries of other kinds
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
 * Gets how long ago the entry had been added when the list was made, to a tenth of a second.
 *
 * Returns: the age, in milliseconds
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
 * Gets whether the thing that the entry stands for still existed.
 *
 * An entry leaves its scope as soon as the thing ends, so this is %FALSE only for a moment in
 * between, or for a handler that was handed over and then disconnected by other code.
 *
 * Returns: %TRUE if the thing still existed
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
 * Gets the C function that the entry calls. This is its name or, if the program or library has been
 * stripped of its symbols, `module+0xoffset`, which addr2line understands. A function of a plug-in
 * that has been unloaded has no name; the text then says that its module is gone.
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
 * Gets the stack of the call that added the entry, one frame per line, the innermost first.
 *
 * Stacks are recorded if `LIFECYCLE_DEBUG=stacks` is set in the environment and the system supports
 * it.
 *
 * Returns: (transfer none) (nullable): the stack, or %NULL if it was not recorded
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
 * lifecycle_record_ref_object:
 * @self: a record
 *
 * Gets the object that the entry is about, if both still exist: the instance of a handler, or an
 * owned object. The instance of a queued or guarded handler is not returned, because other threads
 * may drop it.
 *
 * Call this function at the home of the scope that owned the entry; elsewhere it returns %NULL. The
 * cost grows with the number of entries of that scope.
 *
 * Returns: (transfer full) (nullable): the object, or %NULL if there is none
 *
 * Since: 1.0
 */
GObject *
lifecycle_record_ref_object (LifecycleRecord *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_RECORD (self), NULL);

  return self->snapshot != NULL ? lifecycle_snapshot_ref_object (self->snapshot, self->index) : NULL;
}

/**
 * lifecycle_record_to_string:
 * @self: a record
 *
 * Describes the record in one line, for a log or a terminal. The text is not meant to be parsed.
 *
 * Returns: (transfer full): the description
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
