import { redact } from '#core/redact.ts';
import { mcpRoles, mcpToolName } from '#tools/drivers/mcp/settings.ts';
import { secretRef } from './config-fields.ts';
import { MAX_MOUNTED } from './config-mcp.ts';
import { type Group, group, list } from './config-shape.ts';
import type { Path, Problem } from './config-yaml.ts';

/** Variables with such names hold secrets, as a rule. */
const SECRET_NAME = /(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY)/i;

/** What is wrong with the servers of a file beside the form of their settings. */
export function checkMcp(root: Group): Problem[] {
  const servers = Object.entries(group(root.mcp)).map(([id, one]) => [id, group(one)] as const);
  return [
    ...servers.flatMap(([id, one]) => checkServer(['mcp', id], one)),
    ...servers.flatMap(([id, one]) => checkNames(id, group(one.tools))),
    ...mcpRoles.flatMap((role) => checkNumber(role, servers)),
  ];
}

function checkServer(path: Path, { command, url, env, token }: Group): Problem[] {
  if ((command === undefined) === (url === undefined))
    return [{ path, message: 'needs either command or url' }];
  const misplaced: Problem[] = [];
  if (env !== undefined && command === undefined)
    misplaced.push({ path: [...path, 'env'], message: 'is for a command; a url has none' });
  if (token !== undefined && url === undefined)
    misplaced.push({
      path: [...path, 'token'],
      message: 'is for a url; give a command what it needs under env',
    });
  return [
    ...misplaced,
    ...list(command).flatMap((part, at): Problem[] =>
      typeof part === 'string' && redact(part) !== part
        ? [
            {
              path: [...path, 'command', at],
              message: 'holds a secret, which everybody on this machine can see; name it under env',
            },
          ]
        : [],
    ),
    ...Object.entries(group(env)).flatMap(([name, value]) => checkVariable([...path, 'env', name], value)),
  ];
}

function checkVariable(path: Path, value: unknown): Problem[] {
  if (typeof value !== 'string' || secretRef.safeParse(value).success) return [];
  const name = String(path.at(-1));
  if (!SECRET_NAME.test(name) && redact(`${name}=${value}`) === `${name}=${value}`) return [];
  const message =
    'must say where the secret lies: env:NAME, keychain:NAME or file:/path (the secret itself never stands here)';
  return [{ path, message }];
}

/** Two tools of one server that agents would know by the same name. */
function checkNames(server: string, tools: Group): Problem[] {
  const first = new Map<string, string>();
  return Object.keys(tools).flatMap((tool): Problem[] => {
    const name = mcpToolName(server, tool);
    const other = first.get(name);
    if (other === undefined) {
      first.set(name, tool);
      return [];
    }
    return [
      { path: ['mcp', server, 'tools', tool], message: `has the name of ${other} for agents: ${name}` },
    ];
  });
}

function checkNumber(role: string, servers: readonly (readonly [string, Group])[]): Problem[] {
  const held = servers.flatMap(([, one]) =>
    Object.values(group(one.tools)).filter((tool) => list(group(tool).roles).includes(role)),
  );
  if (held.length <= MAX_MOUNTED) return [];
  return [{ path: ['mcp'], message: `gives ${role} ${held.length} tools; the most is ${MAX_MOUNTED}` }];
}
