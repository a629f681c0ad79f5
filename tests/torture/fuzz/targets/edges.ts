import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { realRandom } from '#core/clock.ts';
import { correlationOf } from '#core/correlation.ts';
import { sha256 } from '#core/hash.ts';
import { inert } from '#core/inert.ts';
import { ipText, parseCidr, parseIp } from '#core/ip.ts';
import { redact } from '#core/redact.ts';
import { instantOf, isZone, wallTimeOf } from '#core/zoned-time.ts';
import { untilOf } from '#incidents/until.ts';
import { bearerToken } from '#intake/bearer.ts';
import { loadConfig } from '#server/config.ts';
import { DecisionRequest, PolicyRequest, ReleaseRequest, StopRequest } from '#server/http-api.ts';
import { turnedAway } from '#server/http-guard.ts';
import { callerOf } from '#server/http-peer.ts';
import { needs, withBody } from '#server/http-wish.ts';
import { IncidentRequest } from '#server/incident-request.ts';
import { MaintenanceRequest } from '#server/maintenance-request.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { CANARY } from '../canary.ts';
import { bytesOf, mustBeSame, read, refused, type Target } from '../target.ts';

const now = new FakeClock().now();
const proxy = parseCidr('10.0.0.0/8');
if (proxy === undefined) throw new Error('no proxy');
const listen = {
  host: '10.1.2.3',
  port: 7411,
  allow: [proxy],
  hosts: ['firebreak.example.com'],
  tls: null,
  trustedProxies: [proxy],
};

const config = `# ${CANARY}
environment: demo
default_owner: team-shop
teams:
  - id: team-shop
    name: Shop
    rota:
      people: [alice]
      first: 2026-01-05
      handover: monday 09:00
      every: 7d
      zone: Europe/Berlin
      override: [{from: "2026-01-07T18:00+01:00", until: "2026-01-07T22:00+01:00", person: alice}]
    rungs: [{after: 5m, notify: team}]
people:
  - {id: alice, name: Alice, token: "sha256:${sha256('a')}", roles: [responder, owner], teams: [team-shop]}
sources:
  alertmanager: {kind: alertmanager, token: env:AM_TOKEN, poll: {url: http://127.0.0.1:9093, every: 10s}}
watches:
  - {service: checkout, signal: error_ratio, above: 0.05, for: 500ms}
telemetry:
  prom: {kind: prometheus, url: http://127.0.0.1:9090, label: app}
services:
  - {id: checkout, depends_on: [inventory], max_replicas: 4, telemetry: prom, probe: http://127.0.0.1:9001/healthz}
  - {id: inventory, telemetry: prom}
policy:
  rules:
    - {tools: [service_restart], environments: [demo], services: ["*"], answer: ask}
timing: {approval: 5m, verify_samples: 3}
`;
/** `written`: what stands where the config names its secret; the secret itself, where somebody does not know better. */
function configs(name: string, written: string): Target {
  let dir: string | undefined;
  return {
    name,
    seeds: [config],
    throws: ['config_invalid'],
    share: 0.1,
    run: (input) => {
      dir ??= mkdtempSync(join(tmpdir(), 'firebreak-fuzz-'));
      const file = join(dir, 'firebreak.yaml');
      writeFileSync(file, bytesOf(input.replaceAll('env:AM_TOKEN', written)));
      loadConfig(file, { AM_TOKEN: CANARY });
      return read();
    },
    close: () => {
      if (dir !== undefined) rmSync(dir, { recursive: true });
    },
  };
}

const requests: readonly z.ZodType[] = [
  DecisionRequest,
  ReleaseRequest,
  StopRequest,
  PolicyRequest,
  IncidentRequest,
  MaintenanceRequest,
];

export const edgeTargets: readonly Target[] = [
  configs('config', 'env:AM_TOKEN'),
  {
    name: 'HTTP request body',
    seeds: [JSON.stringify({ effect: 'happened' }), JSON.stringify({ verb: 'ack' })],
    run: (input) => {
      const answers = requests.map((schema) =>
        withBody({ body: bytesOf(input) }, schema, () =>
          needs('read', async () => ({ status: 200, body: {} })),
        ),
      );
      const told = answers.map((one) => ('error' in one ? redact(one.error) : ''));
      return answers.some((one) => 'right' in one) ? read() : refused(told);
    },
  },
  {
    name: 'HTTP headers',
    seeds: ['firebreak.example.com', '10.1.2.3:7411', 'localhost:7411', '[::1]:7411'],
    run: (input) => {
      const request = {
        method: 'GET',
        url: '/v1/status',
        headers: { host: input },
        rawHeaders: ['Host', input],
      };
      const caller = callerOf('10.0.0.9', undefined, listen);
      const turned = turnedAway(request, caller, listen);
      bearerToken(input);
      const id = correlationOf(input, realRandom);
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw new Error('a correlation id of another form');
      return turned === undefined ? read() : refused(turned.error);
    },
  },
  {
    name: 'X-Forwarded-For',
    seeds: ['203.0.113.7, 10.0.0.5', '2001:db8::1, 10.9.9.9', '10.0.0.1'],
    run: (input) => {
      const { peer } = callerOf('10.0.0.9', input, listen);
      if (parseIp(peer) === undefined) throw new Error('a peer that is no address');
      return peer === '10.0.0.9' ? refused() : read();
    },
  },
  {
    name: 'address',
    seeds: ['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', 'fe80::1:2:3', '255.255.255.255'],
    run: (input) => {
      const ip = parseIp(input);
      if (ip === undefined) return refused();
      const again = parseIp(ipText(ip));
      mustBeSame(again === undefined ? '' : ipText(again), ipText(ip));
      return read();
    },
  },
  {
    name: 'block of addresses',
    seeds: ['10.0.0.0/8', 'fd00::/8', '0.0.0.0/0', '::ffff:10.0.0.0/104'],
    run: (input) => (parseCidr(input) === undefined ? refused() : read()),
  },
  {
    name: 'end of a silence',
    seeds: ['90m', '2h', '18:30', '9999d', '2027-01-31T18:00+01:00'],
    run: (input) => {
      const at = untilOf(input, { now, zone: 'Europe/Berlin' });
      if (at === undefined) return refused();
      if (!Number.isSafeInteger(at) || at <= now) throw new Error(`an end at ${at}`);
      return read();
    },
  },
  {
    name: 'time zone',
    seeds: ['Europe/Berlin', 'UTC', 'America/St_Johns', 'Pacific/Apia'],
    run: (input) => {
      if (!isZone(input)) return refused();
      const at = instantOf(wallTimeOf(now, input), input);
      if (Math.abs(at - now) > 60_000 + 3_600_000) throw new Error(`${now} came back as ${at}`);
      return read();
    },
  },
  {
    name: 'redaction',
    seeds: [
      `token=${CANARY}`,
      `{"password":"${CANARY}","url":"https://u:${CANARY}@h/"}`,
      `Authorization%3A%20Bearer%20${CANARY}`,
      `&quot;secret&quot;: &quot;${CANARY}&quot;`,
    ],
    run: (input) => read(redact(input)),
  },
  {
    name: 'inert text',
    seeds: ['a\u202eb\u0000c\u001b[31m', 'é\ud83e\udde8'],
    run: (input) => {
      const text = inert(input);
      if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text)) throw new Error('something that steers is left');
      return read();
    },
  },
];
