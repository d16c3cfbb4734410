package io.muster.gateway.kafka;

import io.muster.records.MethodReport;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/** Holds a log in memory, written through Kafka's interface. While it is away it takes nothing, and its callers wait. */
final class LogDouble {
    /** Holds a record that the log was asked to take, and the callback that acknowledges it. */
    record Sent(ProducerRecord<String, byte[]> record, Callback callback) {}

    private final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
    private final CountDownLatch back = new CountDownLatch(1);
    private volatile boolean away;
    private volatile @Nullable Throwable fault;

    /** Makes a record of reports whose text is their devices, one a word. */
    static ProducerRecord<String, byte[]> batch(int partition, List<MethodReport> reports) {
        String devices = reports.stream().map(MethodReport::getDeviceId).collect(Collectors.joining(" "));
        return new ProducerRecord<>("device-reports", partition, null, devices.getBytes(StandardCharsets.UTF_8));
    }

    BlockingQueue<Sent> sent() {
        return sent;
    }

    void goAway() {
        away = true;
    }

    void comeBack() {
        back.countDown();
    }

    /** Fails each send from now on. */
    void fail(Throwable by) {
        fault = by;
    }

    @SuppressWarnings("unchecked")
    Producer<String, byte[]> producer() {
        return (Producer<String, byte[]>) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Producer.class}, (_, method, arguments) -> {
                    if (method.getName().equals("send")) {
                        if (fault != null) {
                            throw fault;
                        }
                        if (away) {
                            awaitIt();
                        }
                        sent.add(new Sent((ProducerRecord<String, byte[]>) arguments[0], (Callback) arguments[1]));
                    }
                    return method.getName().equals("metrics") ? Map.of() : null;
                });
    }

    private void awaitIt() {
        try {
            back.await();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
