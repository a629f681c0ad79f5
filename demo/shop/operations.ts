import type { Change } from './api-types.ts';
import type { Answer, ManagedService } from './managed-service.ts';

/**
 * A change that came with an idempotency key. running -> succeeded | refused (nothing was done) | failed (it may have
 * been done in part).
 */
export type Operation = {
  readonly id: string;
  readonly key: string;
  readonly service: string;
  readonly kind: Change['kind'];
  state: 'running' | 'succeeded' | 'refused' | 'failed';
  answer: Answer | undefined;
};

/** Remembers every change by its key, so that a repeated key gets the first answer and no second effect. */
export type Operations = {
  submit(service: ManagedService, change: Change): Promise<Answer>;
  find(key: string): Operation | undefined;
};

function stateAfter(status: number): Operation['state'] {
  if (status === 200) return 'succeeded';
  return status < 500 ? 'refused' : 'failed';
}

/** Makes an empty memory of operations; it lives as long as the process. */
export function createOperations(): Operations {
  type Entry = { operation: Operation; text: string; answer: Promise<Answer> };
  const byKey = new Map<string, Entry>();

  async function run(operation: Operation, service: ManagedService, change: Change): Promise<Answer> {
    const answer = await service.change(change, operation.id);
    operation.state = stateAfter(answer.status);
    operation.answer = answer;
    return answer;
  }
  return {
    submit: (service, change) => {
      if (change.dryRun === true) return service.change(change, '');
      const { name } = service.view();
      const text = JSON.stringify({ name, ...change });
      const known = byKey.get(change.idempotencyKey);
      if (known) {
        if (known.text === text) return known.answer;
        return Promise.resolve({ status: 422, body: { error: 'key_reused' } });
      }
      const operation: Operation = {
        id: `op-${byKey.size + 1}`,
        key: change.idempotencyKey,
        service: name,
        kind: change.kind,
        state: 'running',
        answer: undefined,
      };
      const answer = run(operation, service, change);
      byKey.set(operation.key, { operation, text, answer });
      return answer;
    },
    find: (key) => byKey.get(key)?.operation,
  };
}
