#!/usr/bin/env python3
# test-metrics-prometheus.py: the real Prometheus scrapes the example
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SKIP = 77
HANG = 100

CONFIG = """
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: example
    static_configs:
      - targets: ['{target}']
"""

# Whatever the environment says of proxies: all of this is on loopback.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url, timeout=10):
    with opener.open(url, timeout=timeout) as response:
        return response.read().decode(), response.headers


def wait_for(what, done):
    """Returns what DONE returns once it is true; until then it may fail."""
    deadline = time.monotonic() + HANG
    error = None
    while time.monotonic() < deadline:
        try:
            result = done()
            if result:
                return result
        except (OSError, urllib.error.URLError) as failure:
            error = failure
        time.sleep(0.1)
    raise AssertionError(f"{what} never came: {error}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(name, *arguments, **options):
    process = subprocess.Popen(arguments, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def check_page(url):
    """What a scraper receives, and how it reflects the work done meanwhile."""
    text, headers = get(url + "metrics")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers
    assert text.endswith("# EOF\n"), text
    # The server, the parent of the work.
    assert "\nlifecycle_scopes 2\n" in text, text

    assert get(url + "work?ms=1")[0] == "done\n"
    text, _ = get(url + "metrics")
    assert '\nlifecycle_scopes_closed_total{reason="completed"} 1\n' in text, text

    # One that hangs up, and takes everything along.
    host, port = urllib.parse.urlsplit(url).netloc.split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"GET /work?ms=50000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for("the work", lambda: "\nlifecycle_scopes 3\n" in get(url + "metrics")[0])
    wait_for("the end of the work", lambda: "\nlifecycle_scopes 2\n" in get(url + "metrics")[0])
    text, _ = get(url + "metrics")
    assert '\nlifecycle_scopes_closed_total{reason="aborted"} 1\n' in text, text

    try:
        get(url + "work?ms=many")
        raise AssertionError("accepted what is not a number")
    except urllib.error.HTTPError as error:
        assert error.code == 400, error


def prometheus_command(prometheus, directory, target, port):
    config = os.path.join(directory, "prometheus.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(target=target))
    return [prometheus, "--config.file=" + config,
            "--storage.tsdb.path=" + os.path.join(directory, "data"),
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]


def check_prometheus(server, target):
    """What Prometheus has scraped over HTTP, parsed and stored."""
    def query(expression):
        answer = json.loads(get(server + "api/v1/query?query=" + urllib.parse.quote(expression))[0])
        assert answer["status"] == "success", answer
        return {json.dumps(series["metric"], sort_keys=True): series
                for series in answer["data"]["result"]}

    wait_for("the first scrape", lambda: query('lifecycle_scopes{job="example"} == 2'))
    up = query('up{job="example"}')
    assert [series["value"][1] for series in up.values()] == ["1"], up

    kinds = {series["metric"]["kind"] for series in query("lifecycle_entries").values()}
    assert {"handler", "timer", "source", "scope", "phase"} <= kinds, kinds
    assert query('lifecycle_scopes_closed_total{reason="aborted"} == 1')
    assert query("lifecycle_resident_memory_bytes > 1000000")
    verdicts = query('sum by (metric) (lifecycle_verdict)')
    assert len(verdicts) == 6 and all(series["value"][1] == "1" for series in verdicts.values()), \
        verdicts

    metadata = json.loads(get(server + "api/v1/targets/metadata")[0])["data"]
    types = {entry["metric"]: entry["type"] for entry in metadata}
    assert types["lifecycle_entries_added_total"] == "counter", types
    assert types["lifecycle_resident_memory_bytes"] == "gauge", types

    targets = json.loads(get(server + "api/v1/targets")[0])["data"]["activeTargets"]
    assert [(entry["health"], entry["lastError"]) for entry in targets] == [("up", "")], targets
    assert targets[0]["scrapeUrl"] == f"http://{target}/metrics", targets

    # A rate takes two samples.
    wait_for("a rate", lambda: query("rate(lifecycle_cpu_seconds_total[1m])"))


def example_environment():
    """libsoup 3.2 leaks the socket of each connection; no suppression can match the stack."""
    options = [option for option in os.environ.get("ASAN_OPTIONS", "").split(":")
               if option and not option.startswith("detect_leaks")]
    return dict(os.environ, ASAN_OPTIONS=":".join(options + ["detect_leaks=0"]))


def main():
    example = sys.argv[1]
    prometheus = shutil.which("prometheus")
    with running("example", example, "--interval=1", stdout=subprocess.PIPE, text=True,
                 env=example_environment()) as process:
        line = process.stdout.readline()
        assert line.startswith("Metrics at http://127.0.0.1:"), line
        url = line.split()[-1][:-len("metrics")]
        check_page(url)

        if prometheus is not None:
            target = urllib.parse.urlsplit(url).netloc
            port = free_port()
            with tempfile.TemporaryDirectory(prefix="lifecycle-metrics-") as directory:
                with running("Prometheus", *prometheus_command(prometheus, directory, target, port)):
                    server = f"http://127.0.0.1:{port}/"
                    wait_for("Prometheus", lambda: get(server + "-/ready"))
                    check_prometheus(server, target)

        # It ends in order, with work under way.
        host, port = urllib.parse.urlsplit(url).netloc.split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /work?ms=50000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            wait_for("the work", lambda: "\nlifecycle_scopes 3\n" in get(url + "metrics")[0])
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, process.returncode

    if prometheus is None:
        print("SKIP: prometheus is not installed; the page itself is correct")
        return SKIP
    return 0


sys.exit(main())
