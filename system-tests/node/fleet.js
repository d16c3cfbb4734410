// Drives Muster with the unmodified SDKs of IoT Hub: create a device, patch its twin, connect it, invoke a method, schedule both kinds
// of job over a query, follow them to the end, read the statistics; outlive a renewed token; connect with a certificate. Arguments:
// connection string, REST port, MQTT port, CA file, a self-signed certificate, its key, and of a certificate that an authority has signed: its device, itself, its key.
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const https = require("node:https");
const { Registry, JobClient, Client: ServiceClient } = require("azure-iothub");
const crypto = require("node:crypto");
const { Client: DeviceClient, ModuleClient, Message } = require("azure-iot-device");
const { SharedAccessKeyAuthenticationProvider } = require("azure-iot-device/dist/sak_authentication_provider");
const { Mqtt, MqttWs } = require("azure-iot-device-mqtt");

const [connectionString, restPort, mqttPort, caFile, certificateFile, keyFile, signedId, signedFile, signedKeyFile] = process.argv.slice(2);
const ca = fs.readFileSync(caFile, "utf8");
// The SDK has no option for a port: its agent has (contract 6.1).
const agent = new https.Agent({ keepAlive: true, host: "127.0.0.1", port: Number(restPort), ca, servername: "localhost" });
const pointed = (client) => {
  client._restApiClient.setOptions({ http: { agent } });
  return client;
};
const registry = pointed(Registry.fromConnectionString(connectionString));
const jobs = pointed(JobClient.fromConnectionString(connectionString));
const service = pointed(ServiceClient.fromConnectionString(connectionString));
const until = async (what, condition) => {
  for (let i = 0; i < 200; i++) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`did not happen in 20 s: ${what}`);
};
const body = (answer) => answer.responseBody ?? answer.jobStatus ?? answer;

const answering = (device) => {
  device.onDeviceMethod("ping", (request, response) => response.send(200, { pong: request.payload }, () => {}));
  return device;
};
const ping = (deviceId) =>
  until(`${deviceId} answers`, async () => {
    try {
      const invoked = body(await service.invokeDeviceMethod(deviceId, { methodName: "ping", payload: 1, responseTimeoutInSeconds: 10 }));
      return (invoked.result ?? invoked).payload.pong === 1;
    } catch (error) {
      if (String(error.responseBody).includes("404103")) return null; // Not online, or not subscribed yet.
      throw error;
    }
  });

/** The SDK renews its token by DISCONNECT and CONNECT, and does not subscribe again: the hub has to remember (rule 10). */
async function renewal(run) {
  const deviceId = `renews-${run}`;
  const created = body(await registry.create({ deviceId }));
  const provider = SharedAccessKeyAuthenticationProvider.fromConnectionString(
    `HostName=localhost:${mqttPort};DeviceId=${deviceId};SharedAccessKey=${created.authentication.symmetricKey.primaryKey}`, 6, 4);
  let tokens = 0;
  provider.on("newTokenAvailable", () => tokens++);
  const device = DeviceClient.fromAuthenticationProvider(provider, Mqtt);
  await device.setOptions({ ca });
  await device.open();
  answering(device);
  await ping(deviceId);
  const before = tokens;
  await until("two tokens are renewed", async () => tokens >= before + 2);
  await ping(deviceId);
  await device.close();
  await registry.delete(deviceId);
}

