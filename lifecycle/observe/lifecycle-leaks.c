/* lifecycle-leaks.c: what should be gone, and is not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-leaks-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-scope-private.h"

#define DEFAULT_GRACE_MS 2000

/* How many different things are remembered; the oldest are forgotten. */
#define MAX_NOTED 256

typedef struct _Expectation Expectation;
typedef struct _Watch       Watch;

/* That an object is gone soon after a scope has closed. Until then it is one of the scope's ties: what
 * does not count, and is released last.
 */
struct _Expectation
{
  LifecycleEntry        entry;
  LifecycleNode         node;   /* in a list, from the close of the scope on */
  LifecycleLedger      *following;   /* NULL if the scope was closed already */
  Expectation          *next;   /* on the same object */
  Watch                *watch;  /* NULL when the object is gone */
  gint                  refs;   /* atomic: the ledger has one, and the watch another */
  gboolean              overdue;
  gint64                closed_at; /* µs, or 0 */
  guint64               serial;
  char                 *why;
  char                 *scope_path;
  const LifecycleStack *stack;
};

/* What is attached to an object. The destroy functions of an object's data run when it is finalized,
 * and not when it is disposed.
 */
struct _Watch
{
  GObject     *object;          /* an address; nobody is told when it is about to go */
  GType        type;
  Expectation *first;
  guint        n_overdue;
  guint64      listed;          /* by which listing */
};

static struct
{
  GMutex        lock;           /* nothing else is locked with it */
  LifecycleNode waiting;        /* alive, and within the grace time; the first closed is the first */
  LifecycleNode overdue;        /* the same, past it */
  GPtrArray    *noted;          /* of LifecycleLeakFacts, the last at the end */
  guint         n_expected;     /* objects that are alive, however many expectations each has */
  guint         n_overdue;      /* the same, with one that is overdue */
  guint         n_tracking;     /* atomic */
  guint         epoch;
  guint         grace;          /* ms */
  guint64       last_serial;
  guint64       last_listing;
} leaks = {
  .waiting = { &leaks.waiting, &leaks.waiting },
  .overdue = { &leaks.overdue, &leaks.overdue },
  .grace = DEFAULT_GRACE_MS,
};

static inline Expectation *
expectation_from_node (LifecycleNode *node)
{
  return LIFECYCLE_ENTRY_CONTAINER (node, Expectation, node);
}

static void
expectation_unref (Expectation *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  g_clear_pointer (&self->following, lifecycle_ledger_unref);
  g_free (self->why);
  g_free (self->scope_path);
  g_free (self);
}

/* Locked. Sorts out who is overdue by now. Each one is moved once, so to ask often is cheap. */
static void
leaks_advance (void)
{
  gint64 limit = g_get_monotonic_time () - (gint64) leaks.grace * 1000;

  while (!lifecycle_node_is_alone (&leaks.waiting))
    {
      Expectation *self = expectation_from_node (leaks.waiting.next);

      if (self->closed_at > limit)
        break;

      lifecycle_node_remove (&self->node);
      lifecycle_node_insert_after (&self->node, leaks.overdue.prev);
      self->overdue = TRUE;
      if (self->watch->n_overdue++ == 0)
        leaks.n_overdue++;
    }
}

/* Locked. */
static LifecycleLeakFacts
expectation_get_facts (Expectation       *self,
                       LifecycleLeakKind  kind)
{
  /* An object that is being finalized waits for the lock before its memory goes. */
  return (LifecycleLeakFacts) {
    .kind = kind,
    .type = self->watch->type,
    .address = self->watch->object,
    .n_refs = (guint) g_atomic_int_get ((gint *) &self->watch->object->ref_count),
    .count = 1,
    .age = (guint64) (g_get_monotonic_time () - self->closed_at) / 1000,
    .why = self->why,
    .scope_path = self->scope_path,
    .place = self->entry.name,
    .stack = self->stack,
  };
}

