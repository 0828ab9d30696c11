/* lifecycle-ledger-private.h: locked lists of entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-tally-private.h"

G_BEGIN_DECLS

/* Entries that have been muted and not yet released, in the order of addition. Most handlers have ended
 * by then, so few ledgers need these lists.
 */
typedef struct
{
  LifecycleNode foreign;        /* those that only user code can end */
  LifecycleNode others;
} LifecycleMuted;

typedef enum
{
  LIFECYCLE_LIST_LIVE,
  LIFECYCLE_LIST_FOREIGN,
  LIFECYCLE_LIST_MUTED
} LifecycleList;

/* The state of a mute phase. */
typedef struct
{
  LifecycleMuted lists;         /* of the ledger, meanwhile */
  LifecycleNode  muted;         /* entries on their way to the others in these lists */
  LifecycleMuted *before;       /* what the ledger had before, or NULL */
  gpointer       sound;         /* an instance that is not being disposed */
  guint          n_dropped;     /* handlers that have ended, and need no release */
  gboolean       in_row;        /* they are counted later, and have left the list already */
} LifecycleMute;

/* Waits until nothing is pending. wake() is called with the ledger locked. */
typedef struct _LifecycleWait LifecycleWait;

struct _LifecycleWait
{
  void (* wake)         (LifecycleWait  *self);

  /* Called when a ledger drops the wait. */
  void (* unref)        (LifecycleWait  *self);

  /* Called at home, with no lock held, when the scope that the wait is for has closed. */
  void (* scope_closed) (LifecycleWait  *self,
                         LifecycleScope *scope);
};

/* The purpose of a ledger. */
typedef enum
{
  LIFECYCLE_LEDGER_PLAIN,       /* what a scope follows, or what follows it */
  LIFECYCLE_LEDGER_HOLDINGS,    /* what a scope owns: a LifecycleHoldings */
  LIFECYCLE_LEDGER_OBJECT       /* what ends with an object: a LifecycleObjectLedger */
} LifecycleLedgerRole;

/* A ledger is a locked list of entries. It outlives its scope as long as entries may still have to
 * leave it.
 *
 * Locks: the lock of a ledger may be held when a lock of GLib is taken, but never when the lock of
 * another ledger is taken, and never while user code runs.
 */
struct _LifecycleLedger
{
  GMutex           lock;

  LifecycleNode    live;        /* entries that work, in the order of addition */
  LifecycleMuted  *muted;       /* what a teardown or a clear() has yet to release, or NULL; in a mute
                                 * phase, a part of the LifecycleMute */

  LifecycleScope  *scope;       /* not owned; set to NULL before the scope is finalized */

  guint            n_entries;
  guint            refs;
  gint             memory_refs; /* atomic; keeps only the memory; all `refs` together hold one */
  gboolean         open;
  guint8           role;        /* a LifecycleLedgerRole; never changes */
  guint8           limited;     /* whether the `warn_at` of its holdings is set */
  guint8           muting;      /* during a mute phase */
};

/* What few scopes need; guarded by the lock of the ledger. */
typedef struct
{
  LifecycleLedger *followers;   /* created on demand */
  GCancellable    *cancellable;
  GSList          *close_waits; /* of LifecycleWait, woken when nothing is pending */
  GQueue          *mail;        /* for queued handlers, created on demand */
  GHashTable      *index;       /* LifecycleKey → LifecycleScope, created by the first look-up */
  guint            limit;
  guint            warn_at;     /* 0 if there is neither a limit nor a newcomer */
  LifecycleMishaps mishaps;
} LifecycleHoldingsExtra;

/* Everything that a scope owns. To move a scope, its holdings are given to another scope. */
typedef struct
{
  LifecycleLedger         ledger;
  LifecycleTally          tally;
  LifecycleHoldingsExtra *extra; /* created on demand; atomic, set under the lock */

  guint              n_children;
  guint              n_pending; /* number of things that a teardown may have to wait for */
  guint              generation; /* incremented each time everything owned is given up */
  guint              has_mail_source : 1;
  guint              counted : 1; /* the scope has closed, and its counts have been passed on */
  guint              moving : 1; /* not open, but will be open again after the move */
  guint              draining : 1; /* open, but refuses operations */
  guint              gave_up : 1; /* the wait for something still running has been given up */
  guint              home_gone : 1; /* in a drain of a scope elsewhere: what is pending never ends */
} LifecycleHoldings;

