package io.muster.planner.pool;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Holds the rules of the groups of tasks of a pool, and which tasks of each are placed. For one thread. */
final class Groups {
    private final Map<String, GroupRule> rules = new HashMap<>();
    private final Map<String, TreeSet<String>> placed = new HashMap<>();

    /** Returns the rule of a group. */
    GroupRule rule(String group) {
        return rules.getOrDefault(group, GroupRule.NONE);
    }

    void set(String group, GroupRule rule) {
        if (rule.isNone()) {
            rules.remove(group);
        } else {
            rules.put(group, rule);
        }
    }

    /** Returns whether another task of a group may be placed. */
    boolean isOpen(String group) {
        return rule(group).allows(placed.getOrDefault(group, new TreeSet<>()).size());
    }

    /** Lists the tasks of a group that are placed, in the order of their ids, at most so many. */
    List<String> placed(String group, int most) {
        return placed.getOrDefault(group, new TreeSet<>()).stream().limit(most).toList();
    }

    /** Returns whether no task of a group is placed. */
    boolean isIdle(String group) {
        return !placed.containsKey(group);
    }

    void place(String group, String taskId) {
        placed.computeIfAbsent(group, _ -> new TreeSet<>()).add(taskId);
    }

    void release(String group, String taskId) {
        Set<String> tasks = placed.getOrDefault(group, new TreeSet<>());
        tasks.remove(taskId);
        if (tasks.isEmpty()) {
            placed.remove(group);
        }
    }
}