/* Locked. Remembers a thing of the past, once for each place. */
static void
leaks_note (const LifecycleLeakFacts *facts)
{
  guint count = 1;

  if (leaks.noted == NULL)
    leaks.noted = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_leak_facts_free);

  for (guint i = leaks.noted->len; i-- > 0;)
    {
      LifecycleLeakFacts *other = g_ptr_array_index (leaks.noted, i);

      if (other->epoch == leaks.epoch &&
          other->kind == facts->kind &&
          other->type == facts->type &&
          g_strcmp0 (other->place, facts->place) == 0 &&
          g_strcmp0 (other->why, facts->why) == 0 &&
          (facts->place != NULL || g_strcmp0 (other->scope_path, facts->scope_path) == 0))
        {
          count += other->count;
          g_ptr_array_remove_index (leaks.noted, i);
          break;
        }
    }

  if (leaks.noted->len == MAX_NOTED)
    g_ptr_array_remove_index (leaks.noted, 0);
  g_ptr_array_add (leaks.noted, lifecycle_leak_facts_copy (facts));
  facts = g_ptr_array_index (leaks.noted, leaks.noted->len - 1);
  ((LifecycleLeakFacts *) facts)->count = count;
  ((LifecycleLeakFacts *) facts)->epoch = leaks.epoch;
}

/* The object is being finalized, on any thread. */
static void
watch_free (gpointer data)
{
  Watch *watch = data;
  Expectation *self;

  g_mutex_lock (&leaks.lock);
  leaks_advance ();
  leaks.n_expected--;
  if (watch->n_overdue > 0)
    leaks.n_overdue--;
  for (self = watch->first; self != NULL; self = self->next)
    {
      if (self->overdue)
        {
          LifecycleLeakFacts facts = expectation_get_facts (self,
                                                            LIFECYCLE_LEAK_KIND_FINALIZED_LATE);

          facts.n_refs = 0;
          leaks_note (&facts);
        }
      if (self->closed_at != 0)
        lifecycle_node_remove (&self->node);
      self->watch = NULL;
    }
  g_mutex_unlock (&leaks.lock);

  for (self = g_steal_pointer (&watch->first); self != NULL;)
    {
      Expectation *next = self->next;

      if (self->following != NULL && lifecycle_ledger_take_live (self->following, &self->entry))
        expectation_unref (self);
      expectation_unref (self);
      self = next;
    }

  g_free (watch);
}

LIFECYCLE_DEFINE_STATIC_QUARK (watch_quark, "lifecycle-expectations")

/* The caller has a reference on the object. */
static Watch *
watch_get (GObject *object)
{
  Watch *watch = g_object_get_qdata (object, watch_quark ());

  if (watch != NULL)
    return watch;

  watch = g_new0 (Watch, 1);
  watch->object = object;
  watch->type = G_OBJECT_TYPE (object);
  if (!g_object_replace_qdata (object, watch_quark (), NULL, watch, watch_free, NULL))
    {
      /* Another thread was faster. */
      g_free (watch);
      return g_object_get_qdata (object, watch_quark ());
    }

  g_mutex_lock (&leaks.lock);
  leaks.n_expected++;
  g_mutex_unlock (&leaks.lock);

  return watch;
}

/* Locked. */
static void
expectation_attach (Expectation *self,
                    Watch       *watch)
{
  self->serial = ++leaks.last_serial;
  self->watch = watch;
  self->next = watch->first;
  watch->first = self;
}

/* The scope has closed. The path of that one is taken. */
static void
expectation_begin (Expectation *self,
                   char        *scope_path)
{
  g_mutex_lock (&leaks.lock);
  if (self->watch != NULL)
    {
      self->scope_path = g_steal_pointer (&scope_path);
      self->closed_at = g_get_monotonic_time ();
      lifecycle_node_insert_after (&self->node, leaks.waiting.prev);
    }
  g_mutex_unlock (&leaks.lock);

  g_free (scope_path);
}

static void
expectation_release (LifecycleLedger *ledger,
                     LifecycleEntry  *entry,
                     guint            flags)
{
  Expectation *self = LIFECYCLE_ENTRY_CONTAINER (entry, Expectation, entry);
  g_autoptr (LifecycleScope) scope = lifecycle_ledger_dup_scope (ledger);

  expectation_begin (self, lifecycle_scope_get_path (scope));
  expectation_unref (self);
}

