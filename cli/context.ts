import type { Clock } from '#core/clock.ts';

/** `undefined` and `false` also mean that the person left. */
export type Prompt = {
  confirm(question: string): Promise<boolean>;
  text(question: string): Promise<string | undefined>;
};

/** What a command may use of the process it runs in; nothing else of it is in reach. */
export type Context = {
  readonly clock: Clock;
  /** IANA name of the time zone that people read. */
  readonly zone: string;
  /** Questions to a person; null when nobody sits at a terminal, and then nothing may be asked. */
  readonly prompt: Prompt | null;
  readonly colours: boolean;
  readonly cwd: string;
  readonly home: string;
  /** Value of FIREBREAK_TOKEN, where it is set. */
  readonly token: string | undefined;
  /** Results; one line, without its end. */
  readonly out: (line: string) => void;
  /** Progress, questions and errors. */
  readonly err: (line: string) => void;
  readonly stdin: () => Promise<string>;
  /** Resolves when the process is told to end. */
  readonly interrupted: () => Promise<void>;
};

/** Options that every command has. */
export type Common = {
  readonly json?: boolean;
  readonly dataDir?: string;
  readonly config?: string;
  readonly tokenFile?: string;
};

/**
 * What a command has to say: lines for people, one document for programs (none when it printed by itself), and the
 * exit code where it is not 0.
 */
export type Outcome = { readonly lines: readonly string[]; readonly json?: unknown; readonly exit?: number };
