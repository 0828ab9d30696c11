/* lifecycle-audit-module.c: whose code an address is in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <execinfo.h>
#include <fnmatch.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lifecycle-audit-private.h"
#include "lifecycle-audit-write-private.h"

/* What runs scripts is not the program's own code, although it is the main executable. */
static const char *const interpreters[] = {
  "gjs*", "python*", "perl*", "ruby*", "lua*", "node*", "guile*", "cinnamon", "gnome-shell",
};

/* Libraries of the platform, wherever they are installed. */
static const char *const platform[] = {
  "libglib-2.0.*", "libgobject-2.0.*", "libgio-2.0.*", "libgmodule-2.0.*", "libgthread-2.0.*",
  "libgirepository-*", "libffi.*", "libgjs.*", "libmozjs-*", "libpython*", "_gi.*", "_gi_cairo.*",
  "libgtk-*", "libgdk-*", "libadwaita-*", "libhandy-*", "libgtksourceview-*", "libpango*",
  "libcairo*", "libgdk_pixbuf-*", "liblifecycle-*", "ld-linux*", "libc.so*",
};

/* Folders under those of system libraries that hold plug-ins of the platform. */
static const char *const platform_folders[] = {
  "*/gio/modules/*", "*/gtk-[234].0/*", "*/gdk-pixbuf-2.0/*", "*/gvfs/*", "*/gjs/*", "*/dri/*",
  "*/python*/*", "*/perl*/*", "*/girepository-1.0/*", "*/libadwaita*/*", "*/gstreamer-1.0/*",
  "*/webkit*/*", "*/evolution-data-server/*", "*/enchant-2/*", "*/tracker-*/*", "*/pkcs11/*",
  "*/glibc-hwcaps/*", "*/gconv/*",
};

static gboolean
matches (const char        *text,
         const char *const *patterns,
         gsize              n_patterns)
{
  for (gsize i = 0; i < n_patterns; i++)
    if (fnmatch (patterns[i], text, 0) == 0)
      return TRUE;

  return FALSE;
}

/* Whether a library lies directly in a folder for everybody's libraries. */
static gboolean
is_in_system_folder (const char *path)
{
  static const char *const folders[] = {
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64",
    "/lib/*-linux-*", "/usr/lib/*-linux-*", "/usr/local/lib/*-linux-*",
  };
  char folder[PATH_MAX];
  const char *slash = strrchr (path, '/');

  if (slash == NULL || (gsize) (slash - path) >= sizeof folder)
    return TRUE;
  memcpy (folder, path, (gsize) (slash - path));
  folder[slash - path] = '\0';
  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    if (fnmatch (folders[i], folder, FNM_PATHNAME) == 0)
      return TRUE;

  return FALSE;
}

static const char *
get_program (void)
{
  static char program[PATH_MAX];

  if (program[0] == '\0')
    {
      gssize n = readlink ("/proc/self/exe", program, sizeof program - 1);

      program[n > 0 ? n : 0] = '\0';
    }

  return program;
}

/* The program's own code is the executable, unless that is an interpreter, and what is installed in
 * folders of its own. $LIFECYCLE_AUDIT_OWN has more patterns, separated by colons.
 */
static gboolean
is_own (const char *path,
        gboolean    is_main)
{
  const char *more = getenv ("LIFECYCLE_AUDIT_OWN");
  const char *name = strrchr (path, '/');

  name = name != NULL ? name + 1 : path;
  while (more != NULL && *more != '\0')
    {
      char pattern[256];
      gsize length = strcspn (more, ":");

      if (length > 0 && length < sizeof pattern)
        {
          memcpy (pattern, more, length);
          pattern[length] = '\0';
          if (fnmatch (pattern, name, 0) == 0 || fnmatch (pattern, path, 0) == 0)
            return TRUE;
        }
      more += length;
      more += *more == ':';
    }

  if (is_main)
    return !matches (name, interpreters, G_N_ELEMENTS (interpreters));

  return !matches (name, platform, G_N_ELEMENTS (platform)) &&
         !matches (path, platform_folders, G_N_ELEMENTS (platform_folders)) &&
         !is_in_system_folder (path);
}

/* Which module an address is in. dladdr() also looks for a symbol, through all that the module has. */
static const struct link_map *
find_module (gconstpointer address)
{
#ifdef HAVE_DL_FIND_OBJECT
  struct dl_find_object found;

  return _dl_find_object ((void *) (gsize) address, &found) == 0 ? found.dlfo_link_map : NULL;
#else
  struct link_map *map = NULL;
  Dl_info info;

  return dladdr1 ((void *) (gsize) address, &info, (void **) &map, RTLD_DL_LINKMAP) != 0 ? map : NULL;
#endif
}

static AuditScript
classify (const struct link_map *map,
          gboolean              *own)
{
  gboolean is_main = map->l_name[0] == '\0';
  const char *path = is_main ? get_program () : map->l_name;
  const char *name = strrchr (path, '/');

  *own = FALSE;
  name = name != NULL ? name + 1 : path;
  if (strncmp (name, "_gi.", 4) == 0)
    return AUDIT_SCRIPT_PYTHON;
  if (strncmp (name, "libgjs.", 7) == 0)
    return AUDIT_SCRIPT_GJS;
  if (strncmp (name, "libffi.", 7) == 0)
    return AUDIT_SCRIPT_ANY;

  *own = is_own (path, is_main);
  return AUDIT_SCRIPT_NONE;
}

