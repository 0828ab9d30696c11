# SPDX-License-Identifier: LGPL-2.1-or-later
import sys
import unittest

import gi

gi.require_version("Lifecycle", "1")

import lifecycle_testing  # noqa: E402

# block 1

result = unittest.main(exit=False, argv=["match"], verbosity=0, testRunner=unittest.TextTestRunner(
    stream=open("/dev/null", "w"))).result
sys.exit(0 if result.wasSuccessful() and result.testsRun == 1 else 1)
