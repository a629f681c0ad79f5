import type { ContainerSeen, ContainerSpec, PodSpec, Probe } from '#incidents/observations-cluster.ts';
import { envValue } from '#tools/drivers/env-value.ts';
import { millicores, quantity } from '#tools/drivers/quantity.ts';
import { type Line, pairsOf, parts, section, whole, word } from './lines.ts';

const HOW: Readonly<Record<string, Probe['how']>> = {
  'http-get': 'http',
  grpc: 'grpc',
  'tcp-socket': 'tcp',
  exec: 'exec',
};

/** `http-get http://:8080/healthz delay=5s timeout=1s period=10s #success=1 #failure=3`. */
export function probeOf(text: string | null): Probe | null {
  if (text === null) return null;
  const [kind = '', target = ''] = text.split(/\s+/);
  const address = /^(?:(https?):\/\/)?[^:/]*:([\w-]+)(\/\S*)?$/.exec(target);
  const number = (key: string): number | null => whole(new RegExp(`${key}=(\\d+)`).exec(text)?.[1] ?? null);
  const port = address?.[2] ?? null;
  return {
    how: address?.[1] === 'https' ? 'https' : (HOW[kind] ?? 'other'),
    port: port === null ? null : /^\d+$/.test(port) ? Number(port) : port,
    path: address?.[3] ?? null,
    delayS: number('delay'),
    timeoutS: number('timeout'),
    periodS: number('period'),
    failures: number('#failure'),
  };
}

function resourcesOf(lines: readonly Line[], key: string): ContainerSpec['requests'] {
  const found = section(lines, key);
  if (found === null) return null;
  const cpu = word(found.lines, 'cpu');
  const memory = word(found.lines, 'memory');
  return { cpu: cpu === null ? null : millicores(cpu), memory: memory === null ? null : quantity(memory) };
}

function portsOf(lines: readonly Line[]): ContainerSpec['ports'] {
  const text = word(lines, 'Ports') ?? word(lines, 'Port');
  if (text === null) return [];
  return text.split(',').flatMap((one) => {
    const [port, protocol = 'TCP'] = one.trim().split('/');
    const number = whole(port);
    return number === null ? [] : [{ name: null, port: number, protocol: protocol.split(' ')[0] ?? 'TCP' }];
  });
}

const FROM = /<set to the key '[^']*' (?:in|of) (secret|config map) '([^']+)'>/;

function envOf(lines: readonly Line[]): ContainerSpec['env'] {
  const found = section(lines, 'Environment');
  if (found === null) return null;
  return found.lines.flatMap(({ text }): NonNullable<ContainerSpec['env']> => {
    const at = text.indexOf(':');
    if (at < 1) return [];
    const name = text.slice(0, at);
    const value = text.slice(at + 1).trim();
    const from = FROM.exec(value);
    if (from !== null)
      return [
        {
          name,
          value: null,
          secret: from[1] === 'secret' ? (from[2] ?? null) : null,
          configMap: from[1] === 'secret' ? null : (from[2] ?? null),
        },
      ];
    return [{ name, value: envValue(name, value), secret: null, configMap: null }];
  });
}

function mountsOf(lines: readonly Line[]): ContainerSpec['mounts'] {
  const found = section(lines, 'Mounts');
  if (found === null) return null;
  return found.lines.flatMap(({ text }) => {
    const mount = /^(\S+) from (\S+) \((r[wo])/.exec(text);
    return mount === null
      ? []
      : [{ path: mount[1] ?? '', volume: mount[2] ?? '', readOnly: mount[3] === 'ro' }];
  });
}

/** The containers of a description, as they are declared. */
export function containerSpecs(lines: readonly Line[], init: boolean): ContainerSpec[] {
  return parts(lines).map(({ name, lines: own }) => ({
    name,
    image: word(own, 'Image'),
    init,
    ports: portsOf(own),
    requests: resourcesOf(own, 'Requests'),
    limits: resourcesOf(own, 'Limits'),
    liveness: probeOf(word(own, 'Liveness')),
    readiness: probeOf(word(own, 'Readiness')),
    startup: probeOf(word(own, 'Startup')),
    env: envOf(own),
    mounts: mountsOf(own),
  }));
}

const STATES: Readonly<Record<string, 'running' | 'waiting' | 'terminated'>> = {
  Running: 'running',
  Waiting: 'waiting',
  Terminated: 'terminated',
};

function stateOf(lines: readonly Line[], key: string): ContainerSeen['state'] {
  const found = section(lines, key);
  if (found === null) return null;
  return {
    is: STATES[found.value] ?? 'unknown',
    reason: word(found.lines, 'Reason'),
    message: word(found.lines, 'Message'),
    exitCode: whole(word(found.lines, 'Exit Code')),
  };
}

/** The containers of a description, as they run. */
export function containersSeen(lines: readonly Line[], init: boolean): ContainerSeen[] {
  return parts(lines).map(({ name, lines: own }) => {
    const ready = word(own, 'Ready');
    return {
      name,
      init,
      ready: ready === null ? null : ready === 'True',
      restarts: whole(word(own, 'Restart Count')),
      state: stateOf(own, 'State'),
      last: stateOf(own, 'Last State'),
    };
  });
}

/** The volumes of a description. */
export function volumesOf(lines: readonly Line[]): PodSpec['volumes'] {
  const found = section(lines, 'Volumes');
  if (found === null) return null;
  return parts(found.lines).map(({ name, lines: own }) => ({
    name,
    claim: word(own, 'ClaimName'),
    secret: word(own, 'SecretName'),
    configMap: word(own, 'Type')?.startsWith('ConfigMap') ? word(own, 'Name') : null,
    hostPath: word(own, 'Type')?.startsWith('HostPath') ? word(own, 'Path') : null,
  }));
}

/** `key=value:Effect op=Exists for 300s` lines. */
export function tolerationsOf(lines: readonly Line[]): PodSpec['tolerations'] {
  const found = section(lines, 'Tolerations');
  if (found === null) return null;
  const texts = [found.value, ...found.lines.map(({ text }) => text)];
  return texts.flatMap((text) => {
    const [what = '', ...rest] = text.split(' ');
    if (what === '' || what === '<none>') return [];
    const isExists = rest.includes('op=Exists');
    const colon = what.lastIndexOf(':');
    const pair = colon === -1 ? what : what.slice(0, colon);
    const value = pairsOf(pair);
    const [key] = Object.keys(value);
    return [
      {
        key: key ?? (pair.startsWith('op=') ? null : pair),
        operator: isExists ? 'Exists' : 'Equal',
        value: key === undefined ? null : (value[key] ?? null),
        effect: colon === -1 ? null : what.slice(colon + 1),
      },
    ];
  });
}
