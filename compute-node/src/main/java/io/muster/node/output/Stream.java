package io.muster.node.output;

/** Names a stream of output. */
public enum Stream {
    OUT,
    ERR
}
