package org.scoutfs.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Base64;

/** A certificate authority for tests: writes directories as {@code -o tls=DIR} takes them. X.509 by hand, since the JDK only reads it. */
public final class TestCertificates {
    private static final byte[] ECDSA_WITH_SHA256 = {0x30, 0x0a, 0x06, 0x08, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2};
    private static final byte[] COMMON_NAME = {0x06, 0x03, 0x55, 0x04, 0x03};
    private static final byte[] BASIC_CONSTRAINTS = {0x06, 0x03, 0x55, 0x1d, 0x13};

    private final String name;
    private final KeyPair keys = newKeys();
    private final byte[] certificate;
    private long serial = 1;

    public TestCertificates(String name) {
        this.name = name;
        Instant now = Instant.now();
        this.certificate = certificate(name, keys, now.minus(10, ChronoUnit.DAYS), now.plus(10, ChronoUnit.DAYS), true);
    }

    /** key.pem, cert.pem and ca.pem of a node. */
    public Path node(Path directory, String node) throws IOException {
        Instant now = Instant.now();
        return write(directory, node, now.minus(1, ChronoUnit.DAYS), now.plus(1, ChronoUnit.DAYS));
    }

    /** The same, good until yesterday. */
    public Path expired(Path directory, String node) throws IOException {
        Instant now = Instant.now();
        return write(directory, node, now.minus(2, ChronoUnit.DAYS), now.minus(1, ChronoUnit.DAYS));
    }

    /** Trusts {@code other} from now on, with keys that stay as they are. */
    public static void trust(Path directory, TestCertificates other) throws IOException {
        Files.writeString(directory.resolve("ca.pem"), pem("CERTIFICATE", other.certificate));
    }

    private Path write(Path directory, String node, Instant from, Instant to) throws IOException {
        Files.createDirectories(directory);
        KeyPair own = newKeys();
        Files.writeString(directory.resolve("key.pem"), pem("PRIVATE KEY", own.getPrivate().getEncoded()));
        Files.writeString(directory.resolve("cert.pem"), pem("CERTIFICATE", certificate(node, own, from, to, false)));
        Files.writeString(directory.resolve("ca.pem"), pem("CERTIFICATE", certificate));
        return directory;
    }

    private static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private byte[] certificate(String subject, KeyPair own, Instant from, Instant to, boolean isCa) {
        byte[] toBeSigned = tlv(0x30,
                tlv(0xa0, tlv(0x02, new byte[] {2})),
                tlv(0x02, BigInteger.valueOf(++serial).toByteArray()),
                ECDSA_WITH_SHA256,
                name(name),
                tlv(0x30, time(from), time(to)),
                name(subject),
                own.getPublic().getEncoded(),
                isCa ? caExtension() : new byte[0]);
        try {
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(keys.getPrivate());
            signature.update(toBeSigned);
            byte[] bits = join(new byte[] {0}, signature.sign());
            return tlv(0x30, toBeSigned, ECDSA_WITH_SHA256, tlv(0x03, bits));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] caExtension() {
        byte[] isTrue = tlv(0x01, new byte[] {(byte) 0xff});
        byte[] constraints = tlv(0x30, BASIC_CONSTRAINTS, isTrue, tlv(0x04, tlv(0x30, isTrue)));
        return tlv(0xa3, tlv(0x30, constraints));
    }

    private static byte[] name(String commonName) {
        byte[] text = tlv(0x0c, commonName.getBytes(StandardCharsets.UTF_8));
        return tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, text)));
    }

    private static byte[] time(Instant when) {
        String text = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC).format(when);
        return tlv(0x18, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] tlv(int tag, byte[]... contents) {
        byte[] content = join(contents);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 128) {
            out.write(content.length);
        } else if (content.length < 256) {
            out.write(0x81);
            out.write(content.length);
        } else {
            out.write(0x82);
            out.write(content.length >>> 8);
            out.write(content.length);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static String pem(String kind, byte[] der) {
        return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + kind + "-----\n";
    }
}
