/* test-gio-settings.c: settings that are bound to properties
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_SETTINGS_ENABLE_BACKEND

#include "test-gio-util.h"

#include <gio/gsettingsbackend.h>

static GSettingsSchema *schema;

typedef struct
{
  LifecycleScope *scope;
  GSettings      *settings;
  TestEmitter    *object;
} Fixture;

/* With whatever detail. */
static gboolean
has_any_handler (gpointer    instance,
                 const char *signal)
{
  return g_signal_handler_find (instance, G_SIGNAL_MATCH_ID,
                                g_signal_lookup (signal, G_OBJECT_TYPE (instance)), 0, NULL, NULL,
                                NULL) != 0;
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  g_autoptr (GSettingsBackend) backend = g_memory_settings_backend_new ();

  fixture->scope = lifecycle_scope_new ("scope");
  fixture->settings = g_settings_new_full (schema, backend, NULL);
  fixture->object = test_emitter_new ();
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  lifecycle_scope_close (fixture->scope);
  if (fixture->object != NULL)
    {
      g_assert_false (has_any_handler (fixture->object, "notify"));
      g_assert_finalize_object (fixture->object);
    }
  g_assert_false (has_any_handler (fixture->settings, "changed"));
  g_assert_false (has_any_handler (fixture->settings, "writable-changed"));
  g_assert_finalize_object (fixture->settings);
  g_assert_finalize_object (fixture->scope);
}

static gboolean
bind (Fixture    *fixture,
      const char *key)
{
  return lifecycle_scope_bind_setting (fixture->scope, fixture->settings, key,
                                       G_OBJECT (fixture->object), "value",
                                       G_SETTINGS_BIND_DEFAULT);
}

static guint
n_entries (Fixture *fixture)
{
  return lifecycle_scope_get_n_entries (fixture->scope);
}

static void
test_bind (Fixture       *fixture,
           gconstpointer  data)
{
  g_assert_true (bind (fixture, "number"));
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  g_assert_cmpint (fixture->object->value, ==, 1);
  g_settings_set_int (fixture->settings, "number", 5);
  g_assert_cmpint (fixture->object->value, ==, 5);
  g_object_set (fixture->object, "value", 6, NULL);
  g_assert_cmpint (g_settings_get_int (fixture->settings, "number"), ==, 6);

  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  g_settings_set_int (fixture->settings, "number", 7);
  g_assert_cmpint (fixture->object->value, ==, 6);
  g_object_set (fixture->object, "value", 8, NULL);
  g_assert_cmpint (g_settings_get_int (fixture->settings, "number"), ==, 7);

  /* Too late. */
  g_assert_false (bind (fixture, "number"));
  g_assert_cmpint (fixture->object->value, ==, 8);
}

static void
test_flags (Fixture       *fixture,
            gconstpointer  data)
{
  GSettingsBindFlags flags[] = {
    G_SETTINGS_BIND_GET,
    G_SETTINGS_BIND_SET,
    G_SETTINGS_BIND_GET | G_SETTINGS_BIND_SET,
    G_SETTINGS_BIND_GET | G_SETTINGS_BIND_GET_NO_CHANGES,
    G_SETTINGS_BIND_DEFAULT | G_SETTINGS_BIND_NO_SENSITIVITY,
  };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      g_assert_true (lifecycle_scope_bind_setting (fixture->scope, fixture->settings, "number",
                                                   G_OBJECT (fixture->object), "value", flags[i]));
      g_settings_set_int (fixture->settings, "number", (int) i + 10);
      g_object_set (fixture->object, "value", 5, NULL);
      g_assert_cmpuint (lifecycle_scope_clear (fixture->scope), ==, 1);
      g_assert_false (has_any_handler (fixture->object, "notify"));
      g_assert_false (has_any_handler (fixture->settings, "changed"));
    }
}

