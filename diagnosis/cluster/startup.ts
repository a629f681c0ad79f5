import type { ClusterCause } from '#incidents/cluster-causes.ts';
import type { Pod } from '#incidents/observations-cluster.ts';
import { appOf, messagesOf, specOf, troubleOf, unique } from './facts.ts';
import { appRef, type ClusterDetector, type ClusterFinding } from './finding.ts';
import type { ClusterState } from './state.ts';

/** One of each application: a pod that never got as far as running, or comes and goes, and what is said about it. */
function failing(
  state: ClusterState,
  judge: (pod: Pod, messages: readonly string[], app: string) => number,
): ClusterFinding[] {
  const found = new Map<string, ClusterFinding>();
  for (const { value: pod, calls } of state.pods.values()) {
    const app = appOf(pod);
    if (troubleOf(pod) === null) continue;
    const points = judge(pod, messagesOf(pod, state), app);
    const best = found.get(app)?.points ?? 0;
    const looks = [...calls, ...(specOf(state, app)?.calls ?? []), ...(state.logs.get(app)?.calls ?? [])];
    if (points > best) found.set(app, { object: appRef(app), points, for: unique(looks).slice(0, 8) });
  }
  return [...found.values()];
}

const NO_NAME =
  /no such host|Temporary failure in name resolution|server misbehaving|could not resolve|lookup [^ ]+.*(?:timeout|i\/o timeout|failure)/i;
const REFUSED =
  /unauthorized|authentication required|failed to authorize|no basic auth|insufficient_scope|authorization failed|pull access denied|\b40[13]\b|denied/i;
const NO_IMAGE =
  /not found|manifest unknown|name unknown|NAME_UNKNOWN|MANIFEST_UNKNOWN|does not exist|invalid reference format|InvalidImageName|no match for platform/i;

/** Which of the three ways a pull failed, by what the registry or the resolver said. */
export function pullFailure(messages: readonly string[]): ClusterCause | null {
  const pulls = messages.filter((text) => /pull|image|manifest/i.test(text));
  const texts = pulls.filter((text) =>
    /Failed to pull|failed to (resolve|pull)|InvalidImageName|inspect image/i.test(text),
  );
  const hasSecretWarning = pulls.some((text) =>
    /FailedToRetrieveImagePullSecret|retrieve some image pull secrets/i.test(text),
  );
  const any = (pattern: RegExp): boolean => texts.some((text) => pattern.test(text));
  if (any(NO_NAME)) return 'image_registry_dns_failure';
  if (any(REFUSED) && hasSecretWarning) return 'missing_image_pull_secret';
  // Public registries answer "denied" for names that do not exist, too, and then say so.
  if (any(/repository does not exist/i) || (any(NO_IMAGE) && !any(REFUSED)))
    return 'incorrect_image_reference';
  if (any(REFUSED)) return 'missing_image_pull_secret';
  return hasSecretWarning ? 'missing_image_pull_secret' : null;
}

const image = (cause: ClusterCause): ClusterDetector => ({
  cause,
  find: (state) =>
    failing(state, (pod, messages) => {
      const waits =
        /Image|ErrPull/.test(pod.status ?? '') ||
        (pod.containers ?? []).some(({ state: now }) => /Image|Pull/.test(now?.reason ?? ''));
      return waits && pullFailure(messages) === cause ? 94 : 0;
    }),
});

/** A secret or a map that the pod is made of does not exist. */
const missingSecret: ClusterDetector = {
  cause: 'missing_secret_binding',
  find: (state) =>
    failing(state, (_pod, messages, app) => {
      const isTold = messages.some((text) =>
        /secret(?:s)? "?[^" ]+"? not found|references non-existent secret|couldn't find key .* in Secret/i.test(
          text,
        ),
      );
      if (isTold) return 95;
      const listed = state.listed.has('secret') ? (state.names.get('secret') ?? new Set()) : null;
      const wanted = specOf(state, app)?.value;
      const secrets = [
        ...(wanted?.volumes ?? []).flatMap(({ secret }) => secret ?? []),
        ...(wanted?.containers ?? []).flatMap(({ env }) => (env ?? []).flatMap(({ secret }) => secret ?? [])),
      ];
      return listed !== null && secrets.some((name) => !listed.has(name)) ? 88 : 0;
    }),
};

