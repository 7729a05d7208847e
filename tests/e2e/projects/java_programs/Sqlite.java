import java.sql.DriverManager;

/** SQLite by JNI: the jar brings a native library for each system, and loads its own at run time. */
public class Sqlite {
    public static void main(String[] arguments) throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var found = connection.createStatement().executeQuery("select 6 * 7")) {
            found.next();
            System.out.println(found.getInt(1));
        }
    }
}