static void
test_object_dies (Fixture       *fixture,
                  gconstpointer  data)
{
  g_assert_true (bind (fixture, "number"));
  g_assert_finalize_object (g_steal_pointer (&fixture->object));
  g_assert_cmpuint (n_entries (fixture), ==, 0);
  g_settings_set_int (fixture->settings, "number", 5);
}

/* In the dispose of the object. */
static void
test_object_disposes (Fixture       *fixture,
                      gconstpointer  data)
{
  g_assert_true (bind (fixture, "number"));
  fixture->object->on_dispose = (TestHook) (gpointer) lifecycle_scope_close;
  fixture->object->hook_data = fixture->scope;
  g_assert_finalize_object (g_steal_pointer (&fixture->object));
  g_assert_true (lifecycle_scope_is_closed (fixture->scope));
}

/* GIO holds them. */
static void
test_settings_held (Fixture       *fixture,
                    gconstpointer  data)
{
  GSettings *settings = g_object_ref (fixture->settings);

  g_assert_true (bind (fixture, "number"));
  g_object_unref (fixture->settings);
  g_settings_set_int (settings, "number", 5);
  g_assert_cmpint (fixture->object->value, ==, 5);
  g_object_ref (fixture->settings);
  g_object_unref (settings);
}

/* GIO has room for one for each property. */
static void
test_replaced (Fixture       *fixture,
               gconstpointer  data)
{
  LifecycleScope *other = lifecycle_scope_new ("other");

  g_assert_true (bind (fixture, "number"));
  g_assert_true (lifecycle_scope_bind_setting (other, fixture->settings, "other",
                                               G_OBJECT (fixture->object), "value",
                                               G_SETTINGS_BIND_DEFAULT));
  g_assert_cmpint (fixture->object->value, ==, 2);
  g_assert_cmpuint (n_entries (fixture), ==, 0);

  /* The one that came later stays. */
  lifecycle_scope_close (fixture->scope);
  g_settings_set_int (fixture->settings, "other", 5);
  g_assert_cmpint (fixture->object->value, ==, 5);
  lifecycle_scope_close (other);
  g_settings_set_int (fixture->settings, "other", 6);
  g_assert_cmpint (fixture->object->value, ==, 5);
  g_assert_finalize_object (other);
}

static void
test_unbound (Fixture       *fixture,
              gconstpointer  data)
{
  g_assert_true (bind (fixture, "number"));
  g_settings_unbind (fixture->object, "value");
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
}

/* A mapping, and who frees its data. */

static gboolean
double_get (GValue   *value,
            GVariant *variant,
            gpointer  data)
{
  g_value_set_int (value, 2 * g_variant_get_int32 (variant));
  return TRUE;
}

static GVariant *
double_set (const GValue       *value,
            const GVariantType *expected_type,
            gpointer            data)
{
  g_assert_true (g_variant_type_equal (expected_type, G_VARIANT_TYPE_INT32));
  return g_variant_new_int32 (g_value_get_int (value) / 2);
}

static gboolean
bind_mapped (Fixture        *fixture,
             LifecycleScope *scope,
             const char     *word)
{
  return lifecycle_scope_bind_setting_with_mapping (scope, fixture->settings, "number",
                                                    G_OBJECT (fixture->object), "value",
                                                    G_SETTINGS_BIND_DEFAULT, double_get,
                                                    double_set, (gpointer) word, test_log_notify);
}

static void
check_mapped (Fixture *fixture)
{
  g_assert_cmpint (fixture->object->value, ==, 2 * g_settings_get_int (fixture->settings, "number"));
  g_settings_set_int (fixture->settings, "number", 5);
  g_assert_cmpint (fixture->object->value, ==, 10);
  g_object_set (fixture->object, "value", 12, NULL);
  g_assert_cmpint (g_settings_get_int (fixture->settings, "number"), ==, 6);
}

