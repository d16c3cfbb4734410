package io.muster.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MachineTest {
    /** Takes names as they stand in published jars, in the spellings of RocksDB, zstd, lz4, snappy, Netty, JNA and Conscrypt. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            librocksdbjni-linux64.so                                     | AMD64
            librocksdbjni-linux64-musl.so                                | none
            librocksdbjni-linux32.so                                     | none
            librocksdbjni-linux32-musl.so                                | none
            librocksdbjni-linux-aarch64.so                               | AARCH64
            librocksdbjni-linux-aarch64-musl.so                          | none
            librocksdbjni-linux-ppc64le.so                               | none
            librocksdbjni-linux-ppc64le-musl.so                          | none
            librocksdbjni-linux-s390x.so                                 | none
            librocksdbjni-linux-riscv64.so                               | none
            librocksdbjni-osx-arm64.jnilib                               | none
            librocksdbjni-osx-x86_64.jnilib                              | none
            librocksdbjni-win64.dll                                      | none
            linux/amd64/libzstd-jni-1.5.7-6.so                           | AMD64
            linux/aarch64/libzstd-jni-1.5.7-6.so                         | AARCH64
            linux/i386/libzstd-jni-1.5.7-6.so                            | none
            linux/arm/libzstd-jni-1.5.7-6.so                             | none
            linux/loongarch64/libzstd-jni-1.5.7-6.so                     | none
            freebsd/amd64/libzstd-jni-1.5.7-6.so                         | none
            aix/ppc64/libzstd-jni-1.5.7-6.so                             | none
            net/jpountz/util/linux/amd64/liblz4-java.so                  | AMD64
            net/jpountz/util/linux/aarch64/liblz4-java.so                | AARCH64
            net/jpountz/util/linux/ppc64le/liblz4-java.so                | none
            net/jpountz/util/win32/amd64/liblz4-java.so                  | none
            net/jpountz/util/darwin/x86_64/liblz4-java.dylib             | none
            org/xerial/snappy/native/Linux/x86_64/libsnappyjava.so       | AMD64
            org/xerial/snappy/native/Linux/aarch64/libsnappyjava.so      | AARCH64
            org/xerial/snappy/native/Linux/armv7/libsnappyjava.so        | none
            org/xerial/snappy/native/Linux/x86/libsnappyjava.so          | none
            org/xerial/snappy/native/Linux/android-arm/libsnappyjava.so  | none
            org/xerial/snappy/native/linux-musl/x86_64/libsnappyjava.so  | none
            org/xerial/snappy/native/SunOS/x86_64/libsnappyjava.so       | none
            META-INF/native/libnetty_transport_native_epoll_x86_64.so    | AMD64
            META-INF/native/libnetty_transport_native_epoll_aarch_64.so  | AARCH64
            META-INF/native/libnetty_transport_native_epoll_riscv64.so   | none
            META-INF/native/libnetty_tcnative_linux_x86_64.so            | AMD64
            META-INF/native/libnetty_tcnative_linux_aarch_64.so          | AARCH64
            META-INF/native/libnetty_tcnative_osx_aarch_64.jnilib        | none
            META-INF/native/netty_tcnative_windows_x86_64.dll            | none
            com/sun/jna/linux-x86-64/libjnidispatch.so                   | AMD64
            com/sun/jna/linux-aarch64/libjnidispatch.so                  | AARCH64
            com/sun/jna/linux-x86/libjnidispatch.so                      | none
            com/sun/jna/linux-mips64el/libjnidispatch.so                 | none
            com/sun/jna/openbsd-x86-64/libjnidispatch.so                 | none
            com/sun/jna/aix-ppc64/libjnidispatch.a                       | none
            META-INF/native/libconscrypt_openjdk_jni-linux-x86_64.so     | AMD64
            libunheard-of.so                                             | all
            io/muster/planner/Main.class                                 | all
            META-INF/armor/amd64.properties                              | all
            """)
    void keepsWhatCanBeLoaded(String file, String on) {
        for (Machine machine : Machine.values()) {
            assertThat(!machine.isForeign(file))
                    .as(machine.name())
                    .isEqualTo(on.equals("all") || on.equals(machine.name()));
        }
    }

    /** Finds a jar without a native library for this machine, which fails only when it is used, perhaps long after the start. */
    @ParameterizedTest
    @EnumSource
    void leavesEachJarOfTheServicesANativeLibrary(Machine machine, @TempDir Path work) throws IOException {
        List<Path> jars = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar"))
                .map(Path::of)
                .filter(jar -> !natives(jar).isEmpty() && !jar.toString().contains("helm-java"))
                .toList();
        assertThat(jars).as("RocksDB's and those of compression").hasSizeGreaterThan(2);
        for (Path jar : jars) {
            assertThat(natives(ClassPath.trimmed(jar, work, machine)))
                    .as(jar.getFileName() + " had " + natives(jar))
                    .hasSizeBetween(1, 2);
        }
    }

    private static List<String> natives(Path jar) {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream()
                    .map(ZipEntry::getName)
                    .filter(Machine::isNative)
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(jar.toString(), e);
        }
    }
}
