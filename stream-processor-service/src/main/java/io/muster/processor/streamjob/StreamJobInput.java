package io.muster.processor.streamjob;

/**
 * Holds an input of a stream job's decider.
 *
 * @param command one of those of {@code StreamJobCommand}
 * @param number larger than that of every earlier command of the job: a start gets it
 */
public record StreamJobInput(Object command, long number) {}
