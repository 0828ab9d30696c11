/* lifecycle.h: the only header to include
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#define LIFECYCLE_INSIDE

#include "lifecycle-alive.h"
#include "lifecycle-binding.h"
#include "lifecycle-enums.h"
#include "lifecycle-error.h"
#include "lifecycle-gio.h"
#include "lifecycle-inspect.h"
#include "lifecycle-leak.h"
#include "lifecycle-leaks.h"
#include "lifecycle-monitor.h"
#include "lifecycle-objects.h"
#include "lifecycle-operation.h"
#include "lifecycle-outline.h"
#include "lifecycle-phase.h"
#include "lifecycle-process.h"
#include "lifecycle-record.h"
#include "lifecycle-sample.h"
#include "lifecycle-scope.h"
#include "lifecycle-signals.h"
#include "lifecycle-sources.h"
#include "lifecycle-statistics.h"
#include "lifecycle-test.h"
#include "lifecycle-timer.h"
#include "lifecycle-types.h"
#include "lifecycle-version.h"
#include "lifecycle-visibility.h"

#undef LIFECYCLE_INSIDE
