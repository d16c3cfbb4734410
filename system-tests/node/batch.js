// Drives Batch's jobs and tasks with the unmodified client @azure/batch. Argument: what `./muster credentials --surface batch --json` prints.
// Nodes of the pool `default` run; they have sh. Prints what it saw.
"use strict";
const assert = require("node:assert");
const http = require("node:http");
const { client, until, status, refused } = require("./batch-client.js");

const poolInfo = { poolId: "default" };

const ended = (job, task) => until(`${job}/${task} ends`, async () => {
  const known = await client.task.get(job, task);
  return known.state === "completed" && known;
});
const exits = (code) => `sh -c 'exit ${code}'`;

async function jobs(run) {
  const id = `jobs-${run}`;
  const added = await client.job.add({
    id, poolInfo, priority: 5, metadata: [{ name: "owner", value: "me" }], constraints: { maxTaskRetryCount: 1, maxWallClockTime: "PT1H" },
  });
  assert.strictEqual(status(added), 201);
  assert.ok(added.eTag && added.lastModified && added.dataServiceId.endsWith(`/jobs/${id}`), JSON.stringify(added));
  await refused(client.job.add({ id, poolInfo }), 409, "JobExists");
  const job = await client.job.get(id);
  assert.strictEqual(job.state, "active");
  assert.strictEqual(job.priority, 5);
  assert.strictEqual(job.poolInfo.poolId, "default");
  assert.deepStrictEqual(job.metadata, [{ name: "owner", value: "me" }]);
  assert.ok(job.creationTime instanceof Date && job.executionInfo.startTime instanceof Date);
  const metadata = [{ name: "owner", value: "you" }];
  await client.job.patch(id, { metadata });
  const patched = await client.job.get(id);
  assert.deepStrictEqual(patched.metadata, metadata);
  assert.strictEqual(patched.constraints.maxTaskRetryCount, 1);
  await refused(client.job.patch(id, { metadata }, { jobPatchOptions: { ifMatch: job.eTag } }), 412, "ConditionNotMet");
  await client.job.patch(id, { metadata }, { jobPatchOptions: { ifMatch: patched.eTag } });
  await client.job.update(id, { poolInfo, priority: 5 });
  const put = await client.job.get(id);
  assert.strictEqual(put.metadata, undefined);
  const found = await client.job.list({ jobListOptions: { filter: `startswith(id,'${id}') and state eq 'active'`, select: "id,state" } });
  assert.deepStrictEqual(found.map((one) => [one.id, one.state, one.priority]), [[id, "active", undefined]]);
  await refused(client.job.get("absent"), 404, "JobNotFound");
  await refused(client.job.list({ jobListOptions: { filter: "colour eq 'red'" } }), 400, "InvalidQueryParameterValue");
  await refused(client.job.add({ id: "a b", poolInfo }), 400, "InvalidPropertyValue");
  assert.strictEqual(status(await client.job.terminate(id, { jobTerminateOptions: {}, terminateReason: "enough" })), 202);
  await until("it is completed", async () => (await client.job.get(id)).state === "completed");
  assert.strictEqual((await client.job.get(id)).executionInfo.terminateReason, "enough");
  assert.strictEqual(status(await client.job.deleteMethod(id)), 202);
  await until("it is gone", () => client.job.get(id).then(() => false, (error) => error.statusCode === 404));
}

