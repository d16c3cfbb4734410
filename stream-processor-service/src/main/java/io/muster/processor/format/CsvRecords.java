package io.muster.processor.format;

import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import io.muster.query.stream.StreamValues;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Reads and writes records as lines of values behind a line of names. Thread-safe. */
final class CsvRecords {
    private static final CsvMapper CSV = CsvMapper.csvBuilder()
            .enable(CsvGenerator.Feature.STRICT_CHECK_FOR_QUOTING)
            .enable(CsvParser.Feature.FAIL_ON_MISSING_COLUMNS)
            .build();

    private CsvRecords() {}

    /**
     * Reads the lines behind the first, which names their columns; columns that are not wanted are left out.
     *
     * @throws IOException where it is no such text, or a line has other columns than the first
     */
    static List<Map<String, Object>> read(byte[] bytes, char delimiter, Predicate<String> wanted) throws IOException {
        CsvSchema schema = CsvSchema.emptySchema().withHeader().withColumnSeparator(delimiter);
        List<Map<String, Object>> events = new ArrayList<>();
        try (MappingIterator<Map<String, String>> lines =
                CSV.readerForMapOf(String.class).with(schema).readValues(bytes)) {
            while (lines.hasNextValue()) {
                Map<String, Object> event = new LinkedHashMap<>();
                lines.nextValue().forEach((name, value) -> {
                    if (wanted.test(name)) {
                        event.put(name, StreamValues.of(value));
                    }
                });
                events.add(event);
            }
        }
        if (events.isEmpty()) {
            throw new IOException("there is no line behind the names of the columns");
        }
        return events;
    }

    /** Writes a line of names and one of values; records and arrays are written as JSON. */
    static byte[] write(Map<String, Object> row, char delimiter) throws IOException {
        CsvSchema.Builder schema = CsvSchema.builder().setUseHeader(true).setColumnSeparator(delimiter);
        Map<String, String> texts = new LinkedHashMap<>();
        row.forEach((name, value) -> {
            schema.addColumn(name);
            texts.put(name, value == StreamValues.NULL ? "" : JsonRecords.text(value));
        });
        return CSV.writerFor(Map.class)
                .with(schema.build())
                .writeValueAsString(texts)
                .strip()
                .getBytes(StandardCharsets.UTF_8);
    }
}
