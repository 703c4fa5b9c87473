// The cloud's generated Node SDKs (@alicloud/vpc20160428, @alicloud/ecs20140526), doing what they are told; the protocol
// is that of drivers/generated.py.
'use strict';

const readline = require('readline');
const $dara = require('@darabonba/typescript');
const $core = require('@alicloud/openapi-core');

// As in drivers/generated.py.
const PATIENCE_MILLISECONDS = 120000;
const PACKAGES = { vpc: '@alicloud/vpc20160428', ecs: '@alicloud/ecs20140526' };
const clients = {};

function clientOf(told) {
  const sdk = require(PACKAGES[told.product]);
  const config = new $core.$OpenApiUtil.Config({
    accessKeyId: told.key,
    accessKeySecret: told.secret,
    endpoint: process.env.CONTRACT_ENDPOINT,
    regionId: process.env.CONTRACT_REGION,
    protocol: 'http',
    connectTimeout: PATIENCE_MILLISECONDS,
    readTimeout: PATIENCE_MILLISECONDS,
  });
  return { sdk, client: new sdk.default(config) };
}

// Name the fields that the model knows and that the answer did not have.
function unfilled(model, where = '') {
  const missing = [];
  for (const name of Object.keys(model.constructor.names())) {
    const value = model[name];
    const here = where ? `${where}.${name}` : name;
    if (value === undefined || value === null) {
      missing.push(here);
    } else if (value instanceof $dara.Model) {
      missing.push(...unfilled(value, here));
    } else if (Array.isArray(value)) {
      for (const item of value) {
        if (item instanceof $dara.Model) {
          missing.push(...unfilled(item, here));
        }
      }
    }
  }
  return [...new Set(missing)].sort();
}

async function perform(told) {
  const whose = [told.product, told.key, told.secret].join(' ');
  clients[whose] = clients[whose] || clientOf(told);
  const { sdk, client } = clients[whose];
  const request = $dara.cast(told.parameters, new sdk[`${told.action}Request`]({}));
  const method = told.action[0].toLowerCase() + told.action.slice(1);
  try {
    const response = await client[method](request);
    return {
      status: response.statusCode,
      body: response.body.toMap(),
      unfilled: unfilled(response.body),
    };
  } catch (error) {
    if (!error.code) {
      throw error;
    }
    return {
      error: {
        type: error.name,
        code: error.code,
        status: error.statusCode,
        message: error.message,
        request_id: error.data && error.data.RequestId,
      },
    };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await perform(JSON.parse(line))) + '\n');
  }
})();
