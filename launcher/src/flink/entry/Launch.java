package tmpl.flink;

import java.io.IOException;
import java.util.List;
import java.util.zip.ZipFile;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkPipelineRunner;
import org.apache.beam.runners.fnexecution.provisioning.JobInfo;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.util.construction.PipelineOptionsTranslation;

/**
 * What a JobManager runs to start a Beam graph: the launcher appends this class to Beam's own jar, and uploads the graph as a second
 * one, so that the JobManager needs neither a disk nor a network that it shares with the launcher.
 *
 * <p>Arguments: {@code --graph=} the path of a zip with {@code pipeline.pb} and {@code options.json}, {@code --name=} and {@code --id=}
 * of the job, and optionally {@code --parallelism=}.
 */
public final class Launch {
  private Launch() {}

  public static void main(String[] arguments) throws Exception {
    String graph = argument(arguments, "graph", null);
    String name = argument(arguments, "name", null);
    String id = argument(arguments, "id", null);
    String parallelism = argument(arguments, "parallelism", "");

    RunnerApi.Pipeline pipeline;
    FlinkPipelineOptions options;
    try (ZipFile zip = new ZipFile(graph)) {
      // Of bytes and not of a stream: then protobuf has no limit of size.
      pipeline = RunnerApi.Pipeline.parseFrom(entry(zip, "pipeline.pb"));
      String json = new String(entry(zip, "options.json"), "UTF-8");
      options = PipelineOptionsTranslation.fromJson(json).as(FlinkPipelineOptions.class);
    } catch (IOException | RuntimeException error) {
      throw new IllegalArgumentException("tmpl: the graph " + graph + " cannot be read: " + error, error);
    }
    // The SDK's name of its runner is no class here, and this is the cluster to run in.
    options.setRunner(null);
    options.setFlinkMaster("[auto]");
    options.setJobName(name);
    if (!parallelism.isEmpty()) {
      options.setParallelism(Integer.valueOf(parallelism));
    }
    FileSystems.setDefaultPipelineOptions(options);

    new FlinkPipelineRunner(options, null, List.of()).run(pipeline, job(id, name, options));
  }

  /** The name of the type of the last argument changes from one version of Beam to the next, so this class must not have it. */
  private static JobInfo job(String id, String name, PipelineOptions options) throws ReflectiveOperationException {
    var toProto = PipelineOptionsTranslation.class.getMethod("toProto", PipelineOptions.class);
    var create = JobInfo.class.getMethod("create", String.class, String.class, String.class, toProto.getReturnType());
    return (JobInfo) create.invoke(null, id, name, "", toProto.invoke(null, options));
  }

  private static byte[] entry(ZipFile zip, String name) throws IOException {
    var entry = zip.getEntry(name);
    if (entry == null) {
      throw new IOException("it has no " + name);
    }
    return zip.getInputStream(entry).readAllBytes();
  }

  private static String argument(String[] arguments, String name, String otherwise) {
    String prefix = "--" + name + "=";
    for (String argument : arguments) {
      if (argument.startsWith(prefix)) {
        return argument.substring(prefix.length());
      }
    }
    if (otherwise == null) {
      throw new IllegalArgumentException("tmpl: the argument " + prefix + " is missing");
    }
    return otherwise;
  }
}
