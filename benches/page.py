#!/usr/bin/env python3
"""Measures the page with 1,000 templates and 100,000 jobs, and prints a table of benches/README.md.

    benches/page.py TMPL FOLDER [--airflow PROGRAM] [--seconds N] [--jobs N] [--templates N] [--readers N]

The server and whoever asks it share the machine. Requests are sent at their moments whether earlier ones were answered or not, over connections that
stay; a time is from the moment at which a request was due to the last byte of its answer. Airflow is asked for the same form and launch in turns with
tmpl: its form is a script that asks for the DAG's details; its launch is accepted when the run is in its database. Needs
Debian's Chromium and playwright-core (`make browser`).
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

from airflow import Airflow
from bench import Bench, median, ratio

PER_SECOND = 200
LAUNCHES_PER_SECOND = 20
PAIRS = 100
FORM = "application/x-www-form-urlencoded"
CONNECTIONS = 64
MODULES = Path(__file__).resolve().parent.parent / ".tools" / "npm" / "node_modules"
BEGUN = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
METADATA = {
    "name": "Report {n}",
    "description": "Sums up what was given in a month, in the books of region {n}.",
    "parameters": [
        {"name": "month", "label": "Month", "helpText": "Which month.", "regexes": ["^[0-9]{4}-[0-9]{2}$"]},
        {"name": "report", "label": "Name of the report", "helpText": "How it is called.", "isOptional": True, "defaultValue": "donors"},
    ],
}
PROGRAMS = {
    "main.py": 'print("done")\n',
    "chatty.py": 'line = "the quick brown fox jumps over the lazy dog " * 2\nfor n in range(540_000):\n    print(f"{n:06} {line}")\n',
    "lasting.py": "import time\nfor n in range(36_000):\n    print(time.time(), flush=True)\n    time.sleep(0.1)\n",
}


def share(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


class Client:
    """A person's browser, as far as it asks and reads."""

    def __init__(self, address: str) -> None:
        parts = urllib.parse.urlsplit(address)
        self.host, self.port = parts.hostname, parts.port
        self.origin = f"http://{parts.netloc}"
        self.proof = ""
        self.free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def connect(self, many: int) -> None:
        for _ in range(many):
            self.free.put_nowait(await asyncio.open_connection(self.host, self.port, limit=1 << 20))

    def words(self, method: str, path: str, body: bytes = b"", kind: str = FORM) -> bytes:
        head = f"{method} {path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\n{self.proof}accept: text/html, */*\r\naccept-encoding: gzip\r\n"
        if method == "POST":
            head += f"origin: {self.origin}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = FORM) -> tuple[int, dict[str, str], bytes]:
        """The status, the headers, and the body as it came over the line."""
        reader, writer = await self.free.get()
        try:
            writer.write(self.words(method, path, body, kind))
            return await answer(reader)
        finally:
            self.free.put_nowait((reader, writer))

    async def come_in(self, address: str) -> None:
        _, headers, _ = await self.ask("GET", address.removeprefix(self.origin))
        self.proof = "cookie: " + headers["set-cookie"].split(";")[0] + "\r\n"

    async def another(self) -> Client:
        """The same person, in another window."""
        other = Client(self.origin)
        other.proof = self.proof
        await other.connect(1)
        return other

    async def text(self, path: str) -> str:
        status, headers, body = await self.ask("GET", path)
        if status != 200:
            sys.exit(f"error: {path} is answered with {status}")
        return (gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body).decode()

    async def whole(self, path: str) -> int:
        """How many bytes a page is, with all that it names."""
        size = len((await self.ask("GET", path))[2])
        for named in sorted(set(re.findall(r'(?:href|src)="([^"]+\.(?:css|js|svg|png)[^"]*)"', await self.text(path)))):
            size += len((await self.ask("GET", named.removeprefix(".")))[2])
        return size


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    status = int((await reader.readline()).split()[1])
    headers = {}
    while line := (await reader.readline()).strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return status, headers, body