static void
test_mapping (Fixture       *fixture,
              gconstpointer  data)
{
  LifecycleScope *other = lifecycle_scope_new ("other");

  g_assert_true (bind_mapped (fixture, fixture->scope, "a"));
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  check_mapped (fixture);

  /* Another takes its place. */
  g_assert_true (bind_mapped (fixture, other, "b"));
  test_assert_log ("~a");
  g_assert_cmpuint (n_entries (fixture), ==, 0);
  check_mapped (fixture);

  /* Somebody else unbinds. */
  g_settings_unbind (fixture->object, "value");
  test_assert_log ("~b");
  g_assert_cmpuint (lifecycle_scope_close (other), ==, 1);
  g_assert_finalize_object (other);

  g_assert_true (bind_mapped (fixture, fixture->scope, "c"));
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  test_assert_log ("~c");
  g_settings_set_int (fixture->settings, "number", 7);
  g_assert_cmpint (fixture->object->value, ==, 12);

  g_assert_false (bind_mapped (fixture, fixture->scope, "late"));
  test_assert_log ("~late");
}

static void
test_mapping_object_dies (Fixture       *fixture,
                          gconstpointer  data)
{
  g_assert_true (bind_mapped (fixture, fixture->scope, "a"));
  g_assert_finalize_object (g_steal_pointer (&fixture->object));
  test_assert_log ("~a");
  g_assert_cmpuint (n_entries (fixture), ==, 0);
}

static gboolean
closing_get (GValue   *value,
             GVariant *variant,
             gpointer  scope)
{
  lifecycle_scope_close (scope);
  g_value_set_int (value, g_variant_get_int32 (variant));
  return TRUE;
}

static void
log_gone (gpointer data)
{
  test_log ("~");
}

/* The mapping itself closes the scope: with the first value, or later. */
static void
test_mapping_closes (Fixture       *fixture,
                     gconstpointer  data)
{
  gboolean at_once = GPOINTER_TO_INT (data);

  g_assert_true (at_once != lifecycle_scope_bind_setting_with_mapping (fixture->scope, fixture->settings, "number",
                                                                       G_OBJECT (fixture->object), "value",
                                                                       at_once ? G_SETTINGS_BIND_GET
                                                                               : G_SETTINGS_BIND_SET,
                                                                       closing_get, NULL, fixture->scope,
                                                                       log_gone));
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("~");
}

static int
closure_get (GVariant *variant,
             gpointer  word)
{
  return 2 * g_variant_get_int32 (variant);
}

static GVariant *
closure_set (int                 value,
             const GVariantType *expected_type,
             gpointer            word)
{
  g_assert_true (g_variant_type_equal (expected_type, G_VARIANT_TYPE_INT32));
  return value == 99 ? NULL : g_variant_new_int32 (value / 2);
}

static void
test_mapping_closures (Fixture       *fixture,
                       gconstpointer  data)
{
  for (guint i = 0; i < 2; i++)
    {
      gboolean bound;

      bound = lifecycle_scope_bind_setting_with_mapping_closures (fixture->scope, fixture->settings, "number",
                                                                  G_OBJECT (fixture->object), "value",
                                                                  G_SETTINGS_BIND_DEFAULT,
                                                                  g_cclosure_new (G_CALLBACK (closure_get),
                                                                                  (gpointer) "get",
                                                                                  test_log_closure_notify),
                                                                  g_cclosure_new (G_CALLBACK (closure_set),
                                                                                  (gpointer) "set",
                                                                                  test_log_closure_notify));
      g_assert_true (bound == (i == 0));
      if (i == 0)
        {
          check_mapped (fixture);

          /* That value is refused. */
          g_object_set (fixture->object, "value", 99, NULL);
          g_assert_cmpint (g_settings_get_int (fixture->settings, "number"), ==, 6);
          lifecycle_scope_close (fixture->scope);
        }
      test_assert_log ("~get ~set");
    }
}

