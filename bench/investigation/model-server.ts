import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nextStep } from './script.ts';

// `node bench/investigation/model-server.ts`: a model behind the Responses API, as a process of its own so that its cost
// is not counted. `/slow/...` answers after 200 ms. Prints {"url"}; ends when its standard input ends.

const SLOW_MS = 200;
let count = 0;

function answer(body: string): string {
  count += 1;
  const { text, calls } = nextStep(body);
  const said =
    text === ''
      ? []
      : [
          {
            type: 'message',
            id: `msg_${count}`,
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text, annotations: [] }],
          },
        ];
  const asked = calls.map(({ tool, args }, i) => ({
    type: 'function_call',
    id: `fc_${count}_${i}`,
    call_id: `call_${count}_${i}`,
    name: tool,
    arguments: JSON.stringify(args),
    status: 'completed',
  }));
  const input = Math.ceil(body.length / 4);
  const details = {
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
  const usage = { input_tokens: input, output_tokens: 50, total_tokens: input + 50, ...details };
  const response = {
    id: `resp_${count}`,
    object: 'response',
    created_at: 1,
    model: 'bench',
    status: 'completed',
    error: null,
    incomplete_details: null,
    output: [...said, ...asked],
    usage,
  };
  if (!body.includes('"stream":true')) return JSON.stringify(response);
  return streamOf(response, asked);
}

type Asked = { type: string; id: string; call_id: string; name: string; arguments: string; status: string };

/** The events that the vendor sends around an answer, arguments in pieces. */
function streamOf(response: object, asked: readonly Asked[]): string {
  const begun = { ...response, status: 'in_progress', output: [], usage: null };
  let sequence_number = 0;
  const event = (type: string, rest: object): string => {
    sequence_number += 1;
    return `event: ${type}\ndata: ${JSON.stringify({ type, ...rest, sequence_number })}\n\n`;
  };
  const items = asked.map((item, output_index) => {
    const of = { item_id: item.id, output_index };
    const pieces = item.arguments.match(/.{1,12}/gs) ?? [];
    return [
      event('response.output_item.added', { item: { ...item, arguments: '' }, output_index }),
      ...pieces.map((delta) => event('response.function_call_arguments.delta', { ...of, delta })),
      event('response.function_call_arguments.done', { ...of, arguments: item.arguments }),
      event('response.output_item.done', { item, output_index }),
    ].join('');
  });
  return [
    event('response.created', { response: begun }),
    event('response.in_progress', { response: begun }),
    ...items,
    event('response.completed', { response }),
  ].join('');
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const body = Buffer.concat(parts).toString('latin1');
    const reply = answer(body);
    const type = body.includes('"stream":true') ? 'text/event-stream' : 'application/json';
    const send = () =>
      response
        .writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(reply) })
        .end(reply);
    if (request.url?.startsWith('/slow/')) setTimeout(send, SLOW_MS);
    else send();
  });
});
server.keepAliveTimeout = 120_000;
server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.stdin.resume().once('end', () => process.exit(0));
