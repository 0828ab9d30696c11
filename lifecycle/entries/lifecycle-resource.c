/* lifecycle-resource.c: entries that are undone by a function of their kind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-call-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-facts-private.h"
#include "lifecycle-resource-private.h"
#include "lifecycle-scope-private.h"

#ifdef G_OS_UNIX
#include <unistd.h>
#endif

/* Implements what most GIO facilities need from a scope: callbacks cannot start once the entry is
 * muted, the destroy notify waits for a callback in progress, and the entry ends when one of the
 * objects that it watches is disposed.
 *
 * References: one for the entry while it is linked, one for each watched object that is linked, and
 * one for each place in GIO that has the resource as its data.
 */

static gint
current_process (void)
{
#ifdef G_OS_UNIX
  return getpid ();
#else
  return 0;
#endif
}

/* Checks whether this is a copy in a forked child, so that the thing it stands for still belongs to
 * the parent.
 */
static gboolean
resource_is_inherited (LifecycleResource *self)
{
  return self->kind->outside && self->process != current_process ();
}

/* The resource is the first member of a structure of `size` bytes, which is freed with it. */
gpointer
lifecycle_resource_new (gsize                        size,
                        const LifecycleResourceKind *kind,
                        LifecycleScope              *scope,
                        GCallback                    func,
                        gpointer                     data,
                        GDestroyNotify               destroy)
{
  LifecycleResource *self = g_malloc0 (size);

  self->kind = kind;
  self->ledger = lifecycle_ledger_ref (lifecycle_scope_get_ledger (scope));
  self->context = g_main_context_ref (scope->context);
  self->func = func;
  self->data = data;
  self->destroy = destroy;
  self->refs = 1;
  self->users = 1;
  if (kind->outside)
    self->process = current_process ();

  return self;
}

gpointer
lifecycle_resource_ref (gpointer resource)
{
  LifecycleResource *self = resource;

  g_atomic_int_inc (&self->refs);

  return self;
}

void
lifecycle_resource_unref (gpointer resource)
{
  LifecycleResource *self = resource;

  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  if (self->kind->clear != NULL)
    self->kind->clear (self);
  lifecycle_resource_free_watches (self);
  lifecycle_ledger_unref (self->ledger);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->label);
  g_free (self);
}

static void
resource_drop_user (LifecycleResource *self)
{
  if (g_atomic_int_dec_and_test (&self->users) && self->destroy != NULL)
    self->destroy (self->data);
}

/* Checks whether a callback may be called. If it returns TRUE, the caller must call end_call()
 * afterwards.
 */
gboolean
lifecycle_resource_begin_call (gpointer resource)
{
  LifecycleResource *self = resource;
  gint users;

  if (lifecycle_resource_is_shut (self))
    return FALSE;

  do
    {
      users = g_atomic_int_get (&self->users);
      if (users == 0)
        return FALSE;
    }
  while (!g_atomic_int_compare_and_exchange (&self->users, users, users + 1));

  lifecycle_resource_ref (self);

  return TRUE;
}

void
lifecycle_resource_end_call (gpointer resource)
{
  resource_drop_user (resource);
  lifecycle_resource_unref (resource);
}

/* Sets the name for reports. Must be called before add(). */
void
lifecycle_resource_set_label (gpointer    resource,
                              const char *label)
{
  LifecycleResource *self = resource;

  self->label = lifecycle_name_dup (label);
}

static void
resource_marshal (GClosure     *closure,
                  GValue       *return_value,
                  guint         n_param_values,
                  const GValue *param_values,
                  gpointer      invocation_hint,
                  gpointer      marshal_data)
{
  LifecycleResourceFunc func = (LifecycleResourceFunc) ((GCClosure *) closure)->callback;

  func (closure->data);
}

static void
resource_closure_finalized (gpointer  data,
                            GClosure *closure)
{
  lifecycle_resource_unref (data);
}

/* Creates a closure that ignores its arguments and does not set a return value. */
GClosure *
lifecycle_resource_new_closure (gpointer              resource,
                                LifecycleResourceFunc func)
{
  GClosure *closure = g_closure_new_simple (sizeof (GCClosure), lifecycle_resource_ref (resource));

  ((GCClosure *) closure)->callback = (gpointer) func;
  g_closure_set_marshal (closure, resource_marshal);
  g_closure_add_finalize_notifier (closure, resource, resource_closure_finalized);

  return closure;
}

/* From now on the resource calls no user code, unless its class is foreign. No user code may run in
 * here: dropping a reference on a watched object could run some, so that has to wait.
 */
