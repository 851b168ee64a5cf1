import { SEED } from '../seed.ts';
import type { Call, Reply, Route } from '../server/cloud.ts';
import { newToken, type World } from './state.ts';

const FLAVOR = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };

/** What a machine of Google's tells the programs on it, as the seeded service account. https://cloud.google.com/compute/docs/metadata, last verified 2026-11-21. */
export function metadataRoutes(world: World): Route[] {
  const { project, number, runAccount } = SEED.google;
  const root = '/computeMetadata/v1';
  const plain = (text: string): Reply => ({ status: 200, headers: { ...FLAVOR, 'content-type': 'application/text' }, text });
  const token = (): Reply => {
    const { value, expires } = newToken(world, `serviceAccount:${runAccount}`);
    const body = { access_token: value, expires_in: Math.floor((expires - Date.now()) / 1000), token_type: 'Bearer' };
    return { status: 200, headers: FLAVOR, body };
  };
  const at = (path: string, answer: () => Reply): Route => ({
    method: 'GET',
    path: `${root}/${path}`,
    bare: true,
    answer: (call: Call) =>
      call.headers['metadata-flavor'] === 'Google' ? answer() : { status: 403, headers: FLAVOR, text: 'Forbidden\n' },
  });
  return [
    at('instance', () => plain('service-accounts/\n')),
    at('instance/', () => plain('service-accounts/\n')),
    at('project/project-id', () => plain(project)),
    at('project/numeric-project-id', () => plain(number)),
    at('universe/universe-domain', () => plain('googleapis.com')),
    at('instance/service-accounts/default/email', () => plain(runAccount)),
    at('instance/service-accounts/default/token', token),
  ];
}
