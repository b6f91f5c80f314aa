"""Orders of a shop: numbered with state, priced with a side input, counted. The mode says what goes wrong."""

import argparse
import os
import signal
import sys
import time

import apache_beam as beam
from apache_beam.coders import VarIntCoder
from apache_beam.io.flink.flink_streaming_impulse_source import FlinkStreamingImpulseSource
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, StandardOptions
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

ORDERS = [(customer, item) for customer in ("ann", "bob", "eve") for item in ("pen", "ink", "pad", "pen")]
PRICES = [("pen", 2), ("ink", 7), ("pad", 5)]


class Number(beam.DoFn):
    """Numbers the orders of each customer."""

    SEEN = ReadModifyWriteStateSpec("seen", VarIntCoder())

    def __init__(self):
        self.orders = Metrics.counter("shop", "orders")

    def process(self, order, seen=beam.DoFn.StateParam(SEEN)):
        customer, item = order
        number = (seen.read() or 0) + 1
        seen.write(number)
        self.orders.inc()
        yield customer, item, number


class Price(beam.DoFn):
    """Looks the price of an order up, and takes its time."""

    def __init__(self, mode, seconds, output):
        self.mode = mode
        self.seconds = seconds
        self.mark = output + ".failed-once"
        self.much = Metrics.counter("shop", "much")
        self.prices = Metrics.distribution("shop", "prices")

    def process(self, order, prices):
        customer, item, number = order
        time.sleep(self.seconds)
        if self.mode == "fail" and customer == "eve":
            raise ValueError("eve does not pay")
        if self.mode == "fail-once" and self.is_first():
            raise ValueError("once is enough")
        if self.mode == "kill-worker" and customer == "eve" or self.mode == "kill-once" and self.is_first():
            os.kill(os.getpid(), signal.SIGKILL)
        if self.mode == "overflow":
            self.much.inc(2**61 + 1)
        self.prices.update(prices[item])
        yield f"{customer} {number} {prices[item]}"

    def is_first(self):
        """Whether nobody has asked this before, in whichever process."""
        try:
            os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


class Weigh(beam.DoFn):
    """Counts what passes."""

    def __init__(self):
        self.loads = Metrics.counter("shop", "loads")

    def process(self, load):
        self.loads.inc()
        yield load


def build(pipeline, arguments):
    if arguments.mode == "endless":
        # Flink's own: of what Beam offers in Python, nothing else there can be drained.
        ticks = pipeline | "Ticks" >> FlinkStreamingImpulseSource().set_interval_ms(100)
        ticks | "Weigh" >> beam.ParDo(Weigh())
        return
    prices = pipeline | "Prices" >> beam.Create(PRICES)
    (
        pipeline
        | "Orders" >> beam.Create(ORDERS)
        | "Number" >> beam.ParDo(Number())
        | "Price"
        >> beam.ParDo(Price(arguments.mode, arguments.seconds, arguments.output), beam.pvalue.AsDict(prices))
        | "Without numbers" >> beam.Map(lambda line: " ".join([line.split()[0], line.split()[2]]))
        | "Write" >> beam.io.WriteToText(arguments.output, num_shards=1)
    )
    if arguments.megabytes:
        # Nothing that could be compressed: so the graph is as large.
        loads = [os.urandom(1 << 20) for _ in range(arguments.megabytes)]
        pipeline | "Loads" >> beam.Create(loads) | "Weigh" >> beam.ParDo(Weigh())
    if arguments.mode == "long-name":
        pipeline | "Few" >> beam.Create([1, 2]) | "n" * 10_000 >> beam.ParDo(Weigh())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", required=True)
    parser.add_argument("--mode", default="well")
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--megabytes", type=int, default=0)
    arguments, rest = parser.parse_known_args()
    if arguments.mode == "early":
        raise RuntimeError("the graph can't be built")
    if arguments.mode == "nothing":
        print("nothing to do")
        return
    if arguments.mode == "build-slowly":
        time.sleep(120)
    options = PipelineOptions(rest, save_main_session=True)
    if arguments.mode == "own-name":
        options.view_as(GoogleCloudOptions).job_name = "my-own-name"
    if arguments.mode == "endless":
        options.view_as(StandardOptions).streaming = True
    if arguments.mode == "own-runner":
        options = PipelineOptions(["--runner=FnApiRunner"])
    for _ in range(2 if arguments.mode == "twice" else 1):
        with beam.Pipeline(options=options) as pipeline:
            build(pipeline, arguments)
    if arguments.mode == "after":
        with open(arguments.output + "-00000-of-00001") as file:
            print(file.read())


if __name__ == "__main__":
    sys.exit(main())
