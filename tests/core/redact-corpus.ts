/**
 * Secrets of every known format, put together here so that no scanner, ours included, mistakes this file for a leak.
 * `secret` is what must not be left over; `text` is how it is usually met.
 */
export type Planted = { readonly name: string; readonly secret: string; readonly text: string };

const body = ['a1B2c3D4', 'e5F6g7H8', 'i9J0k1L2', 'm3N4o5P6'].join('');
const digits = '1234567890';
const hex = ['0f1e2d3c', '4b5a6978', '8796a5b4', 'c3d2e1f0'].join('');
const upper = ['ABCDEFGH', '12345678'].join('');
const base64 = Buffer.from(`shop:${body}`).toString('base64');
const join = (...parts: readonly string[]): string => parts.join('');
const pem = (kind: string): string =>
  [join('-----BEGIN ', kind, '-----'), body + body, body + body, join('-----END ', kind, '-----')].join('\n');

const marked: Readonly<Record<string, string>> = {
  anthropic: join('sk-', 'ant-api03-', body),
  openai: join('sk-', body),
  'openai of a project': join('sk-', 'proj-', body),
  'github classic': join('gh', 'p_', body),
  'github app': join('gh', 's_', body),
  'github fine-grained': join('github', '_pat_', body),
  'slack bot': join('xo', 'xb-', digits, '-', body),
  'slack user': join('xo', 'xp-', digits, '-', body),
  'slack app': join('xa', 'pp-1-', body),
  'aws key id': join('AK', 'IA', upper),
  'aws session key id': join('AS', 'IA', upper),
  pagerduty: join('u', '+', body.slice(0, 18)),
  'pagerduty of a region': join('pd', 'us+', body),
  'google api': join('AI', 'za', body, 'xyz'),
  'google client': join('GOC', 'SPX-', body),
  stripe: join('sk', '_live_', body),
  'stripe webhook': join('wh', 'sec_', body),
  npm: join('np', 'm_', body, 'abcd'),
  gitlab: join('gl', 'pat-', body),
  vault: join('hv', 's.', body),
  sendgrid: join('S', 'G.', body.slice(0, 22), '.', body),
  jwt: join('ey', 'JhbGciOiJIUzI1NiJ9', '.', 'eyJzdWIiOiIxMjM0In0', '.', body),
  'slack cookie': join('xo', 'xd-', body.slice(0, 12), '%2F', body),
  'hugging face': join('hf', '_', body),
  shopify: join('shp', 'at_', hex),
  grafana: join('gl', 'sa_', body),
  docker: join('dckr', '_pat_', body),
  atlassian: join('ATA', 'TT3', body),
  'our own': join('fb', 'k_', body, 'abcdefghijk'),
};
/** A word, what stands between, and the value. */
const named: readonly (readonly [string, string])[] = [
  ['password=', body],
  ['DB_PASSWORD: ', body],
  [join('aws_secret', '_access_key = '), body],
  ['SecretAccessKey: ', body],
  ['AccountKey=', base64],
  ['x-api-key: ', hex],
  ['routing_key=', hex],
  ['Authorization: Bearer ', body],
  ['authorization: Basic ', base64],
  ['sent Bearer ', body],
  ['with Basic ', base64],
  ['Authorization: Token token=', body],
  ['Cookie: ', body],
  ['client-secret: ', body],
  ['run --password ', body],
  ['run --client-secret ', body],
  ['sshpass -p ', body],
  ['curl -s -u admin:', body],
  ['password =>  ', body],
  ['password:            ', body],
  ['api key: ', body],
  ['secretKey: ', body],
  ['DD_APP_KEY=', hex],
  ['MYSQL_PASS=', body],
  ['pass\u001b[33mword\u001b[0m=\u001b[1m', body],
  ['password&equals;', body],
  ['Cookie: theme=dark; sid=', body],
  ['https://events.pagerduty.com/integration/', hex],
  ['https://blob.example/c?sv=2024-01-01&sig=', `${body}%3D`],
];
const addresses: readonly (readonly [string, string, string])[] = [
  ['https://shop:', body, '@api.example.com/v1'],
  ['postgres://shop:', `${body}/x`, '@db:5432/shop'],
  ['redis://:', body, '@cache:6379'],
  ['mongodb+srv://shop:', body, '@db.example.com'],
  ['https://', body, '@git.example.com/a.git'],
];

