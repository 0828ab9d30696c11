/* lifecycle-elf.c: names of functions and variables that are not exported
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lifecycle-elf-private.h"

/* dladdr() knows only exported symbols, but most callbacks are static functions. If a file has not
 * been stripped, its symbol table names them. Only reports need this, so reading whole tables and
 * searching them linearly is good enough.
 *
 * The file is read rather than mapped: if it were rebuilt while mapped, accessing the mapping could
 * crash the program.
 */
typedef struct
{
  ElfW(Sym) *symbols;
  gsize      n_symbols;
  char      *strings;
  gsize      strings_size;
  gboolean   fixed;             /* not relocated when loaded */
} Table;

static struct
{
  GMutex      lock;
  GHashTable *tables;           /* path, inode, time and size of a file → Table; never freed */
} elf;

/* Returns a copy of part of the file, or NULL if the file is too short or cannot be read. */
static gpointer
read_piece (int   fd,
            gsize offset,
            gsize size)
{
  struct stat info;
  gpointer piece;

  if (fstat (fd, &info) != 0 || offset > (gsize) info.st_size || size > (gsize) info.st_size - offset)
    return NULL;

  piece = g_malloc (size);
  for (gsize done = 0; done < size;)
    {
      gssize n = pread (fd, (char *) piece + done, size - done, (off_t) (offset + done));

      if (n <= 0)
        {
          g_free (piece);
          return NULL;
        }
      done += (gsize) n;
    }

  return piece;
}

static void
table_read (Table *self,
            int    fd)
{
  g_autofree ElfW(Ehdr) *header = read_piece (fd, 0, sizeof *header);
  g_autofree ElfW(Shdr) *sections = NULL;

  if (header == NULL ||
      memcmp (header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != (sizeof (gpointer) == 8 ? ELFCLASS64 : ELFCLASS32) ||
      header->e_shentsize != sizeof *sections)
    return;

  self->fixed = header->e_type == ET_EXEC;
  sections = read_piece (fd, header->e_shoff, (gsize) header->e_shnum * sizeof *sections);
  for (guint i = 0; sections != NULL && i < header->e_shnum; i++)
    {
      const ElfW(Shdr) *section = &sections[i];
      const ElfW(Shdr) *names;

      if (section->sh_type != SHT_SYMTAB || section->sh_link >= header->e_shnum)
        continue;

      names = &sections[section->sh_link];
      self->symbols = read_piece (fd, section->sh_offset, section->sh_size);
      self->strings = read_piece (fd, names->sh_offset, names->sh_size);
      if (self->symbols != NULL && self->strings != NULL && names->sh_size > 0 &&
          self->strings[names->sh_size - 1] == '\0')
        {
          self->n_symbols = section->sh_size / sizeof *self->symbols;
          self->strings_size = names->sh_size;
        }
      return;
    }
}

static const Table *
table_get_for_file (const char *file)
{
  static const Table none;
  g_autofree char *key = NULL;
  struct stat info;
  Table *self;
  int fd = open (file, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return &none;

  if (elf.tables == NULL)
    elf.tables = g_hash_table_new (g_str_hash, g_str_equal);

  if (fstat (fd, &info) != 0)
    memset (&info, 0, sizeof info);
  key = g_strdup_printf ("%s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT ".%ld %" G_GINT64_FORMAT, file,
                         (guint64) info.st_ino, (gint64) info.st_mtim.tv_sec,
                         (long) info.st_mtim.tv_nsec, (gint64) info.st_size);
  self = g_hash_table_lookup (elf.tables, key);
  if (self == NULL)
    {
      self = g_new0 (Table, 1);
      table_read (self, fd);
      g_hash_table_insert (elf.tables, g_steal_pointer (&key), self);
    }
  close (fd);

  return self;
}

/* Finds the function or variable that contains an address, and the offset of the address in it. `base` is where
 * the file was loaded. Returns NULL if there is none; the name is never freed.
 */
const char *
lifecycle_elf_find_symbol (const char *file,
                           gsize       base,
                           gsize       address,
                           gsize      *offset)
{
  const char *name = NULL;
  const Table *table;

  g_mutex_lock (&elf.lock);
  table = table_get_for_file (file);
  if (!table->fixed)
    address -= base;
  for (gsize i = 0; i < table->n_symbols && name == NULL; i++)
    {
      const ElfW(Sym) *symbol = &table->symbols[i];

      int type = symbol->st_info & 0xf;

      if ((type == STT_FUNC || type == STT_OBJECT) &&
          address >= symbol->st_value &&
          address - symbol->st_value < symbol->st_size &&
          symbol->st_name < table->strings_size)
        {
          name = table->strings + symbol->st_name;
          *offset = address - symbol->st_value;
        }
    }
  g_mutex_unlock (&elf.lock);

  return name;
}
