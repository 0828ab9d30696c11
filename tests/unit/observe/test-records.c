/* test-records.c: what scopes own, one by one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-kinds.h"

static GSettingsSchema *schema;

static LifecycleRecord *
get_record (GListModel *list,
            guint       position)
{
  LifecycleRecord *record = g_list_model_get_item (list, position);

  g_assert_true (LIFECYCLE_IS_RECORD (record));
  return record;
}

/* Of a scope that has only one entry. */
static LifecycleRecord *
get_only_record (LifecycleScope *scope)
{
  g_autoptr (GListModel) list = lifecycle_scope_list_records (scope, FALSE);

  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 1);
  return get_record (list, 0);
}

/* The properties say what the getters say. */
static void
assert_properties (LifecycleRecord *record)
{
  g_autofree char *name = NULL;
  g_autofree char *place = NULL;
  g_autofree char *path = NULL;
  g_autofree char *signal = NULL;
  g_autofree char *callback = NULL;
  g_autofree char *stack = NULL;
  g_autofree GParamSpec **specs = NULL;
  LifecycleKind kind;
  GType type;
  gulong id;
  gint64 age;
  gboolean valid;
  guint n_specs;

  g_object_get (record, "kind", &kind, "name", &name, "place", &place, "scope-path", &path,
                "instance-type", &type, "signal", &signal, "id", &id, "age", &age, "valid", &valid,
                "callback", &callback, "stack", &stack, NULL);
  g_assert_cmpint (kind, ==, lifecycle_record_get_kind (record));
  g_assert_cmpstr (name, ==, lifecycle_record_get_name (record));
  g_assert_cmpstr (place, ==, lifecycle_record_get_place (record));
  g_assert_cmpstr (path, ==, lifecycle_record_get_scope_path (record));
  g_assert_cmpuint (type, ==, lifecycle_record_get_instance_type (record));
  g_assert_cmpstr (signal, ==, lifecycle_record_get_signal (record));
  g_assert_cmpuint (id, ==, lifecycle_record_get_id (record));
  g_assert_cmpint (age, ==, lifecycle_record_get_age (record));
  g_assert_cmpint (valid, ==, lifecycle_record_is_valid (record));
  g_assert_cmpstr (callback, ==, lifecycle_record_get_callback (record));
  g_assert_cmpstr (stack, ==, lifecycle_record_get_stack (record));

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (record), &n_specs);
  g_assert_cmpuint (n_specs, ==, 11);
  for (guint i = 0; i < n_specs; i++)
    g_assert_cmpint (specs[i]->flags & G_PARAM_READWRITE, ==, G_PARAM_READABLE);
}

/* One line, with what is known in it. */
static void
assert_string (LifecycleRecord *record)
{
  g_autofree char *string = lifecycle_record_to_string (record);
  const char *parts[] = {
    lifecycle_record_get_name (record), lifecycle_record_get_place (record),
    lifecycle_record_get_scope_path (record), lifecycle_record_get_signal (record),
    lifecycle_record_get_callback (record)
  };

  g_assert_null (strchr (string, '\n'));
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i] != NULL)
      g_assert_nonnull (strstr (string, parts[i]));
}

/* Each kind. */

/* By its name where the program has its table of symbols, and else by its place. */
static gboolean
is_static_function (const char *callback)
{
  return g_str_has_prefix (callback, "test-records+0x") ||
         g_str_has_prefix (callback, "test_") ||
         g_str_has_prefix (callback, "never_");
}

