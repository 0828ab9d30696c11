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

/* A file that is already removed is no failure. The first error is kept, and removal goes on. */
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

/* How many directories of a tree may be open at the same time. Few trees are deeper. */
#define MAX_OPEN 16

/* A directory on the path to the one that is being emptied. */
typedef struct
{
  char       *name;     /* relative to its parent; for the first one, its path */
  DIR        *dir;      /* NULL if it is not open */
  dev_t       device;
  ino_t       inode;
  GHashTable *stuck;    /* the names of files in it that cannot be removed; created on demand */
} Level;

/* Only the first directory is opened by path. Otherwise another process could replace a directory
 * by a symbolic link during the removal, and make it remove something else.
 *
 * A tree can be deeper than the number of file descriptors allows, so only the last few levels are
 * kept open. A parent that has been closed is opened again as "..", which must be the same
 * directory as before.
 */
typedef struct
{
  GArray  *levels;      /* of Level */
  guint    first_open;  /* this level and all deeper ones are open */
  GError **error;
} Removal;

static Level *
removal_peek (Removal *self,
              guint    from_end)
{
  return &g_array_index (self->levels, Level, self->levels->len - 1 - from_end);
}

static void
removal_pop (Removal *self)
{
  Level *level = removal_peek (self, 0);

  g_free (level->name);
  g_clear_pointer (&level->dir, closedir);
  g_clear_pointer (&level->stuck, g_hash_table_unref);
  g_array_set_size (self->levels, self->levels->len - 1);
  self->first_open = MIN (self->first_open, self->levels->len);
}

/* Closes the outermost open directory, but not the one that is being read. */
static gboolean
removal_spare_one (Removal *self)
{
  if (self->first_open + 1 >= self->levels->len)
    return FALSE;

  g_clear_pointer (&g_array_index (self->levels, Level, self->first_open).dir, closedir);
  self->first_open++;

  return TRUE;
}

/* Opens a directory. If that fails, returns FALSE and sets errno. */
static gboolean
level_open (Level      *level,
            int         parent,
            const char *name)
{
  struct stat status;
  int number;
  int fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0)
    return FALSE;

  if (fstat (fd, &status) == 0 && (level->dir = fdopendir (fd)) != NULL)
    {
      level->device = status.st_dev;
      level->inode = status.st_ino;
      return TRUE;
    }

  number = errno;
  close (fd);
  errno = number;

  return FALSE;
}

/* Descends into a directory. If that fails, returns FALSE and sets errno. */
static gboolean
removal_enter (Removal    *self,
               int         parent,
               const char *name)
{
  Level level = { 0 };

  if (self->levels->len - self->first_open >= MAX_OPEN)
    removal_spare_one (self);

  while (!level_open (&level, parent, name))
    {
      if ((errno != EMFILE && errno != ENFILE) || !removal_spare_one (self))
        return FALSE;
    }

  level.name = g_strdup (name);
  g_array_append_val (self->levels, level);

  return TRUE;
}

/* Records that a file in the last directory, or the first directory itself, cannot be removed. A
 * directory that has to be opened again is read from its beginning, and without this the removal
 * would try the same file for ever.
 */
static void
removal_note_stuck (Removal    *self,
                    const char *name,
                    int         number)
{
  take_errno (self->error, number, name);

  if (self->levels->len > 0)
    {
      Level *level = removal_peek (self, 0);

      if (level->stuck == NULL)
        level->stuck = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_add (level->stuck, g_strdup (name));
    }
}

/* Removes a file, or descends into a directory. */
static void
removal_remove (Removal    *self,
                int         parent,
                const char *name)
{
  int number;

  if (removal_enter (self, parent, name))
    return;

  number = errno;

  /* These three mean that it is not a directory; EMLINK is what some systems report for a symbolic
   * link. A directory that cannot be read may be empty, so try to remove it.
   */
  if (number == ENOTDIR || number == ELOOP || number == EMLINK)
    {
      if (unlinkat (parent, name, 0) < 0)
        removal_note_stuck (self, name, errno);
    }
  else if (unlinkat (parent, name, AT_REMOVEDIR) < 0)
    {
      removal_note_stuck (self, name, number);
    }
}

/* Opens the parent of the last directory, if it is not open. If that fails, returns FALSE and sets
 * errno.
 */
