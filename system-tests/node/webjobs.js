// Drives WebJobs with the unmodified clients kudu-api, vscode-azurekudu and @azure/arm-appservice. Arguments: REST address, site, user, password of
// its Kudu, token of the resource manager, a folder for files. A node of the site's pool runs; it has bash. Prints what it saw.
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { promisify } = require("node:util");
const kuduApi = require("kudu-api");
const { KuduClient } = require("vscode-azurekudu");
const { BasicAuthenticationCredentials } = require("@azure/ms-rest-js");
const { WebSiteManagementClient } = require("@azure/arm-appservice");

const [endpoint, site, username, password, token, folder] = process.argv.slice(2);
const kudu = kuduApi({ website: `${new URL(endpoint).host}/${site}`, username, password });
const jobs = Object.fromEntries(Object.entries(kudu.webjobs).map(([name, call]) => [name, promisify(call)]));
const getFile = promisify(kudu.vfs.getFile);
const group = "plant";

const until = async (what, condition) => {
  for (let i = 0; i < 900; i++) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`did not happen in 90 s: ${what}`);
};

const script = (name, lines) => {
  const file = path.join(fs.mkdtempSync(path.join(folder, "upload-")), name);
  fs.writeFileSync(file, lines.join("\n") + "\n");
  return file;
};
const ended = (name) => until(`a run of ${name} ends`, async () => {
  const { runs } = await jobs.listTriggeredHistory(name);
  return runs.length > 0 && runs[0].end_time && runs[0];
});
const log = (name, run) => getFile(`data/jobs/triggered/${name}/${run.id}/output_log.txt`);

async function triggered(run) {
  const name = `triggered-${run}`;
  const uploaded = await jobs.uploadTriggered(name, script("run.sh", [
    'echo "hello $1, $WEBJOBS_NAME $WEBJOBS_TYPE $WEBJOBS_RUN_ID"', "echo oops >&2", 'test -w "$WEBJOBS_DATA_PATH"', "pwd",
  ]));
  assert.strictEqual(uploaded.name, name);
  assert.strictEqual(uploaded.run_command, "run.sh");
  const accepted = await jobs.runTriggered(name, "dear world");
  assert.strictEqual(accepted.statusCode, 202);
  const first = await ended(name);
  assert.strictEqual(first.status, "Success", JSON.stringify(first));
  assert.ok(accepted.headers.location.endsWith(`/api/triggeredwebjobs/${name}/history/${first.id}`));
  assert.match(first.trigger, /^External - /);
  const text = await log(name, first);
  assert.match(text, /^\[\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d > [\w-]+: SYS INFO\] Status changed to Initializing\r\n/);
  assert.ok(text.includes(`: INFO] hello dear, ${name} triggered ${first.id}\r\n`), text);
  assert.ok(text.includes(": ERR ] oops\r\n"), text);
  assert.ok(text.endsWith(": SYS INFO] Status changed to Success\r\n"), text);
  await jobs.uploadTriggered(name, script("run.sh", ["exit 3"]));
  await jobs.runTriggered(name);
  const second = await until("a second run", async () => {
    const latest = await ended(name);
    return latest.id !== first.id && latest;
  });
  assert.strictEqual(second.status, "Failed");
  assert.match(await log(name, second), /: SYS ERR \] Job failed due to exit code 3\r\n/);
  await jobs.deleteTriggered(name);
  await assert.rejects(jobs.getTriggered(name), /404/);
}

async function oneAtATime(run) {
  const name = `slow-${run}`;
  const gate = path.join(folder, `gate-${run}`);
  await jobs.uploadTriggered(name, script("run.sh", ["echo begun", `until [ -e '${gate}' ]; do sleep 0.1; done`, "echo done"]));
  await jobs.runTriggered(name);
  await assert.rejects(jobs.runTriggered(name), /409/);
  const live = await until("its first line while it runs", async () => {
    const { runs: [latest] } = await jobs.listTriggeredHistory(name);
    return (await log(name, latest)).includes("INFO] begun") && latest;
  });
  assert.strictEqual(live.status, "Running");
  fs.writeFileSync(gate, "");
  assert.strictEqual((await ended(name)).status, "Success");
}

async function continuous(run) {
  const name = `continuous-${run}`;
  await jobs.uploadContinuous(name, script("run.sh", ['echo "pid $$"', 'until [ -e "$WEBJOBS_SHUTDOWN_FILE" ]; do sleep 0.1; done', "echo bye"]));
  const status = async (wanted) => until(`${name} is ${wanted}`, async () => (await jobs.getContinuous(name)).status === wanted);
  await status("Running");
  await until("its log", async () => (await getFile(`data/jobs/continuous/${name}/job_log.txt`)).includes("INFO] pid "));
  await jobs.stopContinuous(name);
  await status("Stopped");
  assert.ok((await getFile(`data/jobs/continuous/${name}/job_log.txt`)).includes("INFO] bye"));
  await jobs.startContinuous(name);
  await status("Running");
  await jobs.deleteContinuous(name);
}

async function schedule(run) {
  const name = `scheduled-${run}`;
  await jobs.uploadTriggered(name, script("run.sh", ["echo tick"]));
  const client = new KuduClient(
    new BasicAuthenticationCredentials(username, password), { baseUri: `${endpoint}/${site}.scm.azurewebsites.net` });
  await client.jobs.setTriggeredJobSettings(name, { schedule: "*/2 * * * * *" });
  const fired = await ended(name);
  assert.strictEqual(fired.trigger, "Schedule - */2 * * * * *");
  await jobs.deleteTriggered(name);
}

