/* operations-after.c: operations-before.c, converted to scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#include <lifecycle.h>

#define PANEL_TYPE (panel_get_type ())
G_DECLARE_FINAL_TYPE (Panel, panel, SAMPLE, PANEL, GObject)

struct _Panel
{
  GObject       parent_instance;

  GFile        *file;
};

G_DEFINE_FINAL_TYPE (Panel, panel, G_TYPE_OBJECT)

static void
loaded_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_assert_no_error (error);
  g_assert_nonnull (info);
  sample_called (user_data);
}

/* Some functions take nothing before the cancellable. */
static void
wait_async (GCancellable        *cancellable,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_return_boolean (task, TRUE);
}

static void
waited_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  if (g_task_propagate_boolean (G_TASK (result), NULL))
    sample_called (user_data);
}

static void
panel_wait (Panel *self)
{
  LifecycleOperation *op = lifecycle_scope_begin_async (lifecycle_scope_of (G_OBJECT (self)),
                                                        NULL, waited_cb, self, NULL);

  wait_async (lifecycle_operation_get_cancellable (op), lifecycle_operation_ready, op);
}

static void
panel_load (Panel *self)
{
  g_autoptr (GFile) file = g_object_ref (self->file);
  g_autofree char *name = g_file_get_path (file);

  g_assert_nonnull (name);
  {
    LifecycleOperation *op = lifecycle_scope_begin_async (lifecycle_scope_of (G_OBJECT (self)),
                                                          NULL, loaded_cb, self, NULL);

    g_file_query_info_async (self->file, "standard::*", G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT,
                             lifecycle_operation_get_cancellable (op), lifecycle_operation_ready,
                             op);
  }
}

static void
panel_replace (Panel *self)
{
  LifecycleOperation *op = lifecycle_scope_begin_async (
      lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)),
                                   "operations-after.replaced"),
      NULL, loaded_cb, self, NULL);

  g_file_query_info_async (self->file, "standard::*", G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT,
                           lifecycle_operation_get_cancellable (op), lifecycle_operation_ready,
                           op);
}

static void
panel_dispose (GObject *object)
{
  Panel *self = SAMPLE_PANEL (object);

  g_clear_object (&self->file);

  G_OBJECT_CLASS (panel_parent_class)->dispose (object);
}

static void
panel_class_init (PanelClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = panel_dispose;
}

static void
panel_init (Panel *self)
{
  self->file = g_file_new_for_path ("/");

  panel_load (self);
  panel_replace (self);
  panel_wait (self);
}

int
main (void)
{
  return sample_run (PANEL_TYPE, 3);
}
