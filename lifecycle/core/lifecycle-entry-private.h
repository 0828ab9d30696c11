/* lifecycle-entry-private.h: the entries of a ledger
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <time.h>

#include "lifecycle-types.h"

G_BEGIN_DECLS

typedef struct _LifecycleEntry      LifecycleEntry;
typedef struct _LifecycleEntryClass LifecycleEntryClass;
typedef struct _LifecycleLedger     LifecycleLedger;
typedef struct _LifecycleNode       LifecycleNode;
typedef struct _LifecycleFacts      LifecycleFacts;

/* Entries of the kind NONE are not counted in any statistics. */
#define LIFECYCLE_N_KINDS   (LIFECYCLE_KIND_PHASE + 1)
#define LIFECYCLE_KIND_NONE LIFECYCLE_N_KINDS

/* The types of entries, with their classes and their public kinds. To add a type, add a row here,
 * and a file that defines its class.
 */
#define LIFECYCLE_ENTRY_TYPES(X) \
  X (HANDLER,         lifecycle_handler_class,          HANDLER)   /* connected by the scope */ \
  X (FULL_HANDLER,    lifecycle_handler_class,          HANDLER)   /* needs more at its end */ \
  X (ADOPTED_HANDLER, lifecycle_adopted_handler_class,  HANDLER)   /* an id that was passed in */ \
  X (NOTICE,          lifecycle_notice_class,           HANDLER)   /* the rest of a muted one */ \
  X (SOURCE,          lifecycle_source_class,           SOURCE)    /* created by the scope */ \
  X (ADOPTED_SOURCE,  lifecycle_adopted_source_class,   SOURCE)    /* one that was passed in */ \
  X (TIMER,           lifecycle_timer_class,            TIMER)     \
  X (DEBOUNCE,        lifecycle_timer_class,            TIMER)     /* a timer that waits for restarts */ \
  X (DEADLINE,        lifecycle_timer_class,            NONE)      /* of a scope */ \
  X (SCOPE,           lifecycle_child_class,            SCOPE)     /* a child */ \
  X (OBJECT,          lifecycle_object_class,           OBJECT)    \
  X (DATA,            lifecycle_data_class,             DATA)      \
  X (CLEANUP,         lifecycle_cleanup_class,          CLEANUP)   \
  X (CLEANUP_FOR,     lifecycle_resource_class,         CLEANUP)   /* that ends with an object */ \
  X (OPERATION,       lifecycle_operation_class,        OPERATION) \
  X (CANCELLATION,    lifecycle_cancellation_class,     NONE)      /* of an operation */ \
  X (BUS,             lifecycle_resource_class,         BUS)       \
  X (MONITOR,         lifecycle_foreign_resource_class, MONITOR)   /* of a file */ \
  X (PROCESS,         lifecycle_resource_class,         PROCESS)   \
  X (SERVICE,         lifecycle_foreign_resource_class, SERVICE)   /* of sockets */ \
  X (HOLD,            lifecycle_resource_class,         HOLD)      /* on an application */ \
  X (BINDING,         lifecycle_foreign_resource_class, BINDING)   \
  X (FILE,            lifecycle_resource_class,         FILE)      /* a temporary one */ \
  X (PHASE,           lifecycle_resource_class,         PHASE)     \
  X (ATTACHMENT,      lifecycle_resource_class,         CLEANUP)   /* of another library */ \
  X (FENCE,           lifecycle_fence_class,            NONE)      /* the end of a clear() */ \
  X (HANDLER_WATCH,          lifecycle_handler_watch_class,           NONE)      /* an adopted handler, seen from its instance */ \
  X (RESOURCE_WATCH,         lifecycle_resource_watch_class,          NONE)      /* a resource, seen from an object */ \
  X (RESOURCE_STOP,          lifecycle_resource_stop_class,           NONE)      /* ends a resource before its release */ \
  X (RECEIVER,        lifecycle_receiver_class,         NONE)      /* a handler, seen from its object */ \
  X (FOLLOWING,             lifecycle_following_class,              NONE)      /* what a scope follows */ \
  X (FOLLOWER,        lifecycle_follower_class,         NONE)      /* a scope that follows */ \
  X (EXPECTATION,     lifecycle_expectation_class,      NONE)      /* what should be gone soon */

