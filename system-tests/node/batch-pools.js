// Drives Batch's pools and nodes with the unmodified client @azure/batch. Argument: what `./muster credentials --surface batch --json` prints.
// Two nodes are in the pool `default`, and two in the reserve; they have sh. Prints what it saw.
"use strict";
const assert = require("node:assert");
const { client, until, status, refused } = require("./batch-client.js");

const steady = (id, nodes) => until(`${id} has ${nodes} nodes`, async () => {
  const pool = await client.pool.get(id);
  return pool.allocationState === "steady" && pool.currentDedicatedNodes === nodes && pool;
});
const running = (job, task) => until(`${task} runs`, async () => {
  const known = await client.task.get(job, task);
  return known.state === "running" && known;
});

async function formula() {
  const id = "formula";
  const decides = "$TargetDedicatedNodes = 0;";
  await client.pool.add({ id, vmSize: "local", enableAutoScale: true, autoScaleFormula: decides, autoScaleEvaluationInterval: "PT5M" });
  await steady(id, 0);
  const run = await client.pool.evaluateAutoScale(id, "a = 2; $TargetDedicatedNodes = a + 1;");
  assert.ok(run.timestamp instanceof Date);
  assert.strictEqual(run.results, "a=2;$TargetDedicatedNodes=3");
  assert.strictEqual(run.error, undefined);
  assert.strictEqual((await client.pool.evaluateAutoScale(id, "$TargetDedicatedNodes = 1 / 0;")).error.code, "AutoScalingFormulaEvaluationError");
  const pool = await client.pool.get(id);
  assert.deepStrictEqual([pool.autoScaleFormula, pool.currentDedicatedNodes], [decides, 0], "a trial changes nothing");
  await client.pool.deleteMethod(id);
  await until("the pool is gone", async () => (await client.pool.exists(id)).body === false);
}

async function main() {
  await formula();
  const id = "Lyon";
  const job = "on-lyon";
  await refused(client.pool.get("absent"), 404, "PoolNotFound");
  await refused(client.pool.add({ id: "default", vmSize: "local" }), 409, "PoolExists");
  await refused(client.pool.add({ id, vmSize: "local", startTask: { commandLine: "true" } }), 400, "InvalidPropertyValue");
  assert.strictEqual((await client.pool.get("default")).currentDedicatedNodes, 2);

  const added = await client.pool.add({
    id, vmSize: "local", targetDedicatedNodes: 2, taskSlotsPerNode: 1, metadata: [{ name: "owner", value: "me" }],
    cloudServiceConfiguration: { osFamily: "6" }, taskSchedulingPolicy: { nodeFillType: "pack" },
  });
  assert.strictEqual(status(added), 201);
  assert.ok(added.eTag && added.lastModified && added.dataServiceId.endsWith(`/pools/${id}`), JSON.stringify(added));
  const pool = await steady(id, 2);
  assert.strictEqual(pool.vmSize, "local");
  assert.strictEqual(pool.targetDedicatedNodes, 2);
  assert.strictEqual(pool.taskSchedulingPolicy.nodeFillType, "pack");
  assert.deepStrictEqual(pool.metadata, [{ name: "owner", value: "me" }]);
  const listed = await client.pool.list({ poolListOptions: { filter: "allocationState eq 'steady'", select: "id" } });
  assert.deepStrictEqual(listed.map((one) => one.id), ["default", id]);
  assert.strictEqual((await client.pool.exists(id)).body, true);
  assert.strictEqual(status(await client.pool.patch(id, { metadata: [] })), 200);

  const nodes = await until("nodes are idle", async () => {
    const there = await client.computeNode.list(id);
    return there.length === 2 && there.every((node) => node.state === "idle") && there;
  });
  const counts = await client.account.listPoolNodeCounts();
  assert.strictEqual(counts.find((one) => one.poolId === id).dedicated.idle, 2);

  await client.job.add({ id: job, poolInfo: { poolId: id } });
  await client.task.addCollection(job, ["one", "two"].map((task) => ({ id: task, commandLine: "sleep 300" })));
  const placed = [await running(job, "one"), await running(job, "two")].map((task) => task.nodeInfo.nodeId);
  assert.deepStrictEqual([...placed].sort(), nodes.map((node) => node.id).sort(), "one slot a node");

  assert.strictEqual(status(await client.pool.resize(id, { targetDedicatedNodes: 1, nodeDeallocationOption: "requeue" })), 202);
  await steady(id, 1);
  const left = (await client.computeNode.list(id))[0].id;
  const requeued = placed[0] === left ? "two" : "one";
  const waits = await client.task.get(job, requeued);
  assert.strictEqual(waits.state, "active");
  assert.strictEqual(waits.executionInfo.requeueCount, 1);
  assert.strictEqual(waits.executionInfo.retryCount, 0);

  assert.strictEqual(status(await client.computeNode.disableScheduling(id, left)), 200);
  await until("scheduling is disabled", async () =>
    (await client.computeNode.get(id, left)).schedulingState === "disabled");
  assert.strictEqual(status(await client.computeNode.disableScheduling(id, left)), 200);
  assert.strictEqual(status(await client.computeNode.enableScheduling(id, left)), 200);
  await refused(client.computeNode.get(id, "absent"), 404, "NodeNotFound");

  await client.job.terminate(job);
  await until("the job is completed", async () => (await client.job.get(job)).state === "completed");
  assert.strictEqual(status(await client.pool.deleteMethod(id)), 202);
  await until("the pool is gone", async () => (await client.pool.exists(id)).body === false);
  console.log("the pools run");
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
