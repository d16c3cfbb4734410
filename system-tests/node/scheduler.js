// Drives Muster's schedules with the unmodified client of Azure's resource manager: collections, jobs, runs, histories, and what is refused.
// Arguments: REST address, token, queue. An HTTP server of its own takes the calls. Prints what it saw; the queue's records are the caller's.
"use strict";
const assert = require("node:assert");
const http = require("node:http");
const moment = require("moment");
const SchedulerManagementClient = require("azure-arm-scheduler");

const [endpoint, token, queue] = process.argv.slice(2);
const credentials = {
  signRequest: (request, done) => {
    request.headers.Authorization = `Bearer ${token}`;
    done(null);
  },
};
const client = new SchedulerManagementClient(credentials, "sub", endpoint);
const group = "plant";
const collection = "nightly";
const calls = [];
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const before = calls.filter((call) => call.url === request.url).length;
    calls.push({ url: request.url, method: request.method, headers: request.headers, body });
    const status = { "/ok": 204, "/moved": 302, "/broken": 500, "/second": before ? 200 : 503 }[request.url] ?? 200;
    response.writeHead(status, { location: "/secret" }).end();
  });
});
const to = (path, more) => ({
  type: "Http", request: { uri: `http://localhost:${server.address().port}${path}`, method: "POST", ...more },
});
const history = (job, options) => client.jobs.listJobHistory(group, collection, job, options);
const refused = (work, named) =>
  assert.rejects(work, (error) => error.statusCode === 400 && error.code === "BadRequest" && named.test(error.message));

async function until(what, check) {
  for (const end = Date.now() + 120e3; Date.now() < end; await new Promise((done) => setTimeout(done, 200))) {
    const found = await check();
    if (found) return found;
  }
  throw new Error(`${what} did not come: ${JSON.stringify(calls)}`);
}

async function collections() {
  const made = await client.jobCollections.createOrUpdate(
    group, collection, { location: "local", properties: { sku: { name: "Standard" } } });
  assert.strictEqual(made.name, collection);
  assert.strictEqual(made.properties.state, "Enabled");
  const patched = await client.jobCollections.patch(group, collection, { tags: { plant: "A" } });
  assert.deepStrictEqual(patched.tags, { plant: "A" });
  assert.strictEqual((await client.jobCollections.get(group, collection)).location, "local");
  assert.deepStrictEqual((await client.jobCollections.listByResourceGroup(group)).map((one) => one.name), [collection]);
  assert.ok((await client.jobCollections.listBySubscription()).some((one) => one.name === collection));
  await assert.rejects(client.jobCollections.get(group, "none"), (error) =>
    error.statusCode === 404 && error.code === "ResourceNotFound");
}

async function lifeOfAJob() {
  const made = await client.jobs.createOrUpdate(group, collection, "life", {
    properties: {
      startTime: new Date("2027-01-01T08:00:00Z"),
      action: {
        ...to("/ok", {
          body: "hello", headers: { "x-plant": "A" },
          authentication: { type: "Basic", username: "ann", password: "topsecret" },
        }),
        retryPolicy: { retryType: "Fixed", retryInterval: moment.duration(2, "minutes"), retryCount: 3 },
      },
      recurrence: {
        frequency: "Month", interval: 1, endTime: new Date("2127-12-31T00:00:00Z"),
        schedule: { hours: [5], minutes: [15], monthlyOccurrences: [{ day: "Friday", occurrence: -1 }] },
      },
      state: "Enabled",
    },
  });
  assert.strictEqual(made.name, `${collection}/life`);
  assert.strictEqual(made.properties.status.nextExecutionTime.toISOString(), "2027-01-29T05:15:00.000Z");
  assert.strictEqual(made.properties.recurrence.schedule.monthlyOccurrences[0].occurrence, -1);
  assert.strictEqual(made.properties.action.request.authentication.username, "ann");
  assert.strictEqual(made.properties.action.request.authentication.password, undefined);
  for (let i = 1; i <= 3; i++) {
    await client.jobs.run(group, collection, "life");
    await until("a call", () => calls.filter((call) => call.url === "/ok").length === i);
    await until("its end", async () => (await history("life")).length === i);
  }
  const call = calls.find((one) => one.url === "/ok");
  assert.strictEqual(call.body, "hello");
  assert.strictEqual(call.headers["x-plant"], "A");
  assert.strictEqual(call.headers.authorization, `Basic ${Buffer.from("ann:topsecret").toString("base64")}`);
  const ids = calls.filter((one) => one.url === "/ok").map((one) => one.headers["muster-firing-id"]);
  assert.strictEqual(new Set(ids).size, 3);
  const page = await history("life", { top: 2 });
  assert.strictEqual(page.length, 2);
  const rest = await client.jobs.listJobHistoryNext(page.nextLink);
  assert.strictEqual(rest.length, 1);
  assert.strictEqual(new Set([...page, ...rest].map((run) => run.id)).size, 3);
  assert.strictEqual(page[0].properties.status, "Completed");
  assert.strictEqual(page[0].properties.actionName, "MainAction");
  assert.strictEqual((await history("life", { filter: "status eq 'Failed'" })).length, 0);

  const patched = await client.jobs.patch(group, collection, "life", { properties: { state: "Disabled" } });
  assert.strictEqual(patched.properties.state, "Disabled");
  assert.deepStrictEqual(
    (await client.jobs.list(group, collection, { filter: "state eq 'disabled'" })).map((job) => job.name),
    [`${collection}/life`]);
  assert.strictEqual((await client.jobs.get(group, collection, "life")).properties.status.executionCount, 3);
  await client.jobs.deleteMethod(group, collection, "life");
  await assert.rejects(client.jobs.get(group, collection, "life"), (error) => error.statusCode === 404);
}

