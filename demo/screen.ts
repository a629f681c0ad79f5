import { stderr, stdout } from 'node:process';
import { Plan, planHash } from '#approvals/plan.ts';
import { realClock } from '#core/clock.ts';
import { readFact } from '#incidents/entry.ts';
import { approvalCard, renderApprovalCard } from '#views/approval-card.ts';
import { count, dollars } from '#views/numbers.ts';
import { storyText } from '#views/story.ts';
import { columns, painter, WIDTH, wrap } from '#views/table.ts';
import { clockTime, duration } from '#views/time.ts';
import { createNarrator } from '#views/timeline.ts';
import type { LoadSummary } from './load-summary.ts';
import type { Finished, RunEvents } from './run.ts';
import { SERVICES } from './shop/plan.ts';
import type { Shop } from './shop.ts';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Draws a run as it happens: on standard output, or on standard error when that is kept for JSON. */
export function createScreen(options: {
  json: boolean;
  title: string;
  /** Who plays the agents, in words. */
  answers: string;
  hidden: boolean;
  /** False where several runs share the terminal: then each is shown whole when it has ended. */
  live: boolean;
}): RunEvents & { say(text: string): void; end(): void } {
  const out = options.json ? stderr : stdout;
  const paint = painter(out.isTTY === true);
  const narrator = createNarrator(zone);
  const kept: string[] = [];
  const say = (text: string): void => {
    if (options.live) out.write(`${text}\n`);
    else kept.push(text);
  };
  return {
    say: (text) => wrap(text).forEach(say),
    end: () => void out.write([...kept, '', ''].join('\n')),
    started: () => {
      say(paint('strong', 'Firebreak demo   shop: gateway, checkout, inventory'));
      openingLines(options).forEach(say);
      say('');
    },
    load: (seen) => say(storyLoad(seen)),
    invite: async (shop) => {
      for (const text of await invitation(shop)) say(text);
    },
    entry: (entry) => {
      for (const line of narrator.tell(entry)) {
        if (!line.quiet) for (const text of storyText(line, { zone, paint })) say(text);
      }
      const fact = readFact(entry);
      if (fact?.kind === 'approval.requested' && fact.body.mode === 'act') {
        const plan = Plan.parse(fact.body.plan);
        const card = approvalCard(plan, planHash(plan));
        for (const text of ['', ...renderApprovalCard(card, { now: realClock.now(), zone, paint }), ''])
          say(text);
      }
    },
    finished: (about) => {
      for (const text of summaryLines(about, options)) fitted(text).forEach(say);
    },
  };
}

/** What is played and who answers: on one line where there is room. */
function openingLines({ title, answers }: { title: string; answers: string }): string[] {
  const line = `${title}   ${answers}`;
  return columns(line) <= WIDTH ? [line] : [...wrap(title), ...wrap(answers)];
}

/** A line of the summary, whole or broken under its label. */
function fitted(text: string): string[] {
  return columns(text) <= WIDTH ? [text] : wrap(text, { indent: 10 });
}

function storyLoad(seen: LoadSummary): string {
  return `${clockTime(realClock.now(), zone)}  load      ${figures(seen)}, ${Math.round(seen.rate)} requests/s`;
}

/** Error share and p95 as the load generator measured them. */
function figures({ errors, p95 }: LoadSummary): string {
  return `${(errors * 100).toFixed(1)} % errors, p95 ${Math.round(p95)} ms`;
}

function summaryLines(
  { result, scenario, load, log }: Finished,
  { hidden, answers }: { hidden: boolean; answers: string },
): string[] {
  const broken =
    result.brokenService === null
      ? 'nothing was broken'
      : `${scenario.break?.fault} of ${result.brokenService}`;
  const told = hidden ? [`revealed  ${broken}; expected ${result.expected}`] : [`broken    ${broken}`];
  return [
    '',
    `outcome   ${result.outcome} after ${duration(result.ms)}, ${count(result.modelCalls, 'model call')}, ${dollars(result.usdMicros)}`,
    `model     ${answers}`,
    ...(scenario.break === null ? [] : told),
    `load      before ${figures(load.before)}`,
    `          during ${figures(load.during)}`,
    `          after  ${figures(load.after)}`,
    log.verified
      ? `log       ${log.entries} entries, verified, root ${log.root.slice(0, 8)}...${log.root.slice(-4)}`
      : `log       does not verify: ${log.text}`,
  ];
}

/** Where the processes are, and what can be done to them. */
async function invitation(shop: Shop): Promise<string[]> {
  const lines: string[] = [];
  for (const name of SERVICES) {
    const { instances } = await shop.supervisor.client.service(name);
    const where = instances.map(({ id, pid, port }) => `${id} pid ${pid} port ${port}`);
    const head = `  ${name.padEnd(10)} `;
    const told = wrap(`${shop.addresses[name]}   ${where.join(', ')}`, { width: WIDTH - head.length });
    lines.push(...told.map((text, index) => (index === 0 ? head : ' '.repeat(head.length)) + text));
  }
  return [
    '',
    'Break something now: kill -9 the processes of one service, or kill -STOP them.',
    'Firebreak was told nothing. Ctrl-C ends it.',
    ...lines,
    '',
  ];
}
