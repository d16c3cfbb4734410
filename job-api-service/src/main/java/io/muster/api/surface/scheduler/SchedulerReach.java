package io.muster.api.surface.scheduler;

import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;

/**
 * Says which endpoints and topics actions of jobs may use, as the stream processor has it too, which carries them out.
 *
 * @param endpoints to call
 * @param topics to write messages to
 */
public record SchedulerReach(EndpointAccess endpoints, StreamJobTopics topics) {}