typedef enum
{
#define LIFECYCLE_ENTRY_TYPE_VALUE(NAME, class, KIND) LIFECYCLE_ENTRY_##NAME,
  LIFECYCLE_ENTRY_TYPES (LIFECYCLE_ENTRY_TYPE_VALUE)
#undef LIFECYCLE_ENTRY_TYPE_VALUE
  LIFECYCLE_N_ENTRY_TYPES
} LifecycleEntryType;

/* All flags are guarded by the lock of the ledger. */
typedef enum
{
  LIFECYCLE_ENTRY_LINKED  = 1 << 0, /* in a list of a ledger */
  LIFECYCLE_ENTRY_MUTED   = 1 << 1, /* muted by a teardown */
  LIFECYCLE_ENTRY_ENDED   = 1 << 2, /* muted, and what it stood for is gone: only memory is left */
  LIFECYCLE_ENTRY_BLOCKED = 1 << 3, /* blocked by the scope */
  LIFECYCLE_ENTRY_COUNTED = 1 << 4, /* holds a reference on the ledger */
  LIFECYCLE_ENTRY_RETIRED = 1 << 5, /* a handler that the library has disconnected by itself */
  LIFECYCLE_ENTRY_INDEXED = 1 << 6, /* a child that is found by its key */
  LIFECYCLE_ENTRY_APART   = 1 << 7  /* a child that is about to leave, and is no longer found */
} LifecycleEntryFlags;

struct _LifecycleNode
{
  LifecycleNode *prev;
  LifecycleNode *next;
};

/* An entry has no pointer to its ledger. Code that has to remove an entry stores the ledger where
 * that costs nothing, such as in the data of a closure's notifier. This keeps a handler within its
 * memory budget.
 */
struct _LifecycleEntry
{
  LifecycleNode  node;
  const char    *name;
  guint8         type;
  guint8         flags;
  guint16        more;          /* for the type's own use, and under its own lock */
  guint32        added;         /* the time, see lifecycle_entry_clock() */
};

struct _LifecycleEntryClass
{
  /* Whether ending the entry runs user code. Such an entry is silenced by mute(), and released
   * before all other muted entries.
   */
  gboolean foreign;

  /* Whether the entry is left out of the number of released entries. */
  gboolean silent;

  /* Called in the mute phase, at home, with the ledger locked and the entry in its list. Must not
   * run user code. May remove the entry from the list, replace it, or leave it for release().
   */
  void (* mute) (LifecycleLedger *ledger,
                 LifecycleEntry  *entry);

  /* The same for all entries of this type in a row before `end`, which the callee takes out of the
   * list itself. Returns FALSE if it has not dealt with any: then mute() is called for the last.
   */
  gboolean (* mute_row) (LifecycleLedger *ledger,
                         LifecycleNode   *end);

  /* Called before release(), with the ledger locked, when the entry is about to leave the list.
   * Secures whatever release() needs, before another thread can take it away.
   */
  void (* claim) (LifecycleLedger *ledger,
                  LifecycleEntry  *entry);

  /* Called with no lock held. The entry belongs to the callee, unless it is part of something that
   * others keep alive and `flags` lacks ENDED. May run user code.
   */
  void (* release) (LifecycleLedger *ledger,
                    LifecycleEntry  *entry,
                    guint            flags);

  /* For what a scope follows: called with the ledger locked, on a muted entry. Hands the caller the
   * reference that was needed to mute it, or NULL, because the release may come much later.
   */
  GObject *(* let_go) (LifecycleEntry *entry);

