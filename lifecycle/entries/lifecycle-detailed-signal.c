/* lifecycle-detailed-signal.c: a cache of signal names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-detailed-signal-private.h"

/* GLib looks up the name of a signal in each class that the type derives from, which is a good part
 * of the cost of a connection. Programs use few different names, so each one is kept forever, like
 * the quarks that it consists of. A two-byte index is enough to refer to one.
 */
#define MAX_KNOWN G_MAXUINT16

static GMutex known_lock;
static GHashTable *known_table; /* a set of LifecycleKnownSignal */
static LifecycleKnownSignal *known_by_index[MAX_KNOWN + 1];
static guint n_known;

LifecycleKnownSignal *lifecycle_recent_signals[LIFECYCLE_N_RECENT_SIGNALS];

static guint
known_hash (gconstpointer data)
{
  const LifecycleKnownSignal *known = data;

  return g_str_hash (known->name) ^ g_direct_hash ((gpointer) known->type);
}

static gboolean
known_equal (gconstpointer a,
             gconstpointer b)
{
  const LifecycleKnownSignal *one = a;
  const LifecycleKnownSignal *other = b;

  return one->type == other->type && g_str_equal (one->name, other->name);
}

/* Takes over `known`, and returns the one to use from now on. Returns NULL if the table is full;
 * `known` then still belongs to the caller.
 */
static LifecycleKnownSignal *
known_insert (LifecycleKnownSignal *known)
{
  LifecycleKnownSignal *found;

  g_mutex_lock (&known_lock);
  if (known_table == NULL)
    known_table = g_hash_table_new (known_hash, known_equal);
  found = g_hash_table_lookup (known_table, known);
  if (found != NULL)
    {
      g_free (known);
    }
  else if (n_known < MAX_KNOWN)
    {
      found = known;
      found->signal.index = (guint16) ++n_known;
      g_atomic_pointer_set (&known_by_index[found->signal.index], found);
      g_hash_table_add (known_table, found);
    }
  g_mutex_unlock (&known_lock);

  return found;
}

static gboolean
known_look_up (GType                     type,
               const char               *name,
               LifecycleKnownSignal                   **slot,
               LifecycleDetailedSignal  *signal)
{
  gsize size = strlen (name) + 1;
  LifecycleKnownSignal *known = g_malloc0 (sizeof (LifecycleKnownSignal) + size);
  LifecycleKnownSignal *found;

  if (!g_signal_parse_name (name, type, &known->signal.id, &known->signal.detail, TRUE))
    {
      g_free (known);
      return FALSE;
    }

  known->type = type;
  memcpy (known->name, name, size);

  found = known_insert (known);
  if (found != NULL)
    {
      *signal = found->signal;
      g_atomic_pointer_set (slot, found);
    }
  else
    {
      *signal = known->signal;
      g_free (known);
    }

  return TRUE;
}

/* Returns FALSE if the type has no such signal. */
gboolean
lifecycle_detailed_signal_look_up (GType                    type,
                                   const char              *name,
                                   LifecycleDetailedSignal *signal)
{
  LifecycleKnownSignal **slot = lifecycle_recent_signal_slot (type, name);
  LifecycleKnownSignal *known = g_atomic_pointer_get (slot);

  if (G_LIKELY (known != NULL && known->type == type && strcmp (known->name, name) == 0))
    {
      *signal = known->signal;
      return TRUE;
    }

  return known_look_up (type, name, slot, signal);
}

/* Gets the signal with the given index. Returns FALSE if there is none. */
gboolean
lifecycle_detailed_signal_get (guint16                  index,
                               LifecycleDetailedSignal *signal)
{
  LifecycleKnownSignal *known = g_atomic_pointer_get (&known_by_index[index]);

  if (known == NULL)
    return FALSE;

  *signal = known->signal;

  return TRUE;
}
