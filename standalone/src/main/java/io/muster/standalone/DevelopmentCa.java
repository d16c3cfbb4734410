package io.muster.standalone;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Date;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** Makes a certificate authority for one machine, and a server certificate of it. For development: its key is not kept. */
final class DevelopmentCa {
    private static final Duration LIFE = Duration.ofDays(3650);
    private static final Duration SKEW = Duration.ofDays(1);
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final int SERIAL_BITS = 96;

    private DevelopmentCa() {}

    /** Locates the files, all of them PEM. */
    record Files(Path folder) {
        Path caFile() {
            return folder.resolve("ca.pem");
        }

        Path certificate() {
            return folder.resolve("server.pem");
        }

        Path key() {
            return folder.resolve("server-key.pem");
        }

        /** Returns the file of authorities that may sign certificates of devices: none, until somebody adds one. */
        Path deviceAuthorities() {
            return folder.resolve("device-authorities.pem");
        }
    }

    static void create(Files files, SecureRandom random) throws IOException, StandaloneException {
        try {
            java.nio.file.Files.createDirectories(files.folder());
            KeyPair caKeys = keys(random);
            KeyPair serverKeys = keys(random);
            X500Name caName = new X500Name("CN=Muster development CA");
            X509Certificate ca = certificate(caName, caKeys, caName, caKeys, null, random);
            GeneralNames names = new GeneralNames(new GeneralName[] {
                new GeneralName(GeneralName.dNSName, "localhost"),
                new GeneralName(GeneralName.dNSName, "hub.test"),
                new GeneralName(GeneralName.iPAddress, "127.0.0.1")
            });
            X509Certificate server =
                    certificate(new X500Name("CN=localhost"), serverKeys, caName, caKeys, names, random);
            write(files.certificate(), pem("CERTIFICATE", server.getEncoded()) + pem("CERTIFICATE", ca.getEncoded()));
            writeSecret(files.key(), pem("PRIVATE KEY", serverKeys.getPrivate().getEncoded()));
            // Last, since its presence says that everything is there.
            write(files.caFile(), pem("CERTIFICATE", ca.getEncoded()));
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new StandaloneException("The development certificates can't be made (" + e + ").", e);
        }
    }

    private static KeyPair keys(SecureRandom random) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), random);
        return generator.generateKeyPair();
    }

    /** Signs a certificate by the issuer's key. @param names of the server; null makes an authority */
    private static X509Certificate certificate(
            X500Name subject,
            KeyPair keys,
            X500Name issuer,
            KeyPair issuerKeys,
            @Nullable GeneralNames names,
            SecureRandom random)
            throws GeneralSecurityException, OperatorCreationException, CertIOException {
        Instant now = InstantSource.system().instant();
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                issuer,
                new BigInteger(SERIAL_BITS, random),
                Date.from(now.minus(SKEW)),
                Date.from(now.plus(LIFE)),
                subject,
                keys.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(names == null));
        if (names == null) {
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        } else {
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(Extension.subjectAlternativeName, false, names);
        }
        return new JcaX509CertificateConverter()
                .getCertificate(
                        builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKeys.getPrivate())));
    }

    private static String pem(String type, byte[] der) {
        StringWriter out = new StringWriter();
        out.write("-----BEGIN " + type + "-----\n");
        out.write(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der));
        out.write("\n-----END " + type + "-----\n");
        return out.toString();
    }

    private static void write(Path file, String text) throws IOException {
        java.nio.file.Files.writeString(file, text);
    }

    private static void writeSecret(Path file, String text) throws IOException {
        java.nio.file.Files.deleteIfExists(file);
        java.nio.file.Files.createFile(file, ownerOnly());
        java.nio.file.Files.writeString(file, text, StandardOpenOption.WRITE);
    }

    private static FileAttribute<Set<PosixFilePermission>> ownerOnly() {
        return PosixFilePermissions.asFileAttribute(OWNER_ONLY);
    }
}
