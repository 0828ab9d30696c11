/* test-statistics-random.c: what scopes have counted after many random steps, against a simple count
 * of the test's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-statistics-util.h"

static void
quiet_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          data,
               GError          **error)
{
}

typedef struct
{
  LifecycleKind kind;
  gpointer      handle;  /* with a reference of ours */
  gulong        id;
} ModelEntry;

typedef struct
{
  LifecycleScope *scope;
  int             parent;   /* -1 for none */
  gboolean        closed;
  LifecycleReason reason;
  GArray         *entries;  /* but children */
  guint64         added[TEST_N_KINDS];
  guint64         released[TEST_N_KINDS];
  guint64         retired[TEST_N_KINDS];
  guint64         n_late;         /* after the close, as all that is late here, */
  guint64         n_failed_late;  /* so that those above have not got it */
  guint64         n_failed;
  guint           peak;
  guint           n_live;
} ModelScope;

typedef struct
{
  GArray              *scopes;
  TestEmitter         *emitter;
  LifecycleStatistics *before;
} Model;

#define MODEL_SCOPE(model, i) (&g_array_index ((model)->scopes, ModelScope, (i)))

static int
model_add_scope (Model          *model,
                 LifecycleScope *scope,
                 int             parent)
{
  ModelScope one = { .scope = scope, .parent = parent };

  one.entries = g_array_new (FALSE, TRUE, sizeof (ModelEntry));
  g_array_append_val (model->scopes, one);
  return (int) model->scopes->len - 1;
}

static void
model_count_added (ModelScope   *self,
                   LifecycleKind kind)
{
  self->added[kind]++;
  self->n_live++;
  self->peak = MAX (self->peak, self->n_live);
}

static void
model_count_ended (ModelScope   *self,
                   LifecycleKind kind,
                   gboolean      released)
{
  if (released)
    self->released[kind]++;
  else
    self->retired[kind]++;
  self->n_live--;
}

static void
model_end_entry (ModelScope *self,
                 guint       index,
                 gboolean    released)
{
  ModelEntry *entry = &g_array_index (self->entries, ModelEntry, index);

  model_count_ended (self, entry->kind, released);
  switch ((int) entry->kind)
    {
    case LIFECYCLE_KIND_SOURCE:
      g_source_unref (entry->handle);
      break;
    case LIFECYCLE_KIND_TIMER:
      lifecycle_timer_unref (entry->handle);
      break;
    case LIFECYCLE_KIND_OPERATION:
      if (released)
        lifecycle_operation_end (entry->handle);
      break;
    case LIFECYCLE_KIND_CLEANUP:
      if (entry->handle != NULL)
        self->n_failed++;
      break;
    default:
      break;
    }
  g_array_remove_index_fast (self->entries, index);
}

/* All below it have closed with it. */
static void
model_close (Model           *model,
             int              index,
             LifecycleReason  reason,
             gboolean         only_clear)
{
  for (int i = index + 1; i < (int) model->scopes->len; i++)
    if (MODEL_SCOPE (model, i)->parent == index && !MODEL_SCOPE (model, i)->closed)
      {
        model_close (model, i, LIFECYCLE_REASON_PARENT_CLOSED, FALSE);
        model_count_ended (MODEL_SCOPE (model, index), LIFECYCLE_KIND_SCOPE, TRUE);
      }
  while (MODEL_SCOPE (model, index)->entries->len > 0)
    model_end_entry (MODEL_SCOPE (model, index), 0, TRUE);
  if (!only_clear)
    {
      MODEL_SCOPE (model, index)->closed = TRUE;
      MODEL_SCOPE (model, index)->reason = reason;
    }
}

static gboolean
model_is_below (Model *model,
                int    index,
                int    top)
{
  while (index >= 0 && index != top)
    index = MODEL_SCOPE (model, index)->parent;
  return index == top;
}