  /* For what a scope follows: called with no lock held, when the scope has moved. The entry belongs
   * to the callee, which has the new scope follow the same. Entries without this function stay
   * behind.
   */
  void (* move_on) (LifecycleLedger *ledger,
                    LifecycleEntry  *entry,
                    LifecycleScope  *to);

  /* Called with the ledger locked. Must not run user code. */
  void (* set_blocked) (LifecycleEntry *entry,
                        gboolean        blocked);

  /* Called with the ledger locked. Describes what is pending, for reports, or returns NULL. */
  char *(* describe_pending) (LifecycleEntry *entry);

  /* For own ends of links, whose other end does not hear of everything: called with the ledger locked, on
   * a live entry. Returns whether what the entry stands for has ended in the meantime.
   */
  gboolean (* has_ended) (LifecycleEntry *entry);

  /* Called with the ledger locked, on a live entry. Fills in the facts; see
   * lifecycle-facts-private.h. Must not run user code.
   */
  void (* describe) (LifecycleEntry *entry,
                     LifecycleFacts *facts);
};

#define LIFECYCLE_ENTRY_TYPE_CLASS(NAME, class, KIND) extern const LifecycleEntryClass class;
LIFECYCLE_ENTRY_TYPES (LIFECYCLE_ENTRY_TYPE_CLASS)
#undef LIFECYCLE_ENTRY_TYPE_CLASS

extern const LifecycleEntryClass *const lifecycle_entry_classes[LIFECYCLE_N_ENTRY_TYPES];

static inline const LifecycleEntryClass *
lifecycle_entry_get_class (LifecycleEntry *entry)
{
  return lifecycle_entry_classes[entry->type];
}

static inline guint
lifecycle_entry_type_get_kind (LifecycleEntryType type)
{
  static const guint8 kinds[LIFECYCLE_N_ENTRY_TYPES] = {
#define LIFECYCLE_ENTRY_TYPE_KIND(NAME, class, KIND) [LIFECYCLE_ENTRY_##NAME] = LIFECYCLE_KIND_##KIND,
    LIFECYCLE_ENTRY_TYPES (LIFECYCLE_ENTRY_TYPE_KIND)
#undef LIFECYCLE_ENTRY_TYPE_KIND
  };

  return kinds[type];
}

/* Returns monotonic time in tenths of a second: in four bytes, this lasts for 13 years. An exact
 * clock would be too slow for adding an entry.
 */
static inline guint32
lifecycle_entry_clock (void)
{
#ifdef CLOCK_MONOTONIC_COARSE
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC_COARSE, &now);

  return (guint32) now.tv_sec * 10 + (guint32) now.tv_nsec / 100000000;
#else
  return (guint32) (g_get_monotonic_time () / 100000);
#endif
}

/* The ledger is locked. Returns whether the entry is in the ledger and has not been muted. */
static inline gboolean
lifecycle_entry_is_live (LifecycleEntry *entry)
{
  return (entry->flags & (LIFECYCLE_ENTRY_LINKED | LIFECYCLE_ENTRY_MUTED)) == LIFECYCLE_ENTRY_LINKED;
}

/* Defines a static function that returns a quark. G_DEFINE_QUARK() would export the function, and
 * writes its variable without synchronisation. That is harmless, but it would distract from real
 * data races when searching for them.
 */
#define LIFECYCLE_DEFINE_STATIC_QUARK(function, string)       \
static GQuark                                                 \
function (void)                                               \
{                                                             \
  static guint quark;                                         \
                                                              \
  if (G_UNLIKELY (g_atomic_int_get (&quark) == 0))            \
    g_atomic_int_set (&quark, g_quark_from_static_string (string)); \
                                                              \
  return (GQuark) g_atomic_int_get (&quark);                  \
}

#define LIFECYCLE_ENTRY_CONTAINER(entry, Type, member) \
  ((Type *) (gpointer) ((guint8 *) (entry) - G_STRUCT_OFFSET (Type, member)))

G_END_DECLS