/** An edge device has a scope of its own, in which its children are; a scope that is nobody's is refused. */
async function edges(run) {
  const parent = body(await registry.create({ deviceId: `edge-${run}`, capabilities: { iotEdge: true } }));
  assert.ok(parent.deviceScope.length > 0);
  const below = body(await registry.create({ deviceId: `below-${run}`, capabilities: { iotEdge: true }, parentScopes: [parent.deviceScope] }));
  assert.deepStrictEqual(below.parentScopes, [parent.deviceScope]);
  const leaf = body(await registry.create({ deviceId: `leaf-${run}`, deviceScope: parent.deviceScope }));
  assert.strictEqual(leaf.deviceScope, parent.deviceScope);
  assert.deepStrictEqual(leaf.parentScopes, [parent.deviceScope]);
  await assert.rejects(registry.update({ ...leaf, deviceScope: "nonsense" }), (error) => error.name === "ArgumentError");
  const children = await all(registry.createQuery(`SELECT deviceId FROM devices WHERE deviceScope = '${parent.deviceScope}' AND capabilities.iotEdge = false`));
  assert.deepStrictEqual(children.map((row) => row.deviceId), [leaf.deviceId]);
  for (const { deviceId } of [leaf, below, parent]) await registry.delete(deviceId);
}

/** A device that shows a certificate instead of a token; the hub knows its thumbprint. */
async function certificate(run) {
  const deviceId = `x509-${run}`;
  const cert = fs.readFileSync(certificateFile, "utf8");
  const primaryThumbprint = new crypto.X509Certificate(cert).fingerprint256.replaceAll(":", "");
  await registry.create({ deviceId, authentication: { type: "selfSigned", x509Thumbprint: { primaryThumbprint } } });
  const open = async (id) => {
    const device = DeviceClient.fromConnectionString(`HostName=localhost:${mqttPort};DeviceId=${id};x509=true`, Mqtt);
    device.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => -1 });
    await device.setOptions({ ca, cert, key: fs.readFileSync(keyFile, "utf8") });
    await device.open();
    return device;
  };
  const device = answering(await open(deviceId));
  await ping(deviceId);
  await device.close();
  await registry.update({ deviceId, authentication: { type: "selfSigned", x509Thumbprint: { primaryThumbprint: "0".repeat(64) } } });
  await assert.rejects(open(deviceId), (error) => /Not authorized/.test(error.message));
  await registry.delete(deviceId);
}

/** A device whose certificate an authority has signed that the hub knows; the same certificate is nobody else's. */
async function authority(run) {
  const open = async (id) => {
    const device = DeviceClient.fromConnectionString(`HostName=localhost:${mqttPort};DeviceId=${id};x509=true`, Mqtt);
    device.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => -1 });
    await device.setOptions({ ca, cert: fs.readFileSync(signedFile, "utf8"), key: fs.readFileSync(signedKeyFile, "utf8") });
    await device.open();
    return device;
  };
  for (const deviceId of [signedId, `other-${run}`]) await registry.create({ deviceId, authentication: { type: "certificateAuthority" } });
  const device = answering(await open(signedId));
  await ping(signedId);
  await device.close();
  await assert.rejects(open(`other-${run}`), (error) => /Not authorized/.test(error.message));
  for (const deviceId of [signedId, `other-${run}`]) await registry.delete(deviceId);
}

/** The same device over WebSocket, on the port of REST; a wrong key is refused there too. */
async function webSocket(run) {
  const deviceId = `ws-${run}`;
  const created = body(await registry.create({ deviceId }));
  const open = async (key) => {
    const device = DeviceClient.fromConnectionString(`HostName=localhost;DeviceId=${deviceId};SharedAccessKey=${key}`, MqttWs);
    device.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => -1 });
    await device.setOptions({ ca, mqtt: { webSocketAgent: agent } });
    await device.open();
    return device;
  };
  const device = answering(await open(created.authentication.symmetricKey.primaryKey));
  await ping(deviceId);
  const large = "x".repeat(100_000);
  device.onDeviceMethod("large", (request, response) => response.send(200, { length: request.payload.length, large }, () => {}));
  const invoked = body(await service.invokeDeviceMethod(deviceId, { methodName: "large", payload: large, responseTimeoutInSeconds: 10 }));
  assert.strictEqual((invoked.result ?? invoked).payload.length, large.length);
  assert.strictEqual((invoked.result ?? invoked).payload.large, large);
  await device.sendEvent(new Message("hello"));
  await device.close();
  await assert.rejects(open(Buffer.alloc(32).toString("base64")), (error) => /Not authorized/.test(error.message));
  await registry.delete(deviceId);
}

