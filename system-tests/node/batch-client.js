// Makes the unmodified client @azure/batch of the process's first argument: what `./muster credentials --surface batch --json` prints. Holds what its drivers share.
"use strict";
const assert = require("node:assert");
const { BatchServiceClient, BatchSharedKeyCredentials } = require("@azure/batch");

const { batchUrl, account, key } = JSON.parse(process.argv[2]);
const client = new BatchServiceClient(new BatchSharedKeyCredentials(account, key), batchUrl);

const until = async (what, condition) => {
  for (let i = 0; i < 900; i++) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`did not happen in 90 s: ${what}`);
};
const status = (answer) => answer._response.status;
const refused = (promise, statusCode, code) => assert.rejects(promise, (error) => {
  assert.strictEqual(error.statusCode, statusCode, error.message);
  assert.strictEqual(error.code ?? error.body.code, code);
  return true;
});

module.exports = { client, until, status, refused };