AuditScript
audit_module_classify (gconstpointer address,
                       gboolean     *own)
{
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static struct
  {
    const struct link_map *map;
    const char            *name;        /* a module may be unloaded, and another one be there */
    AuditScript            language;
    gboolean               own;
  } cache[64];
  const struct link_map *map = find_module (address);
  guint i = (guint) ((gsize) map >> 6) % G_N_ELEMENTS (cache);
  AuditScript language;

  *own = FALSE;
  if (map == NULL)
    return AUDIT_SCRIPT_NONE;

  pthread_mutex_lock (&lock);
  if (cache[i].map != map || cache[i].name != map->l_name)
    {
      cache[i].map = map;
      cache[i].name = map->l_name;
      cache[i].language = classify (map, &cache[i].own);
    }
  language = cache[i].language;
  *own = cache[i].own;
  pthread_mutex_unlock (&lock);

  return language;
}

/* Whether code was made while the program runs, as libffi does for callbacks of scripts. */
gboolean
audit_module_is_generated (gconstpointer address)
{
  return find_module (address) == NULL;
}

/* Whether code belongs to GTK or to what is below it. */
gboolean
audit_module_is_toolkit (gconstpointer address)
{
  static const char *const names[] = {
    "libgtk-*", "libgdk-*", "libgobject-2.0.*", "libgio-2.0.*", "libglib-2.0.*",
  };
  const struct link_map *map = find_module (address);
  const char *name = map != NULL ? strrchr (map->l_name, '/') : NULL;

  return name != NULL && matches (name + 1, names, G_N_ELEMENTS (names));
}

typedef enum
{
  FRAME_PLATFORM,
  FRAME_OWN,
  FRAME_AUDIT,
  FRAME_LOOP,                   /* below it is what runs the main loop, which says nothing */
  FRAME_SCRIPT                  /* + an AuditScript */
} Frame;

/* How many bits of the cache tell the frame. */
#define FRAME_BITS 3

/* Whose frame it is, from a cache: a stack has many, and the same ones come again and again. Each
 * element is written at once and holds the whole answer, so the cache needs no lock.
 */
static Frame
classify_frame (gconstpointer address)
{
  static guint64 cache[4096];
  guint64 *cached = &cache[((gsize) address >> 2) % G_N_ELEMENTS (cache)];
  guint64 found = __atomic_load_n (cached, __ATOMIC_RELAXED);
  Frame frame = FRAME_PLATFORM;
  AuditScript language;
  gboolean own;
  Dl_info info;

  if (found >> FRAME_BITS == (guint64) (gsize) address)
    return (Frame) (found & ((1 << FRAME_BITS) - 1));

  /* What is called last in a function returns to the address after it. */
  address = (const char *) address - 1;
  language = audit_module_classify (address, &own);
  if (find_module (address) == find_module ((gconstpointer) audit_module_backtrace))
    frame = dladdr (address, &info) != 0 && info.dli_sname != NULL &&
            (strcmp (info.dli_sname, "g_main_loop_run") == 0 ||
             strcmp (info.dli_sname, "g_application_run") == 0)
            ? FRAME_LOOP : FRAME_AUDIT;
  else if (own)
    frame = FRAME_OWN;
  else if (language != AUDIT_SCRIPT_NONE)
    frame = (Frame) (FRAME_SCRIPT + language);
  address = (const char *) address + 1;
  __atomic_store_n (cached, (guint64) (gsize) address << FRAME_BITS | frame, __ATOMIC_RELAXED);

  return frame;
}

/* Records the stack down to the main loop, without the audit's own frames. A script is the program's own
 * code: `script` is its language, unless compiled code of the program comes first.
 */
guint
audit_module_backtrace (gconstpointer *frames,
                        gint          *first_own,
                        AuditScript   *script)
{
  gpointer all[AUDIT_MAX_FRAMES + 4];
  gint n_all = backtrace (all, G_N_ELEMENTS (all));
  guint n_frames = 0;

  *first_own = -1;
  *script = AUDIT_SCRIPT_NONE;
  for (gint i = 0; i < n_all && n_frames < AUDIT_MAX_FRAMES; i++)
    {
      Frame frame = classify_frame (all[i]);

      if (frame == FRAME_LOOP)
        break;
      if (frame == FRAME_AUDIT)
        continue;
      if ((frame == FRAME_OWN || frame >= FRAME_SCRIPT) && *first_own < 0)
        {
          *first_own = (gint) n_frames;
          *script = frame == FRAME_OWN ? AUDIT_SCRIPT_NONE : (AuditScript) (frame - FRAME_SCRIPT);
        }
      frames[n_frames++] = all[i];
    }

  return n_frames;
}

static int
write_module (struct dl_phdr_info *info,
              size_t               size,
              void                *data)
{
  AuditWriter *writer = data;
  const char *path = info->dlpi_name;
  gsize start = G_MAXSIZE;
  gsize end = 0;
  gboolean is_main = writer->n_modules == 0;

  if (is_main)
    path = get_program ();
  if (path == NULL || path[0] == '\0' || path[0] != '/')
    return 0;

  for (guint i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_LOAD)
      {
        gsize segment = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

        start = MIN (start, segment);
        end = MAX (end, segment + info->dlpi_phdr[i].p_memsz);
      }
  if (start >= end)
    return 0;

  fprintf (writer->file, "%s\n    { \"path\": ", writer->n_modules++ > 0 ? "," : "");
  audit_write_string (writer, path);
  fprintf (writer->file, ", \"bias\": %" G_GSIZE_FORMAT ", \"start\": %" G_GSIZE_FORMAT
           ", \"end\": %" G_GSIZE_FORMAT ", \"own\": %s }",
           (gsize) info->dlpi_addr, start, end, is_own (path, is_main) ? "true" : "false");

  return 0;
}

void
audit_module_write (AuditWriter *writer)
{
  fprintf (writer->file, "  \"modules\": [");
  dl_iterate_phdr (write_module, writer);
  fprintf (writer->file, "\n  ],\n");
}