/** A module has an identity, a twin and methods of its own. */
async function modules(run) {
  const deviceId = `with-modules-${run}`;
  await registry.create({ deviceId });
  const created = body(await registry.addModule({ deviceId, moduleId: "camera", managedBy: "me" }));
  assert.strictEqual(created.moduleId, "camera");
  await assert.rejects(registry.addModule({ deviceId, moduleId: "camera" }), (error) => error.name === "DeviceAlreadyExistsError");
  assert.deepStrictEqual(body(await registry.getModulesOnDevice(deviceId)).map((module) => module.moduleId), ["camera"]);
  await registry.updateModuleTwin(deviceId, "camera", { tags: { run }, properties: { desired: { zoom: 2 } } }, "*");
  const module = ModuleClient.fromConnectionString(
    `HostName=localhost:${mqttPort};DeviceId=${deviceId};ModuleId=camera;SharedAccessKey=${created.authentication.symmetricKey.primaryKey}`, Mqtt);
  await module.setOptions({ ca });
  await module.open();
  module.onMethod("ping", (request, response) => response.send(200, { module: request.payload }, () => {}));
  const twin = await module.getTwin();
  assert.strictEqual(twin.properties.desired.zoom, 2);
  await new Promise((resolve, reject) =>
    twin.properties.reported.update({ lens: "wide" }, (error) => (error ? reject(error) : resolve())));
  assert.strictEqual(body(await registry.getModuleTwin(deviceId, "camera")).properties.reported.lens, "wide");
  await module.sendEvent(new Message("hello"));
  const invoked = await until("the module answers", async () => {
    try {
      return body(await service.invokeDeviceMethod(deviceId, "camera", { methodName: "ping", payload: 3, responseTimeoutInSeconds: 10 }));
    } catch (error) {
      if (String(error.responseBody).includes("404103")) return null;
      throw error;
    }
  });
  assert.strictEqual((invoked.result ?? invoked).payload.module, 3);
  assert.deepStrictEqual(
    await all(registry.createQuery(`SELECT moduleId, connectionState FROM devices.modules WHERE devices.modules.tags.run = '${run}'`)),
    [{ moduleId: "camera", connectionState: "Connected" }]);
  await module.close();
  await registry.removeModule(deviceId, "camera");
  await assert.rejects(registry.getModule(deviceId, "camera"), (error) => /Not found/i.test(error.message));
  await registry.delete(deviceId);
}

/** Messages wait for a device that is not connected; what it completes does not come again. */
async function messages(run) {
  const deviceId = `messages-${run}`;
  const created = body(await registry.create({ deviceId }));
  const send = (id, text) =>
    new Promise((resolve, reject) =>
      registry._restApiClient.executeApiCall(
        "POST", `/devices/${deviceId}/messages/devicebound?api-version=2021-04-12`,
        { "Content-Type": "text/plain; charset=utf-8", "iothub-messageid": id, "iothub-app-color": "light blue/x" },
        text, (error, answer) => (error ? reject(error) : resolve(answer))));
  assert.strictEqual((await send("m-1", "first")).queued, 1);
  assert.strictEqual(body(await registry.getTwin(deviceId)).cloudToDeviceMessageCount, 1);
  const open = async () => {
    const device = DeviceClient.fromConnectionString(
      `HostName=localhost:${mqttPort};DeviceId=${deviceId};SharedAccessKey=${created.authentication.symmetricKey.primaryKey}`, Mqtt);
    await device.setOptions({ ca });
    const got = [];
    device.on("message", (message) => {
      got.push({ id: message.messageId, data: message.getData().toString(), color: message.properties.getValue("color") });
      device.complete(message, () => {});
    });
    await device.open();
    return { device, got };
  };
  const first = await open();
  await until("the first message", async () => first.got.length === 1);
  assert.deepStrictEqual(first.got[0].id, "m-1");
  assert.ok(first.got[0].data.includes("first"));
  assert.strictEqual(first.got[0].color, "light blue/x");
  await send("m-2", "second");
  await until("the second message", async () => first.got.length === 2);
  await until("both are completed", async () => body(await registry.getTwin(deviceId)).cloudToDeviceMessageCount === 0);
  await first.device.close();
  const purge = () =>
    new Promise((resolve, reject) =>
      registry._restApiClient.executeApiCall(
        "DELETE", `/devices/${deviceId}/commands?api-version=2021-04-12`, {}, null,
        (error, answer) => (error ? reject(error) : resolve(answer))));
  await send("m-2b", "never");
  assert.strictEqual((await purge()).totalMessagesPurged, 1);
  await send("m-3", "third");
  const second = await open();
  await until("the third message", async () => second.got.length >= 1);
  assert.deepStrictEqual(second.got.map((message) => message.id), ["m-3"]);
  await second.device.close();
  await registry.delete(deviceId);
}

