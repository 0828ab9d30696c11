/* test-modules.c: what is reported of plug-ins that have been unloaded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define _GNU_SOURCE
#include <dlfcn.h>

#include "plugin.h"
#include "test-util.h"

/* A test of the same name in another process has seen nothing be unloaded yet. */
#define IN_SUBPROCESS(debug)                                                    \
  (g_test_subprocess ()                                                         \
     ? ((void) ((debug) != NULL && g_setenv ("LIFECYCLE_DEBUG", (debug), TRUE)), TRUE) \
     : (g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDOUT),     \
        g_test_trap_assert_passed (), FALSE))

typedef struct
{
  gpointer handle;
  LifecycleOperation *(* add) (LifecycleScope       *scope,
                               GObject              *emitter,
                               LifecycleCleanupFunc  cleanup);
  LifecycleScope *(* new_scope) (void);
  void (* expect_finalize) (LifecycleScope *scope,
                            GObject        *object);
} Plugin;

static Plugin
load (const char *name)
{
  g_autofree char *file = g_strdup_printf ("%s/unit/plugin-%s.so", g_getenv ("G_TEST_BUILDDIR"), name);
  Plugin self = { dlopen (file, RTLD_NOW | RTLD_LOCAL), };

  if (self.handle == NULL)
    g_error ("%s", dlerror ());
  *(void **) &self.add = dlsym (self.handle, "plugin_add");
  *(void **) &self.new_scope = dlsym (self.handle, "plugin_new_scope");
  *(void **) &self.expect_finalize = dlsym (self.handle, "plugin_expect_finalize");
  g_assert_true (self.add != NULL && self.new_scope != NULL && self.expect_finalize != NULL);

  return self;
}

/* Operations that do not end, and are not leaked. */
static GSList *endless;

static void
add (Plugin               *self,
     LifecycleScope       *scope,
     GObject              *emitter,
     LifecycleCleanupFunc  cleanup)
{
  endless = g_slist_prepend (endless, self->add (scope, emitter, cleanup));
}

static void
unload (Plugin *self)
{
  Dl_info info;
  gpointer address = *(void **) &self->add;

  g_assert_cmpint (dlclose (self->handle), ==, 0);
  /* Sanitizers may keep it; then there is nothing to be seen here. */
  if (dladdr (address, &info) != 0)
    g_test_message ("%s has not been unloaded", info.dli_fname);
}

static void
fail_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          data,
              GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
}

/* All records of a scope, as text. */
static char *
list_records (LifecycleScope *scope)
{
  g_autoptr (GListModel) list = lifecycle_scope_list_records (scope, TRUE);
  GString *string = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (LifecycleRecord) record = g_list_model_get_item (list, i);
      g_autofree char *line = lifecycle_record_to_string (record);

      g_string_append_printf (string, "%s\n", line);
      g_test_message ("%s", line);
    }

  return g_string_free (string, FALSE);
}

static guint
count_words (const char *text,
             const char *words)
{
  guint n = 0;

  for (text = strstr (text, words); text != NULL; text = strstr (text + 1, words))
    n++;

  return n;
}

#define assert_count(text, words, n) g_assert_cmpuint (count_words ((text), (words)), ==, (n))

/* A plug-in that has not been seen by anybody is gone without a name, and one that has been is gone by
 * its name. A list that was made before keeps what it said.
 */
static void
test_records (void)
{
  g_autoptr (LifecycleScope) scope = NULL;
  g_autoptr (GObject) emitter = NULL;
  g_autoptr (GListModel) before = NULL;
  g_autoptr (LifecycleRecord) record = NULL;
  g_autofree char *first = NULL, *second = NULL, *third = NULL;
  Plugin plugin;

  if (!IN_SUBPROCESS (NULL))
    return;

  scope = lifecycle_scope_new ("scope");
  emitter = g_object_new (G_TYPE_OBJECT, NULL);
  plugin = load ("first");
  add (&plugin, scope, emitter, fail_cleanup);
  unload (&plugin);

  first = list_records (scope);
  assert_count (first, "\n", 6);
  assert_count (first, "from a module that is gone", 6);
  assert_count (first, "calls a function of a module that is gone", 2);
  assert_count (first, "calls fail_cleanup", 1);
  assert_count (first, "plugin-first", 0);
  lifecycle_scope_clear (scope);
  g_assert_nonnull (lifecycle_scope_get_error (scope));

  /* Times are known to a tenth of a second. */
  g_usleep (250 * 1000);
  plugin = load ("first");
  add (&plugin, scope, emitter, fail_cleanup);
  before = lifecycle_scope_list_records (scope, TRUE);
  unload (&plugin);
  second = list_records (scope);
  assert_count (second, "from a module that is gone (plugin-first.so)", 6);
  record = g_list_model_get_item (before, 0);
  g_assert_nonnull (strstr (lifecycle_record_get_place (record), "plugin-first.c:"));
  lifecycle_scope_clear (scope);

  /* What the program itself has added is known all the time. */
  g_assert_nonnull (lifecycle_scope_get_error (scope));
  lifecycle_scope_adopt (scope, g_malloc (1), g_free);
  third = list_records (scope);
  assert_count (third, "test-modules.c:", 1);
  lifecycle_scope_close (scope);
}

