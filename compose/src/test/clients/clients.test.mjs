// The openai package and LangChain against a gateway and a worker with the demo model, whose addresses the environment has.
import assert from 'node:assert/strict';
import { createServer, request as forward } from 'node:http';
import { test } from 'node:test';
import { ChatOpenAI } from '@langchain/openai';
import OpenAI, { APIError, BadRequestError, NotFoundError } from 'openai';

const address = process.env.MILLRACE_URL;
const metrics = `${process.env.MILLRACE_OPERATIONS}/metrics`;
const model = 'millrace-demo';
const openai = new OpenAI({ apiKey: 'none', baseURL: `${address}/v1`, maxRetries: 0 });
const messages = [{ role: 'user', content: 'Write a short story about a robot learning to paint.' }];
const greedy = { model, messages, temperature: 0, max_tokens: 64 };

async function metric(name) {
  const text = await (await fetch(metrics)).text();
  return Number(text.match(new RegExp(`^${name} (.*)$`, 'm'))?.[1]);
}

async function eventually(holds) {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `${holds} in time`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks, index = 0) =>
  chunks
    .flatMap((chunk) => chunk.choices)
    .filter((choice) => choice.index === index)
    .map((choice) => choice.delta.content ?? '')
    .join('');

test('openai lists the models', async () => {
  const names = (await collect(openai.models.list())).map((entry) => entry.id);

  assert.deepEqual(names, [model]);
  assert.equal((await openai.models.retrieve(model)).id, model);
  await assert.rejects(openai.models.retrieve('gpt-5'), NotFoundError);
});

test('openai streams what it gets whole', async () => {
  const whole = await openai.chat.completions.create(greedy);
  const chunks = await collect(
    await openai.chat.completions.create({ ...greedy, stream: true, stream_options: { include_usage: true } }),
  );
  const usage = chunks.pop();

  assert.equal(chunks[0].choices[0].delta.role, 'assistant');
  assert.ok(whole.choices[0].message.content.length > 50);
  assert.equal(textOf(chunks), whole.choices[0].message.content);
  assert.equal(chunks.at(-1).choices[0].finish_reason, whole.choices[0].finish_reason);
  assert.deepEqual(usage.choices, []);
  assert.equal(usage.usage.completion_tokens, whole.usage.completion_tokens);
  assert.ok(usage.usage.prompt_tokens_details.cached_tokens > 0, 'the second prompt was in the cache');
  assert.ok(usage.timings.predicted_n > 0);
});

test('openai makes the whole of a stream', async () => {
  const completion = await openai.chat.completions.stream(greedy).finalChatCompletion();

  assert.ok(completion.choices[0].message.content.length > 50);
});

test('openai gets several choices, each with a seed of its own', async () => {
  const asked = { model, messages, temperature: 2, top_p: 1, top_k: 0, seed: 11, max_tokens: 32 };
  const one = await openai.chat.completions.create(asked);
  const chunks = await collect(await openai.chat.completions.create({ ...asked, n: 3, stream: true }));

  const texts = [0, 1, 2].map((index) => textOf(chunks, index));
  assert.equal(texts[0], one.choices[0].message.content);
  assert.ok(new Set(texts).size > 1, 'what it has learned it says alike, but not at this temperature each time');
});

test('openai gets log-probabilities with their bytes', async () => {
  const asked = { ...greedy, logprobs: true, top_logprobs: 2 };
  const whole = await openai.chat.completions.create(asked);
  const chunks = await collect(await openai.chat.completions.create({ ...asked, stream: true }));

  const tokens = whole.choices[0].logprobs.content;
  const streamed = chunks.flatMap((chunk) => chunk.choices[0].logprobs?.content ?? []);
  assert.equal(tokens.length, whole.usage.completion_tokens);
  assert.equal(Buffer.from(tokens.flatMap((token) => token.bytes)).toString(), whole.choices[0].message.content);
  assert.deepEqual(
    streamed.map((token) => token.bytes),
    tokens.map((token) => token.bytes),
  );
  assert.ok(tokens.every((token) => token.top_logprobs.length === 2 && token.logprob <= 0));
});

test('openai gets an answer that keeps to a schema', async () => {
  const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'], additionalProperties: false };
  const completion = await openai.chat.completions.create({
    ...greedy,
    response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
  });

  assert.equal(typeof JSON.parse(completion.choices[0].message.content).ok, 'boolean');
});

test('openai is told what is wrong', async () => {
  const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];

  await assert.rejects(openai.chat.completions.create({ ...greedy, tools }), (error) => {
    assert.ok(error instanceof BadRequestError);
    assert.equal(error.code, 'unsupported_parameter');
    assert.equal(error.param, 'tools');
    return true;
  });
  await assert.rejects(openai.chat.completions.create({ ...greedy, model: 'gpt-5', stream: true }), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.equal(error.code, 'model_not_found');
    return true;
  });
  const schema = { type: 'string', pattern: '(' };
  const bad = { type: 'json_schema', json_schema: { name: 'bad', schema } };
  await assert.rejects(openai.chat.completions.create({ ...greedy, response_format: bad, stream: true }), (error) => {
    assert.ok(error instanceof BadRequestError, 'what a worker refuses has a status, too');
    return true;
  });
});

