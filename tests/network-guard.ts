import { afterEach } from 'vitest';
import { closeNetwork, takeRefusals } from './network.ts';

// Runs before each test file: nothing reaches another machine, and a test that tried to fails even if the code coped.
closeNetwork();

afterEach(() => {
  const refused = takeRefusals();
  if (refused.length > 0) throw new Error(refused.join('\n'));
});