/* An expectation of a scope that has one reference, and belongs to nobody yet. */
static Expectation *
expectation_new (LifecycleLedger *following,
                 const char      *why)
{
  Expectation *self = g_new0 (Expectation, 1);

  self->following = following != NULL ? lifecycle_ledger_ref (following) : NULL;
  self->why = lifecycle_name_dup (why);
  self->refs = 1;

  return self;
}

/* Says FALSE when it is too late to wait for the close. The place lives for ever. */
static gboolean
expectation_join (Expectation *self,
                  const char  *place)
{
  self->entry.name = place;
  if (self->following == NULL || !lifecycle_ledger_lock_open (self->following))
    return FALSE;

  g_atomic_int_inc (&self->refs);
  lifecycle_ledger_append (self->following, &self->entry, LIFECYCLE_ENTRY_EXPECTATION, place);
  lifecycle_ledger_unlock (self->following);

  return TRUE;
}

/* For who has no reference on the object: it may have gone before the expectation was in its place. */
static void
expectation_forget_if_gone (Expectation *self)
{
  gboolean gone;

  g_mutex_lock (&leaks.lock);
  gone = self->watch == NULL;
  g_mutex_unlock (&leaks.lock);

  if (gone && lifecycle_ledger_take_live (self->following, &self->entry))
    expectation_unref (self);
}

static void
expectation_move_on (LifecycleLedger *ledger,
                     LifecycleEntry  *entry,
                     LifecycleScope  *to)
{
  Expectation *self = LIFECYCLE_ENTRY_CONTAINER (entry, Expectation, entry);
  LifecycleLedger *following = lifecycle_scope_ensure_following (to);
  Expectation *other;

  if (following == NULL)
    {
      expectation_release (ledger, entry, 0);
      return;
    }

  /* The object may go at any moment, so what it has to tell is the first thing to be changed. */
  other = expectation_new (following, self->why);
  other->stack = self->stack;
  g_atomic_int_inc (&other->refs);

  g_mutex_lock (&leaks.lock);
  if (self->watch != NULL)
    {
      Expectation **link = &self->watch->first;

      while (*link != self)
        link = &(*link)->next;
      *link = self->next;
      expectation_attach (other, self->watch);
      other->serial = self->serial;
      self->watch = NULL;
      /* That of the watch. */
      g_atomic_int_add (&self->refs, -1);
    }
  else
    {
      g_atomic_int_add (&other->refs, -1);
    }
  g_mutex_unlock (&leaks.lock);

  if (!expectation_join (other, self->entry.name))
    expectation_begin (other, lifecycle_scope_get_path (to));
  expectation_forget_if_gone (other);
  expectation_unref (other);
  expectation_unref (self);
}

const LifecycleEntryClass lifecycle_expectation_class = {
  .release = expectation_release,
  .move_on = expectation_move_on,
};

/**
 * lifecycle_scope_expect_finalize:
 * @self: a scope
 * @object: (transfer none): an object; no reference is taken
 * @why: (nullable): what makes one think so, for reports
 *
 * Says that @object should be gone soon after the scope has closed.
 *
 * If it has not been finalized when the grace time has passed ([func@set_leak_grace]), it is overdue,
 * and [func@list_leaks] tells what is known of it. If it goes later than that, it is remembered as
 * late. Being disposed does not count, because the memory is still there.
 *
 * This is not an entry: it does not count, does not keep anything alive, and is forgotten when the
 * object goes. [method@Scope.clear] does not matter to it; with [method@Scope.move] it goes along.
 * Several of them may be about the same object. If the scope is not open any more, the grace time
 * begins now.
 *
 * May be called on any thread by a holder of a reference on @object; the object may be finalized on
 * any.
 *
 * Since: 1.0
 */
void
lifecycle_scope_expect_finalize (LifecycleScope *self,
                                 GObject        *object,
                                 const char     *why)
{
  lifecycle_scope_expect_finalize_at (NULL, self, object, why);
}