async function tasks(run) {
  const id = `tasks-${run}`;
  await client.job.add({ id, poolInfo });
  const added = await client.task.add(id, { id: "one", commandLine: exits(0), environmentSettings: [{ name: "A", value: "1" }] });
  assert.strictEqual(status(added), 201);
  assert.ok(added.dataServiceId.endsWith(`/jobs/${id}/tasks/one`));
  const one = await ended(id, "one");
  assert.strictEqual(one.executionInfo.exitCode, 0);
  assert.strictEqual(one.executionInfo.result, "success");
  assert.strictEqual(one.executionInfo.retryCount, 0);
  assert.ok(one.nodeInfo.nodeId && one.nodeInfo.poolId === "default", JSON.stringify(one.nodeInfo));
  assert.ok(one.executionInfo.endTime >= one.executionInfo.startTime);
  await refused(client.task.reactivate(id, "one"), 409, "TaskNotFailed");
  await refused(client.task.add(id, { id: "ONE", commandLine: "true" }), 409, "TaskExists");
  const collection = await client.task.addCollection(id, [
    { id: "a", commandLine: exits(0) }, { id: "one", commandLine: "true" }, { id: "b", commandLine: exits(3) },
  ]);
  assert.deepStrictEqual(collection.value.map((result) => result.status), ["success", "clienterror", "success"]);
  assert.strictEqual(collection.value[1].error.code, "TaskExists");
  const failed = await ended(id, "b");
  assert.strictEqual(failed.executionInfo.exitCode, 3);
  assert.strictEqual(failed.executionInfo.result, "failure");
  assert.strictEqual(failed.executionInfo.failureInfo.category, "userError");
  assert.strictEqual(failed.executionInfo.failureInfo.code, "FailureExitCode");
  await ended(id, "a");
  const counts = await client.job.getTaskCounts(id);
  assert.deepStrictEqual({ ...counts.taskCounts }, { active: 0, running: 0, completed: 3, succeeded: 2, failed: 1 });
  assert.deepStrictEqual([...(await client.task.listSubtasks(id, "one")).value], []);
  assert.strictEqual(status(await client.task.deleteMethod(id, "one")), 200);
  await refused(client.task.get(id, "one"), 404, "TaskNotFound");
  await refused(client.task.get("absent", "one"), 404, "JobNotFound");
  await client.job.deleteMethod(id);
}

async function retries(run) {
  const id = `retries-${run}`;
  await client.job.add({ id, poolInfo });
  await client.task.add(id, { id: "seven", commandLine: exits(7), constraints: { maxTaskRetryCount: 2 } });
  const task = await ended(id, "seven");
  assert.strictEqual(task.executionInfo.retryCount, 2);
  assert.strictEqual(task.executionInfo.requeueCount, 0);
  assert.strictEqual(task.executionInfo.exitCode, 7);
  assert.ok(task.executionInfo.lastRetryTime instanceof Date);
  assert.strictEqual(status(await client.task.reactivate(id, "seven")), 204);
  const again = await until("it ends once more", async () => {
    const known = await client.task.get(id, "seven");
    return known.state === "completed" && known.executionInfo.endTime > task.executionInfo.endTime && known;
  });
  assert.strictEqual(again.executionInfo.retryCount, 2);
  assert.strictEqual(again.executionInfo.exitCode, 7);
  await client.task.add(id, { id: "limits", commandLine: "true", constraints: { maxTaskRetryCount: 1 } });
  await client.task.deleteMethod(id, "seven");
  await client.task.add(id, { id: "seven", commandLine: exits(0) });
  assert.strictEqual((await ended(id, "seven")).executionInfo.exitCode, 0);
  await client.job.deleteMethod(id);
}

async function disabled(run) {
  const id = `disabled-${run}`;
  await client.job.add({ id, poolInfo });
  await client.task.add(id, { id: "long", commandLine: "sleep 300" });
  const runs = () => until("it runs", async () => (await client.task.get(id, "long")).state === "running");
  const inState = (state) => until(`the job is ${state}`, async () => (await client.job.get(id)).state === state);
  await runs();
  assert.strictEqual(status(await client.job.disable(id, "requeue")), 202);
  await inState("disabled");
  await client.task.add(id, { id: "waits", commandLine: exits(0) });
  const requeued = await client.task.get(id, "long");
  assert.strictEqual(requeued.state, "active");
  assert.strictEqual(requeued.executionInfo.requeueCount, 1);
  await refused(client.job.disable(id, "wait"), 409, "InvalidJobState");
  assert.strictEqual(status(await client.job.enable(id)), 202);
  await runs();
  await ended(id, "waits");
  await client.job.disable(id, "terminate");
  await inState("disabled");
  assert.strictEqual((await ended(id, "long")).executionInfo.result, "failure");
  await client.job.enable(id);
  await client.task.add(id, { id: "short", commandLine: "sleep 2" });
  await until("it runs", async () => (await client.task.get(id, "short")).state === "running");
  await client.job.disable(id, "wait");
  await inState("disabled");
  assert.strictEqual((await ended(id, "short")).executionInfo.exitCode, 0);
  await client.job.deleteMethod(id);
}

async function moved(run) {
  const id = `moved-${run}`;
  await client.job.add({ id, poolInfo: { poolId: "nowhere" } });
  await client.task.add(id, { id: "waits", commandLine: exits(0) });
  await refused(client.job.patch(id, { poolInfo }), 409, "InvalidJobState");
  await client.job.disable(id, "requeue");
  await until("the job is disabled", async () => (await client.job.get(id)).state === "disabled");
  await client.job.patch(id, { poolInfo: { poolId: "DEFAULT" } });
  assert.strictEqual((await client.job.get(id)).poolInfo.poolId, "default");
  await client.job.enable(id);
  assert.strictEqual((await ended(id, "waits")).nodeInfo.poolId, "default");
  await client.job.deleteMethod(id);
}