/* What another plug-in, mapped to the same address, has there is never taken for what has been. */
static void
test_replaced (void)
{
  g_autoptr (LifecycleScope) scope = NULL;
  g_autoptr (LifecycleScope) other = NULL;
  g_autoptr (GObject) emitter = NULL;
  g_autofree char *first = NULL, *second = NULL;
  Plugin plugin;

  if (!IN_SUBPROCESS (NULL))
    return;

  scope = lifecycle_scope_new ("scope");
  other = lifecycle_scope_new ("other");
  emitter = g_object_new (G_TYPE_OBJECT, NULL);
  plugin = load ("first");
  add (&plugin, scope, emitter, fail_cleanup);
  unload (&plugin);
  plugin = load ("second");
  first = list_records (scope);
  assert_count (first, "plugin-second", 0);
  assert_count (first, "from a module that is gone", 6);

  g_usleep (250 * 1000);
  add (&plugin, other, emitter, fail_cleanup);
  second = list_records (other);
  assert_count (second, "plugin-second.c:", 6);
  assert_count (second, "'source of plugin-second'", 1);

  lifecycle_scope_close (other);
  lifecycle_scope_close (scope);
  g_assert_nonnull (lifecycle_scope_get_error (scope));
  g_assert_nonnull (lifecycle_scope_get_error (other));
  unload (&plugin);
}

/* A reload at the same address of the same file. */
static void
test_reloaded (void)
{
  g_autoptr (LifecycleScope) scope = NULL;
  g_autoptr (GObject) emitter = NULL;

  if (!IN_SUBPROCESS (NULL))
    return;

  scope = lifecycle_scope_new ("scope");
  emitter = g_object_new (G_TYPE_OBJECT, NULL);
  for (guint i = 0; i < 20; i++)
    {
      Plugin plugin = load (i % 3 == 0 ? "second" : "first");
      g_autofree char *text = NULL;

      add (&plugin, scope, emitter, fail_cleanup);
      text = i % 2 == 0 ? list_records (scope) : NULL;
      unload (&plugin);
      g_free (list_records (scope));
      g_clear_pointer (&text, g_free);
    }
  lifecycle_scope_close (scope);
  g_assert_nonnull (lifecycle_scope_get_error (scope));
}

/* The other reports. */

static void
test_limit (void)
{
  g_autoptr (LifecycleScope) scope = NULL;
  g_autoptr (GObject) emitter = NULL;
  Plugin plugin;

  if (!IN_SUBPROCESS (NULL))
    return;

  test_take_limit_warnings ();
  scope = lifecycle_scope_new ("scope");
  emitter = g_object_new (G_TYPE_OBJECT, NULL);
  plugin = load ("first");
  add (&plugin, scope, emitter, fail_cleanup);
  unload (&plugin);
  lifecycle_scope_set_limit (scope, 2);
  lifecycle_scope_adopt (scope, g_malloc (1), g_free);
  g_assert_cmpuint (test_n_limit_warnings, ==, 1);
  g_assert_nonnull (strstr (test_limit_places, "a module that is gone 2"));
  g_assert_nonnull (strstr (test_limit_places, "test-modules.c:"));
  lifecycle_scope_close (scope);
  g_assert_nonnull (lifecycle_scope_get_error (scope));
}

static void
closed_cb (GObject      *scope,
           GAsyncResult *result,
           gpointer      message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (lifecycle_scope_close_finish (LIFECYCLE_SCOPE (scope), result, &error));
  *(char **) message = g_strdup (error->message);
}

/* The straggler, and the cleanup that fails. */
static void
test_close_async (void)
{
  g_autoptr (LifecycleScope) scope = NULL;
  g_autoptr (GObject) emitter = NULL;
  g_autofree char *message = NULL;
  Plugin plugin;

  if (!IN_SUBPROCESS (NULL))
    return;

  scope = lifecycle_scope_new ("scope");
  emitter = g_object_new (G_TYPE_OBJECT, NULL);
  plugin = load ("first");
  add (&plugin, scope, emitter, fail_cleanup);
  unload (&plugin);
  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 1, NULL, closed_cb, &message);
  while (message == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_test_message ("%s", message);
  assert_count (message, "begun from a module that is gone", 1);
  assert_count (message, "busy", 1);
}

