package io.muster.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ToolsTest {
    /** Finds a program that is missing, without which a node does not start ({@code Programs}) or has no user to run programs as ({@code UserIds}). */
    @Test
    void findsWhatANodeRunsProgramsBy() throws IOException {
        Map<String, Path> tools = Tools.find();
        assertThat(tools).containsKeys("sh", "bash", "setsid", "timeout", "tr", "grep", "true", "id", "setpriv");
        assertThat(tools.values()).allMatch(Files::isExecutable);
        assertThat(SharedLibraries.ofPrograms(tools.values()))
                .extracting(library -> library.getFileName().toString())
                .contains("libc.so.6", "libtinfo.so.6");
    }

    /** Compares the guide's image with ours, of which it takes Java and the jars and no command. */
    @Test
    void isBuiltOnAsTheGuideSays() throws IOException {
        Matcher entrypoint = Pattern.compile("(?m)^ENTRYPOINT (\\[.*])$")
                .matcher(Files.readString(Path.of("../docs/operate/kubernetes.md")));
        assertThat(entrypoint.find()).isTrue();
        List<String> words = Pattern.compile("\"([^\"]*)\"")
                .matcher(entrypoint.group(1))
                .results()
                .map(word -> word.group(1))
                .toList();
        assertThat(words).isEqualTo(ServiceImage.NODE.entrypoint());
    }

    @Test
    void leavesServicesWithoutAShell() {
        assertThat(ServiceImage.values()).filteredOn(ServiceImage::hasTools).containsExactly(ServiceImage.NODE);
    }
}
