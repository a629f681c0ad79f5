import { realClock } from '#core/clock.ts';
import { startExecutorChild } from '#server/executor/child.ts';
import { Hello } from '#server/executor/messages.ts';

// A process that starts the executor and tells its pid, to be killed by a test.

const hello = Hello.parse(JSON.parse(process.argv[2] ?? ''));
const child = startExecutorChild(hello, realClock, {
  onReady: () => console.log(child.pid),
  onEnd: () => process.exit(1),
});
