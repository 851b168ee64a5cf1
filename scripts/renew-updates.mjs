// `node scripts/renew-updates.mjs FOLDER`: what the channels say stays true for another 90 days. FOLDER: a copy of what the server shows.
import { signingKey } from './sign.mjs';
import { renew } from './standalone/updates.mjs';

const [out] = process.argv.slice(2);
if (out === undefined) throw new Error('usage: node scripts/renew-updates.mjs FOLDER');
renew({ out, key: signingKey() });
