import { describe } from 'vitest';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { testLog } from './log-conformance.ts';

describe('memory log', () => testLog((options) => openMemoryLog({ random: realRandom, ...options })));
