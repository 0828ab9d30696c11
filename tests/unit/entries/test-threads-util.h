/* test-threads-util.h: what tests of emissions on any thread share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

static GThread *home G_GNUC_UNUSED;

static inline void
emit_plain (gpointer emitter)
{
  test_emit (emitter, "plain");
}

static inline void
emit_elsewhere (gpointer emitter)
{
  test_in_thread (emit_plain, emitter);
}

/* What most tests begin with, and end with. */
typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;
} Pair;

static inline Pair
pair_new (void)
{
  Pair pair = { lifecycle_scope_new ("scope"), test_emitter_new () };

  home = g_thread_self ();
  return pair;
}

static inline void
pair_end (Pair *pair)
{
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair->scope), ==, 0);
  test_drain ();
  g_assert_false (test_has_handlers (pair->emitter, "plain"));
  g_assert_finalize_object (pair->scope);
  g_assert_finalize_object (pair->emitter);
}

/* All that a signal may carry. */
static guint all_signal G_GNUC_UNUSED;

#define ALL_TYPES(X)                                                                     \
  X (char, G_TYPE_CHAR, gchar)              X (uchar, G_TYPE_UCHAR, guchar)              \
  X (boolean, G_TYPE_BOOLEAN, gboolean)     X (int, G_TYPE_INT, gint)                    \
  X (uint, G_TYPE_UINT, guint)              X (long, G_TYPE_LONG, glong)                 \
  X (ulong, G_TYPE_ULONG, gulong)           X (int64, G_TYPE_INT64, gint64)              \
  X (uint64, G_TYPE_UINT64, guint64)        X (float, G_TYPE_FLOAT, gfloat)              \
  X (double, G_TYPE_DOUBLE, gdouble)        X (enum, LIFECYCLE_TYPE_STATE, gint)         \
  X (flags, G_TYPE_BINDING_FLAGS, guint)    X (pointer, G_TYPE_POINTER, gpointer)        \
  X (gtype, G_TYPE_GTYPE, GType)            X (string, G_TYPE_STRING, const char *)      \
  X (fixed, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE, const char *)                    \
  X (strv, G_TYPE_STRV, char **)            X (bytes, G_TYPE_BYTES, GBytes *)            \
  X (fixed_strv, G_TYPE_STRV | G_SIGNAL_TYPE_STATIC_SCOPE, char **)                      \
  X (variant, G_TYPE_VARIANT, GVariant *)   X (object, G_TYPE_OBJECT, GObject *)         \
  X (interface, TEST_TYPE_BEEPER, GObject *) X (param, G_TYPE_PARAM, GParamSpec *)       \
  X (closure, G_TYPE_CLOSURE, GClosure *)

static inline void
swapped_cb (gpointer     word,
            int          number,
            const char  *text,
            GObject     *object,
            TestEmitter *emitter)
{
  g_assert_true (TEST_IS_EMITTER (emitter));
  test_log ("%s%d%s", (const char *) word, number, text);
}

static inline void
params_cb (TestEmitter *emitter,
           int          number,
           const char  *text,
           GObject     *object,
           gpointer     word)
{
  swapped_cb (word, number, text, object, emitter);
}

static inline void
emit_params (gpointer emitter)
{
  g_signal_emit_by_name (emitter, "params", 1, "x", emitter);
}
