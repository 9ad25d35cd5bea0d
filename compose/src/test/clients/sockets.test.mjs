// The openai package's WebSocket for responses, and a plain one, against a gateway and a worker with the demo model.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { WebSocket } from 'ws';

const address = new URL(process.env.MILLRACE_URL);
const question = {
  model: 'millrace-demo',
  input: 'Write a short story about a robot learning to paint.',
  temperature: 0,
  max_output_tokens: 64,
};
const create = { type: 'response.create', ...question };
const openai = (host) => new OpenAI({ apiKey: 'none', baseURL: `http://${host}/v1`, maxRetries: 0 });

/** What the package's socket hears; it connects again by itself, until it is closed. */
function openaiSocket(host) {
  const socket = new ResponsesWS(openai(host), {
    reconnect: { maxRetries: 5, initialDelay: 10, onReconnecting: () => undefined },
  });
  const heard = socket.stream();
  return {
    say: (event) => socket.send(event),
    close: () => socket.close(),
    async next() {
      const { value } = await heard.next();
      const refused = value.type === 'error' && value.error.error;
      return value.type === 'message' ? value.message : refused || { type: value.type };
    },
  };
}

/** The same of the plain one, which stays closed. */
function plainSocket(host) {
  const socket = new WebSocket(`ws://${host}/v1/responses`);
  const heard = [];
  let wake = () => {};
  const hear = (event) => {
    heard.push(event);
    wake();
  };
  const open = new Promise((resolve) => socket.once('open', resolve));
  socket.on('message', (data) => hear(JSON.parse(data)));
  socket.on('close', (code) => hear({ type: 'close', code }));
  return {
    say: async (event) => {
      await open;
      socket.send(JSON.stringify(event));
    },
    close: () => socket.close(),
    async next() {
      while (heard.length === 0) await new Promise((resolve) => (wake = resolve));
      return heard.shift();
    },
  };
}

async function upTo(socket, type) {
  const events = [];
  do events.push(await socket.next());
  while (events.at(-1).type !== type);
  return events;
}

const deltas = (events) =>
  events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');

const numbered = (events) => events.filter((event) => event.sequence_number !== undefined && event.type !== 'response.resumed');

/** To the gateway. What it does with a connection is told by the number of the connection, from 1. */
async function behindProxy(plan, ask) {
  let connections = 0;
  const proxy = createServer((client) => {
    const upstream = connect(Number(address.port), address.hostname);
    const cut = () => {
      client.end();
      upstream.destroy();
    };
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    plan(++connections, client, upstream, cut);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    return await ask(`127.0.0.1:${proxy.address().port}`, () => connections);
  } finally {
    proxy.close();
  }
}

function relay(client, upstream) {
  client.pipe(upstream);
  upstream.pipe(client);
}

/** The first connection ends with the first text. */
function cutAtFirstText(connection, client, upstream, cut) {
  if (connection > 1) return relay(client, upstream);
  client.pipe(upstream);
  upstream.on('data', (bytes) => {
    client.write(bytes);
    if (bytes.includes('output_text.delta')) cut();
  });
}

for (const [name, open] of Object.entries({ ResponsesWS: openaiSocket, 'a plain WebSocket': plainSocket })) {
  test(`${name} streams what is got whole over HTTP`, async () => {
    const whole = await openai(address.host).responses.create(question);
    const socket = open(address.host);

    await socket.say(create);
    const events = await upTo(socket, 'response.incomplete');
    socket.close();

    const types = events.map((event) => event.type);
    const between = types.slice(types.indexOf('response.output_item.added'));
    assert.ok(whole.output_text.length > 50);
    assert.equal(deltas(events), whole.output_text);
    assert.equal(events.at(-1).response.output[0].content[0].text, whole.output_text);
    assert.deepEqual(events.at(-1).response.output, [events.at(-2).item]);
    assert.deepEqual([...new Set(between)], [
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.incomplete',
    ]);
  });

  test(`${name} is told what is wrong, and goes on`, async () => {
    const socket = open(address.host);

    await socket.say({ ...create, event_id: 'hot', temperature: 9 });
    const refused = (await upTo(socket, 'error')).at(-1);
    await socket.say({ ...create, model: 'gpt-5' });
    const failed = (await upTo(socket, 'response.failed')).at(-1);
    await socket.say({ ...create, max_output_tokens: 1 });
    await upTo(socket, 'response.incomplete');
    socket.close();

    assert.deepEqual([refused.code, refused.param, refused.event_id], ['invalid_value', 'temperature', 'hot']);
    assert.equal(failed.response.error.code, 'model_not_found');
  });

  test(`${name} cancels`, async () => {
    const socket = open(address.host);

    await socket.say({ ...create, temperature: 2, top_p: 1, max_output_tokens: 8192, loop_guard: false });
    const begun = await upTo(socket, 'response.output_text.delta');
    await socket.say({ type: 'response.cancel', response_id: begun.at(-1).response_id });
    const end = (await upTo(socket, 'response.incomplete')).at(-1);
    socket.close();

    assert.equal(end.response.incomplete_details.reason, 'cancelled');
    assert.equal(end.response.output[0].status, 'incomplete');
  });

  test(`${name} goes on with a response when its connection is lost`, async () => {
    const whole = await openai(address.host).responses.create(question);

    await behindProxy(cutAtFirstText, async (host, connections) => {
      const first = open(host);
      await first.say({ ...create, background: true });
      const events = numbered(await upTo(first, open === openaiSocket ? 'reconnecting' : 'close'));
      const second = open === openaiSocket ? first : open(host);
      await second.say({
        type: 'response.resume',
        cursor: events[0].cursor,
        starting_after: events.at(-1).sequence_number,
      });
      const rest = numbered(await upTo(second, 'response.incomplete'));
      events.push(...rest);
      second.close();

      const numbers = events.map((event) => event.sequence_number);
      assert.equal(connections(), 2);
      assert.ok(deltas(rest) !== '', 'it was in mid-stream');
      assert.equal(deltas(events), whole.output_text);
      assert.deepEqual(numbers, [...new Set(numbers)].sort((one, other) => one - other));
      assert.equal(events.filter((event) => event.type === 'response.output_item.added').length, 1);
    });
  });
}

test('ResponsesWS tries again by itself and asks once', async () => {
  const refuseFirst = (connection, client, upstream, cut) => (connection > 1 ? relay(client, upstream) : cut());

  await behindProxy(refuseFirst, async (host, connections) => {
    const socket = openaiSocket(host);
    socket.say(create);
    const events = await upTo(socket, 'response.incomplete');
    socket.close();

    assert.equal(connections(), 2);
    assert.equal(events.filter((event) => event.type === 'response.created').length, 1);
  });
});
