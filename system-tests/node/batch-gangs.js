// Drives multi-instance tasks of Batch with the unmodified client @azure/batch. Argument: what `./muster credentials --surface batch --json` prints.
// Two nodes are in the pool `default`, and two in the reserve; they have sh. Prints what it saw.
"use strict";
const assert = require("node:assert");
const { client, until, status, refused } = require("./batch-client.js");

const id = "Gangs";
const job = "of-gangs";
const sh = (script) => `sh -c '${script}'`;
const gang = (task, coordination, command, more) => client.task.add(job, {
  id: task, commandLine: sh(command), multiInstanceSettings: { numberOfInstances: 2, coordinationCommandLine: sh(coordination) }, ...more,
});
const ended = (task) => until(`${task} ends`, async () => {
  const known = await client.task.get(job, task);
  return known.state === "completed" && known;
});
const subtasks = async (task) => [...(await client.task.listSubtasks(job, task)).value];
const output = async (task) => {
  const file = await client.file.getFromTask(job, task, "stdout.txt");
  const parts = [];
  for await (const part of file.readableStreamBody) parts.push(part);
  return Buffer.concat(parts).toString();
};

async function coordinated() {
  await gang("one", "echo of $AZ_BATCH_NODE_ID >$AZ_BATCH_TASK_SHARED_DIR/here; sleep 300 & echo coordinated",
    "cat $AZ_BATCH_TASK_SHARED_DIR/here; echo $AZ_BATCH_NODE_LIST $AZ_BATCH_HOST_LIST $AZ_BATCH_MASTER_NODE $AZ_BATCH_IS_CURRENT_NODE_MASTER; echo $CCP_NODES; sleep 3; exit 4");
  const running = await until("its subtask has coordinated", async () => {
    const [subtask] = await subtasks("one");
    return subtask && subtask.exitCode === 0 && subtask;
  });
  assert.strictEqual(running.state, "running");
  const one = await ended("one");
  assert.strictEqual(one.multiInstanceSettings.numberOfInstances, 2);
  assert.strictEqual(one.executionInfo.exitCode, 4, "the primary's");
  const [first, shared, list] = (await output("one")).split("\n");
  const node = one.nodeInfo.nodeId;
  assert.deepStrictEqual([first, shared], ["coordinated", `of ${node}`], "what the primary's node wrote, and no other");
  const [nodes, hosts, master, isMaster] = list.split(" ");
  assert.strictEqual(nodes.split(";").length, 2);
  assert.strictEqual(hosts, nodes.replace(";", ","));
  assert.strictEqual(master, `${nodes.split(";")[0]}:6000`);
  assert.strictEqual(isMaster, "true");
  assert.match(await output("one"), /\n2 [0-9.]+ 1 [0-9.]+ 1\n/);
  const [subtask, ...others] = await until("its subtask has ended", async () => {
    const all = await subtasks("one");
    return all.every((each) => each.state === "completed") && all;
  });
  assert.strictEqual(others.length, 0, "the primary is none");
  assert.strictEqual(subtask.id, 1);
  assert.strictEqual(subtask.result, "success");
  assert.strictEqual(subtask.exitCode, 0);
  assert.notStrictEqual(subtask.nodeInfo.nodeId, node);
  assert.ok(subtask.startTime <= subtask.endTime);
}

// Two gangs want both nodes, and tasks of one node, which last for different times, take each node as soon as it is free: the nodes are held for the gangs, one after the other.
async function contending() {
  const singles = [...Array(16).keys()].map((i) => ({ id: `single-${i}`, commandLine: sh(`sleep ${i % 2 ? "1.1" : "1.9"}`) }));
  await client.task.addCollection(job, singles.slice(0, 2));
  await until("both nodes are busy", async () => (await client.job.getTaskCounts(job)).taskCounts.running === 2);
  await gang("left", "sleep 1", "exit 0");
  await gang("right", "sleep 1", "exit 0");
  await client.task.addCollection(job, singles.slice(2));
  const endOf = async (task) => {
    const { executionInfo } = await ended(task);
    assert.strictEqual(executionInfo.result, "success", task);
    return executionInfo;
  };
  const last = Math.min(...await Promise.all(singles.slice(-4).map(async (single) => (await endOf(single.id)).startTime)));
  for (const task of ["left", "right"]) {
    assert.ok((await endOf(task)).endTime < last, `${task} has ended before the last tasks that came behind it began`);
  }
}

async function failing() {
  await gang("fails", "test $AZ_BATCH_IS_CURRENT_NODE_MASTER = true || exit 3", "echo never", { constraints: { maxTaskRetryCount: 1 } });
  const failed = await ended("fails");
  assert.strictEqual(failed.executionInfo.exitCode, 3);
  assert.strictEqual(failed.executionInfo.retryCount, 1, "the whole gang is tried again");
  assert.match(failed.executionInfo.failureInfo.message, /subtask on/);
  const [subtask] = await subtasks("fails");
  assert.strictEqual(subtask.exitCode, 3);
  assert.strictEqual(subtask.failureInfo.code, "FailureExitCode");
}

async function terminated() {
  await gang("long", "sleep 300 & true", "sleep 300");
  await until("it runs", async () => (await subtasks("long"))[0]?.exitCode === 0);
  assert.strictEqual(status(await client.task.terminate(job, "long")), 204);
  assert.strictEqual((await ended("long")).executionInfo.failureInfo.code, "TaskEnded");
  await client.task.add(job, { id: "behind", commandLine: "true" });
  assert.strictEqual((await ended("behind")).executionInfo.result, "success", "its nodes are free");
}

async function refusals() {
  const settings = { numberOfInstances: 2, coordinationCommandLine: "true" };
  const add = (task) => client.task.add(job, { id: "wrong", commandLine: "true", ...task });
  await refused(add({ multiInstanceSettings: settings, requiredSlots: 2 }), 400, "InvalidPropertyValue");
  await refused(add({ multiInstanceSettings: { ...settings, numberOfInstances: 1000 } }), 400, "InvalidPropertyValue");
  const elsewhere = "not-of-gangs";
  await client.job.add({ id: elsewhere, poolInfo: { poolId: "default" } });
  await client.task.add(elsewhere, { id: "never", commandLine: "true", multiInstanceSettings: settings });
  await client.task.add(elsewhere, { id: "passes", commandLine: "true" });
  await until("others pass it", async () => (await client.task.get(elsewhere, "passes")).state === "completed");
  assert.strictEqual((await client.task.get(elsewhere, "never")).state, "active");
  await client.job.deleteMethod(elsewhere);
}

async function main() {
  await client.pool.add({ id, vmSize: "local", targetDedicatedNodes: 2, taskSlotsPerNode: 1, enableInterNodeCommunication: true });
  await client.job.add({ id: job, poolInfo: { poolId: id } });
  await coordinated();
  await contending();
  await failing();
  await terminated();
  await refusals();
  await client.job.terminate(job);
  await client.pool.deleteMethod(id);
  await until("the pool is gone", async () => (await client.pool.exists(id)).body === false);
  console.log("the gangs run");
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
