#!/usr/bin/env python3
# generate-visibility.py: writes the availability macros, one for each stable version up to now
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import sys

HEAD = """\
/* lifecycle-visibility.h: what is exported, and since when; generated
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

#if defined (G_OS_WIN32) && defined (LIFECYCLE_COMPILATION)
#define _LIFECYCLE_EXTERN __declspec (dllexport) extern
#elif defined (G_OS_WIN32)
#define _LIFECYCLE_EXTERN __declspec (dllimport) extern
#elif defined (__GNUC__)
#define _LIFECYCLE_EXTERN __attribute__ ((visibility ("default"))) extern
#else
#define _LIFECYCLE_EXTERN extern
#endif

/* Define LIFECYCLE_VERSION_MAX_ALLOWED as LIFECYCLE_VERSION_x_y to be warned of what came later. */
"""

ENCODED = """\
#define LIFECYCLE_VERSION_{major}_{minor} (G_ENCODE_VERSION ({major}, {minor}))
"""

MACROS = """
#if LIFECYCLE_VERSION_MAX_ALLOWED < LIFECYCLE_VERSION_{major}_{minor}
#define LIFECYCLE_AVAILABLE_IN_{major}_{minor} G_UNAVAILABLE ({major}, {minor}) _LIFECYCLE_EXTERN
#else
#define LIFECYCLE_AVAILABLE_IN_{major}_{minor} _LIFECYCLE_EXTERN
#endif
"""


def main():
    version, output = sys.argv[1:3]
    major, minor = (int(part) for part in version.split(".")[:2])
    minors = range(0, minor + 1)
    with open(output, "w", encoding="utf-8") as out:
        out.write(HEAD)
        for each in minors:
            out.write(ENCODED.format(major=major, minor=each))
        out.write("\n#ifndef LIFECYCLE_VERSION_MAX_ALLOWED\n"
                  f"#define LIFECYCLE_VERSION_MAX_ALLOWED LIFECYCLE_VERSION_{major}_{minor}\n"
                  "#endif\n")
        for each in minors:
            out.write(MACROS.format(major=major, minor=each))


main()