/** Many devices at once: what is valid is done, what is not is said. */
async function bulk(run) {
  const devices = [1, 2, 3].map((n) => ({ deviceId: `bulk-${run}-${n}` }));
  assert.strictEqual(body(await registry.addDevices(devices)).isSuccessful, true);
  await assert.rejects(registry.addDevices([devices[0], { deviceId: `bulk-${run}-4` }]), (error) =>
    error.name === "ArgumentError" && JSON.parse(error.responseBody).errors[0].errorCode === "DeviceAlreadyExists");
  assert.strictEqual(body(await registry.get(`bulk-${run}-4`)).status, "enabled");
  await registry.updateDevices([{ deviceId: `bulk-${run}-4`, status: "disabled" }], true);
  assert.strictEqual(body(await registry.get(`bulk-${run}-4`)).status, "disabled");
  assert.ok(body(await registry.getRegistryStatistics()).disabledDeviceCount >= 1);
  await registry.removeDevices([...devices, { deviceId: `bulk-${run}-4` }], true);
  await assert.rejects(registry.get(`bulk-${run}-1`), (error) => error.name === "DeviceNotFoundError");
}

const all = async (query) => {
  const rows = [];
  do {
    const page = await query.next(query.continuationToken);
    rows.push(...(page.result ?? page));
  } while (query.hasMoreResults);
  return rows;
};

/** Twins by tags, in pages; groups; what was acknowledged is found at once. */
async function queries(run) {
  const site = (n) => (n % 3 === 0 ? "north" : "south");
  const ids = [...Array(7).keys()].map((n) => `query-${run}-${n}`);
  await registry.addDevices(ids.map((deviceId, n) => ({ deviceId, tags: { query: run, site: site(n), floor: n } })));
  for (const [n, deviceId] of ids.entries()) {
    await registry.updateTwin(deviceId, { tags: { query: run, site: site(n), floor: n } }, "*");
  }
  const twins = registry.createQuery(`SELECT * FROM devices WHERE tags.query = '${run}' AND tags.floor > 0`, 2);
  const found = [];
  do {
    const page = await twins.nextAsTwin(twins.continuationToken);
    found.push(...(page.result ?? page).map((twin) => twin.deviceId));
  } while (twins.hasMoreResults);
  assert.deepStrictEqual(found, ids.slice(1));
  assert.deepStrictEqual(
    await all(registry.createQuery(
      `SELECT tags.site AS site, COUNT() AS n, MAX(tags.floor) AS top FROM devices WHERE tags.query = '${run}' GROUP BY tags.site`, 1)),
    [{ site: "north", n: 3, top: 6 }, { site: "south", n: 4, top: 5 }]);
  assert.deepStrictEqual(
    await all(registry.createQuery(`SELECT TOP 2 deviceId, tags.floor FROM devices WHERE tags.query = '${run}'`)),
    [{ deviceId: ids[0], floor: 0 }, { deviceId: ids[1], floor: 1 }]);
  await registry.updateTwin(ids[0], { tags: { query: null } }, "*");
  assert.deepStrictEqual(
    await all(registry.createQuery(`SELECT COUNT() AS n FROM devices WHERE tags.query = '${run}'`)), [{ n: 6 }]);
  await assert.rejects(all(registry.createQuery("SELECT * FROM devices ORDER BY deviceId")), (error) => error.name === "ArgumentError");
  await registry.removeDevices(ids.map((deviceId) => ({ deviceId })), true);
}

