/** Who is told, where and when, explained; all of it is off until somebody switches it on. */
export const PEOPLE = `## Slack: one thread and one card per incident; proposals are approved there. Socket Mode opens no port. People are known
## by slack: {user: U...} beside their roles, and nobody else decides. docs/people.md has the app and its scopes.
# slack:
#   team: T0123456789
#   app: A0123456789
#   mode: socket
#   bot_token: env:SLACK_BOT_TOKEN
#   app_token: env:SLACK_APP_TOKEN
#   default_channel: C0123456789
#   allow_shared: []

## What PagerDuty is told: that somebody has seen or taken it, the cause, what waits, how it ended.
# pagerduty:
#   api: https://api.pagerduty.com
#   token: env:PAGERDUTY_TOKEN
#   from: oncall-bot@example.com
#   events: {url: https://events.pagerduty.com, routing_key: env:PAGERDUTY_ROUTING_KEY}

## While Slack fails, critical incidents go here (or {pagerduty: true}).
# fallback: {webhook: env:FIREBREAK_FALLBACK_URL}

## Asked every so often while the log is written and the server's loop comes round: its silence should page somebody.
# heartbeat: {url: "https://example.com/ping", every: 60s}

## Pages that are recorded and nothing else: at times that come again, or of a kind, until a day.
# maintenance:
#   let_through: critical
#   windows: [{service: checkout, begins: sunday 02:00, for: 2h, zone: Europe/Berlin, reason: backups}]
# silences: [{match: {service: checkout, name: DiskFull}, until: "2099-02-01T00:00Z", reason: new disk ordered}]
`;
