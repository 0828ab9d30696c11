#!/usr/bin/env python3
# skip.py: a test that cannot run here says why, instead of not being there
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import sys

print("skipped:", " ".join(sys.argv[1:]))
sys.exit(77)
