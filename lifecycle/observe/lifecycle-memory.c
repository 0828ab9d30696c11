/* lifecycle-memory.c: where in the memory of the process something is mentioned
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-memory-private.h"

#ifdef __linux__

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE_SIZE ((gsize) 1 << 20)

/* Larger mappings are address space that a sanitizer or an interpreter has reserved. */
#define MAX_MAPPING ((gsize) 1 << 31)

/* What is mentioned more often than this is an ordinary number. */
#define MAX_HITS 20000

typedef struct
{
  int         memory;
  GHashTable *values;
  gsize       smallest;
  gsize       largest;
  GArray     *hits;
  gsize      *piece;            /* a copy of what is looked at; it does not count itself */
} Search;

/* Returns a descriptor through which all memory of the process can be read, to be closed with
 * lifecycle_memory_close(), or a negative number. Another thread may unmap memory at any time: reading
 * the file then fails, while reading the memory would crash the program.
 */
int
lifecycle_memory_open (void)
{
  return open ("/proc/self/mem", O_RDONLY | O_CLOEXEC);
}

void
lifecycle_memory_close (int memory)
{
  close (memory);
}

static void
search_piece (Search *self,
              gsize   address,
              gsize   size)
{
  for (gsize i = 0; i < size / sizeof (gsize); i++)
    {
      LifecycleMemoryHit hit = { address + i * sizeof (gsize), self->piece[i] };

      if (hit.value >= self->smallest && hit.value <= self->largest &&
          g_hash_table_contains (self->values, GSIZE_TO_POINTER (hit.value)) &&
          hit.address - (gsize) self->piece >= PIECE_SIZE)
        g_array_append_val (self->hits, hit);
    }
}

static void
search_mapping (Search *self,
                gsize   start,
                gsize   end)
{
  while (start < end && self->hits->len < MAX_HITS)
    {
      gssize n = pread (self->memory, self->piece, MIN (PIECE_SIZE, end - start), (off_t) start);

      if (n <= 0)
        break;
      search_piece (self, start, (gsize) n);
      start += (gsize) n;
    }
}

/* Only what is private and can be written to: the heap, and the variables of the program and of the
 * libraries. Nothing is held by a stack for long.
 */
static gboolean
is_worth_searching (const char *permissions,
                    const char *line)
{
  return strncmp (permissions, "rw", 2) == 0 && permissions[3] == 'p' && strstr (line, "[stack") == NULL;
}

static void
search_all (Search *self)
{
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL))
    return;

  lines = g_strsplit (maps, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      gsize start, end;
      char permissions[5];

      if (sscanf (lines[i], "%" G_GSIZE_MODIFIER "x-%" G_GSIZE_MODIFIER "x %4s", &start, &end,
                  permissions) == 3 &&
          is_worth_searching (permissions, lines[i]) &&
          end - start <= MAX_MAPPING)
        search_mapping (self, start, end);
    }
}

/* Returns the words of the process that have one of the values in a set, in no order. */
GArray *
lifecycle_memory_find (int         memory,
                       GHashTable *values)
{
  Search self = { .memory = memory, .values = values, .smallest = G_MAXSIZE };
  GHashTableIter iter;
  gpointer value;

  self.hits = g_array_new (FALSE, FALSE, sizeof (LifecycleMemoryHit));
  g_hash_table_iter_init (&iter, values);
  while (g_hash_table_iter_next (&iter, &value, NULL))
    {
      self.smallest = MIN (self.smallest, GPOINTER_TO_SIZE (value));
      self.largest = MAX (self.largest, GPOINTER_TO_SIZE (value));
    }

  self.piece = mmap (NULL, PIECE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (self.piece != MAP_FAILED)
    {
      search_all (&self);
      munmap (self.piece, PIECE_SIZE);
    }

  return self.hits;
}

/* Returns FALSE if there is no such memory. */
gboolean
lifecycle_memory_read (int      memory,
                       gsize    address,
                       gpointer buffer,
                       gsize    size)
{
  return pread (memory, buffer, size, (off_t) address) == (gssize) size;
}

#else

int
lifecycle_memory_open (void)
{
  return -1;
}

void
lifecycle_memory_close (int memory)
{
}

GArray *
lifecycle_memory_find (int         memory,
                       GHashTable *values)
{
  return g_array_new (FALSE, FALSE, sizeof (LifecycleMemoryHit));
}

gboolean
lifecycle_memory_read (int      memory,
                       gsize    address,
                       gpointer buffer,
                       gsize    size)
{
  return FALSE;
}

#endif