void
lifecycle_scope_expect_finalize_at (const char     *place,
                                    LifecycleScope *self,
                                    GObject        *object,
                                    const char     *why)
{
  Expectation *expectation;
  Watch *watch;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (G_IS_OBJECT (object));

  expectation = expectation_new (lifecycle_scope_ensure_following (self), why);
  expectation->stack = lifecycle_stacks_capture ();

  /* First the object, whose end cannot be missed because the caller has a reference, and then the
   * scope, which may be closing on another thread.
   */
  watch = watch_get (object);
  g_mutex_lock (&leaks.lock);
  expectation_attach (expectation, watch);
  g_mutex_unlock (&leaks.lock);

  /* The watch has taken the first reference; the scope has closed if it does not get another. */
  if (!expectation_join (expectation, lifecycle_modules_get_place (place, lifecycle_modules_look ())))
    expectation_begin (expectation, lifecycle_scope_get_path (self));
}

/**
 * lifecycle_get_leak_grace:
 *
 * How long an object may live on after the close of the scope with which it was expected to go.
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
guint
lifecycle_get_leak_grace (void)
{
  guint grace;

  g_mutex_lock (&leaks.lock);
  grace = leaks.grace;
  g_mutex_unlock (&leaks.lock);

  return grace;
}

/**
 * lifecycle_set_leak_grace:
 * @grace_ms: milliseconds; 2000 unless it is set
 *
 * Sets how long an object may live on after the close of the scope with which it was expected to go.
 *
 * Idles, operations that have been cancelled and garbage collectors need some time to let go. The
 * new value goes for all that are alive now. May be called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_set_leak_grace (guint grace_ms)
{
  g_mutex_lock (&leaks.lock);
  leaks.grace = grace_ms;

  /* All of them closed before those that are waiting. */
  while (!lifecycle_node_is_alone (&leaks.overdue))
    {
      Expectation *self = expectation_from_node (leaks.overdue.prev);

      lifecycle_node_remove (&self->node);
      lifecycle_node_insert_after (&self->node, &leaks.waiting);
      self->overdue = FALSE;
      if (--self->watch->n_overdue == 0)
        leaks.n_overdue--;
    }
  leaks_advance ();
  g_mutex_unlock (&leaks.lock);
}

/**
 * lifecycle_get_n_overdue:
 *
 * How many objects are still alive although the grace time has passed since a scope closed with
 * which they were expected to go.
 *
 * To ask often costs next to nothing. May be called on any thread.
 *
 * Returns: the number of objects
 *
 * Since: 1.0
 */
guint
lifecycle_get_n_overdue (void)
{
  guint n_overdue;

  g_mutex_lock (&leaks.lock);
  leaks_advance ();
  n_overdue = leaks.n_overdue;
  g_mutex_unlock (&leaks.lock);

  return n_overdue;
}

/* Locked. Adds the facts of those in a list, each object once, if nobody is about to free it. */
static void
leaks_collect (GPtrArray     *list,
               LifecycleNode *nodes,
               guint64        since)
{
  for (LifecycleNode *node = nodes->next; node != nodes; node = node->next)
    {
      Expectation *self = expectation_from_node (node);
      LifecycleLeakFacts facts;

      if (self->serial <= since || self->watch->listed == leaks.last_listing)
        continue;

      facts = expectation_get_facts (self, LIFECYCLE_LEAK_KIND_CLOSED_BUT_ALIVE);
      if (facts.n_refs > 0)
        {
          self->watch->listed = leaks.last_listing;
          g_ptr_array_add (list, lifecycle_leak_facts_copy (&facts));
        }
    }
}

/* The objects that are alive although the scope has closed, whether they are overdue or not. `since`
 * may be NULL.
 */
GPtrArray *
lifecycle_leaks_list_alive (const LifecycleLeakMark *since,
                            gboolean                 overdue_only)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_leak_facts_free);
  guint64 serial = since != NULL ? since->serial : 0;

  g_mutex_lock (&leaks.lock);
  leaks_advance ();
  leaks.last_listing++;
  leaks_collect (list, &leaks.overdue, serial);
  if (!overdue_only)
    leaks_collect (list, &leaks.waiting, serial);
  g_mutex_unlock (&leaks.lock);

  return list;
}

/* What has been noted. `since` may be NULL. */
GPtrArray *
lifecycle_leaks_list_noted (const LifecycleLeakMark *since)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_leak_facts_free);

  g_mutex_lock (&leaks.lock);
  for (guint i = 0; leaks.noted != NULL && i < leaks.noted->len; i++)
    {
      LifecycleLeakFacts *facts = g_ptr_array_index (leaks.noted, i);

      if (since == NULL || facts->epoch > since->epoch)
        g_ptr_array_add (list, lifecycle_leak_facts_copy (facts));
    }
  g_mutex_unlock (&leaks.lock);

  return list;
}

