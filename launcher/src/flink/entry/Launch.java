package tmpl.flink;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.zip.ZipFile;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkPipelineRunner;
import org.apache.beam.runners.fnexecution.provisioning.JobInfo;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.util.construction.PipelineOptionsTranslation;
import org.apache.flink.util.MutableURLClassLoader;

/**
 * What a JobManager runs to start a Beam graph: the launcher appends this class to Beam's own jar, and uploads the graph as a second
 * one, so that the JobManager needs neither a disk nor a network that it shares with the launcher.
 *
 * <p>Arguments: {@code --graph=} the path of a zip with {@code pipeline.pb} and {@code options.json}, {@code --name=} and {@code --id=}
 * of the job, and optionally {@code --parallelism=}.
 *
 * <p>Flink loads the classes of a jar anew for each run. Those of Beam are many: two seconds of every launch, and as much metaspace as
 * there are launches between two collections of it. So the first launch makes a loader of its own, like Flink's, which the JobManager
 * keeps, and later launches of the same jar run in that one.
 */
public final class Launch {
  /** The name under which a JobManager keeps the loader: its MBean server is the one place that all classes of a JVM share. */
  private static final String KEPT = "tmpl.flink:type=ClassLoader";

  private Launch() {}

  public static void main(String[] arguments) throws Exception {
    ClassLoader own = Launch.class.getClassLoader();
    if (!(own instanceof MutableURLClassLoader)) {
      launch(arguments);
      return;
    }
    ClassLoader kept = kept((MutableURLClassLoader) own);
    Thread thread = Thread.currentThread();
    ClassLoader context = thread.getContextClassLoader();
    thread.setContextClassLoader(kept);
    try {
      kept.loadClass(Launch.class.getName()).getMethod("launch", String[].class).invoke(null, (Object) arguments);
    } catch (InvocationTargetException error) {
      if (error.getCause() instanceof Exception) {
        throw (Exception) error.getCause();
      }
      // A class that could not be made, for want of memory for instance, stays so in its loader.
      forget();
      throw (Error) error.getCause();
    } finally {
      thread.setContextClassLoader(context);
    }
  }

  /** The loader of earlier launches of this jar, or a new one that later launches get. */
  private static ClassLoader kept(MutableURLClassLoader own) throws JMException {
    MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    ObjectName name = new ObjectName(KEPT);
    synchronized (beans) {
      if (beans.isRegistered(name)) {
        Object kept = beans.invoke(name, "get", null, null);
        if (kept instanceof MutableURLClassLoader && Arrays.equals(((MutableURLClassLoader) kept).getURLs(), own.getURLs())) {
          return (ClassLoader) kept;
        }
        beans.unregisterMBean(name);
      }
      ClassLoader fresh = own.copy();
      Supplier<ClassLoader> supplier = () -> fresh;
      beans.registerMBean(new StandardMBean(supplier, Supplier.class), name);
      return fresh;
    }
  }

  private static void forget() throws JMException {
    MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    ObjectName name = new ObjectName(KEPT);
    synchronized (beans) {
      if (beans.isRegistered(name)) {
        beans.unregisterMBean(name);
      }
    }
  }

  /** Translates the graph, and hands it to the cluster that this runs in. */
  public static void launch(String[] arguments) throws Exception {
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
