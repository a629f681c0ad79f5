import { decodings, type View } from './decodings.ts';

export const REDACTED = '[redacted]';

/** `head` of a match, its first group, is kept, and so are the last `tail` characters. */
type Rule = { readonly pattern: RegExp; readonly tail?: number };

const NAMES = [
  ...[
    'password',
    'passwd',
    'passphrase',
    'pwd',
    'secret',
    'token',
    'credentials?',
    'authorization',
    'cookie',
  ],
  ...[
    ...['api', 'access', 'account', 'private', 'routing', 'integration', 'signing', 'encryption'],
    ...['secret', 'app', 'application', 'ssh', 'master', 'auth'],
  ].map((kind) => `${kind}[_ -]?key`),
  ...['db', 'user', 'root', 'admin', 'smtp', 'mysql', 'pg', 'redis'].map((whose) => `${whose}[_-]?pass`),
].join('|');
const SCHEME = String.raw`(?:(?:bearer|basic|token)\s{1,4})?`;
/** Beginnings by which vendors mark their own keys, and what follows: those that stand in no other word. */
const MARKED = [
  /sk-ant-[\w-]{16,}/, // Anthropic
  /(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}/, // Stripe
  /github_pat_\w{20,}/,
  /gh[pousr]_[A-Za-z0-9]{20,}/,
  /glpat-[\w-]{20,}/, // GitLab
  /npm_[A-Za-z0-9]{30,}/,
  /xox[a-z]-[A-Za-z0-9%+/=-]{10,}/, // Slack
  /xapp-[A-Za-z0-9-]{10,}/,
  /GOCSPX-[\w-]{20,}/, // Google
  /dop_v1_[0-9a-f]{32,}/,
  /hf_[A-Za-z0-9]{30,}/, // Hugging Face
  /shp(?:at|ca|pa|ss)_[0-9a-f]{32,}/, // Shopify
  /gl(?:sa|c)_[\w=-]{24,}/, // Grafana
  /dckr_pat_[\w-]{20,}/,
  /ATATT3[\w=-]{30,}/, // Atlassian
  /lin_api_[A-Za-z0-9]{30,}/, // Linear
  /AGE-SECRET-KEY-1[A-Z0-9]{40,}/,
  /fbk_[\w-]{43,}/, // our own
];
/** Those that could be the end of another word. */
const AT_START = [
  /sk-[\w-]{20,}/, // OpenAI
  /whsec_[\w+/=-]{20,}/, // Stripe
  /pypi-[\w-]{40,}/,
  /(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{16}(?![A-Za-z0-9])/, // AWS
  /(?:u|pdus|pdeu)\+[\w-]{16,}/, // PagerDuty
  /AIza[\w-]{35,}/, // Google
  /ya29\.[\w-]{20,}/,
  /hv[sbr]\.[\w-]{20,}/, // Vault
  /SG\.[\w-]{16,64}\.[\w-]{16,}/, // SendGrid
];
const anyOf = (patterns: readonly RegExp[]): string => patterns.map(({ source }) => source).join('|');

/** Each is linear: what may fail is bounded, what is unbounded cannot fail. */
const rules: readonly Rule[] = [
  // private keys, also cut off in the middle
  {
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  },
  // user and password of a database address; the password may hold a slash
  {
    pattern:
      /(\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|clickhouse):\/\/)(?!\[redacted\]@)[^\s"'<>]{1,512}@/gi,
    tail: 1,
  },
  // user and password, or a token, of any other address
  { pattern: /(:\/\/)(?!\[redacted\]@)[^\s/?#"'<>]{1,512}@/g, tail: 1 },
  // addresses that are a right by themselves
  { pattern: /(hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/)[\w/-]+/g },
  { pattern: /(discord(?:app)?\.com\/api\/webhooks\/)[\w/-]+/g },
  { pattern: /(events\.(?:eu\.)?pagerduty\.com\/(?:integration|x-ere)\/)\w+/g },
  // user and password of a database, as drivers of Go write them
  { pattern: /(\b[\w.-]{1,64}:)(?!\[redacted\])[^\s@"'<>]{1,128}(?=@(?:tcp|unix)\()/g },
  { pattern: new RegExp(anyOf(MARKED), 'g') },
  { pattern: new RegExp(`(?<![A-Za-z0-9])(?:${anyOf(AT_START)})`, 'g') },
  { pattern: /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*/g }, // JWT
  { pattern: /(\bbearer\s{1,4})(?=\S{0,512}\d)[\w.~+/=-]{12,}/gi },
  { pattern: /(\b[Bb]asic\s{1,4})(?=\S{0,512}(?:[a-z][A-Z]|\d|=))[A-Za-z0-9+/]{12,}={0,2}/g },
  // signatures that are a right by themselves
  { pattern: /([?&;](?:sig|signature|x-amz-signature|x-goog-signature)=)[\w%+/=-]{20,}/gi },
  {
    pattern:
      /((?<![\w-])--?(?:[a-z]{1,20}-){0,3}(?:password|passwd|token|secret|api-?key)\s{1,4})(?![-[])(?:"[^"]*"?|'[^']*'?|[^\s"']+)/gi,
  },
  {
    pattern: /(\bsshpass\s{1,4}-p\s{0,1})(?![-[\s])[^\s"']+/g,
  },
  {
    pattern:
      /(\bcurl\s[^\r\n]{0,200}?(?<=\s)(?:-u|--user)[\s=]{1,2}["']?[^\s:"']{1,64}:)(?!\[redacted\])[^\s"']+/g,
  },
  // every cookie of a header
  {
    pattern:
      /(\bcookie\s{0,4}:\s{0,4})(?!\[redacted\])[^\s;,"'=]{1,64}=[^\s;,"']*(?:;\s?[^\s;,"'=]{1,64}=[^\s;,"']*)*/gi,
  },
  // a setting of a container: its name, then its value
  {
    pattern: new RegExp(
      String.raw`((?:${NAMES})\w{0,20}\\?["']?\s{0,4}(?:,|\n)\s{0,40}\\?["']?value\\?["']?\s{0,4}[:=]\s{0,4})(?!\[redacted\])(?:\\"[^"\\]*|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"',;&)}\]]+)`,
      'gi',
    ),
  },
  { pattern: new RegExp(`(<[\\w:.-]{0,40}(?:${NAMES})>)(?!\\[redacted\\])[^<]{1,2000}`, 'gi') },
  {
    pattern: new RegExp(
      String.raw`((?:${NAMES})\\?["']?\s{0,40}(?:=>|:=|[:=：＝])\s{0,40}${SCHEME}(?:token=)?)(?!["'\\]{0,2}${SCHEME}(?:token=)?\[redacted\])(?:\[["'][^\]]{0,500}\]?|\{["'][^{}]{0,500}\}?|\\"[^"\\]*|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"',;&)}\]]+)`,
      'gi',
    ),
  },
];

/**
 * Removes secrets of known formats and the values of names such as `password=`, also where they are written with the
 * escapes of JSON, of a URL or of HTML, up to three times over; time grows linearly with the text. It lowers the harm of
 * a leak, it does not promise that nothing secret is left. Give it whole texts: half a secret is not known as one.
 */
export function redact(text: string): string {
  let clean = text;
  // What was removed can be what hid the beginning of the next one.
  for (let pass = 0; pass < PASSES; pass += 1) {
    const cleaner = redactOnce(clean);
    if (cleaner === clean) break;
    clean = cleaner;
  }
  return clean;
}

const PASSES = 5;

function redactOnce(text: string): string {
  return without(text, findSecrets(text));
}

/** Removes these very texts, also where they are written with escapes or look-alikes. */
export function withoutTexts(text: string, secrets: readonly string[]): string {
  const spans = decodings(text).flatMap((view) => secrets.flatMap((secret) => placesOf(secret, view)));
  return without(text, merged(spans));
}

function placesOf(secret: string, { text, at }: View): Span[] {
  const places: Span[] = [];
  for (let from = text.indexOf(secret); from >= 0; from = text.indexOf(secret, from + secret.length))
    places.push({ from: at(from), to: at(from + secret.length) });
  return places;
}

function without(text: string, spans: readonly Span[]): string {
  let clean = '';
  let done = 0;
  for (const { from, to } of spans) {
    clean += text.slice(done, from) + REDACTED;
    done = to;
  }
  return clean + text.slice(done);
}

/** Where in a text one pass finds something to remove, in order and without overlaps. */
export function findSecrets(text: string): readonly Span[] {
  return merged(decodings(text).flatMap(spansIn));
}

function merged(found: readonly Span[]): readonly Span[] {
  const spans: Span[] = [];
  for (const span of found.toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last === undefined || span.from >= last.to) spans.push(span);
    else if (span.to > last.to) spans[spans.length - 1] = { from: last.from, to: span.to };
  }
  return spans;
}

export type Span = { readonly from: number; readonly to: number };

/** Where in the text that was given something is to be removed. */
function spansIn({ text, at }: View): Span[] {
  const spans: Span[] = [];
  for (const { pattern, tail = 0 } of rules) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const from = match.index + (match[1]?.length ?? 0);
      const to = match.index + match[0].length - tail;
      spans.push({ from: at(from), to: at(to) });
    }
  }
  return spans;
}