async function vscode(run) {
  const name = `vscode-${run}`;
  await jobs.uploadTriggered(name, script("run.sh", ["echo hi"]));
  const client = new KuduClient(
    new BasicAuthenticationCredentials(username, password), { baseUri: `${endpoint}/${site}.scm.azurewebsites.net` });
  assert.ok((await client.jobs.listTriggeredJobs()).body.some((job) => job.name === name));
  await client.jobs.invokeTriggeredJob(name, { customHeaders: { "x-ms-geo-location": "here" } });
  await ended(name);
  const history = await client.jobs.getTriggeredJobHistory(name);
  assert.strictEqual(history.body.runs[0].status, "Success");
  assert.ok((await client.jobs.listTriggeredJobs3()).body.some((job) => job.name === name), "by a path of before");
  await client.jobs.removeTriggeredJob(name);
}

const resourceClient = () => new WebSiteManagementClient(
  { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3600e3 }) }, "sub", { endpoint });

async function resourceManager(run) {
  const name = `arm-${run}`;
  await jobs.uploadTriggered(name, script("run.sh", ["echo hi"]));
  const client = resourceClient();
  const listed = [];
  for await (const job of client.webApps.listTriggeredWebJobs(group, site)) listed.push(job.name);
  assert.ok(listed.includes(`${site}/${name}`), listed.join());
  await client.webApps.runTriggeredWebJob(group, site, name);
  await ended(name);
  const histories = [];
  for await (const history of client.webApps.listTriggeredWebJobHistory(group, site, name)) histories.push(history);
  assert.strictEqual(histories[0].runs[0].status, "Success");
  const one = await client.webApps.getTriggeredWebJobHistory(group, site, name, histories[0].runs[0].webJobId);
  assert.strictEqual(one.runs[0].webJobId, histories[0].runs[0].webJobId);
  assert.strictEqual((await client.webApps.getTriggeredWebJob(group, site, name)).latestRun.status, "Success");
  await client.webApps.deleteTriggeredWebJob(group, site, name);
}

async function vscodeContinuous(run) {
  const name = `vscode-continuous-${run}`;
  await jobs.uploadContinuous(name, script("run.sh", ["echo begun", 'until [ -e "$WEBJOBS_SHUTDOWN_FILE" ]; do sleep 0.1; done']));
  const client = new KuduClient(
    new BasicAuthenticationCredentials(username, password), { baseUri: `${endpoint}/${site}.scm.azurewebsites.net` });
  const status = async (wanted) => until(`${name} is ${wanted}`, async () => (await client.jobs.getContinuousJob(name)).body.status === wanted);
  await status("Running");
  assert.ok((await client.jobs.listContinuousJobs()).body.some((job) => job.name === name));
  await client.jobs.disableContinuousJob(name);
  await status("Stopped");
  await client.jobs.enableContinuousJob(name);
  await status("Running");
  await client.jobs.removeContinuousJob(name);
  await assert.rejects(jobs.getContinuous(name), /404/);
}

async function resourceManagerContinuous(run) {
  const name = `arm-continuous-${run}`;
  await jobs.uploadContinuous(name, script("run.sh", ["echo begun", 'until [ -e "$WEBJOBS_SHUTDOWN_FILE" ]; do sleep 0.1; done']));
  const { webApps } = resourceClient();
  const status = async (wanted) => until(`${name} is ${wanted}`, async () => (await webApps.getContinuousWebJob(group, site, name)).status === wanted);
  await status("Running");
  const listed = [];
  for await (const job of webApps.listContinuousWebJobs(group, site)) listed.push(job.name);
  assert.ok(listed.includes(`${site}/${name}`), listed.join());
  await webApps.stopContinuousWebJob(group, site, name);
  await status("Stopped");
  await webApps.startContinuousWebJob(group, site, name);
  await status("Running");
  await webApps.deleteContinuousWebJob(group, site, name);
  await assert.rejects(jobs.getContinuous(name), /404/);
}

async function appSettings(run) {
  const { webApps } = resourceClient();
  const before = (await webApps.listApplicationSettings(group, site)).properties ?? {};
  const written = await webApps.updateApplicationSettings(group, site, { properties: { ...before, GREETING: run } });
  assert.strictEqual(written.properties.GREETING, run);
  assert.deepStrictEqual((await webApps.listApplicationSettings(group, site)).properties, written.properties);
  const name = `settings-${run}`;
  await jobs.uploadTriggered(name, script("run.sh", ['echo "it is $GREETING"']));
  await jobs.runTriggered(name);
  assert.ok((await log(name, await ended(name))).includes(`INFO] it is ${run}\r\n`));
  await webApps.updateApplicationSettings(group, site, { properties: before });
  assert.strictEqual((await webApps.listApplicationSettings(group, site)).properties?.GREETING, undefined);
  await jobs.deleteTriggered(name);
}

async function main() {
  const run = Date.now().toString(36);
  await triggered(run);
  await oneAtATime(run);
  await continuous(run);
  await schedule(run);
  await vscode(run);
  await vscodeContinuous(run);
  await resourceManager(run);
  await resourceManagerContinuous(run);
  await appSettings(run);
  console.log("the jobs run");
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
