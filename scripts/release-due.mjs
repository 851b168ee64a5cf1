// Is the version that main names one that nobody released? Says so to the workflow: version and channel, or nothing.
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const pending = readdirSync('.changeset').filter((file) => file.endsWith('.md') && file !== 'README.md');
const released = execFileSync('git', ['tag', '--list', `v${version}`], { encoding: 'utf8' }).trim() !== '';

if (pending.length > 0) console.log(`${pending.length} changes wait for npm run version-packages`);
else if (released) console.log(`v${version} is released`);
else {
  console.log(`v${version} is due`);
  appendFileSync(process.env.GITHUB_OUTPUT, `version=${version}\nchannel=${version.includes('-') ? 'beta' : 'stable'}\n`);
}
