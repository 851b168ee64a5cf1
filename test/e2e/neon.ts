import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import type { World } from './world.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- what the vendor answers is what these tests look into
type Body = any;

/** Neon's API of the sandbox, as the person whose key it is. */
export async function neonApi(w: World, method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await fetch(`${w.origin}/api/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${SEED.neon.key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

export const settled = (w: World): Promise<unknown> => w.post('/_sandbox/neon/settled', {});

/** A project with the branch dev beside main, nothing under way. */
export async function neonProject(w: World): Promise<{ id: string; main: string; dev: string }> {
  const made = await neonApi(w, 'POST', '/projects', { project: { name: 'shop', org_id: SEED.neon.org } });
  await settled(w);
  const { branch } = await neonApi(w, 'POST', `/projects/${made.project.id}/branches`, {
    branch: { name: 'dev' },
    endpoints: [{ type: 'read_write' }],
  });
  await settled(w);
  return { id: made.project.id, main: made.branch.id, dev: branch.id };
}

/** What Doppler holds in a config, values resolved. */
export async function dopplerHolds(w: World, config: string): Promise<Record<string, string>> {
  const query = new URLSearchParams({ project: 'shop', config, format: 'json' });
  const answer = await fetch(`${w.origin}/v3/configs/config/secrets/download?${query}`, {
    headers: { authorization: `Bearer ${SEED.tokens.user}` },
  });
  if (!answer.ok) throw new Error(`Doppler answered ${answer.status}`);
  return (await answer.json()) as Record<string, string>;
}