/** Rules of the contract's section 0 that only a device sees: what a method without payload carries, and why a report was refused. */
async function rules(run) {
  const deviceId = `rules-${run}`;
  const created = body(await registry.create({ deviceId, status: "enabled" }));
  const key = created.authentication.symmetricKey.primaryKey;
  await registry.update({ deviceId, status: "enabled", statusReason: "seen" }); // Sends blank keys, and If-Match in quotes (rule 8).
  assert.strictEqual(body(await registry.get(deviceId)).authentication.symmetricKey.primaryKey, key);
  const device = DeviceClient.fromConnectionString( // Dials the gateway's host, with the hub's name in its token and user name.
    `HostName=hub.test;DeviceId=${deviceId};SharedAccessKey=${key};GatewayHostName=localhost:${mqttPort}`, Mqtt);
  await device.setOptions({ ca });
  await device.open();
  answering(device);
  const payloads = [];
  device.onDeviceMethod("bare", (request, response) => { payloads.push(request.payload); response.send(200, () => {}); });
  await ping(deviceId);
  await service.invokeDeviceMethod(deviceId, { methodName: "bare", responseTimeoutInSeconds: 10 });
  assert.deepStrictEqual(payloads, [null]); // Rule 11: an empty body would have been answered with 400 by the SDK itself.
  const twin = await device.getTwin();
  const report = (change) =>
    new Promise((resolve, reject) => twin.properties.reported.update(change, (error) => (error ? reject(error) : resolve())));
  await report({ firmware: "1.2" });
  await assert.rejects(report({ large: "x".repeat(5000) }), (error) => /large/.test(error.message)); // Rule 12.
  assert.deepStrictEqual(
    Object.keys(body(await registry.getTwin(deviceId)).properties.reported).filter((name) => !name.startsWith("$")), ["firmware"]);
  await device.close();
  await registry.delete(deviceId);
}