/* `top` is -2 for the process. */
static void
model_check (Model    *model,
             int       top,
             gboolean  recursive)
{
  g_autoptr (LifecycleStatistics) statistics = NULL;
  LifecycleStatistics *before = NULL;
  guint64 released[TEST_N_KINDS] = { 0 }, retired[TEST_N_KINDS] = { 0 };
  guint64 added[TEST_N_KINDS] = { 0 };
  guint64 closed[N_REASONS] = { 0 };
  guint64 late = 0, failed = 0;
  guint most = 0, scopes = 0;

  if (top == -2)
    {
      statistics = get_all ();
      before = model->before;
    }
  else
    {
      statistics = get (MODEL_SCOPE (model, top)->scope, recursive);
    }

  for (int i = 0; i < (int) model->scopes->len; i++)
    {
      ModelScope *one = MODEL_SCOPE (model, i);

      if (one->closed
          && (top == -2 || one->parent == top
              || (recursive && i != top && model_is_below (model, i, top))))
        closed[one->reason]++;
      if (top != -2 && i != top && !(recursive && model_is_below (model, i, top)))
        continue;
      for (int kind = 0; kind < TEST_N_KINDS; kind++)
        {
          added[kind] += one->added[kind];
          released[kind] += one->released[kind];
          retired[kind] += one->retired[kind];
        }
      if (i == top || top == -2)
        {
          late += one->n_late;
          failed += one->n_failed_late;
        }
      failed += one->n_failed;
      most = MAX (most, one->peak);
      scopes += one->closed ? 0 : 1;
    }

  for (int kind = 0; kind < TEST_N_KINDS; kind++)
    assert_numbers (statistics, before, kind, added[kind] - released[kind] - retired[kind],
                    released[kind], retired[kind]);
  for (int reason = 1; reason < N_REASONS; reason++)
    g_assert_cmpuint (lifecycle_statistics_get_n_closed (statistics, reason)
                      - (before == NULL ? 0 : lifecycle_statistics_get_n_closed (before, reason)),
                      ==, closed[reason]);
  g_assert_cmpuint (lifecycle_statistics_get_n_late (statistics)
                    - (before == NULL ? 0 : lifecycle_statistics_get_n_late (before)), ==, late);
  g_assert_cmpuint (lifecycle_statistics_get_n_failed (statistics)
                    - (before == NULL ? 0 : lifecycle_statistics_get_n_failed (before)),
                    ==, failed);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (statistics)
                    - (before == NULL ? 0 : lifecycle_statistics_get_n_scopes (before)),
                    ==, scopes);
  if (before == NULL)
    g_assert_cmpuint (lifecycle_statistics_get_peak (statistics), ==, most);
  else
    g_assert_cmpuint (lifecycle_statistics_get_peak (statistics), >=, most);
}

static void
model_add_entry (Model      *model,
                 ModelScope *self)
{
  static const LifecycleKind kinds[] = {
    LIFECYCLE_KIND_HANDLER, LIFECYCLE_KIND_SOURCE, LIFECYCLE_KIND_TIMER, LIFECYCLE_KIND_OBJECT,
    LIFECYCLE_KIND_DATA, LIFECYCLE_KIND_CLEANUP, LIFECYCLE_KIND_OPERATION
  };
  ModelEntry entry = { kinds[g_test_rand_int_range (0, G_N_ELEMENTS (kinds))], NULL, 0 };
  gboolean fails;

  switch ((int) entry.kind)
    {
    case LIFECYCLE_KIND_HANDLER:
      entry.id = lifecycle_scope_connect_signal (self->scope, model->emitter, "plain",
                                                 G_CALLBACK (test_never_handler_cb), NULL);
      break;
    case LIFECYCLE_KIND_SOURCE:
      entry.handle = lifecycle_scope_add_idle (self->scope, test_never_source_cb, NULL, NULL);
      if (entry.handle != NULL)
        g_source_ref (entry.handle);
      break;
    case LIFECYCLE_KIND_TIMER:
      entry.handle = lifecycle_scope_add_timeout (self->scope, 1000000, test_never_source_cb,
                                                  NULL, NULL);
      if (entry.handle != NULL)
        lifecycle_timer_ref (entry.handle);
      break;
    case LIFECYCLE_KIND_OBJECT:
      lifecycle_scope_add_object (self->scope, G_OBJECT (model->emitter));
      break;
    case LIFECYCLE_KIND_DATA:
      lifecycle_scope_adopt (self->scope, model, test_nothing);
      break;
    case LIFECYCLE_KIND_CLEANUP:
      fails = g_test_rand_bit ();
      entry.handle = GINT_TO_POINTER (fails);
      if (fails)
        lifecycle_scope_defer (self->scope, failing_cleanup, NULL, NULL);
      else
        lifecycle_scope_defer (self->scope, quiet_cleanup, NULL, NULL);
      break;
    case LIFECYCLE_KIND_OPERATION:
      entry.handle = lifecycle_scope_begin (self->scope, "work");
      if (self->closed)
        lifecycle_operation_end (entry.handle);
      break;
    default:
      g_assert_not_reached ();
    }

  if (self->closed)
    {
      self->n_late++;
      if (entry.kind == LIFECYCLE_KIND_CLEANUP && entry.handle != NULL)
        self->n_failed_late++;
      return;
    }
  model_count_added (self, entry.kind);
  g_array_append_val (self->entries, entry);
}