test('what openai aborts is cancelled', async () => {
  const before = await metric('millrace_gateway_cancellations_sent_total');
  const stream = await openai.chat.completions.create({ ...greedy, max_tokens: 1024, loop_guard: false, stream: true });

  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content) break;
  }
  stream.controller.abort();

  await eventually(async () => (await metric('millrace_gateway_cancellations_sent_total')) > before);
  await eventually(async () => (await metric('millrace_gateway_responses_running')) === 0);
});

const asked = { model, input: messages[0].content, temperature: 0, max_output_tokens: 64 };
const deltas = (events) => events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');

test('openai streams a response that it gets whole, and retrieves it', async () => {
  const whole = await openai.responses.create(asked);
  const events = await collect(await openai.responses.create({ ...asked, stream: true }));
  const retrieved = await openai.responses.retrieve(events[0].response.id);

  assert.ok(whole.output_text.length > 50);
  assert.equal(whole.status, 'incomplete');
  assert.equal(deltas(events), whole.output_text);
  assert.equal(events.at(-1).response.usage.output_tokens, whole.usage.output_tokens);
  assert.equal(retrieved.output[0].content[0].text, whole.output_text);
  assert.equal(retrieved.id, events[0].response.id);
});

test('openai makes a response of its events', async () => {
  const whole = await openai.responses.create(asked);
  const stream = openai.responses.stream(asked);
  const snapshots = [];
  stream.on('response.output_text.delta', (event) => snapshots.push(event.snapshot));
  const events = await collect(stream);
  const response = await stream.finalResponse();
  const again = openai.responses.stream({ response_id: response.id });

  assert.equal(snapshots.at(-1), whole.output_text);
  assert.equal(response.output_text, whole.output_text);
  assert.equal(response.status, 'incomplete');
  assert.equal(events.at(-1).type, 'response.incomplete');
  assert.deepEqual((await again.finalResponse()).output, response.output);
});

test('openai makes a response of what starts over', async () => {
  const response = { id: 'resp_r', object: 'response', status: 'in_progress', output: [] };
  const item = { id: 'm', type: 'message', role: 'assistant', status: 'in_progress', content: [] };
  const part = { type: 'output_text', text: '', annotations: [] };
  const place = { item_id: 'm', output_index: 0, content_index: 0 };
  const message = (delta) => [
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.content_part.added', ...place, part },
    { type: 'response.output_text.delta', ...place, delta, logprobs: [] },
  ];
  const events = [
    { type: 'response.created', response },
    { type: 'response.in_progress', response, prefilled_tokens: 5, prompt_tokens: 9 },
    ...message('Old'),
    { type: 'response.in_progress', response, reason: 'model_changed' },
    ...message('New'),
  ];
  const tells = (outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    outgoing.end(events.map((event, number) => `data: ${JSON.stringify({ ...event, sequence_number: number })}\n\n`).join(''));
  };
  await behindProxy([tells], async (baseURL) => {
    const client = new OpenAI({ apiKey: 'none', baseURL, maxRetries: 0 });

    assert.equal((await client.responses.stream(asked).finalResponse()).output_text, 'New');
  });
});

test('openai goes on with a response behind its last event', async () => {
  const whole = await openai.responses.create(asked);
  const first = [];
  const stream = await openai.responses.create({ ...asked, background: true, stream: true });
  for await (const event of stream) {
    first.push(event);
    if (event.type === 'response.output_text.delta') break;
  }
  stream.controller.abort();
  const last = first.at(-1).sequence_number;
  const id = first[0].response.id;
  const rest = await collect(await openai.responses.retrieve(id, { stream: true, starting_after: last }));

  assert.ok(rest.every((event) => event.sequence_number > last));
  assert.equal(deltas(first) + deltas(rest), whole.output_text);
});

test('openai cancels a response in the background', async () => {
  const long = { ...asked, temperature: 2, top_p: 1, max_output_tokens: 8192, loop_guard: false, background: true };
  const queued = await openai.responses.create(long);
  const cancelled = await openai.responses.cancel(queued.id);

  assert.equal(queued.status, 'queued');
  assert.equal(cancelled.status, 'incomplete');
  assert.equal(cancelled.incomplete_details.reason, 'cancelled');
});

test('openai goes on with a conversation that Millrace keeps, until it is deleted', async () => {
  const first = await openai.responses.create({ ...asked, store: true });
  const more = { ...asked, input: 'Thank you!', previous_response_id: first.id };
  const second = await openai.responses.create(more);
  const alone = await openai.responses.create({ ...asked, input: 'Thank you!' });
  await openai.responses.delete(first.id);

  assert.equal(first.store, true);
  assert.ok(second.usage.input_tokens > alone.usage.input_tokens, 'the first turn is a part of the prompt');
  assert.ok(second.usage.input_tokens_details.cached_tokens > 0, 'and was in the cache');
  for (const stream of [false, true]) {
    await assert.rejects(openai.responses.create({ ...more, stream }), (error) => {
      assert.ok(error instanceof NotFoundError);
      assert.equal(error.code, 'previous_response_not_found');
      return true;
    });
  }
  await assert.rejects(openai.responses.delete(first.id), NotFoundError);
});