static void
resource_silence (LifecycleResource *self)
{
  g_atomic_int_set (&self->shut, TRUE);
  if (self->silenced)
    return;

  self->silenced = TRUE;
  lifecycle_resource_mute_watches (self);
  if (self->kind->mute != NULL && !resource_is_inherited (self))
    self->kind->mute (self);
}

static void
resource_end (LifecycleResource  *self,
              GError            **error)
{
  if (self->kind->end != NULL && !resource_is_inherited (self))
    self->kind->end (self, error);
}

/* Finishes an entry that was removed from its ledger, or was never in it. */
static void
resource_finish (LifecycleResource *self)
{
  lifecycle_resource_cut_watches (self);
  resource_drop_user (self);
  if (self->kind->finished != NULL)
    self->kind->finished (self);
  /* What is left waits for the home context, or for a process, and must not keep the context. */
  g_clear_pointer (&self->context, g_main_context_unref);
  lifecycle_resource_unref (self);
}

/* Stops a muted resource before anything is released. */
typedef struct
{
  LifecycleEntry     entry;
  LifecycleResource *resource;
} ResourceStop;

static void
resource_stop_release (LifecycleLedger *ledger,
                       LifecycleEntry  *entry,
                       guint            flags)
{
  ResourceStop *stop = LIFECYCLE_ENTRY_CONTAINER (entry, ResourceStop, entry);

  stop->resource->kind->stop (stop->resource);
  lifecycle_resource_unref (stop->resource);
  g_free (stop);
}

const LifecycleEntryClass lifecycle_resource_stop_class = {
  .silent = TRUE,
  .release = resource_stop_release,
};

static void
resource_mute (LifecycleLedger *ledger,
               LifecycleEntry  *entry)
{
  LifecycleResource *self = LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleResource, entry);
  ResourceStop *stop;

  /* The ledgers of the watched objects have locks too, and only one ledger may be
   * locked at a time.
   */
  lifecycle_ledger_unlock (ledger);
  resource_silence (self);
  lifecycle_ledger_lock (ledger);

  if (self->kind->stop != NULL && !resource_is_inherited (self))
    {
      stop = g_new0 (ResourceStop, 1);
      stop->resource = lifecycle_resource_ref (self);
      stop->entry.type = LIFECYCLE_ENTRY_RESOURCE_STOP;
      stop->entry.flags = LIFECYCLE_ENTRY_LINKED | LIFECYCLE_ENTRY_MUTED;
      lifecycle_node_insert_after (&stop->entry.node, &lifecycle_ledger_ensure_muted (ledger)->foreign);
      /* cppcheck-suppress memleak ; the ledger has it */
    }
}

static void
resource_release (LifecycleLedger *ledger,
                  LifecycleEntry  *entry,
                  guint            flags)
{
  LifecycleResource *self = LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleResource, entry);
  GError *error = NULL;

  resource_end (self, &error);
  if (error != NULL)
    {
      g_autoptr (LifecycleScope) scope = lifecycle_ledger_dup_scope (ledger);

      lifecycle_scope_take_failure (scope, error, lifecycle_entry_get_place (entry));
    }
  resource_finish (self);
}

static char *
resource_describe_pending (LifecycleEntry *entry)
{
  LifecycleResource *self = LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleResource, entry);

  return self->kind->describe_pending != NULL ? self->kind->describe_pending (self) : NULL;
}

static void
resource_describe (LifecycleEntry *entry,
                   LifecycleFacts *facts)
{
  LifecycleResource *self = LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleResource, entry);

  facts->type = self->type;
  facts->name = g_strdup (self->label);
  facts->object = self->watches[0].object;
  facts->callback = (gpointer) self->func;
  facts->data = self->data;
}

const LifecycleEntryClass lifecycle_resource_class = {
  .mute = resource_mute,
  .release = resource_release,
  .describe_pending = resource_describe_pending,
  .describe = resource_describe,
};

const LifecycleEntryClass lifecycle_foreign_resource_class = {
  .foreign = TRUE,
  .mute = resource_mute,
  .release = resource_release,
  .describe_pending = resource_describe_pending,
  .describe = resource_describe,
};

/* Removes a live resource from its ledger. Returns FALSE if it was not live. A close that does not
 * find the resource in the ledger relies on it to call no user code any more, so the ledger stays
 * locked until that is certain.
 */
static gboolean
resource_leave (LifecycleResource *self)
{
  gboolean live;

  lifecycle_ledger_lock (self->ledger);
  live = lifecycle_entry_is_live (&self->entry);
  if (live)
    {
      lifecycle_ledger_remove (self->ledger, &self->entry);
      g_atomic_int_set (&self->shut, TRUE);
    }
  lifecycle_ledger_unlock (self->ledger);

  return live;
}

