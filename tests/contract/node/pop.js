// @alicloud/pop-core, doing what it is told with GET or with POST; the protocol is that of drivers/generated.py.
'use strict';

const readline = require('readline');
const { RPCClient } = require('@alicloud/pop-core');

// As in drivers/generated.py.
const PATIENCE_MILLISECONDS = 120000;
const VERSIONS = { vpc: '2016-04-28', ecs: '2014-05-26' };
const clients = {};

function clientOf(told) {
  return new RPCClient({
    accessKeyId: told.key,
    accessKeySecret: told.secret,
    endpoint: `http://${process.env.CONTRACT_ENDPOINT}`,
    apiVersion: VERSIONS[told.product],
    opts: { timeout: PATIENCE_MILLISECONDS },
  });
}

async function perform(told) {
  const whose = [told.product, told.key, told.secret].join(' ');
  const client = (clients[whose] = clients[whose] || clientOf(told));
  try {
    const body = await client.request(told.action, told.parameters, {
      method: process.env.CONTRACT_VARIANT,
    });
    return { status: 200, body };
  } catch (error) {
    if (!error.code || !error.data) {
      throw error;
    }
    return {
      error: {
        type: error.name,
        code: error.code,
        status: null, // this client does not look at it
        message: error.data.Message,
        request_id: error.data.RequestId,
      },
    };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await perform(JSON.parse(line))) + '\n');
  }
})();
