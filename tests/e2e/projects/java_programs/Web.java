import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsServer;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.concurrent.Executors;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;

/** A server and two clients by TLS, whose key and CA are files that are read when the program runs. */
public class Web {
    private static final char[] PASSWORD = "linkmode".toCharArray();

    private static SSLContext server(String file) throws Exception {
        var keys = KeyStore.getInstance("PKCS12");
        try (var stream = new FileInputStream(file)) {
            keys.load(stream, PASSWORD);
        }
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD);
        var context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    private static SSLContext trusting(String file) throws Exception {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (var stream = new FileInputStream(file)) {
            trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(stream));
        }
        var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    public static void main(String[] arguments) throws Exception {
        var threads = Executors.newFixedThreadPool(4);
        var server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(server(arguments[0])));
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            var session = ((HttpsExchange) exchange).getSSLSession();
            byte[] body = (exchange.getRequestURI() + " by " + session.getProtocol()).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.start();
        var root = URI.create("https://127.0.0.1:" + server.getAddress().getPort());
        var trusting = trusting(arguments[1]);

        var client = HttpClient.newBuilder().sslContext(trusting).build();
        var answer = client.send(HttpRequest.newBuilder(root.resolve("/client")).build(), BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());

        var connection = (HttpsURLConnection) root.resolve("/url").toURL().openConnection();
        connection.setSSLSocketFactory(trusting.getSocketFactory());
        try (var stream = connection.getInputStream()) {
            System.out.println(connection.getResponseCode() + " " + new String(stream.readAllBytes(), StandardCharsets.UTF_8));
        }

        try {
            HttpClient.newHttpClient().send(HttpRequest.newBuilder(root).build(), BodyHandlers.ofString());
        } catch (SSLHandshakeException refused) {
            System.out.println("refused without the CA");
        }
        server.stop(0);
        threads.shutdownNow();
        System.exit(0);
    }
}