static void
test_kind (gconstpointer data)
{
  const TestAddFunc *row = data;
  TestAddition addition = { .schema = schema };
  LifecycleScope *root = NULL;
  LifecycleScope *scope;
  LifecycleRecord *record;
  const char *callback;
  GType type;

  if (row->can != NULL && !row->can (&addition))
    {
      g_test_skip ("what it needs is not installed");
      return;
    }

  root = lifecycle_scope_new ("root");
  scope = lifecycle_scope_new_child (root, "scope");
  g_assert_true (row->add (&addition, scope));
  record = get_only_record (scope);
  g_assert_cmpint (lifecycle_record_get_kind (record), ==, row->kind);
  g_assert_cmpstr (lifecycle_record_get_place (record), ==, addition.place);
  g_assert_cmpstr (lifecycle_record_get_scope_path (record), ==, "root/scope");
  g_assert_cmpstr (lifecycle_record_get_signal (record), ==, addition.signal);
  g_assert_cmpuint (lifecycle_record_get_id (record), ==, addition.id);
  g_assert_cmpint (lifecycle_record_get_age (record), >=, 0);
  g_assert_true (lifecycle_record_is_valid (record));
  type = lifecycle_record_get_instance_type (record);
  callback = lifecycle_record_get_callback (record);

  switch (row->kind)
    {
    case LIFECYCLE_KIND_HANDLER:
      g_assert_cmpuint (addition.id, >, 0);
      g_assert_null (lifecycle_record_get_name (record));
      g_assert_cmpuint (type, ==, TEST_TYPE_EMITTER);
      if (addition.signal != NULL)
        g_assert_cmpstr (callback, ==, "test_kinds_exported_cb");
      break;

    case LIFECYCLE_KIND_SOURCE:
      g_assert_cmpuint (addition.id, >, 0);
      /* One that is made through the scope is called after its place. */
      if (g_strcmp0 (addition.name, addition.place) == 0)
        g_assert_true (is_static_function (callback));
      else
        g_assert_cmpstr (lifecycle_record_get_name (record), ==, addition.name);
      g_assert_cmpuint (type, ==, G_TYPE_INVALID);
      break;

    case LIFECYCLE_KIND_TIMER:
    case LIFECYCLE_KIND_DATA:
    case LIFECYCLE_KIND_CLEANUP:
      g_assert_null (lifecycle_record_get_name (record));
      g_assert_cmpuint (type, ==, addition.partner != NULL ? TEST_TYPE_EMITTER : G_TYPE_INVALID);
      g_assert_true (is_static_function (callback));
      break;

    case LIFECYCLE_KIND_SCOPE:
      g_assert_cmpstr (lifecycle_record_get_name (record), ==, addition.name);
      g_assert_null (callback);
      break;

    case LIFECYCLE_KIND_OBJECT:
      g_assert_null (lifecycle_record_get_name (record));
      g_assert_cmpuint (type, ==, TEST_TYPE_EMITTER);
      g_assert_null (callback);
      break;

    case LIFECYCLE_KIND_OPERATION:
      g_assert_cmpstr (lifecycle_record_get_name (record), ==, addition.name);
      g_assert_cmpuint (type, ==, G_TYPE_INVALID);
      break;

    case LIFECYCLE_KIND_BINDING:
      if (addition.name != NULL)
        g_assert_cmpstr (lifecycle_record_get_name (record), ==, addition.name);
      g_assert_cmpuint (type, !=, G_TYPE_INVALID);
      break;

    case LIFECYCLE_KIND_FILE:
      break;

    default:
      if (addition.name != NULL)
        g_assert_cmpstr (lifecycle_record_get_name (record), ==, addition.name);
      g_assert_cmpuint (type, ==, G_OBJECT_TYPE (addition.partner));
    }

  assert_properties (record);
  assert_string (record);

  lifecycle_scope_close (root);
  test_addition_clear (&addition);
  g_assert_cmpint (lifecycle_record_get_kind (record), ==, row->kind);
  assert_properties (record);
  assert_string (record);
  g_assert_finalize_object (record);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);
}

/* What a handler is connected to: the signals of an interface, of a parent class, with details. */
static void
test_signals (void)
{
  static const char *const signals[] = {
    "plain", "detailed", "detailed::a", "detailed::another-one", "beep", "notify", "notify::value",
    "params", "late"
  };
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GListModel *list;
  gulong ids[G_N_ELEMENTS (signals)];

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    ids[i] = lifecycle_scope_connect_full (scope, emitter, signals[i],
                                           G_CALLBACK (test_kinds_exported_cb), NULL, NULL,
                                           1 << (i % 5));
  list = lifecycle_scope_list_records (scope, FALSE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, G_N_ELEMENTS (signals));
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      g_autoptr (LifecycleRecord) record = get_record (list, i);

      g_assert_cmpstr (lifecycle_record_get_signal (record), ==, signals[i]);
      g_assert_cmpuint (lifecycle_record_get_id (record), ==, ids[i]);
      g_assert_cmpuint (lifecycle_record_get_instance_type (record), ==, TEST_TYPE_EMITTER);
    }
  g_object_unref (list);

  /* The type is that of the instance, and not that to which the signal belongs. */
  lifecycle_scope_clear (scope);
  lifecycle_scope_connect_signal (scope, scope, "notify::limit",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  {
    g_autoptr (LifecycleRecord) record = get_only_record (scope);

    g_assert_cmpstr (lifecycle_record_get_signal (record), ==, "notify::limit");
    g_assert_cmpuint (lifecycle_record_get_instance_type (record), ==, LIFECYCLE_TYPE_SCOPE);
  }
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* So many different ones that no small number can stand for them. */
static void
test_many_signals (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  g_autoptr (GListModel) list = NULL;
  guint n = 3000;

  for (guint i = 0; i < n; i++)
    {
      char signal[32];

      g_snprintf (signal, sizeof signal, "detailed::d%u", i % 500);
      lifecycle_scope_connect_signal (scope, emitter, signal, G_CALLBACK (test_never_handler_cb),
                                      NULL);
    }
  list = lifecycle_scope_list_records (scope, FALSE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, n);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (LifecycleRecord) record = get_record (list, i);
      char signal[32];

      g_snprintf (signal, sizeof signal, "detailed::d%u", i % 500);
      g_assert_cmpstr (lifecycle_record_get_signal (record), ==, signal);
    }
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* The same, and which one: two that have no names are as far apart as what is said of them. */
static guint64
check_static_function (LifecycleRecord *record,
                       const char      *name,
                       gpointer         address)
{
  const char *callback = lifecycle_record_get_callback (record);
  guint64 offset;
  char *end;

  if (g_str_equal (callback, name))
    return (guint64) (gsize) address;

  g_assert_true (g_str_has_prefix (callback, "test-records+0x"));
  offset = g_ascii_strtoull (callback + strlen ("test-records+0x"), &end, 16);
  g_assert_cmpstr (end, ==, "");
  return offset;
}

static void
test_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GListModel) list = NULL;
  g_autoptr (LifecycleRecord) one = NULL;
  g_autoptr (LifecycleRecord) other = NULL;
  g_autoptr (LifecycleRecord) exported = NULL;
  g_autoptr (LifecycleRecord) library = NULL;
  int n = 0;

  lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL);
  lifecycle_scope_add_timeout (scope, 1000, test_count_source_cb, &n, NULL);
  lifecycle_scope_connect_full (scope, scope, "closed", G_CALLBACK (test_kinds_exported_cb), NULL,
                                NULL, LIFECYCLE_CONNECT_GUARDED);
  lifecycle_scope_adopt (scope, g_strdup ("data"), g_free);
  list = lifecycle_scope_list_records (scope, FALSE);
  one = get_record (list, 0);
  other = get_record (list, 1);
  g_assert_cmpint ((gint64) (check_static_function (one, "test_never_source_cb",
                                                    (gpointer) test_never_source_cb) -
                             check_static_function (other, "test_count_source_cb",
                                                    (gpointer) test_count_source_cb)), ==,
                   (gint64) ((gintptr) test_never_source_cb - (gintptr) test_count_source_cb));
  exported = get_record (list, 2);
  g_assert_cmpstr (lifecycle_record_get_callback (exported), ==, "test_kinds_exported_cb");
  library = get_record (list, 3);
  g_assert_cmpstr (lifecycle_record_get_callback (library), ==, "g_free");
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static void
test_order (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  static const LifecycleKind kinds[] = {
    LIFECYCLE_KIND_DATA, LIFECYCLE_KIND_HANDLER, LIFECYCLE_KIND_SOURCE, LIFECYCLE_KIND_OBJECT,
    LIFECYCLE_KIND_SCOPE, LIFECYCLE_KIND_CLEANUP, LIFECYCLE_KIND_HANDLER
  };
  g_autoptr (GListModel) list = NULL;
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  /* One that leaves changes nothing about the others, and what the scope follows is no entry. */
  lifecycle_timer_cancel (lifecycle_scope_add_timeout (scope, 100, test_never_source_cb, NULL,
                                                       NULL));
  lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL);
  lifecycle_scope_follow_object (scope, G_OBJECT (emitter));
  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "late", LIFECYCLE_REASON_ABORTED);
  lifecycle_scope_set_deadline (scope, 1000000);
  lifecycle_scope_add_object (scope, G_OBJECT (emitter));
  lifecycle_scope_get_child (scope, "child");
  lifecycle_scope_defer (scope, test_count_cleanup, &n, NULL);
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);

  list = lifecycle_scope_list_records (scope, FALSE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, G_N_ELEMENTS (kinds));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (LifecycleRecord) record = get_record (list, i);

      g_assert_cmpint (lifecycle_record_get_kind (record), ==, kinds[i]);
    }
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Says how often a path is there, and where it is for the first time. */
static guint
count_path (GListModel *list,
            const char *path,
            guint      *first)
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (LifecycleRecord) record = get_record (list, i);

      if (g_str_equal (lifecycle_record_get_scope_path (record), path) && n++ == 0
          && first != NULL)
        *first = i;
    }
  return n;
}

