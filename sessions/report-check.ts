import type { JsonValue } from '#core/canonical.ts';
import type { Report } from '#incidents/reports.ts';
import type { AgentSpec, ReportContext } from './agent-spec.ts';

export type CheckedReport =
  | { kind: 'accepted'; report: Report; dropped: number }
  | { kind: 'invalid'; issues: string };

const MAX_ISSUES = 8;

/** Parses a report by its role's schema and drops the claims that its evidence does not carry. */
export function checkReport(spec: AgentSpec, args: JsonValue, context: ReportContext): CheckedReport {
  const parsed = spec.report?.safeParse(args);
  if (parsed === undefined) return { kind: 'invalid', issues: `${spec.role} gives no report` };
  if (!parsed.success) {
    const lines = parsed.error.issues.slice(0, MAX_ISSUES).map((issue) => {
      const path = issue.path.map(String).join('.');
      return `${path === '' ? 'report' : path}: ${issue.message}`.slice(0, 200);
    });
    return { kind: 'invalid', issues: `The report was not accepted.\n${lines.join('\n')}` };
  }
  return {
    kind: 'accepted',
    ...(spec.settle?.(parsed.data, context) ?? { report: parsed.data, dropped: 0 }),
  };
}
