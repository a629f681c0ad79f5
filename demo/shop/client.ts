import { z } from 'zod';
import { FirebreakError } from '#core/errors.ts';
import { type Change, type Chaos, Deployment, Done, ServiceView } from './api-types.ts';
import { call } from './http.ts';
import type { ServiceName } from './plan.ts';

/** What a person or a CI job can do through the supervisor, and what only the injector can. */
export type SupervisorClient = {
  services(): Promise<ServiceView[]>;
  service(name: ServiceName): Promise<ServiceView>;
  deployments(name: ServiceName): Promise<Deployment[]>;
  change(name: ServiceName, change: Change): Promise<Done>;
  chaos(name: ServiceName, chaos: Chaos): Promise<void>;
};

/** Speaks to the supervisor on `port`. Every function throws FirebreakError when the answer is not 200; waits up to 12 s. */
export function supervisorClient(at: {
  port: number;
  operatorToken: string;
  chaosToken: string;
}): SupervisorClient {
  const ask = async (path: string, token: string, body?: object): Promise<unknown> => {
    const reply = await call({
      port: at.port,
      path,
      timeoutMs: 12_000,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (reply.kind !== 'answer') throw new FirebreakError('driver_failed', `supervisor: ${reply.kind}`);
    if (reply.code === 200) return JSON.parse(reply.body);
    throw new FirebreakError('driver_failed', `supervisor answered ${reply.code}: ${reply.body}`);
  };
  const read = (path: string): Promise<unknown> => ask(path, at.operatorToken);
  return {
    services: async () => z.array(ServiceView).parse(await read('/v1/services')),
    service: async (name) => ServiceView.parse(await read(`/v1/services/${name}`)),
    deployments: async (name) => z.array(Deployment).parse(await read(`/v1/services/${name}/deployments`)),
    change: async (name, { kind, ...body }) => {
      return Done.parse(await ask(`/v1/services/${name}/${kind}`, at.operatorToken, body));
    },
    chaos: async (name, chaos) => {
      await ask(`/chaos/${name}`, at.chaosToken, chaos);
    },
  };
}
