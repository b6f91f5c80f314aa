"""Writes the graph and the options of a small pipeline into a folder, and serves a pool of workers for it until its input ends."""

import json
import logging
import sys

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer
from apache_beam.transforms.environments import ExternalEnvironment


class Count(beam.DoFn):
    def __init__(self, mode):
        self.mode = mode
        self.lines = Metrics.counter('my, "ns"', "lines, {x=1}: y")
        self.lengths = Metrics.distribution("ns", "lengths")

    def process(self, word):
        self.lines.inc()
        self.lengths.update(len(word))
        if self.mode == "fail" and word == "not":
            raise ValueError('deliberate failure of "not"')
        if self.mode == "slow":
            import time

            time.sleep(600)
        yield word


def graph(address, mode):
    options = PipelineOptions(["--parallelism=1"])
    pipeline = beam.Pipeline(options=options)
    words = pipeline | "Make it" >> beam.Create("to be or not to be".split())
    (
        words
        | "Count, them" >> beam.ParDo(Count(mode))
        | "Pair" >> beam.Map(lambda word: (word, 1))
        | "Sum" >> beam.CombinePerKey(sum)
    )
    told = options.get_all_options(drop_default=True)
    told = {f"beam:option:{name}:v1": value for name, value in told.items()}
    return pipeline.to_runner_api(default_environment=ExternalEnvironment(address)), told


def main(folder):
    logging.getLogger().setLevel(logging.ERROR)
    address, server = BeamFnExternalWorkerPoolServicer.start(use_process=False)
    for mode in ("well", "fail", "slow"):
        pipeline, options = graph(address, mode)
        with open(f"{folder}/{mode}.pb", "wb") as file:
            file.write(pipeline.SerializeToString())
        with open(f"{folder}/{mode}.json", "w", encoding="utf-8") as file:
            json.dump(options, file)
    print("ready", flush=True)
    sys.stdin.read()
    server.stop(0)


main(sys.argv[1])