static void
test_recursive (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *branch = lifecycle_scope_get_child (root, "branch");
  LifecycleScope *leaf = lifecycle_scope_get_child (branch, "leaf");
  LifecycleScope *top = lifecycle_scope_new ("top");
  LifecycleScope *follower = lifecycle_scope_get_child (top, "follower");
  LifecycleScope *below = lifecycle_scope_get_child (follower, "below");
  LifecycleScope *scopes[] = { root, branch, leaf, top, follower, below };
  static const char *const paths[] = {
    "root", "root/branch", "root/branch/leaf", "top/follower", "top/follower/below"
  };
  guint first[G_N_ELEMENTS (paths)];
  GListModel *list;
  int n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    for (guint j = 0; j <= i; j++)
      lifecycle_scope_adopt (scopes[i], &n, test_count_notify);
  lifecycle_scope_follow (follower, leaf);
  lifecycle_scope_follow (follower, branch);
  lifecycle_scope_follow (leaf, below);

  list = lifecycle_scope_list_records (root, TRUE);
  g_assert_cmpuint (count_path (list, "root", &first[0]), ==, 1 + 1);
  g_assert_cmpuint (count_path (list, "root/branch", &first[1]), ==, 2 + 1);
  g_assert_cmpuint (count_path (list, "root/branch/leaf", &first[2]), ==, 3);
  g_assert_cmpuint (count_path (list, "top", NULL), ==, 0);
  g_assert_cmpuint (count_path (list, "top/follower", &first[3]), ==, 5 + 1);
  g_assert_cmpuint (count_path (list, "top/follower/below", &first[4]), ==, 6);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 2 + 3 + 3 + 6 + 6);
  /* The scope's own first, and everybody after those above. */
  g_assert_cmpuint (first[0], ==, 0);
  g_assert_cmpuint (first[1], ==, 2);
  g_assert_cmpuint (first[2], >, first[1]);
  g_assert_cmpuint (first[4], >, first[3]);
  g_object_unref (list);

  list = lifecycle_scope_list_records (follower, TRUE);
  /* The leaf follows what is below it. */
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 6 + 6 + 3);
  g_object_unref (list);
  list = lifecycle_scope_list_records (root, FALSE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 2);
  g_object_unref (list);

  /* All there is in the process. */
  list = lifecycle_list_records ();
  {
    g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();

    g_assert_cmpuint (g_list_model_get_n_items (list), ==,
                      lifecycle_statistics_get_total_live (statistics));
  }
  g_assert_cmpuint (count_path (list, "top", NULL), ==, 4 + 1);
  g_assert_cmpuint (count_path (list, "root/branch/leaf", NULL), ==, 3);
  g_object_unref (list);

  lifecycle_scope_close (root);
  list = lifecycle_scope_list_records (root, TRUE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 0);
  g_object_unref (list);
  lifecycle_scope_close (top);
  g_assert_finalize_object (root);
  g_assert_finalize_object (top);
  list = lifecycle_list_records ();
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 0);
  g_object_unref (list);
}

