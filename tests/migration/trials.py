#!/usr/bin/env python3
# trials.py: applies the semantic patches to real programs, which have to pass their tests as before
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Fetches Debian source packages, builds and tests them, converts them with migrate.py, and builds and
tests them again. The tests are audited both times. Nothing of the packages is kept, except for the report
and what is in the scratch folder.
"""

import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

PACKAGES = {
    'feedbackd': {'sources': ['src/*.c'], 'options': ['-Dtests=true']},
    'gnome-calls': {'sources': ['src/*.c', 'plugins/**/*.c'], 'options': ['-Dtests=true']},
    # Debian does not run the tests that need a compositor either.
    'phosh': {'sources': ['src/**/*.c', 'plugins/**/*.c'],
              'options': ['-Dtests=true', '-Dphoc_tests=disabled']},
}


def parse_arguments():
    parser = argparse.ArgumentParser(description='Converts real programs and runs their tests.')
    parser.add_argument('--scratch', default=os.path.join(ROOT, '_build', 'trials'),
                        help='where to unpack and build')
    parser.add_argument('--prefix', required=True, help='where this library is installed')
    parser.add_argument('--report', help='write the results as Markdown')
    parser.add_argument('packages', nargs='*', metavar='PACKAGE',
                        help='one of: ' + ', '.join(PACKAGES))
    arguments = parser.parse_args()
    for package in arguments.packages:
        if package not in PACKAGES:
            parser.error(f'no such package: "{package}"')
    arguments.packages = arguments.packages or list(PACKAGES)
    arguments.scratch = os.path.abspath(arguments.scratch)
    arguments.prefix = os.path.abspath(arguments.prefix)
    return arguments


def run(command, directory, env=None, check=True, log=None):
    result = subprocess.run(command, cwd=directory, env=env, check=False, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if log is not None:
        with open(log, 'w', encoding='utf-8') as file:
            file.write(result.stdout)
    if check and result.returncode != 0:
        sys.stdout.write(result.stdout[-5000:])
        raise RuntimeError(f'{" ".join(command)}: exit status {result.returncode}')
    return result.stdout


def apt_options(scratch):
    """Options for sources of Debian 12, whatever the machine uses else."""
    sources = os.path.join(scratch, 'debian.list')
    lists = os.path.join(scratch, 'lists')
    os.makedirs(os.path.join(lists, 'partial'), exist_ok=True)
    with open(sources, 'w', encoding='utf-8') as file:
        for kind in ('deb', 'deb-src'):
            print(kind, 'http://deb.debian.org/debian bookworm main', file=file)
    return ['-o', f'Dir::Etc::sourcelist={sources}', '-o', 'Dir::Etc::sourceparts=/dev/null',
            '-o', f'Dir::State::lists={lists}', '-o', 'DPkg::Lock::Timeout=600']


def fetch(package, scratch):
    """Installs what it is built with, and unpacks it twice: as it is, and to be converted."""
    options = apt_options(scratch)
    run(['apt-get', *options, 'update', '-qq'], scratch)
    run(['apt-get', *options, 'build-dep', '-y', '-qq', '--no-install-recommends', package], scratch,
        env=dict(os.environ, DEBIAN_FRONTEND='noninteractive'))
    run(['apt-get', *options, 'source', '--download-only', '-qq', package], scratch)
    description, = glob.glob(os.path.join(scratch, package + '_*.dsc'))
    trees = []
    for version in ('before', 'after'):
        tree = os.path.join(scratch, f'{package}-{version}')
        run(['rm', '-rf', tree], scratch)
        run(['dpkg-source', '--no-check', '-x', description, tree], scratch)
        trees.append(tree)
    return trees


def build_environment(prefix):
    env = dict(os.environ)
    config, = glob.glob(os.path.join(prefix, 'lib*', '**', 'pkgconfig'), recursive=True)
    library = os.path.dirname(config)
    env['CFLAGS'] = f'-g -O1 -I{prefix}/include/lifecycle-1'
    env['LDFLAGS'] = f'-Wl,--no-as-needed -L{library} -Wl,-rpath,{library} -llifecycle-1'
    env['LD_LIBRARY_PATH'] = library
    return env


def meson_test(tree, env, log, *wrapper):
    run(['xvfb-run', '-a', 'dbus-run-session', *wrapper, 'meson', 'test', '-C', os.path.join(tree, '_build'),
         '--no-rebuild', '--no-suite', 'manual', '--num-processes', '1', '--timeout-multiplier', '5'],
        tree, env=env, check=False, log=log)


def audit(tree, prefix, env, stage):
    """Returns what the audit of the tests finds."""
    report = f'{tree}.{stage}.audit.json'
    meson_test(tree, env, f'{tree}.{stage}.audit.log', os.path.join(prefix, 'bin', 'lifecycle'), 'audit',
               '--json', '--output', report, '--')
    with open(report, encoding='utf-8') as file:
        processes = json.load(file)['processes']
    return [f'{process["program"]}: {finding["kind"]}: {finding["summary"]}'
            for process in processes for finding in process['findings']]


def build_and_test(tree, env, stage):
    """Returns the results of the tests, by name."""
    build = os.path.join(tree, '_build')
    run(['ninja', '-C', build], tree, env=env, log=f'{tree}.{stage}.build.log')
    meson_test(tree, env, f'{tree}.{stage}.test.log')
    results = {}
    with open(os.path.join(build, 'meson-logs', 'testlog.json'), encoding='utf-8') as file:
        for line in file:
            test = json.loads(line)
            cases = re.findall(r'^((?:not )?ok) \d+ (/\S+)', test.get('stdout', ''), re.MULTILINE)
            for result, case in cases:
                results[f'{test["name"]} {case}'] = result == 'ok'
            if not cases:
                results[test['name']] = test['result'] == 'OK'
    return results


def migrate(tree, patterns):
    files = sorted(path for pattern in patterns
                   for path in glob.glob(os.path.join(tree, pattern), recursive=True))
    output = run([sys.executable, os.path.join(ROOT, 'doc', 'migration', 'migrate.py'), *files], tree)
    left = collections.Counter(re.findall(r': (\w+)\(\) is left$', output, re.MULTILINE))
    converted = len(re.findall(r': converted$', output, re.MULTILINE))
    return files, converted, left


def read_lines(path):
    with open(path, encoding='utf-8') as file:
        return file.read().splitlines()


def count_lines(before, after):
    output = run(['diff', '-ru', '--exclude=_build', before, after], '/', check=False)
    lines = output.splitlines()
    return (sum(line.startswith('+') and not line.startswith('+++') for line in lines),
            sum(line.startswith('-') and not line.startswith('---') for line in lines),
            len(re.findall(r'^\+.*\blifecycle_(?:scope_(?!of\b|renew)\w+)', output, re.MULTILINE)))


def trial(package, arguments):
    settings = PACKAGES[package]
    env = build_environment(arguments.prefix)
    before, after = fetch(package, arguments.scratch)

    print(f'{package}: building and testing as it is', flush=True)
    run(['meson', 'setup', os.path.join(after, '_build'), *settings['options']], after, env=env,
        log=after + '.setup.log')
    old = build_and_test(after, env, 'before')
    old_findings = audit(after, arguments.prefix, env, 'before')

    files, converted, left = migrate(after, settings['sources'])
    print(f'{package}: converted {converted} of {len(files)} files; building and testing', flush=True)
    new = build_and_test(after, env, 'after')
    new_findings = audit(after, arguments.prefix, env, 'after')

    added, removed, calls = count_lines(before, after)
    broken = sorted(name for name, passed in old.items() if passed and not new.get(name, False))
    return {
        'package': package, 'files': len(files), 'converted': converted, 'calls': calls,
        'added': added, 'removed': removed, 'left': left,
        'passed before': sum(old.values()), 'of': len(old), 'passed after': sum(new.values()),
        'broken': broken, 'lines': sum(len(read_lines(path)) for path in files),
        'findings before': old_findings, 'findings after': new_findings,
    }


def markdown(results):
    yield ('| package | lines of C | files converted | calls converted | lines added | removed | '
           'tests before | after | audit before | after |')
    yield '|---|---|---|---|---|---|---|---|---|---|'
    for result in results:
        yield (f'| {result["package"]} | {result["lines"]} | '
               f'{result["converted"]} of {result["files"]} | {result["calls"]} | '
               f'{result["added"]} | {result["removed"]} | '
               f'{result["passed before"]} of {result["of"]} | {result["passed after"]} | '
               f'{len(result["findings before"])} | {len(result["findings after"])} |')
    for result in results:
        yield ''
        yield f'Left in {result["package"]}: ' + ', '.join(
            f'{count} × `{call}()`' for call, count in result['left'].most_common())
        for stage in 'before', 'after':
            for finding in result[f'findings {stage}']:
                yield f'- {stage}: {finding}'


def main():
    arguments = parse_arguments()
    os.makedirs(arguments.scratch, exist_ok=True)
    results = [trial(package, arguments) for package in arguments.packages]

    text = '\n'.join(markdown(results))
    print(text)
    if arguments.report:
        with open(arguments.report, 'w', encoding='utf-8') as file:
            print(text, file=file)

    for result in results:
        for name in result['broken']:
            print(f'{result["package"]}: "{name}" passed before, and does not now')
    return 1 if any(result['broken'] for result in results) else 0


if __name__ == '__main__':
    sys.exit(main())
