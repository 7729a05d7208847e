import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A command by picocli that reads and writes JSON by Jackson: both find the members of classes by reflection. */
@Command(name = "report", mixinStandardHelpOptions = true, version = "report 1")
public class Report implements Callable<Integer> {
    @Option(names = {"-n", "--name"}, required = true, description = "Whom to greet.")
    String name;

    @Option(names = "--times", description = "How often.")
    int times = 1;

    @Parameters(arity = "0..*", description = "Classes to look into.")
    List<String> classes = List.of();

    public static class Greeting {
        private String name;
        public int times;

        public String getName() {
            return name;
        }

        public void setName(String name) {
            this.name = name;
        }
    }

    /** No metadata names it, so it has no members in an image. */
    public static class Unnamed {
        public int times;
    }

    @Override
    public Integer call() throws Exception {
        var mapper = new ObjectMapper();
        var read = mapper.readValue("{\"times\": " + times + ", \"name\": \"" + name + "\"}", Greeting.class);
        System.out.println(mapper.writeValueAsString(read));
        for (String one : classes) {
            try {
                System.out.println(one + ": " + Class.forName(one).getDeclaredFields().length + " fields");
            } catch (ClassNotFoundException missing) {
                System.out.println(one + ": not in the image");
            }
        }
        return 0;
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Report()).execute(arguments));
    }
}
