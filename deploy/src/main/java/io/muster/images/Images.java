package io.muster.images;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import com.google.cloud.tools.jib.api.buildplan.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Builds an image of each service and of the compute node as a tar, which {@code docker load}, {@code podman load} and {@code skopeo} read. */
public final class Images {
    /** Dates the files and the image, so that the same sources on the same machine give the same bytes. */
    private static final Instant CREATED = Instant.parse("2026-11-21T00:00:00Z");

    private static final FilePermissions PROGRAM = FilePermissions.fromOctalString("755");
    private static final FilePermissions FOR_ALL = FilePermissions.fromOctalString("777");

    private static final String USERS =
            "root:x:0:0::/:/none\nmuster:x:" + Layout.USER + ":" + Layout.USER + "::/:/none\n";
    private static final String GROUPS = "root:x:0:\nmuster:x:" + Layout.USER + ":\n";
    private static final String USERS_WITH_SHELLS = "root:x:0:0::/tmp:/bin/sh\nmuster:x:" + Layout.USER + ":"
            + Layout.USER + "::/tmp:/bin/sh\ntasks:x:" + Layout.TASKS + ":" + Layout.TASKS + "::/tmp:/bin/sh\n";
    private static final String GROUPS_WITH_TASKS = GROUPS + "tasks:x:" + Layout.TASKS + ":\n";

    private final Path project;
    private final Path work;
    private final String version;

    private Images(Path project, Path work, String version) {
        this.project = project;
        this.work = work;
        this.version = version;
    }

    /**
     * Builds all of them.
     *
     * @param project folder of Muster's sources, built
     * @param out where {@code NAME.tar} is written for each
     * @param version the tag
     * @return the tars
     * @throws IOException when this machine lacks something, or a file can't be written; the message says what
     */
    public static List<Path> build(Path project, Path out, String version) throws Exception {
        Images images = new Images(project, out.resolve("work").toAbsolutePath(), version);
        Files.createDirectories(images.work);
        List<FileEntriesLayer> below = images.below();
        List<Path> tars = new ArrayList<>();
        for (ServiceImage service : ServiceImage.values()) {
            Path tar = out.resolve(service.artifact() + ".tar");
            images.build(service, below, tar);
            tars.add(tar);
        }
        return tars;
    }