/* Ends a resource that has nothing left to undo. May be called on any thread. */
void
lifecycle_resource_retire (gpointer resource)
{
  LifecycleResource *self = resource;

  if (!resource_leave (self))
    return;

  resource_silence (self);
  if (self->kind->gone != NULL && !resource_is_inherited (self))
    self->kind->gone (self);
  resource_finish (self);
}

/* Undoes a resource that is not needed any more, before its scope closes. Must be
 * called at home.
 */
void
lifecycle_resource_undo (gpointer resource)
{
  LifecycleResource *self = resource;

  if (!resource_leave (self))
    return;

  resource_silence (self);
  resource_end (self, NULL);
  resource_finish (self);
}

/* Makes the resource an entry, and takes over the caller's reference. On a closed scope, undoes the
 * resource at once. Returns whether the scope owns it.
 */
gboolean
lifecycle_resource_add (gpointer        resource,
                        LifecycleScope *scope,
                        const char     *place)
{
  LifecycleResource *self = resource;
  LifecycleLedger *ledger = self->ledger;
  GError *error = NULL;
  gboolean live;

  /* The watches are linked first: once the resource is an entry, it can be released at any moment,
   * and the release needs references on the watched objects.
   */
  lifecycle_resource_link_watches (self);

  if (!lifecycle_ledger_begin_add (ledger))
    {
      resource_silence (self);
      resource_end (self, &error);
      if (error != NULL)
        {
          lifecycle_scope_take_failure (scope, error, place);
          if (lifecycle_scope_is_closed (scope))
            lifecycle_scope_settle_error (scope);
        }
      resource_finish (self);
      return FALSE;
    }

  lifecycle_resource_ref (self);
  lifecycle_ledger_append (ledger, &self->entry, self->kind->type, place);
  live = lifecycle_ledger_end_add_of (ledger, &self->entry);

  /* If a watched object was disposed before the resource became an entry, nothing has
   * retired it.
   */
  if (live && lifecycle_resource_has_lost_watch (self))
    {
      lifecycle_resource_retire (self);
      live = FALSE;
    }
  lifecycle_resource_unref (self);

  return live;
}

/* Discards a resource after a failure to create what it should stand for. Takes over the caller's
 * reference.
 */
void
lifecycle_resource_discard (gpointer resource)
{
  LifecycleResource *self = resource;

  g_atomic_int_set (&self->shut, TRUE);
  resource_finish (self);
}

typedef struct
{
  LifecycleResource     *resource;
  LifecycleResourceFunc  func;
} ResourceVisit;

static void
resource_visit_cb (LifecycleScope *scope,
                   gpointer        data)
{
  ResourceVisit *visit = data;

  visit->func (visit->resource);
}

static void
resource_visit_free (gpointer data)
{
  ResourceVisit *visit = data;

  lifecycle_resource_unref (visit->resource);
  g_free (visit);
}

/* Calls a function now if the calling thread is at home, or later in the home context. */
void
lifecycle_resource_run_at_home (gpointer              resource,
                                LifecycleResourceFunc func)
{
  LifecycleResource *self = resource;
  g_autoptr (LifecycleScope) scope = lifecycle_ledger_dup_scope (self->ledger);

  if (scope == NULL)
    return;

  if (lifecycle_scope_enter_home (scope))
    {
      func (self);
      lifecycle_scope_leave_home (scope);
    }
  else
    {
      ResourceVisit *visit = g_new (ResourceVisit, 1);

      visit->resource = lifecycle_resource_ref (self);
      visit->func = func;
      lifecycle_scope_call_home (scope, G_PRIORITY_DEFAULT, "Lifecycle resource",
                                 resource_visit_cb, visit, resource_visit_free);
      /* cppcheck-suppress memleak ; the source has it */
    }
}

/* Makes the home context the thread-default context, so that GIO calls back there. Returns FALSE if
 * the calling thread is not at home.
 */
gboolean
lifecycle_resource_go_home (LifecycleScope *scope)
{
  if (!lifecycle_scope_enter_home (scope))
    return FALSE;

  g_main_context_push_thread_default (scope->context);

  return TRUE;
}

void
lifecycle_resource_leave_home (LifecycleScope *scope)
{
  g_main_context_pop_thread_default (scope->context);
  lifecycle_scope_leave_home (scope);
}

void
lifecycle_resource_set_closed_error (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The scope is closed");
}

/* Checks that the scope is open, before creating something for it to own. */
gboolean
lifecycle_resource_check_open (LifecycleScope  *scope,
                               GError         **error)
{
  if (lifecycle_scope_is_open (scope))
    return TRUE;

  lifecycle_holdings_note_late (lifecycle_scope_get_holdings (scope));
  lifecycle_resource_set_closed_error (error);

  return FALSE;
}