static gboolean
removal_open_parent (Removal *self)
{
  Level *level = removal_peek (self, 1);
  Level parent = { 0 };

  if (level->dir != NULL)
    return TRUE;

  if (!level_open (&parent, dirfd (removal_peek (self, 0)->dir), ".."))
    return FALSE;

  if (parent.device != level->device || parent.inode != level->inode)
    {
      closedir (parent.dir);
      errno = ESTALE;
      return FALSE;
    }

  level->dir = parent.dir;
  self->first_open--;

  return TRUE;
}

/* Removes the last directory, after it has been read to its end, and returns to its parent. */
static void
removal_leave (Removal *self)
{
  g_autofree char *name = g_steal_pointer (&removal_peek (self, 0)->name);
  int parent = AT_FDCWD;

  if (self->levels->len > 1)
    {
      if (!removal_open_parent (self))
        {
          /* The directory has been moved, or there are no file descriptors left. The rest of the
           * tree cannot be reached any more.
           */
          take_errno (self->error, errno, name);
          while (self->levels->len > 0)
            removal_pop (self);
          return;
        }
      parent = dirfd (removal_peek (self, 1)->dir);
    }

  removal_pop (self);
  if (unlinkat (parent, name, AT_REMOVEDIR) < 0)
    removal_note_stuck (self, name, errno);
}

static void
remove_tree (const char  *path,
             GError     **error)
{
  Removal self = { .error = error };

  self.levels = g_array_new (FALSE, FALSE, sizeof (Level));
  removal_remove (&self, AT_FDCWD, path);
  while (self.levels->len > 0)
    {
      Level *level = removal_peek (&self, 0);
      struct dirent *child = readdir (level->dir);

      if (child == NULL)
        removal_leave (&self);
      else if (strcmp (child->d_name, ".") != 0 && strcmp (child->d_name, "..") != 0 &&
               (level->stuck == NULL || !g_hash_table_contains (level->stuck, child->d_name)))
        removal_remove (&self, dirfd (level->dir), child->d_name);
    }
  g_array_unref (self.levels);
}

#endif

/* A file without a local path, on the way to being removed. */
typedef struct
{
  GFile    *file;
  gboolean  entered;    /* its children have been listed, and come before it */
} RemoteFile;

static void
remote_files_push (GArray *self,
                   GFile  *file)
{
  RemoteFile remote = { g_object_ref (file), FALSE };

  g_array_append_val (self, remote);
}

static void
remote_files_push_children (GArray  *self,
                            GFile   *file,
                            GError **error)
{
  g_autoptr (GFileEnumerator) children = NULL;
  GError *local_error = NULL;
  GFile *child = NULL;

  children = g_file_enumerate_children (file, G_FILE_ATTRIBUTE_STANDARD_NAME,
                                        G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, &local_error);
  while (children != NULL &&
         g_file_enumerator_iterate (children, NULL, &child, NULL, &local_error) &&
         child != NULL)
    remote_files_push (self, child);

  if (local_error != NULL)
    take_error (error, local_error);
}

/* For files without a local path. A tree may be deep, so it is not walked recursively, and only one
 * directory is open at a time. Symbolic links are deleted, not followed.
 */
static void
remove_remote (GFile   *file,
               GError **error)
{
  g_autoptr (GArray) files = g_array_new (FALSE, FALSE, sizeof (RemoteFile));

  remote_files_push (files, file);
  while (files->len > 0)
    {
      RemoteFile *last = &g_array_index (files, RemoteFile, files->len - 1);
      g_autoptr (GFile) current = g_object_ref (last->file);
      GError *local_error = NULL;

      if (!g_file_delete (current, NULL, &local_error) &&
          !last->entered &&
          g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NOT_EMPTY))
        {
          g_error_free (local_error);
          last->entered = TRUE;
          remote_files_push_children (files, current, error);
          continue;
        }

      if (local_error != NULL)
        take_error (error, local_error);
      g_object_unref (last->file);
      g_array_set_size (files, files->len - 1);
    }
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
      remove_tree (path, error);
      return;
    }
#endif

  remove_remote (self->file, error);
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
 * Adds a file, or a directory and everything in it, to be removed when the scope closes.
 *
 * Symbolic links are removed, not followed. A tree may be of any depth. It is no failure if a file
 * has already been removed; any other failure is reported by [method@Scope.get_error], and does not
 * keep the rest from being removed, unless a part of the tree is moved elsewhere meanwhile.
 *
 * On a closed scope the file is removed at once. A file belongs to the process that added it: if a
 * forked child closes its copy of the scope, the file is not removed. May be called on any thread;
 * the file is removed at home, synchronously.
 *
 * Returns: whether the scope owns the file now; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
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
