/* connect-object-after.c: connect-object-before.c, converted to scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#include <lifecycle.h>

#define PAGE_TYPE (page_get_type ())
G_DECLARE_FINAL_TYPE (Page, page, SAMPLE, PAGE, GObject)

struct _Page
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE (Page, page, G_TYPE_OBJECT)

static void
changed_cb (GListModel *settings,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    user_data)
{
  sample_called (user_data);
}

static void
swapped_cb (Page *self)
{
  sample_called (self);
}

static void
page_class_init (PageClass *klass)
{
}

static void
page_init (Page *self)
{
  lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (self)), sample_settings (),
                                  "items-changed", G_CALLBACK (changed_cb), self);
  lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), sample_settings (),
                                "items-changed", G_CALLBACK (changed_cb), self, NULL,
                                LIFECYCLE_CONNECT_AFTER);
  lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), sample_settings (),
                                "items-changed", G_CALLBACK (swapped_cb), self, NULL,
                                LIFECYCLE_CONNECT_SWAPPED);
  lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), sample_settings (),
                                "items-changed", G_CALLBACK (swapped_cb), self, NULL,
                                LIFECYCLE_CONNECT_AFTER | LIFECYCLE_CONNECT_SWAPPED);
}

int
main (void)
{
  return sample_run (PAGE_TYPE, 8);
}
