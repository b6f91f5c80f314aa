"""Tests of rows in an object store: S3, by a server of moto that the test starts on this machine.

The store's address, region and credentials are in the environment only, as tmpl's launcher passes them: no option of Beam
names them.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
import unittest
from unittest import mock

import apache_beam as beam
import support
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tmpl_sdk import results
from tmpl_sdk.beam import WriteResults
from tmpl_sdk.results import MAX_FILE_BYTES, ResultsError

MISSING = [name for name in ("boto3", "moto", "flask") if importlib.util.find_spec(name) is None]


@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)}")
class S3Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cls.server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        cls.addClassCleanup(cls.stop_server)
        cls.address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline or cls.server.poll() is not None:
                    raise
                time.sleep(0.05)

    @classmethod
    def stop_server(cls) -> None:
        cls.server.terminate()
        cls.server.wait(10)

    def setUp(self) -> None:
        import boto3

        others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        variables = {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            # No files of the person who runs the tests, and no metadata service.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "TMPL_RESULTS": f"s3://results/staging/{self.id().rpartition('.')[2]}/results/",
        }
        patched = mock.patch.dict(os.environ, {**others, **variables}, clear=True)
        patched.start()
        self.addCleanup(patched.stop)
        # A client of its own: the one for "all sessions" of boto3 would keep another test's environment.
        self.client = boto3.session.Session().client("s3")
        if "results" not in [bucket["Name"] for bucket in self.client.list_buckets()["Buckets"]]:
            self.client.create_bucket(Bucket="results", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def objects(self) -> dict[str, str]:
        """Everything below the folder of this test, by name."""
        prefix = os.environ["TMPL_RESULTS"].removeprefix("s3://results/")
        listed = self.client.list_objects_v2(Bucket="results", Prefix=prefix).get("Contents", [])
        return {
            item["Key"].removeprefix(prefix): self.client.get_object(Bucket="results", Key=item["Key"])["Body"].read().decode()
            for item in listed
        }

    def run_pipeline(self, rows: list[str]) -> None:
        with beam.Pipeline(FnApiRunner(), PipelineOptions([])) as pipeline:
            pipeline | beam.Create(rows) | WriteResults()

    def test_pipeline(self) -> None:
        self.run_pipeline(["größe", "b"])
        self.assertEqual(list(self.objects().values()), ['{"stdout": "b"}\n{"stdout": "größe"}\n'])

    def test_address_of_s3_alone(self) -> None:
        os.environ["AWS_ENDPOINT_URL_S3"] = os.environ.pop("AWS_ENDPOINT_URL")
        self.run_pipeline(["x"])
        self.assertEqual(list(self.objects().values()), ['{"stdout": "x"}\n'])

    def test_no_rows_make_no_object(self) -> None:
        self.run_pipeline([])
        self.assertEqual(self.objects(), {})

    def test_many_rows_are_several_objects_of_whole_lines(self) -> None:
        self.run_pipeline([f"{number} " + "x" * 999_000 for number in range(9)])
        objects = self.objects()
        self.assertEqual(len(objects), 3)
        self.assertLessEqual(max(map(len, objects.values())), MAX_FILE_BYTES)
        lines = "".join(objects[name] for name in sorted(objects)).splitlines()
        self.assertEqual([line[12] for line in lines], list("012345678"))

    def test_program_without_a_pipeline(self) -> None:
        # In a process of its own: a pipeline of another test would have set Beam's options.
        code = "from tmpl_sdk import results; results.report(['one', 'two'])"
        variables = {**os.environ, "PYTHONPATH": str(support.PROJECT / "src")}
        subprocess.run([sys.executable, "-c", code], env=variables, check=True)
        self.assertEqual(list(self.objects().values()), ['{"stdout": "one"}\n{"stdout": "two"}\n'])

    def test_a_bucket_that_is_not_there_is_named(self) -> None:
        os.environ["TMPL_RESULTS"] = "s3://nobody/results"
        with self.assertRaisesRegex(ResultsError, r"^the rows cannot be written to s3://nobody/results/rows-.*NoSuchBucket"):
            results.write_row(stdout="x")


if __name__ == "__main__":
    unittest.main()
