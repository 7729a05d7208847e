import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.text.NumberFormat;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Threads, gzip by the zlib of the lock, a resource, a locale and a time zone. */
public class Service {
    public static void main(String[] arguments) throws Exception {
        byte[] words;
        try (var resource = Service.class.getResourceAsStream("/words/greeting.txt")) {
            words = resource.readAllBytes();
        }
        AtomicLong sum = new AtomicLong();
        try (var pool = Executors.newFixedThreadPool(4)) {
            for (int i = 1; i <= 100; i++) {
                long number = i;
                pool.submit(() -> sum.addAndGet(number));
            }
        }
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(words);
        }
        byte[] unpacked = new GZIPInputStream(new ByteArrayInputStream(packed.toByteArray())).readAllBytes();
        System.out.println(new String(unpacked, StandardCharsets.UTF_8).trim());
        System.out.println("sum " + sum + ", " + NumberFormat.getInstance(Locale.US).format(1234567.5));
        System.out.println(Instant.EPOCH.atZone(ZoneId.of("Asia/Tokyo")).toLocalDateTime());
    }
}
