// Drives Muster's stream jobs with the unmodified client of Azure's resource manager: create, start, follow, stop, start again where it
// stopped. Arguments: REST address, token, input topic, output topic, for how many seconds it runs. Prints what it saw; the events are the caller's.
"use strict";
const assert = require("node:assert");
const { StreamAnalyticsManagementClient } = require("@azure/arm-streamanalytics");

const [endpoint, token, inputTopic, outputTopic, holdSeconds] = process.argv.slice(2);
const client = new StreamAnalyticsManagementClient(
  { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3600e3 }) }, "sub", { endpoint });
const group = "plant";
const eventHub = (eventHubName) => ({
  type: "Microsoft.ServiceBus/EventHub",
  serviceBusNamespace: "kafka", eventHubName, sharedAccessPolicyName: "x", sharedAccessPolicyKey: "secret",
});
const json = { type: "Json", encoding: "UTF8" };

async function life(run) {
  const job = `life-${run}`;
  const created = await client.streamingJobs.beginCreateOrReplaceAndWait(group, job, {
    location: "local", sku: { name: "Standard" }, eventsOutOfOrderPolicy: "Adjust", outputErrorPolicy: "Drop",
    eventsOutOfOrderMaxDelayInSeconds: 0, eventsLateArrivalMaxDelayInSeconds: 5, compatibilityLevel: "1.2",
  });
  assert.strictEqual(created.jobState, "Created");
  assert.strictEqual(created.provisioningState, "Succeeded");
  await assert.rejects(client.streamingJobs.beginStartAndWait(group, job), (error) => error.statusCode === 400);
  await client.inputs.createOrReplace(
    group, job, "Events", { properties: { type: "Stream", datasource: eventHub(inputTopic), serialization: json } });
  await client.outputs.createOrReplace(
    group, job, "Out", { datasource: eventHub(outputTopic), serialization: { ...json, format: "LineSeparated" } });
  const wrong = await client.transformations.createOrReplace(
    group, job, "T", { streamingUnits: 1, query: "SELECT k, COUNT(*) INTO Out FROM Events GROUP BY k" });
  assert.ok(wrong.etag);
  await assert.rejects(client.streamingJobs.beginStartAndWait(group, job), (error) =>
    error.statusCode === 400 && /Line 1:41 .*add a window to GROUP BY/.test(error.message));
  const script = (text) => ({
    properties: {
      type: "Scalar", inputs: [{ dataType: "bigint" }], output: { dataType: "bigint" },
      binding: { type: "Microsoft.StreamAnalytics/JavascriptUdf", script: text },
    },
  });
  await assert.rejects(client.functions.createOrReplace(group, job, "half", script("function main(n) { return n / ; }")), (error) =>
    error.statusCode === 400 && /UDF.half, line 1/.test(error.message));
  await client.functions.createOrReplace(group, job, "half", script("function half(n) { return n / 2; }"));
  assert.strictEqual((await client.functions.get(group, job, "half")).properties.binding.script, "function half(n) { return n / 2; }");
  assert.strictEqual((await client.functions.beginTestAndWait(group, job, "half")).status, "TestSucceeded");
  await client.transformations.update(
    group, job, "T", { query: "SELECT k, UDF.half(2 * COUNT(*)) AS n, System.Timestamp() AS at INTO Out FROM Events GROUP BY k, TumblingWindow(second, 1)" });
  assert.strictEqual((await client.inputs.beginTestAndWait(group, job, "Events")).status, "TestSucceeded");
  await client.inputs.createOrReplace(
    group, job, "Other", { properties: { type: "Stream", datasource: eventHub("no-such-topic"), serialization: json } });
  assert.strictEqual((await client.inputs.beginTestAndWait(group, job, "Other")).status, "TestFailed");
  await client.inputs.delete(group, job, "Other");
  const expanded = await client.streamingJobs.get(group, job, { expand: "inputs,outputs,transformation" });
  assert.deepStrictEqual(expanded.inputs.map((input) => input.name), ["Events"]);
  assert.strictEqual(expanded.inputs[0].properties.datasource.sharedAccessPolicyKey, undefined);
  assert.strictEqual((await client.streamingJobs.get(group, job)).inputs, undefined);
  await assert.rejects(
    client.streamingJobs.beginStartAndWait(group, job, { startJobParameters: { outputStartMode: "LastOutputEventTime" } }),
    (error) => error.statusCode === 400);

  await client.streamingJobs.beginStartAndWait(group, job, { startJobParameters: { outputStartMode: "JobStartTime" } });
  assert.strictEqual((await client.streamingJobs.get(group, job)).jobState, "Running");
  await assert.rejects(client.streamingJobs.beginStartAndWait(group, job), (error) => error.statusCode === 409);
  const query = (await client.transformations.get(group, job, "T")).query;
  const other = query.replace(" AS at", " AS at, 1 AS one");
  await assert.rejects(client.transformations.update(group, job, "T", { query: other }), (error) =>
    error.statusCode === 409 && error.code === "JobAlreadyRunning" && /stop/i.test(error.message));
  assert.strictEqual((await client.transformations.get(group, job, "T")).query, query);
  const seen = await until("a result", async () => (await client.streamingJobs.get(group, job)).lastOutputEventTime);
  console.log("a result");
  const enough = new Date(seen.getTime() + Number(holdSeconds) * 1000);
  await until("more results", async () => (await client.streamingJobs.get(group, job)).lastOutputEventTime > enough);
  await client.streamingJobs.beginScaleAndWait(group, job, { scaleJobParameters: { streamingUnits: 3 } });
  const scaled = await client.streamingJobs.get(group, job, { expand: "transformation" });
  assert.strictEqual(scaled.transformation.streamingUnits, 3);
  await until("results of more tasks", async () =>
    (await client.streamingJobs.get(group, job)).lastOutputEventTime > scaled.lastOutputEventTime);
  await client.streamingJobs.beginStopAndWait(group, job);
  const stopped = await client.streamingJobs.get(group, job);
  assert.strictEqual(stopped.jobState, "Stopped");
  await client.transformations.update(group, job, "T", { query: other });
  assert.strictEqual((await client.transformations.get(group, job, "T")).query, other);
  await client.transformations.update(group, job, "T", { query });
  await client.streamingJobs.beginStopAndWait(group, job);
  await client.streamingJobs.beginStartAndWait(group, job, { startJobParameters: { outputStartMode: "LastOutputEventTime" } });
  await until("a later result", async () => (await client.streamingJobs.get(group, job)).lastOutputEventTime > stopped.lastOutputEventTime);
  await client.streamingJobs.beginStopAndWait(group, job);
  const listed = [];
  for await (const one of client.streamingJobs.listByResourceGroup(group)) listed.push(one.name);
  assert.ok(listed.includes(job));
  await client.streamingJobs.beginDeleteAndWait(group, job);
  await assert.rejects(client.streamingJobs.get(group, job), (error) => error.statusCode === 404);
}

const until = async (what, condition) => {
  for (let i = 0; i < 900; i++) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`did not happen in 90 s: ${what}`);
};

async function main() {
  const run = Date.now().toString(36);
  await life(run);
  console.log("the streams flow");
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
