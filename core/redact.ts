export const REDACTED = '[redacted]';

/**
 * Each pattern is linear: what may fail is bounded, what is unbounded cannot fail. `$1` keeps the words in front of a
 * value. Order matters: long formats first, the `name=value` rule last.
 */
const patterns: readonly (readonly [RegExp, string])[] = [
  // private keys, also cut off in the middle
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g,
    REDACTED,
  ],
  // user and password of a database address; the password may hold a slash
  [
    /(\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|clickhouse):\/\/)(?!\[redacted\]@)[^\s"'<>]{1,512}@/gi,
    `$1${REDACTED}@`,
  ],
  // user and password, or a token, of any other address
  [/(:\/\/)(?!\[redacted\]@)[^\s/?#"'<>]{1,512}@/g, `$1${REDACTED}@`],
  [/hooks\.slack\.com\/(services|workflows|triggers)\/[\w/-]+/g, `hooks.slack.com/$1/${REDACTED}`],
  [/(?<![A-Za-z0-9])sk-ant-[\w-]{16,}/g, REDACTED], // Anthropic
  [/(?<![A-Za-z0-9])sk-[\w-]{20,}/g, REDACTED], // OpenAI
  [/github_pat_\w{20,}/g, REDACTED],
  [/gh[pousr]_[A-Za-z0-9]{20,}/g, REDACTED],
  [/xox[a-z]-[A-Za-z0-9-]{10,}/g, REDACTED], // Slack
  [/xapp-[A-Za-z0-9-]{10,}/g, REDACTED],
  [/(?<![A-Za-z0-9])(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{16}(?![A-Za-z0-9])/g, REDACTED], // AWS
  [/(?<![A-Za-z0-9])(?:u|pdus|pdeu)\+[\w-]{16,}/g, REDACTED], // PagerDuty
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*/g, REDACTED], // JWT
  [/(\bbearer\s{1,4})(?=\S{0,512}\d)[\w.~+/=-]{12,}/gi, `$1${REDACTED}`],
  [
    /((?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|routing[_-]?key|integration[_-]?key|signing[_-]?key|credentials?|authorization|cookie)\\?["']?\s{0,4}[:=]\s{0,4}(?:(?:bearer|basic|token)\s{1,4})?(?:token=)?)(?!["'\\]{0,2}(?:(?:bearer|basic|token)\s{1,4})?\[redacted\])(?:\\"[^"\\]*|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"',;&)}\]]+)/gi,
    `$1${REDACTED}`,
  ],
];

/**
 * Removes secrets of known formats and the values of names such as `password=`; time grows linearly with the text.
 * It lowers the harm of a leak, it does not promise that nothing secret is left.
 */
export function redact(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
  return clean;
}
