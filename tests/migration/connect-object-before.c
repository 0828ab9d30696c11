/* connect-object-before.c: a class whose handlers follow it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

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
  g_signal_connect_object (sample_settings (), "items-changed", G_CALLBACK (changed_cb), self, 0);
  g_signal_connect_object (sample_settings (), "items-changed", G_CALLBACK (changed_cb), self,
                           G_CONNECT_AFTER);
  g_signal_connect_object (sample_settings (), "items-changed", G_CALLBACK (swapped_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (sample_settings (), "items-changed", G_CALLBACK (swapped_cb), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
}

int
main (void)
{
  return sample_run (PAGE_TYPE, 8);
}
