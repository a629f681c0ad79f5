import type { Heard, Reply } from '../tools/loopback.ts';

type Kept = {
  id: string;
  comment: string;
  status: { state: string };
  matchers: unknown;
  startsAt: string;
  endsAt: string;
};

/** How an Alertmanager answers (API v2): alerts that fire, and silences that are made, looked at and ended. */
export function fakeAlertmanager(alerts: readonly Readonly<Record<string, string>>[]) {
  const silences: Kept[] = [];
  const state = {
    silences,
    alerts: [...alerts],
    /** What goes wrong with the next POST: it is made or not, and the answer is lost or refused. */
    next: 'well' as 'well' | 'lost_answer' | 'lost_request' | 'forbidden' | 'not_kept',
    posts: 0,
  };
  const answer = ({ method, path, body }: Heard): Reply => {
    if (path === '/api/v2/alerts')
      return { body: state.alerts.map((labels) => ({ labels, status: { state: 'active' } })) };
    if (path === '/api/v2/silences' && method === 'GET') return { body: silences };
    if (path === '/api/v2/silences' && method === 'POST') return post(Object(body));
    const found = silences.find(({ id }) => path === `/api/v2/silence/${id}`);
    if (found === undefined || method !== 'DELETE') return { status: 404, body: 'silence not found' };
    found.status = { state: 'expired' };
    return { body: {} };
  };
  const post = (body: Omit<Kept, 'id' | 'status'>): Reply => {
    const how = state.next;
    state.next = 'well';
    state.posts += 1;
    if (how === 'forbidden') return { status: 403, body: 'no' };
    if (how === 'lost_request') return 'reset';
    const id = `00000000-0000-4000-8000-${String(silences.length).padStart(12, '0')}`;
    if (how !== 'not_kept') silences.push({ ...body, id, status: { state: 'active' } });
    return how === 'lost_answer' ? 'reset' : { body: { silenceID: id } };
  };
  return { state, answer };
}
