#!/usr/bin/env python3
# test-consumer.py: installs the library into an empty prefix and uses it from outside
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: test-consumer.py SOURCE-DIRECTORY. Writes TAP.

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
EXPECTED = "goodbye consumer\n2 released\n1 heard\n"
WARNINGS = ["-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"]
# What the tests of the library are run in would also change the programs that build it.
NOT_INHERITED = ("G_DEBUG", "G_ENABLE_DIAGNOSTIC", "G_SLICE", "MALLOC_PERTURB_",
                 "CFLAGS", "LDFLAGS", "DESTDIR", "MESON_BUILD_ROOT", "MESON_SOURCE_ROOT")


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def environment(**more):
    env = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
    env.update(more)
    return env


def tool(name):
    """Where a program is; not having it is a skip that says so."""
    found = shutil.which(os.environ.get(name.upper().replace("+", "X"), name))
    if found is None:
        raise Skip(f"{name} is not installed")
    return found


def run(*command, env=None, fails=False, **kwargs):
    """Runs a command; returns what it wrote to standard output."""
    done = subprocess.run(command, env=env or environment(), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)
    if (done.returncode != 0) != fails:
        raise Failure(f"{shlex.join(command)}\nreturned {done.returncode}\n"
                      f"{done.stdout}{done.stderr}")
    return done.stderr if fails else done.stdout


def same(actual, expected):
    if actual != expected:
        raise Failure(f"expected:\n{expected}\ngot:\n{actual}")


