/* test-gio-remote-files.c: temporary files that have no local path
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "../test-util.h"

/* A tree of files in memory. A node that is a directory has children; a locked one cannot be deleted. */
typedef struct _Node Node;

struct _Node
{
  Node      *parent;
  char      *name;
  GPtrArray *children;          /* of Node, or NULL for a file */
  gboolean   locked;
};

static guint n_nodes;
static guint n_enumerators;     /* that are open */
static guint most_enumerators;

static void
node_free (gpointer data)
{
  Node *self = data;

  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_free (self->name);
  g_free (self);
  n_nodes--;
}

static Node *
node_new (Node       *parent,
          const char *name,
          gboolean    is_directory)
{
  Node *self = g_new0 (Node, 1);

  n_nodes++;
  self->parent = parent;
  self->name = g_strdup (name);
  if (is_directory)
    self->children = g_ptr_array_new_with_free_func (node_free);
  if (parent != NULL)
    g_ptr_array_add (parent->children, self);

  return self;
}

/* A file is a node; only what a removal needs is there. */
#define TEST_TYPE_FILE (test_file_get_type ())
G_DECLARE_FINAL_TYPE (TestFile, test_file, TEST, FILE, GObject)

struct _TestFile
{
  GObject  parent_instance;
  Node    *node;
};

static void test_file_init_iface (GFileIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestFile, test_file, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_FILE, test_file_init_iface))

static GFile *
test_file_new (Node *node)
{
  TestFile *self = g_object_new (TEST_TYPE_FILE, NULL);

  self->node = node;

  return G_FILE (self);
}

#define TEST_TYPE_ENUMERATOR (test_enumerator_get_type ())
G_DECLARE_FINAL_TYPE (TestEnumerator, test_enumerator, TEST, ENUMERATOR, GFileEnumerator)

struct _TestEnumerator
{
  GFileEnumerator  parent_instance;
  Node            *node;
  guint            next;
};

G_DEFINE_FINAL_TYPE (TestEnumerator, test_enumerator, G_TYPE_FILE_ENUMERATOR)

static GFileInfo *
test_enumerator_next_file (GFileEnumerator  *enumerator,
                           GCancellable     *cancellable,
                           GError          **error)
{
  TestEnumerator *self = TEST_ENUMERATOR (enumerator);
  GFileInfo *info;
  Node *child;

  if (self->next == self->node->children->len)
    return NULL;

  child = g_ptr_array_index (self->node->children, self->next++);
  info = g_file_info_new ();
  g_file_info_set_name (info, child->name);

  return info;
}

static gboolean
test_enumerator_close (GFileEnumerator  *enumerator,
                       GCancellable     *cancellable,
                       GError          **error)
{
  return TRUE;
}

static void
test_enumerator_finalize (GObject *object)
{
  n_enumerators--;

  G_OBJECT_CLASS (test_enumerator_parent_class)->finalize (object);
}

static void
test_enumerator_class_init (TestEnumeratorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_enumerator_finalize;
  G_FILE_ENUMERATOR_CLASS (klass)->next_file = test_enumerator_next_file;
  G_FILE_ENUMERATOR_CLASS (klass)->close_fn = test_enumerator_close;
}

static void
test_enumerator_init (TestEnumerator *self)
{
}

static GFile *
test_file_dup (GFile *file)
{
  return test_file_new (TEST_FILE (file)->node);
}

static char *
test_file_get_path (GFile *file)
{
  return NULL;
}

static char *
test_file_get_uri (GFile *file)
{
  return g_strdup_printf ("test:%s", TEST_FILE (file)->node->name);
}

static GFile *
test_file_get_child (GFile      *file,
                     const char *name)
{
  Node *node = TEST_FILE (file)->node;

  for (guint i = 0; i < node->children->len; i++)
    {
      Node *child = g_ptr_array_index (node->children, i);

      if (g_str_equal (child->name, name))
        return test_file_new (child);
    }

  g_assert_not_reached ();
}

static GFileEnumerator *
test_file_enumerate_children (GFile                *file,
                              const char           *attributes,
                              GFileQueryInfoFlags   flags,
                              GCancellable         *cancellable,
                              GError              **error)
{
  TestEnumerator *enumerator = g_object_new (TEST_TYPE_ENUMERATOR, "container", file, NULL);

  enumerator->node = TEST_FILE (file)->node;
  n_enumerators++;
  most_enumerators = MAX (most_enumerators, n_enumerators);

  return G_FILE_ENUMERATOR (enumerator);
}

static gboolean
test_file_delete (GFile         *file,
                  GCancellable  *cancellable,
                  GError       **error)
{
  Node *node = TEST_FILE (file)->node;

  if (node->children != NULL && node->children->len > 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_EMPTY, "Not empty");
      return FALSE;
    }
  if (node->locked)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "%s is locked", node->name);
      return FALSE;
    }

  if (node->parent != NULL)
    g_ptr_array_remove (node->parent->children, node);
  else
    node_free (node);

  return TRUE;
}

static void
test_file_init_iface (GFileIface *iface)
{
  iface->dup = test_file_dup;
  iface->get_path = test_file_get_path;
  iface->get_uri = test_file_get_uri;
  iface->get_parse_name = test_file_get_uri;
  iface->resolve_relative_path = test_file_get_child;
  iface->enumerate_children = test_file_enumerate_children;
  iface->delete_file = test_file_delete;
}

static void
test_file_class_init (TestFileClass *klass)
{
}

static void
test_file_init (TestFile *self)
{
}

static LifecycleScope *
scope_new_for (Node *root)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GFile) file = test_file_new (root);

  g_assert_true (lifecycle_scope_add_temporary_file (scope, file));
  n_enumerators = most_enumerators = 0;

  return scope;
}

/* A tree is removed, whatever its depth, with one directory open at a time and no recursion. */
static void
test_deep (void)
{
  const guint depth = test_amount (100000);
  Node *root = node_new (NULL, "root", TRUE);
  Node *node = root;
  LifecycleScope *scope;

  for (guint i = 0; i < depth; i++)
    {
      node_new (node, "file", FALSE);
      node = node_new (node, "directory", TRUE);
    }

  scope = scope_new_for (root);
  lifecycle_scope_close (scope);
  g_assert_no_error (lifecycle_scope_get_error (scope));
  g_assert_cmpuint (n_nodes, ==, 0);
  g_assert_cmpuint (n_enumerators, ==, 0);
  g_assert_cmpuint (most_enumerators, ==, 1);
  g_assert_finalize_object (scope);
}

/* What cannot be removed stays, with the directories above it, and everything else goes. */
static void
test_locked (void)
{
  Node *root = node_new (NULL, "root", TRUE);
  Node *kept = node_new (root, "kept", TRUE);
  Node *gone = node_new (root, "gone", TRUE);
  LifecycleScope *scope;

  node_new (kept, "a", FALSE);
  node_new (kept, "b", FALSE)->locked = TRUE;
  node_new (kept, "c", FALSE);
  node_new (gone, "d", FALSE);

  scope = scope_new_for (root);
  lifecycle_scope_close (scope);
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpstr (lifecycle_scope_get_error (scope)->message, ==, "b is locked");
  g_assert_cmpuint (n_nodes, ==, 3);
  g_assert_cmpuint (n_enumerators, ==, 0);
  g_assert_finalize_object (scope);
  node_free (root);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/gio-remote-files/deep", test_deep);
  g_test_add_func ("/lifecycle/gio-remote-files/locked", test_locked);

  return g_test_run ();
}
