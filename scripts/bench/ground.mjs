// A scratch home and project beside a sandbox in this process: what is measured is another one.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SEED } from '../../plugins/dcs-plugin-sandbox/lib/seed.js';
import { startSandbox } from '../../plugins/dcs-plugin-sandbox/lib/server/server.js';
import { linkPlugins } from '../link.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export { SEED };
const JSON_BODY = { 'content-type': 'application/json' };

export async function ground(yaml) {
  const home = mkdtempSync(join(tmpdir(), 'dcs-bench-'));
  const project = join(home, 'project');
  mkdirSync(join(project, '.git'), { recursive: true });
  writeFileSync(join(project, '.git', 'HEAD'), 'ref: refs/heads/work\n');
  writeFileSync(join(project, 'dcs.yaml'), yaml);
  linkPlugins(join(home, 'data'));
  const bin = packed(home);
  const sandbox = await startSandbox({});
  const own = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_STATE_HOME: join(home, 'state'),
  };
  const env = { ...own, ...sandbox.env };
  const post = async (path, body, token) => {
    const headers = { ...JSON_BODY, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${sandbox.origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  };
  return {
    home,
    project,
    own,
    env,
    origin: sandbox.origin,
    dcs: (...words) => [process.execPath, bin, ...words],
    delay: (delay) => post('/_sandbox/delay', { ms: delay }),
    doppler: (config, secrets, project = 'shop') => post('/v3/configs/config/secrets', { project, config, secrets }, SEED.tokens.user),
    cloudflare: (path, body) => post(`/client/v4/accounts/${SEED.cloudflare.accountId}${path}`, body, SEED.cloudflare.token),
    post,
    forget: () => sandbox.journal.clear(),
    /** Requests since, also those that the journal has no room for. */
    requests: () => sandbox.journal.entries().at(-1)?.n ?? 0,
    async close() {
      await sandbox.close();
      rmSync(home, { recursive: true });
    },
  };
}

/** The CLI as it is published. */
function packed(home) {
  const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  execFileSync('tar', ['xzf', join(ROOT, 'dist', 'npm', `${name}-${version}.tgz`), '-C', home]);
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'package', 'node_modules')); // its optional packages
  return join(home, 'package', 'bin', 'run.js');
}
