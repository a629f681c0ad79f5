import type { FakeKubernetes } from './state.ts';

type App = { name: string; image: string; replicas?: number; env?: Readonly<Record<string, string>> };

/** How a deployment is written. */
export function deployment({ name, image, replicas = 2, env = {} }: App, namespace = 'shop') {
  const labels = { app: name };
  const container = {
    ...{ name: 'main', image },
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    readinessProbe: { httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 },
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
  };
  return {
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
}

/** Runs an application: its deployment and a service that leads to it. */
export function run({ store }: FakeKubernetes, app: App, namespace = 'shop'): void {
  const known = store.get('deployments', { name: app.name, namespace });
  const { spec, ...rest } = deployment(app, namespace);
  store.put('deployments', known === undefined ? { ...rest, spec } : { ...known, spec });
  store.put('services', {
    kind: 'Service',
    metadata: { name: app.name, namespace, labels: { app: app.name } },
    spec: {
      ...{ clusterIP: '10.96.0.7', type: 'ClusterIP', selector: { app: app.name } },
      ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
    },
  });
  store.put('endpoints', {
    kind: 'Endpoints',
    metadata: { name: app.name, namespace },
    subsets: [{ addresses: [{ ip: '10.1.0.9' }], ports: [{ port: 8080 }] }],
  });
}

/** A node that is well. */
export function node({ store }: FakeKubernetes, name = 'n1'): void {
  store.put('nodes', {
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: {},
    status: {
      allocatable: { cpu: '2', memory: '4Gi' },
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
      ],
    },
  });
}
