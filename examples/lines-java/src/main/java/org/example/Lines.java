package org.example;

import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.TextIO;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.options.Validation;
import org.apache.beam.sdk.transforms.Filter;

/** Keeps the lines of text files that contain a text: a Beam pipeline in Java, and the program of the template. */
public final class Lines {
  /** The parameters of the template. */
  public interface Options extends PipelineOptions {
    @Description("The text file to read, or a pattern such as /data/*.txt")
    @Validation.Required
    String getInput();

    void setInput(String value);

    @Description("The file to write, unordered")
    @Validation.Required
    String getOutput();

    void setOutput(String value);

    @Description("What a line must contain to be kept")
    @Default.String("")
    String getContains();

    void setContains(String value);
  }

  private Lines() {}

  public static void main(String[] arguments) {
    PipelineOptionsFactory.register(Options.class);
    Options options = PipelineOptionsFactory.fromArgs(arguments).withValidation().as(Options.class);
    String contained = options.getContains();

    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("Read", TextIO.read().from(options.getInput()))
        .apply("Keep", Filter.by((String line) -> line.contains(contained)))
        .apply("Write", TextIO.write().to(options.getOutput()).withoutSharding());
    pipeline.run().waitUntilFinish();
  }
}
