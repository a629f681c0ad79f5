import { expect, test } from 'vitest';
import { readTree } from '../tree.ts';
import { type Manifest, manifestProblems, readManifests, shippedManifests } from './a-manifest.ts';

const { all, applied: manifests } = shippedManifests();
const texts = readTree(['.yaml'])
  .filter(({ path }) => /^deploy\/kubernetes\/(rbac|stateful|service)/.test(path))
  .map(({ text }) => text);
const named = (kind: string, name: string) =>
  manifests.find((one) => one.kind === kind && one.metadata.name === name);

test('no manifest runs as root, writes its root, mounts a token by itself, or has a right beyond its work', () => {
  expect(manifests.length).toBeGreaterThan(12);
  expect(manifestProblems(all)).toEqual([]);
  expect(all.filter((one) => !manifests.some((other) => keyOf(other) === keyOf(one))).map(keyOf)).toEqual([
    'ClusterRole firebreak-cordon',
    'ClusterRoleBinding firebreak-cordon',
  ]);
});

test.each<[string, (text: string) => string, string]>([
  ['a wildcard', (text) => text.replace('verbs: [get, list]', 'verbs: ["*"]'), 'a wildcard right'],
  [
    'secrets',
    (text) => text.replace('resources: [pods,', 'resources: [secrets, pods,'),
    'a right on secrets',
  ],
  ['deleting', (text) => text.replace('[get, watch, patch]', '[get, delete]'), 'the right to delete'],
  [
    'patching pods',
    (text) => text.replace('[deployments], verbs: [get, w', '[pods], verbs: [get, w'),
    'more than deployments',
  ],
  [
    'cluster-admin',
    (text) => text.replace('name: firebreak-reader}\nsub', 'name: cluster-admin}\nsub'),
    'the whole cluster',
  ],
  ['root', (text) => text.replace('runAsNonRoot: true', 'runAsNonRoot: false'), 'may run as root'],
  ['user 0', (text) => text.replace('runAsUser: 10001', 'runAsUser: 0'), 'may run as root'],
  ['a writable root', (text) => text.replace('readOnlyRootFilesystem: true', ''), 'can write its root'],
  [
    'privileges',
    (text) => text.replace('allowPrivilegeEscalation: false', 'privileged: true'),
    'can gain rights',
  ],
  [
    'a capability',
    (text) => text.replace('{drop: [ALL]}', '{drop: [ALL], add: [SYS_PTRACE]}'),
    'keeps capabilities',
  ],
  ['no limits', (text) => text.replace('limits: {cpu: "1", memory: 1Gi}', ''), 'has no limits'],
  ['the host', (text) => text.replace('enableServiceLinks: false', 'hostNetwork: true'), 'uses hostNetwork'],
  ['a token', (text) => text.replaceAll('automountServiceAccountToken: false\n', '\n'), 'mounts the token'],
])('a manifest with %s would be found', (_what, edit, problem) => {
  const edited = texts.map(edit);
  expect(edited).not.toEqual(texts);
  expect(manifestProblems(edited.flatMap(readManifests)).join('\n')).toContain(problem);
});

test('what looks and what changes are two accounts, and only one of them can change without a dry run', () => {
  const rightsOf = (account: string) =>
    manifests
      .filter(({ subjects }) =>
        subjects?.some(({ kind, name }) => kind === 'ServiceAccount' && name === account),
      )
      .map(({ roleRef }) => roleRef?.name)
      .toSorted();
  expect(rightsOf('reader')).toEqual(['firebreak-dry-run', 'firebreak-reader', 'firebreak-reader']);
  expect(rightsOf('executor')).toEqual(['firebreak-changer']);
  expect(named('StatefulSet', 'firebreak')?.spec?.template?.spec.serviceAccountName).toBe('reader');
  expect(named('ValidatingAdmissionPolicy', 'firebreak-reader-dry-run-only')?.spec).toMatchObject({
    failurePolicy: 'Fail',
    matchConditions: [{ expression: expect.stringContaining('system:serviceaccount:firebreak:reader') }],
    validations: [{ expression: 'has(request.dryRun) && request.dryRun == true' }],
  });
});

test('nobody reaches the pod, and it reaches no metadata address', () => {
  expect(named('NetworkPolicy', 'firebreak')?.spec).toMatchObject({
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [],
    egress: expect.arrayContaining([
      expect.objectContaining({
        to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } }],
        ports: [
          { protocol: 'TCP', port: 443 },
          { protocol: 'TCP', port: 6443 },
        ],
      }),
    ]),
  });
});

test('the rights that docs/kubernetes.md shows are those of the manifests', () => {
  const page = readTree(['docs/kubernetes.md'])[0]?.text ?? '';
  const shown = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)]
    .map(([, block = '']) => block)
    .filter((block) => block.startsWith('kind:'))
    .flatMap(readManifests);
  expect(shown.map(keyOf)).toEqual(
    expect.arrayContaining(['Role firebreak-reader', 'Role firebreak-changer']),
  );
  for (const manifest of shown) expect(manifests, keyOf(manifest)).toContainEqual(manifest);
});

function keyOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}