/* Everything that ends with an object. */
typedef struct
{
  LifecycleLedger   ledger;
  guint             n_children; /* scopes that live as long as the object */
  LifecycleScope   *newest;     /* the last of these scopes, or NULL once that has left the ledger */
  gboolean          dying;      /* the object is being disposed */
} LifecycleObjectLedger;

LifecycleLedger *lifecycle_ledger_new          (LifecycleScope   *scope);
LifecycleObjectLedger *lifecycle_object_ledger_new (gsize         size);
LifecycleLedger *lifecycle_ledger_ref          (LifecycleLedger  *ledger);
void             lifecycle_ledger_unref        (LifecycleLedger  *ledger);
LifecycleLedger *lifecycle_ledger_hold_memory         (LifecycleLedger  *ledger);
void             lifecycle_ledger_release_memory    (LifecycleLedger  *ledger);
void             lifecycle_ledger_unref_locked (LifecycleLedger  *ledger);

LifecycleScope  *lifecycle_ledger_dup_scope    (LifecycleLedger  *ledger);
void             lifecycle_ledger_set_scope    (LifecycleLedger  *ledger,
                                                LifecycleScope   *scope);
void             lifecycle_ledger_shut         (LifecycleLedger  *ledger);

gboolean         lifecycle_ledger_take_live    (LifecycleLedger  *ledger,
                                                LifecycleEntry   *entry);
void             lifecycle_ledger_refuse       (LifecycleLedger  *ledger);

void             lifecycle_ledger_set_fence    (LifecycleLedger  *ledger,
                                                LifecycleEntry   *fence);
void             lifecycle_ledger_lift_fence   (LifecycleLedger  *ledger,
                                                LifecycleEntry   *fence);
guint            lifecycle_ledger_mute         (LifecycleLedger  *ledger,
                                                LifecycleEntry   *fence);
guint            lifecycle_ledger_mute_all     (LifecycleLedger  *ledger,
                                                gboolean         *more);
guint            lifecycle_ledger_mute_kind    (LifecycleLedger  *ledger,
                                                LifecycleKind     kind);
gboolean         lifecycle_ledger_ends_with    (LifecycleLedger  *ledger,
                                                LifecycleList     list,
                                                LifecycleKind     kind);
LifecycleEntry  *lifecycle_ledger_pop          (LifecycleLedger  *ledger,
                                                LifecycleList     list,
                                                guint            *flags);
LifecycleMuted  *lifecycle_ledger_ensure_muted (LifecycleLedger  *ledger);
void             lifecycle_ledger_set_blocked  (LifecycleLedger  *ledger,
                                                gboolean          blocked);

LifecycleHoldings *lifecycle_holdings_new          (LifecycleScope    *scope);
LifecycleHoldingsExtra *
                   lifecycle_holdings_ensure_extra (LifecycleHoldings *self);
void               lifecycle_holdings_clear        (LifecycleHoldings *self);
void               lifecycle_holdings_note_late    (LifecycleHoldings *self);
void               lifecycle_holdings_note_failed  (LifecycleHoldings *self);
void               lifecycle_holdings_note_abandoned (LifecycleHoldings *self,
                                                    guint              n_abandoned);
void               lifecycle_holdings_note_if_abandoned (LifecycleHoldings *self,
                                                         guint              n);
void               lifecycle_holdings_get_mishaps  (LifecycleHoldings *self,
                                                    LifecycleMishaps  *mishaps);
gboolean           lifecycle_holdings_is_over_limit (LifecycleHoldings *self);
gboolean           lifecycle_holdings_tell_of_limit (LifecycleHoldings *self,
                                                     LifecycleEntry    *entry);