static void
test_paths (void)
{
  LifecycleScope *root = lifecycle_scope_new (NULL);
  LifecycleScope *child = lifecycle_scope_new_child (root, NULL);
  LifecycleScope *leaf = lifecycle_scope_new_child (child, "leaf");
  g_autoptr (GListModel) list = NULL;
  int n = 0;

  lifecycle_scope_adopt (leaf, &n, test_count_notify);
  list = lifecycle_scope_list_records (root, TRUE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (LifecycleRecord) record = get_record (list, i);
      LifecycleScope *scopes[] = { root, child, leaf };
      g_autofree char *path = lifecycle_scope_get_path (scopes[i]);

      g_assert_cmpstr (lifecycle_record_get_scope_path (record), ==, path);
    }
  {
    g_autoptr (LifecycleRecord) record = get_only_record (root);

    g_assert_null (lifecycle_record_get_name (record));
  }
  lifecycle_scope_close (root);
  g_assert_finalize_object (leaf);
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

static void
test_list_model (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GListModel *list, *empty;
  LifecycleRecord *record, *again, *kept;
  int n = 0;

  empty = lifecycle_scope_list_records (scope, TRUE);
  for (guint i = 0; i < 10; i++)
    lifecycle_scope_adopt (scope, &n, test_count_notify);
  list = lifecycle_scope_list_records (scope, FALSE);

  g_assert_true (G_IS_LIST_MODEL (list));
  g_assert_cmpuint (g_list_model_get_item_type (list), ==, LIFECYCLE_TYPE_RECORD);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 10);
  g_assert_null (g_list_model_get_item (list, 10));
  g_assert_null (g_list_model_get_item (list, 11));
  g_assert_null (g_list_model_get_item (list, G_MAXUINT));
  g_assert_null (g_list_model_get_object (list, 10));

  record = g_list_model_get_item (list, 3);
  again = g_list_model_get_item (list, 3);
  g_assert_true (record == again);
  g_object_unref (again);
  again = g_list_model_get_item (list, 4);
  g_assert_true (record != again);
  g_object_unref (again);
  kept = g_object_ref (record);
  g_object_unref (record);

  /* It does not change. */
  g_signal_connect (list, "items-changed", G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_close (scope);
  test_drain ();
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 10);

  g_assert_cmpuint (g_list_model_get_n_items (empty), ==, 0);
  g_assert_null (g_list_model_get_item (empty, 0));
  g_assert_cmpuint (g_list_model_get_item_type (empty), ==, LIFECYCLE_TYPE_RECORD);
  g_assert_finalize_object (empty);

  /* A record outlives the list and the scope. */
  g_assert_finalize_object (scope);
  g_assert_finalize_object (list);
  g_assert_cmpstr (lifecycle_record_get_scope_path (kept), ==, "scope");
  g_assert_cmpint (lifecycle_record_get_kind (kept), ==, LIFECYCLE_KIND_DATA);
  assert_properties (kept);
  g_assert_finalize_object (kept);
}

/* Nothing lives on because somebody has a list. */
static void
test_keeps_nothing_alive (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_new_child (root, "scope");
  TestEmitter *emitter = test_emitter_new ();
  TestEmitter *object = test_emitter_new ();
  GSource *source = g_idle_source_new ();
  LifecycleOperation *operation;
  GListModel *list;
  int n = 0, destroyed = 0;

  lifecycle_scope_connect_signal (scope, emitter, "notify::value",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_add_object (scope, G_OBJECT (object));
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_source_set_callback (source, test_never_source_cb, &destroyed, test_count_notify);
  g_source_set_name (source, "a source");
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);
  operation = lifecycle_scope_begin (scope, "operation");

  list = lifecycle_scope_list_records (root, TRUE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 6);
  g_object_unref (g_list_model_get_item (list, 5));

  g_assert_finalize_object (emitter);
  lifecycle_scope_steal_object (scope, G_OBJECT (object));
  g_assert_finalize_object (object);
  lifecycle_scope_close (root);
  lifecycle_operation_end (operation);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);

  for (guint i = 0; i < 6; i++)
    {
      g_autoptr (LifecycleRecord) record = get_record (list, i);

      g_assert_cmpstr (lifecycle_record_get_scope_path (record), ==, i == 0 ? "root" : "root/scope");
      assert_properties (record);
      assert_string (record);
      if (lifecycle_record_get_kind (record) == LIFECYCLE_KIND_HANDLER)
        {
          g_assert_cmpstr (lifecycle_record_get_signal (record), ==, "notify::value");
          g_assert_cmpuint (lifecycle_record_get_instance_type (record), ==, TEST_TYPE_EMITTER);
        }
      if (lifecycle_record_get_kind (record) == LIFECYCLE_KIND_SOURCE)
        g_assert_cmpstr (lifecycle_record_get_name (record), ==, "a source");
    }
  g_assert_finalize_object (list);
}

