package io.muster.node.output;

/** Is what an attempt wrote. @param offset how many bytes it wrote before, to both streams */
public record Chunk(Stream stream, long offset, byte[] bytes) {}
