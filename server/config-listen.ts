import { resolve } from 'node:path';
import { z } from 'zod';
import { parseCidr } from '#core/ip.ts';
import { show } from './config-problems.ts';
import { group } from './config-shape.ts';
import type { Problem } from './config-yaml.ts';
import { type Listen, LOCAL, listenProblem } from './listen-rules.ts';
import { tlsProblem } from './tls.ts';

const network = z
  .string()
  .refine((text) => parseCidr(text) !== undefined, 'is not a network such as 10.0.0.0/8')
  .transform((text) => parseCidr(text) ?? z.NEVER);
const networks = z.array(network).min(1).max(50);
const path = z.string().min(1).max(500);

/** Where the server listens. `host` may be `env:NAME`: in Kubernetes the address is known when it starts. */
export const listenFile = z.strictObject({
  host: z.string().max(110).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(7411),
  allow: networks.exactOptional(),
  hosts: z
    .array(
      z
        .string()
        .regex(
          /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/,
          'is not a host name such as firebreak.example.com',
        )
        .transform((name) => name.toLowerCase()),
    )
    .min(1)
    .max(50)
    .exactOptional(),
  tls: z.strictObject({ cert: path, key: path }).exactOptional(),
  trusted_proxies: networks.exactOptional(),
});

type From = { readonly base: string; readonly env: Readonly<Record<string, string | undefined>> };
const HOST_REF = /^env:([A-Za-z_][A-Za-z0-9_]{0,99})$/;

/** The settings as the server takes them; `base` is the folder of the config. */
export function buildListen(file: z.infer<typeof listenFile>, { base, env }: From): Listen {
  const { host, port, allow, hosts, tls, trusted_proxies } = file;
  const name = HOST_REF.exec(host)?.[1];
  return {
    host: name === undefined ? host : (env[name]?.trim() ?? ''),
    port,
    allow: allow ?? LOCAL.allow,
    hosts: hosts ?? LOCAL.hosts,
    tls: tls === undefined ? null : { cert: resolve(base, tls.cert), key: resolve(base, tls.key) },
    trustedProxies: trusted_proxies ?? LOCAL.trustedProxies,
  };
}

/** Why the server must not listen as the file says. What is not of the right form is the schema's business. */
export function checkListen(file: unknown, from: From): Problem[] {
  const { listen: written } = group(file);
  const parsed = listenFile.safeParse(written ?? {});
  if (!parsed.success) return [];
  const listen = buildListen(parsed.data, from);
  const asked = parsed.data.host;
  if (HOST_REF.test(asked) && listen.host === '')
    return [{ path: ['listen', 'host'], message: `environment variable ${asked.slice(4)} is not set` }];
  const problem = listenProblem(listen);
  const tls = listen.tls === null ? undefined : tlsProblem(listen.tls);
  return [
    ...(problem === undefined ? [] : [atSetting(problem, listen)]),
    ...(tls === undefined ? [] : [{ path: ['listen', 'tls', tls.setting], message: tls.message }]),
  ];
}

function atSetting(
  { setting, message }: { setting: 'host' | 'allow'; message: string },
  { host }: Listen,
): Problem {
  const at = ['listen', setting];
  return { path: at, message: setting === 'host' ? `${show(at, host)} ${message}` : message };
}