async function failures() {
  const once = (action) => ({ properties: { action } });
  await client.jobs.createOrUpdate(group, collection, "second", once({
    ...to("/second"), retryPolicy: { retryType: "Fixed", retryInterval: moment.duration(1, "minutes"), retryCount: 2 },
  }));
  await client.jobs.createOrUpdate(group, collection, "broken", once({ ...to("/broken"), errorAction: to("/mended") }));
  await client.jobs.createOrUpdate(group, collection, "moved", once(to("/moved")));
  await until("the error action", () => calls.some((call) => call.url === "/mended"));
  const broken = await until("both ends", async () => {
    const runs = await history("broken");
    return runs.length === 2 && runs;
  });
  assert.deepStrictEqual(
    broken.map((run) => [run.properties.actionName, run.properties.status]),
    [["ErrorAction", "Completed"], ["MainAction", "Failed"]]);
  assert.match(broken[1].properties.message, /5xx/);
  await until("the redirect", async () => (await history("moved")).length === 1);
  assert.strictEqual((await history("moved"))[0].properties.status, "Failed");
  assert.ok(!calls.some((call) => call.url === "/secret"), "a redirect is not followed");
  const second = await until("the retry", async () => {
    const runs = await history("second");
    return runs.length === 2 && runs;
  });
  assert.deepStrictEqual(
    second.map((run) => [run.properties.retryCount, run.properties.status]), [[1, "Completed"], [0, "Failed"]]);
  const [first, again] = calls.filter((call) => call.url === "/second").map((call) => call.headers["muster-firing-id"]);
  assert.strictEqual(first, again);
  const job = await client.jobs.get(group, collection, "broken");
  assert.strictEqual(job.properties.state, "Completed");
  assert.strictEqual(job.properties.status.failureCount, 1);
}

async function otherActions() {
  await client.jobs.createOrUpdate(group, collection, "queue", {
    properties: {
      action: { type: "StorageQueue", queueMessage: { storageAccount: "a", queueName: queue, sasToken: "topsecret", message: "hello" } },
    },
  });
  await until("the message", async () => (await history("queue")).length === 1);
  assert.strictEqual((await history("queue"))[0].properties.status, "Completed");
  await client.jobs.createOrUpdate(group, collection, "webjob", {
    properties: {
      startTime: new Date("2127-01-01T00:00:00Z"),
      action: { type: "Https", request: { method: "POST", uri: `${endpoint}/fleet.scm.azurewebsites.net/api/triggeredwebjobs/purge/run` } },
    },
  });
  await client.jobCollections.disable(group, collection);
  assert.strictEqual((await client.jobs.get(group, collection, "webjob")).properties.state, "Disabled");
  await client.jobCollections.enable(group, collection);
  assert.strictEqual((await client.jobs.get(group, collection, "webjob")).properties.state, "Enabled");
}

async function wrongInput() {
  const job = (action, more) => client.jobs.createOrUpdate(group, collection, "wrong", { properties: { action, ...more } });
  await refused(job({ type: "Http", request: { uri: "http://example.com/", method: "GET" } }), /example.com/);
  await refused(job({ type: "StorageQueue", queueMessage: { queueName: "not-there", message: "m" } }), /queue-not-there/);
  await refused(job({ type: "ServiceBusQueue", serviceBusQueueMessage: { queueName: "q" } }), /Service Bus/);
  await refused(job({ type: "Http", request: { uri: `${endpoint}/devices`, method: "GET" } }), /WebJobs/);
  await assert.rejects(
    job(to("/ok"), { recurrence: { frequency: "Week", interval: 79 } }),
    (error) => error.statusCode === 400 && /1 to 78/.test(error.message));
  await assert.rejects(client.jobs.get(group, collection, "wrong"), (error) => error.statusCode === 404);
}

async function all() {
  await new Promise((done) => server.listen(0, "localhost", done));
  await collections();
  // The collection is disabled by the second of these for a moment, which shows in the first one's lists.
  await Promise.all([lifeOfAJob().then(otherActions).then(wrongInput), failures()]);
  await client.jobCollections.deleteMethod(group, collection);
  await assert.rejects(client.jobCollections.get(group, collection), (error) => error.statusCode === 404);
  console.log("the schedules fire");
}

all().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
