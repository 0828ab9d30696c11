/* lifecycle-tool-audit-symbols.c: names of functions and lines of source
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-audit-private.h"

#ifdef HAVE_LIBDW
#include <elfutils/libdwfl.h>
#else
#include "lifecycle-elf-private.h"
#endif

struct _AuditSymbols
{
  GHashTable *modules;          /* path → Dwfl, or NULL for what is no ELF file */
};

void
audit_frame_free (AuditFrame *self)
{
  g_free (self->function);
  g_free (self->file);
  g_free (self->module);
  g_free (self);
}

char *
audit_frame_describe (const AuditFrame *self)
{
  g_autofree char *name = self->module != NULL ? g_path_get_basename (self->module) : NULL;

  if (self->function != NULL && self->file != NULL)
    return g_strdup_printf ("%s (%s:%u)", self->function, self->file, self->line);
  if (self->file != NULL)
    return g_strdup_printf ("%s:%u", self->file, self->line);
  if (self->function != NULL)
    return g_strdup_printf ("%s in %s", self->function, name != NULL ? name : "?");
  if (name != NULL)
    return g_strdup_printf ("%s+0x%" G_GINT64_MODIFIER "x", name, self->offset);

  return g_strdup ("an unknown place");
}

#ifdef HAVE_LIBDW

static void
free_module (gpointer data)
{
  if (data != NULL)
    dwfl_end (data);
}

static Dwfl *
open_module (const char *path)
{
  static char *debuginfo_path = NULL;
  static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    /* Finds what -dbgsym packages install, by the build id. */
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &debuginfo_path,
  };
  Dwfl *self = dwfl_begin (&callbacks);

  if (self == NULL)
    return NULL;
  if (dwfl_report_offline (self, path, path, -1) == NULL)
    {
      dwfl_end (self);
      return NULL;
    }
  dwfl_report_end (self, NULL, NULL);

  return self;
}

static int
first_module_cb (Dwfl_Module *module,
                 void       **user_data,
                 const char  *name,
                 Dwarf_Addr   start,
                 void        *data)
{
  *(Dwfl_Module **) data = module;
  return DWARF_CB_ABORT;
}

static void
find_in_module (gpointer    opened,
                guint64     offset,
                AuditFrame *frame)
{
  Dwfl_Module *module = NULL;
  GElf_Off in_function;
  GElf_Addr bias = 0;
  GElf_Sym symbol;
  const char *name;
  Dwfl_Line *line;

  dwfl_getmodules (opened, first_module_cb, &module, 0);
  if (module == NULL || dwfl_module_getelf (module, &bias) == NULL)
    return;

  name = dwfl_module_addrinfo (module, bias + offset, &in_function, &symbol, NULL, NULL, NULL);
  /* Without a symbol table, the nearest exported function may be any distance away. */
  if (name != NULL && (symbol.st_size == 0 || in_function < symbol.st_size))
    frame->function = g_strdup (name);

  line = dwfl_module_getsrc (module, bias + offset);
  if (line != NULL)
    {
      int number = 0;
      const char *file = dwfl_lineinfo (line, NULL, &number, NULL, NULL, NULL);

      if (file != NULL && number > 0)
        {
          frame->file = g_strdup (file);
          frame->line = (guint) number;
        }
    }
}

#else

static void
free_module (gpointer data)
{
}

static gpointer
open_module (const char *path)
{
  return (gpointer) g_intern_string (path);
}

static void
find_in_module (gpointer    opened,
                guint64     offset,
                AuditFrame *frame)
{
  gsize in_function;

  frame->function = g_strdup (lifecycle_elf_find_symbol (opened, 0, offset, &in_function));
}

#endif

AuditSymbols *
audit_symbols_new (void)
{
  AuditSymbols *self = g_new0 (AuditSymbols, 1);

  self->modules = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_module);

  return self;
}

void
audit_symbols_free (AuditSymbols *self)
{
  g_hash_table_unref (self->modules);
  g_free (self);
}

/* Fills in what is known about an offset in a file. */
void
audit_symbols_find (AuditSymbols *self,
                    const char   *module,
                    guint64       offset,
                    AuditFrame   *frame)
{
  gpointer opened;

  if (!g_hash_table_lookup_extended (self->modules, module, NULL, &opened))
    {
      opened = open_module (module);
      g_hash_table_insert (self->modules, g_strdup (module), opened);
    }
  if (opened != NULL)
    find_in_module (opened, offset, frame);
}