static void
model_retire_entry (Model      *model,
                    ModelScope *self)
{
  guint index;
  ModelEntry *entry;

  if (self->entries->len == 0)
    return;
  index = (guint) g_test_rand_int_range (0, (int) self->entries->len);
  entry = &g_array_index (self->entries, ModelEntry, index);

  switch ((int) entry->kind)
    {
    case LIFECYCLE_KIND_HANDLER:
      if (g_test_rand_bit ())
        {
          g_assert_true (lifecycle_scope_steal_handler (self->scope, G_OBJECT (model->emitter),
                                                        entry->id));
          g_signal_handler_disconnect (model->emitter, entry->id);
        }
      else
        {
          g_signal_handler_disconnect (model->emitter, entry->id);
        }
      break;
    case LIFECYCLE_KIND_SOURCE:
      if (g_test_rand_bit ())
        g_assert_true (lifecycle_scope_steal_source (self->scope, entry->handle));
      g_source_destroy (entry->handle);
      break;
    case LIFECYCLE_KIND_TIMER:
      lifecycle_timer_cancel (entry->handle);
      break;
    case LIFECYCLE_KIND_OBJECT:
      g_assert_true (lifecycle_scope_steal_object (self->scope, G_OBJECT (model->emitter)));
      break;
    case LIFECYCLE_KIND_OPERATION:
      lifecycle_operation_end (entry->handle);
      break;
    default:
      return;
    }
  model_end_entry (self, index, FALSE);
}

static void
model_step (Model *model)
{
  int index = g_test_rand_int_range (0, (int) model->scopes->len);
  ModelScope *self = MODEL_SCOPE (model, index);
  int dice = g_test_rand_int_range (0, 100);
  LifecycleScope *child;

  if (dice < 50)
    {
      model_add_entry (model, self);
    }
  else if (dice < 75)
    {
      model_retire_entry (model, self);
    }
  else if (dice < 91)
    {
      if (self->closed)
        return;
      child = lifecycle_scope_new_child (self->scope, "child");
      model_count_added (self, LIFECYCLE_KIND_SCOPE);
      index = model_add_scope (model, child, index);
    }
  else if (dice < 93)
    {
      index = model_add_scope (model, lifecycle_scope_new ("root"), -1);
    }
  else if (dice < 97)
    {
      LifecycleReason reason = g_test_rand_int_range (LIFECYCLE_REASON_COMPLETED,
                                                      LIFECYCLE_REASON_DROPPED);

      if (self->closed)
        return;
      lifecycle_scope_close_with_reason (self->scope, reason, NULL);
      model_close (model, index, reason, FALSE);
      if (self->parent >= 0)
        model_count_ended (MODEL_SCOPE (model, self->parent), LIFECYCLE_KIND_SCOPE, FALSE);
    }
  else
    {
      if (self->closed)
        return;
      lifecycle_scope_clear (self->scope);
      model_close (model, index, LIFECYCLE_REASON_NONE, TRUE);
    }

  model_check (model, index, FALSE);
}

/* Nobody asks for the errors of cleanups here. */
static void
ignore_failures_cb (const char     *domain,
                    GLogLevelFlags  level,
                    const char     *message,
                    gpointer        data)
{
  g_assert_true (g_str_has_prefix (message, "A cleanup of scope "));
}

static gboolean
never_fatal (const char     *domain,
             GLogLevelFlags  level,
             const char     *message,
             gpointer        data)
{
  return FALSE;
}

static void
test_random (void)
{
  guint n_rounds = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 5 : 40;
  guint n_steps = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 150 : 400;

  g_log_set_handler ("Lifecycle", G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL, ignore_failures_cb, NULL);
  g_test_log_set_fatal_handler (never_fatal, NULL);
  for (guint round = 0; round < n_rounds; round++)
    {
      Model model = { 0 };

      model.before = get_all ();
      model.emitter = test_emitter_new ();
      model.scopes = g_array_new (FALSE, TRUE, sizeof (ModelScope));
      model_add_scope (&model, lifecycle_scope_new ("root"), -1);

      for (guint step = 0; step < n_steps; step++)
        {
          model_step (&model);
          if (step % 16 == 0)
            model_check (&model, -2, TRUE);
        }

      for (int i = 0; i < (int) model.scopes->len; i++)
        {
          model_check (&model, i, FALSE);
          if (!MODEL_SCOPE (&model, i)->closed)
            model_check (&model, i, TRUE);
        }
      for (int i = 0; i < (int) model.scopes->len; i++)
        if (!MODEL_SCOPE (&model, i)->closed)
          {
            lifecycle_scope_close (MODEL_SCOPE (&model, i)->scope);
            model_close (&model, i, LIFECYCLE_REASON_COMPLETED, FALSE);
            if (MODEL_SCOPE (&model, i)->parent >= 0)
              model_count_ended (MODEL_SCOPE (&model, MODEL_SCOPE (&model, i)->parent),
                                 LIFECYCLE_KIND_SCOPE, FALSE);
          }
      model_check (&model, -2, TRUE);
      for (int i = (int) model.scopes->len; i-- > 0;)
        {
          g_object_unref (MODEL_SCOPE (&model, i)->scope);
          g_array_unref (MODEL_SCOPE (&model, i)->entries);
          MODEL_SCOPE (&model, i)->scope = NULL;
        }
      /* They are gone, and what they counted is not. */
      model_check (&model, -2, TRUE);
      g_array_unref (model.scopes);
      g_assert_finalize_object (model.emitter);
      lifecycle_statistics_free (model.before);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/statistics/random", test_random);

  return g_test_run ();
}
