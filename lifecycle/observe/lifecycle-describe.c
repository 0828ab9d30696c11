/* lifecycle-describe.c: names of addresses and enumeration values in reports
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_DLADDR
#define _GNU_SOURCE
#include <dlfcn.h>
#endif

#ifdef HAVE_ELF
#include <sys/auxv.h>

#include "lifecycle-elf-private.h"
#endif

#include "lifecycle-describe-private.h"
#include "lifecycle-modules-private.h"

#ifdef HAVE_DLADDR
static char *
describe_offset (const char *name,
                 gsize       offset)
{
  return offset == 0 ? g_strdup (name)
                     : g_strdup_printf ("%s+0x%" G_GSIZE_MODIFIER "x", name, offset);
}
#endif

#ifdef HAVE_ELF
/* Names a function or variable that is not exported, if the symbol table of its file has a name for it. */
static char *
describe_hidden (const Dl_info *info,
                 gconstpointer  address)
{
  const char *file = info->dli_fname;
  const char *name;
  Dl_info program;
  gsize offset;

  /* For the program itself, dladdr() reports argv[0], which may be anything. */
  if (dladdr ((gconstpointer) getauxval (AT_PHDR), &program) != 0 &&
      program.dli_fbase == info->dli_fbase)
    file = "/proc/self/exe";

  name = lifecycle_elf_find_symbol (file, (gsize) info->dli_fbase, (gsize) address, &offset);

  return name != NULL ? describe_offset (name, offset) : NULL;
}
#endif

/* Describes a function or variable by its name or, if that is not known, by its offset in the program or
 * library, in the form that addr2line accepts. `look` is the last scan of the loaded modules before
 * the address was noted.
 */
char *
lifecycle_describe_address (gconstpointer address,
                            guint         look)
{
  g_autofree char *gone = NULL;
#ifdef HAVE_DLADDR
  Dl_info info;
#endif
#ifdef HAVE_ELF
  char *name;
#endif

  if (!lifecycle_modules_has_function (address, look, &gone))
    return g_strconcat ("a function of ", gone, NULL);

#ifdef HAVE_DLADDR
  if (dladdr (address, &info) != 0)
    {
      if (info.dli_sname != NULL)
        return describe_offset (info.dli_sname, (gsize) address - (gsize) info.dli_saddr);

#ifdef HAVE_ELF
      name = describe_hidden (&info, address);
      if (name != NULL)
        return name;
#endif

      if (info.dli_fname != NULL)
        {
          g_autofree char *module = g_path_get_basename (info.dli_fname);

          return describe_offset (module, (gsize) address - (gsize) info.dli_fbase);
        }
    }
#endif

  return g_strdup_printf ("%p", address);
}

/* Returns where the module that contains an address is loaded, or NULL. */
gpointer
lifecycle_address_find_module (gconstpointer address)
{
#ifdef HAVE_DLADDR
  Dl_info info;

  if (dladdr (address, &info) != 0)
    return info.dli_fbase;
#endif

  return NULL;
}

/* Returns the name of the file of the module that contains an address, or NULL. */
char *
lifecycle_address_dup_module_name (gconstpointer address)
{
#ifdef HAVE_DLADDR
  Dl_info info;

  if (dladdr (address, &info) != 0 && info.dli_fname != NULL)
    return g_path_get_basename (info.dli_fname);
#endif

  return NULL;
}

/* Gets the nickname of an enumeration value, for reports. */
const char *
lifecycle_enum_get_nick (GType type,
                         int   value)
{
  GEnumClass *class = g_type_class_ref (type);
  GEnumValue *enum_value = g_enum_get_value (class, value);

  /* The nicknames are static strings, so they outlive the class. */
  g_type_class_unref (class);

  return enum_value != NULL ? enum_value->value_nick : "unknown";
}

typedef struct
{
  guint       look;
  const char *text;
} KnownPlace;

LifecyclePlaces *
lifecycle_places_new (void)
{
  return g_hash_table_new_full (NULL, NULL, NULL, g_free);
}

/* Returns the place as a string that is never freed, because the module that contains the original
 * may be unloaded before it is read; see lifecycle_modules_get_place().
 */
const char *
lifecycle_places_resolve (LifecyclePlaces *self,
                          const char      *place,
                          guint            look)
{
  KnownPlace *known = g_hash_table_lookup (self, place);

  if (known == NULL)
    {
      known = g_new0 (KnownPlace, 1);
      g_hash_table_insert (self, (gpointer) place, known);
    }
  if (known->text == NULL || known->look != look)
    {
      known->look = look;
      known->text = lifecycle_modules_get_place (place, look);
    }

  return known->text;
}