static void
close_scope_cb (gpointer instance,
                gpointer argument,
                gpointer scope)
{
  test_log ("close");
  lifecycle_scope_close (scope);
}

static void
close_scope_once_cb (gpointer instance,
                     gpointer argument,
                     gpointer scope)
{
  g_signal_handlers_disconnect_by_func (instance, close_scope_once_cb, scope);
  close_scope_cb (instance, argument, scope);
}

/* The scope closes while a value is on its way from the settings, or to them: GIO would abort. */
static void
test_closes (Fixture       *fixture,
             gconstpointer  data)
{
  g_assert_true (bind (fixture, "number"));
  switch (GPOINTER_TO_INT (data))
    {
    case 0:
      g_signal_connect (fixture->object, "notify::value", G_CALLBACK (close_scope_once_cb),
                        fixture->scope);
      g_settings_set_int (fixture->settings, "number", 5);
      g_assert_cmpint (fixture->object->value, ==, 5);
      break;

    case 1:
      g_signal_connect (fixture->settings, "changed::number", G_CALLBACK (close_scope_once_cb),
                        fixture->scope);
      g_object_set (fixture->object, "value", 5, NULL);
      g_assert_cmpint (g_settings_get_int (fixture->settings, "number"), ==, 5);
      break;

    case 2:
      g_signal_connect (fixture->object, "notify::value", G_CALLBACK (close_scope_once_cb),
                        fixture->scope);
      g_object_set (fixture->object, "value", 5, NULL);
      break;

    default:
      g_signal_connect (fixture->settings, "changed::number", G_CALLBACK (close_scope_once_cb),
                        fixture->scope);
      g_settings_set_int (fixture->settings, "number", 5);
      break;
    }
  test_assert_log ("close");
  g_assert_true (lifecycle_scope_is_closed (fixture->scope));

  /* It is unbound now. */
  g_assert_false (has_any_handler (fixture->object, "notify"));
  g_assert_false (has_any_handler (fixture->settings, "changed"));
  g_settings_set_int (fixture->settings, "number", 6);
  g_assert_cmpint (fixture->object->value, ==, 5);
}

/* The first value closes it. */
static void
test_closes_at_once (Fixture       *fixture,
                     gconstpointer  data)
{
  g_signal_connect (fixture->object, "notify::value", G_CALLBACK (close_scope_once_cb),
                    fixture->scope);
  g_assert_false (bind (fixture, "number"));
  test_assert_log ("close");
  g_assert_false (has_any_handler (fixture->object, "notify"));
}

/* An object with the property that GIO binds as well. */

#define SENSITIVE_TYPE_OBJECT (sensitive_object_get_type ())
G_DECLARE_FINAL_TYPE (SensitiveObject, sensitive_object, SENSITIVE, OBJECT, GObject)

struct _SensitiveObject
{
  GObject  parent_instance;
  int      values[2];
  gboolean sensitive;
};

G_DEFINE_FINAL_TYPE (SensitiveObject, sensitive_object, G_TYPE_OBJECT)

static void
sensitive_object_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  SensitiveObject *self = SENSITIVE_OBJECT (object);

  if (prop_id == 3)
    g_value_set_boolean (value, self->sensitive);
  else
    g_value_set_int (value, self->values[prop_id - 1]);
}

static void
sensitive_object_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  SensitiveObject *self = SENSITIVE_OBJECT (object);

  if (prop_id == 3)
    self->sensitive = g_value_get_boolean (value);
  else
    self->values[prop_id - 1] = g_value_get_int (value);
}

static void
sensitive_object_class_init (SensitiveObjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sensitive_object_get_property;
  object_class->set_property = sensitive_object_set_property;
  g_object_class_install_property (object_class, 1,
                                   g_param_spec_int ("one", NULL, NULL, 0, 100, 0,
                                                     G_PARAM_READWRITE));
  g_object_class_install_property (object_class, 2,
                                   g_param_spec_int ("two", NULL, NULL, 0, 100, 0,
                                                     G_PARAM_READWRITE));
  g_object_class_install_property (object_class, 3,
                                   g_param_spec_boolean ("sensitive", NULL, NULL, FALSE,
                                                         G_PARAM_READWRITE));
}

