/* lifecycle-leaks.c: objects that should be gone, and whether they are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-leaks-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-suspect-private.h"

#define DEFAULT_GRACE_MS 2000

typedef struct _Expectation Expectation;
typedef struct _Watch       Watch;

/* The expectation that an object is gone soon after a scope has closed. Until then it is an entry
 * of the ledger of what the scope follows, so it does not count as an entry of the scope, and is
 * released last.
 */
struct _Expectation
{
  LifecycleEntry        entry;
  LifecycleNode         node;   /* in a list once the scope has closed */
  LifecycleLedger      *following;   /* NULL if the scope had closed already */
  Expectation          *next;   /* for the same object */
  Watch                *watch;  /* NULL once the object is gone */
  gint                  refs;   /* atomic; the ledger holds one, the watch another */
  gboolean              overdue;
  gint64                closed_at; /* µs, or 0 */
  guint64               serial;
  char                 *why;
  char                 *scope_path;
  const LifecycleStack *stack;
};

/* The data attached to an object. Its destroy function is how the end of the object is noticed:
 * GLib calls the destroy functions of an object's data when the object is finalized, not when it is
 * disposed.
 */
struct _Watch
{
  GObject          *object;     /* an address, not a reference */
  GType             type;
  Expectation      *first;
  guint             n_overdue;
  guint64           listed;     /* number of the listing that last saw it */
  LifecycleSuspect *suspect;
};

static const LifecycleLeakFinder *leaks_finder;

static struct
{
  GMutex        lock;           /* only that of the noted leaks is taken while it is held */
  LifecycleNode waiting;        /* alive within the grace time, in the order of the closes */
  LifecycleNode overdue;        /* the same, past the grace time */
  guint         n_expected;     /* live objects with at least one expectation */
  guint         n_overdue;      /* live objects with at least one overdue expectation */
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

static void
watch_destroy (Watch *self)
{
  lifecycle_suspect_unref (self->suspect);
  g_free (self);
}

/* Moves the expectations that have become overdue. The lock is held. Each one is moved only once,
 * so calling this often is cheap.
 */
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

/* The lock is held. */
static LifecycleLeakFacts
expectation_get_facts (Expectation       *self,
                       LifecycleLeakKind  kind)
{
  /* The object may be read: if it is being finalized, watch_free() waits for the lock before the
   * memory is freed.
   */
  return (LifecycleLeakFacts) {
    .kind = kind,
    .type = self->watch->type,
    .address = self->watch->object,
    .n_refs = (guint) g_atomic_int_get ((gint *) &self->watch->object->ref_count),
    .count = 1,
    .age = (guint64) (g_get_monotonic_time () - self->closed_at) / 1000,
    .why = self->why,
    .scope_path = self->scope_path,
    .handlers = lifecycle_suspect_get_handlers (self->watch->suspect),
    .referrers = lifecycle_suspect_get_referrers (self->watch->suspect),
    .place = self->entry.name,
    .stack = self->stack,
  };
}

/* Called on any thread when the object is finalized. */
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
          facts.handlers = NULL;
          facts.referrers = NULL;
          lifecycle_leaks_note (&facts);
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

  watch_destroy (watch);
}

LIFECYCLE_DEFINE_STATIC_QUARK (watch_quark, "lifecycle-expectations")

/* The caller holds a reference to the object. */
static Watch *
watch_get (GObject *object)
{
  Watch *watch = g_object_get_qdata (object, watch_quark ());

  if (watch != NULL)
    return watch;

  watch = g_new0 (Watch, 1);
  watch->object = object;
  watch->type = G_OBJECT_TYPE (object);
  watch->suspect = lifecycle_suspect_new (object);
  if (!g_object_replace_qdata (object, watch_quark (), NULL, watch, watch_free, NULL))
    {
      /* Another thread was faster. */
      watch_destroy (watch);
      return g_object_get_qdata (object, watch_quark ());
    }

  g_mutex_lock (&leaks.lock);
  leaks.n_expected++;
  g_mutex_unlock (&leaks.lock);

  return watch;
}

/* The lock is held. */
static void
expectation_attach (Expectation *self,
                    Watch       *watch)
{
  self->serial = ++leaks.last_serial;
  self->watch = watch;
  self->next = watch->first;
  watch->first = self;
}

/* Starts the grace time, because the scope has closed. Takes ownership of the path. */
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

/* Creates an expectation with one reference, attached to nothing yet. */
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

/* Makes the expectation wait for the close of its scope. Returns FALSE if it is too late for that.
 * The place is never freed.
 */
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

/* For callers that hold no reference to the object: it may have been finalized before the
 * expectation was in the ledger.
 */
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

  /* The object may be finalized at any moment, so its watch is the first thing to be changed. */
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
      /* This was the reference of the watch. */
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
 * @object: (transfer none): an object; no reference to it is taken
 * @why: (nullable): why the object should be gone, for reports
 *
 * Declares that @object should be finalized soon after the scope has closed.
 *
 * If @object is still alive when the grace time has passed (see [func@set_leak_grace]), it is
 * overdue, and [func@list_leaks] reports it. If it is finalized after that, it is reported as late.
 * Disposing of @object is not enough, because its memory is still in use.
 *
 * An expectation is not an entry: it does not count as one, keeps nothing alive, and is forgotten
 * when @object is finalized. [method@Scope.clear] does not affect it; [method@Scope.move] moves it.
 * The same object may have several expectations. If the scope is closing or closed already, the
 * grace time begins at once.
 *
 * This function may be called on any thread, but the caller must hold a reference to @object. The
 * object may be finalized on any thread.
 *
 * Since: 1.0
 */
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

  /* The object comes first: it cannot be finalized meanwhile, because the caller holds a reference.
   * Then the scope, which another thread may be closing.
   */
  watch = watch_get (object);
  g_mutex_lock (&leaks.lock);
  expectation_attach (expectation, watch);
  g_mutex_unlock (&leaks.lock);

  /* The watch owns the first reference. If the ledger does not take another, the scope has closed.
   */
  if (!expectation_join (expectation, lifecycle_modules_get_place (place, lifecycle_modules_look ())))
    expectation_begin (expectation, lifecycle_scope_get_path (self));
}

