import type { Command, ServiceStep, Step } from '#approvals/plan.ts';
import { unreachable } from '#core/errors.ts';
import { inert } from '#core/inert.ts';
import { count } from './numbers.ts';

/** One step of a plan for people. Foreign text is inert; figures and names are those of the plan, nothing is left out. */

/** What is done, to what, where: `Roll back checkout v42 -> v41 in production`. */
export function stepTitle(step: Step): string {
  const { service, environment } = step.target;
  const where = `in ${inert(environment)}`;
  switch (step.tool) {
    case 'service_restart':
      return `Restart ${service} ${where}`;
    case 'service_rollback': {
      const { before, after } = step.preview;
      return `Roll back ${service} ${versionWord(before.version)} -> ${versionWord(after.version)} ${where}`;
    }
    case 'service_scale': {
      const { before, after } = step.preview;
      return `Scale ${service} ${before.replicas} -> ${count(after.replicas, 'instance')} ${where}`;
    }
    case 'node_cordon':
      return `Cordon node ${inert(step.preview.node)} for ${service} ${where}`;
    case 'alert_silence':
      return `Silence ${inert(step.preview.alert)} of ${service} for ${step.change.minutes} min ${where}`;
    case 'operator_action':
      return `Run ${step.change.target.slice('action:'.length)} for ${service} ${where}`;
    default:
      return unreachable(step);
  }
}

/** What the dry run said would differ, all of it. */
export function effectWords(step: Step): string {
  switch (step.tool) {
    case 'node_cordon': {
      const { pods, others } = step.seen;
      const stay = `${count(pods, 'pod')} of ${step.target.service} ${pods === 1 ? 'stays' : 'stay'} there`;
      return `no new pods are placed there; ${stay}, ${count(others, 'other node')} take new ones`;
    }
    case 'alert_silence': {
      const labels = step.preview.matchers.map(({ name, value }) => `${inert(name)}=${argument(value)}`);
      return `nobody is paged for ${step.change.minutes} min by alerts with ${labels.join(', ')}; this repairs nothing`;
    }
    case 'operator_action':
      return `runs ${commandLine(step.preview.argv)}${environmentWords(step.preview.env)}`;
    case 'service_restart':
    case 'service_rollback':
    case 'service_scale':
      return serviceEffect(step);
    default:
      return unreachable(step);
  }
}

function serviceEffect({ tool, preview: { before, after, instances } }: ServiceStep): string {
  const version =
    before.version === after.version
      ? `version ${versionWord(after.version)} stays`
      : `version ${versionWord(before.version)} -> ${versionWord(after.version)}`;
  const replicas =
    before.replicas === after.replicas ? '' : `instances ${before.replicas} -> ${after.replicas}`;
  const moved = `${count(instances, 'instance')} ${tool === 'service_scale' ? 'started or stopped' : instances === 1 ? 'restarts' : 'restart'}`;
  const parts =
    tool === 'service_scale'
      ? [replicas, moved, version]
      : tool === 'service_restart'
        ? [moved, version, replicas]
        : [version, moved, replicas];
  return parts.filter((part) => part !== '').join(', ');
}

/** How it is taken back. */
export function undoWords(step: Step): string {
  const { undo } = step;
  if (undo === null)
    return step.tool === 'operator_action'
      ? 'none: nothing is known that takes it back'
      : 'none: a restart cannot be taken back';
  switch (undo.tool) {
    case 'service_rollback':
      return `deploy ${versionWord(undo.version)} again`;
    case 'service_scale':
      return `scale back to ${count(undo.replicas, 'instance')}`;
    case 'node_cordon':
      return 'uncordon it again';
    case 'alert_silence':
      return 'end the silence';
    case 'operator_action':
      return `run ${commandLine(step.tool === 'operator_action' ? (step.preview.back?.argv ?? []) : [])}`;
    default:
      return unreachable(undo);
  }
}

const PLAIN_VERSION = /^[\w.:@+/-]{1,24}$/;
const VERSION_ROOM = 24;

/** A version as a driver reported it: quoted when it is not plain, and cut in the middle, where versions differ least. */
function versionWord(version: string): string {
  if (PLAIN_VERSION.test(version)) return version;
  const text = inert(version);
  if (text === '') return '(no version)';
  const half = VERSION_ROOM / 2;
  return `"${text.length <= VERSION_ROOM ? text : `${text.slice(0, half)}…${text.slice(-half)}`}"`;
}

/** Word for word: what has more than plain signs is in quotes, so that where an argument ends can be seen. */
function commandLine(argv: readonly string[]): string {
  return argv.map(argument).join(' ');
}

/** Where the values come from; what they are is a secret. */
function environmentWords(env: Command['env']): string {
  return env.length === 0
    ? ''
    : `, with ${env.map(({ name, from }) => `${name} from ${argument(from)}`).join(', ')}`;
}

function argument(text: string): string {
  return /^[\w.:@+/=,-]+$/.test(text) ? text : JSON.stringify(inert(text));
}