void               lifecycle_holdings_entry_left   (LifecycleHoldings *self,
                                                    LifecycleEntry    *entry);
void               lifecycle_holdings_set_limit    (LifecycleHoldings *self,
                                                    guint              limit);
void               lifecycle_holdings_add_pending  (LifecycleHoldings *self);
void               lifecycle_holdings_drop_pending (LifecycleHoldings *self);
void               lifecycle_holdings_give_up_pending (LifecycleHoldings *self);
void               lifecycle_holdings_wake_waits   (LifecycleHoldings *self);
void               lifecycle_holdings_forget_waits (LifecycleHoldings *self);

/* Reads a count that others change under a lock, without that lock. A value that is a moment old has to be
 * good enough. This is the one place where the library means to race, so ThreadSanitizer is not asked.
 */
__attribute__ ((no_sanitize ("thread")))
static inline guint
lifecycle_glance (const guint *count)
{
  return *count;
}

static inline gboolean
lifecycle_ledger_is_owned (LifecycleLedger *ledger)
{
  return ledger->role == LIFECYCLE_LEDGER_HOLDINGS;
}

/* The ledger must have the role HOLDINGS. */
static inline LifecycleHoldings *
lifecycle_ledger_get_holdings (LifecycleLedger *ledger)
{
  return (LifecycleHoldings *) ledger;
}

extern const LifecycleHoldingsExtra lifecycle_holdings_no_extra;

/* Read-only: without an extra this is the shared lifecycle_holdings_no_extra. */
static inline const LifecycleHoldingsExtra *
lifecycle_holdings_peek_extra (LifecycleHoldings *self)
{
  LifecycleHoldingsExtra *extra = g_atomic_pointer_get (&self->extra);

  return extra != NULL ? extra : &lifecycle_holdings_no_extra;
}

/* Returns whether a close or a drain waits for what is pending, without the lock. A drain of a scope that
 * is at home elsewhere may begin or end at this moment, and then either answer is right: who begins one
 * looks at the state of the scope afterwards.
 */
__attribute__ ((no_sanitize ("thread")))
static inline gboolean
lifecycle_holdings_has_waits (LifecycleHoldings *self)
{
  return lifecycle_holdings_peek_extra (self)->close_waits != NULL;
}

/* The ledger is locked. The scope has been taken down during a move: nothing moves. */
static inline void
lifecycle_holdings_end_move (LifecycleHoldings *self)
{
  if (G_UNLIKELY (self->moving))
    {
      self->moving = FALSE;
      self->generation++;
    }
}

/* The ledger must have the role OBJECT. */
static inline LifecycleObjectLedger *
lifecycle_ledger_get_object_ledger (LifecycleLedger *ledger)
{
  return (LifecycleObjectLedger *) ledger;
}

/* The ledger must have one of these two roles: no other ledger has children. */
static inline guint *
lifecycle_ledger_get_n_children (LifecycleLedger *ledger)
{
  return lifecycle_ledger_is_owned (ledger) ? &lifecycle_ledger_get_holdings (ledger)->n_children
                                            : &lifecycle_ledger_get_object_ledger (ledger)->n_children;
}

/* The ledger is locked, and has the role HOLDINGS. Returns the index of its children, or NULL. */
static inline GHashTable *
lifecycle_ledger_get_index (LifecycleLedger *ledger)
{
  return lifecycle_holdings_peek_extra (lifecycle_ledger_get_holdings (ledger))->index;
}

static inline void
lifecycle_node_init (LifecycleNode *node)
{
  node->prev = node->next = node;
}

static inline void
lifecycle_node_insert_after (LifecycleNode *node,
                             LifecycleNode *after)
{
  node->prev = after;
  node->next = after->next;
  after->next->prev = node;
  after->next = node;
}

static inline void
lifecycle_node_remove (LifecycleNode *node)
{
  node->prev->next = node->next;
  node->next->prev = node->prev;
}