/** Every secret with the words around it. */
export const planted: readonly Planted[] = [
  ...Object.entries(marked).map(([name, secret]) => ({ name, secret, text: secret })),
  ...named.map(([word, secret]) => ({ name: `value after ${word.trim()}`, secret, text: word + secret })),
  ...addresses.map(([before, secret, after]) => ({
    name: `userinfo of ${before}`,
    secret,
    text: before + secret + after,
  })),
  { name: 'value in JSON', secret: body, text: JSON.stringify({ user: 'bob', password: body, n: 1 }) },
  {
    name: 'value in JSON in JSON',
    secret: body,
    text: JSON.stringify({ line: JSON.stringify({ api_key: body }) }),
  },
  { name: 'value in a list', secret: body, text: JSON.stringify({ password: ['short', body] }) },
  { name: 'value in a group', secret: body, text: JSON.stringify({ token: { value: body } }) },
  {
    name: 'setting of a container',
    secret: body,
    text: JSON.stringify([{ name: 'DB_PASSWORD', value: body }]),
  },
  { name: 'value in XML', secret: body, text: `<db:password>${body}</db:password>` },
  { name: 'database address of Go', secret: body, text: `shop:${body}@tcp(127.0.0.1:3306)/shop` },
  { name: 'quoted value of several words', secret: `${body} and more`, text: `secret='${body} and more'` },
  {
    name: 'value with a quote in it',
    secret: body.slice(8),
    text: JSON.stringify({ password: `${body.slice(0, 8)}"${body.slice(8)}` }),
  },
  {
    name: 'address of a Slack webhook',
    secret: body,
    text: `https://${join('hooks', '.slack')}.com/services/T000/B000/${body}`,
  },
  ...['RSA PRIVATE KEY', 'PRIVATE KEY', 'EC PRIVATE KEY', 'PGP PRIVATE KEY BLOCK'].map((kind) => ({
    ...{ name: kind, secret: body, text: pem(kind) },
  })),
];

const each = (text: string, write: (code: number) => string): string =>
  [...text].map((one) => write(one.codePointAt(0) ?? 0)).join('');
const hexOf = (code: number, width: number): string => code.toString(16).padStart(width, '0');

/** Ways in which the same text may be written by what hands it on. */
export const encodings: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'a URL': encodeURIComponent,
  'a URL, every character': (text) => each(text, (code) => `%${hexOf(code, 2).toUpperCase()}`),
  'a URL in a URL': (text) => encodeURIComponent(encodeURIComponent(text)),
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  'JSON, every character': (text) => each(text, (code) => `\\u${hexOf(code, 4)}`),
  'JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)).slice(1, -1),
  HTML: (text) => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`),
  'HTML by name': (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
  'HTML, every character': (text) => each(text, (code) => `&#x${hexOf(code, 2)};`),
  'a script, every character': (text) => each(text, (code) => `\\x${hexOf(code, 2)}`),
};

/** What looks a little like a secret and is none; people need it to find their way. */
export const harmless: readonly string[] = [
  'TypeError: Cannot read properties of undefined (reading "amount")',
  'disk-usage-of-the-volume-is-at-90-percent',
  'used 200 tokens: fine, max_tokens: 4000',
  'GET https://example.com/a?b=c#d 503 in 12 ms',
  'service:checkout deploy:checkout@-1 e12 INC-3 v41',
  'bearer authentication failed',
  'Basic Authentication is not supported here',
  'the per-token bucket of the limiter is empty, token bucket full again at 12:00',
  'commit 3f786850e387550fdab836ed7e6dc881de23001b by alice',
  'image shop/checkout@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'pod checkout-6d4cf56db6-x7k2p on node ip-10-0-3-17.ec2.internal',
  'request 018f2b1c-7f3a-7c3e-9b0a-5d0c6f1e2a3b took 12 ms',
  'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk',
  'arn:aws:iam::123456789012:role/shop-reader and i-0abc1234def567890',
  'secret "shop-db" not found in namespace shop',
  'https://example.com/?redirect=https%3A%2F%2Fshop.example%2Fcart%3Fid%3D7',
  'mail from alice@example.com about PAY-1234, 100% done, 50%25 of it &amp; more',
  'skipped 12 of 40 rows; task-runner-sk-parsed-nothing',
  'version 1.2.3+build.45, eyJ is how a token begins',
  'C:\\new\\table\\x41.log and a\\u0041b',
  'npm_config_cache=/tmp/npm npm_lifecycle_event=test',
  'tests: 12 passed, 3 skipped; the app key is in the drawer',
  '\u001b[32minfo\u001b[0m checkout answered in 12 ms, 50\u200b% of it in the database',
  'name: LOG_LEVEL\n  value: debug',
  'sig=short, signature=v0 of the request is missing',
];
