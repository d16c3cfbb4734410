package io.muster.images;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Describes a kind of machine that images are built for: Linux with glibc, on one architecture. Knows native libraries by the names of their files in
 * jars, for which every project has a spelling of its own.
 */
enum Machine {
    AMD64("amd64", Set.of("amd64", "x86_64", "x86-64", "x64", "linux64")),
    AARCH64("arm64", Set.of("aarch64", "aarch_64", "arm64"));

    /** Matches files that only other systems load; static archives nobody loads. */
    private static final Pattern OF_OTHERS = Pattern.compile(".*\\.(dll|dylib|jnilib|a)");

    private static final Pattern LINUX_OR_OTHERS = Pattern.compile(".*\\.so(\\.[0-9.]+)?");
    private static final Pattern OTHER_SYSTEM =
            word("musl|android|win(?:dows)?(?:32|64)?|osx|mac|macos|darwin|(?:free|open|net|dragonfly)bsd|sunos|aix");

    /** Matches the name of an architecture; the longer of two that begin alike stands first. */
    private static final Pattern ARCHITECTURE = word(
            "x86[_-]64|amd64|x64|linux64|aarch_?64|arm64"
                    + "|linux32|x86(?:[_-]32)?|i[3-6]86|arm(?:el|hf|32)?(?:[_-]?v?[5-7])?(?:_32)?"
                    + "|ppcle_64|ppc(?:64)?(?:le)?|s390x?(?:_64)?|mips(?:64)?(?:el)?|loongarch(?:_?64)?|riscv(?:64|32)?|sparc(?:v9)?");

    private final String platform;
    private final Set<String> spellings;

    Machine(String platform, Set<String> spellings) {
        this.platform = platform;
        this.spellings = spellings;
    }

    private static Pattern word(String alternatives) {
        return Pattern.compile("(?<![a-z0-9])(" + alternatives + ")(?![a-z0-9])");
    }

    /** Returns this machine. @throws IllegalStateException where no images can be built */
    static Machine here() {
        return switch (System.getProperty("os.arch")) {
            case "amd64" -> AMD64;
            case "aarch64" -> AARCH64;
            case String other ->
                throw new IllegalStateException("images are built on amd64 or aarch64, os.arch=" + other);
        };
    }

    /** Returns the architecture as images name it. */
    String platform() {
        return platform;
    }

    static boolean isNative(String file) {
        String name = file.toLowerCase(Locale.ROOT);
        return OF_OTHERS.matcher(name).matches()
                || LINUX_OR_OTHERS.matcher(name).matches();
    }

    /**
     * Returns whether a file is a native library that can't be loaded on this kind of machine. Only a name decides: a superfluous file costs some
     * megabytes, a missing one the start.
     *
     * @param file with its folders, as it stands in a jar
     */
    boolean isForeign(String file) {
        String name = file.toLowerCase(Locale.ROOT);
        if (OF_OTHERS.matcher(name).matches()) {
            return true;
        }
        if (!LINUX_OR_OTHERS.matcher(name).matches()) {
            return false;
        }
        if (OTHER_SYSTEM.matcher(name).find()) {
            return true;
        }
        Matcher architecture = ARCHITECTURE.matcher(name);
        boolean named = false;
        while (architecture.find()) {
            if (spellings.contains(architecture.group(1))) {
                return false;
            }
            named = true;
        }
        return named;
    }
}