    /** Holds what all images share. */
    private List<FileEntriesLayer> below() throws Exception {
        Path java = JavaRuntime.link(work);
        FileEntriesLayer.Builder system = FileEntriesLayer.builder().setName("system");
        for (Path library : SharedLibraries.of(java)) {
            system.addEntry(library.toRealPath(), AbsoluteUnixPath.get(library.toString()), PROGRAM, CREATED);
        }
        system.addEntry(
                write("passwd", USERS),
                AbsoluteUnixPath.get("/etc/passwd"),
                FilePermissions.DEFAULT_FILE_PERMISSIONS,
                CREATED);
        system.addEntry(
                write("group", GROUPS),
                AbsoluteUnixPath.get("/etc/group"),
                FilePermissions.DEFAULT_FILE_PERMISSIONS,
                CREATED);
        system.addEntry(
                write("nsswitch.conf", "hosts: files dns\n"),
                AbsoluteUnixPath.get("/etc/nsswitch.conf"),
                FilePermissions.DEFAULT_FILE_PERMISSIONS,
                CREATED);
        Path license = project.resolve("LICENSE");
        if (Files.exists(license)) {
            system.addEntry(
                    license,
                    AbsoluteUnixPath.get(Layout.LICENSES).resolve("LICENSE"),
                    FilePermissions.DEFAULT_FILE_PERMISSIONS,
                    CREATED);
        }
        Path empty = Files.createDirectories(work.resolve("empty"));
        for (String writable : List.of(Layout.TEMPORARY, "/var/lib/muster")) {
            system.addEntry(empty, AbsoluteUnixPath.get(writable), FOR_ALL, CREATED);
        }
        FileEntriesLayer.Builder runtime = FileEntriesLayer.builder().setName("java");
        try (Stream<Path> files = Files.walk(java)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                runtime.addEntry(
                        file,
                        AbsoluteUnixPath.get(Layout.JAVA)
                                .resolve(java.relativize(file).toString()),
                        Files.isExecutable(file) ? PROGRAM : FilePermissions.DEFAULT_FILE_PERMISSIONS,
                        CREATED);
            }
        }
        return List.of(system.build(), runtime.build());
    }

    /** Holds the tools of a compute node, with the libraries that they need, their licences, and users that have a shell. */
    private FileEntriesLayer tools() throws IOException {
        FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName("tools");
        Map<String, Path> tools = Tools.find();
        for (Map.Entry<String, Path> tool : tools.entrySet()) {
            Path program = tool.getValue().toRealPath();
            layer.addEntry(program, AbsoluteUnixPath.get(Tools.FOLDER).resolve(tool.getKey()), PROGRAM, CREATED);
            if (Tools.SHELLS.contains(tool.getKey())) {
                layer.addEntry(program, AbsoluteUnixPath.get("/bin").resolve(tool.getKey()), PROGRAM, CREATED);
            }
        }
        for (Path library : SharedLibraries.ofPrograms(tools.values())) {
            layer.addEntry(library.toRealPath(), AbsoluteUnixPath.get(library.toString()), PROGRAM, CREATED);
        }
        for (Map.Entry<String, Path> license : Tools.licenses().entrySet()) {
            layer.addEntry(
                    license.getValue(),
                    AbsoluteUnixPath.get(Layout.LICENSES).resolve(license.getKey()),
                    FilePermissions.DEFAULT_FILE_PERMISSIONS,
                    CREATED);
        }
        layer.addEntry(
                write("passwd-with-shells", USERS_WITH_SHELLS),
                AbsoluteUnixPath.get("/etc/passwd"),
                FilePermissions.DEFAULT_FILE_PERMISSIONS,
                CREATED);
        layer.addEntry(
                write("group-with-tasks", GROUPS_WITH_TASKS),
                AbsoluteUnixPath.get("/etc/group"),
                FilePermissions.DEFAULT_FILE_PERMISSIONS,
                CREATED);
        return layer.build();
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(work.resolve(name), text);
    }

    private void build(ServiceImage service, List<FileEntriesLayer> below, Path tar) throws Exception {
        FileEntriesLayer.Builder others = FileEntriesLayer.builder().setName("dependencies");
        FileEntriesLayer.Builder own = FileEntriesLayer.builder().setName("muster");
        for (Path jar : ClassPath.of(project, service.artifact(), version)) {
            boolean isOwn = jar.getFileName().toString().contains(version);
            (isOwn ? own : others)
                    .addEntry(
                            ClassPath.trimmed(jar, work.resolve("trimmed"), Machine.here()),
                            AbsoluteUnixPath.get(Layout.JARS)
                                    .resolve(jar.getFileName().toString()),
                            FilePermissions.DEFAULT_FILE_PERMISSIONS,
                            CREATED);
        }
        List<FileEntriesLayer> system = new ArrayList<>(below);
        if (service.hasTools()) {
            system.add(tools());
        }
        JibContainerBuilder container = Jib.fromScratch()
                .setPlatforms(Set.of(new Platform(Machine.here().platform(), "linux")))
                .setFileEntriesLayers(system)
                .addFileEntriesLayer(others.build())
                .addFileEntriesLayer(own.build())
                .setEntrypoint(service.entrypoint())
                .setEnvironment(service.environment())
                .setExposedPorts(
                        Set.copyOf(service.ports().stream().map(Port::tcp).toList()))
                .setUser(Layout.USER + ":" + Layout.USER)
                .setWorkingDirectory(AbsoluteUnixPath.get(Layout.TEMPORARY))
                .setLabels(labels(service))
                .setCreationTime(CREATED);
        container.containerize(Containerizer.to(TarImage.at(tar).named("muster/" + service.artifact() + ":" + version))
                .setApplicationLayersCache(work.resolve("cache"))
                .setBaseImageLayersCache(work.resolve("cache-of-base"))
                .setOfflineMode(true)
                .setToolName("muster"));
    }

    /** Returns the labels that the OCI's specification of images names. */
    private Map<String, String> labels(ServiceImage service) {
        String name = "org.opencontainers.image.";
        return Map.of(
                name + "title",
                service.artifact(),
                name + "description",
                service.description(),
                name + "version",
                version,
                name + "created",
                CREATED.toString(),
                name + "vendor",
                "The Muster authors",
                name + "licenses",
                "Apache-2.0");
    }

    /** Builds the images. Arguments: the project, the folder to write to, the version. */
    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            System.err.println("Usage: Images PROJECT OUT VERSION");
            System.exit(2);
        }
        try {
            for (Path tar : build(Path.of(args[0]), Path.of(args[1]), args[2])) {
                System.out.println(tar + " (" + (Files.size(tar) >> 20) + " MiB)");
            }
        } catch (IOException e) {
            System.err.println("images: " + e.getMessage());
            System.exit(1);
        }
    }
}
