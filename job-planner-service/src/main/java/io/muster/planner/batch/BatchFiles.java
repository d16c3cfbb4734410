package io.muster.planner.batch;

import io.muster.records.BatchRefused;
import io.muster.records.ResourceFile;
import io.muster.records.WebFile;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Checks the files that tasks fetch, and hands them to nodes. Contract: batch, 3.2. */
final class BatchFiles {
    private static final int MOST = 100;
    /** Bounds the characters of all addresses and paths of a task: an order to a node has room for them. */
    private static final int LONGEST = 64 << 10;

    private static final int LONGEST_PATH = 1000;
    private static final String MEMBER = "resourceFiles";
    private static final Set<String> SCHEMES = Set.of("http", "https");
    private static final Pattern MODE = Pattern.compile("[0-7]{3,4}");

    private BatchFiles() {}

    /** Returns why a task can't fetch those files. */
    static Optional<BatchRefused> fault(List<ResourceFile> files) {
        if (files.size() > MOST || characters(files) > LONGEST) {
            return Optional.of(BatchRules.invalid(
                    MEMBER,
                    null,
                    "A task fetches " + MOST + " files at most, whose addresses and paths have " + LONGEST
                            + " characters together: have the task fetch more."));
        }
        Set<String> paths = new HashSet<>();
        for (int i = 0; i < files.size(); i++) {
            Optional<BatchRefused> fault = fault(files.get(i), MEMBER + "[" + i + "]");
            if (fault.isPresent()) {
                return fault;
            }
            if (!paths.add(files.get(i).getPath())) {
                return Optional.of(BatchRules.invalid(
                        MEMBER + "[" + i + "].filePath", files.get(i).getPath(), "Another file has that path."));
            }
        }
        return Optional.empty();
    }

    private static Optional<BatchRefused> fault(ResourceFile file, String member) {
        if (!isFetched(file.getUrl())) {
            return Optional.of(BatchRules.invalid(
                    member + ".httpUrl", null, "An address is http or https and a host, without a user's name."));
        }
        if (!isBelow(file.getPath())) {
            return Optional.of(
                    BatchRules.invalid(
                            member + ".filePath",
                            file.getPath(),
                            "A path is relative to the task's directory and stays below it: names with slashes between, none of them \"..\"."));
        }
        return file.getMode() == null || MODE.matcher(file.getMode()).matches()
                ? Optional.empty()
                : Optional.of(BatchRules.invalid(
                        member + ".fileMode", file.getMode(), "A mode is three or four octal digits, such as 0755."));
    }

    private static boolean isFetched(String url) {
        try {
            URI uri = new URI(url);
            return uri.getScheme() != null
                    && SCHEMES.contains(uri.getScheme().toLowerCase(Locale.ROOT))
                    && uri.getHost() != null
                    && uri.getRawUserInfo() == null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static boolean isBelow(String path) {
        return path.length() <= LONGEST_PATH
                && path.indexOf('\\') < 0
                && path.chars().noneMatch(Character::isISOControl)
                && Arrays.stream(path.split("/", -1))
                        .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
    }

    /** Returns how many characters they have. */
    static long characters(List<ResourceFile> files) {
        return files.stream()
                .mapToLong(file -> file.getUrl().length() + file.getPath().length())
                .sum();
    }

    /** Returns what a node fetches. */
    static List<WebFile> web(List<ResourceFile> files) {
        return files.stream()
                .map(file -> new WebFile(file.getUrl(), file.getPath(), file.getMode()))
                .toList();
    }
}
