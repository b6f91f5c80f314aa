import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A program of Flink's own, without Beam, for what its REST API answers. */
public final class Native {
  private Native() {}

  public static void main(String[] arguments) throws Exception {
    String mode = arguments[0];
    if (mode.equals("exit")) {
      System.exit(3);
    }
    if (mode.equals("throw")) {
      throw new IllegalStateException("main says no", new RuntimeException("the deepest reason"));
    }
    if (mode.equals("nothing")) {
      return;
    }
    boolean endless = mode.equals("endless");
    var environment = StreamExecutionEnvironment.getExecutionEnvironment();
    environment
        .fromSequence(0, endless ? Long.MAX_VALUE / 2 : 9)
        .map(
            number -> {
              if (endless) {
                Thread.sleep(50);
              }
              if (mode.equals("fail") && number == 5) {
                throw new IllegalArgumentException("the number is five");
              }
              return number + 1;
            })
        .returns(Long.class)
        .name("Add one")
        .print();
    environment.execute(arguments.length > 1 ? arguments[1] : mode);
  }
}
