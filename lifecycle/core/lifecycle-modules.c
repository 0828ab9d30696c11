/* lifecycle-modules.c: modules that are loaded or have been unloaded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_DL_ITERATE_PHDR
#define _GNU_SOURCE
#include <link.h>
#endif

#ifdef HAVE_PROCESS_VM_READV
#include <sys/uio.h>
#include <unistd.h>
#endif

#include <string.h>

#include "lifecycle-modules-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-scope-private.h"

/* An entry stores the addresses of its place and of functions. If they belong to a plug-in that has
 * been unloaded, these addresses are invalid, or point into whatever has been loaded there since.
 * Finding the module of an address would be too slow when an entry is added, so it is left to the
 * readers.
 *
 * Every reader first looks at which modules are loaded. Looks that find a change are numbered; the
 * first one, number 0, takes place before there are any entries. By comparing times, we know the
 * last look before an entry was added. Its addresses are good if no look since then has found that
 * anything was unloaded. They are also good if they lie in a module that was loaded at that look
 * and still is. In all other cases there is doubt, and we report that the module is gone.
 *
 * With LIFECYCLE_DEBUG there is no doubt, because there is a look for each entry that is added.
 *
 * The dynamic linker does not unmap anything while dl_iterate_phdr() calls us, so strings are
 * copied in its callback.
 */

#define GONE "a module that is gone"

#ifdef HAVE_DL_ITERATE_PHDR

/* How many unloaded modules are remembered by name. */
#define MAX_GONE 64

typedef struct
{
  gsize    start;
  gsize    end;
  char    *name;
  guint64  identity;            /* a hash of the contents */
  guint    first_look;
  guint    last_look;
} Module;

static struct
{
  GMutex      lock;             /* may be taken with a ledger locked; no lock is taken after it */
  guint64     n_loads;          /* as counted by the dynamic linker */
  guint64     n_unloads;
  guint       last_unload;      /* the last look that found that something had been unloaded */
  GArray     *times;            /* guint32: the time of each look, see lifecycle_entry_clock() */
  GPtrArray  *loaded;           /* of Module */
  GPtrArray  *gone;             /* of Module, the newest at the end */
  GHashTable *exact;            /* LifecycleEntry → its look plus 1; NULL unless debugging */
} modules;

static void
module_free (gpointer data)
{
  Module *self = data;

  g_free (self->name);
  g_free (self);
}

static guint64
hash_bytes (guint64       hash,
            gconstpointer bytes,
            gsize         size)
{
  for (gsize i = 0; i < size; i++)
    hash = (hash ^ ((const guint8 *) bytes)[i]) * G_GUINT64_CONSTANT (1099511628211);

  return hash;
}

