package io.muster.gateway.channel;

import io.muster.records.Capability;

/** Pairs a topic filter that a device may subscribe to with the capability that its connection has from then on. */
public record Filter(String text, Capability capability) {}