class PageBench(Bench):
    def __init__(self, tmpl: Path, folder: Path, arguments: argparse.Namespace) -> None:
        super().__init__(tmpl, folder, 1)
        self.asked = arguments
        (folder / "config.toml").parent.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text("[serve.limits]\nstreams_per_person = 1000\n")
        self.environment |= {"TMPL_CONFIG": str(folder / "config.toml"), "USER": "ann"}

    def prepare(self) -> None:
        self.fresh(self.folder / "project", self.bucket)
        project = self.folder / "project"
        project.mkdir(parents=True)
        for name, text in PROGRAMS.items():
            (project / name).write_text(text)
        tables = ['[python]\nversion = "3.11"\n']
        for n in range(self.asked.templates):
            name = f"report-{n:04}"
            (project / f"{name}.json").write_text(json.dumps(METADATA).replace("{n}", str(n)))
            tables.append(f'[[template]]\nname = "{name}"\nmain = "main.py"\nmetadata_file = "{name}.json"\n')
        for name in ("chatty", "lasting"):
            (project / f"{name}.json").write_text(json.dumps({"name": name, "description": name, "parameters": []}))
            tables.append(f'[[template]]\nname = "{name}"\nmain = "{name}.py"\nmetadata_file = "{name}.json"\n')
        (project / "tmpl.toml").write_text("\n".join(tables))
        self.run(self.tmpl, "build", project, "--check", "static")
        identity = self.folder / "id"
        self.run(self.tmpl, "run", "report-0000", "--param", "month=2026-10", "--id-file", identity)
        self.jobs(identity.read_text().strip())

    def jobs(self, pattern: str) -> None:
        """A year of jobs, like one that there was."""
        jobs = self.bucket / "staging" / "jobs"
        folder = jobs / pattern[:10] / pattern
        job, end = (json.loads((folder / name).read_text()) for name in ("job.json", "final.json"))
        step = datetime.timedelta(days=300) / self.asked.jobs
        for n in range(self.asked.jobs):
            moment = BEGUN + n * step
            identity = f"{moment:%Y-%m-%d_%H_%M_%S}-{random.randrange(10**18, 9 * 10**18)}"
            there = jobs / identity[:10] / identity
            there.mkdir(parents=True)
            job |= {"id": identity, "name": f"job-{n}", "created": f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"}
            job["template"]["name"] = f"report-{n % self.asked.templates:04}"
            end["time"] = f"{moment + datetime.timedelta(seconds=n % 90):%Y-%m-%dT%H:%M:%S.%fZ}"
            (there / "job.json").write_text(json.dumps(job))
            (there / "final.json").write_text(json.dumps(end))
        self.run(self.tmpl, "doctor", "--rebuild-index")
        self.known = identity
        # What was prepared is not to be written back while the server is measured.
        os.sync()

    def serve(self) -> tuple[subprocess.Popen, str]:
        words = [self.tmpl, "serve", "--quiet", "--listen", "127.0.0.1:0"]
        server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.environment, text=True)
        return server, server.stdout.readline().strip()

    async def paced(self, per_second: float, seconds: float, what) -> list[float]:
        """Does something at its moments; gives how long each took from then."""
        taken: list[float] = []
        begun = time.monotonic() + 0.1

        async def once(n: int) -> None:
            due = begun + n / per_second
            await asyncio.sleep(max(0, due - time.monotonic()))
            await what(n)
            taken.append(time.monotonic() - due)

        await asyncio.gather(*(once(n) for n in range(int(per_second * seconds))))
        return taken

    async def pages(self, client: Client) -> None:
        paths = {
            "the list": "/",
            "a search": "/?q=report+77",
            "a form": "/templates/report-0050",
            "a job": f"/jobs/{self.known}",
            "the newest jobs": "/jobs",
            "jobs of a template": "/jobs?template=report-0007",
        }
        sizes = {}
        for name, path in paths.items():
            status, _, body = await client.ask("GET", path)
            if status != 200:
                sys.exit(f"error: {path} is answered with {status}")
            sizes[name] = len(body)
        taken: dict[str, list[float]] = {name: [] for name in paths}
        names = list(paths)

        async def ask(n: int) -> None:
            name = names[n % len(names)]
            begun = time.monotonic()
            await client.ask("GET", paths[name])
            taken[name].append(time.monotonic() - begun)

        all_of = await self.paced(PER_SECOND, self.asked.seconds, ask)
        self.row(
            f"pages at {PER_SECOND} requests/s, 99 of 100 within; median",
            f"{1000 * share(all_of, 0.99):.1f} ms; {1000 * median(all_of):.1f} ms", "–", "–",
        )
        for name in names:
            self.row(f"of these {name}, 99 of 100 within; its size", f"{1000 * share(taken[name], 0.99):.1f} ms; {sizes[name] / 1000:.1f} kB", "–", "–")

    async def hidden(self, client: Client) -> dict[str, str]:
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', await client.text("/templates/report-0001")))

    async def launch(self, client: Client, hidden: dict[str, str], key: str) -> int:
        fields = hidden | {"key": f"bench-{key}-{random.random()}", "p.month": "2026-10", "action": "run"}
        status, _, _ = await client.ask("POST", "/templates/report-0001", urllib.parse.urlencode(fields).encode())
        return status

    def first_paint(self, client: Client) -> None:
        cookie = client.proof.removeprefix("cookie: ").strip()
        script = Path(__file__).with_name("first_paint.cjs")
        told = self.run("node", script, f"{client.origin}/templates/report-0050", cookie, "9", NODE_PATH=str(MODULES)).stdout
        self.row("Chromium shows a form, nothing cached", f"{median(map(float, told.split())):.0f} ms", "–", "–")

    async def beside_airflow(self, client: Client) -> None:
        airflow = Airflow(self.asked.airflow, self.folder / "airflow", self.asked.templates)
        try:
            # Airflow has taken its time: connections that nobody used are closed.
            client = await client.another()
            other = Client(airflow.address)
            await other.connect(1)
            other.proof = f"authorization: Bearer {airflow.token}\r\n"
            hidden = await self.hidden(client)
            run = json.dumps({"logical_date": None, "conf": {"month": "2026-10"}}).encode()

            async def timed(expected: int, what) -> float:
                begun = time.perf_counter()
                status = await what
                if status != expected:
                    sys.exit(f"error: answered with {status} in place of {expected}")
                return time.perf_counter() - begun

            async def status(asked) -> int:
                return (await asked)[0]

            forms, launches = [], []
            for n in range(PAIRS):
                forms.append((
                    await timed(200, status(client.ask("GET", f"/templates/report-{n % self.asked.templates:04}"))),
                    await timed(200, status(other.ask("GET", f"/api/v2/dags/report-{n % self.asked.templates:04}/details"))),
                ))
            for n in range(PAIRS // 5):
                launches.append((
                    await timed(303, self.launch(client, hidden, f"pair-{n}")),
                    await timed(200, status(other.ask("POST", "/api/v2/dags/report-0001/dagRuns", run, "application/json"))),
                ))
                # The job that was begun has ended when the next one is timed.
                await asyncio.sleep(0.5)
            for what, pairs in (("a form", forms[5:]), ("a launch", launches[2:])):
                self.row(
                    f"{what}, one after the other, beside Airflow's",
                    f"{1000 * median(a for a, _ in pairs):.1f} ms", f"{1000 * median(b for _, b in pairs):.1f} ms", ratio(pairs),
                )
            ours, theirs = await client.whole("/templates/report-0050"), await other.whole("/")
            self.row("a form with style and script, first visit, compressed", f"{ours / 1000:.0f} kB", f"{theirs / 1000:.0f} kB", f"{ours / theirs:.2f}x")
        finally:
            airflow.stop()

    async def launches(self, client: Client) -> None:
        answers: dict[int, int] = {}
        hidden = await self.hidden(client)

        async def launch(n: int) -> None:
            status = await self.launch(client, hidden, f"{n}")
            answers[status] = answers.get(status, 0) + 1

        taken = await self.paced(LAUNCHES_PER_SECOND, self.asked.seconds, launch)
        if set(answers) != {303}:
            sys.exit(f"error: launches are answered with {answers}")
        self.row(
            f"launches at {LAUNCHES_PER_SECOND}/s accepted, 99 of 100 within; median",
            f"{1000 * share(taken, 0.99):.0f} ms; {1000 * median(taken):.0f} ms", "–", "–",
        )

    async def long_log(self, client: Client) -> None:
        identity = self.folder / "id"
        self.run(self.tmpl, "run", "chatty", "--id-file", identity)
        job = identity.read_text().strip()
        for name, place in (("its end", ""), ("a line in the middle", "?line=270001"), ("a search", "?q=539999")):
            taken = []
            for _ in range(5):
                begun = time.monotonic()
                status, _, _ = await client.ask("GET", f"/jobs/{job}/log{place}")
                taken.append(time.monotonic() - begun)
                if status != 200:
                    sys.exit(f"error: the log is answered with {status}")
            self.row(f"a log of 50 MB: {name}", f"{1000 * median(taken):.0f} ms", "–", "–")

    async def readers(self, client: Client, server: int) -> None:
        identity = self.folder / "id"
        self.run(self.tmpl, "run", "lasting", "--detach", "--id-file", identity)
        job = identity.read_text().strip()
        lags: list[float] = []
        heard = set()

        async def read(n: int) -> None:
            reader, writer = await asyncio.open_connection(client.host, client.port, limit=1 << 20)
            writer.write(client.words("GET", f"/jobs/{job}/events"))
            async for line in reader:
                for moment in re.findall(rb"\b(1\d{9}\.\d+)\b", line):
                    if time.monotonic() > measured:
                        lags.append(time.time() - float(moment))
                        heard.add(n)

        measured = time.monotonic() + 5
        tasks = [asyncio.create_task(read(n)) for n in range(self.asked.readers)]
        await asyncio.sleep(5 + self.asked.seconds)
        memory = next(line for line in Path(f"/proc/{server}/status").read_text().splitlines() if line.startswith("VmRSS"))
        for task in tasks:
            task.cancel()
        self.run(self.tmpl, "jobs", "cancel", job)
        if len(heard) != self.asked.readers:
            sys.exit(f"error: {len(heard)} of {self.asked.readers} readers heard something")
        self.row(
            f"{self.asked.readers} readers of one log that grows: lag, 99 of 100 within; the server's memory",
            f"{share(lags, 0.99):.2f} s; {int(memory.split()[1]) / 1000:.0f} MB", "–", "–",
        )

    async def measure(self) -> None:
        server, address = self.serve()
        try:
            client = Client(address)
            await client.connect(CONNECTIONS)
            await client.come_in(address)
            # What the server knows of its templates it has read by now.
            await asyncio.sleep(3)
            await self.pages(client)
            await self.launches(client)
            await self.long_log(client)
            await asyncio.to_thread(self.first_paint, client)
            if self.asked.airflow:
                await self.beside_airflow(client)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
        server, address = self.serve()
        try:
            client = Client(address)
            await client.connect(1)
            await client.come_in(address)
            await self.readers(client, server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tmpl", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--airflow", type=Path, help="the program `airflow` of an environment that has it")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--templates", type=int, default=1_000)
    parser.add_argument("--readers", type=int, default=500)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.folder, ignore_errors=True)
    bench = PageBench(arguments.tmpl.resolve(), arguments.folder.absolute(), arguments)
    bench.prepare()
    asyncio.run(bench.measure())
    bench.table()


if __name__ == "__main__":
    main()
