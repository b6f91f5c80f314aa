#!/usr/bin/env python3
"""Measures `tmpl build --push` beside builders of images, in paired runs on one machine, and prints a table of benches/README.md.

    benches/images.py TMPL FOLDER [--runs N]

What is built is the wordcount example on a base with Python; where it is pushed is a registry on this machine that is empty at
the start of every run. The peers get the installed files as a folder, and so are spared what `tmpl build` does to install them:
resolving, unpacking wheels, compiling. Needs root (dockerd), and what `make bench` installs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import EXAMPLE, Bench, median, ratio

TOOLS = EXAMPLE.parent.parent / ".tools"
BASE = TOOLS / "base"
PROGRAMS = ("buildah", "docker", "dockerd", "skopeo", "tar", str(TOOLS / "bin" / "registry"), str(TOOLS / "bin" / "crane"))
# How long a server may take to answer for the first time.
PATIENCE = 60.0

# What a build does that the peers do, too: layers from files, into the bucket and the registry.
IMAGE_PHASES = ("layer", "upload", "image", "push")

DOCKERFILE = """\
FROM base:bench
COPY tree /template
ENTRYPOINT ["python3"]
"""


class ImageBench(Bench):
    def __init__(self, tmpl: Path, folder: Path, runs: int) -> None:
        super().__init__(tmpl, folder, runs)
        self.context = folder / "context"
        self.environment["DOCKER_BUILDKIT"] = "0"

    def prepare(self) -> None:
        """The project, a warm uv cache, and the installed files as the peers' build context."""
        self.fresh(self.folder)
        shutil.copytree(EXAMPLE, self.project)
        self.build("--check", "full")
        tree = next((self.cache / "environments").glob("*/pyvenv.cfg")).parent
        shutil.copytree(tree, self.context / "tree", symlinks=True)
        (self.context / "Dockerfile").write_text(DOCKERFILE)

    # Servers.

    @contextmanager
    def registry(self) -> Iterator[str]:
        """An empty registry with the base image in it; its address."""
        storage, settings = self.folder / "registry", self.folder / "registry.yml"
        self.fresh(storage)
        address = f"127.0.0.1:{free_port()}"
        settings.write_text(
            f"version: 0.1\nlog: {{accesslog: {{disabled: true}}, level: error}}\n"
            f"storage: {{filesystem: {{rootdirectory: {storage}}}}}\nhttp: {{addr: '{address}'}}\n"
        )
        with server([TOOLS / "bin" / "registry", "serve", settings], lambda: answers(address)):
            self.run("skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{BASE}", f"docker://{address}/base:bench")
            yield address

    @contextmanager
    def dockerd(self) -> Iterator[None]:
        """A Docker engine with the base image and nothing else."""
        home = Path("/tmp") / f"tmpl-bench-{os.getpid()}"
        self.fresh(home)
        host = f"unix://{home}/socket"
        command = ["dockerd", "--data-root", home / "data", "--exec-root", home / "exec", "--pidfile", home / "pid", "--host", host]
        home.mkdir()
        self.environment["DOCKER_HOST"] = host
        try:
            with server([*command, "--bridge=none", "--iptables=false", "--ip6tables=false"], self.engine_answers):
                self.run("skopeo", "copy", "--quiet", "--dest-daemon-host", host, f"oci:{BASE}", "docker-daemon:base:bench")
                yield
        finally:
            del self.environment["DOCKER_HOST"]
            self.fresh(home)

    def engine_answers(self) -> bool:
        asked = subprocess.run(["docker", "version"], env=self.environment, capture_output=True, check=False)
        return asked.returncode == 0

    # One cold build and push each, in seconds, until the registry has the image.

    def ours(self, *arguments: str) -> float:
        self.fresh(self.cache, self.bucket)
        with self.registry() as address:
            built = self.build("--base", f"oci:{BASE}", "--push", f"{address}/bench/wordcount:1", *arguments)
            self.has_image(address)
            self.memory.append(built.megabytes)
            phases = json.loads(built.stdout)["timings"]
            self.image_part.append(sum(phases.get(phase, 0) for phase in IMAGE_PHASES) / 1000)
            return built.seconds

    def buildah(self) -> float:
        home = self.folder / "buildah"
        shutil.rmtree(home, ignore_errors=True)
        program = ["buildah", "--root", home / "root", "--runroot", home / "run"]
        with self.registry() as address:
            # The base is there before the clock starts, as it is for the others.
            self.run(*program, "pull", "--quiet", "--tls-verify=false", f"docker://{address}/base:bench")
            self.run(*program, "tag", f"{address}/base:bench", "base:bench")
            build = ["build", "--quiet", "--network=none", "--no-cache", "-t", "wordcount:1", self.context]
            seconds = self.run(*program, *build).seconds
            push = ["push", "--quiet", "--tls-verify=false", "wordcount:1", f"docker://{address}/bench/wordcount:1"]
            seconds += self.run(*program, *push).seconds
            self.has_image(address)
        self.run(*program, "rmi", "--all", "--force")
        return seconds

    def docker(self) -> float:
        with self.registry() as address, self.dockerd():
            name = f"{address}/bench/wordcount:1"
            seconds = self.run("docker", "build", "--quiet", "--network=none", "--no-cache", "-t", name, self.context).seconds
            seconds += self.run("docker", "push", "--quiet", name).seconds
            self.has_image(address)
        return seconds

    def crane(self) -> float:
        """`tar`, and `crane append` of one layer, which compresses it."""
        tar = self.folder / "tree.tar"
        with self.registry() as address:
            seconds = self.run("tar", "-C", self.context, "-cf", tar, "tree").seconds
            append = ["append", "--insecure", "-b", f"{address}/base:bench", "-f", tar, "-t", f"{address}/bench/wordcount:1"]
            seconds += self.run(TOOLS / "bin" / "crane", *append).seconds
            self.has_image(address)
        tar.unlink()
        return seconds

    def has_image(self, address: str) -> None:
        """An image that nobody can read was not pushed."""
        self.run("skopeo", "inspect", "--no-tags", "--tls-verify=false", f"docker://{address}/bench/wordcount:1")

    # What is measured.

    def cold(self) -> None:
        self.memory: list[float] = []
        self.image_part: list[float] = []
        for name, theirs in (
            ("`buildah build` and `push`", self.buildah),
            ("`docker build` and `push`", self.docker),
            ("`tar` and `crane append`", self.crane),
        ):
            self.image_part.clear()
            pairs = self.pairs(self.ours, theirs, most=5)
            parts = list(zip(self.image_part, (peer for _, peer in pairs), strict=True))
            self.row(
                f"cold build and push of the Beam image (400 MB) to an empty registry, beside {name}",
                f"{median(a for a, _ in pairs):.2f} s", f"{median(b for _, b in pairs):.2f} s", ratio(pairs),
            )
            self.row(
                "the same without installing, compiling and checking, which the peer is spared",
                f"{median(self.image_part):.2f} s", f"{median(peer for _, peer in pairs):.2f} s", ratio(parts),
            )
        self.row("peak memory of that build", f"{median(self.memory):.0f} MB", "–", "–")


    def changes(self) -> None:
        """What a build and push costs when little changed."""
        pipeline = self.project / "src" / "wordcount" / "pipeline.py"
        with self.registry() as address:
            image = ["--base", f"oci:{BASE}", "--push", f"{address}/bench/wordcount:1", "--check", "static"]
            self.build(*image)
            unchanged = [self.build(*image).seconds for _ in range(self.runs)]
            self.row("build and push, nothing changed: one request", f"{1000 * median(unchanged):.0f} ms", "–", "–")
            seconds, sent = [], []
            for number in range(self.runs):
                pipeline.write_text(pipeline.read_text() + f"# {number} {time.time_ns()}\n")
                built = self.build(*image)
                seconds.append(built.seconds)
                sent.append(json.loads(built.stdout)["images"][0]["bytesSent"])
            self.row("build and push, one line of the app changed", f"{1000 * median(seconds):.0f} ms", "–", "–")
            self.row("bytes sent to the registry for it, documents included", f"{median(sent) / 1000:.0f} kB", "–", "–")


@contextmanager
def server(command: list, ready: Callable[[], bool]) -> Iterator[None]:
    """A server for as long as it is needed; it is ended by its process id."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        begun = time.monotonic()
        while not ready():
            if process.poll() is not None or time.monotonic() - begun > PATIENCE:
                sys.exit(f"error: {command[0]} does not answer")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tmpl", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    for program in PROGRAMS:
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            sys.exit(f"error: {program} is needed\nhint: `make bench` installs it")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    arguments.folder.mkdir(parents=True, exist_ok=True)
    bench = ImageBench(arguments.tmpl.resolve(), arguments.folder.resolve(), arguments.runs)
    bench.prepare()
    bench.cold()
    bench.changes()
    bench.table()


if __name__ == "__main__":
    main()
