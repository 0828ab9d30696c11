/* lifecycle-gio-files.c: temporary files and directories
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gio.h"
#include "lifecycle-resource-private.h"

#include <errno.h>

#ifdef G_OS_UNIX
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

typedef struct
{
  LifecycleResource  resource;
  GFile             *file;
} TemporaryFile;

/* What has been removed by others is removed. The first error stays, and the rest goes on. */
static void
take_error (GError **error,
            GError  *new_error)
{
  if (g_error_matches (new_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      error == NULL || *error != NULL)
    g_error_free (new_error);
  else
    *error = new_error;
}

#ifdef G_OS_UNIX

static void
take_errno (GError     **error,
            int          number,
            const char  *name)
{
  take_error (error, g_error_new (G_IO_ERROR, g_io_error_from_errno (number),
                                  "Removing “%s”: %s", name, g_strerror (number)));
}

/* Never by a path: somebody could put a link in the place of a directory while this is under way,
 * and have it remove something else.
 */
static void
remove_at (int           parent,
           const char   *name,
           GError      **error)
{
  struct dirent *child;
  DIR *dir = NULL;
  int fd, number;

  fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0)
    dir = fdopendir (fd);
  number = errno;

  if (dir != NULL)
    {
      while ((child = readdir (dir)) != NULL)
        {
          if (strcmp (child->d_name, ".") != 0 && strcmp (child->d_name, "..") != 0)
            remove_at (fd, child->d_name, error);
        }
      closedir (dir);
      if (unlinkat (parent, name, AT_REMOVEDIR) < 0)
        take_errno (error, errno, name);
      return;
    }

  if (fd >= 0)
    close (fd);

  /* Not a directory; the last of the three is what some systems say of a link. One that cannot be
   * read may be empty.
   */
  if (number == ENOTDIR || number == ELOOP || number == EMLINK)
    {
      if (unlinkat (parent, name, 0) < 0)
        take_errno (error, errno, name);
    }
  else if (unlinkat (parent, name, AT_REMOVEDIR) < 0)
    {
      take_errno (error, number, name);
    }
}

#endif

/* For files that are not those of the system. A link is deleted in the first step. */
static void
remove_file (GFile   *file,
             GError **error)
{
  g_autoptr (GFileEnumerator) children = NULL;
  g_autoptr (GError) local_error = NULL;
  GFile *child = NULL;

  if (g_file_delete (file, NULL, &local_error))
    return;

  if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NOT_EMPTY))
    {
      take_error (error, g_steal_pointer (&local_error));
      return;
    }
  g_clear_error (&local_error);

  children = g_file_enumerate_children (file, G_FILE_ATTRIBUTE_STANDARD_NAME,
                                        G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, &local_error);
  while (children != NULL &&
         g_file_enumerator_iterate (children, NULL, &child, NULL, &local_error) &&
         child != NULL)
    remove_file (child, error);

  if (local_error != NULL)
    take_error (error, g_steal_pointer (&local_error));
  if (!g_file_delete (file, NULL, &local_error))
    take_error (error, g_steal_pointer (&local_error));
}

static void
temporary_file_end (LifecycleResource  *resource,
                    GError            **error)
{
  TemporaryFile *self = (TemporaryFile *) resource;

#ifdef G_OS_UNIX
  const char *path = g_file_peek_path (self->file);

  if (path != NULL)
    {
      remove_at (AT_FDCWD, path, error);
      return;
    }
#endif

  remove_file (self->file, error);
}

static void
temporary_file_clear (LifecycleResource *resource)
{
  g_object_unref (((TemporaryFile *) resource)->file);
}

static const LifecycleResourceKind temporary_file_kind = {
  .type = LIFECYCLE_ENTRY_FILE,
  .outside = TRUE,
  .end = temporary_file_end,
  .clear = temporary_file_clear,
};

/**
 * lifecycle_scope_add_temporary_file:
 * @self: a scope
 * @file: (transfer none): a file or a directory
 *
 * Removes a file, or a directory with all that is in it, when the scope closes.
 *
 * Symbolic links are removed, and not followed. What others have removed already is as well
 * removed; any other failure is reported by [method@Scope.get_error], and does not keep the rest
 * from being removed.
 *
 * On a closed scope the file is removed at once. May be called on any thread; the file is removed
 * at home, which waits for it.
 *
 * Returns: whether the scope owns the file now; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_temporary_file (LifecycleScope *self,
                                    GFile          *file)
{
  return lifecycle_scope_add_temporary_file_at (NULL, self, file);
}

gboolean
lifecycle_scope_add_temporary_file_at (const char     *place,
                                       LifecycleScope *self,
                                       GFile          *file)
{
  g_autofree char *path = NULL;
  TemporaryFile *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_FILE (file), FALSE);

  entry = lifecycle_resource_new (sizeof (TemporaryFile), &temporary_file_kind, self,
                                  NULL, NULL, NULL);
  entry->file = g_object_ref (file);
  path = g_file_get_parse_name (file);
  lifecycle_resource_set_label (entry, path);

  return lifecycle_resource_add (entry, self, place);
}
