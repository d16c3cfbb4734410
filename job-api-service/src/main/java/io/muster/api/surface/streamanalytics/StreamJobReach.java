package io.muster.api.surface.streamanalytics;

import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;

/**
 * Says which topics and endpoints stream jobs may use, as the processor has it too.
 *
 * @param topics to read and write
 * @param endpoints to post rows to
 */
public record StreamJobReach(StreamJobTopics topics, EndpointAccess endpoints) {}
