#!/usr/bin/env python3
# check-abi.py: programs that were built with the last release go on working with this library
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: check-abi.py SOURCE FOLDER LIBRARY [LIBRARY-FOR-GTK]. Builds the release that is tagged last in FOLDER,
# where it stays, and compares with abidiff. The exit status is 77 if there is nothing to compare.

import os
import re
import shutil
import subprocess
import sys

SKIP = 77
# Bits of the exit status of abidiff.
ERROR, CHANGE = 1 | 2, 4 | 8
RELEASE = re.compile(r"v?\d+(\.\d+)+")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def run(*words, directory=None):
    done = subprocess.run(words, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def find_release(source):
    """The newest tag that is a release, of those that led to this commit; and its commit."""
    if shutil.which("git") is None or not os.path.exists(os.path.join(source, ".git")):
        skip("this is no clone of the repository")
    tags = run("git", "-C", source, "tag", "--merged", "HEAD", "--sort=-v:refname").split()
    for tag in tags:
        if RELEASE.fullmatch(tag):
            return tag, run("git", "-C", source, "rev-parse", f"{tag}^{{commit}}").strip()
    return skip("no release has been tagged yet")


def build(source, folder, commit, with_gtk):
    """Unpacks and builds a commit, unless that has been done before."""
    tree = os.path.join(folder, commit)
    if os.path.exists(os.path.join(tree, "done")):
        return tree
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    archive = os.path.join(tree, "source.tar")
    run("git", "-C", source, "archive", "--output", archive, commit)
    run("tar", "xf", archive, directory=tree)
    os.remove(archive)
    features = ["introspection", "vapi", "documentation", "tool", "tests", "examples"]
    run("meson", "setup", "build", "--buildtype=debugoptimized", f"-Dgtk4={'enabled' if with_gtk else 'disabled'}",
        *(f"-D{feature}=disabled" for feature in features), directory=tree)
    run("ninja", "-C", "build", directory=tree)
    with open(os.path.join(tree, "done"), "w", encoding="utf-8"):
        pass
    return tree


def find_library(tree, name):
    for folder, _, files in os.walk(os.path.join(tree, "build")):
        for file in files:
            if re.fullmatch(re.escape(name) + r"\.so\.\d+\.\d+\.\d+", file):
                return os.path.join(folder, file)
    return None


def write_suppressions(tree, path):
    """Tells abidiff which types nobody can look into: those that no installed header defines."""
    headers = {file for _, _, files in os.walk(os.path.join(tree, "lifecycle")) for file in files
               if file.endswith(".h") and not file.endswith("-private.h")}
    with open(path, "w", encoding="utf-8") as file:
        print("[suppress_type]", "name_regexp = ^_?Lifecycle",
              "source_location_not_in = " + ", ".join(sorted(headers)), sep="\n", file=file)
    return path


def compare(tag, old, new, suppressions):
    """Whether the new library can stand in for the old one. What has been added does no harm."""
    done = subprocess.run(["abidiff", "--no-added-syms", "--suppressions", suppressions, old, new],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode & ERROR:
        sys.exit(f"abidiff: exit status {done.returncode}\n{done.stdout}")
    good = not done.returncode & CHANGE
    print(f"{os.path.basename(new)}: {'as' if good else 'not as'} in {tag}")
    if not good:
        print(done.stdout)
    return good


def main():
    source, folder, *libraries = map(os.path.abspath, sys.argv[1:])
    tag, commit = find_release(source)
    for program in ("abidiff", "meson", "ninja"):
        if shutil.which(program) is None:
            skip(f"{program} is not installed")
    tree = build(source, folder, commit, len(libraries) > 1)
    suppressions = write_suppressions(tree, os.path.join(folder, "suppressions"))
    good = True
    for new in libraries:
        name = os.path.basename(new).split(".so")[0]
        old = find_library(tree, name)
        if old is None:
            print(f"{name} is not in {tag}")
            continue
        good = compare(tag, old, os.path.realpath(new), suppressions) and good
    return 0 if good else 1


sys.exit(main())
