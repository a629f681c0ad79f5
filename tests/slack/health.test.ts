import { EventEmitter } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { DEAF, type SlackHealth, watchHealth } from '#slack/health.ts';
import { keepConnected, type SocketClient } from '#slack/socket.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { slackRig } from './rig.ts';

function watched() {
  const changes: SlackHealth[] = [];
  return { changes, health: watchHealth((now) => changes.push(now)) };
}

test('calls that fail together are one failure; two of them within half a minute are a Slack that fails', () => {
  const { changes, health } = watched();
  for (const at of [0, 1, 2, 900]) health.failed(at, 'no connection');
  expect(health.now()).toEqual({ kind: 'ok' });
  health.failed(5_000, 'no connection');
  expect(changes).toEqual([{ kind: 'failing', since: 0, why: 'no connection' }]);
  health.worked();
  expect(health.now()).toEqual({ kind: 'ok' });
});

test('a failure that is sure needs no second one', () => {
  const { health } = watched();
  health.failed(5, 'token_revoked', true);
  expect(health.now()).toEqual({ kind: 'failing', since: 5, why: 'token_revoked' });
});

test('calls that work say nothing of a connection that is away', () => {
  const { changes, health } = watched();
  health.deaf(7);
  health.worked();
  expect(health.now()).toEqual({ kind: 'failing', since: 7, why: DEAF });
  health.deaf(null);
  expect(changes.map(({ kind }) => kind)).toEqual(['failing', 'ok']);
});

/** A client of Socket Mode whose connections the test makes and breaks. */
class FakeClient extends EventEmitter {
  up = false;
  async start(): Promise<void> {
    if (!this.up) throw new Error('invalid_auth');
  }
  async disconnect(): Promise<void> {
    this.emit('disconnected');
  }
}

test('a connection that is away for half a minute is told, once, and that it stands again', async () => {
  const clock = new FakeClock();
  const client = new FakeClient();
  const told: string[] = [];
  const socket = keepConnected(client as unknown as SocketClient, {
    ...{ clock, onEvent: () => {}, onLost: () => {} },
    ...{ onAway: () => told.push('away'), onBack: () => told.push('back') },
  });
  await clock.advance(29_000);
  expect(told).toEqual([]);
  await clock.advance(60_000);
  expect(told).toEqual(['away']);
  client.up = true;
  await clock.advance(60_000);
  expect(told).toEqual(['away', 'back']);
  client.up = false;
  client.emit('disconnected');
  await clock.advance(120_000);
  expect(told).toEqual(['away', 'back', 'away']);
  await socket.stop();
});

let close = async () => {};
afterEach(() => close());

test('while Slack fails it is asked whether it works again, also when nobody has anything to say', async () => {
  const clock = new FakeClock();
  const rig = await slackRig({ clock, door: { kind: 'http', signingSecrets: [] } });
  close = rig.close;
  rig.fake.faults.outage(true);
  const order = { channel: 'C0SHOP', thread: null, edit: null, incident: 'INC-1', call: 'e1' };
  const content = { kind: 'message', text: 'x', blocks: [] } as const;
  const sending = rig.app.send({ ...order, content }, new AbortController().signal);
  let answer: string | undefined;
  void sending.then(({ kind }) => (answer = kind));
  const passing = <T>(stepMs: number, seen: () => T) => {
    return async (): Promise<T> => {
      await clock.advance(stepMs);
      return seen();
    };
  };
  await expect.poll(passing(500, () => answer)).toBe('gap');
  rig.fake.faults.outage(false);
  expect(rig.app.health().kind).toBe('failing');
  await expect.poll(passing(5_000, () => rig.app.health().kind)).toBe('ok');
  expect(rig.health.map(({ kind }) => kind)).toEqual(['failing', 'ok']);
});