const NO_ACCESS =
  /permission denied|operation not permitted|read-only file system|EACCES|EROFS|can't open|cannot open/i;

/** It ends by itself, and says that it may not use files; it has a volume where such files would be. */
const volumePermission: ClusterDetector = {
  cause: 'volume_mount_permission_denied',
  find: (state) =>
    failing(state, (pod, messages, app) => {
      const texts = [...messages, ...(state.logs.get(app)?.value.patterns ?? []).map(({ sample }) => sample)];
      const said = texts.filter((text) => NO_ACCESS.test(text));
      const mounts = (specOf(state, app)?.value.containers ?? [])
        .flatMap((one) => one.mounts ?? [])
        .filter(({ path }) => !path.startsWith('/var/run/secrets/'));
      if (messages.some((text) => /mount/i.test(text) && /permission denied/i.test(text))) return 94;
      const ended = (pod.containers ?? []).some(
        ({ state: now, last }) => (now?.exitCode ?? last?.exitCode ?? 0) > 0,
      );
      if (said.length === 0 || mounts.length === 0 || !ended) return 0;
      return said.some((text) => mounts.some(({ path }) => text.includes(path))) ? 95 : 86;
    }),
};

/** Ended longer ago than this, what runs well since then is no trouble now: the cluster remembers the last end for ever. */
const LATELY_S = 1800;
/** What a process wrote before it ended by itself are its own words, not those of who ended it. */
const OWN_WORDS = /^(Error|Completed): /;
const KILLED_FOR_MEMORY = /OOM-killed|OOMKill|out of memory|memory limit too low/i;

/** The kernel ended it for its memory; nothing else leaves these words behind. */
const outOfMemory: ClusterDetector = {
  cause: 'oom_killed',
  find: (state) => {
    const found = new Map<string, ClusterFinding>();
    for (const { value: pod, calls } of state.pods.values()) {
      if (troubleOf(pod) === null && (pod.restartedS ?? 0) > LATELY_S) continue;
      const ended = (pod.containers ?? []).some(({ state: now, last }) =>
        [now?.reason, last?.reason].includes('OOMKilled'),
      );
      const told = messagesOf(pod, state).some(
        (text) => KILLED_FOR_MEMORY.test(text) && !OWN_WORDS.test(text),
      );
      const app = appOf(pod);
      if (ended || told || pod.status === 'OOMKilled')
        found.set(app, {
          object: appRef(app),
          points: pod.status === 'OOMKilled' && !ended && !told ? 90 : 95,
          for: calls,
        });
    }
    return [...found.values()];
  },
};

/** Two containers of a pod want the same port; the later one cannot have it. */
const portConflict: ClusterDetector = {
  cause: 'service_sidecar_port_conflict',
  find: (state) =>
    failing(state, (pod, messages, app) => {
      const texts = [...messages, ...(state.logs.get(app)?.value.patterns ?? []).map(({ sample }) => sample)];
      const isTold = texts.some((text) =>
        /address already in use|EADDRINUSE|port .{0,20}already in use|bind.{0,40}in use/i.test(text),
      );
      const ports = (specOf(state, app)?.value.containers ?? []).flatMap((one) =>
        one.init ? [] : [...new Set((one.ports ?? []).map(({ port }) => port))],
      );
      const isShared = new Set(ports).size < ports.length;
      const several = (specOf(state, app)?.value.containers ?? []).filter(({ init }) => !init).length > 1;
      if (isTold) return isShared ? 96 : several ? 90 : 40;
      const ends = (pod.containers ?? []).some(
        ({ state: now, last }) => (now?.exitCode ?? last?.exitCode ?? 0) > 0,
      );
      return isShared ? (ends ? 88 : 66) : 0;
    }),
};

/** Causes that end a pod before or while it starts. */
export const startupDetectors: readonly ClusterDetector[] = [
  image('image_registry_dns_failure'),
  image('incorrect_image_reference'),
  image('missing_image_pull_secret'),
  missingSecret,
  volumePermission,
  outOfMemory,
  portConflict,
];