/* GLib tells nobody when a handler is disconnected that was connected elsewhere. */
static void
test_valid (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  g_autoptr (GListModel) before = NULL;
  g_autoptr (GListModel) list = NULL;
  gulong ids[3];

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      ids[i] = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
      g_assert_true (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), ids[i]));
    }
  before = lifecycle_scope_list_records (scope, FALSE);
  g_signal_handler_disconnect (emitter, ids[1]);
  list = lifecycle_scope_list_records (scope, FALSE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autoptr (LifecycleRecord) record = get_record (list, i);
      g_autoptr (LifecycleRecord) then = get_record (before, i);

      g_assert_cmpuint (lifecycle_record_get_id (record), ==, ids[i]);
      g_assert_cmpint (lifecycle_record_is_valid (record), ==, i != 1);
      /* What was asked before knows nothing of it. */
      g_assert_true (lifecycle_record_is_valid (then));
      assert_properties (record);
    }
  g_assert_cmpuint (lifecycle_scope_close (scope), >=, 2);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_age (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GListModel) list = NULL;
  g_autoptr (LifecycleRecord) old = NULL;
  g_autoptr (LifecycleRecord) new = NULL;
  gint64 first, second, last;
  int n = 0;

  first = g_get_monotonic_time ();
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_usleep (350 * 1000);
  second = g_get_monotonic_time ();
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  list = lifecycle_scope_list_records (scope, FALSE);
  last = g_get_monotonic_time ();
  /* It is the age of then. */
  g_usleep (150 * 1000);

  /* To a tenth of a second. */
  old = get_record (list, 0);
  g_assert_cmpint (lifecycle_record_get_age (old), >=, (second - first) / 1000 - 100);
  g_assert_cmpint (lifecycle_record_get_age (old), <=, (last - first) / 1000 + 100);
  new = get_record (list, 1);
  g_assert_cmpint (lifecycle_record_get_age (new), >=, 0);
  g_assert_cmpint (lifecycle_record_get_age (new), <=, (last - second) / 1000 + 100);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

/* In the course of a close: nothing that is listed has gone already. */
static void
list_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          data,
              GError          **error)
{
  g_autoptr (GListModel) list = lifecycle_scope_list_records (scope, TRUE);
  g_autoptr (GListModel) all = lifecycle_list_records ();

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (LifecycleRecord) record = get_record (list, i);

      assert_properties (record);
    }
  g_assert_cmpuint (g_list_model_get_n_items (all), >=, g_list_model_get_n_items (list));
  g_assert_cmpuint (g_list_model_get_n_items (list), <=, lifecycle_scope_get_n_entries (scope));
  test_log (reason == lifecycle_scope_get_reason (scope) ? "listed" : "?");
}

static void
list_cb (LifecycleScope  *scope,
         LifecycleReason  reason,
         gpointer         data)
{
  list_cleanup (scope, reason, NULL, NULL);
}