static void
sensitive_object_init (SensitiveObject *self)
{
}

static void
test_sensitive (Fixture       *fixture,
                gconstpointer  data)
{
  SensitiveObject *object = g_object_new (SENSITIVE_TYPE_OBJECT, NULL);
  LifecycleScope *other = lifecycle_scope_new ("other");

  g_assert_true (lifecycle_scope_bind_setting (fixture->scope, fixture->settings, "number",
                                               G_OBJECT (object), "one",
                                               G_SETTINGS_BIND_DEFAULT));
  g_assert_true (object->sensitive);
  g_assert_true (lifecycle_scope_bind_setting (other, fixture->settings, "other",
                                               G_OBJECT (object), "two",
                                               G_SETTINGS_BIND_DEFAULT));

  /* The property follows the later one, and goes on to do so. */
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  lifecycle_scope_close (fixture->scope);
  g_assert_true (has_any_handler (fixture->settings, "writable-changed"));
  lifecycle_scope_close (other);
  g_assert_false (has_any_handler (fixture->settings, "writable-changed"));
  g_assert_finalize_object (object);
  g_assert_finalize_object (other);
}

static void
test_inverted (Fixture       *fixture,
               gconstpointer  data)
{
  SensitiveObject *object = g_object_new (SENSITIVE_TYPE_OBJECT, NULL);

  g_assert_true (lifecycle_scope_bind_setting (fixture->scope, fixture->settings, "enabled",
                                               G_OBJECT (object), "sensitive",
                                               G_SETTINGS_BIND_DEFAULT |
                                               G_SETTINGS_BIND_INVERT_BOOLEAN));
  g_assert_false (object->sensitive);
  g_settings_set_boolean (fixture->settings, "enabled", FALSE);
  g_assert_true (object->sensitive);
  lifecycle_scope_close (fixture->scope);
  g_assert_finalize_object (object);
}

/* The schema is compiled at run time. */
static void
skip (void)
{
  g_test_skip ("glib-compile-schemas is not installed");
}

int
main (int   argc,
      char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);

  schema = test_schema_load ();
  if (schema == NULL)
    {
      g_test_add_func ("/lifecycle/gio-settings", skip);
      return g_test_run ();
    }

#define ADD(path, func, data) \
  g_test_add ("/lifecycle/gio-settings/" path, Fixture, GINT_TO_POINTER (data), \
              set_up, func, tear_down)
  ADD ("bind", test_bind, 0);
  ADD ("flags", test_flags, 0);
  ADD ("object-dies", test_object_dies, 0);
  ADD ("object-disposes", test_object_disposes, 0);
  ADD ("settings-held", test_settings_held, 0);
  ADD ("replaced", test_replaced, 0);
  ADD ("unbound", test_unbound, 0);
  ADD ("mapping", test_mapping, 0);
  ADD ("mapping-object-dies", test_mapping_object_dies, 0);
  ADD ("mapping-closes", test_mapping_closes, FALSE);
  ADD ("mapping-closes-at-once", test_mapping_closes, TRUE);
  ADD ("mapping-closures", test_mapping_closures, 0);
  ADD ("inverted", test_inverted, 0);
  ADD ("closes-from-settings", test_closes, 0);
  ADD ("closes-to-settings", test_closes, 1);
  ADD ("closes-notify", test_closes, 2);
  ADD ("closes-changed", test_closes, 3);
  ADD ("closes-at-once", test_closes_at_once, 0);
  ADD ("sensitive", test_sensitive, 0);
#undef ADD

  result = g_test_run ();
  g_settings_schema_unref (schema);

  return result;
}