/* Appends all nodes of one list to another one. */
static inline void
lifecycle_node_append_all (LifecycleNode *list,
                           LifecycleNode *from)
{
  if (from->next == from)
    return;

  from->next->prev = list->prev;
  list->prev->next = from->next;
  from->prev->next = list;
  list->prev = from->prev;
  lifecycle_node_init (from);
}

static inline gboolean
lifecycle_node_is_alone (LifecycleNode *node)
{
  return node->next == node;
}

/* The ledger is locked. Returns one of its lists, or NULL if it is empty. */
static inline LifecycleNode *
lifecycle_ledger_get_list (LifecycleLedger *ledger,
                           LifecycleList    list)
{
  LifecycleNode *node;

  if (list == LIFECYCLE_LIST_LIVE)
    node = &ledger->live;
  else if (ledger->muted == NULL)
    return NULL;
  else
    node = list == LIFECYCLE_LIST_FOREIGN ? &ledger->muted->foreign : &ledger->muted->others;

  return lifecycle_node_is_alone (node) ? NULL : node;
}

/* The ledger is locked. Returns the state of the mute phase, or NULL. */
static inline LifecycleMute *
lifecycle_ledger_get_mute (LifecycleLedger *ledger)
{
  return ledger->muting ? (LifecycleMute *) ledger->muted : NULL;
}

static inline LifecycleEntry *
lifecycle_list_peek_first (LifecycleNode *list)
{
  return list->next != list ? (LifecycleEntry *) list->next : NULL;
}

/* Returns the last entry of a list, or NULL. */
static inline LifecycleEntry *
lifecycle_list_peek_last (LifecycleNode *list)
{
  return list->prev != list ? (LifecycleEntry *) list->prev : NULL;
}

#define LIFECYCLE_LIST_FOREACH_REVERSE(entry, list)             \
  for (LifecycleEntry *entry = (LifecycleEntry *) (list)->prev; \
       &entry->node != (list);                                  \
       entry = (LifecycleEntry *) entry->node.prev)

static inline void
lifecycle_ledger_lock (LifecycleLedger *ledger)
{
  g_mutex_lock (&ledger->lock);
}

static inline void
lifecycle_ledger_unlock (LifecycleLedger *ledger)
{
  g_mutex_unlock (&ledger->lock);
}

/* Locks the ledger and returns TRUE if it is open; otherwise returns FALSE. */
static inline gboolean
lifecycle_ledger_lock_open (LifecycleLedger *ledger)
{
  lifecycle_ledger_lock (ledger);
  if (G_LIKELY (ledger->open))
    return TRUE;

  lifecycle_ledger_unlock (ledger);
  return FALSE;
}

/* Like lifecycle_ledger_lock_open(), but counts a failure as a late addition. */
static inline gboolean
lifecycle_ledger_begin_add (LifecycleLedger *ledger)
{
  lifecycle_ledger_lock (ledger);
  if (G_LIKELY (ledger->open))
    return TRUE;

  lifecycle_ledger_refuse (ledger);
  return FALSE;
}

static inline gboolean
lifecycle_ledger_is_over_limit (LifecycleLedger *ledger)
{
  return G_UNLIKELY (ledger->limited) &&
         lifecycle_holdings_is_over_limit (lifecycle_ledger_get_holdings (ledger));
}

/* Unlocks the ledger. If it is over its limit, runs user code, and returns TRUE. */
static inline gboolean
lifecycle_ledger_end_add (LifecycleLedger *ledger)
{
  if (lifecycle_ledger_is_over_limit (ledger))
    {
      lifecycle_holdings_tell_of_limit (lifecycle_ledger_get_holdings (ledger), NULL);
      return TRUE;
    }

  lifecycle_ledger_unlock (ledger);
  return FALSE;
}

/* Unlocks the ledger, and returns whether the new entry is still live: a handler of `limit-reached`
 * may end it, and then the caller must no longer touch it.
 */
static inline gboolean
lifecycle_ledger_end_add_of (LifecycleLedger *ledger,
                             LifecycleEntry  *entry)
{
  if (lifecycle_ledger_is_over_limit (ledger))
    return lifecycle_holdings_tell_of_limit (lifecycle_ledger_get_holdings (ledger), entry);

  lifecycle_ledger_unlock (ledger);
  return TRUE;
}

