package io.muster.gateway.channel;

import io.netty.buffer.ByteBuf;

/**
 * Holds what a device published.
 *
 * @param payload the session's: copy it to keep it
 * @param retained whether the device asked that it be retained
 */
public record Publish(String topic, ByteBuf payload, boolean retained) {}