class Consumer:
    def __init__(self, source, work):
        self.source = source
        self.work = work
        self.prefix = os.path.join(work, "prefix")
        self.libdir = os.path.join(self.prefix, "lib")
        self.path = {
            "PKG_CONFIG_PATH": os.path.join(self.libdir, "pkgconfig"),
            "LD_LIBRARY_PATH": self.libdir,
            "GI_TYPELIB_PATH": os.path.join(self.libdir, "girepository-1.0"),
            "XDG_DATA_DIRS": os.path.join(self.prefix, "share") + ":/usr/local/share:/usr/share",
        }
        self.vapidir = os.path.join(self.prefix, "share", "vala", "vapi")
        self.girdir = os.path.join(self.prefix, "share", "gir-1.0")

    def flags(self, *which):
        return shlex.split(run(tool("pkg-config"), *which, "lifecycle-1",
                               env=environment(**self.path)))

    def installed(self, *parts):
        return os.path.exists(os.path.join(self.prefix, *parts))

    def build(self, compiler, *arguments, expected=EXPECTED):
        program = os.path.join(self.work, "program")
        run(compiler, *WARNINGS, *arguments, "-o", program, *self.flags("--cflags", "--libs"))
        same(run(program, env=environment(**self.path)), expected)

    def is_for_gtk(self, folder):
        """Whether a folder belongs to the library for GTK, which has a folder for headers as well."""
        return "gtk" in os.path.relpath(folder, self.source).split(os.sep)

    # The tests, in this order; everything after the first needs the first.

    def install(self):
        """a release build goes into an empty prefix"""
        build = os.path.join(self.work, "build")
        run(tool("meson"), "setup", build, self.source, f"--prefix={self.prefix}",
            "--libdir=lib", "--buildtype=release", "-Dtests=disabled", "-Dexamples=disabled",
            "-Ddocumentation=disabled")
        run(tool("meson"), "compile", "-C", build)
        run(tool("meson"), "install", "-C", build, "--no-rebuild")
        shutil.rmtree(build)

    def files(self):
        """the headers, the library and the pkg-config file are where they belong"""
        # Each room has a folder in the source; installed, they share one.
        expected = {name for folder, _, names in os.walk(os.path.join(self.source, "lifecycle"))
                    for name in names if name.endswith(".h") and not name.endswith("-private.h")
                    and not self.is_for_gtk(folder)}
        expected |= {"lifecycle-enums.h", "lifecycle-version.h", "lifecycle-visibility.h"}
        found = os.listdir(os.path.join(self.prefix, "include", "lifecycle-1"))
        same("\n".join(sorted(found)), "\n".join(sorted(expected)))
        for name in "liblifecycle-1.so", "liblifecycle-1.so.0", "pkgconfig/lifecycle-1.pc":
            if not self.installed("lib", name):
                raise Failure(f"{name} is not in {self.libdir}")
        same(run(tool("pkg-config"), "--modversion", "lifecycle-1",
                 env=environment(**self.path)), "1.0.0\n")

    def command(self):
        """the command-line tool, with what belongs to it"""
        if not self.installed("bin", "lifecycle"):
            raise Skip("the tool was not built")
        same(run(os.path.join(self.prefix, "bin", "lifecycle"), "--version",
                 env=environment(**self.path)), "lifecycle 1.0.0\n")
        for name in ("man/man1/lifecycle.1", "man/man7/lifecycle-environment.7",
                     "man/man7/lifecycle-inspect.7", "bash-completion/completions/lifecycle",
                     "dbus-1/interfaces/org.lifecycle.Inspect1.xml"):
            if not self.installed("share", name):
                raise Failure(f"{name} is not installed")

    def gtk(self):
        """a C program with the library for GTK, which the other library does not pull in"""
        if "gtk" in run("ldd", os.path.join(self.libdir, "liblifecycle-1.so")):
            raise Failure("liblifecycle-1 pulls in GTK")
        if not self.installed("lib", "pkgconfig", "lifecycle-gtk4-1.pc"):
            raise Skip("the library for GTK was not built")
        expected = {name for folder, _, names in os.walk(os.path.join(self.source, "lifecycle"))
                    for name in names if name.endswith(".h") and not name.endswith("-private.h")
                    and self.is_for_gtk(folder)}
        found = os.listdir(os.path.join(self.prefix, "include", "lifecycle-gtk4-1"))
        same("\n".join(sorted(found)), "\n".join(sorted(expected)))
        flags = shlex.split(run(tool("pkg-config"), "--cflags", "--libs", "lifecycle-gtk4-1",
                                env=environment(**self.path)))
        program = os.path.join(self.work, "gtk-program")
        run(tool("gcc"), *WARNINGS, os.path.join(HERE, "c", "consumer-gtk.c"), "-o", program, *flags)
        same(run(program, env=environment(**self.path)), "no widget, no scope\n")

    def c(self):
        """a C program"""
        self.build(tool("gcc"), os.path.join(HERE, "c", "consumer.c"))

    def c_clang(self):
        """the same C program, with clang"""
        self.build(tool("clang"), os.path.join(HERE, "c", "consumer.c"))

    def c_without_names(self):
        """a C program without the names of the source"""
        self.build(tool("gcc"), "-std=c11", "-DLIFECYCLE_DISABLE_SOURCE_NAMES",
                   os.path.join(HERE, "c", "consumer.c"))

    def cxx(self):
        """a C++ program"""
        self.build(tool("g++"), "-x", "c++", os.path.join(HERE, "c", "consumer.c"),
                   "-x", "none")

    def direct(self):
        """including one of the other headers is an error"""
        errors = run(tool("gcc"), "-fsyntax-only", os.path.join(HERE, "c", "direct.c"),
                     *self.flags("--cflags"), fails=True, env=environment(LC_ALL="C"))
        if "Only <lifecycle.h> can be included directly." not in errors:
            raise Failure(errors)

    def page(self):
        """the program in doc/getting-started.md"""
        with open(os.path.join(self.source, "doc", "getting-started.md"), encoding="utf-8") as text:
            programs = [block for block in re.findall(r"^```c\n(.*?)^```", text.read(), re.M | re.S)
                        if "main (void)" in block]
        program = os.path.join(self.work, "page.c")
        with open(program, "w", encoding="utf-8") as file:
            file.write(programs[0])
        self.build(tool("gcc"), program, expected="tick\ngoodbye\n3 released\n")

    def subproject(self):
        """a Meson project that has the library as a subproject"""
        project = os.path.join(self.work, "project")
        shutil.copytree(os.path.join(HERE, "subproject"), project)
        shutil.copy(os.path.join(HERE, "c", "consumer.c"), project)
        os.mkdir(os.path.join(project, "subprojects"))
        os.symlink(self.source, os.path.join(project, "subprojects", "lifecycle"))
        build = os.path.join(project, "build")
        # Nothing but this very tree may satisfy the dependency.
        run(tool("meson"), "setup", build, project, "--wrap-mode=forcefallback")
        run(tool("meson"), "compile", "-C", build)
        same(run(os.path.join(build, "consumer")), EXPECTED)

    def wrap(self):
        """a Meson project that has the library as an archive, by the wrap file"""
        project = os.path.join(self.work, "wrapped")
        shutil.copytree(os.path.join(HERE, "subproject"), project)
        shutil.copy(os.path.join(HERE, "c", "consumer.c"), project)
        cache = os.path.join(project, "subprojects", "packagefiles")
        os.makedirs(cache)
        wrap = os.path.join(self.source, "lifecycle.wrap")
        shutil.copy(wrap, os.path.join(project, "subprojects"))
        settings = configparser.ConfigParser()
        settings.read(wrap)
        top = settings["wrap-file"]["directory"]
        with tarfile.open(os.path.join(cache, settings["wrap-file"]["source_filename"]), "w:xz",
                          preset=0) as archive:
            for name in "lifecycle", "meson.build", "meson_options.txt":
                archive.add(os.path.join(self.source, name), os.path.join(top, name))
        build = os.path.join(project, "build")
        run(tool("meson"), "setup", build, project, "--wrap-mode=forcefallback")
        same(os.path.isdir(os.path.join(project, "subprojects", top)), True)

    def vala(self):
        """a Vala program"""
        if not os.path.exists(os.path.join(self.vapidir, "lifecycle-1.vapi")):
            raise Skip("the Vala binding was not built: no vapigen")
        program = os.path.join(self.work, "vala-program")
        run(tool("valac"), f"--vapidir={self.vapidir}", f"--girdir={self.girdir}",
            "--pkg=gio-2.0", "--pkg=lifecycle-1", f"--directory={self.work}", "-o", program,
            os.path.join(HERE, "vala", "consumer.vala"), env=environment(**self.path))
        same(run(program, env=environment(**self.path)), EXPECTED)

    def typelib(self):
        """the installed typelib loads"""
        if not self.installed("lib", "girepository-1.0", "Lifecycle-1.typelib"):
            raise Skip("introspection was not built: no g-ir-scanner")
        for python in "python3", "/usr/bin/python3":
            found = shutil.which(python)
            if found and subprocess.run([found, "-c", "import gi"],
                                        stderr=subprocess.DEVNULL, check=False).returncode == 0:
                break
        else:
            raise Skip("no Python that has PyGObject")
        program = ("import gi; gi.require_version('Lifecycle', '1');"
                   "from gi.repository import Lifecycle as l;"
                   "s = l.Scope.new('typelib'); s.close(); print(s.get_name(), s.is_closed())")
        same(run(found, "-c", program, env=environment(**self.path)), "typelib True\n")

    def read_variables(self):
        """The variables that doc/languages.md tells to set, with where things are here."""
        with open(os.path.join(self.source, "doc", "languages.md"), encoding="utf-8") as text:
            rows = re.findall(r"^\| [^|]* \| `(\w+)` \| `([^`]*)` \|$", text.read(), re.M)
        return {name: value.replace("PREFIX/LIB", self.libdir).replace("PREFIX", self.prefix)
                for name, value in rows}

    def languages(self):
        """the first program of the page for each language, with the variables of doc/languages.md"""
        if not self.installed("lib", "girepository-1.0", "Lifecycle-1.typelib"):
            raise Skip("introspection was not built: no g-ir-scanner")
        variables = self.read_variables()
        env = environment(**{name: value for name, value in variables.items() if name != "PYTHONPATH"})
        env["PYTHONDONTWRITEBYTECODE"] = "1"
        run_so_far = []
        for page, word, candidates, has_binding in (
                ("python", "python", ("python3", "/usr/bin/python3"), ("-c", "import gi")),
                ("javascript", "js", ("gjs",), ("--version",)),
                ("lua", "lua", ("lua5.1",), ("-e", "require 'lgi'")),
                ("perl", "perl", ("perl", "/usr/bin/perl"), ("-MGlib::Object::Introspection", "-e", "1")),
                ("ruby", "ruby", ("ruby", "/usr/bin/ruby"), ("-rgobject-introspection", "-e", "1")),
                ("vala", "vala", ("valac",), ("--version",))):
            found = [path for path in map(shutil.which, candidates) if path is not None
                     and subprocess.run([path, *has_binding], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, check=False).returncode == 0]
            if not found:
                continue
            with open(os.path.join(self.source, "doc", f"{page}.md"), encoding="utf-8") as text:
                program, expected = re.search(rf"^```{word}\n(.*?)^```\n+^```text\n(.*?)^```", text.read(),
                                              re.M | re.S).groups()
            path = os.path.join(self.work, f"page.{word}")
            with open(path, "w", encoding="utf-8") as file:
                file.write(program)
            if page == "vala":
                built = os.path.join(self.work, "page-vala")
                run(found[0], "--pkg=gio-2.0", "--pkg=lifecycle-1", "-X", "-w",
                    f"--directory={self.work}", "-o", built, path, env=env)
                output = run(built, env=env)
            else:
                more = {"PYTHONPATH": variables["PYTHONPATH"]} if page == "python" else {}
                output = run(found[0], *(["-m"] if page == "javascript" else []), path, env={**env, **more})
            same(f"{page}:\n{output}", f"{page}:\n{expected}")
            run_so_far.append(page)
        if not run_so_far:
            raise Skip("there is no binding for any of them")

    TESTS = (install, files, c, c_clang, c_without_names, cxx, direct, page, command, gtk, subproject,
             wrap, vala, typelib, languages)


def main():
    failed = 0
    missing = None
    print(f"1..{len(Consumer.TESTS)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="lifecycle-consumer-") as work:
        consumer = Consumer(os.path.abspath(sys.argv[1]), work)
        for number, test in enumerate(Consumer.TESTS, 1):
            name = f"{number} - {test.__name__.replace('_', '-')}: {test.__doc__}"
            try:
                if missing is not None:
                    raise missing
                test(consumer)
                print(f"ok {name}", flush=True)
            except Skip as skip:
                print(f"ok {name} # SKIP {skip}", flush=True)
            except (Failure, OSError) as failure:
                failed += 1
                print(f"not ok {name}", flush=True)
                print(f"{test.__doc__}: {failure}", file=sys.stderr)
                if test is Consumer.install:
                    missing = Failure("nothing is installed")
    return 1 if failed else 0


sys.exit(main())
