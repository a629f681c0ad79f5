import { unreachable } from '#core/errors.ts';
import type { Decimal, SignalName } from '#incidents/vocabulary.ts';

/** A figure of a signal with its unit: `31 %`, `412 ms`, `120 req/s`; null is said, not left out. */
export function signalValue(signal: SignalName, value: Decimal | number | null): string {
  if (value === null) return 'not seen';
  const number = Number(value);
  if (!Number.isFinite(number)) return 'not a number';
  switch (signal) {
    case 'error_ratio':
    case 'saturation':
    case 'memory_use':
      return `${short(number * 100)} %`;
    case 'latency_p95':
      return millis(number);
    case 'request_rate':
      return `${short(number)} req/s`;
    case 'instances_up':
      return `${short(number)} up`;
    default:
      return unreachable(signal);
  }
}

/** A figure beside what it normally is: `31 % (normal 0.2 %)`. */
export function compared(
  signal: SignalName,
  now: Decimal | number | null,
  normal: Decimal | number | null,
): string {
  const seen = signalValue(signal, now);
  return now === null || normal === null ? seen : `${seen} (normal ${signalValue(signal, normal)})`;
}

/** The band that a signal must come back into: `below 2 %`, or `90 to 120 req/s` where it has a floor. */
export function band(signal: SignalName, low: Decimal, high: Decimal): string {
  const lowest = Number(low);
  if (lowest <= 0) return `at most ${signalValue(signal, high)}`;
  return `${signalValue(signal, low)} to ${signalValue(signal, high)}`;
}

/** `412 ms`, `2.9 s`. */
export function millis(ms: number): string {
  return Math.abs(ms) < 1000 ? `${short(ms)} ms` : `${short(ms / 1000)} s`;
}

/** Money that was spent, from millionths of a dollar: `$0.04`; less than a cent is not shown as nothing. */
export function dollars(usdMicros: number): string {
  return usdMicros > 0 && usdMicros < 10_000 ? 'under $0.01' : `$${(usdMicros / 1_000_000).toFixed(2)}`;
}

/** `1 alert`, `3 alerts`; the plural is given where an `s` does not make it. */
export function count(amount: number, noun: string, plural = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : plural}`;
}

/** Percent as the part of one that people read a confidence in: 86 -> `0.86`. */
export function confidence(percent: number): string {
  return (percent / 100).toFixed(2);
}

/** At most three digits that matter and no trailing zeros; never an exponent. */
function short(number: number): string {
  const size = Math.abs(number);
  const digits = size >= 10 || size === 0 ? 0 : size >= 1 ? 1 : size >= 0.1 ? 2 : 3;
  const text = number.toFixed(digits);
  const trimmed = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return trimmed === '-0' ? '0' : trimmed;
}
