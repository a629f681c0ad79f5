import OpenAI from 'openai';
import type { ResponseInput } from 'openai/resources/responses/responses';
import { Pool } from 'undici';
import { CallId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import type { Item, ToolSpec } from '#llm/model.ts';
import { createOpenai } from '#llm/openai.ts';
import { createTransport } from '#llm/transport.ts';
import { RESULT_CHARS } from './script.ts';

/** CPU of one turn early and late in a long session, ms; the request on the wire grows all the same. */
export type Growth = { readonly at10: number; readonly at200: number };

const TURNS = 205;
const SESSIONS = 6;
const TEXT = 'x'.repeat(RESULT_CHARS);
const HEAD = 'You are one of the agents of an incident assistant. '.repeat(40);
const schema = { type: 'object', properties: {}, required: [], additionalProperties: false };
const tools: readonly ToolSpec[] = [{ name: 'logs_search', description: 'A tool.', schema }];

type Turn = (turn: number) => Promise<unknown>;

/** What our adapter and transport cost as a transcript of 4 KB results grows. */
export async function ourGrowth(url: string): Promise<Growth> {
  const transport = createTransport({ to: [url] });
  const apiKey = new Secret('sk-bench');
  const provider = createOpenai({
    kind: 'openai',
    name: 'bench',
    apiKey,
    baseUrl: `${url}/v1`,
    api: 'responses',
    transport,
    timeoutMs: 60_000,
  });
  const never = new AbortController().signal;
  const session = (): Turn => {
    const items: Item[] = [{ kind: 'input', source: 'brief', value: null, text: 'Look at service:svc-1.' }];
    return (turn) => {
      const id = `call_${turn}`;
      items.push(
        { kind: 'reply', text: '', calls: [{ id, tool: 'logs_search', args: {} }] },
        {
          kind: 'result',
          id,
          call: CallId.parse(`e${turn}`),
          tool: 'logs_search',
          outcome: 'ok',
          value: null,
          text: TEXT,
        },
      );
      const request = { model: 'bench', head: HEAD, tools, items, maxOutputTokens: 1000, mustCall: false };
      return provider.attempt(request, never);
    };
  };
  const growth = await measure(session);
  await transport.close();
  return growth;
}

/** The same over OpenAI's SDK as it comes. */
export async function sdkGrowth(url: string): Promise<Growth> {
  const client = new OpenAI({ apiKey: 'sk-bench', baseURL: `${url}/v1`, maxRetries: 0 });
  const given = tools.map(
    ({ name, description }) =>
      ({ type: 'function', name, description, parameters: { ...schema }, strict: true }) as const,
  );
  return await measure(() => {
    const input: ResponseInput = [{ role: 'user', content: 'Look at service:svc-1.' }];
    return (turn) => {
      const call_id = `call_${turn}`;
      input.push({ type: 'function_call', call_id, name: 'logs_search', arguments: '{}' });
      input.push({ type: 'function_call_output', call_id, output: TEXT });
      return client.responses.create({
        model: 'bench',
        instructions: HEAD,
        tools: given,
        input,
        store: false,
      });
    };
  });
}

/** The same bytes, ready made, over a bare connection pool: what the network takes of it. */
export async function networkGrowth(url: string): Promise<Growth> {
  const pool = new Pool(url);
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-bench' };
  const bodies = Array.from({ length: TURNS + 1 }, (_, turn) =>
    Buffer.alloc(turn * (RESULT_CHARS + 250), 'x'),
  );
  const growth = await measure(() => async (turn) => {
    const body = bodies[turn] ?? null;
    const answer = await pool.request({ method: 'POST', path: '/v1/responses', headers, body });
    await answer.body.text();
  });
  await pool.close();
  return growth;
}

async function measure(session: () => Turn): Promise<Growth> {
  const spent = { early: 0, late: 0 };
  for (let nth = 0; nth < SESSIONS; nth += 1) {
    const turn = session();
    for (let i = 1; i <= TURNS; i += 1) {
      const before = process.cpuUsage();
      await turn(i);
      const { user, system } = process.cpuUsage(before);
      // The first session warms up.
      if (nth === 0) continue;
      if (i > 5 && i <= 15) spent.early += user + system;
      if (i > TURNS - 10) spent.late += user + system;
    }
  }
  const turns = (SESSIONS - 1) * 10 * 1000;
  return { at10: spent.early / turns, at200: spent.late / turns };
}