/* What was expected of objects keeps its place, and a scope that was dropped says who made it. */
static void
test_leaks (void)
{
  g_autoptr (LifecycleScope) scope = NULL;
  g_autoptr (GObject) object = NULL;
  g_autofree char *report = NULL;
  LifecycleScope *dropped;
  Plugin plugin;

  if (!IN_SUBPROCESS (NULL))
    return;

  lifecycle_set_leak_grace (0);
  lifecycle_test_begin_full (LIFECYCLE_TEST_DROPPED);
  scope = lifecycle_scope_new ("scope");
  object = g_object_new (G_TYPE_OBJECT, NULL);
  plugin = load ("first");
  plugin.expect_finalize (scope, object);
  dropped = plugin.new_scope ();
  lifecycle_scope_adopt (dropped, g_malloc (1), g_free);
  unload (&plugin);
  g_object_unref (dropped);
  lifecycle_scope_close (scope);
  g_assert_false (lifecycle_test_end_with_report (&report));
  g_test_message ("%s", report);
  assert_count (report, "expected at plugin-first.c:", 1);
  assert_count (report, "made from a module that is gone", 1);
}

/* A scope that has moved is as old as the place where it was made. */
static void
test_moved (void)
{
  g_autoptr (LifecycleScope) scope = NULL;
  g_autoptr (LifecycleScope) moved = NULL;
  g_autofree char *report = NULL;
  Plugin plugin;

  if (!IN_SUBPROCESS (NULL))
    return;

  lifecycle_set_leak_grace (0);
  lifecycle_test_begin ();
  plugin = load ("first");
  scope = plugin.new_scope ();
  unload (&plugin);
  moved = lifecycle_scope_move (scope);
  g_assert_false (lifecycle_test_end_with_report (&report));
  g_test_message ("%s", report);
  assert_count (report, "made from a module that is gone", 1);
  lifecycle_scope_close (moved);
}

/* While somebody debugs, there is no doubt. */
static void
test_exact (void)
{
  if (g_test_subprocess ())
    {
      /* Static, because they are meant to be there at the exit, and not leaked. */
      static LifecycleScope *scope, *other, *made;
      static GObject *emitter;
      g_autofree char *first = NULL, *second = NULL;
      Plugin plugin;

      g_setenv ("LIFECYCLE_DEBUG", "leaks,stacks,trace", TRUE);
      emitter = g_object_new (G_TYPE_OBJECT, NULL);
      scope = lifecycle_scope_new ("scope");
      other = lifecycle_scope_new ("other");
      plugin = load ("first");
      add (&plugin, scope, emitter, fail_cleanup);
      made = plugin.new_scope ();
      lifecycle_scope_adopt (made, g_malloc (1), g_free);
      unload (&plugin);
      plugin = load ("second");
      add (&plugin, other, emitter, fail_cleanup);

      first = list_records (scope);
      assert_count (first, "from a module that is gone (plugin-first.so)", 6);
      assert_count (first, "calls a function of a module that is gone (plugin-first.so)", 2);
      second = list_records (other);
      assert_count (second, "plugin-second.c:", 6);
      assert_count (second, "gone", 0);
      unload (&plugin);
      lifecycle_scope_close (scope);
      g_assert_nonnull (lifecycle_scope_get_error (scope));
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*+ timer 0x* at plugin-first.c:*");
  g_test_trap_assert_stderr ("*- timer 0x* from a module that is gone (plugin-first.so)*");
  g_test_trap_assert_stderr ("*at exit*");
  g_test_trap_assert_stderr ("*x scope other*added from a module that is gone (plugin-second.so)*");
  g_test_trap_assert_stderr ("*x scope from the plug-in*made from a module that is gone (plugin-first.so)*"
                             " a function of a module that is gone (plugin-first.so)*");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/modules/records", test_records);
  g_test_add_func ("/lifecycle/modules/replaced", test_replaced);
  g_test_add_func ("/lifecycle/modules/reloaded", test_reloaded);
  g_test_add_func ("/lifecycle/modules/limit", test_limit);
  g_test_add_func ("/lifecycle/modules/close-async", test_close_async);
  g_test_add_func ("/lifecycle/modules/leaks", test_leaks);
  g_test_add_func ("/lifecycle/modules/moved", test_moved);
  g_test_add_func ("/lifecycle/modules/exact", test_exact);

  return g_test_run ();
}
