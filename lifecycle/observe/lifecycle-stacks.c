/* lifecycle-stacks.c: stacks of the calls that added entries, for LIFECYCLE_DEBUG=stacks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#ifdef HAVE_BACKTRACE
#include <execinfo.h>
#endif

#include "lifecycle-describe-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-stacks-private.h"

#define MAX_FRAMES 32

/* The innermost frames, in this file and in its caller, are left out. */
#define OWN_FRAMES 2

struct _LifecycleStack
{
  guint    look;                /* last scan of the modules before it was taken */
  guint    n_frames;
  gpointer frames[];
};

/* The observer functions run with a ledger locked, so this lock comes last in the lock order: while
 * it is held, nothing is called except the allocator.
 */
static struct
{
  GMutex      lock;
  gint        started;          /* atomic */
  GHashTable *known;            /* set of LifecycleStack; bounded by the number of call sites */
  GHashTable *by_entry;         /* LifecycleEntry → LifecycleStack */
} stacks;

static guint
stack_hash (gconstpointer data)
{
  const LifecycleStack *stack = data;
  gsize hash = stack->look * 31 + stack->n_frames;

  for (guint i = 0; i < stack->n_frames; i++)
    hash = hash * 31 + (gsize) stack->frames[i];

  return (guint) (hash ^ (hash >> 16));
}

static gboolean
stack_equal (gconstpointer a,
             gconstpointer b)
{
  const LifecycleStack *one = a;
  const LifecycleStack *other = b;

  return one->look == other->look &&
         one->n_frames == other->n_frames &&
         memcmp (one->frames, other->frames, one->n_frames * sizeof one->frames[0]) == 0;
}

/* Returns the stack of the caller, or NULL if stacks are not recorded. */
const LifecycleStack *
lifecycle_stacks_capture (void)
{
#ifdef HAVE_BACKTRACE
  gpointer frames[MAX_FRAMES + OWN_FRAMES];
  LifecycleStack *here;
  LifecycleStack *stack;
  gsize size;
  int n_frames;

  if (!g_atomic_int_get (&stacks.started))
    return NULL;

  n_frames = backtrace (frames, G_N_ELEMENTS (frames));
  if (n_frames <= OWN_FRAMES)
    return NULL;

  n_frames -= OWN_FRAMES;
  size = sizeof (LifecycleStack) + (gsize) n_frames * sizeof frames[0];
  here = g_alloca (size);
  here->look = lifecycle_modules_look ();
  here->n_frames = (guint) n_frames;
  memcpy (here->frames, frames + OWN_FRAMES, (gsize) n_frames * sizeof frames[0]);

  g_mutex_lock (&stacks.lock);
  stack = g_hash_table_lookup (stacks.known, here);
  if (stack == NULL)
    {
      stack = g_memdup2 (here, size);
      g_hash_table_add (stacks.known, stack);
    }
  g_mutex_unlock (&stacks.lock);

  return stack;
#else
  return NULL;
#endif
}

static void
stacks_remember (LifecycleEntry *entry)
{
  const LifecycleStack *stack = lifecycle_stacks_capture ();

  if (stack == NULL)
    return;

  g_mutex_lock (&stacks.lock);
  g_hash_table_insert (stacks.by_entry, entry, (gpointer) stack);
  g_mutex_unlock (&stacks.lock);
}

static void
stacks_forget (LifecycleEntry *entry)
{
  g_mutex_lock (&stacks.lock);
  g_hash_table_remove (stacks.by_entry, entry);
  g_mutex_unlock (&stacks.lock);
}

static void
stacks_entry_added (LifecycleLedger *ledger,
                    LifecycleEntry  *entry)
{
  stacks_remember (entry);
}

static void
stacks_entry_removed (LifecycleLedger *ledger,
                      LifecycleEntry  *entry)
{
  /* The stack of a child may still be needed while it closes. */
  if (entry->type != LIFECYCLE_ENTRY_SCOPE)
    stacks_forget (entry);
}

static void
stacks_entry_replaced (LifecycleLedger *ledger,
                       LifecycleEntry  *entry,
                       LifecycleEntry  *by)
{
  gpointer stack;

  g_mutex_lock (&stacks.lock);
  if (g_hash_table_steal_extended (stacks.by_entry, entry, NULL, &stack))
    g_hash_table_insert (stacks.by_entry, by, stack);
  g_mutex_unlock (&stacks.lock);
}

/* The stack of a child was recorded already when it was added as an entry. */
static void
stacks_scope_opened (LifecycleScope *scope)
{
  if (lifecycle_stacks_get (&scope->as_child) == NULL)
    stacks_remember (&scope->as_child);
}

static void
stacks_scope_closed (LifecycleScope *scope,
                     guint64         duration)
{
  stacks_forget (&scope->as_child);
}

/* Starts recording stacks. */
void
lifecycle_stacks_start (void)
{
  static const LifecycleObserver observer = {
    .scope_opened = stacks_scope_opened,
    .scope_closed = stacks_scope_closed,
    .entry_added = stacks_entry_added,
    .entry_removed = stacks_entry_removed,
    .entry_replaced = stacks_entry_replaced,
  };
#ifdef HAVE_BACKTRACE
  gpointer frame;

  /* The first call of backtrace() loads a library, which must not happen while a lock is held. */
  backtrace (&frame, 1);
#endif

  stacks.known = g_hash_table_new (stack_hash, stack_equal);
  stacks.by_entry = g_hash_table_new (NULL, NULL);
  g_atomic_int_set (&stacks.started, TRUE);
  lifecycle_add_observer (&observer);
}

/* Returns the stack of the call that added a live entry or created a scope (given as an entry), or
 * NULL if it was not recorded.
 */
const LifecycleStack *
lifecycle_stacks_get (LifecycleEntry *entry)
{
  const LifecycleStack *stack;

  if (!g_atomic_int_get (&stacks.started))
    return NULL;

  g_mutex_lock (&stacks.lock);
  stack = g_hash_table_lookup (stacks.by_entry, entry);
  g_mutex_unlock (&stacks.lock);

  return stack;
}

/* Describes the stack of an entry like lifecycle_stack_describe(). */
char *
lifecycle_stacks_describe (LifecycleEntry *entry)
{
  return lifecycle_stack_describe (lifecycle_stacks_get (entry));
}

/* Describes a stack, one frame per line, the innermost first. Returns NULL for NULL. */
char *
lifecycle_stack_describe (const LifecycleStack *stack)
{
  GString *string;

  if (stack == NULL)
    return NULL;

  string = g_string_new (NULL);
  for (guint i = 0; i < stack->n_frames; i++)
    {
      g_autofree char *frame = lifecycle_describe_address (stack->frames[i], stack->look);

      g_string_append_printf (string, "%s%s", i > 0 ? "\n" : "", frame);
    }

  return g_string_free (string, FALSE);
}
