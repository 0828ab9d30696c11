#!/usr/bin/env python3
# test-found.py: would an interpreter find the module, if the prefix were that of the system?
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-found.py PREFIX DIRECTORY COMMAND...: COMMAND prints where its interpreter looks for modules.
DIRECTORY, where the module goes, is in PREFIX; for the question, that is /usr.
"""

import os
import subprocess
import sys


def main():
    prefix, directory, *command = sys.argv[1:]
    if not os.path.exists("/etc/debian_version"):
        print("skipped: other systems have other directories; that is what the options are for")
        return 77
    wanted = os.path.join("/usr", os.path.relpath(os.path.join(prefix, directory), prefix))
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("GJS_PATH", "LUA_PATH", "PERL5LIB", "RUBYLIB", "PYTHONPATH")}
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    found = [os.path.normpath(each.strip().removesuffix("?.lua")) for each in
             output.replace(";", "\n").splitlines() if each.strip()]
    print(f"{wanted} is {'' if wanted in found else 'not '}among {', '.join(found)}")
    return 0 if wanted in found else 1


sys.exit(main())
