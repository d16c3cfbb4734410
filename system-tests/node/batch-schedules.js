// Drives Batch's job schedules with the unmodified client @azure/batch. Argument: what `./muster credentials --surface batch --json` prints.
// Nodes of the pool `default` run; they have sh. Prints what it saw. An interval is a minute at least, so it takes two.
"use strict";
const assert = require("node:assert");
const { client, until, status, refused } = require("./batch-client.js");

const jobSpecification = {
  poolInfo: { poolId: "default" }, priority: 3, onAllTasksComplete: "terminatejob",
  jobManagerTask: { id: "manager", commandLine: "sh -c 'echo managed'" },
};
const jobs = async (id) => (await client.job.listFromJobSchedule(id)).map((job) => [job.id, job.state]);

async function once(run) {
  const id = `Once-${run}`;
  const added = await client.jobSchedule.add({ id, schedule: {}, jobSpecification, metadata: [{ name: "owner", value: "me" }] });
  assert.strictEqual(status(added), 201);
  assert.ok(added.eTag && added.lastModified && added.dataServiceId.endsWith(`/jobschedules/${id}`), JSON.stringify(added));
  await refused(client.jobSchedule.add({ id, schedule: {}, jobSpecification }), 409, "JobScheduleExists");
  const schedule = await until("the only job has ended", async () => {
    const known = await client.jobSchedule.get(id);
    return known.state === "completed" && known;
  });
  assert.strictEqual(schedule.executionInfo.recentJob.id, `${id}:job-1`);
  assert.ok(schedule.executionInfo.endTime instanceof Date);
  assert.strictEqual(schedule.jobSpecification.priority, 3);
  assert.deepStrictEqual(await jobs(id), [[`${id}:job-1`, "completed"]]);
  assert.strictEqual((await client.job.get(`${id}:job-1`)).executionInfo.terminateReason, "JMComplete");
  assert.strictEqual((await client.task.get(`${id}:job-1`, "manager")).executionInfo.exitCode, 0);
  await refused(client.jobSchedule.patch(id, { metadata: [] }), 409, "JobScheduleCompleted");
  assert.strictEqual(status(await client.jobSchedule.deleteMethod(id)), 202);
  await until("its job is gone", () => client.job.get(`${id}:job-1`).then(() => false, (error) => error.statusCode === 404));
  assert.strictEqual((await client.jobSchedule.exists(id)).body, false);
}

async function again(run) {
  const id = `again-${run}`;
  const lasting = { poolInfo: { poolId: "default" } };
  await client.jobSchedule.add({ id, schedule: { recurrenceInterval: "PT1M" }, jobSpecification: lasting });
  assert.strictEqual((await client.jobSchedule.exists(id)).body, true);
  await until("the first job is there", async () => (await jobs(id)).length === 1);
  const first = await client.jobSchedule.get(id);
  assert.ok(first.executionInfo.nextRunTime instanceof Date);
  await client.jobSchedule.patch(id, { metadata: [{ name: "a", value: "b" }] }, { jobSchedulePatchOptions: { ifMatch: first.eTag } });
  await refused(client.jobSchedule.patch(id, { metadata: [] }, { jobSchedulePatchOptions: { ifMatch: first.eTag } }), 412, "ConditionNotMet");
  assert.strictEqual(status(await client.jobSchedule.disable(id)), 204);
  assert.strictEqual((await client.jobSchedule.get(id)).state, "disabled");
  assert.strictEqual(status(await client.jobSchedule.enable(id)), 204);
  await client.job.terminate(`${id}:job-1`);
  await until("the next job is there", async () => (await jobs(id)).length === 2);
  assert.deepStrictEqual(await jobs(id), [[`${id}:job-1`, "completed"], [`${id}:job-2`, "active"]]);
  const listed = await client.jobSchedule.list({ jobScheduleListOptions: { filter: `startswith(id,'${id}')`, select: "id,state" } });
  assert.deepStrictEqual(listed.map((one) => [one.id, one.state]), [[id, "active"]]);
  assert.strictEqual(status(await client.jobSchedule.terminate(id)), 202);
  await until("its job ends", async () => (await jobs(id))[1][1] === "completed");
  assert.strictEqual((await client.jobSchedule.get(id)).state, "completed");
  await client.jobSchedule.deleteMethod(id);
}

async function main() {
  const run = Date.now().toString(36);
  await refused(client.jobSchedule.get("absent"), 404, "JobScheduleNotFound");
  await refused(client.jobSchedule.add({ id: "short", schedule: { recurrenceInterval: "PT1S" }, jobSpecification }), 400, "InvalidPropertyValue");
  await once(run);
  await again(run);
  console.log("the schedules run");
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
