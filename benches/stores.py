#!/usr/bin/env python3
"""Measures how layers get into an S3 server, beside `aws s3 cp` and `rclone`, and prints a table of benches/README.md.

    benches/stores.py TMPL FOLDER [--runs N]

What is stored are the layers of the wordcount example: 5,500 files, 400 MB unpacked. The server is MinIO on this machine, and empty at the
start of every run; the peers copy the same blobs from a folder. Needs what `make bench` installs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import EXAMPLE, Bench, median, ratio
from images import TOOLS, server

PROGRAMS = {name: TOOLS / "bin" / name for name in ("minio", "aws", "rclone")}
KEY, SECRET = "minioadmin", "minioadmin"


class StoreBench(Bench):
    def __init__(self, tmpl: Path, folder: Path, runs: int) -> None:
        super().__init__(tmpl, folder, runs)
        self.environment |= {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "MINIO_ROOT_USER": KEY,
            "MINIO_ROOT_PASSWORD": SECRET,
            "RCLONE_CONFIG": os.devnull,
        }
        os.environ |= self.environment

    def prepare(self) -> None:
        """A project whose layers are made and lie in a folder."""
        self.fresh(self.folder)
        shutil.copytree(EXAMPLE, self.project)
        self.build("--check", "full")
        self.blobs = self.bucket / "staging" / "blobs"
        size = sum(file.stat().st_size for file in self.blobs.rglob("*") if file.is_file())
        print(f"{size / 1e6:.0f} MB of layers", file=sys.stderr)

    @contextmanager
    def minio(self) -> Iterator[str]:
        """An empty server with one bucket."""
        data = self.folder / "minio"
        self.fresh(data)
        (data / "bench").mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        endpoint = f"http://127.0.0.1:{port}"
        command = [PROGRAMS["minio"], "server", data, "--quiet", "--address", f"127.0.0.1:{port}", "--console-address", "127.0.0.1:0"]
        with server(command, lambda: self.answers(endpoint)):
            # What the first writer of a bucket finds out about the store is found out once.
            self.run(self.tmpl, "doctor", "--bucket", self.url(endpoint))
            yield endpoint
        self.fresh(data)

    @staticmethod
    def answers(endpoint: str) -> bool:
        try:
            return urllib.request.urlopen(f"{endpoint}/minio/health/ready", timeout=2).status == 200
        except OSError:
            return False

    def url(self, endpoint: str) -> str:
        return f"s3://bench?endpoint={endpoint}&region=us-east-1"

    # One way into an empty server each, in seconds.

    def copied(self) -> float:
        """A published template from the folder's bucket."""
        with self.minio() as endpoint:
            copied = self.run(self.tmpl, "template", "copy", "wordcount", "--from", self.bucket, "--to", self.url(endpoint))
            self.memory.append(copied.megabytes)
            return copied.seconds

    def built(self) -> float:
        """The upload of a build whose layers this machine keeps."""
        with self.minio() as endpoint:
            built = self.build("--check", "static", "--bucket", self.url(endpoint))
            self.whole.append(built.seconds)
            again = self.build("--check", "static", "--bucket", self.url(endpoint))
            self.again.append(again.seconds)
            written = sum(layer["written_bytes"] for layer in json.loads(again.stdout)["layers"])
            if written:
                sys.exit(f"error: the second build wrote {written} bytes of layers")
            return json.loads(built.stdout)["timings"]["upload"] / 1000

    def aws(self) -> float:
        with self.minio() as endpoint:
            command = [PROGRAMS["aws"], "s3", "cp", "--recursive", "--quiet", "--endpoint-url", endpoint]
            return self.run(*command, self.blobs, "s3://bench/staging/blobs").seconds

    def rclone(self) -> float:
        with self.minio() as endpoint:
            remote = f":s3,provider=Minio,env_auth=true,endpoint='{endpoint}':bench/staging/blobs"
            return self.run(PROGRAMS["rclone"], "copy", "--no-traverse", self.blobs, remote).seconds

    def stores(self) -> None:
        self.memory: list[float] = []
        self.whole: list[float] = []
        self.again: list[float] = []
        for what, ours in (("`tmpl template copy`", self.copied), ("the upload of `tmpl build`", self.built)):
            for name, theirs in (("`aws s3 cp --recursive`", self.aws), ("`rclone copy`", self.rclone)):
                pairs = self.pairs(ours, theirs, most=5)
                self.row(
                    f"{what} of 400 MB to an empty S3 server, beside {name} of the same blobs",
                    f"{median(a for a, _ in pairs):.2f} s", f"{median(b for _, b in pairs):.2f} s", ratio(pairs),
                )
        self.row("peak memory of that copy", f"{median(self.memory):.0f} MB", "–", "–")
        self.row("`tmpl build` to the server the second time: no bytes of layers", f"{1000 * median(self.again):.0f} ms", "–", "–")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tmpl", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    missing = [str(path) for path in PROGRAMS.values() if not path.exists()]
    if missing:
        sys.exit(f"error: {', '.join(missing)} is not there\nhint: make bench")
    bench = StoreBench(arguments.tmpl.resolve(), arguments.folder.resolve(), arguments.runs)
    bench.prepare()
    bench.stores()
    bench.table()


if __name__ == "__main__":
    main()
