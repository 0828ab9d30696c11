/* test-sanitizer.h: whether the program is built with AddressSanitizer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#ifdef __SANITIZE_ADDRESS__
#define TEST_HAS_ASAN 1
#elif defined (__has_feature)
#if __has_feature (address_sanitizer)
#define TEST_HAS_ASAN 1
#endif
#endif
