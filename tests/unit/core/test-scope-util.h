/* test-scope-util.h: what tests of scopes share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

typedef struct
{
  LifecycleReason reason;
  LifecycleState  state;
  char           *detail;
  int             n;
} Seen;

static inline void
seen_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          user_data,
              GError          **error)
{
  Seen *seen = user_data;

  seen->reason = reason;
  seen->state = lifecycle_scope_get_state (scope);
  g_free (seen->detail);
  seen->detail = g_strdup (lifecycle_scope_get_reason_detail (scope));
  seen->n++;
}