async function limited(run) {
  const id = `limited-${run}`;
  await client.job.add({ id, poolInfo: { poolId: "DEFAULT" }, maxParallelTasks: 1, priority: 3 });
  await client.task.addCollection(id, ["a", "b", "c"].map((task) => ({ id: task, commandLine: "sleep 1" })));
  await Promise.all(["a", "b", "c"].map((task) => ended(id, task)));
  const times = (await client.task.list(id)).map((task) => task.executionInfo).sort((one, other) => one.startTime - other.startTime);
  for (let i = 1; i < times.length; i++) assert.ok(times[i].startTime >= times[i - 1].endTime, JSON.stringify(times));
  await client.job.patch(id, { maxParallelTasks: 5, priority: 9 });
  const job = await client.job.get(id);
  assert.deepStrictEqual([job.maxParallelTasks, job.priority], [5, 9]);
  await client.job.deleteMethod(id);
}

async function depending(run) {
  const id = `depending-${run}`;
  await client.job.add({ id, poolInfo, usesTaskDependencies: true });
  await client.task.addCollection(id, [
    { id: "last", commandLine: exits(0), dependsOn: { taskIds: ["first"], taskIdRanges: [{ start: 1, end: 3 }] } },
    { id: "blocked", commandLine: exits(0), dependsOn: { taskIds: ["fails"] } },
    { id: "allowed", commandLine: exits(0), dependsOn: { taskIds: ["forgiven"] } },
    { id: "fails", commandLine: exits(1) },
    { id: "forgiven", commandLine: exits(1), exitConditions: { exitCodes: [{ code: 1, exitOptions: { dependencyAction: "satisfy" } }] } },
    { id: "first", commandLine: exits(0) }, { id: "1", commandLine: exits(0) }, { id: "02", commandLine: exits(0) },
  ]);
  await ended(id, "allowed");
  await ended(id, "02");
  assert.strictEqual((await client.task.get(id, "last")).state, "active");
  await client.task.add(id, { id: "3", commandLine: "sleep 1" });
  const last = await ended(id, "last");
  const third = await ended(id, "3");
  assert.ok(last.executionInfo.startTime >= third.executionInfo.endTime);
  assert.strictEqual((await client.task.get(id, "blocked")).state, "active");
  await client.job.terminate(id);
  assert.strictEqual((await ended(id, "blocked")).executionInfo.failureInfo.code, "TaskEnded");
  await client.job.deleteMethod(id);
}

async function pages(run) {
  const id = `pages-${run}`;
  await client.job.add({ id, poolInfo });
  const many = Array.from({ length: 23 }, (_, i) => ({ id: `t-${String(i).padStart(2, "0")}`, commandLine: exits(i % 2) }));
  await client.task.addCollection(id, many);
  const ids = [];
  let page = await client.task.list(id, { taskListOptions: { maxResults: 5, select: "id" } });
  for (;;) {
    ids.push(...page.map((task) => task.id));
    if (!page.odatanextLink) break;
    page = await client.task.listNext(page.odatanextLink);
  }
  assert.deepStrictEqual(ids, many.map((task) => task.id));
  await Promise.all(ids.map((task) => ended(id, task)));
  const failures = await client.task.list(id, { taskListOptions: { filter: "executionInfo/result eq 'failure' and state eq 'completed'" } });
  assert.strictEqual(failures.length, 11);
  await client.job.deleteMethod(id);
}

async function terminated(run) {
  const id = `terminated-${run}`;
  await client.job.add({ id, poolInfo });
  await client.task.add(id, { id: "long", commandLine: "sleep 300" });
  await until("it runs", async () => (await client.task.get(id, "long")).state === "running");
  assert.strictEqual(status(await client.task.terminate(id, "long")), 204);
  const task = await ended(id, "long");
  assert.strictEqual(task.executionInfo.result, "failure");
  await client.job.deleteMethod(id);
}

