// Commits and pushes the folder that `dcs update` reads: a checkout of the branch that a static server shows.
import { execFileSync } from 'node:child_process';

const [folder] = process.argv.slice(2);
const { GITHUB_TOKEN, VERSION } = process.env;
if (folder === undefined || !GITHUB_TOKEN) throw new Error('usage: GITHUB_TOKEN=... node scripts/push-updates.mjs FOLDER');

// By variables: an argument is read by every program of the machine, and a setting would stay behind.
const settings = {
  'http.extraheader': `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${GITHUB_TOKEN}`).toString('base64')}`,
  'user.name': 'github-actions[bot]',
  'user.email': '41898282+github-actions[bot]@users.noreply.github.com',
};
const { GITHUB_TOKEN: _, ...env } = process.env;
env.GIT_CONFIG_COUNT = String(Object.keys(settings).length);
for (const [index, [key, value]] of Object.entries(settings).entries())
  Object.assign(env, { [`GIT_CONFIG_KEY_${index}`]: key, [`GIT_CONFIG_VALUE_${index}`]: value });
const git = (...words) => execFileSync('git', ['-C', folder, ...words], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

git('add', '--all', '--', 'channels', 'versions', 'parts');
if (git('status', '--porcelain').trim() === '') console.log('nothing to push');
else {
  git('commit', '--quiet', '-m', VERSION ?? 'updates');
  git('push', '--quiet', 'origin', 'HEAD:updates');
  console.log('pushed');
}
