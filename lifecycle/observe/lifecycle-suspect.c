/* lifecycle-suspect.c: who refers to an object that may be a leak
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-suspect-private.h"

/* Of how many objects it is found out at once who refers to them. If there are more, they are likely to
 * be the same leak again and again.
 */
#define MAX_SEARCHED 64

/* A suspect is looked into once, and on the thread that has named it: what other threads do with their
 * objects meanwhile cannot be known. What has been found does not change any more, so that other threads
 * may read it.
 */
struct _LifecycleSuspect
{
  gint      refs;               /* atomic */
  GWeakRef  object;             /* empty once the object has been disposed of */
  GThread  *thread;
  gboolean  claimed;
  char     *handlers;           /* atomic; NULL until something has been found */
  char     *referrers;          /* atomic; the same */
};

/* The caller holds a reference to the object, and the suspect none. */
LifecycleSuspect *
lifecycle_suspect_new (GObject *object)
{
  LifecycleSuspect *self = g_new0 (LifecycleSuspect, 1);

  self->refs = 1;
  self->thread = g_thread_self ();
  g_weak_ref_init (&self->object, object);

  return self;
}

LifecycleSuspect *
lifecycle_suspect_ref (LifecycleSuspect *self)
{
  g_atomic_int_inc (&self->refs);

  return self;
}

void
lifecycle_suspect_unref (gpointer data)
{
  LifecycleSuspect *self = data;

  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  g_weak_ref_clear (&self->object);
  g_free (self->handlers);
  g_free (self->referrers);
  g_free (self);
}

/* Returns TRUE, but only once, if the calling thread has to look into it. Not to be called by two
 * threads at a time.
 */
gboolean
lifecycle_suspect_claim (LifecycleSuspect *self)
{
  if (self->claimed || self->thread != g_thread_self ())
    return FALSE;

  self->claimed = TRUE;

  return TRUE;
}

/* Returns lines of text, which are those of the suspect, or NULL. */
char *
lifecycle_suspect_get_handlers (LifecycleSuspect *self)
{
  return g_atomic_pointer_get (&self->handlers);
}

char *
lifecycle_suspect_get_referrers (LifecycleSuspect *self)
{
  return g_atomic_pointer_get (&self->referrers);
}

/* Objects of this library know a lot that they do not hold. */
static LifecycleReferrerRank
rank_referrer (GObject       *object,
               GTypeInstance *instance)
{
  return g_str_has_prefix (g_type_name_from_instance (instance), "Lifecycle") ? LIFECYCLE_REFERRER_PART
                                                                               : LIFECYCLE_REFERRER_USER;
}

/* Looks into suspects that have been claimed. `toolkit` may be NULL. No lock is held. */
void
lifecycle_suspects_search (GPtrArray              *suspects,
                           const LifecycleToolkit *toolkit)
{
  static const LifecycleToolkit glib = { (gpointer) g_object_new, rank_referrer };
  LifecycleReferrers found[MAX_SEARCHED];
  LifecycleSuspect *of[MAX_SEARCHED];
  guint n = 0;

  for (guint i = 0; i < suspects->len && n < MAX_SEARCHED; i++)
    {
      LifecycleSuspect *self = g_ptr_array_index (suspects, i);
      GObject *object = g_weak_ref_get (&self->object);

      if (object != NULL)
        {
          of[n] = self;
          found[n++] = (LifecycleReferrers) { .object = object, .n_held = 1 };
        }
    }
  if (n == 0)
    return;

  lifecycle_referrers_find (found, n, toolkit != NULL ? toolkit : &glib);

  for (guint i = 0; i < n; i++)
    {
      g_atomic_pointer_set (&of[i]->handlers, found[i].handlers);
      g_atomic_pointer_set (&of[i]->referrers, found[i].referrers);
      g_object_unref (found[i].object);
    }
}
