import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A command line by picocli, which sets these fields by reflection. */
@Command(name = "tool", mixinStandardHelpOptions = true, version = "tool 1.0", description = "Repeats a word.")
public class Tool implements Callable<Integer> {
    @Option(names = {"-n", "--times"}, description = "how often", defaultValue = "1")
    int times;

    @Parameters(index = "0", description = "the word")
    String word;

    @Override
    public Integer call() {
        System.out.println((word + " ").repeat(times).trim());
        return 0;
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Tool()).execute(arguments));
    }
}
