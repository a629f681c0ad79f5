import { z } from 'zod';
import { rulesModel } from '#agents/rules/model.ts';
import { askedCalls, briefOf, resultsOf } from '#agents/rules/transcript.ts';
import type { JsonValue } from '#core/canonical.ts';
import { IncidentId, RunId, SessionKey } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Attempt, Provider, ProviderRequest } from '#llm/provider.ts';

type Call = { readonly tool: string; readonly args: JsonValue };

const NOTHING = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
const Rank = z.looseObject({ reads: z.array(z.string()) });
const Look = /^(\w+)(?: (\{.*\}|\w+))? of (\S+)$/;

/**
 * A provider that plays by a script. Of the diagnosis it does what the prompt asks of any model: a fixed list of looks, then
 * in turn the program's ranking and the looks that this names, until it names none, then a report of what stands. The other
 * agents do as the rules would. After `failsAfter` answers it is unavailable for good; null = never. Never throws.
 */
export function scriptedProvider(inventory: Inventory, failsAfter: number | null): Provider {
  let answered = 0;
  return {
    name: 'scripted',
    attempt: async (request, signal): Promise<Attempt> => {
      if (signal.aborted) return failed('aborted');
      if (failsAfter !== null && answered >= failsAfter) return failed('unavailable');
      answered += 1;
      const calls = await callsFor(request, inventory, signal);
      const before = askedCalls(request.items).length;
      return {
        kind: 'reply',
        text: '',
        calls: calls.map((call, at) => ({ id: `s${before + at + 1}`, ...call })),
        stop: calls.length > 0 ? 'tool_use' : 'end',
        tokens: NOTHING,
      };
    },
  };
}

const failed = (reason: 'unavailable' | 'aborted'): Attempt => ({
  kind: 'failed',
  ...{ status: reason === 'unavailable' ? 503 : null, retryAfterMs: null, tokens: NOTHING },
  reason,
});

async function callsFor(
  request: ProviderRequest,
  inventory: Inventory,
  signal: AbortSignal,
): Promise<readonly Call[]> {
  const held = new Set(request.tools.map(({ name }) => name));
  if (held.has('hypotheses_rank')) return diagnose(request, inventory);
  const role = held.has('sessions_spawn')
    ? 'coordinator'
    : held.has('service_restart')
      ? 'remediation'
      : 'monitor';
  const reply = await rulesModel(inventory).reply(
    {
      ...{ role, turn: TURN, head: request.head, tools: request.tools, items: request.items },
      callsLeft: request.mustCall ? 1 : 10,
    },
    signal,
  );
  return reply.kind === 'reply' ? reply.calls.map(({ tool, args }) => ({ tool, args })) : [];
}

/** The rules do not look at whose turn it is. */
const TURN = {
  incident: IncidentId.parse('INC-1'),
  session: SessionKey.parse('agent:coordinator:eval:script:0'),
  run: RunId.parse('run-script'),
};

function diagnose(request: ProviderRequest, inventory: Inventory): readonly Call[] {
  const brief = briefOf(request.items);
  if (brief?.role !== 'diagnosis') return [];
  const results = resultsOf(request.items);
  const last = results.at(-1);
  if (last === undefined) return firstLooks(brief.service, brief.since, inventory);
  const ranking = last.tool === 'hypotheses_rank' ? Rank.safeParse(last.value).data : undefined;
  if (ranking === undefined) return [{ tool: 'hypotheses_rank', args: {} }];
  const { reads, ...report } = ranking;
  const looks = reads.flatMap((words) => lookOf(words, brief.since));
  const isTired = request.mustCall || results.length >= MOST_RESULTS;
  if (looks.length > 0 && !isTired) return looks;
  return [{ tool: 'report', args: z.json().parse(report) }];
}

/** Fewer than a run may make. */
const MOST_RESULTS = 22;

function firstLooks(service: string, at: number, { services }: Inventory): readonly Call[] {
  const isSystem = [...services.values()].some(
    (one) => `service:${one.id}` === service && one.isSystem === true,
  );
  if (isSystem)
    return ['pod', 'workload'].map((kind) => ({ tool: 'k8s_list', args: { system: service, kind } }));
  return [
    { tool: 'deployments_list', args: { service } },
    { tool: 'workload_status', args: { service } },
    { tool: 'metrics_query', args: { service, signal: 'saturation', at } },
  ];
}

/** What the ranking names in words, as a call. */
function lookOf(words: string, at: number): Call[] {
  const [, tool, detail, name] = Look.exec(words) ?? [];
  if (tool === undefined || name === undefined) return [];
  const service = `service:${name}`;
  if (detail?.startsWith('{') === true) {
    const args = z.record(z.string(), z.json()).safeParse(JSON.parse(detail));
    return args.success ? [{ tool, args: { system: service, ...args.data } }] : [];
  }
  if (tool === 'metrics_query') return [{ tool, args: { service, signal: detail ?? '', at } }];
  if (tool === 'system_scan') return [{ tool, args: { service, at } }];
  if (tool === 'logs_search') return [{ tool, args: { service, level: 'error', minutes: 15 } }];
  return [{ tool, args: { service } }];
}
