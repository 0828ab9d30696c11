/* test-signals-util.h: what tests of signal handlers share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;
  gulong          id;
  gulong          other_id;
  int             n;
  int             destroyed;
  int             depth;
} Fixture;

static inline void
fixture_closure_notify (gpointer  data,
                        GClosure *closure)
{
  ((Fixture *) data)->destroyed++;
}
