/* museum.c: what the exhibits of the bug museum share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "museum.h"

typedef struct
{
  LifecycleScope *scope;
  MuseumStopFunc  stop;
  gpointer        data;
} MuseumOwnerPrivate;

G_DEFINE_TYPE_WITH_PRIVATE (MuseumOwner, museum_owner, G_TYPE_OBJECT)

static GMutex museum_mutex;
static GHashTable *museum_alive;
static guint museum_n_faults;

/* What the raw half has to show; NULL while no half runs, or the scope half. */
static const char *museum_expected;
static guint museum_n_unexpected;

void
museum_fault (const char *format,
              ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  g_mutex_lock (&museum_mutex);
  museum_n_faults++;
  if (museum_expected == NULL || !g_pattern_match_simple (museum_expected, text))
    museum_n_unexpected++;
  g_mutex_unlock (&museum_mutex);

  g_test_message ("fault: %s", text);
}

/* {{{ Owner */

static void
museum_owner_dispose (GObject *object)
{
  MuseumOwnerPrivate *priv = museum_owner_get_instance_private (MUSEUM_OWNER (object));

  if (priv->stop != NULL)
    priv->stop (MUSEUM_OWNER (object));

  lifecycle_scope_clear_for_dispose (&priv->scope);

  G_OBJECT_CLASS (museum_owner_parent_class)->dispose (object);
}

static void
museum_owner_finalize (GObject *object)
{
  g_mutex_lock (&museum_mutex);
  g_hash_table_remove (museum_alive, object);
  g_mutex_unlock (&museum_mutex);

  G_OBJECT_CLASS (museum_owner_parent_class)->finalize (object);
}

static void
museum_owner_class_init (MuseumOwnerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = museum_owner_dispose;
  object_class->finalize = museum_owner_finalize;
}

static void
museum_owner_init (MuseumOwner *self)
{
  g_mutex_lock (&museum_mutex);
  g_hash_table_add (museum_alive, self);
  g_mutex_unlock (&museum_mutex);
}

MuseumOwner *
museum_owner_new (void)
{
  return g_object_new (MUSEUM_TYPE_OWNER, NULL);
}

MuseumOwner *
museum_owner_new_full (MuseumStopFunc stop)
{
  MuseumOwner *self = museum_owner_new ();
  MuseumOwnerPrivate *priv = museum_owner_get_instance_private (self);

  priv->stop = stop;
  return self;
}

/* Takes over the reference. */
void
museum_owner_set_scope (MuseumOwner    *self,
                        LifecycleScope *scope)
{
  MuseumOwnerPrivate *priv = museum_owner_get_instance_private (self);

  priv->scope = scope;
}

LifecycleScope *
museum_owner_get_scope (MuseumOwner *self)
{
  MuseumOwnerPrivate *priv = museum_owner_get_instance_private (self);

  return priv->scope;
}

gpointer
museum_owner_get_data (MuseumOwner *self)
{
  MuseumOwnerPrivate *priv = museum_owner_get_instance_private (self);

  return priv->data;
}

void
museum_owner_set_data (MuseumOwner *self,
                       gpointer     data)
{
  MuseumOwnerPrivate *priv = museum_owner_get_instance_private (self);

  priv->data = data;
}

gboolean
museum_owner_is_alive (gpointer owner)
{
  gboolean alive;

  g_mutex_lock (&museum_mutex);
  alive = g_hash_table_contains (museum_alive, owner);
  g_mutex_unlock (&museum_mutex);

  return alive;
}

void
museum_owner_use (gpointer owner)
{
  if (!museum_owner_is_alive (owner))
    museum_fault ("a finalized object is used");
}

/* }}} */
/* {{{ The two halves */

typedef struct
{
  MuseumFunc  func;
  const char *expected;
} MuseumHalf;

static GLogWriterOutput
museum_log_writer (GLogLevelFlags   level,
                   const GLogField *fields,
                   gsize            n_fields,
                   gpointer         data)
{
  if ((level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) != 0)
    return G_LOG_WRITER_HANDLED;

  for (gsize i = 0; i < n_fields; i++)
    if ((level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL)) != 0 &&
        g_str_equal (fields[i].key, "MESSAGE"))
      {
        museum_fault ("%s", (const char *) fields[i].value);
        return G_LOG_WRITER_HANDLED;
      }

  return g_log_writer_default (level, fields, n_fields, data);
}

void
museum_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Set while a half that cannot run here has called museum_skip(). */
static gboolean museum_skipped;

void
museum_skip (const char *why)
{
  museum_skipped = TRUE;
  g_test_skip (why);
}

static void
museum_begin (const MuseumHalf *half)
{
  museum_n_faults = 0;
  museum_n_unexpected = 0;
  museum_expected = half->expected;
  museum_skipped = FALSE;
}

static void
museum_run_raw (gconstpointer half)
{
  const MuseumHalf *self = half;

  museum_begin (self);
  self->func ();
  museum_settle ();

  g_assert_cmpuint (museum_n_unexpected, ==, 0);
  if (!museum_skipped && museum_n_faults == 0)
    g_test_fail_printf ("plain GLib no longer shows this fault: %s", self->expected);
}

static void
museum_run_scope (gconstpointer half)
{
  const MuseumHalf *self = half;

  museum_begin (self);
  lifecycle_test_begin ();
  self->func ();
  museum_settle ();
  g_assert_true (lifecycle_test_end ());

  g_assert_cmpuint (museum_n_faults, ==, 0);
  g_assert_cmpuint (g_hash_table_size (museum_alive), ==, 0);
}

int
museum_run (int          argc,
            char       **argv,
            const char  *name,
            const char  *expected,
            MuseumFunc   raw,
            MuseumFunc   scope)
{
  const MuseumHalf halves[] = { { raw, expected }, { scope, NULL } };
  g_autofree char *raw_path = g_strdup_printf ("/museum/%s/raw", name);
  g_autofree char *scope_path = g_strdup_printf ("/museum/%s/scope", name);

  g_test_init (&argc, &argv, NULL);
  museum_alive = g_hash_table_new (NULL, NULL);

  /* A warning is a fault that is counted, and not the end of the program. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_log_set_writer_func (museum_log_writer, NULL, NULL);

  g_test_add_data_func (raw_path, &halves[0], museum_run_raw);
  g_test_add_data_func (scope_path, &halves[1], museum_run_scope);

  return g_test_run ();
}

/* }}} */
