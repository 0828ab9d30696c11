/* direct.c: does not compile, because there is one header to include
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle-scope.h>
