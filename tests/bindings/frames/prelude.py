# The imports that the examples on the page about Python leave out.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import gi

gi.require_version("Lifecycle", "1")

from gi.repository import Gio, GLib, Lifecycle  # noqa: E402

