#!/usr/bin/env python3
# bench-smoke.py: that the benchmark measures something and says it in JSON; never how fast
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import json
import subprocess
import sys

KEYS = {"id", "what", "unit", "baseline_name", "ours", "baseline", "ratio", "extra", "budget",
        "limit", "verdict", "note", "skipped"}
EXPECTED = ["handlers/connect-release/1", "scope/child", "scope/child-named", "emission/1",
            "source/idle", "source/idle-source", "entry/adopt", "memory/handler", "memory/scope",
            "monitor/sample", "monitor/openmetrics", "monitor/sample-scopes"]


def run(*arguments):
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    bench = sys.argv[1]
    output = run(bench, "--quick", "--rounds=1", "--json",
                 "--filter=handlers/connect-release/1,emission/1,scope/child*,source/*,"
                 "entry/adopt,memory/handler,memory/scope,monitor/sample,monitor/openmetrics,"
                 "monitor/sample-scopes")
    rows = json.loads(output)
    assert [row["id"] for row in rows] == EXPECTED, [row["id"] for row in rows]
    for row in rows:
        assert set(row) == KEYS, row
        if row["skipped"] is not None:
            assert row["verdict"] == "skipped", row
            continue
        assert row["ours"] > 0, row
        assert (row["baseline"] is None) == (row["baseline_name"] is None), row
        assert row["verdict"] in ("ok", "over", "-"), row

    table = run(bench, "--quick", "--rounds=1", "--filter=emission/*")
    assert "emission, one handler" in table, table

    assert json.loads(run(bench, "--json", "--filter=nothing/is/called/this")) == []


main()