test('openai goes on with a conversation by its name', async () => {
  const conversation = await openai.conversations.create({ metadata: { topic: 'robots' } });
  const first = await openai.responses.create({ ...asked, conversation: conversation.id });
  const events = await collect(
    await openai.responses.create({ ...asked, input: 'Thank you!', conversation: { id: conversation.id }, stream: true }),
  );
  const alone = await openai.responses.create({ ...asked, input: 'Thank you!' });
  const retrieved = await openai.conversations.retrieve(conversation.id);
  const deleted = await openai.conversations.delete(conversation.id);

  const usage = events.at(-1).response.usage;
  assert.equal(first.conversation.id, conversation.id);
  assert.ok(usage.input_tokens > alone.usage.input_tokens, 'the first turn is a part of the prompt');
  assert.ok(usage.input_tokens_details.cached_tokens > 0, 'and was in the cache');
  assert.deepEqual(retrieved, conversation);
  assert.deepEqual(deleted, { id: conversation.id, object: 'conversation.deleted', deleted: true });
  await assert.rejects(openai.responses.create({ ...asked, conversation: conversation.id }), NotFoundError);
  await assert.rejects(openai.conversations.retrieve(conversation.id), NotFoundError);
});

test('openai is told of responses that there are not', async () => {
  await assert.rejects(openai.responses.retrieve('resp_none'), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.equal(error.code, 'response_not_found');
    return true;
  });
});

/** In front of the gateway; its first answers are these, one for each connection. */
async function behindProxy(firstAnswers, ask) {
  let asked = 0;
  const proxy = createServer((incoming, outgoing) => {
    const answer = firstAnswers[asked++];
    if (answer) return answer(outgoing);
    const headers = { ...incoming.headers, host: new URL(address).host };
    incoming.pipe(
      forward(address + incoming.url, { method: incoming.method, headers }, (response) => {
        outgoing.writeHead(response.statusCode, response.headers);
        response.pipe(outgoing);
      }),
    );
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    return await ask(`http://127.0.0.1:${proxy.address().port}/v1`, () => asked);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
}

test('openai tries again by itself where the gateway stopped or went away', async () => {
  const stops = (outgoing) => {
    outgoing.writeHead(503, { 'content-type': 'application/json', 'x-should-retry': 'true', 'retry-after-ms': '1' });
    outgoing.end('{"error":{"message":"stops","type":"server_error","param":null,"code":"gateway_stops"}}');
  };
  await behindProxy([stops, (outgoing) => outgoing.destroy()], async (baseURL, asked) => {
    const client = new OpenAI({ apiKey: 'none', baseURL, maxRetries: 2 });
    const completion = await client.chat.completions.create(greedy);

    assert.ok(completion.choices[0].message.content.length > 50);
    assert.equal(asked(), 3);
  });
});

test('an error in the middle of a stream reaches openai', async () => {
  const breaks = (outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    outgoing.write(': keep-alive\n\n');
    outgoing.end(
      'data: {"error":{"message":"m","type":"server_error","param":null,"code":"internal"}}\n\ndata: [DONE]\n\n',
    );
  };
  await behindProxy([breaks], async (baseURL) => {
    const client = new OpenAI({ apiKey: 'none', baseURL, maxRetries: 0 });
    const stream = await client.chat.completions.create({ ...greedy, stream: true });

    await assert.rejects(collect(stream), APIError);
  });
});

const langchain = (more = {}) =>
  new ChatOpenAI({
    model,
    temperature: 0,
    maxTokens: 64,
    maxRetries: 0,
    apiKey: 'none',
    configuration: { baseURL: `${address}/v1` },
    ...more,
  });

test('LangChain invokes and streams', async () => {
  const whole = await langchain().invoke(messages[0].content);
  const chunks = await collect(await langchain().stream(messages[0].content));

  assert.ok(whole.text.length > 50);
  assert.equal(chunks.map((chunk) => chunk.text).join(''), whole.text);
  assert.equal(whole.response_metadata.finish_reason, 'length');
  const usage = chunks.map((chunk) => chunk.usage_metadata).find((found) => found);
  assert.equal(usage.output_tokens, whole.usage_metadata.output_tokens);
});

test('LangChain keeps a conversation', async () => {
  const first = await langchain().invoke(messages);
  const second = await langchain().invoke([...messages, first, { role: 'user', content: 'Thank you!' }]);

  assert.ok(second.usage_metadata.input_token_details.cache_read > 0, 'the first turn was in the cache');
});

test('LangChain is told what is wrong', async () => {
  await assert.rejects(langchain({ model: 'gpt-5' }).invoke('Hi'), /no model of this name/);
});