static void
test_while_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  g_signal_connect (scope, "closing", G_CALLBACK (list_cb), NULL);
  g_signal_connect (scope, "closed", G_CALLBACK (list_cb), NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_defer (scope, list_cleanup, NULL, NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_close (scope);
  test_assert_log ("listed listed listed");
  g_assert_finalize_object (scope);
}

/* Lists that are made while the home thread is at work. */

typedef struct
{
  LifecycleScope *root;
  TestEmitter    *emitter;
  int             stop;
  int             n_freed;
} Busy;

static void
busy_start_cb (gpointer data)
{
  Busy *busy = data;

  busy->root = lifecycle_scope_new ("root");
}

static void
busy_work_cb (gpointer data)
{
  Busy *busy = data;
  guint round = 0;

  while (!g_atomic_int_get (&busy->stop))
    {
      LifecycleScope *child = lifecycle_scope_new_child (busy->root, round % 2 ? "odd" : "even");
      LifecycleScope *leaf = lifecycle_scope_get_child (child, "leaf");

      lifecycle_scope_connect_signal (leaf, busy->emitter, "detailed::x",
                                      G_CALLBACK (test_never_handler_cb), NULL);
      lifecycle_scope_add_timeout (child, 100000, test_never_source_cb, NULL, NULL);
      lifecycle_scope_adopt (leaf, &busy->n_freed, test_count_notify);
      if (round % 3 == 0)
        lifecycle_scope_close (leaf);
      if (round % 7 == 0)
        g_object_unref (lifecycle_scope_move (child));
      if (round++ % 50 == 49)
        lifecycle_scope_clear (busy->root);
      g_object_unref (child);
    }
  lifecycle_scope_close (busy->root);
}

static gpointer
busy_thread (gpointer data)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  busy_start_cb (data);
  busy_work_cb (data);
  g_clear_object (&((Busy *) data)->root);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

static void
test_other_thread (void)
{
  Busy busy = { .emitter = test_emitter_new () };
  gint64 deadline = g_get_monotonic_time ()
                    + G_USEC_PER_SEC / (g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 4 : 1);
  GThread *thread = g_thread_new ("busy", busy_thread, &busy);
  guint n_seen = 0, n_handlers = 0;

  while (g_get_monotonic_time () < deadline || n_handlers == 0)
    {
      g_autoptr (GListModel) list = lifecycle_list_records ();
      g_autoptr (GListModel) scopes = lifecycle_list_scopes ();

      for (guint i = 0; i < g_list_model_get_n_items (scopes); i++)
        {
          g_autoptr (LifecycleScope) scope = g_list_model_get_item (scopes, i);

          /* Its home may have closed it meanwhile. */
          g_assert_true (LIFECYCLE_IS_SCOPE (scope));
        }
      for (guint i = 0; i < g_list_model_get_n_items (list); i++)
        {
          g_autoptr (LifecycleRecord) record = get_record (list, i);
          const char *path = lifecycle_record_get_scope_path (record);

          n_seen++;
          g_assert_true (g_str_has_prefix (path, "root") || g_str_has_prefix (path, "odd")
                         || g_str_has_prefix (path, "even"));
          g_assert_cmpint (lifecycle_record_get_age (record), <=, 100000);
          switch ((int) lifecycle_record_get_kind (record))
            {
            case LIFECYCLE_KIND_HANDLER:
              n_handlers++;
              g_assert_cmpstr (lifecycle_record_get_signal (record), ==, "detailed::x");
              g_assert_cmpuint (lifecycle_record_get_instance_type (record), ==,
                                TEST_TYPE_EMITTER);
              g_assert_true (g_str_has_suffix (path, "/leaf"));
              break;
            case LIFECYCLE_KIND_TIMER:
              g_assert_false (g_str_has_suffix (path, "/leaf"));
              break;
            case LIFECYCLE_KIND_SCOPE:
              g_assert_nonnull (lifecycle_record_get_name (record));
              break;
            default:
              g_assert_cmpint (lifecycle_record_get_kind (record), ==, LIFECYCLE_KIND_DATA);
            }
          assert_properties (record);
        }
    }
  g_atomic_int_set (&busy.stop, TRUE);
  g_thread_join (thread);
  g_test_message ("%u records, %u of handlers", n_seen, n_handlers);
  g_assert_finalize_object (busy.emitter);
}

static void
test_long_list (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  guint n = test_amount (100000);
  gulong *ids = g_new (gulong, n);
  GListModel *list;

  for (guint i = 0; i < n; i++)
    ids[i] = lifecycle_scope_connect_signal (scope, emitter, i % 2 ? "plain" : "late",
                                             G_CALLBACK (test_never_handler_cb), NULL);
  list = lifecycle_scope_list_records (scope, TRUE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, n);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (LifecycleRecord) record = get_record (list, i);

      g_assert_cmpuint (lifecycle_record_get_id (record), ==, ids[i]);
      g_assert_cmpstr (lifecycle_record_get_signal (record), ==, i % 2 ? "plain" : "late");
    }
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (list);
  g_free (ids);
}

/* Scopes. */

static int
find_scope (GListModel     *list,
            LifecycleScope *scope)
{
  int found = -1;

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (LifecycleScope) item = g_list_model_get_item (list, i);

      if (item == scope)
        {
          g_assert_cmpint (found, ==, -1);
          found = (int) i;
        }
    }
  return found;
}

/* Whether the scope is there, in a list that is as it should be. */
static gboolean
is_listed (LifecycleScope *scope)
{
  g_autoptr (GListModel) list = lifecycle_list_scopes ();

  g_assert_cmpuint (g_list_model_get_item_type (list), ==, LIFECYCLE_TYPE_SCOPE);
  g_assert_null (g_list_model_get_item (list, g_list_model_get_n_items (list)));
  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (LifecycleScope) item = g_list_model_get_item (list, i);
      LifecycleScope *parent = lifecycle_scope_get_parent (item);

      g_assert_true (LIFECYCLE_IS_SCOPE (item));
      g_assert_false (lifecycle_scope_is_closed (item));
      if (parent != NULL)
        {
          g_assert_cmpint (find_scope (list, parent), >=, 0);
          g_assert_cmpint (find_scope (list, parent), <, (int) i);
        }
    }
  return find_scope (list, scope) >= 0;
}

static guint
count_scopes (void)
{
  g_autoptr (GListModel) list = lifecycle_list_scopes ();
  g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();

  g_assert_cmpuint (g_list_model_get_n_items (list), ==,
                    lifecycle_statistics_get_n_scopes (statistics));
  return g_list_model_get_n_items (list);
}

