package org.scoutfs.node;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.scoutfs.base.Errno;
import org.scoutfs.net.NodeAddress;

/**
 * {@code -o metrics=ADDRESS:PORT}: {@code GET /metrics}, for Prometheus. Listens on that address only, reads one request at a time and
 * answers nothing else, so that a stranger costs a thread and its stack.
 */
final class MetricsServer implements AutoCloseable {
    private static final Logger LOG = System.getLogger("org.scoutfs.node");
    private static final int WAITING_MAX = 16;
    private static final int ANSWER_SECONDS_MAX = 10;

    private final HttpServer server;
    private final ThreadPoolExecutor thread;

    private MetricsServer(HttpServer server, ThreadPoolExecutor thread) {
        this.server = server;
        this.thread = thread;
    }

    /** @throws MountFailedException when the address is not this host's, or the port is taken */
    static MetricsServer listen(NodeAddress address) throws IOException {
        // Whoever opens a connection and says nothing, or does not read, is cut off after so many seconds.
        System.setProperty("sun.net.httpserver.maxReqTime", "5");
        System.setProperty("sun.net.httpserver.maxRspTime", "15");
        HttpServer server;
        try {
            server = HttpServer.create(
                    new InetSocketAddress(InetAddress.ofLiteral(address.host()), address.port()), WAITING_MAX);
        } catch (BindException taken) {
            LOG.log(Level.DEBUG, "metrics", taken);
            throw new MountFailedException(Errno.EADDRINUSE,
                    "option metrics: cannot listen on " + address + ": " + taken.getMessage());
        }
        ThreadPoolExecutor thread = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING_MAX),
                Thread.ofPlatform().name("scoutfs-metrics").daemon(true).factory(), new ThreadPoolExecutor.DiscardPolicy());
        server.setExecutor(thread);
        return new MetricsServer(server, thread);
    }

    /** Begins to answer. */
    void start(Supplier<CompletableFuture<String>> metrics) {
        server.createContext("/", exchange -> answer(exchange, metrics));
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    private static void answer(HttpExchange exchange, Supplier<CompletableFuture<String>> metrics) throws IOException {
        try (exchange) {
            boolean isGet = exchange.getRequestMethod().equals("GET");
            if (!isGet || !exchange.getRequestURI().getPath().equals("/metrics")) {
                exchange.sendResponseHeaders(isGet ? 404 : 405, -1);
                return;
            }
            byte[] text = metrics.get().get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
            exchange.sendResponseHeaders(200, text.length);
            exchange.getResponseBody().write(text);
        } catch (ExecutionException | TimeoutException failure) {
            LOG.log(Level.DEBUG, "no metrics", failure);
            exchange.sendResponseHeaders(503, -1);
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        server.stop(0);
        thread.shutdownNow();
    }
}
