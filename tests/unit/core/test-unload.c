/* test-unload.c: the library stays when what linked it is unloaded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <dlfcn.h>
#include <glib-object.h>

/* This program knows the library only as a file, as the host of a plug-in does. */
static const char *library;

static gboolean
never_cb (gpointer data)
{
  g_assert_not_reached ();
}

/* Leaves something of the library behind in its thread, and unloads it there. */
static gpointer
use_and_unload (gpointer data)
{
  gpointer handle = dlopen (library, RTLD_NOW | RTLD_LOCAL);
  gpointer (*new_scope) (const char *name);
  gpointer (*add_timeout) (gpointer       scope,
                           guint          interval,
                           GSourceFunc    func,
                           gpointer       user_data,
                           GDestroyNotify destroy);
  guint (*close_scope) (gpointer scope);
  gpointer scope;

  if (handle == NULL)
    g_error ("%s", dlerror ());
  *(void **) &new_scope = dlsym (handle, "lifecycle_scope_new");
  *(void **) &add_timeout = dlsym (handle, "lifecycle_scope_add_timeout");
  *(void **) &close_scope = dlsym (handle, "lifecycle_scope_close");

  scope = new_scope ("scope");
  add_timeout (scope, 1000, never_cb, NULL, NULL);
  close_scope (scope);
  g_object_unref (scope);
  g_assert_cmpint (dlclose (handle), ==, 0);

  return NULL;
}

static void
test_thread (void)
{
  for (guint i = 0; i < 3; i++)
    g_thread_join (g_thread_new ("unload", use_and_unload, NULL));

  g_assert_nonnull (dlopen (library, RTLD_NOW | RTLD_NOLOAD));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  library = argv[1];

  g_test_add_func ("/lifecycle/unload/thread", test_thread);

  return g_test_run ();
}