/* A new start, for who wants to know what has come since. */
void
lifecycle_leaks_mark (LifecycleLeakMark *mark)
{
  g_mutex_lock (&leaks.lock);
  mark->serial = leaks.last_serial;
  mark->epoch = leaks.epoch++;
  g_mutex_unlock (&leaks.lock);
}

void
lifecycle_leaks_before_fork (void)
{
  g_mutex_lock (&leaks.lock);
}

void
lifecycle_leaks_after_fork (void)
{
  g_mutex_unlock (&leaks.lock);
}

guint
lifecycle_leaks_get_n_expected (void)
{
  guint n_expected;

  g_mutex_lock (&leaks.lock);
  n_expected = leaks.n_expected;
  g_mutex_unlock (&leaks.lock);

  return n_expected;
}

/**
 * lifecycle_list_leaks:
 *
 * Lists what has not ended as it should have.
 *
 * These are the objects that are overdue now, the longest first, and then what has been noted since
 * [func@clear_leaks]: objects that went late, and scopes that were dropped open. Of the latter two
 * the last of each place is listed, with a count, and the oldest are forgotten if there are very
 * many. Scopes that are dropped are noted while `LIFECYCLE_DEBUG=leaks` is set, and between
 * [func@test_begin] and [func@test_end].
 *
 * May be called on any thread.
 *
 * Returns: (transfer full): a list of [class@Leak], a snapshot
 *
 * Since: 1.0
 */
GListModel *
lifecycle_list_leaks (void)
{
  GListStore *store = g_list_store_new (LIFECYCLE_TYPE_LEAK);
  g_autoptr (GPtrArray) alive = lifecycle_leaks_list_alive (NULL, TRUE);
  g_autoptr (GPtrArray) noted = lifecycle_leaks_list_noted (NULL);

  g_ptr_array_extend_and_steal (alive, g_steal_pointer (&noted));
  for (guint i = 0; i < alive->len; i++)
    {
      g_autoptr (LifecycleLeak) leak = lifecycle_leak_new (g_ptr_array_index (alive, i));

      g_list_store_append (store, leak);
    }

  return G_LIST_MODEL (store);
}

/**
 * lifecycle_clear_leaks:
 *
 * Forgets what has been noted of the past: objects that went late, and scopes that were dropped open.
 *
 * What is alive stays in the list. May be called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_clear_leaks (void)
{
  GPtrArray *noted;

  g_mutex_lock (&leaks.lock);
  noted = g_steal_pointer (&leaks.noted);
  g_mutex_unlock (&leaks.lock);

  g_clear_pointer (&noted, g_ptr_array_unref);
}

static void
leaks_scope_closed (LifecycleScope *scope,
                    guint64         duration)
{
  g_autofree char *path = NULL;
  const char *place;

  if (scope->reason != LIFECYCLE_REASON_DROPPED ||
      scope->n_released == 0 ||
      g_atomic_int_get (&leaks.n_tracking) == 0)
    return;

  path = lifecycle_scope_get_path (scope);
  place = lifecycle_entry_get_place (&scope->as_child);
  g_mutex_lock (&leaks.lock);
  leaks_note (&(LifecycleLeakFacts) {
    .kind = LIFECYCLE_LEAK_KIND_DROPPED_OPEN,
    .type = LIFECYCLE_TYPE_SCOPE,
    .address = scope,
    .n_entries = scope->n_released,
    .scope_path = path,
    .place = place,
    .stack = lifecycle_stacks_get (&scope->as_child),
  });
  g_mutex_unlock (&leaks.lock);
}

/* Has scopes that are dropped open noted, or not any more. Counted. */
void
lifecycle_leaks_set_tracking (gboolean tracking)
{
  static const LifecycleObserver observer = {
    .scope_closed = leaks_scope_closed,
  };
  static gsize added;

  if (g_once_init_enter (&added))
    {
      lifecycle_add_observer (&observer);
      g_once_init_leave (&added, 1);
    }

  g_atomic_int_add ((gint *) &leaks.n_tracking, tracking ? 1 : -1);
}
