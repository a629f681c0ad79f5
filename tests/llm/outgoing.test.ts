import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import type { Item } from '#llm/model.ts';
import { createOutgoing, KEPT_BACK, type PolicyOf, type SendPolicy } from '#llm/outgoing.ts';

const OWN = new Secret('correct horse battery');
const SECRET = `sk-ant-${'a1b2'.repeat(6)}`;

function asked(id: string, args: { [key: string]: string }): Item {
  return { kind: 'reply', text: '', calls: [{ id, tool: 'logs_search', args }] };
}
function result(id: string, text: string, call: string | null = null): Item {
  const evidence = call === null ? null : CallId.parse(call);
  return { kind: 'result', id, call: evidence, tool: 'logs_search', outcome: 'ok', value: { text }, text };
}
const always = (policy: SendPolicy) => createOutgoing({ policyOf: () => policy, secrets: [OWN] });

test('secrets of known formats leave in no text and in no argument', () => {
  const items: Item[] = [
    { kind: 'input', source: 'brief', value: SECRET, text: `key ${SECRET}` },
    { kind: 'reply', text: SECRET, calls: [{ id: '1', tool: 't', args: { deep: [{ key: SECRET }] } }] },
    result('1', `line with ${SECRET}`),
  ];
  const sent = always('redacted')(items);
  expect(JSON.stringify(sent)).not.toContain(SECRET);
  expect(JSON.stringify(sent)).toContain('[redacted]');
});

test('a credential of our own leaves in no text, whatever it looks like and whatever the rule says', () => {
  const items = [asked('1', { note: OWN.reveal() }), result('1', `password is ${OWN.reveal()}!`)];
  for (const policy of ['full', 'redacted', 'never'] as const)
    expect(JSON.stringify(always(policy)(items))).not.toContain(OWN.reveal());
});

test('full leaves a result as it is, never turns it into a gap, and what rules read leaves with neither', () => {
  const items = [asked('1', {}), result('1', `line with ${SECRET}`)];
  expect(always('full')(items)[1]).toMatchObject({ outcome: 'ok', value: null, text: `line with ${SECRET}` });
  expect(always('never')(items)[1]).toMatchObject({ outcome: 'gap', value: null, text: KEPT_BACK });
});

test('the rule is asked with the call that a result answers, also when ids come twice', () => {
  const seen: unknown[] = [];
  const policyOf: PolicyOf = (call) => {
    seen.push(call.args);
    return 'redacted';
  };
  const outgoing = createOutgoing({ policyOf, secrets: [] });
  outgoing([asked('1', { n: 'a' }), result('1', 'x'), asked('1', { n: 'b' }), result('1', 'y')]);
  expect(seen).toEqual([{ n: 'a' }, { n: 'b' }]);
});

test('what may not leave does not leave through a call that reads the evidence again', () => {
  const policyOf: PolicyOf = (call, earlier) => {
    const args = call.args;
    const cited = typeof args === 'object' && args !== null && 'call' in args ? args.call : null;
    return cited === 'e1' ? (earlier(CallId.parse('e1')) ?? 'redacted') : 'never';
  };
  const outgoing = createOutgoing({ policyOf, secrets: [] });
  const sent = outgoing([
    asked('1', {}),
    result('1', 'x', 'e1'),
    asked('2', { call: 'e1' }),
    result('2', 'x', 'e2'),
  ]);
  expect(sent[3]).toMatchObject({ text: KEPT_BACK });
});

test('the same item gives the same object every time, however long the transcript gets', () => {
  const outgoing = always('redacted');
  const items = [asked('1', {}), result('1', 'x'), asked('2', {}), result('2', 'y')];
  const first = outgoing(items.slice(0, 2));
  const second = outgoing(items);
  expect(second[0]).toBe(first[0]);
  expect(second[1]).toBe(first[1]);
});

test('no value that only rules read ever leaves', () => {
  const text = fc.string();
  const item = fc.oneof(
    fc.record({
      kind: fc.constant('input' as const),
      source: fc.constant('wake' as const),
      value: text,
      text,
    }),
    text.map((said) => result('1', said)),
  );
  fc.assert(
    fc.property(fc.array(item), fc.constantFrom<SendPolicy>('full', 'redacted', 'never'), (items, policy) => {
      for (const one of always(policy)(items)) if (one.kind !== 'reply') expect(one.value).toBeNull();
    }),
  );
});
