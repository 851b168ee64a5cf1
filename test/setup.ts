import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// No test may touch the home of whoever runs it.
const home = mkdtempSync(join(tmpdir(), 'dcs-test-'));
process.env['HOME'] = home;
for (const kind of ['CONFIG', 'DATA', 'CACHE', 'STATE']) process.env[`XDG_${kind}_HOME`] = join(home, kind.toLowerCase());
for (const name of Object.keys(process.env)) if (/^(DOPPLER_|CLOUDFLARE_|DCS_(?!SPECS|EVIDENCE))/.test(name)) delete process.env[name];