async function main() {
  const run = Date.now().toString(36);
  const deviceId = `node-${run}`;
  const created = body(await registry.create({ deviceId }));
  assert.strictEqual(created.deviceId, deviceId);
  assert.ok(created.authentication.symmetricKey.primaryKey);
  await assert.rejects(registry.create({ deviceId }), (error) => error.name === "DeviceAlreadyExistsError");
  await assert.rejects(registry.get("nobody"), (error) => error.name === "DeviceNotFoundError");
  const listed = body(await registry.list()); // Up to a thousand, of all that other tests registered.
  assert.ok(listed.some((device) => device.deviceId === deviceId) || listed.length === 1000, `${listed.length} devices`);

  const twin = body(await registry.getTwin(deviceId));
  await twin.update({ tags: { run }, properties: { desired: { rate: 1 } } });
  const patched = body(await registry.getTwin(deviceId));
  assert.strictEqual(patched.tags.run, run);
  assert.strictEqual(patched.properties.desired.rate, 1);
  await assert.rejects(
    registry.updateTwin(deviceId, { tags: { x: 1 } }, "AAAA"), (error) => error.name === "InvalidEtagError");

  const key = created.authentication.symmetricKey.primaryKey;
  const device = DeviceClient.fromConnectionString(
    `HostName=localhost:${mqttPort};DeviceId=${deviceId};SharedAccessKey=${key}`, Mqtt);
  await device.setOptions({ ca });
  await device.open();
  device.onDeviceMethod("ping", (request, response) => response.send(200, { pong: request.payload }, () => {}));
  device.onDeviceMethod("quiet", (request, response) => response.send(204, () => {}));
  const deviceTwin = await device.getTwin();
  assert.strictEqual(deviceTwin.properties.desired.rate, 1);
  const changes = [];
  deviceTwin.on("properties.desired", (change) => changes.push(change));
  await new Promise((resolve, reject) =>
    deviceTwin.properties.reported.update({ firmware: "1.2" }, (error) => (error ? reject(error) : resolve())));
  assert.strictEqual(body(await registry.getTwin(deviceId)).properties.reported.firmware, "1.2");
  await device.sendEvent(new Message(JSON.stringify({ temperature: 21.5 })));

  await ping(deviceId);
  const invoked = body(await service.invokeDeviceMethod(deviceId, { methodName: "ping", payload: { a: 1 }, responseTimeoutInSeconds: 10 }));
  const answer = invoked.result ?? invoked;
  assert.deepStrictEqual({ status: answer.status, payload: answer.payload }, { status: 200, payload: { pong: { a: 1 } } });
  const quiet = body(await service.invokeDeviceMethod(deviceId, { methodName: "quiet", responseTimeoutInSeconds: 10 }));
  assert.strictEqual((quiet.result ?? quiet).payload, null);

  const finished = async (jobId) =>
    until(`job ${jobId} completes`, async () => {
      const job = body(await jobs.getJob(jobId));
      return ["completed", "failed", "cancelled"].includes(job.status) ? job : null;
    });
  const condition = `tags.run = '${run}'`;
  await jobs.scheduleDeviceMethod(
    `method-${run}`, condition, { methodName: "ping", payload: 7, responseTimeoutInSeconds: 15 }, new Date(), 120);
  const methodJob = await finished(`method-${run}`);
  assert.strictEqual(methodJob.status, "completed");
  assert.deepStrictEqual(methodJob.deviceJobStatistics,
    { deviceCount: 1, failedCount: 0, succeededCount: 1, runningCount: 0, pendingCount: 0 });

  await jobs.scheduleTwinUpdate(
    `twin-${run}`, condition, { etag: "*", tags: { done: true }, properties: { desired: { rate: 9 } } }, new Date(), 120);
  const twinJob = await finished(`twin-${run}`);
  assert.strictEqual(twinJob.deviceJobStatistics.succeededCount, 1);
  await until("the device is notified of its desired change", async () => changes.some((change) => change.rate === 9));
  assert.strictEqual(body(await registry.getTwin(deviceId)).tags.done, true);

  const later = await jobs.scheduleTwinUpdate(`later-${run}`, condition, { etag: "*", tags: { never: 1 } }, new Date(Date.now() + 3600e3), 120);
  assert.strictEqual(body(later).status, "queued");
  assert.strictEqual(body(await jobs.getJob(`later-${run}`)).status, "scheduled");
  assert.strictEqual(body(await jobs.cancelJob(`later-${run}`)).status, "cancelled");

  const query = jobs.createQuery("scheduleDeviceMethod", "completed", 1);
  const seen = [];
  while (query.hasMoreResults) {
    const page = await query.next(query.continuationToken);
    seen.push(...(page.result ?? page));
  }
  assert.ok(seen.some((job) => job.jobId === `method-${run}`));

  const [deviceJob] = await all(registry.createQuery(`SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'method-${run}'`));
  assert.strictEqual(deviceJob.deviceId, deviceId);
  assert.strictEqual(deviceJob.status, "completed");
  assert.deepStrictEqual(deviceJob.outcome.deviceMethodResponse, { status: 200, payload: { pong: 7 } });

  await device.close();
  await registry.delete(deviceId);
  await assert.rejects(registry.get(deviceId), (error) => error.name === "DeviceNotFoundError");
  await rules(run);
  await queries(run);
  await bulk(run);
  await edges(run);
  await renewal(run);
  await certificate(run);
  await authority(run);
  await webSocket(run);
  await modules(run);
  await messages(run);
  console.log("the fleet is served");
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
