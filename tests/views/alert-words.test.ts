import { expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { alertWords } from '#views/alert-words.ts';
import { T0 } from './a-plan.ts';
import { storyEntries } from './a-story.ts';

/** The incident after these decisions about alerts. */
function words(
  ...decisions: { kind: 'alert.joined' | 'alert.suppressed'; name: string; reason: string }[]
): string[] {
  const fold = new IncidentFold();
  const [opened] = storyEntries('session.spawned');
  if (opened === undefined) throw new Error('no story');
  fold.apply(opened);
  for (const [index, { kind, name, reason }] of decisions.entries()) {
    const alert = {
      ...Object(opened.body.alert),
      name,
      startsAt: T0,
      service: 'gateway',
      fingerprint: sha256(name),
    };
    const body = { alert: name === 'HighErrorRate' ? opened.body.alert : alert, reason };
    fold.apply({ ...opened, seq: index + 1, kind, body: JSON.parse(JSON.stringify(body)) });
  }
  const incident = fold.current()[0];
  return incident === undefined ? [] : alertWords(incident);
}

test('one alert that opened its incident needs no words', () => {
  expect(words()).toEqual([]);
});

test('each further alert says why it belongs, in words', () => {
  expect(
    words(
      { kind: 'alert.joined', name: 'HighLatency', reason: 'related_service' },
      { kind: 'alert.joined', name: 'Odd\u202e', reason: 'a_reason_of_later' },
    ),
  ).toEqual([
    'HighErrorRate checkout (opened it)',
    'HighLatency gateway (joined: a service that depends on it or that it depends on)',
    'Odd\\u{202e} gateway (a reason of later)',
  ]);
});

test('an alert that flaps says that it is held as firing, also when it is the only one', () => {
  expect(words({ kind: 'alert.suppressed', name: 'HighErrorRate', reason: 'flapping' })).toEqual([
    'HighErrorRate checkout (flaps: held as firing until it is calm for 10 min)',
  ]);
  expect(words({ kind: 'alert.suppressed', name: 'HighErrorRate', reason: 'same_alert' })).toEqual([]);
});