/* The ledger is locked. Returns whether a teardown has more to do than to release entries. */
static inline gboolean
lifecycle_holdings_has_more (LifecycleHoldings *self)
{
  const LifecycleHoldingsExtra *extra = lifecycle_holdings_peek_extra (self);

  return extra->cancellable != NULL || extra->mail != NULL;
}

/* Called between begin_add() and end_add(). */
static inline void
lifecycle_ledger_append (LifecycleLedger    *ledger,
                         LifecycleEntry     *entry,
                         LifecycleEntryType  type,
                         const char         *name)
{
  guint kind = lifecycle_entry_type_get_kind (type);

  entry->name = name;
  entry->type = type;
  entry->flags |= LIFECYCLE_ENTRY_LINKED;
  entry->added = lifecycle_entry_clock ();
  lifecycle_node_insert_after (&entry->node, ledger->live.prev);
  ledger->n_entries++;

  if (kind != LIFECYCLE_KIND_NONE && lifecycle_ledger_is_owned (ledger))
    {
      LifecycleHoldings *holdings = lifecycle_ledger_get_holdings (ledger);

      lifecycle_tally_count (&holdings->tally, kind, LIFECYCLE_TALLY_ADDED);
      if (ledger->n_entries > holdings->tally.peak)
        holdings->tally.peak = ledger->n_entries;
      if (lifecycle_is_watched (LIFECYCLE_WATCH_ENTRIES))
        lifecycle_watch_entry_added (ledger, entry);
    }
}

/* For entries that call back into the ledger from elsewhere, and so keep it alive. */
static inline void
lifecycle_ledger_append_counted (LifecycleLedger    *ledger,
                                 LifecycleEntry     *entry,
                                 LifecycleEntryType  type,
                                 const char         *name)
{
  lifecycle_ledger_append (ledger, entry, type, name);
  entry->flags |= LIFECYCLE_ENTRY_COUNTED;
  ledger->refs++;
}

/* The ledger is locked. */
static inline void
lifecycle_ledger_remove (LifecycleLedger *ledger,
                         LifecycleEntry  *entry)
{
  guint kind = lifecycle_entry_type_get_kind (entry->type);

  entry->flags &= ~LIFECYCLE_ENTRY_LINKED;
  lifecycle_node_remove (&entry->node);
  ledger->n_entries--;

  if (lifecycle_ledger_is_owned (ledger) && kind != LIFECYCLE_KIND_NONE)
    {
      LifecycleHoldings *holdings = lifecycle_ledger_get_holdings (ledger);

      lifecycle_tally_count (&holdings->tally, kind,
                             (entry->flags & LIFECYCLE_ENTRY_MUTED) != 0 ? LIFECYCLE_TALLY_RELEASED
                                                                         : LIFECYCLE_TALLY_RETIRED);
      if (lifecycle_is_watched (LIFECYCLE_WATCH_ENTRIES))
        lifecycle_watch_entry_removed (ledger, entry);
    }

  if (G_UNLIKELY (ledger->limited))
    lifecycle_holdings_entry_left (lifecycle_ledger_get_holdings (ledger), entry);
}

/* The ledger is locked, in a mute phase. Counts muted entries of one type that are gone, and were no
 * longer in the list. They were counted references, which are not the last ones, and nobody watched.
 */
static inline void
lifecycle_ledger_forget_ended (LifecycleLedger    *ledger,
                               LifecycleEntryType  type,
                               guint               n)
{
  ledger->n_entries -= n;
  ledger->refs -= n;
  lifecycle_ledger_get_mute (ledger)->n_dropped += n;
  if (lifecycle_ledger_is_owned (ledger))
    lifecycle_tally_count_many (&lifecycle_ledger_get_holdings (ledger)->tally,
                                lifecycle_entry_type_get_kind (type), LIFECYCLE_TALLY_RELEASED, n);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleLedger, lifecycle_ledger_unref)

G_END_DECLS
