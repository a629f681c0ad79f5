import type { PolicyQuestion, PolicyRule, StopFlags } from '#approvals/policy.ts';
import type { Mode } from '#incidents/vocabulary.ts';

/**
 * What the policy must answer, written from the design's words as a table: rows are read from the top and the first one
 * that fits decides. `policy.ts` is written as code; where the two differ, one of them is wrong.
 */

/** A question, with what the oracle knows about the rules and about what an owner accepted. */
export type Cell = Pick<PolicyQuestion, 'caller' | 'tier' | 'purpose' | 'mode'> & {
  readonly raised: ReadonlySet<keyof StopFlags>;
  /** The rules let people be asked about this tool, on this service, in this environment. */
  readonly asks: boolean;
  /** What an owner accepted for it: `all` = nothing is held back, `nothing` = it was never accepted. */
  readonly accepted: Mode | 'all' | 'nothing';
};

type Row = {
  readonly tier?: string;
  readonly caller?: string;
  readonly purpose?: string;
  readonly raised?: keyof StopFlags;
  readonly asks?: boolean;
  readonly mode?: string;
  readonly accepted?: string;
  /** As `show` in the enumeration writes a verdict. */
  readonly answer: string;
};

/** Several values in one column are divided by spaces; a column that is left out fits everything. */
export const oracle: readonly Row[] = [
  // Reads run; notes run for everybody but the two who only look.
  { tier: 'R0', answer: 'allow' },
  { tier: 'R1', caller: 'coordinator remediation system person', answer: 'allow' },
  { tier: 'R1', answer: 'deny caller_not_allowed' },
  // What stops changes. An undo is stopped by all of it but the freeze.
  { raised: 'off', answer: 'deny off' },
  { raised: 'frozen', purpose: 'change', answer: 'deny frozen' },
  { raised: 'unverified', answer: 'deny log_unverified' },
  { raised: 'clockJumped', answer: 'deny clock_jumped' },
  { raised: 'unreadLog', answer: 'deny unread_log' },
  { raised: 'tampered', answer: 'deny log_tampered' },
  // Changes are asked for by remediation alone, and only where a rule says so.
  { caller: 'coordinator monitor diagnosis system person', answer: 'deny caller_not_allowed' },
  { asks: false, answer: 'deny policy_denied' },
  // People are asked where the mode is act, and was accepted as that. Nothing else runs an undo either.
  { mode: 'act', accepted: 'act all', answer: 'ask' },
  { purpose: 'undo', answer: 'deny mode_observe' },
  { mode: 'observe', answer: 'record observe' },
  { accepted: 'observe nothing', answer: 'record observe' },
  { mode: 'propose act', accepted: 'propose act all', answer: 'record propose' },
];

const rows = oracle.map((row) => ({
  ...row,
  within: (['tier', 'caller', 'purpose', 'mode', 'accepted'] as const).flatMap((column) => {
    const values = row[column];
    return values === undefined ? [] : [{ column, values: new Set(values.split(' ')) }];
  }),
}));

/** The answer of the first row that fits. */
export function expected(cell: Cell): string {
  for (const row of rows) if (fits(row, cell)) return row.answer;
  throw new Error('no row of the table fits');
}

function fits({ within, raised, asks }: (typeof rows)[number], cell: Cell): boolean {
  return (
    (raised === undefined || cell.raised.has(raised)) &&
    (asks === undefined || asks === cell.asks) &&
    within.every(({ column, values }) => values.has(cell[column]))
  );
}

/** Rules, and the places where they let people be asked: `TOOL ENVIRONMENT SERVICE`, worked out by hand. */
export const ruleSets: readonly {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
  readonly asks: readonly string[];
}[] = [
  { name: 'no rules', rules: [], asks: [] },
  {
    name: 'everything everywhere',
    rules: [ask(['restart', 'rollback', 'scale'], ['*'], ['*'])],
    asks: [
      ...[
        'restart prod checkout',
        'restart prod payments',
        'restart staging checkout',
        'restart staging payments',
      ],
      ...[
        'rollback prod checkout',
        'rollback prod payments',
        'rollback staging checkout',
        'rollback staging payments',
      ],
      ...['scale prod checkout', 'scale prod payments', 'scale staging checkout', 'scale staging payments'],
    ],
  },
  {
    name: 'one tool in one environment',
    rules: [ask(['restart'], ['staging'], ['*'])],
    asks: ['restart staging checkout', 'restart staging payments'],
  },
  {
    name: 'one place that is denied',
    rules: [ask(['restart', 'scale'], ['*'], ['*']), deny(['restart', 'scale'], ['prod'], ['payments'])],
    asks: [
      ...['restart prod checkout', 'restart staging checkout', 'restart staging payments'],
      ...['scale prod checkout', 'scale staging checkout', 'scale staging payments'],
    ],
  },
  {
    name: 'a denial that comes first, and two that ask',
    rules: [
      deny(['rollback'], ['prod'], ['*']),
      ask(['rollback'], ['*'], ['checkout']),
      ask(['rollback'], ['prod', 'staging'], ['payments']),
    ],
    asks: ['rollback staging checkout', 'rollback staging payments'],
  },
  { name: 'only a denial', rules: [deny(['restart'], ['*'], ['*'])], asks: [] },
  {
    name: 'exactly one place for each of two tools',
    rules: [ask(['scale'], ['prod'], ['checkout']), ask(['action'], ['prod'], ['payments'])],
    asks: ['scale prod checkout', 'action prod payments'],
  },
  { name: 'a star where none is allowed', rules: [ask(['*'], ['*'], ['*'])], asks: [] },
];

function ask(
  tools: readonly string[],
  environments: readonly string[],
  services: readonly string[],
): PolicyRule {
  return { tools: tools.map(toolName), environments, services, answer: 'ask' };
}

function deny(
  tools: readonly string[],
  environments: readonly string[],
  services: readonly string[],
): PolicyRule {
  return { tools: tools.map(toolName), environments, services, answer: 'deny' };
}

/** The name of a tool from its short one, also at the beginning of a place. */
export function toolName(short: string): string {
  if (short === '*') return short;
  return short.startsWith('action') ? short.replace('action', 'operator_action') : `service_${short}`;
}
