// The release of a version at GitHub, with every file of dist: a draft until all are there. May be run again.
// https://docs.github.com/rest/releases, last verified 2026-11-21
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { VERSION, GITHUB_TOKEN, GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_SHA } = process.env;
if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(VERSION ?? '')) throw new Error('VERSION is no version');
const dist = fileURLToPath(new URL('../dist', import.meta.url));
const releases = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/releases`;

async function ask(method, url, body, type = 'application/json') {
  const headers = { authorization: `Bearer ${GITHUB_TOKEN}`, accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': type },
    ...(body === undefined ? {} : { body }),
    redirect: 'error',
    signal: AbortSignal.timeout(600_000),
  });
  if (!answer.ok) throw new Error(`GitHub answered ${answer.status} to ${method} ${new URL(url).pathname}`);
  return answer.json();
}

/** The release of this tag, draft or not: only the list shows drafts. */
async function found() {
  for (let page = 1; ; page++) {
    const some = await ask('GET', `${releases}?per_page=100&page=${page}`);
    const release = some.find(({ tag_name: tag }) => tag === `v${VERSION}`);
    if (release !== undefined || some.length < 100) return release;
  }
}

const notes = /^## [^]*?(?=^## |(?![^]))/m.exec(readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8'))?.[0] ?? '';
const about = {
  tag_name: `v${VERSION}`,
  target_commitish: GITHUB_SHA,
  name: `v${VERSION}`,
  body: notes,
  prerelease: VERSION.includes('-'),
};
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
if (!files.some(({ name }) => name === 'SHA256SUMS.sig')) throw new Error('dist/SHA256SUMS is not signed');
const release = (await found()) ?? (await ask('POST', releases, JSON.stringify({ ...about, draft: true })));
const there = new Map(release.assets.map(({ name, size }) => [name, size]));
for (const entry of files) {
  const name = basename(entry.name);
  const bytes = readFileSync(join(entry.parentPath, entry.name));
  if (there.has(name)) {
    if (there.get(name) !== bytes.length) throw new Error(`${name} is there with another size`);
    continue;
  }
  const url = `${release.upload_url.replace(/\{.*$/, '')}?name=${encodeURIComponent(name)}`;
  await ask('POST', url, bytes, 'application/octet-stream');
}
if (release.draft) await ask('PATCH', `${releases}/${release.id}`, JSON.stringify({ draft: false }));
console.log(`v${VERSION}: ${files.length} files`);
