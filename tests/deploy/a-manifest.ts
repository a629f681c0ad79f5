import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { readTree } from '../tree.ts';

/** What the checks look at of a Kubernetes object; the rest of it is kept as it is. */
const Rule = z.looseObject({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  verbs: z.array(z.string()),
});
const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  securityContext: z.looseObject({}).default({}),
  resources: z.looseObject({
    requests: z.looseObject({}).default({}),
    limits: z.looseObject({}).default({}),
  }),
});
const PodSpec = z.looseObject({
  serviceAccountName: z.string(),
  automountServiceAccountToken: z.boolean().default(true),
  securityContext: z.looseObject({}).default({}),
  containers: z.array(Container).min(1),
  initContainers: z.array(Container).default([]),
});
const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  rules: z.array(Rule).optional(),
  roleRef: z.looseObject({ kind: z.string(), name: z.string() }).optional(),
  subjects: z.array(z.looseObject({ kind: z.string(), name: z.string() })).optional(),
  automountServiceAccountToken: z.boolean().optional(),
  spec: z.looseObject({ template: z.looseObject({ spec: PodSpec }).optional() }).optional(),
});
export type Manifest = z.infer<typeof Manifest>;
export type Rule = z.infer<typeof Rule>;

/** Every object of a text of YAML documents. Throws on one that is none, and on broken YAML. */
export function readManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return Manifest.parse(document.toJS());
  });
}

const Kustomization = z.looseObject({ resources: z.array(z.string()) });

/** Every object that is shipped, and those of them that are applied unless somebody adds more. */
export function shippedManifests(): { readonly all: Manifest[]; readonly applied: Manifest[] } {
  const files = readTree(['.yaml']).filter(({ path }) => path.startsWith('deploy/kubernetes/'));
  const textOf = (name: string): string => files.find(({ path }) => path.endsWith(`/${name}`))?.text ?? '';
  const { resources } = Kustomization.parse(parse(textOf('kustomization.yaml')));
  const objects = files.filter(({ path }) => !/\/(config|kustomization)\.yaml$/.test(path));
  return {
    all: objects.flatMap(({ text }) => readManifests(text)),
    applied: resources.flatMap((name) => readManifests(textOf(name))),
  };
}

/** What no manifest of ours may have, one line for each, so that a careless edit is named. */
export function manifestProblems(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) => {
    const at = `${manifest.kind} ${manifest.metadata.name}`;
    const pod = manifest.spec?.template?.spec;
    return [
      ...(manifest.rules ?? []).flatMap(ruleProblems),
      ...(manifest.roleRef?.name.startsWith('cluster-') ? ['binds a role of the whole cluster'] : []),
      ...(manifest.kind === 'ServiceAccount' && manifest.automountServiceAccountToken !== false
        ? ['its token is mounted into every pod']
        : []),
      ...(pod === undefined ? [] : podProblems(pod)),
    ].map((problem) => `${at}: ${problem}`);
  });
}

const HARMFUL = ['create', 'delete', 'deletecollection', 'update', 'escalate', 'bind', 'impersonate'];
const NOT_TO_READ = [
  'secrets',
  'configmaps',
  'pods/exec',
  'pods/attach',
  'pods/portforward',
  'serviceaccounts/token',
];

function ruleProblems({ apiGroups, resources, verbs }: Rule): string[] {
  return [
    ...([...apiGroups, ...resources, ...verbs].includes('*') ? ['a wildcard right'] : []),
    ...verbs.filter((verb) => HARMFUL.includes(verb)).map((verb) => `the right to ${verb}`),
    ...resources.filter((one) => NOT_TO_READ.includes(one)).map((one) => `a right on ${one}`),
    ...(verbs.includes('patch') && !['deployments', 'nodes'].includes(resources.join())
      ? ['patches more than deployments or nodes']
      : []),
  ];
}

function podProblems(pod: z.infer<typeof PodSpec>): string[] {
  const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext;
  const profile = z.looseObject({ type: z.string() }).safeParse(seccompProfile).data?.type;
  return [
    ...(runAsNonRoot === true && typeof runAsUser === 'number' && runAsUser > 0 ? [] : ['may run as root']),
    ...(profile === 'RuntimeDefault' ? [] : ['has no seccomp profile']),
    ...(pod.automountServiceAccountToken ? ['mounts the token of its account'] : []),
    ...['hostNetwork', 'hostPID', 'hostIPC']
      .filter((name) => pod[name] === true)
      .map((name) => `uses ${name}`),
    ...[...pod.initContainers, ...pod.containers].flatMap((container) =>
      containerProblems(container).map((problem) => `${container.name} ${problem}`),
    ),
  ];
}

function containerProblems({ securityContext, resources }: z.infer<typeof Container>): string[] {
  const { readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities, privileged } = securityContext;
  const dropped = z.looseObject({ drop: z.array(z.string()), add: z.array(z.string()).default([]) });
  const { drop = [], add = [] } = dropped.safeParse(capabilities).data ?? {};
  return [
    ...(readOnlyRootFilesystem === true ? [] : ['can write its root']),
    ...(allowPrivilegeEscalation === false && privileged !== true ? [] : ['can gain rights']),
    ...(drop.join() === 'ALL' && add.length === 0 ? [] : ['keeps capabilities']),
    ...(['cpu', 'memory'].every((name) => name in resources.requests && name in resources.limits)
      ? []
      : ['has no limits']),
  ];
}