/**
 * lifecycle_get_leak_grace:
 *
 * Gets how long an object passed to [method@Scope.expect_finalize] may stay alive after its scope
 * has closed.
 *
 * This function may be called on any thread.
 *
 * Returns: the grace time, in milliseconds
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
 * @grace_ms: the grace time, in milliseconds; the default is 2000
 *
 * Sets how long an object passed to [method@Scope.expect_finalize] may stay alive after its scope
 * has closed.
 *
 * Idle sources, cancelled operations and garbage collectors need some time to drop their
 * references. The new value also applies to the objects that are alive now. This function may be
 * called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_set_leak_grace (guint grace_ms)
{
  g_mutex_lock (&leaks.lock);
  leaks.grace = grace_ms;

  /* The scopes of these closed before the scopes of those that are waiting. */
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
 * Gets the number of objects that are overdue: passed to [method@Scope.expect_finalize] and still
 * alive although the grace time has passed since the scope closed. If the library for GTK watches
 * widgets, those that are overdue count, too.
 *
 * This is cheap enough to be called often. It may be called on any thread.
 *
 * Returns: the number of objects
 *
 * Since: 1.0
 */
guint
lifecycle_get_n_overdue (void)
{
  const LifecycleLeakFinder *finder = g_atomic_pointer_get (&leaks_finder);
  guint n_overdue;

  g_mutex_lock (&leaks.lock);
  leaks_advance ();
  n_overdue = leaks.n_overdue;
  g_mutex_unlock (&leaks.lock);

  return finder != NULL ? n_overdue + finder->count () : n_overdue;
}

/* Adds the facts about the objects in a list, each object once, without those that are being
 * finalized. The lock is held.
 */
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

/* Adds what this thread has to look into, and has not yet. The lock is held. */
static void
leaks_collect_suspects (GPtrArray     *list,
                        LifecycleNode *nodes,
                        guint64        since)
{
  for (LifecycleNode *node = nodes->next; node != nodes; node = node->next)
    {
      Expectation *self = expectation_from_node (node);

      if (self->serial > since && lifecycle_suspect_claim (self->watch->suspect))
        g_ptr_array_add (list, lifecycle_suspect_ref (self->watch->suspect));
    }
}

/* Finds out who refers to the objects that are going to be listed, once for each, and only for those of
 * the calling thread. `since` may be NULL.
 */
void
lifecycle_leaks_search (const LifecycleLeakMark *since,
                        gboolean                 overdue_only)
{
  const LifecycleLeakFinder *finder = g_atomic_pointer_get (&leaks_finder);
  g_autoptr (GPtrArray) suspects = g_ptr_array_new_with_free_func (lifecycle_suspect_unref);
  guint64 serial = since != NULL ? since->serial : 0;

  g_mutex_lock (&leaks.lock);
  leaks_advance ();
  leaks_collect_suspects (suspects, &leaks.overdue, serial);
  if (!overdue_only)
    leaks_collect_suspects (suspects, &leaks.waiting, serial);
  g_mutex_unlock (&leaks.lock);

  if (suspects->len > 0)
    lifecycle_suspects_search (suspects, finder != NULL ? finder->toolkit : NULL);
}

/* Lists the objects that are alive although the scope has closed, overdue or not. `since` may be
 * NULL.
 */
GPtrArray *
lifecycle_leaks_list_alive (const LifecycleLeakMark *since,
                            gboolean                 overdue_only)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_leak_facts_free);
  guint64 serial = since != NULL ? since->serial : 0;
  const LifecycleLeakFinder *finder;

  g_mutex_lock (&leaks.lock);
  leaks_advance ();
  leaks.last_listing++;
  leaks_collect (list, &leaks.overdue, serial);
  if (!overdue_only)
    leaks_collect (list, &leaks.waiting, serial);
  g_mutex_unlock (&leaks.lock);

  finder = g_atomic_pointer_get (&leaks_finder);
  if (finder != NULL)
    finder->find (list, since != NULL ? since->time : 0, overdue_only);

  return list;
}

/* To be called once. */
void
lifecycle_leaks_set_finder (const LifecycleLeakFinder *finder)
{
  g_atomic_pointer_set (&leaks_finder, (gpointer) finder);
}

/* Sets the mark to now, for listing only what happens from now on. */
void
lifecycle_leaks_mark (LifecycleLeakMark *mark)
{
  g_mutex_lock (&leaks.lock);
  mark->serial = leaks.last_serial;
  mark->epoch = lifecycle_leaks_begin_epoch ();
  mark->time = g_get_monotonic_time ();
  g_mutex_unlock (&leaks.lock);
}

void
lifecycle_leaks_before_fork (void)
{
  g_mutex_lock (&leaks.lock);
  lifecycle_noted_leaks_before_fork ();
}

void
lifecycle_leaks_after_fork (void)
{
  lifecycle_noted_leaks_after_fork ();
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
