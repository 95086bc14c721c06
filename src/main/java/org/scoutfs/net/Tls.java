package org.scoutfs.net;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Mutual TLS 1.3 with the keys of one directory: {@code key.pem} (PKCS#8, not encrypted), {@code cert.pem} (the node's certificate and
 * what stands between it and the CA) and {@code ca.pem}.
 *
 * <p>Who has a certificate of that CA is a node of the cluster, whatever name it bears: addresses of nodes move, and the CA of a
 * cluster signs nothing else.
 */
public final class Tls {
    private static final Pattern PEM_KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    private static final List<String> KEY_KINDS = List.of("EC", "RSA", "EdDSA");
    private static final String PROTOCOL = "TLSv1.3";

    private final Path directory;
    private final SSLContext context;
    private final KeyManager keyManager;
    private final TrustManager trustManager;

    private Tls(Path directory, SSLContext context, KeyManager keyManager, TrustManager trustManager) {
        this.directory = directory;
        this.context = context;
        this.keyManager = keyManager;
        this.trustManager = trustManager;
    }

    /** Checks chains and dates as the platform does, and compares no names with addresses. */
    private static final class AnyNodeOfTheCa extends X509ExtendedTrustManager {
        private final X509TrustManager chains;

        AnyNodeOfTheCa(X509TrustManager chains) {
            this.chains = chains;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
            chains.checkClientTrusted(chain, kind);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
            chains.checkServerTrusted(chain, kind);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, Socket from) throws CertificateException {
            chains.checkClientTrusted(chain, kind);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, Socket from) throws CertificateException {
            chains.checkServerTrusted(chain, kind);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine from) throws CertificateException {
            chains.checkClientTrusted(chain, kind);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine from) throws CertificateException {
            chains.checkServerTrusted(chain, kind);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return chains.getAcceptedIssuers();
        }
    }

    /** @throws IOException names the file that is missing or wrong */
    public static Tls of(Path directory) throws IOException {
        try {
            Path certPath = directory.resolve("cert.pem");
            List<? extends Certificate> chain = List.copyOf(certificates(certPath));
            PrivateKey key = key(directory.resolve("key.pem"));
            if (!key.getAlgorithm().equals(chain.getFirst().getPublicKey().getAlgorithm())) {
                throw new IOException(directory + ": key.pem is a key of kind " + key.getAlgorithm() + ", and cert.pem is for "
                        + chain.getFirst().getPublicKey().getAlgorithm());
            }
            char[] none = new char[0];
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, none);
            own.setKeyEntry("node", key, none, chain.toArray(new Certificate[0]));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, none);
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, none);
            int number = 0;
            for (Certificate ca : certificates(directory.resolve("ca.pem"))) {
                trusted.setCertificateEntry("ca" + number++, ca);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance(PROTOCOL);
            X509ExtendedTrustManager anyNode = new AnyNodeOfTheCa((X509TrustManager) trust.getTrustManagers()[0]);
            KeyManager keyManager = keys.getKeyManagers()[0];
            context.init(new KeyManager[] {keyManager}, new TrustManager[] {anyNode}, null);
            return new Tls(directory, context, keyManager, anyNode);
        } catch (GeneralSecurityException e) {
            throw new IOException("the keys in " + directory + " cannot be used: " + e.getMessage(), e);
        }
    }

    public Path directory() {
        return directory;
    }

    /** The node's key, for the quorum's library. */
    public KeyManager keyManager() {
        return keyManager;
    }

    /** Whom the node believes, for the quorum's library. */
    public TrustManager trustManager() {
        return trustManager;
    }

    /** TLS over a connected socket; the handshake has not begun. Closing the inner socket ends both. */
    SSLSocket over(Socket plain, boolean isClient) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory()
                .createSocket(plain, plain.getInetAddress().getHostAddress(), plain.getPort(), true);
        socket.setUseClientMode(isClient);
        socket.setEnabledProtocols(new String[] {PROTOCOL});
        socket.setNeedClientAuth(!isClient);
        return socket;
    }

    private static Collection<? extends Certificate> certificates(Path path)
            throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(path)) {
            Collection<? extends Certificate> found =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (found.isEmpty() || !(found.iterator().next() instanceof X509Certificate)) {
                throw new IOException(path + " holds no certificate");
            }
            return found;
        } catch (NoSuchFileException missing) {
            throw new IOException(path + " is missing", missing);
        }
    }

    private static PrivateKey key(Path path) throws IOException, GeneralSecurityException {
        String text;
        try {
            text = Files.readString(path, StandardCharsets.US_ASCII);
        } catch (NoSuchFileException missing) {
            throw new IOException(path + " is missing", missing);
        }
        Matcher matcher = PEM_KEY.matcher(text);
        if (!matcher.find()) {
            throw new IOException(path + " holds no PKCS#8 key; `openssl pkcs8 -topk8 -nocrypt` makes one");
        }
        PKCS8EncodedKeySpec spec =
                new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(matcher.group(1)));
        for (String kind : KEY_KINDS) {
            try {
                return KeyFactory.getInstance(kind).generatePrivate(spec);
            } catch (InvalidKeySpecException other) {
                // The next kind.
            }
        }
        throw new IOException(path + " holds a key that is none of " + KEY_KINDS);
    }
}
