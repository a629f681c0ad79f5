import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aboutAlert } from '#incidents/alert-kind.ts';
import { SignalName } from '#incidents/vocabulary.ts';

test.each([
  ['HighErrorRate', 'error_ratio'],
  ['HTTP5xxBudgetBurn', 'error_ratio'],
  ['checkout_requests_failing', 'error_ratio'],
  ['HighLatency', 'latency_p95'],
  ['api-latency-p99-critical', 'latency_p95'],
  ['RequestDurationSLO', 'latency_p95'],
  ['UpstreamTimeouts', 'latency_p95'],
  ['InstanceDown', 'instances_up'],
  ['KubePodCrashLooping', 'instances_up'],
  ['KubePodNotReady', 'instances_up'],
  ['ProbeFailed', 'instances_up'],
  ['MemoryNearLimit', 'memory_use'],
  ['ContainerOOMKilled', 'memory_use'],
  ['WorkerPoolExhausted', 'saturation'],
  ['QueueBacklog', 'saturation'],
  ['TrafficDrop', 'request_rate'],
])('%s is about %s', (name, signal) => {
  expect(aboutAlert(name)).toBe(signal);
});

test.each(['CountdownFinished', 'Slowdownload', 'DiskFull', 'CertificateExpiresSoon', '', '___', 'Ümläut'])(
  '%j says nothing',
  (name) => {
    expect(aboutAlert(name)).toBeNull();
  },
);

test('any text gives a signal or nothing, quickly', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 5000, unit: 'binary' }), (name) => {
      const signal = aboutAlert(name);
      if (signal !== null) expect(SignalName.options).toContain(signal);
    }),
  );
});