/* A module that has been rebuilt and reloaded may get the same name and address. */
static guint64
get_identity (struct dl_phdr_info *info)
{
  guint64 hash = hash_bytes (G_GUINT64_CONSTANT (14695981039346656037), info->dlpi_phdr,
                             info->dlpi_phnum * sizeof info->dlpi_phdr[0]);

  /* In most modules, the notes contain a build ID. */
  for (guint i = 0; i < info->dlpi_phnum; i++)
    {
      if (info->dlpi_phdr[i].p_type == PT_NOTE)
        hash = hash_bytes (hash, (gconstpointer) (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
                           info->dlpi_phdr[i].p_filesz);
    }

  return hash;
}

typedef struct
{
  guint64    n_loads;
  guint64    n_unloads;
  GPtrArray *found;             /* NULL to get the counts only */
} Look;

static int
look_at_module_cb (struct dl_phdr_info *info,
                   size_t               size,
                   void                *data)
{
  Look *look = data;
  Module *module;

  look->n_loads = info->dlpi_adds;
  look->n_unloads = info->dlpi_subs;
  if (look->found == NULL)
    return 1;

  module = g_new0 (Module, 1);
  module->start = G_MAXSIZE;
  for (guint i = 0; i < info->dlpi_phnum; i++)
    {
      const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

      if (segment->p_type == PT_LOAD)
        {
          module->start = MIN (module->start, info->dlpi_addr + segment->p_vaddr);
          module->end = MAX (module->end, info->dlpi_addr + segment->p_vaddr + segment->p_memsz);
        }
    }
  module->name = g_path_get_basename (info->dlpi_name);
  module->identity = get_identity (info);
  g_ptr_array_add (look->found, module);

  return 0;
}

static Module *
find_same_module (GPtrArray    *list,
                  const Module *module)
{
  for (guint i = 0; i < list->len; i++)
    {
      Module *other = g_ptr_array_index (list, i);

      if (other->start == module->start &&
          other->end == module->end &&
          other->identity == module->identity &&
          g_str_equal (other->name, module->name))
        return other;
    }

  return NULL;
}

/* Called with the lock held. Returns the number of this look, or of the last one if nothing has
 * changed.
 */
static guint
look_locked (void)
{
  guint32 now = lifecycle_entry_clock ();
  guint number = modules.times != NULL ? modules.times->len - 1 : 0;
  Look look = { 0, 0, NULL };

  dl_iterate_phdr (look_at_module_cb, &look);
  if (modules.times != NULL &&
      look.n_loads == modules.n_loads && look.n_unloads == modules.n_unloads)
    return number;

  look.found = g_ptr_array_new_with_free_func (module_free);
  dl_iterate_phdr (look_at_module_cb, &look);
  if (modules.times == NULL)
    {
      modules.times = g_array_new (FALSE, FALSE, sizeof (guint32));
      modules.loaded = g_ptr_array_new_with_free_func (module_free);
      modules.gone = g_ptr_array_new_with_free_func (module_free);
      modules.n_unloads = look.n_unloads;
    }

  number = modules.times->len;
  g_array_append_val (modules.times, now);
  if (look.n_unloads != modules.n_unloads)
    modules.last_unload = number;
  modules.n_loads = look.n_loads;
  modules.n_unloads = look.n_unloads;

  for (guint i = 0; i < look.found->len; i++)
    {
      Module *module = g_ptr_array_index (look.found, i);
      Module *known = find_same_module (modules.loaded, module);

      module->first_look = known != NULL ? known->first_look : number;
      module->last_look = number;
    }
  for (guint i = 0; i < modules.loaded->len; i++)
    {
      Module *module = g_ptr_array_index (modules.loaded, i);

      if (find_same_module (look.found, module) == NULL)
        {
          if (modules.gone->len == MAX_GONE)
            g_ptr_array_remove_index (modules.gone, 0);
          g_ptr_array_add (modules.gone, module);
          modules.loaded->pdata[i] = NULL;
        }
    }
  g_ptr_array_set_free_func (modules.loaded, NULL);
  for (guint i = 0; i < modules.loaded->len; i++)
    {
      if (modules.loaded->pdata[i] != NULL)
        module_free (modules.loaded->pdata[i]);
    }
  g_ptr_array_unref (modules.loaded);
  modules.loaded = look.found;

  return number;
}

/* Called with the lock held, after a look. Returns the module that has the address now, or NULL. */
static Module *
find_loaded (gsize address)
{
  for (guint i = 0; i < modules.loaded->len; i++)
    {
      Module *module = g_ptr_array_index (modules.loaded, i);

      if (address >= module->start && address < module->end)
        return module;
    }

  return NULL;
}

/* Called with the lock held, after a look. Returns whether an address that was stored after `look`
 * is still good.
 */
static gboolean
is_good (gsize address,
         guint look)
{
  Module *module;

  if (look >= modules.last_unload)
    return TRUE;

  module = find_loaded (address);

  return module != NULL && look >= module->first_look;
}

/* Called with the lock held, after a look. Returns the module that contained the address, or NULL
 * if that is not known.
 */
static Module *
find_gone (gsize address,
           guint look)
{
  for (guint i = 0; i < modules.gone->len; i++)
    {
      Module *module = g_ptr_array_index (modules.gone, i);

      if (address >= module->start && address < module->end && look <= module->last_look)
        return module;
    }

  return NULL;
}

/* Called with the lock held, after a look. */
static char *
describe_gone (gsize address,
               guint look)
{
  Module *module = find_gone (address, look);

  return module != NULL ? g_strdup_printf (GONE " (%s)", module->name) : g_strdup (GONE);
}

typedef struct
{
  gsize     address;
  guint64   n_loads;
  guint64   n_unloads;
  gboolean  found;              /* whether a module contains the address */
  char     *text;               /* a copy, if it is a string */
} Copy;

static int
copy_string_cb (struct dl_phdr_info *info,
                size_t               size,
                void                *data)
{
  Copy *copy = data;

  copy->n_loads = info->dlpi_adds;
  copy->n_unloads = info->dlpi_subs;
  for (guint i = 0; i < info->dlpi_phnum; i++)
    {
      const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
      gsize start = info->dlpi_addr + segment->p_vaddr;

      if (segment->p_type == PT_LOAD &&
          copy->address >= start && copy->address - start < segment->p_memsz)
        {
          gsize room = segment->p_memsz - (copy->address - start);

          copy->found = TRUE;
          if ((segment->p_flags & PF_R) != 0 &&
              memchr ((gconstpointer) copy->address, '\0', room) != NULL)
            copy->text = g_strdup ((const char *) copy->address);
          return 1;
        }
    }

  return 0;
}

/* Reads memory that may not be mapped. */
static gboolean
read_memory (gsize    address,
             gpointer to,
             gsize    size)
{
#ifdef HAVE_PROCESS_VM_READV
  struct iovec local = { to, size };
  struct iovec remote = { (gpointer) address, size };

  return process_vm_readv (getpid (), &local, 1, &remote, 1, 0) == (gssize) size;
#else
  return FALSE;
#endif
}

/* Reads a string that may not be mapped, or as much of it as fits into the buffer. Returns FALSE if
 * it is not mapped.
 */
static gboolean
read_string (const char *string,
             char       *buffer,
             gsize       size)
{
  buffer[size - 1] = '\0';
  for (gsize n = 0; n < size - 1;)
    {
      /* Read a piece that does not cross the end of a page: the next page may not be mapped. */
      gsize room = MIN (size - 1 - n, 64 - ((gsize) string + n) % 64);

      if (!read_memory ((gsize) string + n, buffer + n, room))
        return FALSE;
      if (memchr (buffer + n, '\0', room) != NULL)
        return TRUE;
      n += room;
    }

  return TRUE;
}

/* Copies a string that is in no loaded module, and may have been in one that is gone. Interned
 * strings are known to be valid forever; `any` accepts others, too.
 */
static char *
copy_from_heap (const char *string,
                gboolean    any)
{
  char buffer[1024];

  if (read_string (string, buffer, sizeof buffer) &&
      g_utf8_validate (buffer, -1, NULL) &&
      (any || g_quark_to_string (g_quark_try_string (buffer)) == string))
    return g_strdup (buffer);

  return NULL;
}

/* Takes the lock. Returns a copy of the string, or a text that says that its module is gone. If
 * `heap` is set, the string need not be a constant.
 */
static char *
dup_string (const char *string,
            guint       look,
            gboolean    heap)
{
  Copy copy;
  char *text;

  g_mutex_lock (&modules.lock);
  do
    {
      /* Repeat this until nothing has changed between the two. */
      look_locked ();
      copy = (Copy) { .address = (gsize) string };
      dl_iterate_phdr (copy_string_cb, &copy);
      if (copy.n_loads == modules.n_loads && copy.n_unloads == modules.n_unloads)
        break;
      g_clear_pointer (&copy.text, g_free);
    }
  while (TRUE);

  if (copy.found)
    text = is_good (copy.address, look) ? g_steal_pointer (&copy.text) : NULL;
  else if (modules.last_unload == 0)
    text = g_strdup (string);
  else if (look >= modules.last_unload)
    text = copy_from_heap (string, TRUE);
  else if (find_gone (copy.address, look) == NULL)
    text = copy_from_heap (string, heap);
  else
    text = NULL;

  if (text == NULL)
    text = describe_gone (copy.address, look);
  g_mutex_unlock (&modules.lock);

  g_free (copy.text);

  return text;
}

/* Called on any thread; a ledger may be locked. */
guint
lifecycle_modules_look (void)
{
  guint look;

  g_mutex_lock (&modules.lock);
  look = look_locked ();
  g_mutex_unlock (&modules.lock);

  return look;
}

/* Returns the number of the last look before an entry was added. */
guint
lifecycle_modules_get_look (LifecycleEntry *entry)
{
  guint look = 0;

  g_mutex_lock (&modules.lock);
  if (modules.exact != NULL)
    look = GPOINTER_TO_UINT (g_hash_table_lookup (modules.exact, entry));
  if (look > 0)
    {
      look--;
    }
  else if (modules.times != NULL)
    {
      look = modules.times->len - 1;
      while (look > 0 &&
             (gint32) (entry->added - g_array_index (modules.times, guint32, look)) <= 0)
        look--;
    }
  g_mutex_unlock (&modules.lock);

  return look;
}

/* Returns whether the name of a function may be looked up. If not, sets `gone` to the reason. */
gboolean
lifecycle_modules_has_function (gconstpointer   function,
                                guint           look,
                                char          **gone)
{
  gsize address = (gsize) function;
  gboolean good;
  guint8 byte;

  g_mutex_lock (&modules.lock);
  look_locked ();
  good = is_good (address, look);
  /* Bindings create functions at run time, which are in no module. */
  if (!good && find_loaded (address) == NULL && find_gone (address, look) == NULL)
    good = read_memory (address, &byte, 1);
  if (!good)
    *gone = describe_gone (address, look);
  g_mutex_unlock (&modules.lock);

  return good;
}

/* The observer functions for entries are called with a ledger locked. */
static void
modules_remember (LifecycleEntry *entry)
{
  g_mutex_lock (&modules.lock);
  g_hash_table_insert (modules.exact, entry, GUINT_TO_POINTER (look_locked () + 1));
  g_mutex_unlock (&modules.lock);
}

static void
modules_forget (LifecycleEntry *entry)
{
  g_mutex_lock (&modules.lock);
  g_hash_table_remove (modules.exact, entry);
  g_mutex_unlock (&modules.lock);
}

static void
modules_entry_added (LifecycleLedger *ledger,
                     LifecycleEntry  *entry)
{
  modules_remember (entry);
}

static void
modules_entry_removed (LifecycleLedger *ledger,
                       LifecycleEntry  *entry)
{
  /* Observers still ask for a child while it closes; modules_scope_closed() forgets it. */
  if (entry->type != LIFECYCLE_ENTRY_SCOPE)
    modules_forget (entry);
}

static void
modules_entry_replaced (LifecycleLedger *ledger,
                        LifecycleEntry  *entry,
                        LifecycleEntry  *by)
{
  gpointer look;

  g_mutex_lock (&modules.lock);
  if (g_hash_table_steal_extended (modules.exact, entry, NULL, &look))
    g_hash_table_insert (modules.exact, by, look);
  g_mutex_unlock (&modules.lock);
}

static void
modules_scope_opened (LifecycleScope *scope)
{
  /* Not if it has taken over the place and the time of a scope that has moved. */
  if (scope->as_child.added == lifecycle_entry_clock ())
    modules_remember (&scope->as_child);
}

static void
modules_scope_closed (LifecycleScope *scope,
                      guint64         duration)
{
  modules_forget (&scope->as_child);
}

/* Takes the first look. If `exact`, there will be another for each entry that is added. */
void
lifecycle_modules_start (gboolean exact)
{
  static const LifecycleObserver observer = {
    .scope_opened = modules_scope_opened,
    .scope_closed = modules_scope_closed,
    .entry_added = modules_entry_added,
    .entry_removed = modules_entry_removed,
    .entry_replaced = modules_entry_replaced,
  };

  lifecycle_modules_look ();
  if (exact)
    {
      modules.exact = g_hash_table_new (NULL, NULL);
      lifecycle_add_observer (&observer);
    }
}

#else /* !HAVE_DL_ITERATE_PHDR */

/* On systems where the loaded modules are not known, assume that nothing is ever unloaded. */

static char *
dup_string (const char *string,
            guint       look,
            gboolean    heap)
{
  return g_strdup (string);
}

guint
lifecycle_modules_look (void)
{
  return 0;
}

guint
lifecycle_modules_get_look (LifecycleEntry *entry)
{
  return 0;
}

gboolean
lifecycle_modules_has_function (gconstpointer   function,
                                guint           look,
                                char          **gone)
{
  return TRUE;
}

void
lifecycle_modules_start (gboolean exact)
{
}

#endif

/* Returns the place of something that was added after `look`, or a text that says that its module
 * is gone. The string is valid forever. Returns NULL for NULL.
 */
const char *
lifecycle_modules_get_place (const char *place,
                             guint       look)
{
  g_autofree char *text = NULL;

  if (place == NULL)
    return NULL;

  text = dup_string (place, look, FALSE);

  return g_intern_string (text);
}

const char *
lifecycle_entry_get_place (LifecycleEntry *entry)
{
  return lifecycle_modules_get_place (entry->name, lifecycle_modules_get_look (entry));
}

/* For "at a.c:17", but "from a module that is gone". */
const char *
lifecycle_place_get_preposition (const char *place)
{
  return g_str_has_prefix (place, GONE) ? "from" : "at";
}

/* Like lifecycle_modules_get_place(), but returns a copy of a name that may also be on the heap. */
char *
lifecycle_modules_dup_name (const char *name,
                            guint       look)
{
  return name != NULL ? dup_string (name, look, TRUE) : NULL;
}
