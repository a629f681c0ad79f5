import OpenAI from 'openai';
import type { ResponseInput, Tool } from 'openai/resources/responses/responses';
import { Pool } from 'undici';
import { z } from 'zod';
import { COORDINATOR_CALLS, RESULT_CHARS } from './script.ts';

/** One investigation as people write it without a framework: no log, no gate, no checks. Gives the calls of the model. */
export type Investigate = (service: string) => Promise<number>;
export type Loop = { readonly investigate: Investigate; close(): Promise<void> };

type Asked = { readonly call_id: string; readonly name: string };
type Ask = (
  head: string,
  tools: Tool[],
  input: ResponseInput,
) => Promise<{ output: ResponseInput; calls: readonly Asked[] }>;

const RESULT = 'x'.repeat(RESULT_CHARS);
const HEAD = 'You are one of the agents of an incident assistant. '.repeat(40);

const tool = (name: string): Tool => ({
  type: 'function',
  name,
  description: 'A tool of the measurement.',
  parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
  strict: true,
});
const look = [tool('logs_search'), tool('report')];
const spawn = [tool('sessions_spawn')];

/** A loop over OpenAI's SDK as it comes, whole answers. */
export function sdkLoop(url: string): Loop {
  const client = new OpenAI({ apiKey: 'sk-bench', baseURL: `${url}/v1`, maxRetries: 0 });
  const ask: Ask = async (instructions, tools, input) => {
    const { output } = await client.responses.create({
      model: 'bench',
      instructions,
      tools,
      input,
      store: false,
    });
    const calls = output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
    return { output: z.array(z.custom<ResponseInput[number]>()).parse(output), calls };
  };
  return { investigate: (service) => coordinate(ask, service), close: async () => {} };
}

const Output = z.object({ output: z.array(z.looseObject({ type: z.string() })) });
const Call = z.object({ type: z.literal('function_call'), call_id: z.string(), name: z.string() });

/** A loop over a bare connection pool: what the network and JSON cost by themselves. */
export function undiciLoop(url: string, connections: number | null = null): Loop {
  const pool = new Pool(new URL(url).origin, { connections });
  const path = `${new URL(url).pathname.replace(/\/$/, '')}/v1/responses`;
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-bench' };
  const ask: Ask = async (instructions, tools, input) => {
    const body = JSON.stringify({ model: 'bench', instructions, tools, input, store: false });
    const answer = await pool.request({ method: 'POST', path, headers, body });
    const { output } = Output.parse(await answer.body.json());
    const calls = output.flatMap((item) => Call.safeParse(item).data ?? []);
    return { output: z.array(z.custom<ResponseInput[number]>()).parse(output), calls };
  };
  return { investigate: (service) => coordinate(ask, service), close: () => pool.close() };
}

async function coordinate(ask: Ask, service: string): Promise<number> {
  const input: ResponseInput = [{ role: 'user', content: `An incident of service:${service} was opened.` }];
  let asked = 0;
  for (let turn = 0; turn < COORDINATOR_CALLS; turn += 1) {
    const { output, calls } = await ask(HEAD, spawn, input);
    asked += 1;
    input.push(...output);
    for (const { call_id } of calls) {
      asked += await look5(ask, service);
      input.push({ type: 'function_call_output', call_id, output: '{"status":"accepted"}' });
    }
    if (calls.length === 0) input.push({ role: 'user', content: 'A sub-agent reported: unclear.' });
  }
  return asked;
}

async function look5(ask: Ask, service: string): Promise<number> {
  const input: ResponseInput = [{ role: 'user', content: `Look at service:${service}.` }];
  for (let asked = 1; ; asked += 1) {
    const { output, calls } = await ask(HEAD, look, input);
    if (calls.some(({ name }) => name === 'report')) return asked;
    input.push(...output);
    for (const { call_id } of calls) input.push({ type: 'function_call_output', call_id, output: RESULT });
  }
}