static void
test_list_scopes (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *scopes[] = {
    lifecycle_scope_new ("new"),
    g_object_new (LIFECYCLE_TYPE_SCOPE, NULL),
    g_object_new (LIFECYCLE_TYPE_SCOPE, "name", "built", NULL),
    g_object_ref (lifecycle_scope_of (G_OBJECT (object))),
    NULL, NULL, NULL, NULL, NULL,
  };
  guint before = count_scopes ();
  LifecycleScope *moved, *born_closed;

  g_assert_cmpuint (before, ==, 4);
  scopes[4] = lifecycle_scope_new_child (scopes[0], "child");
  scopes[5] = g_object_new (LIFECYCLE_TYPE_SCOPE, "parent", scopes[4], NULL);
  scopes[6] = g_object_ref (lifecycle_scope_get_child (scopes[5], "deep"));
  scopes[7] = g_object_ref (lifecycle_scope_get_child_for (scopes[1], G_OBJECT (object)));
  scopes[8] = g_object_ref (lifecycle_scope_renew_child (scopes[5], "deep"));
  g_assert_false (is_listed (scopes[6]));
  g_assert_cmpuint (count_scopes (), ==, 8);
  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    g_assert_cmpint (is_listed (scopes[i]), ==, i != 6);

  /* A child that is moved is a root afterwards, and what is below it goes along. */
  moved = lifecycle_scope_move (scopes[4]);
  g_assert_true (is_listed (moved));
  g_assert_false (is_listed (scopes[4]));
  g_assert_true (is_listed (scopes[5]));
  g_assert_true (is_listed (scopes[8]));
  g_assert_cmpuint (count_scopes (), ==, 8);

  born_closed = lifecycle_scope_new_child (scopes[4], "late");
  g_assert_false (is_listed (born_closed));
  g_assert_cmpuint (count_scopes (), ==, 8);
  g_object_unref (born_closed);

  lifecycle_scope_close (moved);
  g_assert_finalize_object (moved);
  g_assert_false (is_listed (scopes[5]));
  g_assert_false (is_listed (scopes[8]));
  g_assert_cmpuint (count_scopes (), ==, 5);
  g_assert_finalize_object (object);
  g_assert_false (is_listed (scopes[3]));
  g_assert_false (is_listed (scopes[7]));
  g_assert_true (is_listed (scopes[0]));
  g_assert_cmpuint (count_scopes (), ==, 3);

  for (guint i = G_N_ELEMENTS (scopes); i-- > 0;)
    g_assert_finalize_object (scopes[i]);
  g_assert_cmpuint (count_scopes (), ==, 0);
}

/* The list has references: nobody is dropped while it is there. */
static void
test_list_scopes_holds (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GListModel) list = lifecycle_list_scopes ();
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_object_unref (scope);
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_clear_object (&list);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (count_scopes (), ==, 0);
}

static void
list_scopes_cleanup (LifecycleScope   *scope,
                     LifecycleReason   reason,
                     gpointer          other,
                     GError          **error)
{
  test_log ("%d%d", is_listed (scope), is_listed (other));
}

static void
list_scopes_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         other)
{
  list_scopes_cleanup (scope, reason, other, NULL);
}

