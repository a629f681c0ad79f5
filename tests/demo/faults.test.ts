import { expect, test } from 'vitest';
import { brokenService, FAULTS } from '#demo/faults.ts';
import { SERVICES } from '#demo/shop/plan.ts';
import { compute, Version } from '#demo/shop/versions.ts';

test('nothing is broken in a false alarm, and in every other fault the service it was put on', () => {
  for (const service of SERVICES) {
    expect(brokenService('false-alarm', service)).toBeNull();
    expect(brokenService('slow-disk', service)).toBe(service);
    expect(brokenService('wrong-fix', service)).toBe(service);
  }
});

test('a fault without a known name has no cure among the changes', () => {
  const unknown = Object.values(FAULTS).filter(({ kind }) => kind === 'unknown');
  expect(unknown.length).toBeGreaterThanOrEqual(3);
  for (const { cure } of unknown) expect(cure).toBeNull();
});

test('the newer version throws a TypeError for records without their optional part, the older for none', () => {
  const [plain, full] = [
    { id: 1, amount: 11 },
    { id: 9, amount: 19, extra: { amount: 1 } },
  ];
  for (const service of SERVICES) {
    expect(compute('v41', service, plain)).toBe(11);
    expect(compute('v41', service, full)).toBe(18);
    expect(compute('v42', service, full)).toBe(18);
    expect(() => compute('v42', service, plain)).toThrow(TypeError);
  }
});

test('no name of a version tells what it does', () => {
  for (const version of Version.options) expect(version).toMatch(/^v\d+$/);
});
