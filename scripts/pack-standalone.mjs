// `node scripts/pack-standalone.mjs [--out dist] [--platforms linux-x64,...] [--channel stable|beta] [--updates URL]`: builds of dcs that
// need no Node on the machine, and the folder that `dcs update` reads (docs/releasing.md). After `npm run build`. Without a signing key
// the builds alone.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { signingKey } from './sign.mjs';
import { PLATFORMS } from './standalone/node.mjs';
import { stage } from './standalone/stage.mjs';
import { writeTarball } from './standalone/tarball.mjs';
import { publish } from './standalone/updates.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'dist' },
    cache: { type: 'string', default: 'tmp/cache' },
    platforms: { type: 'string', default: PLATFORMS.filter((platform) => !platform.startsWith('darwin')).join(',') },
    channel: { type: 'string', default: 'stable' },
    minimum: { type: 'string' },
    updates: { type: 'string', default: 'https://auge2u.github.io/doppler-cloud-syncs/' },
  },
});

const out = resolve(values.out);
const key = process.env.DCS_SIGNING_KEY || process.env.DCS_SIGNING_KEY_FILE ? signingKey() : undefined;
if (key === undefined) console.log('no signing key (docs/releasing.md): nothing for dcs update');
for (const platform of values.platforms.split(',')) {
  const tree = join(out, 'stage', platform);
  const { version } = stage({ platform, tree, updates: values.updates, cache: resolve(values.cache) });
  const about = { tree, version, platform, channel: values.channel };
  const file = join(out, 'standalone', `dcs-v${version}-${platform}.tar.gz`);
  await writeTarball({ ...about, file });
  if (key !== undefined)
    await publish({ ...about, out: join(out, 'updates'), key, ...(values.minimum === undefined ? {} : { minimum: values.minimum }) });
  rmSync(join(out, 'stage'), { recursive: true });
  console.log(file);
}