/* Those that are closing are listed, those that have closed are not. */
static void
test_list_scopes_closing (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = NULL;

  lifecycle_scope_defer (root, list_scopes_cleanup, root, NULL);
  child = lifecycle_scope_new_child (root, "child");
  lifecycle_scope_defer (root, list_scopes_cleanup, child, NULL);
  lifecycle_scope_defer (child, list_scopes_cleanup, root, NULL);
  g_signal_connect (child, "closing", G_CALLBACK (list_scopes_cb), root);
  g_signal_connect (child, "closed", G_CALLBACK (list_scopes_cb), root);
  g_signal_connect (root, "closed", G_CALLBACK (list_scopes_cb), child);
  lifecycle_scope_close (root);
  /* closing; the root's last; the child's, and its end; the root's first, and its end */
  test_assert_log ("11 11 11 01 11 00");
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

/* Handed over, and left alone by its parent. */

typedef struct
{
  LifecycleScope *parent;
  LifecycleScope *scope;
  GMutex          mutex;
  int             waits;
} Stuck;

static void
stuck_add_cb (gpointer data)
{
  Stuck *stuck = data;

  stuck->scope = lifecycle_scope_new_child (stuck->parent, "stuck");
  lifecycle_scope_adopt (lifecycle_scope_get_child (stuck->scope, "below"), stuck, test_nothing);
}

static gboolean
stuck_wait_cb (gpointer data)
{
  Stuck *stuck = data;

  g_atomic_int_set (&stuck->waits, TRUE);
  g_mutex_lock (&stuck->mutex);
  g_mutex_unlock (&stuck->mutex);
  return G_SOURCE_REMOVE;
}

static void
test_list_scopes_handed_over (void)
{
  TestWorker *worker = test_worker_new ();
  Stuck stuck = { .parent = lifecycle_scope_new ("parent") };

  g_mutex_init (&stuck.mutex);
  test_worker_call (worker, stuck_add_cb, &stuck);
  g_assert_true (is_listed (stuck.scope));
  g_assert_cmpuint (count_scopes (), ==, 3);

  g_mutex_lock (&stuck.mutex);
  g_main_context_invoke (worker->context, stuck_wait_cb, &stuck);
  test_run_until (test_done_counted, &stuck.waits);
  lifecycle_scope_close (stuck.parent);
  g_assert_cmpint (lifecycle_scope_get_state (stuck.scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_false (is_listed (stuck.parent));
  g_assert_true (is_listed (stuck.scope));
  g_assert_cmpuint (count_scopes (), ==, 2);
  g_mutex_unlock (&stuck.mutex);

  test_run_until (test_done_closed, stuck.scope);
  test_worker_free (worker);
  g_assert_cmpuint (count_scopes (), ==, 0);
  g_mutex_clear (&stuck.mutex);
  g_assert_finalize_object (stuck.scope);
  g_assert_finalize_object (stuck.parent);
}

/* A chain, so deep that it would be felt for minutes if something were done for each scope on the way
 * from there to the root. */
static void
test_deep (void)
{
  guint depth = test_amount (100000);
  LifecycleScope *root = lifecycle_scope_new ("0");
  LifecycleScope *scope = root;
  GString *path = g_string_new ("0");
  GListModel *list;
  int n = 0;

  for (guint i = 1; i < depth; i++)
    {
      char name[16];

      g_snprintf (name, sizeof name, "%u", i);
      scope = lifecycle_scope_get_child (scope, name);
      g_string_append_printf (path, "/%u", i);
    }
  lifecycle_scope_adopt (scope, &n, test_count_notify);

  list = lifecycle_list_scopes ();
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, depth);
  g_object_unref (list);
  list = lifecycle_list_records ();
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, depth);
  g_object_unref (list);
  list = lifecycle_scope_list_records (root, TRUE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, depth);

  {
    g_autoptr (LifecycleRecord) first = get_record (list, 0);
    g_autoptr (LifecycleRecord) second = get_record (list, 1);
    g_autoptr (LifecycleRecord) last = get_record (list, depth - 1);

    g_assert_cmpstr (lifecycle_record_get_scope_path (first), ==, "0");
    g_assert_cmpstr (lifecycle_record_get_name (first), ==, "1");
    g_assert_cmpstr (lifecycle_record_get_scope_path (second), ==, "0/1");
    g_assert_cmpint (lifecycle_record_get_kind (last), ==, LIFECYCLE_KIND_DATA);
    g_assert_cmpstr (lifecycle_record_get_scope_path (last), ==, path->str);
  }
  g_object_unref (list);
  g_string_free (path, TRUE);
  lifecycle_scope_close (root);
  g_assert_finalize_object (root);
}

static void
test_bad_input (void)
{
  test_expect_critical ("*assertion*failed*");
  g_assert_null (lifecycle_scope_list_records (NULL, FALSE));
  g_test_assert_expected_messages ();

#define EXPECT(call) \
  G_STMT_START \
    { \
      test_expect_critical ("*assertion*failed*"); \
      call; \
      g_test_assert_expected_messages (); \
    } \
  G_STMT_END
  EXPECT (lifecycle_record_get_kind (NULL));
  EXPECT (g_assert_null (lifecycle_record_get_name (NULL)));
  EXPECT (g_assert_null (lifecycle_record_get_place (NULL)));
  EXPECT (g_assert_null (lifecycle_record_get_scope_path (NULL)));
  EXPECT (g_assert_cmpuint (lifecycle_record_get_instance_type (NULL), ==, G_TYPE_INVALID));
  EXPECT (g_assert_null (lifecycle_record_get_signal (NULL)));
  EXPECT (g_assert_cmpuint (lifecycle_record_get_id (NULL), ==, 0));
  EXPECT (g_assert_cmpint (lifecycle_record_get_age (NULL), ==, 0));
  EXPECT (g_assert_false (lifecycle_record_is_valid (NULL)));
  EXPECT (g_assert_null (lifecycle_record_get_callback (NULL)));
  EXPECT (g_assert_null (lifecycle_record_to_string (NULL)));
#undef EXPECT
}

/* Anybody can make one of these, as of any object, and ask it. */
static void
test_empty_record (void)
{
  LifecycleRecord *record = g_object_new (LIFECYCLE_TYPE_RECORD, NULL);
  g_autofree char *string = lifecycle_record_to_string (record);

  g_assert_nonnull (string);
  g_assert_null (lifecycle_record_get_name (record));
  assert_properties (record);
  g_assert_finalize_object (record);
}

int
main (int   argc,
      char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);
  test_bus_up ();
  schema = test_schema_load ();

  for (guint i = 0; i < G_N_ELEMENTS (test_add_funcs); i++)
    {
      const TestAddFunc *row = &test_add_funcs[i];
      g_autofree char *path = g_strdup_printf ("/lifecycle/records/%s", row->path);

      if (i == 0 || test_add_funcs[i - 1].add != row->add)
        g_test_add_data_func (path, row, test_kind);
    }

  g_test_add_func ("/lifecycle/records/signals", test_signals);
  g_test_add_func ("/lifecycle/records/many-signals", test_many_signals);
  g_test_add_func ("/lifecycle/records/callback", test_callback);
  g_test_add_func ("/lifecycle/records/order", test_order);
  g_test_add_func ("/lifecycle/records/recursive", test_recursive);
  g_test_add_func ("/lifecycle/records/paths", test_paths);
  g_test_add_func ("/lifecycle/records/list-model", test_list_model);
  g_test_add_func ("/lifecycle/records/keeps-nothing-alive", test_keeps_nothing_alive);
  g_test_add_func ("/lifecycle/records/valid", test_valid);
  g_test_add_func ("/lifecycle/records/age", test_age);
  g_test_add_func ("/lifecycle/records/while-closing", test_while_closing);
  g_test_add_func ("/lifecycle/records/other-thread", test_other_thread);
  g_test_add_func ("/lifecycle/records/long-list", test_long_list);
  g_test_add_func ("/lifecycle/records/list-scopes", test_list_scopes);
  g_test_add_func ("/lifecycle/records/list-scopes-holds", test_list_scopes_holds);
  g_test_add_func ("/lifecycle/records/list-scopes-closing", test_list_scopes_closing);
  g_test_add_func ("/lifecycle/records/list-scopes-handed-over", test_list_scopes_handed_over);
  g_test_add_func ("/lifecycle/records/deep", test_deep);
  g_test_add_func ("/lifecycle/records/bad-input", test_bad_input);
  g_test_add_func ("/lifecycle/records/empty-record", test_empty_record);

  result = g_test_run ();

  test_bus_down ();
  g_clear_pointer (&schema, g_settings_schema_unref);

  return result;
}
