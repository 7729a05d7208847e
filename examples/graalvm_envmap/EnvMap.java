import java.util.Map;
import java.util.TreeMap;

/** Prints the environment variables whose name holds the first argument; all of them without one. */
public class EnvMap {
    public static void main(String[] args) {
        String wanted = args.length > 0 ? args[0] : "";
        for (Map.Entry<String, String> variable : new TreeMap<>(System.getenv()).entrySet()) {
            if (variable.getKey().contains(wanted)) {
                System.out.println(variable.getKey() + "=" + variable.getValue());
            }
        }
    }
}