async function files(run) {
  const id = `files-${run}`;
  await client.job.add({ id, poolInfo });
  await client.task.add(id, { id: "says", commandLine: "sh -c 'echo one; echo wrong >&2; echo two'" });
  await ended(id, "says");
  const text = async (name, options) => {
    const got = await client.file.getFromTask(id, "says", name, { fileGetFromTaskOptions: options });
    const chunks = [];
    for await (const chunk of got.readableStreamBody) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const out = await until("the output is there", async () => {
    const known = await text("stdout.txt");
    return known.length === 8 && known;
  });
  assert.strictEqual(out, "one\ntwo\n");
  assert.strictEqual(await text("stderr.txt"), "wrong\n");
  assert.strictEqual(await text("stdout.txt", { ocpRange: "bytes=4-6" }), "two");
  const properties = await client.file.getPropertiesFromTask(id, "says", "stdout.txt");
  assert.strictEqual(Number(properties.contentLength), 8);
  assert.strictEqual(properties.ocpBatchFileIsdirectory, false);
  const listed = await client.file.listFromTask(id, "says", { recursive: true });
  assert.deepStrictEqual(listed.map((file) => [file.name, file.properties.contentLength]), [["stderr.txt", 6], ["stdout.txt", 8]]);
  await assert.rejects(client.file.getFromTask(id, "says", "wd/a.txt"), (error) => error.statusCode === 404);
  await client.job.deleteMethod(id);
}

async function resources(run) {
  const id = `resources-${run}`;
  const server = http.createServer((request, response) => {
    response.writeHead(request.url.startsWith("/script") ? 200 : 404);
    response.end("#!/bin/sh\necho fetched $(cat in/data.txt)\n");
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const at = `http://localhost:${server.address().port}`;
  await client.job.add({ id, poolInfo });
  await client.task.add(id, {
    id: "runs", commandLine: "sh -c 'wc -c <in/data.txt; test -x run.sh && echo executable'",
    resourceFiles: [{ httpUrl: `${at}/script?sig=a`, filePath: "run.sh", fileMode: "0755" }, { httpUrl: `${at}/script`, filePath: "in/data.txt" }],
  });
  const ran = await ended(id, "runs");
  assert.strictEqual(ran.executionInfo.exitCode, 0, JSON.stringify(ran.executionInfo));
  await client.task.add(id, {
    id: "missing", commandLine: "true", constraints: { maxTaskRetryCount: 3 }, resourceFiles: [{ httpUrl: `${at}/absent`, filePath: "a" }],
  });
  const missing = (await ended(id, "missing")).executionInfo;
  assert.strictEqual(missing.result, "failure");
  assert.strictEqual(missing.retryCount, 0);
  assert.match(missing.failureInfo.message, /answered 404/);
  await refused(client.task.add(id, { id: "out", commandLine: "true", resourceFiles: [{ httpUrl: `${at}/script`, filePath: "../a" }] }),
    400, "InvalidPropertyValue");
  server.close();
  await client.job.deleteMethod(id);
}

async function directories(run) {
  const id = `directories-${run}`;
  await client.job.add({ id, poolInfo });
  const node = (await client.computeNode.list("default"))[0].id;
  await client.task.add(id, {
    id: "again", affinityInfo: { affinityId: node }, constraints: { maxTaskRetryCount: 5, retentionTime: "P1D" },
    commandLine: "sh -c 'echo x >> f; test $(wc -l < f) -ge 2'",
  });
  const again = await ended(id, "again");
  assert.strictEqual(again.executionInfo.exitCode, 0, "no attempt found what one before had left on its node");
  assert.ok(again.executionInfo.retryCount > 0);
  assert.strictEqual(again.constraints.retentionTime, "P1D");
  const where = "cd $AZ_BATCH_TASK_WORKING_DIR && test $PWD = $AZ_BATCH_TASK_DIR/wd && touch $AZ_BATCH_NODE_SHARED_DIR/x && test -d $AZ_BATCH_NODE_ROOT_DIR";
  await client.task.add(id, { id: "where", commandLine: `sh -c '${where}'` });
  const found = await ended(id, "where");
  assert.strictEqual(found.executionInfo.exitCode, 0);
  assert.strictEqual(found.constraints.retentionTime, "P7D");
  await client.job.deleteMethod(id);
}

async function main() {
  const run = Date.now().toString(36);
  await jobs(run);
  await tasks(run);
  await retries(run);
  await pages(run);
  await terminated(run);
  await disabled(run);
  await limited(run);
  await moved(run);
  await depending(run);
  await files(run);
  await resources(run);
  await directories(run);
  console.log("the tasks run");
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
