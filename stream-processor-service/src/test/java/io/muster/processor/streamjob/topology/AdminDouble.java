package io.muster.processor.streamjob.topology;

import java.lang.reflect.Constructor;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DeleteConsumerGroupsResult;
import org.apache.kafka.clients.admin.DeleteTopicsResult;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsResult;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListTopicsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.clients.admin.internals.CoordinatorKey;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.Uuid;

/** Stands for a cluster of topics without records and groups without members or offsets, as far as stream jobs use it. */
final class AdminDouble {
    final Set<String> topics = new ConcurrentSkipListSet<>();

    Admin admin() {
        return (Admin) Proxy.newProxyInstance(
                AdminDouble.class.getClassLoader(),
                new Class<?>[] {Admin.class},
                (_, method, args) -> answer(method.getName(), args));
    }

    private Object answer(String method, Object[] args) {
        return switch (method) {
            case "createTopics" -> {
                Collection<NewTopic> made = asked(args);
                made.forEach(topic -> topics.add(topic.name()));
                yield made(CreateTopicsResult.class, each(made, NewTopic::name, _ -> null));
            }
            case "deleteTopics" -> {
                Collection<String> gone = asked(args);
                topics.removeAll(gone);
                yield made(DeleteTopicsResult.class, null, each(gone, name -> name, _ -> null));
            }
            case "listTopics" ->
                made(
                        ListTopicsResult.class,
                        KafkaFuture.completedFuture(topics.stream()
                                .collect(Collectors.toMap(
                                        name -> name, name -> new TopicListing(name, Uuid.ZERO_UUID, false)))));
            case "describeTopics" -> made(DescribeTopicsResult.class, null, Map.of());
            case "listOffsets" -> new ListOffsetsResult(Map.of());
            case "listConsumerGroupOffsets" ->
                made(
                        ListConsumerGroupOffsetsResult.class,
                        Map.of(CoordinatorKey.byGroupId((String) args[0]), KafkaFuture.completedFuture(Map.of())));
            case "alterConsumerGroupOffsets" ->
                made(AlterConsumerGroupOffsetsResult.class, KafkaFuture.completedFuture(Map.of()));
            case "describeConsumerGroups" ->
                new DescribeConsumerGroupsResult(each(
                        AdminDouble.<String>asked(args),
                        name -> name,
                        name -> new ConsumerGroupDescription(
                                name,
                                true,
                                List.of(),
                                "",
                                GroupType.CLASSIC,
                                GroupState.EMPTY,
                                Node.noNode(),
                                Set.of(),
                                java.util.Optional.empty(),
                                java.util.Optional.empty())));
            case "deleteConsumerGroups" ->
                made(DeleteConsumerGroupsResult.class, each(AdminDouble.<String>asked(args), name -> name, _ -> null));
            case "close" -> Map.of();
            default -> throw new UnsupportedOperationException(method);
        };
    }

    @SuppressWarnings("unchecked")
    private static <T> Collection<T> asked(Object[] args) {
        return (Collection<T>) args[0];
    }

    private static <A, B> Map<String, KafkaFuture<B>> each(
            Collection<A> all, Function<A, String> name, Function<A, B> answer) {
        Map<String, KafkaFuture<B>> futures = new TreeMap<>();
        all.forEach(one -> futures.put(name.apply(one), KafkaFuture.completedFuture(answer.apply(one))));
        return futures;
    }

    /** Makes results that Kafka makes for itself only. */
    private static Object made(Class<?> type, Object... parts) {
        try {
            for (Constructor<?> constructor : type.getDeclaredConstructors()) {
                if (constructor.getParameterCount() == parts.length) {
                    constructor.setAccessible(true);
                    return constructor.newInstance(parts);
                }
            }
            throw new AssertionError("no constructor, type=" + type);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
