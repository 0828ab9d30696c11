/* lifecycle-elf.c: names of functions that are not exported
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <link.h>
#include <string.h>

#include "lifecycle-elf-private.h"

/* dladdr() knows what the dynamic linker knows. Most callbacks are static functions; if a file has not
 * been stripped, the table of its symbols names them. This is for reports only, so it reads files and
 * searches them from one end to the other.
 */
typedef struct
{
  GMappedFile    *file;
  const ElfW(Sym) *symbols;
  gsize           n_symbols;
  const char     *strings;
  gsize           strings_size;
  gboolean        fixed;        /* not moved when it is loaded */
} Table;

static struct
{
  GMutex      lock;
  GHashTable *tables;           /* file name → Table, for ever */
} elf;

/* A piece of the file, or NULL where it has no such piece. */
static const void *
table_get (Table *self,
           gsize  offset,
           gsize  size)
{
  gsize length = g_mapped_file_get_length (self->file);

  if (offset > length || size > length - offset)
    return NULL;

  return g_mapped_file_get_contents (self->file) + offset;
}

static void
table_read (Table *self)
{
  const ElfW(Ehdr) *header = table_get (self, 0, sizeof *header);
  const ElfW(Shdr) *sections;

  if (header == NULL ||
      memcmp (header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != (sizeof (gpointer) == 8 ? ELFCLASS64 : ELFCLASS32) ||
      header->e_shentsize != sizeof *sections)
    return;

  self->fixed = header->e_type == ET_EXEC;
  sections = table_get (self, header->e_shoff, (gsize) header->e_shnum * sizeof *sections);
  for (guint i = 0; sections != NULL && i < header->e_shnum; i++)
    {
      const ElfW(Shdr) *section = &sections[i];
      const ElfW(Shdr) *names;

      if (section->sh_type != SHT_SYMTAB || section->sh_link >= header->e_shnum)
        continue;

      names = &sections[section->sh_link];
      self->symbols = table_get (self, section->sh_offset, section->sh_size);
      self->strings = table_get (self, names->sh_offset, names->sh_size);
      if (self->symbols != NULL && self->strings != NULL && names->sh_size > 0 &&
          self->strings[names->sh_size - 1] == '\0')
        {
          self->n_symbols = section->sh_size / sizeof *self->symbols;
          self->strings_size = names->sh_size;
        }
      return;
    }
}

static Table *
table_get_for_file (const char *file)
{
  Table *self;

  if (elf.tables == NULL)
    elf.tables = g_hash_table_new (g_str_hash, g_str_equal);

  self = g_hash_table_lookup (elf.tables, file);
  if (self == NULL)
    {
      self = g_new0 (Table, 1);
      self->file = g_mapped_file_new (file, FALSE, NULL);
      if (self->file != NULL)
        table_read (self);
      g_hash_table_insert (elf.tables, g_strdup (file), self);
    }

  return self;
}

/* The function at an address, and how far into it; or NULL. `base` is where the file was loaded. The
 * name lives for ever.
 */
const char *
lifecycle_elf_find_function (const char *file,
                             gsize       base,
                             gsize       address,
                             gsize      *offset)
{
  const char *name = NULL;
  Table *table;

  g_mutex_lock (&elf.lock);
  table = table_get_for_file (file);
  if (!table->fixed)
    address -= base;
  for (gsize i = 0; i < table->n_symbols && name == NULL; i++)
    {
      const ElfW(Sym) *symbol = &table->symbols[i];

      if ((symbol->st_info & 0xf) == STT_FUNC &&
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
