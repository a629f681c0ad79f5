import type { Send, SentRequest } from '#tools/drivers/http-text.ts';

type Change = {
  readonly sha: string;
  readonly at: number;
  readonly message: string;
  readonly login?: string | null;
  readonly name?: string;
  readonly files?: readonly { filename: string; patch?: string }[];
};
type Deployment = {
  readonly id: number;
  readonly sha: string;
  readonly at: number;
  readonly environment: string;
  readonly by?: string | null;
  /** Newest first, as GitHub lists them. */
  readonly states: readonly { state: string; at: number }[];
};
type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };

const iso = (ms: number): string => new Date(ms).toISOString();

/** One repository as GitHub's REST API answers for it, without a socket: `send` takes what would be sent. */
export class FakeGitHub {
  readonly repo = 'shop/checkout';
  readonly token = 'github-token-of-a-test';
  changes: Change[] = [];
  deployments: Deployment[] = [];
  /** Answers in place of the next requests, in order. */
  readonly next: Answer[] = [];
  readonly heard: { readonly path: string; readonly request: SentRequest }[] = [];

  readonly send: Send = (address, request) => {
    const url = new URL(address);
    this.heard.push({ path: `${url.pathname}${url.search}`, request });
    const { status, body, headers = {} } = this.next.shift() ?? this.#answer(url, request);
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    return Promise.resolve(new Response(text, { status, headers }));
  };

  #answer(url: URL, { headers }: SentRequest): Answer {
    if (headers.authorization !== `Bearer ${this.token}`)
      return { status: 401, body: { message: 'Bad credentials' } };
    const base = `/repos/${this.repo}`;
    if (!url.pathname.startsWith(`${base}/`)) return { status: 404, body: { message: 'Not Found' } };
    const [part, id, more] = url.pathname.slice(base.length + 1).split('/');
    if (part === 'commits') return id === undefined ? this.#commits(url) : this.#commit(id);
    if (part === 'deployments' && more === 'statuses') return this.#statuses(Number(id));
    return part === 'deployments' ? this.#deployments(url) : { status: 404, body: { message: 'Not Found' } };
  }

  #commits({ searchParams: query }: URL): Answer {
    const [from, to] = ['since', 'until'].map((name) => Date.parse(query.get(name) ?? ''));
    const inside = this.changes.filter(({ at }) => at >= (from ?? 0) && at <= (to ?? 0));
    return { status: 200, body: inside.slice(0, Number(query.get('per_page'))).map(commitOf) };
  }

  #commit(sha: string): Answer {
    const change = this.changes.find((one) => one.sha.startsWith(sha));
    if (change === undefined) return { status: 404, body: { message: 'Not Found' } };
    const files = (change.files ?? []).map((file) => ({
      ...file,
      status: 'modified',
      additions: 1,
      deletions: 2,
    }));
    return { status: 200, body: { ...commitOf(change), files } };
  }

  #deployments({ searchParams: query }: URL): Answer {
    const inside = this.deployments.filter(({ environment }) => environment === query.get('environment'));
    const body = inside.slice(0, Number(query.get('per_page'))).map(({ id, sha, at, by }) => {
      return { id, sha, created_at: iso(at), creator: by === null ? null : { login: by ?? 'ci' } };
    });
    return { status: 200, body };
  }

  #statuses(id: number): Answer {
    const states = this.deployments.find((one) => one.id === id)?.states ?? [];
    return { status: 200, body: states.map(({ state, at }) => ({ state, created_at: iso(at) })) };
  }
}

function commitOf({ sha, at, message, login = 'alice-dev', name = 'Alice' }: Change) {
  return {
    sha,
    commit: { message, author: { name, date: iso(at - 9e6) }, committer: { name: 'GitHub', date: iso(at) } },
    author: login === null ? null : { login },
  };
}
