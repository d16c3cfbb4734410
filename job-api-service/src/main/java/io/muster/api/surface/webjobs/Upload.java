package io.muster.api.surface.webjobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.document.JsonFault;
import io.muster.records.ScriptHost;
import io.muster.records.WebJobFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Holds an upload as a file on this machine, until it is kept or refused. For one thread. Contract: webjobs-and-schedules, 2.1.
 *
 * @param sha256 of the file
 */
record Upload(Path file, String sha256, long bytes) implements AutoCloseable {
    private static final String SETTINGS = "settings.job";
    private static final String DISABLED = "disable.job";
    private static final int LONGEST_SETTINGS = 16 * 1024;
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** Reads a body. @return empty where it has more bytes than an upload may have */
    static Optional<Upload> read(InputStream body, UploadLimits limits) throws IOException {
        Path file = Files.createTempFile("upload-", ".part");
        try {
            MessageDigest digest = newDigest();
            long bytes = 0;
            try (OutputStream out = new DigestOutputStream(Files.newOutputStream(file), digest)) {
                byte[] buffer = new byte[64 * 1024];
                for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
                    bytes += n;
                    if (bytes > limits.bytes()) {
                        Files.delete(file);
                        return Optional.empty();
                    }
                    out.write(buffer, 0, n);
                }
            }
            return Optional.of(new Upload(file, HexFormat.of().formatHex(digest.digest()), bytes));
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    /**
     * Holds what was found in an upload.
     *
     * @param files empty where there is no script
     * @param settings of the job
     */
    record Content(Optional<WebJobFiles> files, Settings settings, boolean disabled) {}

    /**
     * Holds the settings that came with an upload.
     *
     * @param text a JSON object
     * @param fault why those that came are not used, as a sentence; empty where they are, or none came
     */
    record Settings(String text, String fault) {
        static final Settings NONE = new Settings("{}", "");

        private static Settings unused(String why) {
            return new Settings("{}", "The file settings.job " + why + ", and is not used.");
        }
    }

    /** Returns what it is as a file of its own. */
    Content asFile(String fileName, Set<ScriptHost> hosts) {
        return new Content(
                ScriptDetection.find(List.of(fileName), hosts).map(script -> files(fileName, "", script)),
                Settings.NONE,
                false);
    }

    /** Returns what it is as an archive. @throws UploadException where it is refused */
    Content asArchive(Set<ScriptHost> hosts, UploadLimits limits) throws IOException, UploadException {
        Set<String> all = Archive.files(file, limits.unpacked());
        String directory = scriptDirectory(all);
        Set<String> here = namesIn(all, directory);
        Optional<ScriptDetection.Script> script = ScriptDetection.find(here, hosts);
        return new Content(
                script.map(found -> files(null, directory, found)),
                here.contains(SETTINGS) ? settings(join(directory, SETTINGS)) : Settings.NONE,
                here.contains(DISABLED));
    }

    /** Returns the directory of the script: one that holds one directory and no file stands for that one. */
    private static String scriptDirectory(Set<String> all) {
        String directory = "";
        while (namesIn(all, directory).isEmpty()) {
            String prefix = directory.isEmpty() ? "" : directory + "/";
            Set<String> below = all.stream()
                    .filter(path -> path.startsWith(prefix))
                    .map(path -> path.substring(prefix.length()))
                    .map(path -> path.substring(0, path.indexOf('/')))
                    .collect(Collectors.toSet());
            if (below.size() != 1) {
                break;
            }
            directory = join(directory, below.iterator().next());
        }
        return directory;
    }

    private static Set<String> namesIn(Set<String> all, String directory) {
        String prefix = directory.isEmpty() ? "" : directory + "/";
        return all.stream()
                .filter(path -> path.startsWith(prefix))
                .map(path -> path.substring(prefix.length()))
                .filter(name -> name.indexOf('/') < 0)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String join(String directory, String name) {
        return directory.isEmpty() ? name : directory + "/" + name;
    }

    private WebJobFiles files(@Nullable String fileName, String directory, ScriptDetection.Script script) {
        return WebJobFiles.newBuilder()
                .setSha256(sha256)
                .setBytes(bytes)
                .setFileName(fileName)
                .setDirectory(directory)
                .setScript(script.name())
                .setHost(script.host())
                .build();
    }

    /** Returns the settings that the archive brings. */
    private Settings settings(String path) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile());
                InputStream in = zip.getInputStream(zip.getEntry(path))) {
            byte[] text = in.readNBytes(LONGEST_SETTINGS + 1);
            if (text.length > LONGEST_SETTINGS) {
                return Settings.unused("has more than " + LONGEST_SETTINGS + " bytes");
            }
            return JSON.readTree(text).isObject()
                    ? new Settings(new String(text, StandardCharsets.UTF_8).replace("\uFEFF", ""), "")
                    : Settings.unused("is no JSON object");
        } catch (JsonProcessingException e) {
            return Settings.unused("is not JSON (" + JsonFault.of(e) + ")");
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }
}
