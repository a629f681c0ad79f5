import type { ApprovalId, CallId, Digest } from '#core/ids.ts';
import type { Change, ChangeTool, Undo } from './plan.ts';

/** The exact change that a permit allows. `key` makes a repeat harmless; another generation makes the backend refuse. */
export type PermittedOrder = {
  readonly tool: ChangeTool;
  readonly change: Change | ({ readonly target: string } & Undo);
  readonly key: string;
  readonly expectGeneration: number;
};

export type PermitFields = {
  readonly approval: ApprovalId;
  readonly hash: Digest;
  readonly step: number;
  readonly undo: boolean;
  readonly call: CallId;
  readonly order: PermittedOrder;
  /** Server start that minted it; another start refuses it. */
  readonly boot: string;
  /** Wall time in ms after which it is void. */
  readonly notAfter: number;
};

/** Single-use proof that the gate allowed one exact change. Only `approvals/gate.ts` mints one; an object that looks alike is none. */
export class Permit {
  readonly fields: PermitFields;
  #used = false;
  private constructor(fields: PermitFields) {
    this.fields = Object.freeze(fields);
  }
  /** For the gate alone; the import test keeps it so. */
  static mint(fields: PermitFields): Permit {
    return new Permit(fields);
  }
  /** True once, for the server start that minted it, before it is void; ever after false. */
  use(now: number, boot: string): boolean {
    const valid = !this.#used && now <= this.fields.notAfter && boot === this.fields.boot;
    this.#used = true;
    return valid;
  }
}

/** The backend's key for one step in one direction: the same after a restart, so that a repeat has one effect. */
export function orderKey(hash: Digest, step: number, phase: 'run' | 'undo'): string {
  return `fb-${hash.slice(0, 24)}-${step}-${phase}`;
}
