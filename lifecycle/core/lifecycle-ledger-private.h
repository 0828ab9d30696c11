/* lifecycle-ledger-private.h: the locked list of what is owned
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-tally-private.h"

G_BEGIN_DECLS

/* What phase one has to remember. */
typedef struct
{
  gpointer sound;               /* an instance that is not being disposed */
  guint    n_dropped;           /* handlers that have ended, and need no release */
} LifecycleMute;

/* What waits until nothing is pending, and is told so with the ledger locked. */
typedef struct _LifecycleWait LifecycleWait;

struct _LifecycleWait
{
  void (* wake)         (LifecycleWait  *self);

  /* The ledger that has the wait forgets it. */
  void (* unref)        (LifecycleWait  *self);

  /* At home, with nothing locked: the scope that the wait is for has closed. */
  void (* scope_closed) (LifecycleWait  *self,
                         LifecycleScope *scope);
};

/* A ledger is what entries belong to. A scope has one for what it owns, and one each, made on
 * demand, for what it follows and for who follows it; an object that scopes watch has one too.
 *
 * It outlives its scope for as long as anything may still want to retire from it, and it can change
 * hands as a whole, which is how a scope moves.
 *
 * Locks: a ledger's lock is taken alone or before a lock of GLib's, never together with the lock of
 * another ledger, and never while user code runs.
 */
struct _LifecycleLedger
{
  GMutex           lock;

  /* What works; what is muted but needs user code to be ended; what is muted for good. The last
   * added is the last in each.
   */
  LifecycleNode    live;
  LifecycleNode    foreign;
  LifecycleNode    muted;

  LifecycleScope  *scope;       /* not owned; NULL before the scope is finalized */
  GThread         *muter;       /* the thread that is disconnecting a handler with the lock held */
  LifecycleMute   *mute;        /* during phase one */
  GHashTable      *index;       /* LifecycleKey → LifecycleScope, made by the first look-up */
  LifecycleLedger *followers;
  GCancellable    *cancellable;
  GSList          *close_waits; /* of LifecycleWait, for when nothing is pending any more */

  GSource         *timer_queue; /* of the home context; atomic, set by the first timer */
  GQueue          *mail;        /* for queued handlers, made on demand */
  LifecycleTally  *tally;       /* made on demand, of what a scope owns */

  guint            n_entries;
  guint            n_children;
  guint            n_pending;   /* what a teardown may have to wait for */
  guint            refs;
  gint             memory_refs;     /* atomic: who keeps the memory, and not the scope; `refs` are one */
  guint            limit;
  guint            warn_at;     /* 0 if there is neither a limit nor a newcomer */
  guint            generation;  /* how often all that was owned has been let go of */
  guint            n_late;      /* what was added too late */
  guint            n_failed;    /* cleanups */
  gboolean         open;
  guint            has_mail_source : 1;
  guint            owned : 1;   /* it is what a scope owns, and has a tally */
  guint            counted : 1; /* others have its counts, because its scope has closed */
  guint            moving : 1;  /* it is not open, but will be */
  guint            draining : 1; /* it is open, and refuses operations */
  guint            gave_up : 1; /* a wait has ended before what it waited for */
  guint            dying : 1;   /* it is an watch's, whose object is being disposed */
};

LifecycleLedger *lifecycle_ledger_new          (LifecycleScope   *scope);
LifecycleLedger *lifecycle_ledger_new_owned    (LifecycleScope   *scope);
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
void             lifecycle_ledger_add_pending  (LifecycleLedger  *ledger);
void             lifecycle_ledger_drop_pending (LifecycleLedger  *ledger);
void             lifecycle_ledger_give_up_pending (LifecycleLedger *ledger);
void             lifecycle_ledger_wake_waits   (LifecycleLedger  *ledger);
void             lifecycle_ledger_forget_waits (LifecycleLedger  *ledger);

gboolean         lifecycle_ledger_lock_open    (LifecycleLedger  *ledger);
gboolean         lifecycle_ledger_begin_add    (LifecycleLedger  *ledger);
void             lifecycle_ledger_note         (LifecycleLedger  *ledger,
                                                guint             n_late,
                                                guint             n_failed);
gboolean         lifecycle_ledger_end_add      (LifecycleLedger  *ledger);
gboolean         lifecycle_ledger_end_add_of   (LifecycleLedger  *ledger,
                                                LifecycleEntry   *entry);
void             lifecycle_ledger_set_limit    (LifecycleLedger  *ledger,
                                                guint             limit);
void             lifecycle_ledger_entry_left   (LifecycleLedger  *ledger,
                                                LifecycleEntry   *entry);

void             lifecycle_ledger_set_fence    (LifecycleLedger  *ledger,
                                                LifecycleEntry   *fence);
void             lifecycle_ledger_lift_fence   (LifecycleLedger  *ledger,
                                                LifecycleEntry   *fence);
guint            lifecycle_ledger_mute         (LifecycleLedger  *ledger,
                                                LifecycleEntry   *fence);
guint            lifecycle_ledger_mute_kind    (LifecycleLedger  *ledger,
                                                LifecycleKind     kind);
gboolean         lifecycle_ledger_ends_with    (LifecycleLedger  *ledger,
                                                LifecycleNode    *list,
                                                LifecycleKind     kind);
LifecycleEntry  *lifecycle_ledger_pop          (LifecycleLedger  *ledger,
                                                LifecycleNode    *list,
                                                guint            *flags);
void             lifecycle_ledger_set_blocked  (LifecycleLedger  *ledger,
                                                gboolean          blocked);

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

static inline gboolean
lifecycle_node_is_alone (LifecycleNode *node)
{
  return node->next == node;
}

static inline LifecycleEntry *
lifecycle_list_peek_first (LifecycleNode *list)
{
  return list->next != list ? (LifecycleEntry *) list->next : NULL;
}

/* The last entry of a list, or NULL. */
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

/* Between begin_add() and end_add(). */
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

  if (kind != LIFECYCLE_KIND_NONE && ledger->owned)
    {
      lifecycle_tally_get_row (&ledger->tally, kind)->added++;
      if (ledger->n_entries > ledger->tally->peak)
        ledger->tally->peak = ledger->n_entries;
      if (lifecycle_is_watched (LIFECYCLE_WATCH_ENTRIES))
        lifecycle_watch_entry_added (ledger, entry);
    }
}

/* For entries that call back into the ledger from elsewhere: it has to wait for them. */
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

  if (ledger->owned && kind != LIFECYCLE_KIND_NONE)
    {
      LifecycleTallyRow *row = lifecycle_tally_get_row (&ledger->tally, kind);

      if ((entry->flags & LIFECYCLE_ENTRY_MUTED) != 0)
        row->released++;
      else
        row->retired++;
      if (lifecycle_is_watched (LIFECYCLE_WATCH_ENTRIES))
        lifecycle_watch_entry_removed (ledger, entry);
    }

  if (G_UNLIKELY (ledger->warn_at != 0))
    lifecycle_ledger_entry_left (ledger, entry);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleLedger, lifecycle_ledger_unref)

G_END_DECLS
